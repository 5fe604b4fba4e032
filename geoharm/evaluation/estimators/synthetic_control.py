"""Synthetic control: a mixture of areas that followed the target before the operation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.design.control_selection import MIN_MONTHS
from geoharm.model.estimate import Estimate, undefined
from geoharm.stats.simplex_weights import simplex_weights

ABADIE = "https://doi.org/10.1198/jasa.2009.ap08746"


def synthetic_control_ratio(
    target: ArrayLike, donors: ArrayLike, *, before: int, dispersion: float = 1.0
) -> tuple[Estimate, NDArray[np.float64]]:
    r"""Return the log rate ratio against a mixture of donors that followed the target before, and the shares.

    Parameters
    ----------
    target : array_like, shape (months,)
    donors : array_like, shape (n, months)
        Without gaps. Donors without events before are given no share.
    before : int
        How many months, from the first, lie before the operation.
    dispersion : float
        Of all counts.

    Returns
    -------
    Estimate
        Its error takes the shares as known, and says so; use it as a second opinion.
    ndarray, shape (n,)
        Shares: zero or more, adding up to 1.

    Raises
    ------
    DesignError
        If shapes do not fit, months are missing, or fewer than 12 lie before.

    Notes
    -----
    Every donor is brought to the target's level before; shares w minimise the squared gap over the months before.
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
    early, late = float(y[:before].sum()), float(y[before:].sum())
    name = "log rate ratio against a synthetic control"
    if not usable.any() or not early or not late:
        note = "the target has a count of 0, or no donor has an event before"
        return undefined(name, unit="log ratio", reference=ABADIE, note=note), shares
    factor = np.zeros(table.shape[0])
    factor[usable] = early / table[usable, :before].sum(axis=1)
    scaled = table * factor[:, None]
    shares[usable] = simplex_weights(y[:before], scaled[usable, :before])
    mixture = shares @ scaled
    first, second = float(mixture[:before].sum()), float(mixture[before:].sum())
    if not second:
        return undefined(name, unit="log ratio", reference=ABADIE, note="the mixture has no event after"), shares
    squared = (shares * factor) ** 2
    variance = 1 / early + 1 / late
    variance += float(squared @ table[:, :before].sum(axis=1)) / first**2
    variance += float(squared @ table[:, before:].sum(axis=1)) / second**2
    value = math.log(late / early) - math.log(second / first)
    note = "the shares were fitted to the months before and are taken as known: the error is too small"
    return Estimate(name, value, math.sqrt(phi * variance), "log ratio", ABADIE, note), shares
