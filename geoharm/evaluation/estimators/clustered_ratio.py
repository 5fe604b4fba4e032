"""One regression over many operations, its errors clustered by operation; refused below ten of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from geoharm.errors import DesignError
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval, undefined
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
        Counts before and after, one pair an operation, each over its own windows.

    Returns
    -------
    Estimate
        Negative means fewer. Undefined, with the reason, below ten operations that have events in both.

    Notes
    -----
    :math:`E[y_{jzt}] = \exp(a_{jz} + g_{jt} + \delta x_{zt})` for operation j, zone or control z, before or after t:
    every operation is compared with its own control over its own dates only, so that different dates do no harm.
    Months within a window add nothing (their sums are sufficient), and the effects g drop out given the sums of zone
    and control: a binomial regression with a constant an operation. The error is the cluster jackknife,

    .. math:: V = \frac{J - 1}{J} \sum_j (\hat\delta_{(j)} - \hat\delta)^2

    with each operation left out in turn, and t with J - 1: among cluster-robust errors the one that holds its level
    with ten clusters or so, where the usual sandwich is too small. One effect is meant for all operations, and large
    ones weigh more; operations that share a control share its noise, which no leaving out of operations shows.

    References
    ----------
    J. G. MacKinnon, M. Ø. Nielsen, M. D. Webb (2023), Cluster-robust inference: a guide to empirical practice, Journal
    of Econometrics 232:272-299, https://doi.org/10.1016/j.jeconom.2022.04.001
    """
    used = [(zone, control) for zone, control in changes if _tells(zone) and _tells(control)]
    if len(used) < MIN_CLUSTERS:
        why = (
            f"{len(used)} operations have events in zone and control, and {MIN_CLUSTERS} are needed to cluster by them"
        )
        return undefined(NAME, unit="log ratio", reference=REFERENCE, note=why)
    table = np.array([[[one.before, one.after] for one in pair] for pair in used], dtype=np.float64)
    try:
        value = _common(table)
        without = np.array([_common(np.delete(table, place, axis=0)) for place in range(len(used))])
    except DesignError as why_not:
        return undefined(NAME, unit="log ratio", reference=REFERENCE, note=str(why_not).rstrip("."))
    count = len(used)
    error = math.sqrt((count - 1) / count * float(((without - value) ** 2).sum()))
    spans = tuple(
        Interval(value - reach * error, value + reach * error, level)
        for level in LEVELS
        for reach in (float(student.ppf(0.5 + level / 2, count - 1)),)
    )
    left = len(changes) - count
    note = f"errors clustered by {count} operations (jackknife, t with {count - 1})"
    note += f"; {left} without events left out" if left else ""
    p = 2 * float(student.sf(abs(value) / error, count - 1)) if error else math.nan
    return Estimate(NAME, value, error, "log ratio", REFERENCE, note, intervals=spans, p=p)


def _tells(change: Change) -> bool:
    return change.before + change.after > 0


def _common(table: NDArray[np.float64]) -> float:
    """Return the common log ratio; shape (operations, zone or control, before or after)."""
    count = table.shape[0]
    constants = np.repeat(np.eye(count), 2, axis=0)
    later = np.tile([0.0, 1.0], count)
    zone, control = table[:, 0].ravel(), table[:, 1].ravel()
    kept = zone + control > 0
    return float(share_fit(zone[kept], control[kept], np.column_stack([constants, later])[kept]).coefficients[-1])
