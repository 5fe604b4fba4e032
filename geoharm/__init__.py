"""Did harm fall, did it move, will it last: evaluate police operations by harm, not by arrests."""

from geoharm._version import __version__
from geoharm.displacement import log_rate_ratio, wdd
from geoharm.errors import DataError, DesignError, GateError, GeoharmError, PublishError, StoreError, StudyError
from geoharm.harm import weighted_sum
from geoharm.hotspots import find_hotspots, quartic_density
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
    "find_hotspots",
    "grid_over",
    "log_rate_ratio",
    "quartic_density",
    "read_study",
    "run",
    "wdd",
    "weighted_sum",
]
