"""Did the pattern shift: two sets of counts by area, each as shares of its own total, compared area by area.

Wheeler, Steenbeek and Andresen (2018), Testing for similarity in area-based spatial patterns: alternative methods to
Andresen's spatial point pattern test, Transactions in GIS 22:760-774, https://doi.org/10.1111/tgis.12341
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from geoharm._validation import check_level, check_vector
from geoharm.errors import DesignError
from geoharm.hotspots.results.change import SimilarityTest
from geoharm.stats.false_discovery import false_discovery_adjusted

# Below this expected count the chi-square curve is rough.
_ENOUGH = 1.0


def similarity_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    dependence: Literal["positive", "any", "none"] = "any",
    continuity: bool = False,
    level: float = 0.05,
) -> SimilarityTest:
    r"""Return which areas hold another share of the second pattern than of the first, and how many do not.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Counts by area, the same areas in the same order.
    dependence : {"any", "positive", "none"}
        Correction for n tests: as in `false_discovery_adjusted`; "none" makes none. Shares add up to 1, so areas depend on each
        other negatively too, and "any" (Benjamini and Yekutieli) is what the authors take.
    continuity : bool
        Yates' chi-square instead: more cautious with few events; what the package crimepy takes.
    level : float

    Returns
    -------
    SimilarityTest
        Unlike the original resampling test, the same whichever pattern is called the first: swapping them only
        turns the signs.

    Raises
    ------
    DesignError
        If the counts differ in length, are not whole numbers of zero or more, or add up to nothing.

    Notes
    -----
    Each area's table (here, elsewhere) by (first, second) has

    .. math:: \chi^2 = \frac{(N - 1)(a d - b c)^2}{(a+b)(c+d)(a+c)(b+d)}

    the chi-square with N - 1 in place of N, on one degree of freedom. S is the share of areas that do not differ;
    areas empty in both are alike by emptiness alone, so the robust S leaves them out.
    """
    one, two, level = check_vector(first, "first"), check_vector(second, "second"), check_level(level)
    for counts in (one, two):
        if (counts < 0).any() or (counts != np.floor(counts)).any() or counts.sum() == 0:
            msg = "A pattern needs whole counts of zero or more, and at least one event; other numbers were given."
            raise DesignError(msg)
    if one.size != two.size:
        msg = f"Both patterns need one count for every area; {one.size} and {two.size} were given."
        raise DesignError(msg)
    p = _p_values(one, two, continuity=continuity)
    adjusted = p if dependence == "none" else false_discovery_adjusted(p, dependence=dependence)
    with np.errstate(invalid="ignore"):
        side = np.where(adjusted <= level, np.sign(two / two.sum() - one / one.sum()), 0).astype(np.int8)
    held = one + two > 0
    rough = held & ((one + two) * min(one.sum(), two.sum()) / (one.sum() + two.sum()) < _ENOUGH)
    note = (
        f"{int(rough.sum())} of {int(held.sum())} areas expect fewer than one event in the smaller pattern: they are "
        "too sparse to differ, and make S look high"
        if rough.any()
        else ""
    )
    return SimilarityTest(
        side=side,
        p=p,
        adjusted=adjusted,
        similarity=float((side == 0).mean()),
        robust_similarity=float((side[held] == 0).mean()),
        dependence=dependence,
        level=level,
        note=note,
    )


def _p_values(one: NDArray[np.float64], two: NDArray[np.float64], *, continuity: bool) -> NDArray[np.float64]:
    all_one, all_two = one.sum(), two.sum()
    both, every = one + two, all_one + all_two
    margins = both * (every - both) * all_one * all_two
    cross = one * (all_two - two) - two * (all_one - one)
    factor = every - 1
    if continuity:
        factor, cross = every, np.maximum(np.abs(cross) - every / 2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # An area that holds every event of both has no elsewhere to compare with.
        statistic = np.where(margins > 0, factor * cross**2 / margins, np.nan)
    return np.asarray(chi2.sf(statistic, 1), dtype=np.float64)
