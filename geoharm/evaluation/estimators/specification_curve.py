"""Specification curve: the effect under every control that passed, and under other rings and windows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_candidates import ControlCandidates
from geoharm.evaluation.design.control_floor import no_control, why_too_few
from geoharm.evaluation.design.control_selection import select_controls
from geoharm.evaluation.design.series import joint_series, months_around, zone_series
from geoharm.evaluation.estimators.did import leave_one_in_placebos
from geoharm.evaluation.estimators.rate_ratio import NAME, log_rate_ratio
from geoharm.evaluation.estimators.synthetic_control import synthetic_control_ratio
from geoharm.evaluation.results.specification import ControlChoice, Specification, SpecificationCurve
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import TARGET_AND_RINGS, Design
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.distributions import chi2_survival
from geoharm.stats.randomisation import randomisation_p


def ratio_by_control(
    zone: Change,
    controls: Sequence[Change],
    *,
    dispersion: Mapping[str, float] | None = None,
    other_estimates: Sequence[tuple[str, Estimate]] = (),
) -> SpecificationCurve:
    r"""Return the log rate ratio against every control.

    Parameters
    ----------
    zone : Change
    controls : sequence of Change
        Disjoint areas. The estimate against all of them together is added as "all together". An area with too few events
        (`geoharm.evaluation.design.control_floor`) gives no estimate, and takes no part in the test.
    dispersion : mapping of area name to number, optional
        Variance over mean of the counts; 1 for a missing name.
    other_estimates : sequence of (name, Estimate)
        Further estimates of the same effect, such as that of the synthetic control.

    Returns
    -------
    SpecificationCurve
        It includes the p-value of Cochran's Q for the hypothesis that the controls changed alike:
        :math:`Q = \sum (g_i - \bar g)^2 / v_i`, :math:`g_i = \log(C_1/C_0)`, :math:`v_i = \phi_i (1/C_0 + 1/C_1)`. It
        also includes the spread beyond noise, DerSimonian and Laird's moment estimate from the same Q.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4:1208-1214,
    https://doi.org/10.1038/s41562-020-0912-z
    """
    phi = dispersion or {}
    zone_phi = phi.get(zone.area, 1.0)
    specifications = [
        Specification(
            (("control", control.area),),
            _ratio(zone, control, zone_dispersion=zone_phi, control_dispersion=phi.get(control.area, 1.0)),
            (zone.before, zone.after, control.before, control.after),
        )
        for control in controls
    ]
    if len(controls) > 1:
        all_controls = Change(
            "all together", sum(control.before for control in controls), sum(control.after for control in controls)
        )
        largest_phi = max(phi.get(control.area, 1.0) for control in controls)
        ratio = _ratio(zone, all_controls, zone_dispersion=zone_phi, control_dispersion=largest_phi)
        counts = (zone.before, zone.after, all_controls.before, all_controls.after)
        specifications.append(Specification((("control", all_controls.area),), ratio, counts))
    specifications += [Specification((("control", name),), estimate) for name, estimate in other_estimates]
    usable = [control for control in controls if not why_too_few(control)]
    p_value = spread = math.nan
    if len(usable) > 1:
        growth = np.array([math.log(control.after / control.before) for control in usable])
        weight = np.array(
            [1 / (phi.get(control.area, 1.0) * (1 / control.before + 1 / control.after)) for control in usable]
        )
        mean = float(weight @ growth / weight.sum())
        excess = float(weight @ (growth - mean) ** 2) - (len(usable) - 1)
        p_value = float(chi2_survival(excess + len(usable) - 1, len(usable) - 1))
        spread = math.sqrt(max(0.0, excess) / float(weight.sum() - (weight**2).sum() / weight.sum()))
    return SpecificationCurve(tuple(specifications), p_value, spread)


def specification_curve(
    specifications: Sequence[tuple[Sequence[tuple[str, str]], Change, Change]],
    *,
    dispersion: Mapping[str, float] | None = None,
) -> SpecificationCurve:
    """Return the log rate ratio under every combination of choices.

    Parameters
    ----------
    specifications : sequence of (choices, zone, control)
        Choices are pairs such as ("rings", "500 m"), ("before", "same season"), ("control", "Northfield").
    dispersion : mapping of area name to number, optional
        Variance over mean of the counts; 1 for a missing name.

    Returns
    -------
    SpecificationCurve
        `range_of("rings")` gives the range of estimates for every choice of rings.

    Raises
    ------
    DesignError
        If a combination of choices occurs twice.
    """
    combinations = [tuple(sorted(choices)) for choices, _, _ in specifications]
    if len(set(combinations)) < len(combinations):
        msg = "A combination of choices occurs twice in the specification curve; every combination counts once."
        raise DesignError(msg)
    phi = dispersion or {}
    return SpecificationCurve(
        tuple(
            Specification(
                tuple(choices),
                _ratio(
                    zone,
                    control,
                    zone_dispersion=phi.get(zone.area, 1.0),
                    control_dispersion=phi.get(control.area, 1.0),
                ),
                (zone.before, zone.after, control.before, control.after),
            )
            for choices, zone, control in specifications
        )
    )


# Number of passing controls (the nearest ones) that the specification curve combines with every ring and window.
MAX_CROSSED_CONTROLS = 12
# A square takes part in the randomisation test if its level is within this factor of the target's. A p-value below
# 0.05 needs at least 20 squares.
MAX_LEVEL_RATIO, MIN_COMPARABLE_SQUARES = 3.0, 20
WHOLE_CONTROL_AREA = "all of the control area"


def compare_controls(
    candidates: ControlCandidates,
    counts: ZoneCounts,
    design: Design,
    phi: Mapping[str, float],
    left_out: list[tuple[str, str]],
) -> tuple[ControlChoice | None, SpecificationCurve | None, SpecificationCurve | None, float]:
    """Return the choice of control, estimates by control, the specification curve, and a placebo p-value.

    Parameters
    ----------
    candidates : ControlCandidates
    counts : ZoneCounts
        The counts in the operation's own zones.
    design : Design
    phi : mapping of zone name to number
        Dispersion (variance over mean) of the counts.
    left_out : list of (part, reason)
        Parts that cannot be computed are appended, with the reason.

    Returns
    -------
    choice : ControlChoice or None
    by_control : SpecificationCurve or None
        Estimates by control.
    curve : SpecificationCurve or None
        Estimates by reach, window and control.
    placebo_p : float
        P-value of the randomisation test; NaN if it cannot be computed.
    """
    months, target = months_around(counts, design), design.of_role(ZoneRole.TARGET)[0]
    zones = candidates.zones
    if not zones:
        left_out.append(("choice of control", "no square as large as the target lies in the control area"))
        return None, None, None, math.nan
    table = zone_series(candidates.counts, [zone.name for zone in zones], months.spans)
    target_series = joint_series(counts, [target.name], months.spans)
    has_data = np.isfinite(table).all(axis=0) & np.isfinite(target_series)
    is_before = has_data & (np.arange(target_series.size) < months.start)
    exposed = design.exposed_area
    series = {zone.name: row[is_before] for zone, row in zip(zones, table, strict=True)}
    try:
        choice = select_controls(
            target,
            zones,
            {**series, target.name: target_series[is_before]},
            excluded_area=exposed,
            dispersion=phi["target"],
        )
    except DesignError as error:
        left_out.append(("choice of control", str(error)))
        return None, None, None, math.nan
    passing = choice.passing
    dispersion = {**phi, **{name: math.ceil(monthly_dispersion(series[name]) * 10 - 1e-9) / 10 for name in passing}}
    other_estimates = []
    is_after = has_data & (np.arange(target_series.size) >= months.stop)
    unexposed = [position for position, zone in enumerate(zones) if zone.geometry.intersection(exposed).area < 1]
    placebo_p = math.nan
    if is_after.any() and unexposed:
        kept = is_before | is_after
        synthetic_ratio, _ = synthetic_control_ratio(
            target_series[kept], table[unexposed][:, kept], before=int(is_before.sum()), dispersion=phi["target"]
        )
        other_estimates.append(("synthetic control", synthetic_ratio))
        level_ratios = np.array([table[position][is_before].sum() for position in unexposed]) / max(
            float(target_series[is_before].sum()), 1.0
        )
        comparable = [
            position
            for position, ratio in zip(unexposed, level_ratios, strict=True)
            if 1 / MAX_LEVEL_RATIO <= ratio <= MAX_LEVEL_RATIO
        ]
        placebo_p = (
            _placebo_p_value(target_series, table[comparable], is_before, is_after)
            if len(comparable) >= MIN_COMPARABLE_SQUARES
            else math.nan
        )
        if len(comparable) < MIN_COMPARABLE_SQUARES:
            reason = f"{len(comparable)} candidate squares are within a factor {MAX_LEVEL_RATIO:g} of the target's level, and {MIN_COMPARABLE_SQUARES} are needed"
            left_out.append(("randomisation test", reason))
    curve = ratio_by_control(
        combined_change(counts, [target.name], design.before, design.after, "target"),
        [candidates.counts.change(name, design.before, design.after) for name in passing],
        dispersion=dispersion,
        other_estimates=other_estimates,
    )
    combinations = list(_combinations(candidates, counts, design, passing[:MAX_CROSSED_CONTROLS]))
    return choice, curve, specification_curve(combinations, dispersion=dispersion), placebo_p


def _ratio(zone: Change, control: Change, *, zone_dispersion: float, control_dispersion: float) -> Estimate:
    """Return the log rate ratio; undefined, with the reason, if the control has too few events."""
    note = why_too_few(control, place="the control")
    if note:
        return no_control(NAME, note, unit="log ratio")
    return log_rate_ratio(zone, control, zone_dispersion=zone_dispersion, control_dispersion=control_dispersion)


def zone_names(design: Design, role: ZoneRole) -> list[str]:
    """Return the names of the design's zones with a role."""
    return [zone.name for zone in design.of_role(role)]


def combined_change(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    """Return the summed counts of several zones, before and after.

    Parameters
    ----------
    counts : ZoneCounts
    zones : sequence of str
        Names of the zones.
    before, after : Window
    name : str
        Area name of the sum.
    """
    parts = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(part.before for part in parts), sum(part.after for part in parts))


def _combinations(
    candidates: ControlCandidates, counts: ZoneCounts, design: Design, passing: Sequence[str]
) -> Iterator[tuple[tuple[tuple[str, str], ...], Change, Change]]:
    """Yield every combination of reach, window and control; in a phase only the smallest and the largest reach."""
    target, rings = zone_names(design, ZoneRole.TARGET), zone_names(design, ZoneRole.RING)
    reaches = [("target", target)]
    for last, zone in enumerate(design.of_role(ZoneRole.RING), start=1):
        name = TARGET_AND_RINGS if last == len(rings) else f"target and rings to {zone.outer:g} m"
        reaches.append((name, target + rings[:last]))
    controls = [(WHOLE_CONTROL_AREA, counts, zone_names(design, ZoneRole.CONTROL))]
    controls += [(name, candidates.counts, [name]) for name in passing]
    smallest_and_largest = (reaches[0], reaches[-1]) if rings else reaches
    windows = dict.fromkeys((design.after, *design.phases))
    for window, (reach, zones) in chain(
        ((design.after, reach_zones) for reach_zones in reaches),
        (
            (window, reach_zones)
            for window in windows
            if window.periods != design.after.periods
            for reach_zones in smallest_and_largest
        ),
    ):
        zone_change = combined_change(counts, zones, design.before, window, "target")
        for name, source, areas in controls:
            label = "control" if name == WHOLE_CONTROL_AREA else name
            control_change = combined_change(source, areas, design.before, window, label)
            yield (("reach", reach), ("window", window.name), ("control", name)), zone_change, control_change


def _placebo_p_value(
    own: NDArray[np.float64], areas: NDArray[np.float64], early: NDArray[np.bool_], late: NDArray[np.bool_]
) -> float:
    if areas.shape[0] < 2:
        return math.nan
    sums = [(int(own[mask].sum()), int(areas[:, mask].sum())) for mask in (early, late)]
    ratio = log_rate_ratio(Change("target", sums[0][0], sums[1][0]), Change("all", sums[0][1], sums[1][1]))
    kept = early | late
    return randomisation_p(ratio.value, leave_one_in_placebos(areas[:, kept], late[kept]))
