"""Synthetic control: a weighted mean of areas that followed the target before the operation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.design.control_selection import MIN_MONTHS
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason
from geoharm.stats.simplex_weights import simplex_weights

ABADIE = "https://doi.org/10.1198/jasa.2009.ap08746"


def synthetic_control_ratio(
    target: ArrayLike, donors: ArrayLike, *, before: int, dispersion: float = 1.0
) -> tuple[Estimate, NDArray[np.float64]]:
    r"""Return the log rate ratio against a synthetic control, and the weights of its donor areas.

    Parameters
    ----------
    target : array_like, shape (months,)
        Monthly counts of the target.
    donors : array_like, shape (n, months)
        Monthly counts of the donor areas, without missing months. Donors without events before get weight 0.
    before : int
        Number of months before the operation; these are the first months of the series.
    dispersion : float
        Variance over mean of all counts.

    Returns
    -------
    ratio : Estimate
        Its error takes the weights as known, and its note says so. Use it as a robustness check.
    shares : ndarray, shape (n,)
        Weights of the donors: zero or more, with sum 1.

    Raises
    ------
    DesignError
        If shapes do not fit, months are missing, or there are fewer than 12 months before.

    Notes
    -----
    Every donor is scaled to the target's level before. The weights w minimise the squared difference over the months before.
    With :math:`S_t = \sum_i w_i \frac{\bar T_0}{\bar c_{i0}} c_{it}` the estimate is
    :math:`\log(T_1/T_0) - \log(S_1/S_0)`.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), https://doi.org/10.1198/jasa.2009.ap08746
    """
    y, table = np.asarray(target, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if y.ndim != 1 or table.ndim != 2 or table.shape[1:] != y.shape or not MIN_MONTHS <= before < y.size:
        msg = (
            f"A synthetic control needs donors of shape (n, {y.size}) and at least {MIN_MONTHS} months before; "
            f"{table.shape} and {before} were given."
        )
        raise DesignError(msg)
    phi = check_positive(dispersion, "dispersion")
    if not (np.isfinite(y).all() and np.isfinite(table).all()):
        msg = "A synthetic control needs every month of every series; leave out the months that one of them lacks."
        raise DesignError(msg)
    shares = np.zeros(table.shape[0])
    usable = table[:, :before].sum(axis=1) > 0
    target_before, target_after = float(y[:before].sum()), float(y[before:].sum())
    name = "log rate ratio against a synthetic control"
    if not usable.any() or not target_before or not target_after:
        note = "the target has a count of 0, or no donor has an event before"
        return undefined(name, unit="log ratio", reference=ABADIE, note=note, reason=Reason.ZERO_COUNT), shares
    factor = np.zeros(table.shape[0])
    factor[usable] = target_before / table[usable, :before].sum(axis=1)
    scaled = table * factor[:, None]
    shares[usable] = simplex_weights(y[:before], scaled[usable, :before])
    mixture = shares @ scaled
    mixture_before, mixture_after = float(mixture[:before].sum()), float(mixture[before:].sum())
    if not mixture_after:
        note = "the mixture has no event after"
        return undefined(name, unit="log ratio", reference=ABADIE, note=note, reason=Reason.ZERO_COUNT), shares
    squared = (shares * factor) ** 2
    variance = 1 / target_before + 1 / target_after
    variance += float(squared @ table[:, :before].sum(axis=1)) / mixture_before**2
    variance += float(squared @ table[:, before:].sum(axis=1)) / mixture_after**2
    value = math.log(target_after / target_before) - math.log(mixture_after / mixture_before)
    note = "the shares were fitted to the months before and are taken as known: the error is too small"
    return Estimate(name, value, math.sqrt(phi * variance), "log ratio", ABADIE, note), shares
