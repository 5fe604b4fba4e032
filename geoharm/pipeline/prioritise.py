"""Which market first: harm, noxiousness, trend, resilience, reach and community priority of each, joined from the store."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError
from geoharm.harm.markets import SCHOOL, SERVICES, nearest_site, reach_gap, threat_matrix_row
from geoharm.harm.prioritise import rank_markets, resilience, yearly_trend
from geoharm.harm.results.markets import CriterionValue, Feature, Ranking, ReachGap, ThreatMatrixRow
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.tables import survey_estimates
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.hotspot import Hotspot
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure, Role
from geoharm.model.study import Study
from geoharm.model.values import ValueProfile
from geoharm.queries.counts import dated_points, whole_period, zone_index
from geoharm.queries.night_counts import night_counts
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.study.value_profiles.profiles import read_profile

MAX_MARKETS = 12
_MONTHS_AFTER = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Counted:
    """One harm's events in every market: place by place, and by month."""

    measure: Measure
    x: Floats
    y: Floats
    weight: Floats
    market: NDArray[np.int64]
    months: NDArray[np.datetime64]
    monthly: Floats
    years: float

    def total(self, market: int) -> int:
        return round(float(self.weight[self.market == market].sum()))


def prioritise_markets(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    spots: Sequence[Hotspot],
    sites: Mapping[str, Floats],
    *,
    weights: Sequence[tuple[str, float]],
) -> Ranking:
    """Return the study's markets (hotspots of its primary measure) in order of priority.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    ledgers : sequence of SourceLedger
    spots : sequence of Hotspot
        The first twelve are ranked.
    sites : mapping of category to ndarray of shape (s, 2)
    weights : sequence of (criterion, weight)

    Raises
    ------
    DesignError
        If there is no hotspot, or no criterion is known.
    """
    if not spots:
        msg = (
            f'"{study.primary}" has no hotspot, so there is no market to rank; choose another primary measure or share.'
        )
        raise DesignError(msg)
    used = list(spots[:MAX_MARKETS])
    zones = [Zone(f"market {spot.rank}", ZoneRole.TARGET, spot.geometry) for spot in used]
    profile = read_profile(study.harm.profiles[0], study.folder)
    counted = [
        _count(engine, one, zones, next(row for row in ledgers if row.source == one.source))
        for one in study.measures
        if one.role is Role.HARM
    ]
    nights = {one.measure.name: _nights(engine, one.measure, zones) for one in counted}
    values, threats, gaps = {}, {}, []
    for position, (zone, spot) in enumerate(zip(zones, used, strict=True)):
        found = _gaps(zone, position, counted, sites, study.harm.walking)
        gaps += found
        values[zone.name] = _values(engine, study, profile, (zone, position), counted, found)
        threats[zone.name] = _threat(zone, position, counted, nights, sites, spot)
    rows = rank_markets(values, dict(weights), seed=study.seed)
    notes = [f"Only the first {MAX_MARKETS} of {len(spots)} hotspots are ranked."] if len(spots) > MAX_MARKETS else []
    if not sites:
        notes.append("No sites were supplied: how far treatment, exchanges, bins and schools lie is unknown.")
    return Ranking(
        rows=rows,
        threats=tuple(threats[row.market] for row in rows),
        gaps=tuple(sorted(gaps, key=lambda one: (-np.nan_to_num(one.harm, nan=-1.0), one.market, one.service))),
        profile=profile.name,
        reference=profile.reference,
        weights=tuple(weights),
        walking=study.harm.walking,
        drawn_from=study.primary,
        spots=tuple(next(spot for spot in used if f"market {spot.rank}" == row.market) for row in rows),
        notes=tuple(notes),
    )


def _count(engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone], ledger: SourceLedger) -> _Counted:
    events = dated_points(engine, measure)
    market = zone_index(events.x, events.y, zones)
    months = np.array(
        [one for one in ledger.coverage.months() if one not in set(ledger.missing_months)], dtype="datetime64[M]"
    )
    monthly = np.zeros((len(zones), months.size))
    column = np.searchsorted(months, events.day.astype("datetime64[M]"))
    inside = (market >= 0) & (column < months.size)
    np.add.at(monthly, (market[inside], column[inside]), events.weight[inside])
    whole = whole_period(ledger.coverage, ledger.missing_months)
    return _Counted(measure, events.x, events.y, events.weight, market, months, monthly, whole.years)


def _values(
    engine: DuckDBEngine, study: Study, profile: ValueProfile, market: tuple[Zone, int], counted: Sequence[_Counted],
    gaps: Sequence[ReachGap],
) -> list[CriterionValue]:  # fmt: skip
    zone, position = market
    primary = next(one for one in counted if one.measure.name == study.primary)
    series = primary.monthly[position]
    phi = monthly_dispersion(series)
    late, early = int(series[-12:].sum()), int(series[-24:-12].sum())
    grows = replace(yearly_trend(series, dispersion=phi), smallest=_smallest([late, early]))
    back = replace(resilience(series, _dips(study, zone, primary), dispersion=phi), smallest=primary.total(position))
    return [
        _harm(profile, position, counted),
        _noxious(study, profile, position, counted),
        grows,
        back,
        _reach(gaps),
        _priority(engine, study, zone),
    ]


def _harm(profile: ValueProfile, position: int, counted: Sequence[_Counted], without: str = "") -> CriterionValue:
    parts = [
        (profile.weight(one.measure), one.total(position), one.years, monthly_dispersion(one.monthly[position]))
        for one in counted
        if one.measure.name != without and one.measure.kind != "treatment_entry" and profile.weight(one.measure)
    ]
    if not parts:
        return CriterionValue(
            "harm", math.nan, math.nan, f"{profile.reference}s a year", "the profile weighs no measure"
        )
    value = math.fsum(weight * events / years for weight, events, years, _ in parts)
    error = math.sqrt(math.fsum(phi * max(events, 1) * (weight / years) ** 2 for weight, events, years, phi in parts))
    smallest = _smallest([events for _, events, _, _ in parts])
    return CriterionValue("harm", value, error, f"a year, in the events of \u201c{profile.name}\u201d", "", smallest)


def _noxious(study: Study, profile: ValueProfile, position: int, counted: Sequence[_Counted]) -> CriterionValue:
    market = next((one for one in counted if one.measure.name == study.harm.market_size), None)
    if market is None:
        note = "no measure stands for the market's size (values.market_size)"
        return CriterionValue("noxiousness", math.nan, math.nan, "", note)
    activity = market.total(position)
    other = _harm(profile, position, counted, without=market.measure.name)
    if not activity or math.isnan(other.value) or other.value <= 0:
        return CriterionValue("noxiousness", math.nan, math.nan, "", "no market activity or no other harm")
    value = 100 * other.value / (activity / market.years)
    error = value * math.hypot(other.standard_error / other.value, 1 / math.sqrt(activity))
    unit = f"harm for 100 of {market.measure.name}"
    return CriterionValue("noxiousness", value, error, unit, "", _smallest([activity, other.smallest]))


def _dips(study: Study, zone: Zone, primary: _Counted) -> list[tuple[int, int, int]]:
    """Return the months of each operation that touched a market: its start, three months after its end, and the end of what followed."""
    dips = []
    for one in study.operations:
        if one.placebo or not one.target.intersects(zone.geometry):
            continue
        start = int(np.searchsorted(primary.months, np.datetime64(one.period.start, "M")))
        end = int(np.searchsorted(primary.months, np.datetime64(one.period.last, "M"))) + 1 + _MONTHS_AFTER
        dips.append((start, min(end, primary.months.size), min(end + 12, primary.months.size)))
    return dips


def _gaps(
    zone: Zone, position: int, counted: Sequence[_Counted], sites: Mapping[str, Floats], walking: float
) -> list[ReachGap]:
    if not sites:
        return []
    middle = zone.geometry.centroid
    here = [(one, one.market == position) for one in counted if one.measure.kind != "treatment_entry"]
    x, y, weight = (
        np.concatenate([getattr(one, name)[inside] for one, inside in here]) for name in ("x", "y", "weight")
    )
    years = max(one.years for one, _ in here)
    return [
        reach_gap(zone.name, service, (middle.x, middle.y), (x, y, weight), sites, walking=walking, years=years)
        for service in SERVICES
    ]


def _reach(gaps: Sequence[ReachGap]) -> CriterionValue:
    found = next((one for one in gaps if one.service == "treatment"), None)
    if found is None or math.isnan(found.share):
        return CriterionValue("reach", math.nan, math.nan, "", "no treatment service is listed")
    total = sum(found.counts)
    error = math.sqrt(max(found.share * (1 - found.share), 0.25 / total) / total)
    return CriterionValue(
        "reach", found.share, error, "share of harm beyond walking distance of treatment", f"nearest {found.distance:,.0f} m",
        _smallest(found.counts),
    )  # fmt: skip


def _priority(engine: DuckDBEngine, study: Study, zone: Zone) -> CriterionValue:
    """Return what the areas that a market touches said in the latest survey, with its sampling error."""
    asked = next((one for one in study.harm.indicators if one.stands_for == "priority"), None)
    if asked is None:
        return CriterionValue("priority", math.nan, math.nan, "", "no survey of what the community wants first")
    source = next(part for part in study.sources if part.name == asked.source)
    survey = survey_estimates(engine, asked.source, read_format(source.format, study.folder), asked.question)
    near = [row for row, shape in enumerate(survey.shapes) if shape is not None and shape.intersects(zone.geometry)]
    for column in reversed(range(len(survey.periods))):
        known = [row for row in near if math.isfinite(survey.estimate[row, column])]
        if known:
            value = math.fsum(float(survey.estimate[row, column]) for row in known) / len(known)
            error = math.sqrt(math.fsum(float(survey.standard_error[row, column]) ** 2 for row in known)) / len(known)
            when = survey.periods[column]
            return CriterionValue(
                "priority", value, error, survey.unit, f"{len(known)} area(s), {when.start} to {when.last}"
            )
    return CriterionValue("priority", math.nan, math.nan, survey.unit, "nobody was asked there")


def _nights(engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone]) -> tuple[Floats, Floats]:
    """Return the events with a known hour in every market, and those at night."""
    x, y, events, night = night_counts(engine, measure)
    member = zone_index(x, y, zones)
    return tuple(np.array([part[member == one].sum() for one in range(len(zones))]) for part in (events, night))  # type: ignore[return-value]


def _threat(
    zone: Zone, position: int, counted: Sequence[_Counted], nights: Mapping[str, tuple[Floats, Floats]],
    sites: Mapping[str, Floats], spot: Hotspot,
) -> ThreatMatrixRow:  # fmt: skip
    counts = [(one.measure, one.total(position), one.years) for one in counted]
    known = sum(float(events[position]) for events, _ in nights.values())
    night = sum(float(late[position]) for _, late in nights.values())
    middle = zone.geometry.centroid
    features = [Feature("night share", night / known if known else math.nan, "share of events with a known hour")]
    for name, words in (("nearest school", SCHOOL), ("nearest treatment", SERVICES["treatment"])):
        features.append(Feature(name, nearest_site(middle.x, middle.y, sites, words), "m"))
    phi = max([1.0, *(monthly_dispersion(one.monthly[position]) for one in counted)])
    return threat_matrix_row(zone.name, area_km2=spot.area_km2, counts=counts, features=features, dispersion=phi)


def _smallest(counts: Sequence[int]) -> int:
    return min((count for count in counts if count > 0), default=0)
