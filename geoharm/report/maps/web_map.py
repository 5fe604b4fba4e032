"""The interactive map: one page with Leaflet and all its data."""

from __future__ import annotations

from geoharm import _text
from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.model.design import AFTER
from geoharm.report.escape import asset, json_block, render_page
from geoharm.report.maps.ground_data import packed_ground
from geoharm.report.maps.layers import credit_lines, layers_of
from geoharm.report.maps.leaflet import leaflet_assets
from geoharm.report.maps.page_data import map_data
from geoharm.report.maps.styles import LINES
from geoharm.report.wording.concentration import lead
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import released_total

# Hotspots of each measure in the table beside the map.
_TABLE_ROWS = 10
# Words of the script that speak of the time after, and how they are told where that is called otherwise.
_WORDS_OF_SCRIPT = (
    ("the rest after", "the rest {later}"),
    ('"After compared', '"{head} compared'),
    ("(text) => text.charAt(0)", '(word, text = word === "after" ? "{later}" : word) => text.charAt(0)'),
)


def map_page(release: Release, operation: ReleasedOperation | None, verdict: Verdict | None) -> str:
    """Return the map as one whole HTML file that runs only its own scripts.

    It loads nothing, unless the study file names a background map.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation or None
        Its zones are drawn; None for a study that evaluates none.
    verdict : Verdict or None
        The verdict on that operation.
    """
    later = operation.design.later if operation else AFTER
    publish = release.study.publish
    tiles, ground = publish.tiles, None
    if publish.ground is not None:
        targets = [operation.design.operation.target] if operation else []
        ground = packed_ground(publish.ground, release.study.area.crs, near=targets)
    leaflet = leaflet_assets()
    return render_page(
        "map.html.j2",
        style=leaflet.style + asset("map.css"),
        scripts=(leaflet.script, *([asset("ground.js")] if ground is not None else []), _map_script(later)),
        later=later,
        version=__version__,
        operation=operation.design.operation if operation else None,
        study=release.study,
        heading=operation.design.operation.name if operation else release.study.name,
        line=verdict.headline if verdict else lead(release),
        internal=release.is_internal,
        data=json_block(
            map_data(
                release,
                operation,
                layers_of(release, operation),
                ground=None if ground is None else ground.data,
            )
        ),
        has_ground=ground is not None,
        ground_note="" if ground is None else ground.note,
        measures=[(index, measure_hotspots.measure.name) for index, measure_hotspots in enumerate(release.hotspots)],
        hotspot_rows=[
            (
                index,
                hotspot.rank,
                released_total(release, hotspot.events),
                f"{hotspot.area_km2:.2f}",
                _text.percent_text(hotspot.share),
                _text.percent_text(hotspot.stability),
            )
            for index, measure_hotspots in enumerate(release.hotspots)
            for hotspot in measure_hotspots.hotspots[:_TABLE_ROWS]
        ],
        lines={kind.value: style for kind, style in LINES.items()},
        has_context=bool(publish.context),
        has_places=bool(publish.places),
        credits=credit_lines(release),
        hosts=tiles.hosts if tiles else (),
        tiles=tiles,
    )


def _map_script(later: str) -> str:
    """Return the script of the map, in which the time after is called as it is for this operation."""
    script = asset("map.js")
    if later == AFTER:
        return script
    for words, told in _WORDS_OF_SCRIPT:
        script = script.replace(words, told.format(later=later, head=later.capitalize()))
    return script
