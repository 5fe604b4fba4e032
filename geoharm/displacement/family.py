"""The whole family beside the headline, and the guards, for one measure around one operation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from geoharm.displacement.by_control import by_control, change_of, names_of
from geoharm.displacement.candidates import Candidates
from geoharm.displacement.clock import crackdown_clock
from geoharm.displacement.evaluate import history_dispersion
from geoharm.displacement.guards import season_guard, selection_guard, serial_guard, trends_guard
from geoharm.displacement.indices import displacement_indices
from geoharm.displacement.leak import false_ring_change, leak_guard, leak_shares
from geoharm.displacement.limits import controls_guard, geocode_guard, measures_guard, power_guard, reporting_guard
from geoharm.displacement.moved import with_headline_share
from geoharm.displacement.profile import ring_profile
from geoharm.displacement.regression import event_study, zone_regression
from geoharm.displacement.running import running_wdd
from geoharm.displacement.series import clock_periods, months_around, series_of
from geoharm.displacement.wdd import linear_change
from geoharm.errors import DesignError
from geoharm.model import (
    ALL_RINGS,
    UNPLACED,
    UNPLACED_NEAR,
    Change,
    Clock,
    Curve,
    Design,
    Effect,
    Estimate,
    Family,
    Guard,
    MeasureResult,
    Period,
    Regression,
    Window,
    Zone,
    ZoneCounts,
    ZoneRole,
    undefined,
)
from geoharm.stats import exact_rate_ratio


def family(result: MeasureResult, design: Design, *, seed: int, candidates: Candidates | None = None) -> Family:
    """Return what every other estimator says about a measure.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    seed : int
        For bands.
    candidates : Candidates, optional
        Without them nothing is said about the choice of control.

    Returns
    -------
    Family
        What cannot be made is left out with its reason, never an error.
    """
    counts, unit = result.counts, result.measure.unit
    target, rings, control = (names_of(design, role) for role in (ZoneRole.TARGET, ZoneRole.RING, ZoneRole.CONTROL))
    phi = {"target": history_dispersion(counts, target, design), "control": history_dispersion(counts, control, design)}
    left_out: list[tuple[str, str]] = []
    length = design.after.days / design.before.days
    own, other = change_of(counts, target, design.before, design.after, "target"), _control(counts, design)
    around = None
    if rings:
        phi[ALL_RINGS] = history_dispersion(counts, rings, design)
        around = change_of(counts, rings, design.before, design.after, ALL_RINGS)
    else:
        left_out.append(("indices", "the operation has no ring"))
    for zone in design.zones:
        if zone.role in (ZoneRole.GAP, ZoneRole.RING):
            phi[zone.name] = history_dispersion(counts, [zone.name], design)
    running, events = _curves(counts, design, phi, unit=unit, seed=seed, left_out=left_out)
    regression = _regression(counts, design, left_out)
    indices = displacement_indices(own, around, other, dispersion=phi, unit=unit) if around else None
    choice = controls = sensitivity = None
    placebo_p = math.nan
    if candidates is None:
        left_out.append(("choice of control", "no candidate areas were given"))
    else:
        choice, controls, sensitivity, placebo_p = by_control(candidates, counts, design, phi, left_out)
    return Family(
        measure=result.measure.name,
        local=_difference([own], other, phi, unit, length),
        displaced=_difference([around], other, phi, unit, length) if around else None,
        total=_difference([own, around], other, phi, unit, length) if around else None,
        exact=exact_rate_ratio(((own.after, own.before), (other.after, other.before))),
        indices=with_headline_share(indices, result.effects) if indices else None,
        running=running,
        events=events,
        profile=_profile(counts, design, phi, seed),
        clocks=_clocks(counts, design),
        choice=choice,
        controls=controls,
        sensitivity=sensitivity,
        placebo_p=placebo_p,
        regression=regression,
        left_out=tuple(left_out),
    )


def guards(
    result: MeasureResult,
    design: Design,
    found: Family,
    *,
    location_error: float = 0.0,
    comparator: MeasureResult | None = None,
    peers: ArrayLike | None = None,
    ratios: Mapping[str, Estimate] | None = None,
    primary: str = "",
) -> tuple[Guard, ...]:
    """Return everything a measure's answer is exposed to, hardest consequence first.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    found : Family
        Of the same measure.
    location_error : float
        Median, in metres.
    comparator : MeasureResult, optional
        Other reports by the same route.
    peers : array_like, shape (n,), optional
        Counts, on the data chosen on, of all places the target was picked from.
    ratios : mapping of measure to Estimate, optional
        The target's ratio of every measure of the study.
    primary : str
        The study's primary measure; needed with `ratios`.
    """
    counts, effect = result.counts, result.effect("target")
    observed = _answer(effect)
    target, control = (names_of(design, role) for role in (ZoneRole.TARGET, ZoneRole.CONTROL))
    months = months_around(counts, design)
    past = months.spans[: months.start]
    listed = [
        selection_guard(
            design.before,
            design.operation.chosen_on,
            chosen_count=_chosen_count(counts, target, design),
            peers=peers,
            dispersion=effect.dispersion,
            observed=observed,
        ),
        season_guard(design.before, design.after),
        serial_guard(
            series_of(counts, target, past),
            series_of(counts, control, past),
            after=max(1, round(design.after.days * 12 / 365.25)),
            calibrated=effect.ratio.calibrated,
        ),
        reporting_guard(
            observed,
            _answer(comparator.effect("target")) if comparator else None,
            recorded_by=result.measure.recorded_by,
        ),
        power_guard(effect.detectable_fall, possible=effect.ratio.is_defined),
    ]
    if found.events is not None:
        listed.append(trends_guard(found.events))
    if found.controls is not None:
        listed.append(controls_guard(found.controls, observed))
    lost = [name for name in (UNPLACED, UNPLACED_NEAR) if name in counts.zones]
    if lost:
        unplaced = change_of(counts, lost, design.before, design.after, UNPLACED)
        listed.append(geocode_guard(effect.counts, effect.control, unplaced))
    rings = design.of_role(ZoneRole.RING)
    if rings:
        listed.append(_leak(result, design, rings[0], location_error))
    if ratios is not None:
        listed.append(measures_guard(ratios, primary=primary, name=result.measure.name))
    return tuple(sorted(listed, key=lambda guard: -guard.consequence))


def _answer(effect: Effect) -> Estimate:
    """Return the calibrated ratio, or the one of counting noise where that was refused: guards ask about the change."""
    return effect.ratio if effect.ratio.is_defined else effect.counting


def _control(counts: ZoneCounts, design: Design) -> Change:
    return change_of(counts, names_of(design, ZoneRole.CONTROL), design.before, design.after, "control")


def _difference(
    zones: Sequence[Change], control: Change, phi: Mapping[str, float], unit: str, length: float
) -> Estimate:
    """Return the difference with the control scaled to all zones together, its counts entering once.

    Counts before are brought to the length of the window after; else a long window before would swell the error.
    """
    name = "weighted displacement difference"
    if not control.before:
        return undefined(name, unit=unit, reference="", note="the count before in control is 0, so no scale is known")
    scale = sum(zone.before for zone in zones) / control.before
    note = "the scale of the control is taken as known, as is usual; the error is a little too small for it"
    terms = [*((zone, 1.0) for zone in zones), (control, -scale)]
    return linear_change(terms, time_weights=(1 / length, 1.0), dispersion=phi, unit=unit, note=note)


def _curves(
    counts: ZoneCounts,
    design: Design,
    phi: Mapping[str, float],
    *,
    unit: str,
    seed: int,
    left_out: list[tuple[str, str]],
) -> tuple[Curve | None, Curve | None]:
    months = months_around(counts, design)
    series = [series_of(counts, names_of(design, role), months.spans) for role in (ZoneRole.TARGET, ZoneRole.CONTROL)]
    for one in series:
        one[months.start : months.stop] = math.nan
    spread = phi["target"], phi["control"]
    running: Curve | None = None
    events: Curve | None = None
    inside = [
        place for place, span in enumerate(months.spans[: months.start]) if design.before.periods[0].contains(span)
    ]
    if len(design.before.periods) > 1 or not inside:
        why = "the window before is made of several seasons, or holds no whole month"
        left_out.append(("running difference", why))
    else:
        cut = [one[inside[0] :] for one in series]
        cut = [np.where(np.isnan(cut[0]) | np.isnan(cut[1]), math.nan, one) for one in cut]
        scale = np.nansum(cut[1][: len(inside)]) / max(np.nansum(cut[0][: len(inside)]), 1)
        # The months between the window before and the operation belong to neither.
        keep = np.arange(cut[0].size) < len(inside)
        keep |= np.arange(cut[0].size) >= months.stop - inside[0]
        try:
            running = running_wdd(
                cut[0][keep],
                cut[1][keep],
                before=len(inside),
                seed=seed,
                scale=float(scale) or 1.0,
                dispersion=spread,
                unit=unit,
            )
        except DesignError as error:
            left_out.append(("running difference", str(error)))
    try:
        joint = [np.delete(one, slice(months.start, months.stop)) for one in series]
        events = event_study(*joint, before=months.start, seed=seed, block=_block(joint[0]), dispersion=spread)
    except DesignError as error:
        left_out.append(("event study", str(error)))
    return running, events


def _regression(counts: ZoneCounts, design: Design, left_out: list[tuple[str, str]]) -> Regression | None:
    try:
        return zone_regression(counts, design)
    except DesignError as error:
        left_out.append(("Poisson difference-in-differences", str(error)))
        return None


def _block(target: ArrayLike) -> int:
    """Return how many months a block needs to hold about 20 events of the target: 1, 2, 3 or 6."""
    mean = float(np.nanmean(np.asarray(target, dtype=np.float64))) if np.size(target) else 0.0
    return next((block for block in (1, 2, 3) if block * mean >= 20), 6)


def _profile(counts: ZoneCounts, design: Design, phi: Mapping[str, float], seed: int) -> Curve:
    bands = [
        (zone.inner, zone.outer, change_of(counts, [zone.name], design.before, design.after, zone.name))
        for zone in design.zones
        if zone.role is not ZoneRole.CONTROL
    ]
    return ring_profile(bands, _control(counts, design), seed=seed, dispersion=phi)


def _clocks(counts: ZoneCounts, design: Design) -> tuple[Clock, ...]:
    periods = clock_periods(counts, design)
    control = series_of(counts, names_of(design, ZoneRole.CONTROL), periods.spans)
    found = []
    for name, role in (("target", ZoneRole.TARGET), (ALL_RINGS, ZoneRole.RING)):
        zones = names_of(design, role)
        stop = min(max(periods.stop, periods.start + 1), len(periods.spans))
        if zones and 0 < periods.start < stop:
            series = series_of(counts, zones, periods.spans)
            clock = crackdown_clock(
                series, control, start=periods.start, stop=stop, per_month=periods.per_month, zone=name
            )
            edges = (periods.spans[0].start, periods.spans[periods.start].start, periods.spans[stop - 1].end)
            stretches = [Period(one, two) for one, two in pairwise((*edges, periods.spans[-1].end)) if one < two]
            found.append(replace(clock, stretches=tuple(stretches)))
    return tuple(found)


def _chosen_count(counts: ZoneCounts, target: Sequence[str], design: Design) -> int:
    chosen = design.operation.chosen_on
    covered = chosen.overlap(counts.coverage) if chosen else None
    if covered is None or (counts.by_month and not covered.is_whole_months):
        return 0
    return sum(counts.total(zone, Window("chosen on", (covered,))) for zone in target)


def _leak(result: MeasureResult, design: Design, ring: Zone, error: float) -> Guard:
    zones = [zone for zone in design.zones if zone.role is not ZoneRole.CONTROL]
    shares = leak_shares(zones[0], zones, median_error=error)
    before = {zone.name: result.counts.total(zone.name, design.before) for zone in (zones[0], ring)}
    false = false_ring_change(shares, target=before[zones[0].name], ring=before[ring.name], name=ring.name, fall=0.5)
    return leak_guard(
        [("target", shares[zones[0].name])], error=error, ring=(ring.name, ring.outer - ring.inner, false)
    )
