"""The steps that a run, a reading or a look at power will take, with the time that each is expected to need.

The times are of one core of 2.5 GHz. They need not be right: `geoharm.cli.time_left` corrects them by the steps so far. What
counts is how the steps compare.
"""

from __future__ import annotations

from pathlib import Path

from geoharm.hotspots.change.measure import cell_of_change
from geoharm.model.study import Study
from geoharm.pipeline.analyse import MOST_CHANGE_MAPS
from geoharm.pipeline.planned_reading import reading_steps
from geoharm.pipeline.progress import PlannedStep
from geoharm.pipeline.workload import workload

# Of a map: a part that does not depend on its size, and one for each cell and window. The search for a bandwidth is in the first.
_SECONDS_PER_MAP = 0.5
_SECONDS_PER_CELL_AND_VIEW = 12e-6
_SECONDS_PER_CELL_OF_A_CHANGE = 80e-6
# Where the bandwidth is not known before the work.
_USUAL_BANDWIDTH = 250.0
_SECONDS_PER_PATTERN = 0.4
_SECONDS_PER_COUNT = 0.15
_SECONDS_PER_EVALUATION = 1.5
_SECONDS_PER_RELEASE_OF_A_MEASURE = 3.6
_SECONDS_PER_PAGE_OF_A_MEASURE = 0.3
_SECONDS_OF_A_TRY = 4.0
_SECONDS_OF_A_SEARCH, _SECONDS_OF_POOLING = 30.0, 3.0
_SECONDS_PER_OPTION = 0.3
_SECONDS_OF_A_RANKING = 3.0
_SECONDS_OF_A_DECISION_PAGE = 2.0


def run_steps(study: Study, data: Path) -> list[PlannedStep]:
    """Return the steps of a run.

    Parameters
    ----------
    study : Study
    data : Path
        Folder of the study's files.
    """
    cells, operations = workload(study).cells, len(study.operations)
    pairs = operations + len(study.comparisons)
    changes = len(study.comparisons) + (operations if operations <= MOST_CHANGE_MAPS else 0)
    names = [measure.name for measure in study.measures]
    density = _SECONDS_PER_MAP + _SECONDS_PER_CELL_AND_VIEW * cells * (1 + 2 * pairs)
    change = _SECONDS_PER_MAP + _SECONDS_PER_CELL_OF_A_CHANGE * _cells_of_a_change(study, cells)
    return [
        *reading_steps(study, data),
        *(PlannedStep(f"counting {name}", _SECONDS_PER_COUNT) for name in names),
        *(PlannedStep(f"density of {name}", density) for name in names),
        *(PlannedStep(f"change of {name}", change) for _ in range(changes) for name in names),
        *(PlannedStep(f"patterns of {name}", _SECONDS_PER_PATTERN) for name in names),
        *(
            PlannedStep(f"evaluating {operation.name}", _SECONDS_PER_EVALUATION * len(names))
            for operation in study.operations
        ),
        PlannedStep("keeping results", _SECONDS_PER_COUNT),
        PlannedStep("checking what may be published", _SECONDS_PER_RELEASE_OF_A_MEASURE * len(names) * max(pairs, 1)),
        PlannedStep("writing pages", _SECONDS_PER_PAGE_OF_A_MEASURE * len(names) * max(pairs, 1)),
    ]


def power_steps(study: Study, data: Path) -> list[PlannedStep]:
    """Return the steps of a look at the power of a study."""
    return [
        *reading_steps(study, data),
        *(PlannedStep(f"trying {operation.name} in the past", _SECONDS_OF_A_TRY) for operation in study.operations),
    ]


def search_steps(study: Study, data: Path) -> list[PlannedStep]:
    """Return the steps of a search over designs."""
    return [
        *reading_steps(study, data),
        PlannedStep("trying designs", _SECONDS_OF_A_SEARCH),
        PlannedStep("pooling markets", _SECONDS_OF_POOLING),
    ]


def appraisal_steps(study: Study, data: Path) -> list[PlannedStep]:
    """Return the steps of an appraisal."""
    return [
        *reading_steps(study, data),
        PlannedStep("weighing options", _SECONDS_PER_OPTION * len(study.harm.options)),
        PlannedStep("writing pages", _SECONDS_OF_A_DECISION_PAGE),
    ]


def ranking_steps(study: Study, data: Path) -> list[PlannedStep]:
    """Return the steps of a ranking of markets."""
    density = _SECONDS_PER_MAP + _SECONDS_PER_CELL_AND_VIEW * workload(study).cells
    return [
        *reading_steps(study, data),
        *(PlannedStep(f"density of {measure.name}", density) for measure in study.measures),
        PlannedStep("ranking markets", _SECONDS_OF_A_RANKING),
        PlannedStep("writing pages", _SECONDS_OF_A_DECISION_PAGE),
    ]


def _cells_of_a_change(study: Study, cells: float) -> float:
    """Return the number of cells of a change surface, which are larger than those of the maps where the bandwidth is wide."""
    bandwidth = study.hotspots.bandwidth
    metres = _USUAL_BANDWIDTH if isinstance(bandwidth, str) else bandwidth
    return cells * (study.hotspots.cell / cell_of_change(study.hotspots.cell, metres)) ** 2
