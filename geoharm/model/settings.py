"""Settings of a study for clusters, emerging hotspots, accuracy and change; every value has a default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from geoharm.model.area_counts import Areas
from geoharm.model.period import Period
from geoharm.model.points import Points


class Correction(StrEnum):
    """Correction for multiple testing over the cells of a map."""

    FDR = "false discovery rate (Benjamini and Hochberg)"
    STEP_DOWN = "step-down maximum (Westfall and Young)"


COMPARED = ("whole period", "own steps")
# No p-value is below 2 / (permutations + 1), here 0.02.
MIN_PERMUTATIONS = 99


@dataclass(frozen=True, slots=True)
class EmergingSettings:
    """Settings for clusters and emerging hotspots.

    Attributes
    ----------
    cell : float
        Side of a cell in metres.
    band : float
        Distance in metres up to which cells are neighbours.
    months : int
        Length of a time step in whole months.
    earlier : int
        Number of earlier steps that are neighbours of a step.
    compare : str
        One of `COMPARED`: what the cells of a step are compared with. "whole period": the cells of all steps, so that a
        rise in the whole city makes hotspots. "own steps": only cells of the same steps, so that only differences
        within the city matter.
    """

    cell: float = 250.0
    band: float = 500.0
    months: int = 1
    earlier: int = 1
    compare: Literal["whole period", "own steps"] = "whole period"


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Settings for tests of change between the windows of an operation.

    Attributes
    ----------
    permutations : int
        Number of random permutations, at least 99.
    level : float
        Adjusted p-value above which the change of a cell is marked as compatible with chance variation.
    correction : Correction
    block_metres, block_days : float, int
        Reports within a square of this side (0: at one place) and within this many days are permuted as one unit.
    adaptive : bool
        Whether the bandwidth is adaptive: shorter where there are many events, and the same before and after.
    square : float
        Side in metres of the squares whose shares are compared, where no areas are given.
    areas : Areas or None
        The areas whose shares are compared.
    people : Points or None
        Resident population by place, for the comparison of events with population.
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
    """Settings for hotspot accuracy: the periods in which hotspots are drawn and evaluated.

    Attributes
    ----------
    earlier, later : Period or None
        Hotspots are drawn from `earlier` and evaluated on `later`. None means the last twelve whole months of a source
        as `later`, and the twelve months before as `earlier`.
    """

    earlier: Period | None = None
    later: Period | None = None
