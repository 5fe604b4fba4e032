"""What moved: zones around an operation, windows before and after, and the change in each zone net of control."""

from geoharm.displacement.calibrated import PlaceboData, calibrate, placebo_data, placebo_windows
from geoharm.displacement.design import build_design, check_operation, check_operations_apart
from geoharm.displacement.evaluate import evaluate_measure
from geoharm.displacement.placebo import PlaceboPlaces, placebo_places
from geoharm.displacement.ratio import log_rate_ratio
from geoharm.displacement.wdd import Wdd, linear_change, net_change, wdd

__all__ = [
    "PlaceboData",
    "PlaceboPlaces",
    "Wdd",
    "build_design",
    "calibrate",
    "check_operation",
    "check_operations_apart",
    "evaluate_measure",
    "linear_change",
    "log_rate_ratio",
    "net_change",
    "placebo_data",
    "placebo_places",
    "placebo_windows",
    "wdd",
]
