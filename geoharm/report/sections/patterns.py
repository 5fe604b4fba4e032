"""Report section on patterns: clusters, emerging hotspots, predictive accuracy, pattern shift."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.patterns import PATTERNS
from geoharm.disclosure.released import ClassedImage, Release, ReleasedOperation, ReleasedPatterns, ReleasedSimilarity
from geoharm.hotspots.results.accuracy import HotspotScore
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.maps.static_map import operation_map
from geoharm.report.sections.change import legend_swatch
from geoharm.report.wording.patterns import CLUSTER_WORDS, SHIFT_WORDS, cluster_method, emerging_method
from geoharm.report.wording.withheld import note_text, sentence_text

PATTERN_METHODS = (
    ("Clusters: Gi* (the sum over a cell and its neighbours) and local Moran\u2019s I (a cell against its neighbours) on counts "
     "of the whole period. P-values: the chance of a sum at least as extreme, if neighbours\u2019 counts were drawn from all cells; "
     "adjusted for all cells by the false discovery rate.", "https://doi.org/10.1111/j.1538-4632.1995.tb00338.x"),
    ("Emerging hotspots: Gi* over cells and steps of time, then Esri\u2019s 17 patterns by rule; trends by Mann\u2013Kendall. A step "
     "without data is ignored by every rule.",
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
    primary_patterns = next(
        (measure_patterns for measure_patterns in release.patterns if measure_patterns.measure.name == primary), None
    )
    emerging = primary_patterns.emerging if primary_patterns else None
    return {
        "pattern_maps": _pattern_maps(release, operation, primary_patterns),
        "cluster_how": _as_sentence(
            f"{primary_patterns.clusters.neighbours}; {cluster_method(primary_patterns.clusters)}"
        )
        if primary_patterns and primary_patterns.clusters
        else "",
        "area_hows": [
            _as_sentence(
                f"{measure_patterns.measure.name}: {measure_patterns.clusters.neighbours}; {cluster_method(measure_patterns.clusters)}"
            )
            for measure_patterns in _area_patterns(release)
            if measure_patterns.clusters
        ],
        "cluster_rows": [_cluster_row(measure_patterns) for measure_patterns in release.patterns],
        "emerging_how": _as_sentence(emerging_method(emerging) + (f"; {emerging.note}" if emerging.note else ""))
        if emerging
        else "",
        "emerging_rows": [
            {
                "pattern": pattern.label,
                "km2": _km2_text(area_km2),
                "meaning": pattern_meaning(pattern),
                "why": format_numbers.with_true_minus(note_text(reason)).replace(" %", "%"),
            }
            for pattern, area_km2, reason in (emerging.patterns if emerging else ())
            if pattern is not EmergingPattern.NONE
        ],
        "emerging_others": [
            (measure_patterns.measure.name, _emerging_text(measure_patterns))
            for measure_patterns in release.patterns
            if measure_patterns.measure.name != primary
        ],
        "emerging_none": _emerging_text(primary_patterns)
        if primary_patterns and not (emerging and len(emerging.patterns) > 1)
        else "",
        "judged": [row for measure_patterns in release.patterns for row in _accuracy_rows(measure_patterns)],
        "shift_rows": [
            _shift_row(measure_patterns, measure_patterns.similarity.get(name)) for measure_patterns in release.patterns
        ],
        "shift_units": next(
            (shift.units for measure_patterns in release.patterns for shift in measure_patterns.similarity.values()),
            "areas",
        ),
    }


def pattern_meaning(pattern: EmergingPattern) -> str:
    """Return the meaning of an emerging-hotspot pattern in words.

    Examples
    --------
    >>> pattern_meaning(EmergingPattern.NEW_COLD)
    'cold in the last step, never before'
    """
    hot_cold_words = ("hot", "cold") if pattern > 0 else ("cold", "hot")
    return _MEANINGS[abs(int(pattern))].format(*hot_cold_words)


def _pattern_maps(
    release: Release, operation: ReleasedOperation, primary_patterns: ReleasedPatterns | None
) -> list[tuple[str, Markup, list[tuple[Markup, str]]]]:
    """Return the maps of the whole study area, each with its legend."""
    maps: list[tuple[str, Markup, list[tuple[Markup, str]]]] = []
    if primary_patterns is None:
        return maps

    def add(title: str, image: ClassedImage, classes: Iterable[tuple[str, str]]) -> None:
        map_svg = operation_map(release, operation.design, image, title, whole=True)
        maps.append((title, map_svg, [(legend_swatch(colour), text) for colour, text in classes]))

    if primary_patterns.clusters:
        add(
            "Clusters, whole period", primary_patterns.clusters.image, zip(palette.CLUSTERS, CLUSTER_WORDS, strict=True)
        )
    for measure_patterns in _area_patterns(release):
        if measure_patterns.clusters:
            title = f"Clusters of {measure_patterns.measure.name}, by area"
            add(title, measure_patterns.clusters.image, zip(palette.CLUSTERS, CLUSTER_WORDS, strict=True))
    if primary_patterns.emerging:
        shown_patterns = {
            pattern for pattern, area_km2, _ in primary_patterns.emerging.patterns if math.isfinite(area_km2)
        }
        classes = [
            (colour, pattern.label)
            for colour, pattern in zip(palette.EMERGING, PATTERNS, strict=True)
            if pattern in shown_patterns
        ]
        add("Emerging hotspots", primary_patterns.emerging.image, classes)
    shift = primary_patterns.similarity.get(operation.design.operation.name)
    if shift:
        title = f"Shift of the pattern, {shift.units}"
        add(title, shift.image, zip(palette.CLUSTERS, SHIFT_WORDS, strict=True))
    return maps


def _area_patterns(release: Release) -> list[ReleasedPatterns]:
    names = {measure_patterns.name for measure_patterns in release.study.harm.area_measures}
    return [measure_patterns for measure_patterns in release.patterns if measure_patterns.measure.name in names]


def _cluster_row(measure_patterns: ReleasedPatterns) -> dict[str, str]:
    name = measure_patterns.measure.name + ("" if measure_patterns.measure.role is Role.HARM else " (activity)")
    if measure_patterns.clusters is None:
        return {"name": name, "why_not": sentence_text(measure_patterns.why_not.get("clusters", ""))}
    km2 = {key: f"{area_km2:,.2f}" if area_km2 else "0" for key, area_km2 in measure_patterns.clusters.km2.items()}
    overall = "; ".join(
        f"{statistic} {_text.decimal_text(value)}, {_p_text(p)}" if math.isfinite(p) else f"{statistic}: no answer"
        for statistic, value, p in measure_patterns.clusters.global_tests
    )
    return {"name": name, "why_not": "", "high": km2["high"], "low": km2["low"], "islands": km2["high among low"],
            "holes": km2["low among high"], "overall": overall}  # fmt: skip


def _km2_text(area_km2: float) -> str:
    return f"{area_km2:,.2f}" if math.isfinite(area_km2) else "withheld"


def _p_text(value: float) -> str:
    return f"p {value:.3f}" if value >= 0.0005 else "p under 0.001"


def _emerging_text(measure_patterns: ReleasedPatterns) -> str:
    if measure_patterns.emerging is None:
        return sentence_text(measure_patterns.why_not.get("emerging", ""))
    pattern_texts = [
        f"{pattern.label} {_km2_text(area_km2)}{' km²' if math.isfinite(area_km2) else ''}"
        for pattern, area_km2, _ in measure_patterns.emerging.patterns
        if pattern is not EmergingPattern.NONE
    ]
    return (
        _as_sentence(format_numbers.join_with_and(pattern_texts))
        if pattern_texts
        else "No pattern anywhere: no place was hot or cold beyond chance."
    )


def _accuracy_rows(measure_patterns: ReleasedPatterns) -> list[dict[str, str]]:
    name = measure_patterns.measure.name + ("" if measure_patterns.measure.role is Role.HARM else " (activity)")
    if measure_patterns.predictive_accuracy is None:
        return [{"name": name, "dates": "", "why_not": sentence_text(measure_patterns.why_not.get("accuracy", ""))}]
    accuracy = measure_patterns.predictive_accuracy
    dates = f"drawn on {format_numbers.window_text(accuracy.earlier)}; judged on {format_numbers.window_text(accuracy.later)}"
    choices = (f"hotspots, bandwidth {accuracy.bandwidth:,.0f} m", "as many cells, those with most earlier events")
    rows = [
        {"name": name if index == 0 else "", "dates": dates if index == 0 else "", "why_not": "", "who": choice, **_score_cells(score)}
        for index, (choice, score) in enumerate(zip(choices, accuracy.accuracy.scores, strict=True))
    ]  # fmt: skip
    random_cells = {"hit": f"{100 * accuracy.accuracy.hotspots.area_share:.1f}%", "pai": f"1 \u00b1 {_text.decimal_text(accuracy.accuracy.random_deviation)}",
             "pei": "", "rri": "", "recapture": "", "area": rows[0]["area"]}  # fmt: skip
    return [*rows, {"name": "", "dates": "", "why_not": "", "who": "as many cells, chosen at random", **random_cells}]


def _score_cells(score: HotspotScore) -> dict[str, str]:
    return {
        "area": f"{100 * score.area_share:.1f}%",
        "hit": _text.percent_text(score.hit_rate),
        "pai": _text.decimal_text(score.pai, 1),
        "pei": _text.decimal_text(score.pei),
        "rri": _text.decimal_text(score.recapture_rate_index),
        "recapture": _text.percent_text(score.share_of_cells_with_later_events),
    }


def _shift_row(measure_patterns: ReleasedPatterns, shift: ReleasedSimilarity | None) -> dict[str, str]:
    name = measure_patterns.measure.name + ("" if measure_patterns.measure.role is Role.HARM else " (activity)")
    if shift is None:
        return {"name": name, "why_not": sentence_text(measure_patterns.why_not.get("shift", "")), "note": ""}
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


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
