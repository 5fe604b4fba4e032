"""Multiple testing: p-values adjusted for the false discovery rate (Benjamini-Hochberg, Benjamini-Yekutieli).

Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x; Benjamini and Yekutieli (2001),
https://doi.org/10.1214/aos/1013699998; for maps, Caldas de Castro and Singer (2006),
https://doi.org/10.1111/j.0016-7363.2006.00682.x
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError


def false_discovery_adjusted(
    p: ArrayLike, *, dependence: Literal["positive", "any"] = "positive"
) -> NDArray[np.float64]:
    """Return the false-discovery-rate adjusted p-value of every test.

    If all tests with an adjusted value of at most 0.05 are flagged, the expected share of false positives among the
    flagged tests is at most 0.05.

    Parameters
    ----------
    p : array_like
        P-values, any shape; NaN where nothing was tested. NaN values are left out of the adjustment.
    dependence : {"positive", "any"}
        "positive" is Benjamini and Hochberg's step-up rule, which is valid for independent tests and for positively
        correlated ones, such as neighbours that share data. "any" is Benjamini and Yekutieli's rule, which is valid
        under any dependence and stricter by the factor ``1 + 1/2 + ... + 1/m``.

    Returns
    -------
    ndarray
        The shape of `p`; NaN where `p` is.

    Raises
    ------
    DesignError
        If a value lies outside 0 to 1.

    Examples
    --------
    >>> false_discovery_adjusted([0.01, 0.02, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.04, 0.04, 0.5]
    """
    values = np.array(p, dtype=np.float64)
    tested = np.isfinite(values)
    if ((values[tested] < 0) | (values[tested] > 1)).any():
        msg = "P-values lie between 0 and 1; others were given."
        raise DesignError(msg)
    if tested.any():
        from scipy.stats import false_discovery_control  # noqa: PLC0415 -- scipy.stats is slow to import

        method = "bh" if dependence == "positive" else "by"
        values[tested] = false_discovery_control(values[tested], method=method)
    return values
