"""Report section on the choice of control: what each candidate area would have shown, and every other choice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from geoharm import _text
from geoharm.disclosure.released import ReleasedMeasure, ReleasedOperation
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.evaluation.results.specification import (
    ControlCandidate,
    ControlChoice,
    Specification,
    SpecificationCurve,
)
from geoharm.model.design import AFTER
from geoharm.report import format_numbers
from geoharm.report.cells import missing_cell, number_cell, percent_cell, percent_column, text_cell, undefined_reason
from geoharm.report.charts.robustness import (
    percent_change_of_ratio,
    ratio_text,
    specification_caption,
    specification_chart,
)
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Details,
    Figure,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.wording.coverage import COVERAGE
from geoharm.report.wording.withheld import note_text

SpecificationTest = Callable[[Specification], bool]
_MAX_CANDIDATES = 25
_ALL_CONTROLS = "all of the control area"
_COMBINED_CONTROLS = ("all together", "synthetic control")


def control_choice_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the answers by control and by every other choice, and the candidate areas; empty without candidates."""
    primary = operation.primary
    estimators = primary.robustness.other_estimators
    if estimators is None or estimators.control_choice is None or not estimators.control_choice.candidates:
        return ()
    blocks: list[Block] = [
        Paragraph(_lead(estimators.control_choice), "how"),
        *_control_figures(estimators.by_control),
        *_specification_blocks(estimators.specification_curve, primary, operation.design.later),
        Details("Candidates and their answers", tuple(_answer_tables(estimators))),
    ]
    return (Section("controls", "Does the answer depend on the control?", "For evaluators", tuple(blocks)),)


def _lead(choice: ControlChoice) -> str:
    limit_note = (
        f" The nearest {_MAX_CANDIDATES} are listed here, all of them in run.json."
        if len(choice.candidates) > _MAX_CANDIDATES
        else ""
    )
    return (
        f"{len(choice.candidates):,} squares as large as the target lie in the control area; {len(choice.passing):,} moved "
        f"in parallel with it before, within what chance allows.{limit_note} The headline does not choose among them: it is "
        "estimated from all places. This is what each of them would have shown. In simulated cities in which nothing had "
        f"happened, the interval against one square that passed held the truth in {COVERAGE['controls']} of 100, against "
        f"all of them together in {COVERAGE['together']}, against a synthetic control in {COVERAGE['synthetic']}."
    )


def _control_figures(curve: SpecificationCurve | None) -> Iterable[Figure]:
    """Return the chart of the answers by control, if there are two or more."""
    if curve is None or len(curve.values) < 2:
        return
    names = {_choice(specification, "control") for specification in curve.specifications}
    ticks = [(name, _has_choice("control", name)) for name in _COMBINED_CONTROLS if name in names]
    if names - set(_COMBINED_CONTROLS):
        ticks.insert(0, ("one square", _is_one_square))
    caption = (
        f"{specification_caption(curve)}. The target's change against every control that passed, all of them together, and "
        "a synthetic control."
    )
    yield Figure(specification_chart(curve, [("Control", ticks)]), caption)


def _specification_blocks(curve: SpecificationCurve | None, primary: ReleasedMeasure, later: str) -> Iterable[Block]:
    """Return the chart of all reaches, windows and controls, and the range of answers for each choice."""
    if curve is None or not curve.values:
        return
    window_order = [effect.window for effect in (*primary.effects[:1], *primary.phases)]
    windows = sorted(
        _choices(curve, "window"),
        key=lambda name: window_order.index(name) if name in window_order else len(window_order),
    )
    told = {AFTER: later}
    reaches = sorted(_choices(curve, "reach"), key=_reach_order)
    controls: list[tuple[str, SpecificationTest]] = [(_ALL_CONTROLS, _has_choice("control", _ALL_CONTROLS))]
    if len(_choices(curve, "control")) > 1:
        controls.append(
            (
                "one of the nearest squares",
                lambda specification: _choice(specification, "control") != _ALL_CONTROLS,
            )
        )
    ticks = [
        ("Reach", _ticks("reach", reaches)),
        ("Window", [(told.get(name, name), test) for name, test in _ticks("window", windows)]),
        ("Control", controls),
    ]
    caption = (
        f"{specification_caption(curve)}. Every reach, window and control together: the target alone or with the rings, "
        "each phase, the control area or one of the nearest squares that passed."
    )
    yield Figure(specification_chart(curve, ticks), caption)
    yield _range_table(curve, {"reach": reaches, "window": windows}, told)


def _range_table(curve: SpecificationCurve, options: dict[str, list[str]], told: Mapping[str, str]) -> Table:
    columns = (
        Column("Choice"),
        Column("Option"),
        Column("Lowest answer", "Lowest", CellStyle.NUMBER, ("Lowest answer, percent",)),
        Column("Highest answer", "Highest", CellStyle.NUMBER, ("Highest answer, percent",)),
    )
    rows = []
    for aspect, names in options.items():
        ranges = {name: ends for name, *ends in curve.range_of(aspect)}
        rows += [
            Row((text_cell(aspect), text_cell(told.get(name, name)), *map(_percent_number_cell, ranges[name])))
            for name in names
            if name in ranges
        ]
    return Table(columns, tuple(rows), caption="The range of answers for each single choice")


def _percent_number_cell(log_ratio: float) -> Cell:
    percent = percent_change_of_ratio(log_ratio)
    return number_cell(percent, f"{format_numbers.percent_change_text(percent)}")


def _answer_tables(estimators: OtherEstimators) -> Iterable[Table]:
    """Return the table of the candidate areas, and that of the answers by control if there are two or more."""
    if estimators.control_choice is not None:
        yield _candidate_table(estimators.control_choice)
    curve = estimators.by_control
    if curve is not None and len(curve.values) > 1:
        yield _control_table(curve)


def _candidate_table(choice: ControlChoice) -> Table:
    columns = (
        Column("Square"),
        Column("From the target", style=CellStyle.NUMBER, parts=("From the target, metres",)),
        Column("Level", style=CellStyle.NUMBER, parts=("Level, multiple of the target's count before",)),
        Column("Worst rule (above 1 fails)", "Worst rule", CellStyle.NUMBER),
        Column("Passed or refused", "Because", parts=("Passed or refused", "Because")),
    )
    rows = tuple(
        _candidate_row(candidate, is_chosen=candidate.name == choice.chosen)
        for candidate in choice.candidates[:_MAX_CANDIDATES]
    )
    return Table(columns, rows, caption="Candidate controls, nearest first")


def _candidate_row(candidate: ControlCandidate, *, is_chosen: bool) -> Row:
    decision = "nearest that passed" if is_chosen else "passed" if candidate.passes else "refused"
    worst_ratio = max(candidate.ratios.values(), default=math.nan)
    return Row(
        (
            text_cell(candidate.name),
            number_cell(candidate.distance, f"{candidate.distance:,.0f} m"),
            missing_cell("withheld", Missing.WITHHELD)
            if math.isnan(candidate.scale)
            else number_cell(candidate.scale, f"{candidate.scale:.1f} \u00d7"),
            number_cell(worst_ratio, _text.decimal_text(worst_ratio, 1))
            if math.isfinite(worst_ratio)
            else missing_cell(_text.UNKNOWN, undefined_reason(candidate.reason)),
            Cell(f"{decision}: {note_text(candidate.reason)}", (decision, note_text(candidate.reason))),
        )
    )


def _control_table(curve: SpecificationCurve) -> Table:
    columns = (
        Column("Control"),
        percent_column("Change (counting only)", short="Change", name="Change in percent, counting only"),
    )
    rows = tuple(
        Row(
            (
                text_cell(_choice(specification, "control")),
                percent_cell(specification.estimate, ratio_text(specification.estimate)),
            )
        )
        for specification in curve.specifications
        if specification.estimate.is_defined
    )
    return Table(columns, rows, caption="Answer by control")


def _choice(specification: Specification, aspect: str) -> str:
    return dict(specification.choices)[aspect]


def _choices(curve: SpecificationCurve, aspect: str) -> list[str]:
    """Return the different choices of one aspect, in the curve's order."""
    return list(dict.fromkeys(_choice(specification, aspect) for specification in curve.specifications))


def _ticks(aspect: str, names: Sequence[str]) -> list[tuple[str, SpecificationTest]]:
    return [(name, _has_choice(aspect, name)) for name in names]


def _has_choice(aspect: str, choice: str) -> SpecificationTest:
    return lambda specification: _choice(specification, aspect) == choice


def _is_one_square(specification: Specification) -> bool:
    return _choice(specification, "control") not in _COMBINED_CONTROLS


def _reach_order(name: str) -> tuple[int, float]:
    if name == "target":
        return 0, 0.0
    digits = "".join(character for character in name if character.isdigit() or character == ".")
    return (1, float(digits)) if digits else (2, 0.0)
