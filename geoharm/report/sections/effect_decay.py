"""Report section on effect decay: estimates, what cannot be estimated, and the change by phase."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate
from geoharm.model.reason import Note
from geoharm.report import format_numbers
from geoharm.report.cells import (
    note_value,
    number_value,
    percent_cell,
    percent_column,
    text_cell,
    undefined_reason,
    unestimated_cell,
)
from geoharm.report.charts.robustness import percent_change_of_ratio, phases_caption, phases_chart, ratio_text
from geoharm.report.document import (
    Block,
    BulletList,
    Cell,
    CellStyle,
    Column,
    Figure,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.section_html import mono
from geoharm.report.wording.coverage import COVERAGE

_PART_WORDS = {
    "all": "Nothing can be estimated",
    "wear": "Decay while it ran: cannot be estimated",
    "residual": "What was left after it ended, and for how long: cannot be estimated",
    "return": "When the old level is reached again: cannot be estimated",
}
_CANNOT = "cannot be estimated"


def effect_decay_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the chart by phase, the table of effect decay and the parts that cannot be estimated; empty without them."""
    primary = operation.primary
    estimators = primary.robustness.other_estimators
    decays = estimators.effect_decay if estimators else ()
    chart = phases_chart(primary.phases, _phase_days(operation.design))
    if chart is None and not decays:
        return ()
    lead = (
        "The first fall, its decay while the operation ran, what was left when it ended, and for how long. Not given where "
        "the data cannot tell."
    )
    blocks: list[Block] = [Paragraph(lead, "how")]
    if chart is not None:
        name = _text.capitalised(primary.measure.name)
        caption = (
            f"{phases_caption(primary.phases)}. {name} in percent of the expected count; the numbers are in the table "
            "“By phase”."
        )
        blocks.append(Figure(chart, caption))
    if decays:
        blocks.append(_decay_table(decays))
        refusals = tuple(
            f"{decay.zone}: {_PART_WORDS.get(part, part)}, because {reason}."
            for decay in decays
            for part, reason in decay.not_estimated
        )
        if refusals:
            blocks.append(BulletList(refusals, "small"))
        blocks.append(Paragraph((_interval_note(), mono("https://doi.org/10.1086/449163")), "small"))
    return (Section("clock", "Effect decay", "For evaluators", tuple(blocks)),)


def _interval_note() -> str:
    return (
        "Intervals from the noise of counting, with dispersion: too narrow for a finding. In simulated cities in which "
        "nothing had happened, “left when it ended” was told apart from no effect in "
        f"{100 - COVERAGE['half-life']} of 100, and its interval held the truth in {COVERAGE['ended']}. Piecewise Poisson "
        "model of target and control; Sherman (1990) names the phases, the formula is geoharm's. "
    )


def _phase_days(design: Design) -> dict[str, tuple[float, float]]:
    """Return the first and last day of every phase, counted from the operation's start."""
    start = design.operation.period.start
    return {phase.name: (float((phase.start - start).days), float((phase.end - start).days)) for phase in design.phases}


def _decay_table(decays: tuple[EffectDecay, ...]) -> Table:
    style = CellStyle.LONG_NUMBER
    half, half_after, back = "Half of the fall gone after", "Half of that gone after", "Near the old level after"
    columns = (
        Column("Zone"),
        percent_column("While it ran, at first", short="At first", name="At first, change in percent", style=style),
        percent_column("Decay while it ran", short="Decay", name="Decay, percent a month", style=style),
        Column(half, "Half gone", style, (f"{half}, months",)),
        percent_column("Left when it ended", short="Left", name="Left, change in percent", style=style),
        _months_column(half_after, short="Half of that gone"),
        _months_column(back, short="Old level"),
    )
    return Table(columns, tuple(map(_decay_row, decays)), caption="Effect decay, against the control area")


def _months_column(head: str, *, short: str) -> Column:
    parts = (f"{head}, months, low end", f"{head}, months, high end", f"{head}, note")
    return Column(head, short, CellStyle.LONG_NUMBER, parts)


def _decay_row(decay: EffectDecay) -> Row:
    reasons = dict(decay.not_estimated)
    ended_reason = next((reasons[part] for part in ("residual", "return", "all") if part in reasons), "")
    return Row(
        (
            text_cell(decay.zone),
            percent_cell(decay.initial, _ratio_text(decay.initial)),
            _refusable_cell(decay.decay, _decay_text(decay.decay), reasons.get("wear", "")),
            _half_life_cell(decay, refused=bool({"wear", "all"} & reasons.keys())),
            _refusable_cell(decay.residual, _ratio_text(decay.residual), reasons.get("residual", "")),
            _months_cell(decay.half_life_after, ended_reason),
            _months_cell(decay.months_to_return, ended_reason),
        )
    )


def _decay_text(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return _undefined_text(estimate.note)
    interval = estimate.interval()
    value, low, high = (
        f"{format_numbers.percent_change_text(percent_change_of_ratio(number))}"
        for number in (estimate.value, interval.low, interval.high)
    )
    return f"{value} a month ({low} to {high})"


def _refusable_cell(estimate: Estimate, text: str, reason: str) -> Cell:
    """Return a cell in percent, without numbers where there is a reason why the part cannot be estimated."""
    return unestimated_cell(_CANNOT, note=reason) if reason else percent_cell(estimate, text)


def _half_life_cell(decay: EffectDecay, *, refused: bool) -> Cell:
    months = decay.half_life_running
    if math.isfinite(months):
        return Cell(months_text(months), (number_value(months),))
    if refused:
        return Cell(_CANNOT, (Missing.NOT_KNOWN,))
    if decay.decay.is_defined:
        return Cell("no decay seen", (Missing.NOT_APPLICABLE,))
    return Cell(str(decay.decay.note), (undefined_reason(decay.decay.note),))


def _months_cell(confidence_set: ConfidenceSet, reason: str) -> Cell:
    """Return a cell with the ends of a set of lengths of time; where it has no upper end, the note says so."""
    if reason:
        return Cell(_CANNOT, (Missing.NOT_KNOWN, Missing.NOT_KNOWN, reason))
    text = months_set_text(confidence_set)
    if not confidence_set.pieces:
        missing = undefined_reason(confidence_set.note)
        return Cell(text, (missing, missing, note_value(confidence_set.note)))
    low, high = confidence_set.pieces[0]
    if math.isinf(high):
        return Cell(text, (number_value(low), Missing.NOT_APPLICABLE, text))
    return Cell(text, (number_value(low), number_value(high), Missing.NOT_APPLICABLE))


def _undefined_text(note: Note) -> str:
    return str(note) or _text.UNKNOWN


def _ratio_text(estimate: Estimate) -> str:
    return ratio_text(estimate) if estimate.is_defined else _undefined_text(estimate.note)


def months_text(value: float) -> str:
    """Return a length of time such as "3.4 months".

    Examples
    --------
    >>> months_text(3.42)
    '3.4 months'
    """
    return f"{value:.1f} months"


def months_set_text(confidence_set: ConfidenceSet) -> str:
    """Return a confidence set of lengths of time in words.

    Examples
    --------
    >>> months_set_text(ConfidenceSet(((1.88, math.inf),), 0.95, "profile"))
    '1.9 months or more'
    """
    if not confidence_set.pieces:
        return _undefined_text(confidence_set.note)
    low, high = confidence_set.pieces[0]
    if math.isinf(high):
        return f"{low:.1f} months or more" if low > 0 else "any length of time"
    return f"{low:.1f} to {high:.1f} months"
