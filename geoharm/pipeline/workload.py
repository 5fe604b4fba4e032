"""How long a run will take and how much memory it needs, from the size of the study area: said before the work starts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.errors import StudyError
from geoharm.model.study import Study

# Measured on two cores of 2.5 GHz with 3,000 events, studies of circles of 3 to 60 km radius, cells of 50 and 200 m, one and three
# measures: between 0.6 and 1.6 times what was found. More events add to it: ten times as many doubled the time of 160,000 cells.
_SECONDS_PER_MEASURE = 3.0
# Of every operation after the first: measured with a register of forty.
_SECONDS_PER_OPERATION_AND_MEASURE = 1.5
_SECONDS_PER_CELL = 30e-6
# Of every pair of windows, of an operation or a comparison.
_SECONDS_PER_CELL_AND_PAIR = 15e-6
_SECONDS_PER_STEP_OF_A_CELL = 10e-6
_BYTES_OF_THE_PROGRAM = 550e6
_BYTES_PER_CELL = 250.0
_BYTES_PER_CELL_AND_MEASURE = 120.0
# Shorter runs are not announced; larger ones would bring an office computer to a halt.
_LEAST_SECONDS_SAID = 120.0
MAX_BYTES = 8e9
MAX_SECONDS = 6 * 3600.0
_DAYS_A_MONTH = 365.25 / 12
_CELL_SIZES = (5, 10, 20, 25, 50, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 10**6)


@dataclass(frozen=True, slots=True)
class Workload:
    """The work of a run.

    Attributes
    ----------
    cells : float
        Cells of the maps, over the whole extent of the study area.
    cell : float
        Side of a cell in metres.
    area_km2 : float
        Of the study area.
    seconds, bytes : float
        Estimated time and memory.
    roomier : float
        The smallest common cell size in metres with which a run takes less than two minutes, or a third of the time.
    """

    cells: float
    cell: float
    area_km2: float
    seconds: float
    bytes: float
    roomier: float

    @property
    def is_long(self) -> bool:
        """Whether the run takes so long that it is announced."""
        return self.seconds >= _LEAST_SECONDS_SAID

    def sentence(self) -> str:
        """Return how long it will take, why, and the way out."""
        return (
            f"A study area of {self.area_km2:,.0f} km\u00b2 has {self.cells / 1e6:,.3g} million cells of {self.cell:g} m over its extent: the run "
            f"takes about {_duration(self.seconds)} and {self.bytes / 1e9:.2g} GB of memory. It is faster with larger cells "
            f"(such as cell = {self.roomier:g} under [hotspots]) or a smaller study area."
        )


def workload(study: Study) -> Workload:
    """Return the estimated work of a run of a study, from its area, cells, measures, operations and months."""
    settings = study.hotspots
    seconds, needed = _work(study, settings.cell)
    enough = max(_LEAST_SECONDS_SAID, min(seconds, MAX_SECONDS) / 3)
    larger = [float(size) for size in _CELL_SIZES if size > settings.cell]
    roomier = next(
        (size for size in larger if _work(study, size)[0] < enough and _work(study, size)[1] < MAX_BYTES), larger[-1]
    )
    return Workload(_cells(study, settings.cell), settings.cell, study.area.area_km2, seconds, needed, roomier)


def check_workload(study: Study) -> Workload:
    """Return the work of a run.

    Raises
    ------
    StudyError
        If it is estimated to need over 8 GB of memory, or over six hours.
    """
    work = workload(study)
    if work.bytes > MAX_BYTES or work.seconds > MAX_SECONDS:
        rule = f"At most {MAX_BYTES / 1e9:g} GB and {_duration(MAX_SECONDS)} are allowed."
        raise StudyError([f"{work.sentence()} {rule}"])
    return work


def _work(study: Study, cell: float) -> tuple[float, float]:
    """Return the seconds and the bytes of a run with a cell size."""
    cells, measures = _cells(study, cell), len(study.measures)
    steps = study.period.days / _DAYS_A_MONTH / study.emerging.months * _cells(study, study.emerging.cell)
    # Lists of places have no steps of time.
    steps = 0.0 if study.is_undated else steps
    pairs = len(study.operations) + len(study.comparisons)
    per_cell = _SECONDS_PER_CELL + _SECONDS_PER_CELL_AND_PAIR * pairs
    further = _SECONDS_PER_OPERATION_AND_MEASURE * max(0, len(study.operations) - 1)
    seconds = measures * (_SECONDS_PER_MEASURE + further + per_cell * cells + _SECONDS_PER_STEP_OF_A_CELL * steps)
    needed = _BYTES_OF_THE_PROGRAM + cells * (_BYTES_PER_CELL + _BYTES_PER_CELL_AND_MEASURE * measures)
    return seconds, needed


def _cells(study: Study, cell: float) -> float:
    """Return the number of cells over the extent of the study area, also where no grid could hold them."""
    west, south, east, north = study.area.boundary.bounds
    return float(math.ceil((east - west) / cell + 1) * math.ceil((north - south) / cell + 1))


def _duration(seconds: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> _duration(130), _duration(5400)
    ('2 minutes', '1.5 hours')
    """
    return f"{seconds / 3600:.2g} hours" if seconds >= 5400 else f"{max(round(seconds / 60), 1)} minutes"
