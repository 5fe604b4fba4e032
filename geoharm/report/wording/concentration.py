"""Words of the report on a study that evaluates no operation: where harm concentrates, and on how little ground."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedHotspots
from geoharm.model.measure import Measure, Role
from geoharm.report.wording import area_change
from geoharm.report.wording.comparison import NO_EVALUATION, comparison_sentence
from geoharm.report.wording.patterns import emerging_text

ACTIVITY_NOTE = "Police activity, not harm: it follows where officers look."
PLACES_NOTE = "A list of places without dates: how many lie where, and neither harm nor activity."
REPORTING_NOTE = "Reports, not harm: they follow who reports."
_HALF = 0.5


def heading(release: Release) -> str:
    """Return the heading of page one; it says harm only if the leading measure is one."""
    if release.area_outcomes:
        return f"{_text.capitalised(release.study.primary)} in whole areas, before and after"
    role = release.study.measure(release.study.primary).role
    if release.study.is_undated:
        return "Where places concentrate"
    return {
        Role.HARM: "Where harm concentrates",
        Role.ACTIVITY: "Where recorded activity concentrates",
    }.get(role, "Where reports concentrate")


def role_note(measure: Measure) -> str:
    """Return what a measure is if it is no harm; empty for a harm."""
    if measure.is_undated:
        return PLACES_NOTE
    return {Role.HARM: "", Role.ACTIVITY: ACTIVITY_NOTE}.get(measure.role, REPORTING_NOTE)


def leading_hotspots(release: Release) -> ReleasedHotspots | None:
    """Return surfaces and hotspots of the leading measure; None if it has none."""
    return next((one for one in release.hotspots if one.measure.name == release.study.primary), None)


def lead(release: Release) -> str:
    """Return one sentence on the leading measure: how many hotspots hold which share of it, on which share of the ground."""
    if release.study.is_by_area:
        return _lead_by_area(release)
    hotspots = leading_hotspots(release)
    name, counted = _text.capitalised(release.study.primary), "places" if release.study.is_undated else "events"
    if hotspots is None or not hotspots.hotspots:
        return f"{name}: too few {counted} are located to draw a hotspot."
    count = len(hotspots.hotspots)
    subject = "one hotspot holds" if count == 1 else f"{count} hotspots hold"
    text = (
        f"{name}: {subject} {_text.percent_text(share_in(hotspots))} of all located {counted}, on "
        f"{ground_text(ground_share(release, hotspots))} of the study area."
    )
    half = half_share(hotspots)
    return text if math.isnan(half) else f"{text} Half of all {counted} lie on {ground_text(half)} of it."


def _lead_by_area(release: Release) -> str:
    """Return what was counted around the first operation, or the area with the highest rate, of a measure counted by area."""
    name = _text.capitalised(release.study.primary)
    leading = [outcome for outcome in release.area_outcomes if outcome.measure.name == release.study.primary]
    if len(leading) == 1:
        return f"{area_change.headline(leading[0])} No statement on a fall or a rise is made."
    if leading:
        return f"{name} were counted by whole areas around {len(leading)} operations. No statement on a fall or a rise is made."
    ranking = next((one for one in release.area_rankings if one.measure.name == release.study.primary), None)
    if ranking is None or not ranking.areas:
        return f"{name}, counted by area: no area has enough to be listed."
    first = ranking.areas[0]
    rate = area_change.range_text(first.rate, digits=1)
    return f"{name}, counted by area: the highest rate is that of {first.area}, {rate} a km²{' and year' if ranking.is_dated else ''}."


def share_in(hotspots: ReleasedHotspots) -> float:
    """Return the share of all located events in the hotspots that are drawn, 0 to 1."""
    return min(1.0, math.fsum(hotspot.share for hotspot in hotspots.hotspots))


def ground_share(release: Release, hotspots: ReleasedHotspots) -> float:
    """Return the share of the study area that the hotspots cover, 0 to 1."""
    return math.fsum(hotspot.area_km2 for hotspot in hotspots.hotspots) / release.study.area.area_km2


def half_share(hotspots: ReleasedHotspots) -> float:
    """Return the smallest share of the study area's cells that hold half of all events; NaN where it is not known."""
    concentration = hotspots.concentration
    cells = dict(concentration.places_needed).get(_HALF)
    return math.nan if cells is None else cells / concentration.places


def ground_text(share: float) -> str:
    """Return a share of the ground in percent, with as many decimals as it takes.

    Examples
    --------
    >>> ground_text(0.012), ground_text(0.25), ground_text(0.0004)
    ('1.2%', '25%', '0.04%')
    """
    percent = 100 * share
    digits = 0 if percent >= 10 else 1 if percent >= 0.1 else 2
    return f"{percent:.{digits}f}%" if percent >= 0.005 else "under 0.01%"


def summary_lines(release: Release) -> tuple[str, ...]:
    """Return what page one says in sentences: the leading measure, what emerges, and what changed in each comparison."""
    lines = [] if release.area_outcomes else [lead(release)]
    for outcome in release.area_outcomes:
        lines.append(f"{outcome.operation}: {area_change.headline(outcome)}")
        if outcome.change and outcome.measure.name == release.study.primary:
            lines += area_change.sentences(outcome.change)
    if release.area_outcomes:
        lines += area_change.closing_sentences(release.area_outcomes)
    if note := role_note(release.study.measure(release.study.primary)):
        lines.append(note)
    lines += [
        f"What emerges in {release.study.primary}: {emerging_text(patterns)}"
        for patterns in release.patterns
        if patterns.measure.name == release.study.primary and not release.study.is_by_area
    ]
    lines += [
        f"{comparison.comparison}, {comparison.measure.name}: {comparison_sentence(comparison)}"
        for comparison in release.comparisons
        if comparison.measure.name == release.study.primary
    ]
    return (*lines, NO_EVALUATION) if release.comparisons else tuple(lines)
