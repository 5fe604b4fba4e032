"""The embed card: headline, balance, bars and a map, to show inside another page.

It is one file without scripts, and lays itself out by its own width.
"""

from __future__ import annotations

from markupsafe import Markup

from geoharm import _text
from geoharm._version import __version__
from geoharm.answer.balance import is_counted_harm
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import format_numbers
from geoharm.report.escape import asset, html, render_page
from geoharm.report.file_names import file_names
from geoharm.report.maps.layers import credit_lines
from geoharm.report.maps.static_map import operation_map
from geoharm.report.pages.brief import answer, cells
from geoharm.report.section_html import chart_html
from geoharm.report.wording.states import NO_DATA
from geoharm.report.wording.verdict import Verdict

# Width and height of the card in a column of 640 pixels, its height with more than two clauses, and its height in a
# column of 360 pixels.
WIDTH, HEIGHT, HEIGHT_OF_MORE, TALL = 640, 660, 780, 1050
_FEW_CLAUSES = 2


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
            title = (
                f"{_text.capitalised(primary.measure.name)} {design.later}: {format_numbers.window_text(design.after)}"
            )
            picture = chart_html(operation_map(release, design, views["after"][0], title))
    is_long = len(verdict.clauses) > _FEW_CLAUSES
    return render_page(
        "embed.html.j2",
        style=asset("embed.css"),
        version=__version__,
        snippet=iframe_snippet(name, design.operation.name, height=HEIGHT_OF_MORE if is_long else HEIGHT),
        tall=TALL,
        study=release.study,
        operation=design.operation,
        internal=release.is_internal,
        verdict=verdict,
        zones=[name for _, name in cells.ZONES],
        balance=answer.balance_lines(verdict),
        absent=[_text.capitalised(name) for name in verdict.absent],
        no_data=NO_DATA,
        bars=_bars(verdict),
        files=file_names(release, operation),
        picture=picture,
        caption=title,
        credits=credit_lines(release),
    )


def _bars(verdict: Verdict) -> list[tuple[str, Markup, str]]:
    """Return the changes that the headline names, as (measure and zone, bar on one scale, difference)."""
    changes = [line.change for line in verdict.multiplications]
    scale = cells.bars_scale([change.effect for change in changes])
    return [
        (
            f"{_text.capitalised(change.measure.measure.name)}, {cells.zone_name(change.effect.zone)}",
            cells.effect_bar(change.effect, scale, is_harm=is_counted_harm(change.measure)),
            cells.difference_text(change.effect),
        )
        for change in changes
    ]


def iframe_snippet(file: str, operation: str, *, height: int = HEIGHT) -> str:
    """Return the HTML line that embeds a card in another page.

    The embedded card cannot run scripts or send data; its links open in a tab of their own.

    Examples
    --------
    >>> print(iframe_snippet("embed.html", "Clean Sweep"))
    <iframe src="embed.html" title="Clean Sweep: verdict and map" width="640" height="660" loading="lazy" sandbox="allow-popups" referrerpolicy="no-referrer"></iframe>
    """
    return (
        f'<iframe src="{html(file)}" title="{html(operation)}: verdict and map" width="{WIDTH}" height="{height}" '
        'loading="lazy" sandbox="allow-popups" referrerpolicy="no-referrer"></iframe>'
    )
