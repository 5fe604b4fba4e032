"""The embed card: verdict, four answers and a map, to show inside another page.

It is one file without scripts.
"""

from __future__ import annotations

from geoharm import _text
from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import format_numbers
from geoharm.report.charts import effects
from geoharm.report.escape import asset, html, render_page
from geoharm.report.maps.layers import credit_lines
from geoharm.report.maps.static_map import operation_map
from geoharm.report.section_html import chart_html
from geoharm.report.wording.verdict import Verdict

# Width and height of the card in a column of 640 pixels, and its height in a column of 360 pixels.
WIDTH, HEIGHT, TALL = 640, 640, 1200


def embed_page(release: Release, operation: ReleasedOperation, verdict: Verdict, name: str) -> str:
    """Return the card on one operation as a whole HTML page.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
    verdict : Verdict
        The verdict on that operation.
    name : str
        The card's file name, for the HTML line that embeds it in another page.
    """
    design, primary = operation.design, operation.primary
    picture = title = None
    for measure_hotspots in release.hotspots:
        views = measure_hotspots.of(design.operation.name)
        if measure_hotspots.measure.name == primary.measure.name and "after" in views and measure_hotspots.breaks:
            title = f"{_text.capitalised(primary.measure.name)} after: {format_numbers.window_text(design.after)}"
            picture = chart_html(operation_map(release, design, views["after"][0], title))
    return render_page(
        "embed.html.j2",
        style=asset("embed.css"),
        version=__version__,
        snippet=iframe_snippet(name, design.operation.name),
        tall=TALL,
        study=release.study,
        operation=design.operation,
        internal=release.is_internal,
        verdict=verdict,
        answers=[(answer, effects.reading_mark(answer.state)) for answer in verdict.answers],
        picture=picture,
        caption=title,
        credits=credit_lines(release),
    )


def iframe_snippet(file: str, operation: str) -> str:
    """Return the HTML line that embeds a card in another page.

    The embedded card cannot run scripts, send data or open other pages.

    Examples
    --------
    >>> print(iframe_snippet("embed.html", "Clean Sweep"))
    <iframe src="embed.html" title="Clean Sweep: verdict and map" width="640" height="640" loading="lazy" sandbox referrerpolicy="no-referrer"></iframe>
    """
    return (
        f'<iframe src="{html(file)}" title="{html(operation)}: verdict and map" width="{WIDTH}" height="{HEIGHT}" '
        'loading="lazy" sandbox referrerpolicy="no-referrer"></iframe>'
    )
