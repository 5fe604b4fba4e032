"""Resolves `[[question]]`: composite outcomes over several measures, rings or windows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._rules import shortened
from geoharm._schema import Mistakes, Place
from geoharm._validation import nearest_hint
from geoharm.errors import DesignError
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.measure import Measure, Role
from geoharm.model.period import parse_phase
from geoharm.model.study import CompositeOutcome, Source
from geoharm.study.schema import AFTER, StudyFile
from geoharm.study.values import MEASURE_KEYS

ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)
_RING = re.compile(r"ring ([1-9]\d*)")


def resolve_composites(
    study: StudyFile, sources: Sequence[Source], measures: Sequence[Measure], mistakes: Mistakes
) -> tuple[CompositeOutcome, ...]:
    """Return the composite outcomes of a study file.

    Parameters
    ----------
    study : StudyFile
    sources : sequence of Source
    measures : sequence of Measure
        Measures of dated points.
    mistakes : Mistakes
        Mistakes are added to it.
    """
    composites = []
    for index, table in enumerate(study.question):
        place = ("question", index)
        composite = CompositeOutcome(table.name, tuple(table.measures), tuple(table.zones), tuple(table.windows))
        if mistakes.are_sound("measure", *MEASURE_KEYS) and mistakes.is_sound(*place, "measures"):
            _check_measures(place, composite, sources, measures, mistakes)
        if not study.operation and not study.registers and mistakes.are_sound("operation"):
            mistakes.add(
                place,
                "it asks about the target and rings of operations, and there is none; add an [[operation]], or take it out.",
            )
            continue
        all_rings = [*(table.rings for table in study.operation), *(table.rings for table in study.registers)]
        rings = min((len(table.outer) for table in all_rings), default=0)
        knows_rings = mistakes.are_sound("operation", "rings") and mistakes.is_sound(*place, "zones")
        for zone in composite.zones if knows_rings else ():
            _check_zone(place, zone, rings, mistakes)
        for window in composite.windows if mistakes.is_sound(*place, "windows") else ():
            _check_window(place, window, mistakes)
        listed = {"measures": composite.measures, "zones": composite.zones, "windows": composite.windows}
        for key, names in listed.items():
            if len(set(names)) < len(names):
                mistakes.refuse(place, key, "names one of them twice; each counts once.")
        if all(len(names) == 1 and mistakes.is_sound(*place, key) for key, names in listed.items()):
            mistakes.add(
                place,
                "one measure in one zone and window is the headline's own question; a [[question]] pools at least two.",
            )
        composites.append(composite)
    return tuple(composites)


def _check_measures(
    place: Place,
    composite: CompositeOutcome,
    sources: Sequence[Source],
    measures: Sequence[Measure],
    mistakes: Mistakes,
) -> None:
    by_name = {measure.name: measure for measure in measures}
    kinds = {source.name: source.kind for source in sources}
    harms = [measure.name for measure in measures if measure.role is Role.HARM]
    for name in composite.measures:
        shown = f'measures: "{shortened(name)}"'
        if name not in by_name:
            known = f" {nearest_hint(name, harms)}" if harms else ""
            mistakes.add(place, f"{shown} is not a measure of dated points;{known}")
        elif by_name[name].role is not Role.HARM:
            reason = (
                "is enforcement activity" if by_name[name].role is Role.ACTIVITY else "only shows how much is reported"
            )
            mistakes.add(place, f"{shown} {reason}, not harm; a composite outcome takes measures of harm only.")
        elif kinds.get(by_name[name].source) == "treatment_entry" and len(composite.measures) > 1:
            mistakes.add(
                place,
                f"{shown} counts entries into treatment, where more is not a harm, so it cannot be pooled with other "
                "measures; name it alone.",
            )


def _check_zone(place: Place, zone: str, rings: int, mistakes: Mistakes) -> None:
    if zone == "target":
        return
    ring = _RING.fullmatch(zone)
    known = (*ZONES, *(f"ring {number}" for number in range(1, rings + 1)))
    shown = f'zones: "{shortened(zone)}"'
    if zone not in ZONES and ring is None:
        mistakes.add(place, f"{shown} is not known; {nearest_hint(zone, known)}")
    elif ring is not None and int(ring[1]) > rings:
        mistakes.add(
            place,
            f"{shown} is asked for, but an operation has {rings} ring{'s' * (rings != 1)}; rings are numbered from the "
            "inside out.",
        )


def _check_window(place: Place, window: str, mistakes: Mistakes) -> None:
    if window == AFTER:
        return
    try:
        parse_phase(window)
    except DesignError as error:
        mistakes.add(place, f'windows: {str(error).rstrip(".")}; or "after", the headline\'s window.')
