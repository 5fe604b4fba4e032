"""Reads `[[question]]`: composite outcomes over several measures, rings or windows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._validation import TomlTable, nearest_hint
from geoharm.errors import DesignError
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.measure import Measure, Role
from geoharm.model.period import parse_phase
from geoharm.model.study import CompositeOutcome, Operation, Source

AFTER = "after"
ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)
_RING = re.compile(r"ring ([1-9]\d*)")


def read_composites(
    root: TomlTable, sources: Sequence[Source], measures: Sequence[Measure], operations: Sequence[Operation]
) -> tuple[CompositeOutcome, ...]:
    """Return the composite outcomes of a study file; mistakes are added to the table's problems.

    Parameters
    ----------
    root : TomlTable
        The whole file.
    sources : sequence of Source
    measures : sequence of Measure
        Measures of dated points.
    operations : sequence of Operation
    """
    composites = []
    for table in root.tables("question"):
        table.known("name", "measures", "zones", "windows")
        composite = CompositeOutcome(
            table.text("name"),
            table.texts("measures"),
            table.texts("zones", ("target",)),
            table.texts("windows", (AFTER,)),
        )
        _check_measures(table, composite, sources, measures)
        rings = min((len(operation.rings) for operation in operations), default=0)
        for zone in composite.zones:
            _check_zone(table, zone, rings)
        for window in composite.windows:
            _check_window(table, window)
        for key, names_listed in (
            ("measures", composite.measures),
            ("zones", composite.zones),
            ("windows", composite.windows),
        ):
            if len(set(names_listed)) < len(names_listed):
                table.refuse(key, "names one of them twice; each counts once.")
        if len(composite.measures) * len(composite.zones) * len(composite.windows) == 1:
            table.problems.append(
                f"{table.where}: one measure in one zone and window is the headline's own question; a [[question]] pools "
                "at least two."
            )
        composites.append(composite)
    names = [composite.name for composite in composites]
    for name in sorted({name for name in names if names.count(name) > 1}):
        root.problems.append(f'{root.where}: two [[question]] are called "{name}"; each needs its own name.')
    return tuple(composites)


def _check_measures(
    table: TomlTable, composite: CompositeOutcome, sources: Sequence[Source], measures: Sequence[Measure]
) -> None:
    by_name = {measure.name: measure for measure in measures}
    kinds = {source.name: source.kind for source in sources}
    if not composite.measures and "measures" in table:
        table.refuse("measures", "must name at least one measure.")
    harms = [measure.name for measure in measures if measure.role is Role.HARM]
    for name in composite.measures:
        if name not in by_name:
            known = f" {nearest_hint(name, harms)}" if harms else ""
            table.problems.append(f'{table.where}: measures: "{name}" is not a measure of dated points;{known}')
        elif by_name[name].role is not Role.HARM:
            reason = (
                "enforcement activity" if by_name[name].role is Role.ACTIVITY else "only shows how much is reported"
            )
            table.problems.append(
                f'{table.where}: measures: "{name}" {"is " if reason[0] == "e" else ""}{reason}, not harm; a composite outcome '
                "takes measures of harm only."
            )
        elif kinds.get(by_name[name].source) == "treatment_entry" and len(composite.measures) > 1:
            table.problems.append(
                f'{table.where}: measures: "{name}" counts entries into treatment, where more is not a harm, so it '
                "cannot be pooled with other measures; name it alone."
            )


def _check_zone(table: TomlTable, zone: str, rings: int) -> None:
    if zone == "target":
        return
    ring = _RING.fullmatch(zone)
    known = (*ZONES, *(f"ring {number}" for number in range(1, rings + 1)))
    if zone not in ZONES and ring is None:
        table.problems.append(f'{table.where}: zones: "{zone}" is not known; {nearest_hint(zone, known)}')
    elif ring is not None and int(ring[1]) > rings:
        table.problems.append(
            f'{table.where}: zones: "{zone}" is asked for, but an operation has {rings} ring{"s" * (rings != 1)}; rings are '
            "numbered from the inside out."
        )


def _check_window(table: TomlTable, window: str) -> None:
    if window == AFTER:
        return
    try:
        parse_phase(window)
    except DesignError as error:
        table.problems.append(f'{table.where}: windows: {str(error).rstrip(".")}; or "after", the headline\'s window.')
