"""What moved: zones around an operation, windows before and after, and the change in each zone net of control."""

from geoharm.displacement.design import build_design, check_operation, check_operations_apart
from geoharm.displacement.evaluate import evaluate_measure
from geoharm.displacement.ratio import log_rate_ratio
from geoharm.displacement.wdd import Wdd, linear_change, net_change, wdd

__all__ = [
    "Wdd",
    "build_design",
    "check_operation",
    "check_operations_apart",
    "evaluate_measure",
    "linear_change",
    "log_rate_ratio",
    "net_change",
    "wdd",
]
