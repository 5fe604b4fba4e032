"""Log rate ratio over many operations by one regression, with errors clustered by operation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.reason import Reason
from geoharm.stats.distributions import t_quantile, t_survival
from geoharm.stats.poisson import share_fit

REFERENCE = "https://doi.org/10.1016/j.jeconom.2022.04.001"
NAME = "log rate ratio over all operations"
MIN_CLUSTERS = 10
LEVELS = (0.8, 0.9, 0.95, 0.99)


def clustered_ratio(changes: Sequence[tuple[Change, Change]]) -> Estimate:
    r"""Return one log rate ratio over many operations, with jackknife errors clustered by operation.

    Parameters
    ----------
    changes : sequence of (zone, control)
        Counts before and after: one pair per operation, each over that operation's own windows.

    Returns
    -------
    Estimate
        Negative means fewer events. Undefined, with the reason, if fewer than ten operations have events in zone and
        control.

    Notes
    -----
    :math:`E[y_{jzt}] = \exp(a_{jz} + g_{jt} + \delta x_{zt})` for operation j, zone or control z, before or after t:
    Every operation is compared with its own control over its own dates only, so different dates cause no bias. Months
    within a window add no information (their sums are sufficient). The effects g drop out given the sums of zone and
    control; this leaves a binomial regression with one constant per operation. The error is the cluster jackknife,

    .. math:: V = \frac{J - 1}{J} \sum_j (\hat\delta_{(j)} - \hat\delta)^2

    with each operation left out in turn, and a t distribution with J - 1 degrees of freedom. This error keeps its level
    with about ten clusters, where the usual sandwich error is too small. The model assumes one effect for all operations,
    and large operations weigh more. Operations that share a control share its noise; the jackknife does not include this.

    References
    ----------
    J. G. MacKinnon, M. Ø. Nielsen, M. D. Webb (2023), Cluster-robust inference: a guide to empirical practice, Journal
    of Econometrics 232:272-299, https://doi.org/10.1016/j.jeconom.2022.04.001
    """
    usable = [(zone, control) for zone, control in changes if _has_events(zone) and _has_events(control)]
    if len(usable) < MIN_CLUSTERS:
        reason = f"{len(usable)} operations have events in zone and control, and {MIN_CLUSTERS} are needed to cluster by them"
        return undefined(NAME, unit="log ratio", reference=REFERENCE, note=reason, reason=Reason.TOO_FEW)
    table = np.array([[[change.before, change.after] for change in pair] for pair in usable], dtype=np.float64)
    try:
        value = _common_log_ratio(table)
        leave_one_out = np.array(
            [_common_log_ratio(np.delete(table, operation, axis=0)) for operation in range(len(usable))]
        )
    except DesignError as failure:
        note = str(failure).rstrip(".")
        return undefined(NAME, unit="log ratio", reference=REFERENCE, note=note, reason=Reason.NO_FIT)
    count = len(usable)
    error = math.sqrt((count - 1) / count * float(((leave_one_out - value) ** 2).sum()))
    intervals = tuple(
        Interval(value - multiplier * error, value + multiplier * error, level)
        for level in LEVELS
        for multiplier in (float(t_quantile(0.5 + level / 2, count - 1)),)
    )
    left_out_count = len(changes) - count
    note = f"errors clustered by {count} operations (jackknife, t with {count - 1})"
    note += f"; {left_out_count} without events left out" if left_out_count else ""
    p = 2 * float(t_survival(abs(value) / error, count - 1)) if error else math.nan
    return Estimate(NAME, value, error, "log ratio", REFERENCE, note, intervals=intervals, p=p)


def _has_events(change: Change) -> bool:
    return change.before + change.after > 0


def _common_log_ratio(table: NDArray[np.float64]) -> float:
    """Return the common log rate ratio of a table of shape (operations, zone or control, before or after)."""
    count = table.shape[0]
    constants = np.repeat(np.eye(count), 2, axis=0)
    is_after = np.tile([0.0, 1.0], count)
    zone, control = table[:, 0].ravel(), table[:, 1].ravel()
    has_events = zone + control > 0
    return float(
        share_fit(
            zone[has_events], control[has_events], np.column_stack([constants, is_after])[has_events]
        ).coefficients[-1]
    )
