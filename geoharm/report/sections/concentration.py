"""Page one of a study that evaluates no operation: measure by measure, how little ground holds how much, and how firmly."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedHotspots
from geoharm.model.measure import Measure
from geoharm.report import palette
from geoharm.report.cells import number_cell, text_cell
from geoharm.report.document import (
    Block,
    BulletList,
    Cell,
    CellStyle,
    Column,
    Figure,
    Legend,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.maps.pattern_layers import LEGENDS
from geoharm.report.maps.static_map import area_map
from geoharm.report.maps.styles import LayerKind
from geoharm.report.section_html import legend_swatch, strong
from geoharm.report.sections.area_changes import area_changes_section
from geoharm.report.sections.area_ranking import area_ranking_section
from geoharm.report.sections.comparisons import comparison_table
from geoharm.report.sections.places import shown_by
from geoharm.report.wording.comparison import NO_EVALUATION, season_text
from geoharm.report.wording.concentration import (
    ground_share,
    ground_text,
    half_share,
    leading_hotspots,
    role_note,
    share_in,
)
from geoharm.report.wording.patterns import emerging_text
from geoharm.report.wording.withheld import released_total

_FIRST_HOTSPOTS = 5
_WHOLE = ("", "whole period")


def concentration_sections(release: Release) -> tuple[Section, ...]:
    """Return the sections of page one: measures, first hotspots and areas, what emerges, and what changed in comparisons.

    Where the primary measure is counted by area, what was counted around its operations comes first.
    """
    measures = Section("measures", "Measure by measure", "For all", (_measures_table(release),))
    return (
        *area_changes_section(release),
        *((measures,) if release.hotspots else ()),
        *_first_section(release),
        *area_ranking_section(release),
        *_emerging_section(release),
        *_changed_section(release),
    )


def leading_map(release: Release) -> Figure | None:
    """Return the map of the leading measure over the whole period, with its hotspots; None if nothing is drawn.

    Of a measure that is counted by area, it is the map of its clusters.
    """
    if release.study.is_by_area:
        return _cluster_map(release)
    hotspots = leading_hotspots(release)
    if hotspots is None or not hotspots.breaks:
        return None
    caption = (
        f"{_text.capitalised(hotspots.measure.name)}, {hotspots.measure.density_unit} {hotspots.measure.density_per}{_when(hotspots.measure)}. "
        "Outlined, with their ranks: hotspots."
    )
    colours = zip(palette.DENSITY, hotspots.breaks, strict=True)
    legend = Legend(
        tuple((legend_swatch(colour), f"{start:,.10g} +") for colour, start in colours), "Classes of density"
    )
    return Figure(area_map(release, hotspots.views[_WHOLE], caption, hotspots=hotspots.hotspots), caption, legend)


def _cluster_map(release: Release) -> Figure | None:
    patterns = next((one for one in release.patterns if one.measure.name == release.study.primary), None)
    if patterns is None or patterns.clusters is None:
        return None
    targets = [operation.target for operation in release.study.operations]
    outlined = f" Outlined: the target {'area' if len(targets) == 1 else 'areas'}." if targets else ""
    caption = f"{_text.capitalised(release.study.primary)} by area: clusters of their rates.{outlined}"
    legend = tuple((legend_swatch(entry.colour), entry.label) for entry in LEGENDS[LayerKind.CLUSTERS])
    return Figure(
        area_map(release, patterns.clusters.image, caption, targets=targets),
        caption,
        Legend(legend, "Clusters", wide=True),
    )


def _when(measure: Measure) -> str:
    return "" if measure.is_undated else ", whole period"


def _measures_table(release: Release) -> Table:
    number = CellStyle.NUMBER
    columns = (
        Column("Measure", parts=("Measure", "Role")),
        Column("Located", style=number),
        Column("Hotspots", style=number),
        Column("They hold", style=number, parts=("Share of events in hotspots",)),
        Column("On this much of the ground", "Ground", number, ("Share of the study area in hotspots",)),
        Column("Half of all events on", "Half on", number, ("Share of the study area with half of all events",)),
        Column("First hotspot found again", "Found again", number, ("Stability of the first hotspot (share)",)),
    )
    ordered = sorted(release.hotspots, key=lambda one: one.measure.name != release.study.primary)
    caption = "How much is concentrated on how little ground, whole period"
    return Table(columns, tuple(_measure_row(release, one) for one in ordered), caption)


def _measure_row(release: Release, one: ReleasedHotspots) -> Row:
    measure = one.measure
    name = Cell(
        measure.name, (measure.name, measure.role.value), small=role_note(measure) or f"recorded by {measure.recorder}"
    )
    located, count = one.events[_WHOLE], len(one.hotspots)
    none = Cell(_text.UNKNOWN, (Missing.NOT_KNOWN,))
    half = half_share(one)
    has_hotspots = bool(one.hotspots)
    return Row(
        (
            name,
            number_cell(located, released_total(release, located)),
            number_cell(count, str(count)),
            _share_cell(share_in(one), _text.percent_text(share_in(one))) if has_hotspots else none,
            _share_cell(ground := ground_share(release, one), ground_text(ground)) if has_hotspots else none,
            none if math.isnan(half) else _share_cell(half, ground_text(half)),
            _share_cell(stable := one.hotspots[0].stability, _text.percent_text(stable)) if has_hotspots else none,
        )
    )


def _share_cell(share: float, text: str) -> Cell:
    return number_cell(share, text)


def _first_section(release: Release) -> tuple[Section, ...]:
    """Return the first hotspots of the leading measure; none if it has none."""
    hotspots = leading_hotspots(release)
    if hotspots is None or not hotspots.hotspots:
        return ()
    number = CellStyle.NUMBER
    columns = (
        Column("Rank"),
        Column(hotspots.measure.unit.capitalize(), style=number),
        Column("Share of all located", "Share", number),
        Column("Area, km²", "km²", number),
        Column("Found again", "Found again", number, ("Stability (share)",)),
        Column("Shown by", style=CellStyle.JOINED),
    )
    rows = tuple(
        Row(
            (
                number_cell(hotspot.rank, str(hotspot.rank)),
                number_cell(hotspot.events, f"{hotspot.events:,}"),
                number_cell(hotspot.share, _text.percent_text(hotspot.share)),
                number_cell(hotspot.area_km2, f"{hotspot.area_km2:.2f}"),
                number_cell(hotspot.stability, _text.percent_text(hotspot.stability)),
                text_cell(shown_by(hotspot)),
            )
        )
        for hotspot in hotspots.hotspots[:_FIRST_HOTSPOTS]
    )
    count = len(hotspots.hotspots)
    first = f", the first {_FIRST_HOTSPOTS} of {count}" if count > _FIRST_HOTSPOTS else ""
    caption = f"Hotspots of {hotspots.measure.name}{first}"
    how = "Found again: how often it is a hotspot again when places are resampled and the bandwidth is varied."
    return (
        Section("first", "The first hotspots", "For all", (Table(columns, rows, caption), Paragraph(how, "small"))),
    )


def _emerging_section(release: Release) -> tuple[Section, ...]:
    items = tuple(
        (strong(f"{_text.capitalised(patterns.measure.name)}:"), f" {emerging_text(patterns)}")
        for patterns in release.patterns
        if patterns.emerging is not None or not release.study.is_by_area
    )
    how = Paragraph(
        "Places that became, stay or cease to be hot or cold, step by step. Areas are in the whole study area.", "how"
    )
    return (Section("emerges", "What emerges", "For all", (how, BulletList(items))),) if items else ()


def _changed_section(release: Release) -> tuple[Section, ...]:
    if not release.study.comparisons:
        return ()
    blocks: list[Block] = [Paragraph(NO_EVALUATION, "how")]
    for comparison in release.study.comparisons:
        shown = [one for one in release.comparisons if one.comparison == comparison.name]
        blocks.append(comparison_table(release, comparison))
        blocks += [Paragraph(text, "small") for text in dict.fromkeys(filter(None, map(season_text, shown)))]
    return (Section("changed", "What changed", "For all", tuple(blocks)),)
