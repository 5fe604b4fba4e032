"""What a study states about clusters, emerging hotspots, accuracy and change; every value has a default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from geoharm.model.area_counts import Areas
from geoharm.model.period import Period
from geoharm.model.points import Points


class Correction(StrEnum):
    """How the many cells looked at are allowed for."""

    FDR = "false discovery rate (Benjamini and Hochberg)"
    STEP_DOWN = "step-down maximum (Westfall and Young)"


COMPARED = ("whole period", "own steps")


@dataclass(frozen=True, slots=True)
class EmergingSettings:
    """How clusters and emerging hotspots are found.

    Attributes
    ----------
    cell : float
        Metres.
    band : float
        Metres: cells at most this far apart are neighbours.
    months : int
        Whole months a step of time.
    earlier : int
        Steps before a step that are its neighbours too.
    compare : str
        One of `COMPARED`: what a step is hot against. All steps: a rise of the whole city makes hot spots; or the cells
        of its own steps: only the place within the city counts.
    """

    cell: float = 250.0
    band: float = 500.0
    months: int = 1
    earlier: int = 1
    compare: Literal["whole period", "own steps"] = "whole period"


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """How change between an operation's windows is judged.

    Attributes
    ----------
    permutations : int
        Worlds that are shuffled, at least 99.
    level : float
        Adjusted p-value above which a cell is marked as explained by chance.
    correction : Correction
    block_metres, block_days : float, int
        Reports of one square of this side (0: of one place) and one stretch of this many days are one unit.
    adaptive : bool
        Whether every place has a bandwidth of its own, the same before and after: short where events are many.
    square : float
        Side in metres of the squares whose shares are compared, where no areas are given.
    areas : Areas or None
        The areas whose shares are compared.
    people : Points or None
        Where people live and how many, for events against people.
    """

    permutations: int = 999
    level: float = 0.05
    correction: Correction = Correction.STEP_DOWN
    block_metres: float = 0.0
    block_days: int = 1
    adaptive: bool = False
    square: float = 1000.0
    areas: Areas | None = None
    people: Points | None = None


@dataclass(frozen=True, slots=True)
class AccuracySettings:
    """On which periods hotspots are drawn and judged.

    Attributes
    ----------
    earlier, later : Period or None
        None takes the last twelve whole months of a source and the twelve before.
    """

    earlier: Period | None = None
    later: Period | None = None
