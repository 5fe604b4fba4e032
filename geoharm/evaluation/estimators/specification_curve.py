"""The same question put to every control that passed: which was chosen, what all say, and what else would be said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.stats import chi2

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_candidates import ControlCandidates
from geoharm.evaluation.design.control_selection import select_controls
from geoharm.evaluation.design.series import joint_series, months_around, zone_series
from geoharm.evaluation.estimators.did import leave_one_in_placebos
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.synthetic_control import synthetic_control_ratio
from geoharm.evaluation.results.specification import ControlChoice, Specification, SpecificationCurve
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import TARGET_AND_RINGS, Design
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.randomisation import randomisation_p


def ratio_by_control(
    zone: Change,
    controls: Sequence[Change],
    *,
    dispersion: Mapping[str, float] | None = None,
    also: Sequence[tuple[str, Estimate]] = (),
) -> SpecificationCurve:
    r"""Return what every control would have said.

    Parameters
    ----------
    zone : Change
    controls : sequence of Change
        Disjoint areas; the estimate against all of them together is added as "all together".
    dispersion : mapping of area name to number, optional
    also : sequence of (name, Estimate)
        Other answers to the same question, such as the synthetic control's.

    Returns
    -------
    SpecificationCurve
        With the p-value of Cochran's Q that the controls changed alike:
        :math:`Q = \sum (g_i - \bar g)^2 / v_i`, :math:`g_i = \log(C_1/C_0)`, :math:`v_i = \phi_i (1/C_0 + 1/C_1)`; and
        their spread beyond noise, DerSimonian and Laird's moment estimate from the same Q.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4:1208-1214,
    https://doi.org/10.1038/s41562-020-0912-z
    """
    phi = dispersion or {}
    own = phi.get(zone.area, 1.0)
    ways = [
        Specification(
            (("control", one.area),),
            log_rate_ratio(zone, one, zone_dispersion=own, control_dispersion=phi.get(one.area, 1.0)),
            (zone.before, zone.after, one.before, one.after),
        )
        for one in controls
    ]
    if len(controls) > 1:
        together = Change("all together", sum(c.before for c in controls), sum(c.after for c in controls))
        widest = max(phi.get(one.area, 1.0) for one in controls)
        ratio = log_rate_ratio(zone, together, zone_dispersion=own, control_dispersion=widest)
        counts = (zone.before, zone.after, together.before, together.after)
        ways.append(Specification((("control", together.area),), ratio, counts))
    ways += [Specification((("control", name),), estimate) for name, estimate in also]
    full = [one for one in controls if one.before and one.after]
    p_value = spread = math.nan
    if len(full) > 1:
        growth = np.array([math.log(one.after / one.before) for one in full])
        weight = np.array([1 / (phi.get(one.area, 1.0) * (1 / one.before + 1 / one.after)) for one in full])
        mean = float(weight @ growth / weight.sum())
        excess = float(weight @ (growth - mean) ** 2) - (len(full) - 1)
        p_value = float(chi2.sf(excess + len(full) - 1, len(full) - 1))
        spread = math.sqrt(max(0.0, excess) / float(weight.sum() - (weight**2).sum() / weight.sum()))
    return SpecificationCurve(tuple(ways), p_value, spread)


def specification_curve(
    ways: Sequence[tuple[Sequence[tuple[str, str]], Change, Change]],
    *,
    dispersion: Mapping[str, float] | None = None,
) -> SpecificationCurve:
    """Return the log rate ratio under every combination of choices.

    Parameters
    ----------
    ways : sequence of (choices, zone, control)
        Choices are pairs such as ("rings", "500 m"), ("before", "same season"), ("control", "Northfield").
    dispersion : mapping of area name to number, optional

    Returns
    -------
    SpecificationCurve
        `range_of("rings")` says what the choice of rings alone does.

    Raises
    ------
    DesignError
        If one combination occurs twice.
    """
    seen = [tuple(sorted(choices)) for choices, _, _ in ways]
    if len(set(seen)) < len(seen):
        msg = "A combination of choices occurs twice in the specification curve; every way counts once."
        raise DesignError(msg)
    phi = dispersion or {}
    return SpecificationCurve(
        tuple(
            Specification(
                tuple(choices),
                log_rate_ratio(
                    zone,
                    control,
                    zone_dispersion=phi.get(zone.area, 1.0),
                    control_dispersion=phi.get(control.area, 1.0),
                ),
                (zone.before, zone.after, control.before, control.after),
            )
            for choices, zone, control in ways
        )
    )


# The specification curve crosses the nearest so many passing controls with every ring and window.
MAX_CROSSED_CONTROLS = 12
# A square stands for the target in a randomisation test if its level is within this factor; p below 0.05 needs 20.
MAX_LEVEL_FACTOR, MIN_COMPARABLE_SQUARES = 3.0, 20
WHOLE_CONTROL_AREA = "all of the control area"


def compare_controls(
    candidates: ControlCandidates,
    counts: ZoneCounts,
    design: Design,
    phi: Mapping[str, float],
    left_out: list[tuple[str, str]],
) -> tuple[ControlChoice | None, SpecificationCurve | None, SpecificationCurve | None, float]:
    """Return the choice of control, the answers by control, those by reach, window and control, and a placebo p-value.

    Parameters
    ----------
    candidates : ControlCandidates
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
    table = zone_series(candidates.counts, [zone.name for zone in zones], months.spans)
    own = joint_series(counts, [target.name], months.spans)
    known = np.isfinite(table).all(axis=0) & np.isfinite(own)
    early = known & (np.arange(own.size) < months.start)
    touched = shapely.union_all([zone.geometry for zone in design.zones if zone.role is not ZoneRole.CONTROL])
    series = {zone.name: row[early] for zone, row in zip(zones, table, strict=True)}
    try:
        choice = select_controls(
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
        mixture, _ = synthetic_control_ratio(
            own[kept], table[clear][:, kept], before=int(early.sum()), dispersion=phi["target"]
        )
        also.append(("synthetic control", mixture))
        level = np.array([table[place][early].sum() for place in clear]) / max(float(own[early].sum()), 1.0)
        alike = [
            place for place, one in zip(clear, level, strict=True) if 1 / MAX_LEVEL_FACTOR <= one <= MAX_LEVEL_FACTOR
        ]
        placebo_p = _placebo_p(own, table[alike], early, late) if len(alike) >= MIN_COMPARABLE_SQUARES else math.nan
        if len(alike) < MIN_COMPARABLE_SQUARES:
            why = f"{len(alike)} candidate squares are within a factor {MAX_LEVEL_FACTOR:g} of the target's level, and {MIN_COMPARABLE_SQUARES} are needed"
            left_out.append(("randomisation test", why))
    curve = ratio_by_control(
        combined_change(counts, [target.name], design.before, design.after, "target"),
        [candidates.counts.change(name, design.before, design.after) for name in passing],
        dispersion=spread,
        also=also,
    )
    ways = list(_ways(candidates, counts, design, passing[:MAX_CROSSED_CONTROLS]))
    return choice, curve, specification_curve(ways, dispersion=spread), placebo_p


def zone_names(design: Design, role: ZoneRole) -> list[str]:
    """Return the names of the zones of a role."""
    return [zone.name for zone in design.of_role(role)]


def combined_change(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    """Return what zones counted together, before and after."""
    parts = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(part.before for part in parts), sum(part.after for part in parts))


def _ways(
    candidates: ControlCandidates, counts: ZoneCounts, design: Design, passing: Sequence[str]
) -> Iterator[tuple[tuple[tuple[str, str], ...], Change, Change]]:
    """Yield every reach, window and control together; in a phase, target and all rings only."""
    target, rings = zone_names(design, ZoneRole.TARGET), zone_names(design, ZoneRole.RING)
    reaches = [("target", target)]
    for last, zone in enumerate(design.of_role(ZoneRole.RING), start=1):
        name = TARGET_AND_RINGS if last == len(rings) else f"target and rings to {zone.outer:g} m"
        reaches.append((name, target + rings[:last]))
    controls = [(WHOLE_CONTROL_AREA, counts, zone_names(design, ZoneRole.CONTROL))]
    controls += [(name, candidates.counts, [name]) for name in passing]
    ends = (reaches[0], reaches[-1]) if rings else reaches
    windows = dict.fromkeys((design.after, *design.phases))
    for window, (reach, zones) in chain(
        ((design.after, one) for one in reaches),
        ((window, one) for window in windows if window.periods != design.after.periods for one in ends),
    ):
        own = combined_change(counts, zones, design.before, window, "target")
        for name, source, areas in controls:
            label = "control" if name == WHOLE_CONTROL_AREA else name
            control = combined_change(source, areas, design.before, window, label)
            yield (("reach", reach), ("window", window.name), ("control", name)), own, control


def _placebo_p(
    own: NDArray[np.float64], areas: NDArray[np.float64], early: NDArray[np.bool_], late: NDArray[np.bool_]
) -> float:
    if areas.shape[0] < 2:
        return math.nan
    sums = [(int(own[mask].sum()), int(areas[:, mask].sum())) for mask in (early, late)]
    ratio = log_rate_ratio(Change("target", sums[0][0], sums[1][0]), Change("all", sums[0][1], sums[1][1]))
    kept = early | late
    return randomisation_p(ratio.value, leave_one_in_placebos(areas[:, kept], late[kept]))
