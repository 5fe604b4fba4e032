"""Rank markets (hotspots of the primary measure) by harm, noxiousness, trend, resilience, reach and priority."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.disclosure.tens import working_count, working_dispersion
from geoharm.errors import DesignError, StudyError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.harm.indicators import answer_counts
from geoharm.harm.markets import SCHOOL, SERVICES, is_threat, nearest_site, reach_gap, threat_matrix_row
from geoharm.harm.prioritise import rank_markets, recoveries_after, resilience, smallest_count, yearly_trend
from geoharm.harm.requirements import check_requirements
from geoharm.harm.results.markets import CriterionValue, Feature, Ranking, ReachGap, ThreatMatrixRow
from geoharm.harm.results.perception import AnswerCounts
from geoharm.harm.results.used_counts import UsedCount, UsedCounts
from geoharm.model.disclosure_rules import is_few
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Measure, Role
from geoharm.model.overlap import touched
from geoharm.model.period import Period, add_months, join_adjacent
from geoharm.model.points import NightCounts
from geoharm.model.study import Study
from geoharm.model.values import ValueProfile
from geoharm.pipeline.study_data import MeasureData, StudyData
from geoharm.stats.dispersion import monthly_dispersion, yearly_dispersion
from geoharm.study.value_profiles.profiles import read_profile

MAX_MARKETS = 12
_MONTHS_AFTER = 3
_YEAR = 12
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _MarketCounts:
    """The events of one harm in every market: by place and by month."""

    measure: Measure
    x: Floats
    y: Floats
    weight: Floats
    market: NDArray[np.int64]
    months: NDArray[np.datetime64]
    monthly: Floats
    years: float
    threshold: int
    whole_period: tuple[Period, ...]

    def total(self, market: int) -> int:
        """Return the events in a market, exactly: only to see whether they are few."""
        return round(float(self.weight[self.market == market].sum()))

    def used(self, market: int, months: slice = slice(None)) -> UsedCount:
        """Return the events in a market as a count that is computed with: of all days, or of some months."""
        if months == slice(None):
            return UsedCount((self.measure,), self.whole_period, self.total(market))
        firsts = [month.item() for month in self.months[months]]
        periods = tuple(
            Period(max(first, self.whole_period[0].start), min(add_months(first, 1), self.whole_period[-1].end))
            for first in firsts
        )
        return UsedCount((self.measure,), join_adjacent(periods), round(float(self.monthly[market][months].sum())))

    def counted(self, count: int) -> int:
        """Return the number to compute with in place of a count."""
        return working_count(count, self.threshold)

    def dispersion(self, market: int) -> float:
        """Return the dispersion to compute with.

        In a public ranking it is that of all markets by year, from the numbers that are computed with, and rounded up to a whole
        number: one of months would tell which months of a sparse year have events.
        """
        if self.threshold == 1:
            return monthly_dispersion(self.monthly[market])
        years = self.monthly.shape[1] // _YEAR
        by_year = self.monthly[:, self.monthly.shape[1] - years * _YEAR :].reshape(len(self.monthly), years, _YEAR)
        totals = [[self.counted(round(float(total))) for total in row] for row in by_year.sum(axis=2)]
        return working_dispersion(yearly_dispersion(totals), self.threshold)


def check_leads_by_harm(study: Study) -> None:
    """Check that the hotspots of the primary measure can be ranked: markets are ranked by harm.

    Raises
    ------
    StudyError
        If the primary measure is no harm.
    """
    if study.measure(study.primary).role is not Role.HARM:
        harms = [measure.name for measure in study.measures if measure.role is Role.HARM]
        way_out = f'write primary = "{harms[0]}" under [study]' if harms else "add a measure of harm"
        raise StudyError([
            f'Markets are ranked by harm, and "{study.primary}", which leads in this study, is {study.measure(study.primary).role.value}; '
            f"{way_out}."
        ])  # fmt: skip


def prioritise_markets(
    data: StudyData, hotspots: Sequence[Hotspot], *, weights: Sequence[tuple[str, float]], threshold: int = 1
) -> Ranking:
    """Return the study's markets (hotspots of its primary measure) in order of priority.

    Parameters
    ----------
    data : StudyData
    hotspots : sequence of Hotspot
        The first twelve are ranked.
    weights : sequence of (criterion, weight)
    threshold : int
        k of the disclosure rule: every number is computed from counts to the nearest ten. 1 takes the exact counts.

    Raises
    ------
    DesignError
        If there is no hotspot, or no criterion has a value.
    """
    study, sites = data.study, data.sites
    if not hotspots:
        msg = (
            f'"{study.primary}" has no hotspot, so there is no market to rank; choose another primary measure or share.'
        )
        raise DesignError(msg)
    ranked = list(hotspots[:MAX_MARKETS])
    zones = [Zone(f"market {hotspot.rank}", ZoneRole.TARGET, hotspot.geometry) for hotspot in ranked]
    profile = read_profile(study.harm.profiles[0], study.folder)
    check_requirements([profile], study.measures)
    harms = [collected for collected in data.measures if collected.measure.role is Role.HARM]
    harm_counts = [_count_in_markets(collected, zones, threshold) for collected in harms]
    nights = {collected.measure.name: _night_counts(collected.nights, zones) for collected in harms if collected.nights}
    values, threats, gaps = {}, {}, []
    used: list[UsedCounts] = []
    for position, (zone, hotspot) in enumerate(zip(zones, ranked, strict=True)):
        market_gaps = _reach_gaps(zone, position, harm_counts, sites, study.harm.walking)
        gaps += market_gaps
        values[zone.name] = _criterion_values(data, profile, (zone, position), harm_counts, market_gaps)
        threats[zone.name] = _threat_row(zone, position, harm_counts, nights, sites, hotspot)
        used += _used_counts(data, profile, (hotspot, position), harm_counts, threats[zone.name], market_gaps)
    rows = rank_markets(values, dict(weights), seed=study.seed)
    notes = (
        [f"Only the first {MAX_MARKETS} of {len(hotspots)} hotspots are ranked."] if len(hotspots) > MAX_MARKETS else []
    )
    if not sites:
        notes.append(
            "No sites were supplied: the distances to treatment, needle exchanges, sharps bins and schools are unknown."
        )
    return Ranking(
        rows=rows,
        threats=tuple(threats[row.market] for row in rows),
        gaps=tuple(sorted(gaps, key=lambda gap: (-np.nan_to_num(gap.harm, nan=-1.0), gap.market, gap.service))),
        profile=profile.name,
        reference=profile.reference,
        weights=tuple(weights),
        walking=study.harm.walking,
        hotspot_measure=study.primary,
        hotspots=tuple(next(hotspot for hotspot in ranked if f"market {hotspot.rank}" == row.market) for row in rows),
        notes=tuple(notes),
        threshold=threshold,
        used=tuple(used),
        ledgers=tuple(data.ledgers),
    )


def _used_counts(
    data: StudyData,
    profile: ValueProfile,
    market: tuple[Hotspot, int],
    harm_counts: Sequence[_MarketCounts],
    threats: ThreatMatrixRow,
    gaps: Sequence[ReachGap],
) -> list[UsedCounts]:
    """Return what every number about a market is computed from."""
    study, (hotspot, position) = data.study, market
    zone = Zone(f"market {hotspot.rank}", ZoneRole.TARGET, hotspot.geometry)
    k = harm_counts[0].threshold
    is_drawn = min(hotspot.events, hotspot.places) >= k

    def of(text: str, counts: Sequence[UsedCount], beside: Sequence[int] = ()) -> UsedCounts:
        return UsedCounts(f"{zone.name}, {text}", hotspot.geometry, is_drawn, tuple(counts), tuple(beside))

    primary = next(harm for harm in harm_counts if harm.measure.name == study.primary)
    series, phi = primary.monthly[position], primary.dispersion(position)
    weighted = [harm for harm in harm_counts if harm.measure.kind != "treatment_entry" and profile.weight(harm.measure)]
    in_threats = [harm for harm in harm_counts if is_threat(harm.measure)]
    found = [of("harm", [harm.used(position) for harm in weighted])]
    if study.harm.market_size in {harm.measure.name for harm in harm_counts}:
        size = next(harm for harm in harm_counts if harm.measure.name == study.harm.market_size)
        found.append(of("noxiousness", [size.used(position), *(harm.used(position) for harm in weighted)]))
    if series.size >= 2 * _YEAR:
        years = (slice(series.size - _YEAR, series.size), slice(series.size - 2 * _YEAR, series.size - _YEAR))
        found.append(of("trend", [primary.used(position, year) for year in years]))
    dips = _operation_dips(study, zone, primary)
    for spans in recoveries_after(series, dips, dispersion=phi, counted=primary.counted):
        found.append(of("resilience", [primary.used(position, span) for span in spans]))
    found.append(of("threats", [harm.used(position) for harm in in_threats], [count for _, count in threats.counts]))
    measures = tuple(harm.measure for harm in harm_counts)
    reached = tuple(measure for measure in measures if measure.kind != "treatment_entry")
    walking = f"{study.harm.walking:g} m of"
    shares = [
        (feature.name, measures, feature.value, feature.counts, ("at night", "by day")) for feature in threats.features
    ]
    shares += [
        (
            gap.service,
            reached,
            gap.share,
            gap.counts,
            (f"within {walking} {gap.service}", f"beyond {walking} {gap.service}"),
        )
        for gap in gaps
    ]
    for name, of_measures, share, sides, names in shares:
        if math.isfinite(share) or any(is_few(count, k) for count in sides):
            halves = [
                UsedCount(of_measures, primary.whole_period, count, part)
                for part, count in zip(names, sides, strict=False)
            ]
            found.append(of(name, halves))
    return [one for one in found if one.counts]


def _count_in_markets(collected: MeasureData, zones: Sequence[Zone], threshold: int) -> _MarketCounts:
    events, ledger = collected.points, collected.ledger
    market = locate_points(events.x, events.y, [zone.geometry for zone in zones])
    months = np.array(
        [month for month in ledger.coverage.months() if month not in set(ledger.missing_months)], dtype="datetime64[M]"
    )
    monthly = np.zeros((len(zones), months.size))
    month_index = np.searchsorted(months, events.day.astype("datetime64[M]"))
    inside = (market >= 0) & (month_index < months.size)
    np.add.at(monthly, (market[inside], month_index[inside]), events.weight[inside])
    years = ledger.whole_period.years
    return _MarketCounts(
        collected.measure,
        events.x,
        events.y,
        events.weight,
        market,
        months,
        monthly,
        years,
        threshold,
        ledger.whole_period.periods,
    )


def _criterion_values(
    data: StudyData,
    profile: ValueProfile,
    market: tuple[Zone, int],
    harm_counts: Sequence[_MarketCounts],
    gaps: Sequence[ReachGap],
) -> list[CriterionValue]:
    study, (zone, position) = data.study, market
    primary = next(harm for harm in harm_counts if harm.measure.name == study.primary)
    series = primary.monthly[position]
    phi = primary.dispersion(position)
    trend = yearly_trend(series, dispersion=phi, counted=primary.counted)
    dips = _operation_dips(study, zone, primary)
    recovery = resilience(series, dips, dispersion=phi, counted=primary.counted)
    return [
        _harm_criterion(profile, position, harm_counts),
        _noxiousness_criterion(study, profile, position, harm_counts),
        trend,
        recovery,
        _reach_criterion(gaps, primary.counted),
        _priority_criterion(data, zone, primary.counted),
    ]


def _harm_criterion(
    profile: ValueProfile, position: int, harm_counts: Sequence[_MarketCounts], without: str = ""
) -> CriterionValue:
    parts = [
        (profile.weight(harm.measure), harm, harm.counted(harm.total(position)))
        for harm in harm_counts
        if harm.measure.name != without and harm.measure.kind != "treatment_entry" and profile.weight(harm.measure)
    ]
    if not parts:
        return CriterionValue(
            "harm",
            math.nan,
            math.nan,
            f"a year, in the events of \u201c{profile.name}\u201d",
            "the profile gives no measure a weight",
        )
    value = math.fsum(weight * events / harm.years for weight, harm, events in parts)
    error = math.sqrt(
        math.fsum(
            harm.dispersion(position) * max(events, 1) * (weight / harm.years) ** 2 for weight, harm, events in parts
        )
    )
    smallest = smallest_count([harm.total(position) for _, harm, _ in parts], parts[0][1].counted)
    return CriterionValue("harm", value, error, f"a year, in the events of \u201c{profile.name}\u201d", "", smallest)


def _noxiousness_criterion(
    study: Study, profile: ValueProfile, position: int, harm_counts: Sequence[_MarketCounts]
) -> CriterionValue:
    size_counts = next((harm for harm in harm_counts if harm.measure.name == study.harm.market_size), None)
    if size_counts is None:
        note = "no measure stands for the market's size (values.market_size)"
        return CriterionValue("noxiousness", math.nan, math.nan, "", note)
    exact = size_counts.total(position)
    activity = size_counts.counted(exact)
    other_harm = _harm_criterion(profile, position, harm_counts, without=size_counts.measure.name)
    if not activity or math.isnan(other_harm.value) or other_harm.value <= 0:
        return CriterionValue("noxiousness", math.nan, math.nan, "", "no market activity or no other harm")
    value = 100 * other_harm.value / (activity / size_counts.years)
    error = value * math.hypot(other_harm.standard_error / other_harm.value, 1 / math.sqrt(activity))
    unit = f"harm for 100 of {size_counts.measure.name}"
    return CriterionValue(
        "noxiousness", value, error, unit, "", smallest_count([exact, other_harm.smallest_count], size_counts.counted)
    )


def _operation_dips(study: Study, zone: Zone, primary: _MarketCounts) -> list[tuple[int, int, int]]:
    """Return the month indices of each operation that touched a market and has ended.

    Each is a triple: the operation's start, three months after its end, and the end of the recovery that follows.
    """
    dips = []
    for operation in study.operations:
        if operation.placebo or operation.ongoing or not operation.target.intersects(zone.geometry):
            continue
        start = int(np.searchsorted(primary.months, np.datetime64(operation.period.start, "M")))
        end = int(np.searchsorted(primary.months, np.datetime64(operation.period.last, "M"))) + 1 + _MONTHS_AFTER
        dips.append((start, min(end, primary.months.size), min(end + 12, primary.months.size)))
    return dips


def _reach_gaps(
    zone: Zone, position: int, harm_counts: Sequence[_MarketCounts], sites: Mapping[str, Floats], walking: float
) -> list[ReachGap]:
    if not sites:
        return []
    centre = zone.geometry.centroid
    in_market = [(harm, harm.market == position) for harm in harm_counts if harm.measure.kind != "treatment_entry"]
    if not in_market:
        return []
    x, y, weight = (
        np.concatenate([getattr(harm, column)[inside] for harm, inside in in_market]) for column in ("x", "y", "weight")
    )
    years = max(harm.years for harm, _ in in_market)
    return [
        reach_gap(
            zone.name,
            service,
            (centre.x, centre.y),
            (x, y, weight),
            sites,
            walking=walking,
            years=years,
            counted=in_market[0][0].counted,
        )
        for service in SERVICES
    ]


def _reach_criterion(gaps: Sequence[ReachGap], counted: Callable[[int], int]) -> CriterionValue:
    treatment_gap = next((gap for gap in gaps if gap.service == "treatment"), None)
    if treatment_gap is None or math.isnan(treatment_gap.share):
        is_listed = treatment_gap is not None and not math.isnan(treatment_gap.distance)
        note = "no event of harm lies in the market" if is_listed else "no treatment service is listed"
        return CriterionValue("reach", math.nan, math.nan, "", note)
    total = sum(map(counted, treatment_gap.counts))
    error = math.sqrt(max(treatment_gap.share * (1 - treatment_gap.share), 0.25 / total) / total)
    return CriterionValue(
        "reach", treatment_gap.share, error, "share of harm beyond walking distance of treatment", f"nearest {treatment_gap.distance:,.0f} m",
        smallest_count(treatment_gap.counts, counted),
    )  # fmt: skip


def _priority_criterion(data: StudyData, zone: Zone, counted: Callable[[int], int]) -> CriterionValue:
    """Return the latest survey's estimate of community priority in the areas that a market touches, with its sampling error."""
    survey = next((survey for indicator, survey in data.surveys.items() if indicator.stands_for == "priority"), None)
    if survey is None:
        return CriterionValue("priority", math.nan, math.nan, "", "no survey of community priorities")
    touching = np.flatnonzero(touched(survey.shapes, zone.geometry)).tolist()
    for period_index in reversed(range(len(survey.periods))):
        estimated = [row for row in touching if math.isfinite(survey.estimate[row, period_index])]
        if estimated:
            value = math.fsum(float(survey.estimate[row, period_index]) for row in estimated) / len(estimated)
            error = math.sqrt(
                math.fsum(float(survey.standard_error[row, period_index]) ** 2 for row in estimated)
            ) / len(estimated)
            survey_period = survey.periods[period_index]
            cells = answer_counts(survey, np.array(estimated), [period_index])
            return CriterionValue(
                "priority",
                value,
                error,
                survey.unit,
                f"{len(estimated)} area(s), {survey_period.start} to {survey_period.last}",
                _fewest_answers(cells, counted),
            )
    return CriterionValue("priority", math.nan, math.nan, survey.unit, "no survey estimate there")


def _fewest_answers(cells: AnswerCounts, counted: Callable[[int], int]) -> int:
    """Return the fewest respondents who answered alike in a cell; the number of cells where they are not known."""
    answers = [count for cell in cells for count in cell]
    return len(cells) if any(map(math.isnan, answers)) else smallest_count([round(count) for count in answers], counted)


def _night_counts(nights: NightCounts, zones: Sequence[Zone]) -> tuple[Floats, Floats]:
    """Return the number of events with a known hour in every market, and the number of those at night."""
    market_index = locate_points(nights.x, nights.y, [zone.geometry for zone in zones])
    inside = market_index >= 0
    events, at_night = (
        np.bincount(market_index[inside], weights=weights[inside], minlength=len(zones)).astype(np.float64)
        for weights in (nights.events, nights.at_night)
    )
    return events, at_night


def _threat_row(
    zone: Zone, position: int, harm_counts: Sequence[_MarketCounts], nights: Mapping[str, tuple[Floats, Floats]],
    sites: Mapping[str, Floats], hotspot: Hotspot,
) -> ThreatMatrixRow:  # fmt: skip
    event_counts = [(harm.measure, harm.total(position), harm.years) for harm in harm_counts]
    with_hour = round(sum(float(events[position]) for events, _ in nights.values()))
    at_night = round(sum(float(night_events[position]) for _, night_events in nights.values()))
    counted = harm_counts[0].counted
    night, day = counted(at_night), counted(with_hour - at_night)
    centre = zone.geometry.centroid
    features = [
        Feature(
            "night share",
            night / (night + day) if with_hour else math.nan,
            "share of events with a known hour",
            counts=(at_night, with_hour - at_night),
        )
    ]
    for name, words in (("nearest school", SCHOOL), ("nearest treatment", SERVICES["treatment"])):
        features.append(Feature(name, nearest_site(centre.x, centre.y, sites, words), "m"))
    phi = max([1.0, *(harm.dispersion(position) for harm in harm_counts)])
    return threat_matrix_row(
        zone.name,
        area_km2=hotspot.area_km2,
        counts=event_counts,
        features=features,
        dispersion=phi,
        counted=counted,
    )
