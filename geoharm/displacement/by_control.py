"""The same question put to every control that passed: which was chosen, what all say, and what else would be said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.displacement.candidates import Candidates
from geoharm.displacement.controls import choose_control, control_curve, synthetic_ratio
from geoharm.displacement.profile import sensitivity_curve
from geoharm.displacement.ratio import log_rate_ratio
from geoharm.displacement.regression import unit_placebos
from geoharm.displacement.series import months_around, series_by_zone, series_of
from geoharm.errors import DesignError
from geoharm.model import (
    TARGET_AND_RINGS,
    Change,
    ControlChoice,
    Design,
    SpecificationCurve,
    Window,
    ZoneCounts,
    ZoneRole,
)
from geoharm.stats import monthly_dispersion, randomisation_p

# The specification curve crosses the nearest so many passing controls with every ring and window.
NEAREST = 12
# A square stands for the target in a randomisation test if its level is within this factor; p below 0.05 needs 20.
LEVEL, MIN_ALIKE = 3.0, 20
ALL_OF_IT = "all of the control area"


def by_control(
    candidates: Candidates,
    counts: ZoneCounts,
    design: Design,
    phi: Mapping[str, float],
    left_out: list[tuple[str, str]],
) -> tuple[ControlChoice | None, SpecificationCurve | None, SpecificationCurve | None, float]:
    """Return the choice of control, the answers by control, those by reach, window and control, and a placebo p-value.

    Parameters
    ----------
    candidates : Candidates
    counts : ZoneCounts
        The operation's own.
    design : Design
    phi : mapping of zone name to number
    left_out : list
        What cannot be made is added, with its reason.
    """
    months, target = months_around(counts, design), design.of_role(ZoneRole.TARGET)[0]
    zones = candidates.zones
    if not zones:
        left_out.append(("choice of control", "no square as large as the target lies in the control area"))
        return None, None, None, math.nan
    table = series_by_zone(candidates.counts, [zone.name for zone in zones], months.spans)
    own = series_of(counts, [target.name], months.spans)
    known = np.isfinite(table).all(axis=0) & np.isfinite(own)
    early = known & (np.arange(own.size) < months.start)
    touched = shapely.union_all([zone.geometry for zone in design.zones if zone.role is not ZoneRole.CONTROL])
    series = {zone.name: row[early] for zone, row in zip(zones, table, strict=True)}
    try:
        choice = choose_control(
            target, zones, {**series, target.name: own[early]}, taken=touched, dispersion=phi["target"]
        )
    except DesignError as error:
        left_out.append(("choice of control", str(error)))
        return None, None, None, math.nan
    passing = choice.passing
    spread = {**phi, **{name: math.ceil(monthly_dispersion(series[name]) * 10 - 1e-9) / 10 for name in passing}}
    also = []
    late = known & (np.arange(own.size) >= months.stop)
    clear = [place for place, one in enumerate(zones) if one.geometry.intersection(touched).area < 1]
    placebo_p = math.nan
    if late.any() and clear:
        kept = early | late
        mixture, _ = synthetic_ratio(
            own[kept], table[clear][:, kept], before=int(early.sum()), dispersion=phi["target"]
        )
        also.append(("synthetic control", mixture))
        level = np.array([table[place][early].sum() for place in clear]) / max(float(own[early].sum()), 1.0)
        alike = [place for place, one in zip(clear, level, strict=True) if 1 / LEVEL <= one <= LEVEL]
        placebo_p = _placebo_p(own, table[alike], early, late) if len(alike) >= MIN_ALIKE else math.nan
        if len(alike) < MIN_ALIKE:
            why = f"{len(alike)} candidate squares are within a factor {LEVEL:g} of the target's level, and {MIN_ALIKE} are needed"
            left_out.append(("randomisation test", why))
    curve = control_curve(
        change_of(counts, [target.name], design.before, design.after, "target"),
        [candidates.counts.change(name, design.before, design.after) for name in passing],
        dispersion=spread,
        also=also,
    )
    ways = list(_ways(candidates, counts, design, passing[:NEAREST]))
    return choice, curve, sensitivity_curve(ways, dispersion=spread), placebo_p


def names_of(design: Design, role: ZoneRole) -> list[str]:
    """Return the names of the zones of a role."""
    return [zone.name for zone in design.of_role(role)]


def change_of(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    """Return what zones counted together, before and after."""
    parts = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(part.before for part in parts), sum(part.after for part in parts))


def _ways(
    candidates: Candidates, counts: ZoneCounts, design: Design, passing: Sequence[str]
) -> Iterator[tuple[tuple[tuple[str, str], ...], Change, Change]]:
    """Yield every reach, window and control together; in a phase, target and all rings only."""
    target, rings = names_of(design, ZoneRole.TARGET), names_of(design, ZoneRole.RING)
    reaches = [("target", target)]
    for last, zone in enumerate(design.of_role(ZoneRole.RING), start=1):
        name = TARGET_AND_RINGS if last == len(rings) else f"target and rings to {zone.outer:g} m"
        reaches.append((name, target + rings[:last]))
    controls = [(ALL_OF_IT, counts, names_of(design, ZoneRole.CONTROL))]
    controls += [(name, candidates.counts, [name]) for name in passing]
    ends = (reaches[0], reaches[-1]) if rings else reaches
    windows = dict.fromkeys((design.after, *design.phases))
    for window, (reach, zones) in chain(
        ((design.after, one) for one in reaches),
        ((window, one) for window in windows if window.periods != design.after.periods for one in ends),
    ):
        own = change_of(counts, zones, design.before, window, "target")
        for name, source, areas in controls:
            label = "control" if name == ALL_OF_IT else name
            control = change_of(source, areas, design.before, window, label)
            yield (("reach", reach), ("window", window.name), ("control", name)), own, control


def _placebo_p(
    own: NDArray[np.float64], areas: NDArray[np.float64], early: NDArray[np.bool_], late: NDArray[np.bool_]
) -> float:
    if areas.shape[0] < 2:
        return math.nan
    sums = [(int(own[mask].sum()), int(areas[:, mask].sum())) for mask in (early, late)]
    ratio = log_rate_ratio(Change("target", sums[0][0], sums[1][0]), Change("all", sums[0][1], sums[1][1]))
    kept = early | late
    return randomisation_p(ratio.value, unit_placebos(areas[:, kept], late[kept]))
