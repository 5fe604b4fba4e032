"""The annex: every section of the report, in four parts by reader, each section with its answer in its first line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.document import Section
from geoharm.report.section_html import closable_section_html
from geoharm.report.wording.section_answers import section_answer


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the annex for one kind of reader.

    Attributes
    ----------
    anchor, heading, lead : str
    sections : tuple of str
        Anchors of its sections, in their order.
    """

    anchor: str
    heading: str
    lead: str
    sections: tuple[str, ...]


PARTS = (
    Part(
        "health", "Public health", "Every harm in every zone, and whose values would say what.",
        ("short", "harms", "values", "watch"),
    ),
    Part(
        "analysts", "Analysts", "Where it clusters, what emerges, what was done.",
        ("where", "comparisons", "change", "patterns", "activity", "shifts", "tactics"),
    ),
    Part(
        "evaluators", "Evaluators", "What the answer rests on, and what it depends on.",
        (
            "places-like-it", "distance", "time", "guards", "threats", "clock", "profile", "controls", "family", "questions", "pooled"),
    ),
    Part("sources", "Methods", "From which rows, and by which formulas.", ("data", "methods")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnnexSection:
    """A section in the annex.

    Attributes
    ----------
    section : Section
    anchor : str
        Its own, or one made from its position if it has none.
    """

    section: Section
    anchor: str


def in_page_order(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the sections part by part; one without an anchor of its own stays behind the one before it."""
    return tuple(placed.section for _, placed_sections in annex_parts(sections) for placed in placed_sections)


def annex_parts(sections: Sequence[Section]) -> tuple[tuple[Part, tuple[AnnexSection, ...]], ...]:
    """Return the parts that have sections, with their sections in order.

    A section whose anchor no part names stands at the end of the part of the section before it.
    """
    places = {
        anchor: (number, order) for number, part in enumerate(PARTS) for order, anchor in enumerate(part.sections)
    }
    placed: list[tuple[tuple[int, int], int, AnnexSection]] = []
    place = (0, 0)
    for position, section in enumerate(sections):
        place = places.get(section.anchor, place)
        anchor = section.anchor or f"section-{position + 1}"
        placed.append((place, position, AnnexSection(section, anchor)))
    placed.sort(key=lambda entry: entry[:2])
    by_part = [
        (part, tuple(section for (at, _), _, section in placed if at == number)) for number, part in enumerate(PARTS)
    ]
    return tuple((part, of_part) for part, of_part in by_part if of_part)


def part_html(release: Release, operation: ReleasedOperation | None, sections: Sequence[AnnexSection]) -> list[Markup]:
    """Return the sections of one part as HTML, each with its answer."""
    return [
        closable_section_html(placed.section, placed.anchor, section_answer(placed.section, release, operation))
        for placed in sections
    ]
