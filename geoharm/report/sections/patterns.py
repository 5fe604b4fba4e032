"""Report section on patterns: clusters, emerging hotspots, predictive accuracy, pattern shift."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from geoharm import _text
from geoharm.disclosure.patterns import PATTERNS
from geoharm.disclosure.released import (
    ClassedImage,
    Release,
    ReleasedClusters,
    ReleasedEmergingHotspots,
    ReleasedOperation,
    ReleasedPatterns,
    leading_measure,
)
from geoharm.hotspots.results.accuracy import HotspotScore
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.hotspots.results.patterns import PredictiveAccuracy
from geoharm.model.measure import Role
from geoharm.model.reason import Note
from geoharm.report import format_numbers
from geoharm.report.cells import number_cell, number_value, text_cell, undefined_reason
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Details,
    Figure,
    FigureRow,
    Legend,
    Missing,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
    Value,
)
from geoharm.report.maps.pattern_layers import LEGENDS
from geoharm.report.maps.static_map import area_map, operation_map
from geoharm.report.maps.styles import LayerKind, LegendEntry
from geoharm.report.section_html import legend_swatch, strong
from geoharm.report.wording.patterns import cluster_method, emerging_method, emerging_text, km2_text
from geoharm.report.wording.withheld import note_as_sentence, note_text, sentence_text

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


_CLUSTER_CLASSES = ("high", "low", "high among low", "low among high")


def patterns_section(release: Release, operation: ReleasedOperation | None) -> tuple[Section, ...]:
    """Return the maps of the primary measure's patterns, and the tables of all measures; none without patterns.

    Without an operation there is no shift of the pattern: comparisons have it in their own section.
    """
    if not release.patterns:
        return ()
    measure = leading_measure(release, operation)
    primary = next((patterns for patterns in release.patterns if patterns.measure.name == measure.name), None)
    blocks: list[Block] = []
    maps = _pattern_maps(release, operation, primary) if primary else ()
    if maps:
        lead = (
            f"{_text.capitalised(measure.name)} in the whole study area{'; the target area is outlined' if operation else ''}. "
            f"Grey: what chance can explain. Blank: too few {measure.unit} to show."
        )
        blocks += [Paragraph(lead, "how"), FigureRow(maps, three=len(maps) == 3)]
    blocks += _unless_nothing(
        _cluster_blocks(release, primary),
        "no cluster beyond chance",
        {patterns.measure.name: _has_clusters(patterns) for patterns in release.patterns},
    )
    blocks.append(Subheading("Emerging hotspots"))
    blocks += _unless_nothing(
        _emerging_blocks(release, measure.name, primary),
        "no pattern over time anywhere",
        {patterns.measure.name: _has_emerging(patterns) for patterns in release.patterns},
    )
    blocks += _accuracy_blocks(release)
    if operation is not None:
        blocks += shift_blocks(release, operation.design.operation.name, operation.design.later)
    heading = "Clusters, emerging hotspots, and how well hotspots predict"
    return (Section("patterns", heading, "For analysts", tuple(blocks)),)


def shift_blocks(release: Release, windows_of: str, later: str) -> list[Block]:
    """Return whether the pattern shifted between the windows of an operation or comparison, by measure."""
    return _unless_nothing(
        _shift_tables(release, windows_of, later),
        "no shift of the pattern beyond chance",
        {patterns.measure.name: _has_shift(patterns, windows_of) for patterns in release.patterns},
    )


def _unless_nothing(blocks: Sequence[Block], nothing: str, found: Mapping[str, bool | None]) -> list[Block]:
    """Return the blocks of an analysis; one line, with the blocks on request, if no measure has a finding.

    Parameters
    ----------
    blocks : sequence of Block
    nothing : str
        What it is called if nothing was found.
    found : mapping of measure to bool or None
        Whether something was found; None where it could not be computed, which is never read as nothing.
    """
    if any(found.values()):
        return list(blocks)
    examined = [name for name, has in found.items() if has is not None]
    others = [name for name, has in found.items() if has is None]
    texts = [f"{_text.capitalised(format_numbers.join_with_and(examined))}: {nothing}."] if examined else []
    if others:
        texts.append(f"{_text.capitalised(format_numbers.join_with_and(others))}: could not be computed.")
    return [Details(" ".join(texts), tuple(blocks), found_nothing=True)]


def _has_clusters(patterns: ReleasedPatterns) -> bool | None:
    clusters = patterns.clusters
    return None if clusters is None else any(clusters.km2[name] for name in _CLUSTER_CLASSES)


def _has_emerging(patterns: ReleasedPatterns) -> bool | None:
    emerging = patterns.emerging
    return None if emerging is None else any(pattern is not EmergingPattern.NONE for pattern, _, _ in emerging.patterns)


def _has_shift(patterns: ReleasedPatterns, windows_of: str) -> bool | None:
    shift = patterns.similarity.get(windows_of)
    return None if shift is None else bool(shift.more or shift.fewer)


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
    release: Release, operation: ReleasedOperation | None, patterns: ReleasedPatterns
) -> tuple[Figure, ...]:
    """Return the maps of the whole study area, each with its legend."""

    def figure(title: str, image: ClassedImage, classes: Iterable[LegendEntry]) -> Figure:
        entries = tuple((legend_swatch(entry.colour), entry.label) for entry in classes)
        chart = (
            area_map(release, image, title)
            if operation is None
            else operation_map(release, operation.design, image, title, whole=True)
        )
        return Figure(chart, title, Legend(entries, title, wide=True))

    figures = []
    if patterns.clusters:
        figures.append(figure("Clusters, whole period", patterns.clusters.image, LEGENDS[LayerKind.CLUSTERS]))
    for area_patterns in _area_patterns(release):
        if area_patterns.clusters and area_patterns is not patterns:
            title = f"Clusters of {area_patterns.measure.name}, by area"
            figures.append(figure(title, area_patterns.clusters.image, LEGENDS[LayerKind.CLUSTERS]))
    if patterns.emerging:
        shown = {pattern for pattern, area_km2, _ in patterns.emerging.patterns if math.isfinite(area_km2)}
        classes = [
            entry for entry, pattern in zip(LEGENDS[LayerKind.EMERGING], PATTERNS, strict=True) if pattern in shown
        ]
        figures.append(figure("Emerging hotspots", patterns.emerging.image, classes))
    shift = patterns.similarity.get(operation.design.operation.name) if operation else None
    if shift:
        figures.append(figure(f"Shift of the pattern, {shift.units}", shift.image, LEGENDS[LayerKind.SHIFT]))
    return tuple(figures)


def _area_patterns(release: Release) -> list[ReleasedPatterns]:
    names = {measure.name for measure in release.study.harm.area_measures}
    return [patterns for patterns in release.patterns if patterns.measure.name in names]


def _measure_name(patterns: ReleasedPatterns) -> str:
    return patterns.measure.name + ("" if patterns.measure.role is Role.HARM else " (activity)")


def _reason_cell(columns: tuple[Column, ...], note: Note) -> Cell:
    """Return a cell over all columns but the first: why there are no numbers, which files hold in the last column."""
    sentence, reason = sentence_text(note), undefined_reason(note)
    numbers = sum(len(column.file_heads) for column in columns[1:]) - 1
    return Cell(sentence, (*[reason] * numbers, sentence), CellStyle.TEXT, span=len(columns) - 1)


def _cluster_blocks(release: Release, primary: ReleasedPatterns | None) -> list[Block]:
    tests = tuple(
        dict.fromkeys(
            statistic
            for patterns in release.patterns
            if patterns.clusters
            for statistic, _, _ in patterns.clusters.global_tests
        )
    )
    test_parts = tuple(part for test in tests for part in (test, f"{test}, p-value"))
    heads = (
        ("High beside high (Gi*)", "High beside high"),
        ("Low beside low (Gi*)", "Low beside low"),
        ("High among low (local Moran)", "High among low"),
        ("Low among high (local Moran)", "Low among high"),
    )
    columns = (
        Column("Measure"),
        *(Column(head, short, CellStyle.NUMBER, (f"{head}, km²",)) for head, short in heads),
        Column("Does it cluster anywhere?", "Anywhere", parts=(*test_parts, "Note")),
    )
    rows = tuple(
        Row((text_cell(_measure_name(patterns)), *_cluster_cells(patterns, columns, tests)))
        for patterns in release.patterns
    )
    blocks: list[Block] = [Table(columns, rows, "Clusters beyond chance, whole period, in km²")]
    if primary and primary.clusters:
        how = note_as_sentence(f"{primary.clusters.neighbours}; {cluster_method(primary.clusters)}")
        blocks.append(Paragraph(f"{how} Only areas with enough {primary.measure.unit} to show are counted.", "small"))
    for patterns in _area_patterns(release):
        if patterns.clusters:
            how = note_as_sentence(
                f"{patterns.measure.name}: {patterns.clusters.neighbours}; {cluster_method(patterns.clusters)}"
            )
            blocks.append(Paragraph(f"{how} Only areas with enough events to show are counted.", "small"))
    return blocks


def _cluster_cells(patterns: ReleasedPatterns, columns: tuple[Column, ...], tests: tuple[str, ...]) -> tuple[Cell, ...]:
    clusters = patterns.clusters
    if clusters is None:
        return (_reason_cell(columns, patterns.why_not.get("clusters", "")),)
    areas = (clusters.km2[name] for name in _CLUSTER_CLASSES)
    return (
        *(number_cell(area_km2, f"{area_km2:,.2f}" if area_km2 else "0") for area_km2 in areas),
        _global_tests_cell(clusters, tests),
    )


def _global_tests_cell(clusters: ReleasedClusters, tests: tuple[str, ...]) -> Cell:
    text = "; ".join(
        f"{statistic} {_text.decimal_text(value)}, {_p_text(p)}" if math.isfinite(p) else f"{statistic}: no answer"
        for statistic, value, p in clusters.global_tests
    )
    numbers = {statistic: (number_value(value), number_value(p)) for statistic, value, p in clusters.global_tests}
    values: list[Value] = []
    for test in tests:
        values += numbers.get(test, (Missing.NOT_APPLICABLE, Missing.NOT_APPLICABLE))
    return Cell(text, (*values, Missing.NOT_APPLICABLE))


def _p_text(value: float) -> str:
    return f"p {value:.3f}" if value >= 0.0005 else "p under 0.001"


def _emerging_blocks(release: Release, name: str, primary: ReleasedPatterns | None) -> list[Block]:
    emerging = primary.emerging if primary else None
    blocks: list[Block] = []
    if primary and emerging and _has_emerging(primary):
        blocks.append(_emerging_table(emerging, f"{_text.capitalised(name)}: patterns over time"))
    if primary and not (emerging and len(emerging.patterns) > 1):
        blocks.append(Paragraph(f"{_text.capitalised(name)}: {emerging_text(primary)}"))
    blocks += [
        Paragraph((strong(f"{patterns.measure.name}:"), f" {emerging_text(patterns)}"), "small")
        for patterns in release.patterns
        if patterns.measure.name != name
    ]
    if emerging:
        how = emerging_method(emerging) + (f"; {emerging.note}" if emerging.note else "")
        blocks.append(Paragraph(note_as_sentence(how), "small"))
    return blocks


def _emerging_table(emerging: ReleasedEmergingHotspots, caption: str) -> Table:
    columns = (
        Column("Pattern"),
        Column("km²", style=CellStyle.NUMBER),
        Column("It means", "Means"),
        Column("Why the strongest place has this pattern", "Why"),
    )
    rows = tuple(
        Row(
            (
                text_cell(pattern.label),
                Cell(km2_text(area_km2), (number_value(area_km2) if math.isfinite(area_km2) else Missing.WITHHELD,)),
                text_cell(pattern_meaning(pattern)),
                text_cell(format_numbers.with_true_minus(note_text(reason)).replace(" %", "%")),
            )
        )
        for pattern, area_km2, reason in emerging.patterns
        if pattern is not EmergingPattern.NONE
    )
    return Table(columns, rows, caption)


def _accuracy_blocks(release: Release) -> list[Block]:
    columns = (
        Column("Measure", parts=("Measure", "Drawn on", "Judged on")),
        Column("What was chosen", "Chosen"),
        Column("Share of the area", "Area", CellStyle.NUMBER),
        Column("Hit rate", style=CellStyle.NUMBER, parts=("Hit rate (share)",)),
        Column("PAI", style=CellStyle.NUMBER, parts=("PAI", "PAI, standard deviation")),
        Column("PEI", style=CellStyle.NUMBER),
        Column("RRI (Levine)", "RRI", CellStyle.NUMBER),
        Column("Recaptured cells", "Recaptured", CellStyle.NUMBER, ("Recaptured cells (share)", "Note")),
    )
    rows: list[Row] = []
    for patterns in release.patterns:
        name, accuracy = _measure_name(patterns), patterns.predictive_accuracy
        if accuracy is None:
            no_dates = (Missing.NOT_APPLICABLE, Missing.NOT_APPLICABLE)
            reason = patterns.why_not.get("accuracy", "")
            rows.append(Row((Cell(name, (name, *no_dates)), _reason_cell(columns, reason))))
        else:
            rows += _accuracy_rows(name, accuracy)
    caveat = (
        "The simple comparison takes the same number of cells: those with most events in the earlier period. Where a "
        "publisher moves events to fixed points, these cells only show those points, and the score reflects how the data "
        "were made."
    )
    caption = "Did the hotspots of one period contain the events of the next?"
    return [Table(columns, tuple(rows), caption), Paragraph(caveat, "small")]


def _accuracy_rows(name: str, accuracy: PredictiveAccuracy) -> list[Row]:
    earlier, later = format_numbers.window_text(accuracy.earlier), format_numbers.window_text(accuracy.later)
    choices = (f"hotspots, bandwidth {accuracy.bandwidth:,.0f} m", "as many cells, those with most earlier events")
    measure_values = (name, earlier, later)
    first_cells = [Cell(name, measure_values, small=f"drawn on {earlier}; judged on {later}"), Cell("", measure_values)]
    rows = [
        Row((first_cell, text_cell(choice), *_score_cells(score)))
        for first_cell, choice, score in zip(first_cells, choices, accuracy.accuracy.scores, strict=True)
    ]
    area_share = accuracy.accuracy.hotspots.area_share
    area_cell = number_cell(area_share, _share_text(area_share))
    deviation = accuracy.accuracy.random_deviation
    no_score = text_cell("")
    random_cells = (
        Cell("", measure_values),
        text_cell("as many cells, chosen at random"),
        area_cell,
        area_cell,
        Cell(f"1 ± {_text.decimal_text(deviation)}", (1, number_value(deviation))),
        no_score,
        no_score,
        Cell("", (Missing.NOT_APPLICABLE, Missing.NOT_APPLICABLE)),
    )
    return [*rows, Row(random_cells)]


def _score_cells(score: HotspotScore) -> tuple[Cell, ...]:
    recaptured = score.share_of_cells_with_later_events
    return (
        number_cell(score.area_share, _share_text(score.area_share)),
        number_cell(score.hit_rate, _text.percent_text(score.hit_rate)),
        Cell(_text.decimal_text(score.pai, 1), (number_value(score.pai), Missing.NOT_APPLICABLE)),
        number_cell(score.pei, _text.decimal_text(score.pei)),
        number_cell(score.recapture_rate_index, _text.decimal_text(score.recapture_rate_index)),
        Cell(_text.percent_text(recaptured), (number_value(recaptured), score.note or Missing.NOT_APPLICABLE)),
    )


def _share_text(share: float) -> str:
    return f"{100 * share:.1f}%"


def _shift_tables(release: Release, windows_of: str, later: str) -> list[Block]:
    units = next((shift.units for patterns in release.patterns for shift in patterns.similarity.values()), "areas")
    columns = (
        Column("Measure"),
        Column("In all", style=CellStyle.NUMBER),
        Column("With an event", style=CellStyle.NUMBER),
        Column(f"Larger share {later}", "Larger share", CellStyle.NUMBER, ("Larger share after",)),
        Column(f"Smaller share {later}", "Smaller share", CellStyle.NUMBER, ("Smaller share after",)),
        Column(
            "S, alike (of those with an event)", "S", CellStyle.NUMBER, ("S, alike", "S of those with an event", "Note")
        ),
    )
    caption = f"Did the pattern shift, before against {later}? Shares of {units}, whatever the total did"
    rows, notes = [], []
    for patterns in release.patterns:
        name, shift = _measure_name(patterns), patterns.similarity.get(windows_of)
        cells: tuple[Cell, ...]
        if shift is None:
            cells = (_reason_cell(columns, patterns.why_not.get("shift", "")),)
        else:
            counts = (shift.count, shift.held, shift.more, shift.fewer)
            similarity = f"{_text.decimal_text(shift.similarity)} ({_text.decimal_text(shift.robust)})"
            numbers = (number_value(shift.similarity), number_value(shift.robust))
            cells = (
                *(number_cell(count, f"{count:,}") for count in counts),
                Cell(similarity, (*numbers, shift.note or Missing.NOT_APPLICABLE)),
            )
            if shift.note:
                notes.append(Paragraph(f"{name}: {shift.note}.", "small"))
        rows.append(Row((text_cell(name), *cells)))
    return [Table(columns, tuple(rows), caption), *notes]
