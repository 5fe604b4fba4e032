"""Is the picture whole: which kinds of harm nobody measured, and whether the objective looks at one harm only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm.model.measure import Measure

HEALTH = "a health measure (overdoses, ambulance calls, deaths, drug treatment)"
COMMUNITY = "a community measure (needle finds, disorder, violence reported by the public)"
_ACQUISITIVE = re.compile(
    r"\b(acquisitive|burglar\w*|theft\w*|robber\w*|shoplift\w*|shop[- ]lifting|stealing|property crime|car crime)\b",
    re.I,
)
_OTHER = re.compile(
    r"\b(harm|health|overdos\w*|death|disorder|nuisance|needle\w*|litter|violen\w*|injur\w*|fear|safety|order|communit\w*|"
    r"treatment|exploit\w*)\b",
    re.I,
)


def missing_harms(measures: Sequence[Measure]) -> tuple[str, ...]:
    """Return the kinds of measure without which the picture is incomplete: health, and community.

    Activity is no harm, and cannot complete it.
    """
    harms = [one.harm for one in measures if one.harm is not None]
    found = []
    if not any(one.type == "health" for one in harms):
        found.append(HEALTH)
    if not any(one.borne_by == "community" for one in harms):
        found.append(COMMUNITY)
    return tuple(found)


def limited_objective_note(objective: str) -> str:
    """Return what is said of an objective that names acquisitive crime and no other harm; else an empty text.

    Examples
    --------
    >>> limited_objective("fewer burglaries")[:29]
    'The objective is a limited on'
    >>> limited_objective("burglary and disorder")
    ''
    """
    if _ACQUISITIVE.search(objective) and not _OTHER.search(_ACQUISITIVE.sub("", objective)):
        return (
            f"The objective is a limited one (\u201c{objective}\u201d): acquisitive crime is one of the harms of a drug market. "
            "It can fall while overdoses, violence and litter rise."
        )
    return ""
