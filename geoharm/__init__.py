"""Did harm fall, did it move, will it last: evaluate police operations by harm, not by arrests."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geoharm._version import __version__

if TYPE_CHECKING:
    from geoharm.displacement import log_rate_ratio, wdd
    from geoharm.errors import DataError, DesignError, GateError, GeoharmError, PublishError, StoreError, StudyError
    from geoharm.frames import to_geodataframe
    from geoharm.harm import weighted_sum
    from geoharm.hotspots import density, find_hotspots
    from geoharm.model import Change, Estimate, Grid, Interval, Period, Points, Surface, grid_over
    from geoharm.study import read_study
    from geoharm.workflow import run

__all__ = [
    "Change",
    "DataError",
    "DesignError",
    "Estimate",
    "GateError",
    "GeoharmError",
    "Grid",
    "Interval",
    "Period",
    "Points",
    "PublishError",
    "StoreError",
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

_ROOMS = ("errors", "model", "displacement", "hotspots", "harm", "frames", "study", "workflow")


def __getattr__(name: str) -> Any:
    """Fetch a public name when it is first asked for: whoever needs one room does not wait for all of them."""
    if name in __all__:
        for room in _ROOMS:
            found = import_module(f"geoharm.{room}")
            if name in getattr(found, "__all__", vars(found)):
                globals()[name] = getattr(found, name)
                return globals()[name]
    msg = f"module 'geoharm' has no attribute '{name}'"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
