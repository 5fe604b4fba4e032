"""The embed card: headline, balance, bars and a map, to show inside another page.

It is one file that lays itself out by its own width. Its only script tells the page around it how high it is; without it, or
where scripts are stripped, the card is the same.
"""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from geoharm import _text
from geoharm._version import __version__
from geoharm.answer.balance import is_counted_harm
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import format_numbers
from geoharm.report.escape import asset, html, render_page
from geoharm.report.exports.pictures import OF_SLIDE
from geoharm.report.file_names import file_names
from geoharm.report.maps.layers import credit_lines
from geoharm.report.maps.static_map import operation_map
from geoharm.report.pages.brief import answer, cells
from geoharm.report.pages.card_picture import card_picture
from geoharm.report.section_html import chart_html
from geoharm.report.wording.states import NO_DATA
from geoharm.report.wording.verdict import Verdict

_MAP_WORDS = "Thick line: target area; dashed: rings. Darker: more."
# Width and height of the card in a column of 640 pixels, its height with more than two clauses, and its height in a
# column of 360 pixels.
WIDTH, HEIGHT, HEIGHT_OF_MORE, TALL = 640, 660, 780, 1050
_FEW_CLAUSES = 2
# What a card may do in another page: run its script, and open its links in tabs of their own, which may run theirs. It may not
# touch that page, and has no origin.
_SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox"
# For the page around cards: each card that tells its height gets it, within limits.
LISTENER = """<script>
addEventListener("message", (event) => {
  const height = event.data && event.data.geoharm === "height" ? Number(event.data.height) : 0;
  for (const frame of document.querySelectorAll("iframe[data-geoharm]"))
    if (event.source === frame.contentWindow && height > 0) frame.style.height = `${Math.min(height, 4000)}px`;
});
</script>"""


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
    card = card_picture(release, operation, verdict)
    picture = title = None
    for measure_hotspots in release.hotspots:
        views = measure_hotspots.of(design.operation.name)
        if measure_hotspots.measure.name == primary.measure.name and "after" in views and measure_hotspots.breaks:
            title = (
                f"{_text.capitalised(primary.measure.name)} {design.later}: {format_numbers.window_text(design.after)}"
            )
            drawn = operation_map(release, design, views["after"][0], f"Map: {title}")
            picture = chart_html(replace(drawn, description=f"{_MAP_WORDS} North is up."))
    is_long = len(verdict.clauses) > _FEW_CLAUSES
    return render_page(
        "embed.html.j2",
        style=asset("embed.css"),
        scripts=(asset("embed.js"),),
        name=name,
        listener=LISTENER,
        address=release.study.publish.address,
        card_text=f"{card.title}. {card.description}",
        card_sides=(OF_SLIDE.pixels, round(OF_SLIDE.pixels * card.height / card.width)),
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
        caption=f"{title}. {_MAP_WORDS}",
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

    The embedded card can tell its height and nothing else; its links open in a tab of their own.

    Examples
    --------
    >>> print(iframe_snippet("embed.html", "Clean Sweep"))
    <iframe src="embed.html" title="Clean Sweep: verdict and map" width="640" height="660" loading="lazy" data-geoharm sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"></iframe>
    """
    return (
        f'<iframe src="{html(file)}" title="{html(operation)}: verdict and map" width="{WIDTH}" height="{height}" '
        f'loading="lazy" data-geoharm sandbox="{_SANDBOX}" referrerpolicy="no-referrer"></iframe>'
    )
