"""Report section on places: maps, density method, hotspots with their stability, concentration."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from geoharm import _text
from geoharm.disclosure.released import (
    ClassedImage,
    Release,
    ReleasedHotspots,
    ReleasedOperation,
    leading_measure,
)
from geoharm.hotspots.results.surface import Concentration
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.cells import number_cell, number_value, text_cell
from geoharm.report.charts.marks import count_bar
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
)
from geoharm.report.maps.static_map import area_map, operation_map
from geoharm.report.section_html import legend_swatch
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.when import later_clause, later_head
from geoharm.report.wording.withheld import note_text, released_total

MAX_HOTSPOTS = 10
HOTSPOT_METHODS = (
    ("Density: the sum of all events' kernels, each of which sums to one event, in events per km² per year; the same kernel and "
     "bandwidth before and after.", "https://doi.org/10.1007/BF00147776"),
    ("Hotspots: cells ranked by density until the stated share of the total is reached; cells that touch by an edge "
     "form one hotspot.", "https://pro.arcgis.com/en/pro-app/latest/tool-reference/crime-analysis/"),
    ("Stability of a hotspot: the places are resampled 99 times (a place with all its events), each time with a bandwidth "
     "of 0.7 to 1.4 times the one used. Stability is the share of times in which at least half of its cells are hotspot again.", ""),
    ("Shown by: another kind of source shows a hotspot if one of its own hotspots overlaps it by at least half of the "
     "smaller of the two. Sources of one kind count once; police activity never confirms a harm.", ""),
    ("Concentration: the fewest cells that hold a share of all located events, of all cells of the study area; the "
     "Gini coefficient, and the same adjusted for having fewer events than cells.",
     "https://doi.org/10.1007/s10940-016-9324-7"),
)  # fmt: skip
_KINDS = {
    "incident": "police", "needle_find": "needle finds", "treatment_entry": "drug treatment", "health": "health",
    "activity": "police activity",
}  # fmt: skip


def places_section(release: Release, operation: ReleasedOperation | None) -> tuple[Section, ...]:
    """Return maps, hotspots and concentration of events; none where nothing is counted by points.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation or None
        The maps show the density of its primary measure in the windows before and after; without one, that of the study's
        leading measure over the whole period.
    """
    if not release.hotspots:
        return ()
    measure = leading_measure(release, operation)
    surface = next(
        (measure_hotspots for measure_hotspots in release.hotspots if measure_hotspots.measure.name == measure.name),
        None,
    )
    lead = (
        f"{_text.capitalised(measure.name)} over the whole period. Blank: under the first class, or too few {measure.unit} to show."
        if operation is None
        else f"{_text.capitalised(measure.name)} before and {later_clause(operation.design)}, on one scale of colours. Thick line: target area; dotted: gap; "
        f"dashed: rings. Blank: under the first class, or too few {measure.unit} to show."
    )
    blocks: list[Block] = [Paragraph(lead, "how")]
    if surface and surface.breaks:
        blocks += _map_blocks(release, operation, surface)
    blocks += _hotspot_blocks(release, measure.name)
    cell = f"{surface.cell:g} m" if surface else ""
    blocks.append(_concentration_table(release, cell))
    return (Section("where", "Where", "For all", tuple(blocks)),)


def shown_by(hotspot: Hotspot) -> str:
    """Return which kinds of source show a hotspot; a single kind is marked "only".

    Examples
    --------
    >>> import shapely
    >>> shown_by(Hotspot(1, shapely.box(0, 0, 1, 1), 9, 9, 0.1, 5.0, 0.9, ("needle_find", "health")))
    'needle finds, health'
    """
    names = [_KINDS.get(kind, kind) for kind in hotspot.source_kinds]
    return ", ".join(names) if len(names) > 1 else f"{names[0]} only" if names else "not examined"


def _hotspot_count_text(count: int) -> str:
    return "1 hotspot in all" if count == 1 else f"{count} hotspots in all"


def _kept_text(factor: float, kept: float) -> str:
    if factor == 1:
        return ", the bandwidth used"
    return "" if math.isnan(kept) else f"; {_text.percent_text(kept)} of the area of those used is in them"


def _map_blocks(release: Release, operation: ReleasedOperation | None, surface: ReleasedHotspots) -> Iterable[Block]:
    def drawn(image: ClassedImage, title: str) -> Figure:
        if operation is None:
            return Figure(area_map(release, image, title), title)
        return Figure(operation_map(release, operation.design, image, title), title)

    maps = [] if operation is None else _maps_of_windows(release, operation, surface)
    if maps:
        yield FigureRow(tuple(maps))
    colours = zip(palette.DENSITY, surface.breaks, strict=True)
    yield Legend(tuple((legend_swatch(colour), f"{start:,.10g} +") for colour, start in colours), "Classes of density")
    recipe = (
        f"{surface.measure.density_unit.capitalize()} {surface.measure.density_per}; {density_method(surface)}. The same classes "
        + ("in all maps." if operation is None else f"for before and {operation.design.later}.")
    )
    yield Paragraph(recipe, "small")
    variants = []
    for variant in surface.variants:
        kept = _kept_text(variant.factor, variant.kept)
        title = f"{variant.bandwidth:,.0f} m: {_hotspot_count_text(variant.hotspots)}{kept}"
        variants.append(drawn(variant.image, title))
    if variants:
        how = (
            "The whole period under half, once and twice the bandwidth, in the classes above. What appears at one bandwidth "
            "only depends on that choice."
        )
        yield Subheading("Does the map depend on the bandwidth?")
        yield Paragraph(how, "how")
        yield FigureRow(tuple(variants), three=True)


def _maps_of_windows(release: Release, operation: ReleasedOperation, surface: ReleasedHotspots) -> list[Figure]:
    design, maps = operation.design, []
    for view, (image, events) in surface.of(design.operation.name).items():
        if view in ("before", "after"):
            window = design.before if view == "before" else design.after
            title = f"{'Before' if view == 'before' else later_head(design)}: {format_numbers.window_text(window)}, {released_total(release, events)} located"
            maps.append(Figure(operation_map(release, design, image, title), title))
    return maps


def _ranked(release: Release, primary: str) -> tuple[ReleasedHotspots | None, list[ReleasedHotspots]]:
    """Return the hotspots of the primary measure, or of the first with any, and those of the others with any."""
    ranked = sorted(
        (measure_hotspots for measure_hotspots in release.hotspots if measure_hotspots.hotspots),
        key=lambda measure_hotspots: measure_hotspots.measure.name != primary,
    )
    return (ranked[0], ranked[1:]) if ranked else (None, [])


def _hotspot_blocks(release: Release, primary: str) -> list[Block]:
    kinds = {
        kind
        for measure_hotspots in release.hotspots
        for hotspot in measure_hotspots.hotspots
        for kind in hotspot.source_kinds
    } - {"activity"}
    leading, others = _ranked(release, primary)
    if leading is None:
        return []
    tables: list[Block] = [_hotspot_table(leading, release, is_confirmable=len(kinds) > 1)]
    for measure_hotspots in others:
        count = len(measure_hotspots.hotspots)
        summary = f"Hotspots of {measure_hotspots.measure.name}, ranked: {_hotspot_count_text(count)}"
        table = _hotspot_table(measure_hotspots, release, is_confirmable=len(kinds) > 1)
        tables.append(Details(summary, (table,), long=True))
    confirmation = (
        "Marked: a market that only one kind of source shows; this may depend on who reports."
        if len(kinds) > 1
        else "This study has one kind of source for harm, so no hotspot could be confirmed by another."
    )
    stability = (
        "Stability: how often a hotspot is found again when places are resampled and the bandwidth is varied. "
        f"{confirmation}"
    )
    return [*tables, Paragraph(stability, "small")]


def _hotspot_table(measure_hotspots: ReleasedHotspots, release: Release, *, is_confirmable: bool) -> Table:
    measure, count = measure_hotspots.measure, len(measure_hotspots.hotspots)
    share = _text.percent_text(release.study.hotspots.share)
    role = "police activity, not harm" if measure.role is Role.ACTIVITY else "harm"
    limit_note = f"; the first {MAX_HOTSPOTS} of {count}" if count > MAX_HOTSPOTS else ""
    hidden_note = f"; {measure_hotspots.hidden} with few events or places not shown" if measure_hotspots.hidden else ""
    caption = (
        f"Hotspots of {measure.name} ({role}), whole period: the smallest area that holds {share} of all "
        f"density{limit_note}{hidden_note}"
    )
    weight = f"{measure.weight} " if measure.weight else ""
    columns = (
        Column("Rank"),
        Column(measure.unit.capitalize(), measure.unit, CellStyle.NUMBER),
        Column("Share of all located", "Share", CellStyle.NUMBER),
        Column("Area, km²", "km²", CellStyle.NUMBER),
        Column(f"Mean density, {weight}{measure.density_per}", "Density", CellStyle.NUMBER),
        Column("Stability", style=CellStyle.NUMBER, parts=("Stability (share)",)),
        Column("Shown by", style=CellStyle.JOINED),
    )
    shown = measure_hotspots.hotspots[:MAX_HOTSPOTS]
    most = max(hotspot.events for hotspot in shown)
    rows = tuple(
        Row(
            (
                number_cell(hotspot.rank, str(hotspot.rank)),
                replace(number_cell(hotspot.events, f"{hotspot.events:,}"), mark=count_bar(hotspot.events, most)),
                number_cell(hotspot.share, _text.percent_text(hotspot.share)),
                number_cell(hotspot.area_km2, f"{hotspot.area_km2:.2f}"),
                number_cell(hotspot.density, f"{hotspot.density:,.0f}"),
                number_cell(hotspot.stability, _text.percent_text(hotspot.stability)),
                _shown_by_cell(hotspot, is_confirmable=is_confirmable),
            )
        )
        for hotspot in shown
    )
    return Table(columns, rows, caption)


def _shown_by_cell(hotspot: Hotspot, *, is_confirmable: bool) -> Cell:
    text = shown_by(hotspot)
    return Cell(text, (text,), highlighted=len(hotspot.source_kinds) == 1 and is_confirmable)


def _concentration_table(release: Release, cell: str) -> Table:
    caption = (
        f"How few cells of {cell} hold how many of the located events, whole period: the 80–20 table, in % of the "
        "study area"
    )
    number = CellStyle.NUMBER
    columns = (
        Column("Measure"),
        *(
            Column(head, short, number, (f"{head}, % of the study area",))
            for head, short in (("A quarter of events", "A quarter"), ("Half", "Half"), ("Four fifths", "Four fifths"))
        ),
        Column("Gini", style=number),
        Column(
            "Gini, adjusted for sparse events", "Gini, adjusted", number, ("Gini, adjusted for sparse events", "Note")
        ),
    )
    rows = tuple(
        _concentration_row(measure_hotspots.measure.name, measure_hotspots.concentration)
        for measure_hotspots in release.hotspots
    )
    return Table(columns, rows, caption)


def _concentration_row(name: str, concentration: Concentration) -> Row:
    note = note_text(concentration.note)
    gini, adjusted = concentration.gini, concentration.adjusted_gini
    return Row(
        (
            text_cell(name),
            *(_cell_share_cell(concentration, share) for share in (0.25, 0.5, 0.8)),
            number_cell(gini, note or f"{gini:.2f}"),
            Cell(note or f"{adjusted:.2f}", (number_value(adjusted), note or Missing.NOT_APPLICABLE)),
        )
    )


def _cell_share_cell(concentration: Concentration, share: float) -> Cell:
    """Return a cell with the share of cells, in percent, that hold a share of all events."""
    cells = dict(concentration.places_needed).get(share)
    if cells is None:
        is_withheld = not concentration.note
        return Cell(
            "withheld" if is_withheld else _text.UNKNOWN, (Missing.WITHHELD if is_withheld else Missing.NOT_KNOWN,)
        )
    percent = 100 * cells / concentration.places
    return number_cell(percent, f"{percent:.1f}%")
