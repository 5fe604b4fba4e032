"""Similarity of two spatial patterns: the shares of two sets of counts, compared area by area.

Wheeler, Steenbeek and Andresen (2018), Testing for similarity in area-based spatial patterns: alternative methods to
Andresen's spatial point pattern test, Transactions in GIS 22:760-774, https://doi.org/10.1111/tgis.12341
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_level, check_vector
from geoharm.errors import DesignError
from geoharm.hotspots.results.change import SimilarityTest
from geoharm.stats.distributions import chi2_survival
from geoharm.stats.false_discovery import false_discovery_adjusted

# Below this expected count the chi-square approximation is poor.
_LEAST_EXPECTED = 1.0


def similarity_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    dependence: Literal["positive", "any", "none"] = "any",
    continuity: bool = False,
    level: float = 0.05,
) -> SimilarityTest:
    r"""Return the areas whose share differs between two patterns, and the share of areas without a difference.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Counts by area, the same areas in the same order.
    dependence : {"any", "positive", "none"}
        Correction for n tests, as in `false_discovery_adjusted`; "none" is no correction. Shares add up to 1, so areas
        are also negatively correlated. Therefore the authors use "any" (Benjamini and Yekutieli).
    continuity : bool
        If True, Yates' chi-square is used, as in the package crimepy. It is more conservative with few events.
    level : float
        Adjusted p-value up to which an area differs.

    Returns
    -------
    SimilarityTest
        Unlike in the original resampling test, the order of the patterns does not matter: exchanging them only
        changes the signs.

    Raises
    ------
    DesignError
        If the counts differ in length, are not whole numbers of zero or more, or add up to nothing.

    Notes
    -----
    The table of each area, (this area, all others) by (first, second), has

    .. math:: \chi^2 = \frac{(N - 1)(a d - b c)^2}{(a+b)(c+d)(a+c)(b+d)}

    the chi-square with N - 1 in place of N, with one degree of freedom. S is the share of areas that do not differ.
    Areas that are empty in both patterns can never differ, so the robust S leaves them out.
    """
    first_counts, second_counts, level = (
        check_vector(first, "first"),
        check_vector(second, "second"),
        check_level(level),
    )
    for counts in (first_counts, second_counts):
        if (counts < 0).any() or (counts != np.floor(counts)).any() or counts.sum() == 0:
            msg = "A pattern needs whole counts of zero or more, and at least one event; other numbers were given."
            raise DesignError(msg)
    if first_counts.size != second_counts.size:
        msg = f"Both patterns need one count for every area; {first_counts.size} and {second_counts.size} were given."
        raise DesignError(msg)
    p = _p_values(first_counts, second_counts, continuity=continuity)
    adjusted = p if dependence == "none" else false_discovery_adjusted(p, dependence=dependence)
    with np.errstate(invalid="ignore"):
        side = np.where(
            adjusted <= level, np.sign(second_counts / second_counts.sum() - first_counts / first_counts.sum()), 0
        ).astype(np.int8)
    not_empty = first_counts + second_counts > 0
    is_sparse = not_empty & (
        (first_counts + second_counts)
        * min(first_counts.sum(), second_counts.sum())
        / (first_counts.sum() + second_counts.sum())
        < _LEAST_EXPECTED
    )
    note = (
        f"{int(is_sparse.sum())} of {int(not_empty.sum())} areas have an expected count below one in the smaller pattern: "
        "with so few events no difference can be found, so S tends to be too high"
        if is_sparse.any()
        else ""
    )
    return SimilarityTest(
        side=side,
        p=p,
        adjusted=adjusted,
        similarity=float((side == 0).mean()),
        robust_similarity=float((side[not_empty] == 0).mean()),
        dependence=dependence,
        level=level,
        note=note,
    )


def _p_values(first: NDArray[np.float64], second: NDArray[np.float64], *, continuity: bool) -> NDArray[np.float64]:
    first_total, second_total = first.sum(), second.sum()
    area_totals, total = first + second, first_total + second_total
    margin_product = area_totals * (total - area_totals) * first_total * second_total
    cross_difference = first * (second_total - second) - second * (first_total - first)
    factor = total - 1
    if continuity:
        factor, cross_difference = total, np.maximum(np.abs(cross_difference) - total / 2, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # If one area has all events of both patterns, there are no other areas to compare it with.
        statistic = np.where(margin_product > 0, factor * cross_difference**2 / margin_product, np.nan)
    return chi2_survival(statistic, 1)
