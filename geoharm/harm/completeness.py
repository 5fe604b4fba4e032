"""Completeness of a study: kinds of harm without a measure, and objectives that name only one harm."""

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
_OTHER_HARM = re.compile(
    r"\b(harm|health|overdos\w*|death|disorder|nuisance|needle\w*|litter|violen\w*|injur\w*|fear|safety|order|communit\w*|"
    r"treatment|exploit\w*)\b",
    re.I,
)


def missing_harms(measures: Sequence[Measure]) -> tuple[str, ...]:
    """Return the kinds of harm that no measure covers: health, and harm borne by the community.

    Activity measures do not count, because activity is not harm.
    """
    harms = [harm.harm for harm in measures if harm.harm is not None]
    missing = []
    if not any(harm.type == "health" for harm in harms):
        missing.append(HEALTH)
    if not any(harm.borne_by == "community" for harm in harms):
        missing.append(COMMUNITY)
    return tuple(missing)


def limited_objective_note(objective: str) -> str:
    """Return a note on an objective that names acquisitive crime and no other harm; else an empty text.

    Examples
    --------
    >>> limited_objective_note("fewer burglaries")[:29]
    'The objective is a limited on'
    >>> limited_objective_note("burglary and disorder")
    ''
    """
    if _ACQUISITIVE.search(objective) and not _OTHER_HARM.search(_ACQUISITIVE.sub("", objective)):
        return (
            f"The objective is a limited one (\u201c{objective}\u201d): acquisitive crime is one of the harms of a drug market. "
            "It can fall while overdoses, violence and litter rise."
        )
    return ""
