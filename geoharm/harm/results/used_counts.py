"""The counts that a ranking or an appraisal computes with, and what was counted: for the attack on what is published."""

from __future__ import annotations

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from geoharm.model.measure import Measure
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class UsedCount:
    """One count, exactly.

    Attributes
    ----------
    measures : tuple of Measure
        Whose events are counted, together.
    periods : tuple of Period
    events : int
    part : str
        Which part of the events in these periods, in words; empty for all of them.
    """

    measures: tuple[Measure, ...]
    periods: tuple[Period, ...]
    events: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class UsedCounts:
    """The counts in one area that one published number is computed from.

    Attributes
    ----------
    text : str
        Which number, in words.
    area : shapely geometry
        Where they were counted, in metres.
    is_drawn : bool
        Whether the release shows the area's outline.
    counts : tuple of UsedCount
    beside : tuple of int
        Further counts: the number is withheld if one of these or of `counts` is small.
    """

    text: str
    area: BaseGeometry
    is_drawn: bool
    counts: tuple[UsedCount, ...]
    beside: tuple[int, ...] = ()
