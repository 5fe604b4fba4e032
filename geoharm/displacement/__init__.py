"""What moved: zones around an operation, windows before and after, and the change in each zone net of control."""

from geoharm.displacement.along_streets import along_streets, walking_distances
from geoharm.displacement.calibrated import PlaceboData, calibrate, placebo_data, placebo_windows
from geoharm.displacement.candidates import Candidates, control_tiles, counts_of_all, tile_counts
from geoharm.displacement.centre import centre_row, centre_shift
from geoharm.displacement.clock import crackdown_clock
from geoharm.displacement.clustered import clustered_ratio
from geoharm.displacement.controls import choose_control, control_curve, pass_ratios, synthetic_ratio
from geoharm.displacement.design import build_design, check_operation, check_operations_apart
from geoharm.displacement.evaluate import evaluate_measure
from geoharm.displacement.family import family, guards
from geoharm.displacement.forest import forest
from geoharm.displacement.guards import season_guard, selection_guard, serial_guard, trends_guard
from geoharm.displacement.indices import displacement_indices
from geoharm.displacement.leak import false_ring_change, leak_guard, leak_shares
from geoharm.displacement.limits import controls_guard, geocode_guard, measures_guard, power_guard, reporting_guard
from geoharm.displacement.moved import displaced_share
from geoharm.displacement.placebo import PlaceboPlaces, placebo_places
from geoharm.displacement.pooling import joint_placebos, pool_operations, pool_rows
from geoharm.displacement.profile import ring_profile, sensitivity_curve
from geoharm.displacement.question import Component, only_ring, pool_parts, question_part, roles_of
from geoharm.displacement.ratio import log_rate_ratio
from geoharm.displacement.regression import event_study, poisson_did, unit_placebos
from geoharm.displacement.running import running_wdd
from geoharm.displacement.shift import composition_shift, hour_shifts, market_shift, shift_table
from geoharm.displacement.wdd import Wdd, harm_weighted, linear_change, net_change, wdd
from geoharm.displacement.windows import parse_phase

__all__ = [
    "Candidates",
    "Component",
    "PlaceboData",
    "PlaceboPlaces",
    "Wdd",
    "along_streets",
    "build_design",
    "calibrate",
    "centre_row",
    "centre_shift",
    "check_operation",
    "check_operations_apart",
    "choose_control",
    "clustered_ratio",
    "composition_shift",
    "control_curve",
    "control_tiles",
    "controls_guard",
    "counts_of_all",
    "crackdown_clock",
    "displaced_share",
    "displacement_indices",
    "evaluate_measure",
    "event_study",
    "false_ring_change",
    "family",
    "forest",
    "geocode_guard",
    "guards",
    "harm_weighted",
    "hour_shifts",
    "joint_placebos",
    "leak_guard",
    "leak_shares",
    "linear_change",
    "log_rate_ratio",
    "market_shift",
    "measures_guard",
    "net_change",
    "only_ring",
    "parse_phase",
    "pass_ratios",
    "placebo_data",
    "placebo_places",
    "placebo_windows",
    "poisson_did",
    "pool_operations",
    "pool_parts",
    "pool_rows",
    "power_guard",
    "question_part",
    "reporting_guard",
    "ring_profile",
    "roles_of",
    "running_wdd",
    "season_guard",
    "selection_guard",
    "sensitivity_curve",
    "serial_guard",
    "shift_table",
    "synthetic_ratio",
    "tile_counts",
    "trends_guard",
    "unit_placebos",
    "walking_distances",
    "wdd",
]
