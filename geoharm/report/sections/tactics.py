"""Report section that compares tactics: every operation of the study, and pooled estimates by tactic."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.evaluation.pooling.carried_ends import carried_mean
from geoharm.evaluation.pooling.operations import NAME, operations_correlation
from geoharm.model.design import ALL_RINGS
from geoharm.model.estimate import Estimate
from geoharm.model.period import UNDER_WAY
from geoharm.report.cells import number_cell, number_value, ratio_cell, ratio_column, ratio_text, text_cell
from geoharm.report.document import Cell, CellStyle, Column, Missing, Paragraph, Row, Section, Table, Value
from geoharm.report.sections.values import bounds_column, net_harm_cell


def tactics_section(release: Release) -> tuple[Section, ...]:
    """Return the comparison of tactics; none with fewer than two operations.

    Only estimates of the release are used.
    """
    operations = [operation for operation in release.operations if not operation.design.operation.placebo]
    if len(operations) < 2:
        return ()
    lead = (
        "Every operation of this study, then those of one tactic together. Rate ratios against what was expected: under 1 is fewer. "
        "Tactics were not assigned by chance: differences may come from the places and not from the tactics."
    )
    blocks = (Paragraph(lead, "how"), _operations_table(operations), _tactics_table(operations))
    return (Section("tactics", "Tactics compared", "For the board", blocks),)


def later_log_ratio_change(operation: ReleasedOperation) -> Estimate:
    """Return how much of the change in the target area remained.

    The estimate is the log ratio of the last phase minus that of the first phase after the operation.
    """
    phases = [
        effect for effect in operation.primary.phases if effect.zone == "target" and effect.window not in UNDER_WAY
    ]
    if len(phases) < 2:
        return Estimate("decay", math.nan, math.nan, "log ratio", "", "one later phase only")
    early, late = phases[0].ratio, phases[-1].ratio
    if not early.is_defined or not late.is_defined:
        return Estimate("decay", math.nan, math.nan, "log ratio", "", "a phase has no interval")
    return Estimate(
        "decay", late.value - early.value, math.hypot(early.standard_error, late.standard_error), "log ratio", ""
    )


def _log_ratios(operation: ReleasedOperation) -> tuple[Estimate, Estimate, Estimate]:
    """Return the log ratios of the target and of all rings, and how much of the first remained."""
    primary = operation.primary
    return primary.effect("target").ratio, primary.effect(ALL_RINGS).ratio, later_log_ratio_change(operation)


def _operations_table(operations: Sequence[ReleasedOperation]) -> Table:
    first_harm = operations[0].harm
    profile = first_harm.profiles[0].name if first_harm else ""
    columns = (
        Column("Operation"),
        Column("Tactic"),
        ratio_column("Target"),
        ratio_column("Rings"),
        ratio_column("Last phase over first", short="Last over first"),
        bounds_column(f"Net harm, \u201c{profile}\u201d", short="Net harm", name="Net harm"),
        Column("Cost", style=CellStyle.NUMBER),
    )
    return Table(columns, tuple(_operation_row(operation) for operation in operations))


def _operation_row(operation: ReleasedOperation) -> Row:
    study_operation = operation.design.operation
    ratios = (
        ratio_cell(estimate, ratio_text(estimate) if estimate.is_defined else "no interval")
        for estimate in _log_ratios(operation)
    )
    cost = study_operation.cost
    return Row(
        (
            text_cell(study_operation.name),
            text_cell(study_operation.tactic),
            *ratios,
            _net_harm_cell(operation),
            number_cell(cost, f"{cost:,.0f}" if math.isfinite(cost) else "not stated"),
        )
    )


def _net_harm_cell(operation: ReleasedOperation) -> Cell:
    harm = operation.harm
    nets = harm.of_profile(harm.profiles[0].name) if harm else ()
    for net in nets:
        if net.zone == "target and rings":
            return net_harm_cell(net, style=CellStyle.TEXT)
    return Cell(_text.UNKNOWN, (*[Missing.NOT_KNOWN] * 4, Missing.NOT_APPLICABLE), CellStyle.TEXT)


def _tactics_table(operations: Sequence[ReleasedOperation]) -> Table:
    by_tactic: dict[str, list[ReleasedOperation]] = {}
    for operation in operations:
        by_tactic.setdefault(operation.design.operation.tactic, []).append(operation)
    columns = (
        Column("Tactic"),
        Column("Operations", style=CellStyle.NUMBER),
        _pooled_column("Target"),
        _pooled_column("Rings"),
        _pooled_column("Last phase over first", short="Last over first"),
        Column("Cost together", "Cost", CellStyle.NUMBER, ("Cost together", "Operations with a stated cost")),
    )
    rows = tuple(
        Row(
            (
                text_cell(tactic),
                number_cell(len(of_tactic), str(len(of_tactic))),
                *(_pooled_cell(estimates) for estimates in zip(*map(_log_ratios, of_tactic), strict=True)),
                _cost_cell([operation.design.operation.cost for operation in of_tactic]),
            )
        )
        for tactic, of_tactic in sorted(by_tactic.items())
    )
    caption = "By tactic: mean of the operations, 95% interval, and the number of operations behind it"
    return Table(columns, rows, caption)


def _pooled_column(head: str, *, short: str = "") -> Column:
    parts = (head, f"{head}, low end", f"{head}, high end", f"{head}, operations")
    return Column(head, short, CellStyle.NUMBER, parts)


def _pooled_cell(estimates: Sequence[Estimate]) -> Cell:
    """Return the mean rate ratio of operations, all with the same weight, its 95% interval, and how many they are.

    The mean of logarithms, with the ends of the operations' own intervals carried over as in the forest; of one operation,
    its own.
    """
    usable = [estimate for estimate in estimates if estimate.is_defined and estimate.standard_error > 0]
    if not usable:
        return Cell("cannot be said (0)", (*[Missing.NOT_KNOWN] * 3, 0))
    pooled = usable[0] if len(usable) == 1 else carried_mean(usable, operations_correlation(len(usable)), name=NAME)
    log_interval = pooled.interval(0.95)
    mean, low, high = map(math.exp, (pooled.value, log_interval.low, log_interval.high))
    return Cell(
        f"{mean:.2f} ({low:.2f} to {high:.2f}), of {len(usable)}", (*map(number_value, (mean, low, high)), len(usable))
    )


def _cost_cell(costs: Sequence[float]) -> Cell:
    stated = [cost for cost in costs if math.isfinite(cost)]
    if not stated:
        return Cell("not stated", (Missing.NOT_KNOWN, 0))
    total = math.fsum(stated)
    text = f"{total:,.0f}"
    values: tuple[Value, ...] = (number_value(total), len(stated))
    return Cell(text if len(stated) == len(costs) else f"{text} ({len(stated)} of {len(costs)} stated)", values)
