"""Did harm fall, did it move, will it last: evaluate police operations by harm, not by arrests."""

from __future__ import annotations

from importlib import import_module

from geoharm._version import __version__

# For type checkers. Without `typing`, the command line can see to signals some hundredths of a second earlier.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from geoharm.errors import (
        DatabaseError,
        DataError,
        DesignError,
        GeoharmError,
        PublishError,
        QualityError,
        StudyError,
    )
    from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
    from geoharm.evaluation.estimators.wdd import wdd
    from geoharm.harm.weighted import weighted_sum
    from geoharm.hotspots.contours import find_hotspots
    from geoharm.hotspots.density.intensity import density
    from geoharm.hotspots.geodataframes import to_geodataframe
    from geoharm.hotspots.results.surface import Surface
    from geoharm.model.counts import Change
    from geoharm.model.estimate import Estimate, Interval
    from geoharm.model.grid import Grid, grid_over
    from geoharm.model.period import Period
    from geoharm.model.points import Points
    from geoharm.pipeline.run import run
    from geoharm.study.read import read_study

__all__ = [
    "Change",
    "DataError",
    "DatabaseError",
    "DesignError",
    "Estimate",
    "GeoharmError",
    "Grid",
    "Interval",
    "Period",
    "Points",
    "PublishError",
    "QualityError",
    "StudyError",
    "Surface",
    "__version__",
    "density",
    "find_hotspots",
    "grid_over",
    "log_rate_ratio",
    "read_study",
    "run",
    "to_geodataframe",
    "wdd",
    "weighted_sum",
]

# Where each public name is defined.
_MODULES = {
    "Change": "model.counts",
    "DataError": "errors",
    "DatabaseError": "errors",
    "DesignError": "errors",
    "Estimate": "model.estimate",
    "GeoharmError": "errors",
    "Grid": "model.grid",
    "Interval": "model.estimate",
    "Period": "model.period",
    "Points": "model.points",
    "PublishError": "errors",
    "QualityError": "errors",
    "StudyError": "errors",
    "Surface": "hotspots.results.surface",
    "density": "hotspots.density.intensity",
    "find_hotspots": "hotspots.contours",
    "grid_over": "model.grid",
    "log_rate_ratio": "evaluation.estimators.rate_ratio",
    "read_study": "study.read",
    "run": "pipeline.run",
    "to_geodataframe": "hotspots.geodataframes",
    "wdd": "evaluation.estimators.wdd",
    "weighted_sum": "harm.weighted",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that a small script does not load every room."""
    if name in _MODULES:
        value = getattr(import_module(f"geoharm.{_MODULES[name]}"), name)
        globals()[name] = value
        return value
    msg = f"module 'geoharm' has no attribute '{name}'"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
