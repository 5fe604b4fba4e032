"""Randomisation p-value: an estimate compared with placebo estimates, made where and when there was no operation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

MIN_PLACEBOS = 19


def randomisation_p(observed: float, placebos: ArrayLike) -> float:
    r"""Return the share of placebo estimates at least as far from the median as the observed one (two-sided p-value).

    Parameters
    ----------
    observed : float
        The estimate of the operation.
    placebos : array_like, shape (n,)
        Estimates made in the same way where there was no operation; undefined ones (NaN) are left out.

    Returns
    -------
    float
        NaN if `observed` is undefined, or if fewer than 19 placebos are defined: p could then not reach 0.05.

    Notes
    -----
    :math:`p = \frac{1 + \#\{|\theta_j - m| \ge |\theta - m|\}}{1 + n}` with m the median of all n + 1 estimates, so
    that a change shared by all places does not count as an effect in one of them.

    References
    ----------
    Fisher (1935); MacKinnon and Webb (2020), Randomization inference for difference-in-differences with few treated
    clusters, Journal of Econometrics 218:435-450, https://doi.org/10.1016/j.jeconom.2020.04.024

    Examples
    --------
    >>> randomisation_p(-2.0, [x / 10 for x in range(-9, 10)])
    0.05
    """
    defined = np.asarray(placebos, dtype=np.float64)
    defined = defined[np.isfinite(defined)]
    if defined.size < MIN_PLACEBOS or not math.isfinite(observed):
        return math.nan
    median = float(np.median(np.append(defined, observed)))
    return float((1 + (np.abs(defined - median) >= abs(observed - median)).sum()) / (1 + defined.size))
