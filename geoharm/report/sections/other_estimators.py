"""Report section on the other estimators: what each says, how far its intervals can be trusted, how to read it.

An estimator whose result is an `OtherEstimate` needs one line in `_WORDINGS`. Results of another form have rows of their
own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, repeat

from geoharm import _text
from geoharm.disclosure.released import ReleasedMeasure, ReleasedOperation
from geoharm.evaluation.results.curves import Curve, DidEstimates
from geoharm.evaluation.results.indices import DisplacementIndices, Quotient
from geoharm.evaluation.results.robustness import OtherEstimate, OtherEstimators
from geoharm.model.estimate import Estimate, Interval
from geoharm.report import format_numbers
from geoharm.report.cells import (
    estimate_cell,
    missing_cell,
    number_cell,
    number_value,
    percent_cell,
    point_cell,
    point_column,
    text_cell,
    unestimated_cell,
)
from geoharm.report.charts.robustness import percent_change_interval, ratio_text, zone_label
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Details,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
    Value,
)
from geoharm.report.wording.coverage import COVERAGE
from geoharm.report.wording.orientation import ORIENTATION
from geoharm.report.wording.withheld import PARTS, note_text

# Windows that differ by less than this share are of one length (a leap day).
_SAME_LENGTH = 0.01


@dataclass(frozen=True, slots=True)
class EstimatorWording:
    """How the report words an estimator.

    Attributes
    ----------
    name : str
    coverage : str
        Key of its measured coverage in `COVERAGE`; empty if it was not measured.
    reading : str
        What its sign means, or what else a reader must know.
    digits : int
        Decimals of its value, unless that is a log ratio, which is shown as a change in percent.
    """

    name: str
    coverage: str
    reading: str
    digits: int = 1


_WORDINGS = {
    "wdd_target": EstimatorWording("Weighted displacement difference, target", "local", "below 0: fewer"),
    "wdd_rings": EstimatorWording("Weighted displacement difference, all rings", "displaced", "below 0: fewer"),
    "wdd_total": EstimatorWording(
        "Weighted displacement difference, total",
        "total",
        "below 0: fewer; the control enters once, with its summed weight",
    ),
    "interrupted_time_series": EstimatorWording(
        "Interrupted time series, target",
        "",
        "level after against its own trend and season before; without a control; coverage not measured",
    ),
}


@dataclass(frozen=True, slots=True)
class EstimatorRow:
    """One row of the table of other estimators.

    Attributes
    ----------
    name : str
    value : Cell
        With the values of an `estimate_column`.
    unit : str
    coverage : str
        Key of the measured coverage of such intervals; empty if it was not measured.
    reading : str
        How to read it.
    """

    name: str
    value: Cell
    unit: str
    coverage: str
    reading: str


def other_estimators_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the table of the primary measure's other estimators, and its monthly curves; empty without them."""
    primary = operation.primary
    estimators = primary.robustness.other_estimators
    if estimators is None:
        return ()
    lead = (
        "What the field's other estimators say about the same counts. None of them decides the verdict; their intervals hold "
        "the noise of counting, with dispersion where it was measured, and not how places drift apart."
    )
    note = (
        "Held the truth: measured in simulated cities of 37 kinds in which nothing had changed (quotient and displaced "
        "share: with a fall of 40%), one ring, mean over the kinds; nominal is 95%. The headline's intervals held it in "
        f"{COVERAGE['headline']}%."
    )
    blocks: list[Block] = [
        Paragraph(lead, "how"),
        _estimators_table(estimator_rows(estimators, primary)),
        Paragraph(note, "small"),
    ]
    if estimators.cumulative_wdd is not None:
        caption = f"Cumulated {primary.measure.unit} since the operation, net of the scaled control"
        blocks.append(
            _curve_details(
                estimators.cumulative_wdd, "Running difference, month by month", head="Difference", caption=caption
            )
        )
    if estimators.event_study is not None:
        caption = "Change against the control area and the last block before the operation"
        blocks.append(_curve_details(estimators.event_study, "Event study", head="Change", caption=caption))
    left_out = [
        *(PARTS[part] for part in primary.robustness.withheld),
        *(f"{part}: {reason.rstrip('.')}" for part, reason in estimators.left_out),
    ]
    if left_out:
        blocks.append(Paragraph(f"Left out: {'; '.join(left_out)}.", "small"))
    return (Section("family", "Other estimators", "For evaluators", tuple(blocks)),)


def estimator_rows(estimators: OtherEstimators, measure: ReleasedMeasure) -> tuple[EstimatorRow, ...]:
    """Return one row for each result of the other estimators that may be shown."""
    unit, length_ratio = measure.measure.unit, measure.effect("target").length_ratio
    return (
        *map(_worded_row, estimators.estimates),
        *_exact_rows(estimators.exact),
        *_index_rows(estimators.indices, unit=unit, length_ratio=length_ratio),
        *_randomisation_rows(estimators.placebo_p),
        *_regression_rows(estimators.did),
    )


def _estimators_table(rows: tuple[EstimatorRow, ...]) -> Table:
    value_parts = (
        "Value",
        "Standard error (of the log ratio, where the unit is percent)",
        "Value, low end",
        "Value, high end",
        "Value, note",
    )
    held = "Such intervals held the truth"
    columns = (
        Column("Estimator"),
        Column("Value (95% interval)", "Value", CellStyle.LONG_NUMBER, value_parts),
        Column("Unit"),
        Column(held, "Held the truth", CellStyle.NUMBER, (f"{held}, percent",)),
        Column("How to read it", "Read"),
    )
    cells = (
        (text_cell(row.name), row.value, text_cell(row.unit), _coverage_cell(row.coverage), text_cell(row.reading))
        for row in rows
    )
    return Table(columns, tuple(map(Row, cells)))


def _coverage_cell(key: str) -> Cell:
    return number_cell(COVERAGE[key], f"{COVERAGE[key]}%") if key else missing_cell("", Missing.NOT_APPLICABLE)


def _worded_row(result: OtherEstimate) -> EstimatorRow:
    wording, estimate = _WORDINGS[result.key], result.estimate
    if estimate.unit == "log ratio":
        return _ratio_row(wording.name, estimate, wording.coverage, wording.reading)
    cell = estimate_cell(estimate, _value_text(estimate, wording.digits))
    return EstimatorRow(wording.name, cell, estimate.unit, wording.coverage, wording.reading)


def _ratio_row(name: str, estimate: Estimate, coverage: str, reading: str) -> EstimatorRow:
    return EstimatorRow(name, percent_cell(estimate, ratio_text(estimate)), "percent", coverage, reading)


def _exact_rows(exact: Interval) -> Iterable[EstimatorRow]:
    if not math.isfinite(exact.low):
        return
    low, high = percent_change_interval(exact)
    text = f"{format_numbers.percent_change_text(low)} or more"
    ends: tuple[Value, ...] = (number_value(low), Missing.NOT_APPLICABLE, "no upper end")
    if math.isfinite(high):
        text = f"{format_numbers.percent_change_text(low)} to {format_numbers.percent_change_text(high)}"
        ends = (number_value(low), number_value(high), Missing.NOT_APPLICABLE)
    cell = Cell(text, (Missing.NOT_APPLICABLE, Missing.NOT_APPLICABLE, *ends))
    name = "Exact interval of the rate ratio, target"
    yield EstimatorRow(name, cell, "percent", "exact", "exact for Poisson counts")


def _index_rows(indices: DisplacementIndices | None, *, unit: str, length_ratio: float) -> Iterable[EstimatorRow]:
    if indices is None:
        return
    ratio_unit = "ratio to the control"
    net, buffer, total = indices.net_effect, indices.buffer_displacement, indices.total_net_effect
    wdq, share = indices.wdq, indices.displaced_share
    share_coverage = "headline share" if share.values.calibrated else "quotient"
    yield _gross_effect_row(indices.gross_effect, unit, length_ratio)
    yield EstimatorRow("Net effect", estimate_cell(net, _value_text(net, 3)), ratio_unit, "net ratio", "above 0: fewer")
    yield EstimatorRow(
        "Buffer displacement measure",
        estimate_cell(buffer, _value_text(buffer, 3)),
        ratio_unit,
        "buffer",
        "above 0: more in the rings",
    )
    yield EstimatorRow(
        "Weighted displacement quotient", _quotient_cell(wdq), "quotient", "quotient", read_quotient(wdq)
    )
    yield EstimatorRow(
        "Displaced share", _quotient_cell(share), "share of the fall", share_coverage, _share_reading(share)
    )
    yield EstimatorRow("Total net effect", estimate_cell(total, _value_text(total)), unit, "net", "above 0: fewer")


def _gross_effect_row(estimate: Estimate, unit: str, length_ratio: float) -> EstimatorRow:
    name = "Gross effect"
    if abs(length_ratio - 1) > _SAME_LENGTH:
        reading = "“before minus after” has no meaning for windows of different length"
        return EstimatorRow(name, unestimated_cell("not given", reason=Missing.NOT_APPLICABLE), unit, "", reading)
    cell = estimate_cell(estimate, _value_text(estimate))
    return EstimatorRow(name, cell, unit, "gross", "above 0: fewer; without a control")


def _randomisation_rows(p_value: float) -> Iterable[EstimatorRow]:
    if not math.isfinite(p_value):
        return
    missing = (Missing.NOT_APPLICABLE,) * 4
    cell = Cell(_text.decimal_text(p_value, 3), (number_value(p_value), *missing))
    reading = "the target's rank among the candidate squares of similar level"
    yield EstimatorRow("Randomisation test", cell, "p-value", "placebo", reading)


def _regression_rows(did: DidEstimates | None) -> Iterable[EstimatorRow]:
    if did is None:
        return
    reading = ""
    if math.isfinite(did.dispersion):
        reading = f"errors from months, dispersion {did.dispersion:.1f}; ignores how places drift apart"
    for term, zone in zip(did.terms, chain(["target"], repeat("ring")), strict=False):
        name = f"Poisson difference-in-differences, {zone_label(term.name)}"
        yield _ratio_row(name, term, f"regression {zone}", reading)


def _value_text(estimate: Estimate, digits: int = 1) -> str:
    if not estimate.is_defined:
        return note_text(estimate.note) or _text.UNKNOWN
    span = estimate.interval()
    return (
        f"{_text.decimal_text(estimate.value, digits)} ({_text.decimal_text(span.low, digits)} to "
        f"{_text.decimal_text(span.high, digits)})"
    )


def _quotient_cell(quotient: Quotient) -> Cell:
    """Return a cell with a quotient and its set; where the set is no interval, the note gives it in words."""
    value_text = _text.decimal_text(quotient.value) if math.isfinite(quotient.value) else "not given"
    set_text = format_numbers.with_true_minus(quotient.values.text())
    pieces = quotient.values.pieces
    low, high = pieces[0] if len(pieces) == 1 else (math.nan, math.nan)
    missing = Missing.NOT_APPLICABLE if pieces else Missing.NOT_KNOWN
    ends = (number_value(end) if math.isfinite(end) else missing for end in (low, high))
    note: Value = Missing.NOT_APPLICABLE if quotient.values.is_bounded else set_text
    values = (number_value(quotient.value), Missing.NOT_APPLICABLE, *ends, note)
    return Cell(f"{value_text}; set: {set_text}", values)


def _share_reading(quotient: Quotient) -> str:
    if not math.isfinite(quotient.value):
        return f"not given: {quotient.note}"
    if not quotient.values.is_bounded:
        return "the data do not bound it"
    reading = "above 0: turned up in the rings; below 0: the rings fell too"
    return reading if quotient.values.calibrated else f"{reading}; counting only, too narrow"


def read_quotient(quotient: Quotient) -> str:
    """Return how to read a weighted displacement quotient.

    The reading says no more than the quotient's confidence set allows. Without a quotient, it says why.

    References
    ----------
    Guerette (2009), POP Center tool guide 10, https://popcenter.org/tools/displacement
    """
    if math.isnan(quotient.value):
        return f"not given: {quotient.note}"
    if quotient.values.shape != "interval" or 0 in quotient.values:
        return "not told apart: the data fit anything from a rise to a fall around the target"
    low, high = quotient.values.pieces[0]
    bounds = (
        (1, "the rings fell by more than the target did"),
        (0, "the rings fell with the target, by less"),
        (-1, "the rings rose by less than the target fell"),
    )
    for bound, words in bounds:
        if low >= bound:
            return words
    if high <= -1:
        return "the rings rose by more than the target fell"
    return "the rings rose as the target fell; whether by less or by more is not told apart"


def _curve_details(curve: Curve, title: str, *, head: str, caption: str) -> Details:
    column = point_column(head, name="Change in percent" if curve.points[0].unit == "log ratio" else head)
    rows = tuple(Row((text_cell(point.name), point_cell(point))) for point in curve.points)
    table = Table((Column("Months"), column), rows, caption=f"{caption}; for orientation")
    return Details(f"{title}, for orientation", (Paragraph(ORIENTATION, "small"), table))
