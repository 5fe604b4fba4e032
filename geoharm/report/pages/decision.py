"""The page of a decision before acting: a head, warnings and sections; appraisals and rankings have one each."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm._version import __version__
from geoharm.report.document import Notice, Section
from geoharm.report.escape import asset, render_page
from geoharm.report.section_html import block_html, section_html


def decision_page(
    sections: Sequence[Section],
    *,
    title: str,
    heading: str,
    kicker: str,
    lead: str,
    skip: str,
    footer: str,
    internal: bool,
    notices: Sequence[Notice] = (),
) -> str:
    """Return a whole HTML page without scripts.

    Parameters
    ----------
    sections : sequence of Section
        At least one.
    title, heading : str
        Of the browser's window, and of the page.
    kicker, lead : str
        Small text above the heading, and paragraph under it.
    skip : str
        Text of the link to the first section, for readers without a mouse.
    footer : str
        Its first words are always the program and its version.
    internal : bool
        Whether the page is marked as not for release.
    notices : sequence of Notice
        Before the first section.
    """
    return render_page(
        "decision.html.j2",
        style=asset("report.css"),
        version=__version__,
        title=title,
        heading=heading,
        kicker=kicker,
        lead=lead,
        skip=skip,
        anchor=sections[0].anchor,
        internal=internal,
        notices=[block_html(notice) for notice in notices],
        sections=[section_html(section) for section in sections],
        footer=f"geoharm {__version__}. {footer}",
    )
