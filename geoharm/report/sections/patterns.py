"""The part of the report about patterns: clusters, what emerged, whether hotspots foretell, whether the pattern shifted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.patterns import CLUSTER_WORDS, PATTERNS, SHIFT_WORDS
from geoharm.disclosure.released import ClassedImage, Release, ReleasedOperation, ReleasedPatterns, ReleasedSimilarity
from geoharm.hotspots.results.accuracy import HotspotScore
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.maps.static_map import operation_map
from geoharm.report.sections.change import legend_entry

PATTERN_METHODS = (
    ("Clusters: Gi* (the sum over a cell and its neighbours) and local Moran\u2019s I (a cell against its neighbours) on counts "
     "of the whole period. P-values: the chance of a sum as far out, if neighbours\u2019 counts were drawn from all cells; "
     "adjusted for all cells by the false discovery rate.", "https://doi.org/10.1111/j.1538-4632.1995.tb00338.x"),
    ("Emerging hotspots: Gi* over cells and steps of time, then Esri\u2019s 17 patterns by rule; trends by Mann\u2013Kendall. A step "
     "without data is no step of any rule.",
     "https://pro.arcgis.com/en/pro-app/latest/tool-reference/space-time-pattern-mining/learnmoreemerging.htm"),
    ("Accuracy: PAI, the share of later events inside over the share of the area; PEI, the events inside over the most "
     "that as many cells could hold; RRI, the later share inside over the earlier one (Levine); recapture, the share of the "
     "cells with at least one later event.", "https://doi.org/10.1057/palgrave.sj.8350066"),
    ("Pattern shift: each area\u2019s or square\u2019s share of all events, before against after, by the N \u2212 1 chi-square, adjusted for all "
     "(Benjamini and Yekutieli); S is the share of them that do not differ.", "https://doi.org/10.1111/tgis.12341"),
)  # fmt: skip
_MEANINGS = {
    1: "{0} in the last step, never before",
    2: "one run of {0} steps up to the last, under nine in ten of all, never {0} before it",
    3: "{0} in nine steps of ten or more, the last among them, and growing stronger",
    4: "{0} in nine steps of ten or more, the last among them, no trend",
    5: "{0} in nine steps of ten or more, the last among them, and growing weaker",
    6: "{0} in the last step and on and off before, never {1}",
    7: "{0} in the last step, {1} in an earlier one",
    8: "{0} in nine steps of ten or more, but not in the last",
}


def patterns_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return the maps of the primary measure's patterns, and the tables of all measures."""
    name, primary = operation.design.operation.name, operation.primary.measure.name
    first = next((one for one in release.patterns if one.measure.name == primary), None)
    emergence = first.emerging if first else None
    return {
        "pattern_maps": _pictures(release, operation, first),
        "cluster_how": _sentence(f"{first.clusters.neighbours}; {first.clusters.note}")
        if first and first.clusters
        else "",
        "area_hows": [
            _sentence(f"{one.measure.name}: {one.clusters.neighbours}; {one.clusters.note}")
            for one in _by_area(release)
            if one.clusters
        ],
        "cluster_rows": [_cluster_row(one) for one in release.patterns],
        "emerging_how": _sentence(emergence.how + (f"; {emergence.note}" if emergence.note else ""))
        if emergence
        else "",
        "emerging_rows": [
            {
                "pattern": pattern.label,
                "km2": _km2(ground),
                "meaning": pattern_meaning(pattern),
                "why": format_numbers.with_true_minus(why).replace(" %", "%"),
            }
            for pattern, ground, why in (emergence.patterns if emergence else ())
            if pattern is not EmergingPattern.NONE
        ],
        "emerging_others": [
            (one.measure.name, _emerging_words(one)) for one in release.patterns if one.measure.name != primary
        ],
        "emerging_none": _emerging_words(first) if first and not (emergence and len(emergence.patterns) > 1) else "",
        "judged": [row for one in release.patterns for row in _judged_rows(one)],
        "shift_rows": [_shift_row(one, one.similarity.get(name)) for one in release.patterns],
        "shift_units": next((shift.units for one in release.patterns for shift in one.similarity.values()), "areas"),
    }


def pattern_meaning(pattern: EmergingPattern) -> str:
    """Return what a pattern says, in words.

    Examples
    --------
    >>> meaning(Pattern.NEW_COLD)
    'cold in the last step, never before'
    """
    words = ("hot", "cold") if pattern > 0 else ("cold", "hot")
    return _MEANINGS[abs(int(pattern))].format(*words)


def _pictures(
    release: Release, operation: ReleasedOperation, first: ReleasedPatterns | None
) -> list[tuple[str, Markup, list[tuple[Markup, str]]]]:
    """Return the maps of the whole study area, each with its legend."""
    maps: list[tuple[str, Markup, list[tuple[Markup, str]]]] = []
    if first is None:
        return maps

    def add(title: str, image: ClassedImage, classes: Iterable[tuple[str, str]]) -> None:
        picture = operation_map(release, operation.design, image, title, whole=True)
        maps.append((title, picture, [(legend_entry(colour), text) for colour, text in classes]))

    if first.clusters:
        add("Clusters, whole period", first.clusters.image, zip(palette.CLUSTERS, CLUSTER_WORDS, strict=True))
    for one in _by_area(release):
        if one.clusters:
            title = f"Clusters of {one.measure.name}, by area"
            add(title, one.clusters.image, zip(palette.CLUSTERS, CLUSTER_WORDS, strict=True))
    if first.emerging:
        found = {pattern for pattern, ground, _ in first.emerging.patterns if math.isfinite(ground)}
        classes = [
            (colour, pattern.label)
            for colour, pattern in zip(palette.EMERGING, PATTERNS, strict=True)
            if pattern in found
        ]
        add("Emerging hotspots", first.emerging.image, classes)
    shift = first.similarity.get(operation.design.operation.name)
    if shift:
        title = f"Shift of the pattern, {shift.units}"
        add(title, shift.image, zip(palette.CLUSTERS, SHIFT_WORDS, strict=True))
    return maps


def _by_area(release: Release) -> list[ReleasedPatterns]:
    names = {one.name for one in release.study.harm.area_measures}
    return [one for one in release.patterns if one.measure.name in names]


def _cluster_row(one: ReleasedPatterns) -> dict[str, str]:
    name = one.measure.name + ("" if one.measure.role is Role.HARM else " (activity)")
    if one.clusters is None:
        return {"name": name, "why_not": one.why_not.get("clusters", "")}
    km2 = {key: f"{ground:,.2f}" if ground else "0" for key, ground in one.clusters.km2.items()}
    overall = "; ".join(
        f"{statistic} {_text.decimal_text(value)}, {_p(p)}" if math.isfinite(p) else f"{statistic}: no answer"
        for statistic, value, p in one.clusters.global_tests
    )
    return {"name": name, "why_not": "", "high": km2["high"], "low": km2["low"], "islands": km2["high among low"],
            "holes": km2["low among high"], "overall": overall}  # fmt: skip


def _km2(ground: float) -> str:
    return f"{ground:,.2f}" if math.isfinite(ground) else "withheld"


def _p(value: float) -> str:
    return f"p {value:.3f}" if value >= 0.0005 else "p under 0.001"


def _emerging_words(one: ReleasedPatterns) -> str:
    if one.emerging is None:
        return one.why_not.get("emerging", "")
    found = [
        f"{pattern.label} {_km2(ground)}{' km²' if math.isfinite(ground) else ''}"
        for pattern, ground, _ in one.emerging.patterns
        if pattern is not EmergingPattern.NONE
    ]
    return (
        _sentence(format_numbers.join_with_and(found))
        if found
        else "No pattern anywhere: no place was hot or cold beyond chance."
    )


def _judged_rows(one: ReleasedPatterns) -> list[dict[str, str]]:
    name = one.measure.name + ("" if one.measure.role is Role.HARM else " (activity)")
    if one.predictive_accuracy is None:
        return [{"name": name, "dates": "", "why_not": one.why_not.get("accuracy", "")}]
    found = one.predictive_accuracy
    dates = f"drawn on {format_numbers.window_text(found.earlier)}; judged on {format_numbers.window_text(found.later)}"
    others = (f"hotspots, bandwidth {found.bandwidth:,.0f} m", "as many cells, those with most earlier events")
    rows = [
        {"name": name if index == 0 else "", "dates": dates if index == 0 else "", "why_not": "", "who": who, **_scores(score)}
        for index, (who, score) in enumerate(zip(others, found.scores, strict=True))
    ]  # fmt: skip
    blind = {"hit": f"{100 * found.scores[0].area_share:.1f}%", "pai": f"1 \u00b1 {_text.decimal_text(found.random_deviation)}",
             "pei": "", "rri": "", "recapture": "", "area": rows[0]["area"]}  # fmt: skip
    return [*rows, {"name": "", "dates": "", "why_not": "", "who": "as many cells, chosen blindly", **blind}]


def _scores(score: HotspotScore) -> dict[str, str]:
    return {
        "area": f"{100 * score.area_share:.1f}%",
        "hit": _text.percent_text(score.hit_rate),
        "pai": _text.decimal_text(score.pai, 1),
        "pei": _text.decimal_text(score.pei),
        "rri": _text.decimal_text(score.recapture_rate_index),
        "recapture": _text.percent_text(score.recaptured_cells),
    }


def _shift_row(one: ReleasedPatterns, shift: ReleasedSimilarity | None) -> dict[str, str]:
    name = one.measure.name + ("" if one.measure.role is Role.HARM else " (activity)")
    if shift is None:
        return {"name": name, "why_not": one.why_not.get("shift", ""), "note": ""}
    return {
        "name": name,
        "why_not": "",
        "count": f"{shift.count:,}",
        "held": f"{shift.held:,}",
        "more": f"{shift.more:,}",
        "fewer": f"{shift.fewer:,}",
        "similarity": f"{_text.decimal_text(shift.similarity)} ({_text.decimal_text(shift.robust)})",
        "note": shift.note,
    }


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
