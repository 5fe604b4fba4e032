"""How unusual a number is among those of places and dates where nothing was done."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

LEAST_PLACEBOS = 19


def randomisation_p(observed: float, placebos: ArrayLike) -> float:
    r"""Return the two-sided share of placebo estimates at least as far from their middle, the observed one included.

    Parameters
    ----------
    observed : float
    placebos : array_like, shape (n,)
        Estimates made in the same way where nothing was done; undefined ones (NaN) are left out.

    Returns
    -------
    float
        NaN with fewer than 19 defined placebos, which could not even reach 0.05, or if `observed` is undefined.

    Notes
    -----
    :math:`p = \frac{1 + \#\{|\theta_j - m| \ge |\theta - m|\}}{1 + n}` with m the median of all n + 1 estimates, so that
    a drift shared by all places does not count as an effect of one.

    References
    ----------
    Fisher (1935); MacKinnon and Webb (2020), Randomization inference for difference-in-differences with few treated
    clusters, Journal of Econometrics 218:435-450, https://doi.org/10.1016/j.jeconom.2020.04.024

    Examples
    --------
    >>> randomisation_p(-2.0, [x / 10 for x in range(-9, 10)])
    0.05
    """
    drawn = np.asarray(placebos, dtype=np.float64)
    drawn = drawn[np.isfinite(drawn)]
    if drawn.size < LEAST_PLACEBOS or not math.isfinite(observed):
        return math.nan
    middle = float(np.median(np.append(drawn, observed)))
    return float((1 + (np.abs(drawn - middle) >= abs(observed - middle)).sum()) / (1 + drawn.size))
