"""Report section on places: maps, density method, hotspots with their stability, concentration."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedHotspots, ReleasedOperation
from geoharm.hotspots.results.surface import Concentration
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.escape import svg
from geoharm.report.maps.static_map import operation_map
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.withheld import released_total

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


def places_section(release: Release, operation: ReleasedOperation, surface: ReleasedHotspots | None) -> dict[str, Any]:
    """Return the values that the report's template needs for its section on places.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
        The maps show its windows before and after.
    surface : ReleasedHotspots or None
        Surface and hotspots of the primary measure; None if it has none.
    """
    maps: list[tuple[str, Markup]] = []
    bandwidth_maps: list[tuple[str, Markup]] = []
    legend: list[tuple[Markup, str]] = []
    if surface and surface.breaks:
        for view, (image, events) in surface.of(operation.design.operation.name).items():
            if view in ("before", "after"):
                window = operation.design.before if view == "before" else operation.design.after
                title = f"{view.capitalize()}: {format_numbers.window_text(window)}, {released_total(release, events)} located"
                maps.append((title, operation_map(release, operation.design, image, title)))
        for variant in surface.variants:
            title = f"{variant.bandwidth:,.0f} m: {_hotspot_count_text(variant.hotspots)}{_kept_text(variant.factor, variant.kept)}"
            bandwidth_maps.append((title, operation_map(release, operation.design, variant.image, title)))
        legend = [
            (svg("svg", {"viewBox": "0 0 74 14", "aria_hidden": "true", "preserveAspectRatio": "none"},
                 svg("rect", {"width": 74, "height": 14, "fill": colour})), f"{start:,.10g} +")
            for colour, start in zip(palette.DENSITY, surface.breaks, strict=True)
        ]  # fmt: skip
    kinds = {
        kind
        for measure_hotspots in release.hotspots
        for hotspot in measure_hotspots.hotspots
        for kind in hotspot.source_kinds
    } - {"activity"}
    tables = [_hotspot_table(measure_hotspots, release, len(kinds)) for measure_hotspots in release.hotspots]
    return {
        "maps": maps,
        "strip": bandwidth_maps,
        "legend": legend,
        "recipe": density_method(surface) if surface else "",
        "density_unit": surface.measure.density_unit if surface else "",
        "witnesses": "Marked: a market that only one kind of source shows; this may depend on who reports."
        if len(kinds) > 1
        else "This study has one kind of source for harm, so no hotspot could be confirmed by another.",
        "hotspot_tables": [table for table in tables if table["rows"]],
        "concentrations": [
            _concentration_row(measure_hotspots.measure.name, measure_hotspots.concentration)
            for measure_hotspots in release.hotspots
        ],
        "cell": f"{surface.cell:g} m" if surface else "",
    }


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


def _hotspot_table(measure_hotspots: ReleasedHotspots, release: Release, kinds: int) -> dict[str, Any]:
    share = _text.percent_text(release.study.hotspots.share)
    role = "police activity, not harm" if measure_hotspots.measure.role is Role.ACTIVITY else "harm"
    limit_note = (
        f"; the first {MAX_HOTSPOTS} of {len(measure_hotspots.hotspots)}"
        if len(measure_hotspots.hotspots) > MAX_HOTSPOTS
        else ""
    )
    hidden_note = f"; {measure_hotspots.hidden} with few events or places not shown" if measure_hotspots.hidden else ""
    return {
        "caption": f"Hotspots of {measure_hotspots.measure.name} ({role}), whole period: the smallest area that holds {share} of all "
        f"density{limit_note}{hidden_note}",
        "unit": measure_hotspots.measure.unit,
        "weight": f"{measure_hotspots.measure.weight} " if measure_hotspots.measure.weight else "",
        "rows": [
            {
                "rank": hotspot.rank,
                "events": f"{hotspot.events:,}",
                "share": _text.percent_text(hotspot.share),
                "area": f"{hotspot.area_km2:.2f}",
                "density": f"{hotspot.density:,.0f}",
                "stability": _text.percent_text(hotspot.stability),
                "shown_by": shown_by(hotspot),
                "alone": len(hotspot.source_kinds) == 1 and kinds > 1,
            }
            for hotspot in measure_hotspots.hotspots[:MAX_HOTSPOTS]
        ],
    }


def _concentration_row(name: str, concentration: Concentration) -> dict[str, Any]:
    cell_shares = {share: f"{100 * cells / concentration.places:.1f}%" for share, cells in concentration.places_needed}
    return {
        "name": name,
        "quarter": cell_shares.get(0.25, "withheld" if not concentration.note else _text.UNKNOWN),
        "half": cell_shares.get(0.5, "withheld" if not concentration.note else _text.UNKNOWN),
        "most": cell_shares.get(0.8, "withheld" if not concentration.note else _text.UNKNOWN),
        "gini": concentration.note or f"{concentration.gini:.2f}",
        "adjusted": concentration.note or f"{concentration.adjusted_gini:.2f}",
    }
