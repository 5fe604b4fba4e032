"""The card: verdict, four answers and a map for somebody else's page, in one file without any script."""

from __future__ import annotations

from geoharm._version import __version__
from geoharm.publish import figures, numbers
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.escape import asset, html, render_page
from geoharm.publish.layers import attributions
from geoharm.publish.pictures import operation_map
from geoharm.publish.shown import ShownOperation
from geoharm.publish.verdict import Verdict

# What the card takes in a column of 640 pixels, and in one of 360.
WIDTH, HEIGHT, TALL = 640, 640, 1200


def card_page(disclosed: DisclosedStudy, operation: ShownOperation, verdict: Verdict, name: str) -> str:
    """Return the card on one operation as a whole HTML page.

    Parameters
    ----------
    disclosed : DisclosedStudy
    operation : ShownOperation
    verdict : Verdict
        On that operation.
    name : str
        The card's file name, for the line that puts it into another page.
    """
    design, primary = operation.design, operation.primary
    picture = title = None
    for one in disclosed.hotspots:
        shown = one.of(design.operation.name)
        if one.measure.name == primary.measure.name and "after" in shown and one.breaks:
            title = (
                f"{primary.measure.name[:1].upper()}{primary.measure.name[1:]} after: {numbers.window(design.after)}"
            )
            picture = operation_map(disclosed, design, shown["after"][0], title)
    return render_page(
        "embed.html.j2",
        style=asset("embed.css"),
        version=__version__,
        snippet=snippet(name, design.operation.name),
        tall=TALL,
        study=disclosed.study,
        operation=design.operation,
        internal=disclosed.is_internal,
        verdict=verdict,
        answers=[(answer, figures.state_mark(answer.state)) for answer in verdict.answers],
        picture=picture,
        caption=title,
        credits=attributions(disclosed),
    )


def snippet(file: str, operation: str) -> str:
    """Return the line that puts a card into another page: it may run nothing, send nothing and leave nothing.

    Examples
    --------
    >>> print(snippet("embed.html", "Clean Sweep"))
    <iframe src="embed.html" title="Clean Sweep: verdict and map" width="640" height="640" loading="lazy" sandbox referrerpolicy="no-referrer"></iframe>
    """
    return (
        f'<iframe src="{html(file)}" title="{html(operation)}: verdict and map" width="{WIDTH}" height="{HEIGHT}" '
        'loading="lazy" sandbox referrerpolicy="no-referrer"></iframe>'
    )
