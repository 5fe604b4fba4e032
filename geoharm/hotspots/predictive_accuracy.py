"""Predictive accuracy of hotspots on a later period: hit rate, PAI, PEI and recapture rate index.

Chainey, Tompson and Uhlig (2008), https://doi.org/10.1057/palgrave.sj.8350066; Levine (2008), The "Hottest" part of a
hotspot, https://doi.org/10.1057/sj.2008.5; Hunt (2016), Do crime hot spots
move? (dissertation, American University)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.hotspots.results.accuracy import HotspotAccuracy, HotspotScore


def hotspot_accuracy(
    chosen: NDArray[np.bool_],
    earlier: NDArray[np.float64],
    later: NDArray[np.float64],
    *,
    inside: NDArray[np.bool_],
    name: str = "hotspots",
) -> HotspotAccuracy:
    r"""Return how well chosen cells predict the events of a later period, compared with two baselines of equal area.

    Parameters
    ----------
    chosen : ndarray of bool, shape (ny, nx)
        Cells of the hotspots, chosen without data of the later period.
    earlier, later : ndarray, shape (ny, nx)
        Events by cell in the period from which the cells were chosen, and in the later period.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area; events and chosen cells outside are left out.
    name : str
        Method by which the cells were chosen.

    Returns
    -------
    HotspotAccuracy

    Raises
    ------
    DesignError
        If shapes differ, or no cell of the study area is chosen.

    Notes
    -----
    .. math:: PAI = \frac{n / N}{a / A}, \qquad PEI = \frac{PAI}{PAI_{best}}, \qquad
        RRI = \frac{n / N}{n_0 / N_0}

    The best cells are those with most later events. The first baseline is the cells with most earlier events; ties are
    resolved from the south-west. The second baseline is a random choice of m of M cells. Its PAI has mean 1 and
    standard deviation :math:`(M / N) \sqrt{S^2 (1 - m/M) / m}`, with :math:`S^2` the variance of later events over
    cells (divided by M - 1).
    """
    shapes = {chosen.shape, earlier.shape, later.shape, inside.shape}
    if len(shapes) > 1:
        msg = f"Chosen cells, counts and mask need one shape; {', '.join(map(str, sorted(shapes)))} were given."
        raise DesignError(msg)
    is_chosen, earlier_counts, later_counts = chosen[inside].astype(np.bool_), earlier[inside], later[inside]
    chosen_count = int(is_chosen.sum())
    if chosen_count == 0:
        msg = "None of the chosen cells lies in the study area, so their accuracy cannot be computed."
        raise DesignError(msg)
    most_earlier = np.zeros(is_chosen.size, dtype=np.bool_)
    most_earlier[np.argsort(-earlier_counts, kind="stable")[:chosen_count]] = True
    total = float(later_counts.sum())
    variance_of_mean = float(later_counts.var(ddof=1)) * (1 - chosen_count / later_counts.size) / chosen_count
    pai_deviation = later_counts.size / total * math.sqrt(variance_of_mean) if total > 0 else math.nan
    return HotspotAccuracy(
        _score(name, is_chosen, earlier_counts, later_counts),
        _score("the cells with most earlier events", most_earlier, earlier_counts, later_counts),
        1.0,
        pai_deviation,
    )


def _score(
    name: str, is_chosen: NDArray[np.bool_], earlier_counts: NDArray[np.float64], later_counts: NDArray[np.float64]
) -> HotspotScore:
    chosen_count, area_share = int(is_chosen.sum()), float(is_chosen.mean())
    later_inside, later_total = float(later_counts[is_chosen].sum()), float(later_counts.sum())
    earlier_inside, earlier_total = float(earlier_counts[is_chosen].sum()), float(earlier_counts.sum())
    highest_possible = float(np.sort(later_counts)[::-1][:chosen_count].sum())
    notes = []
    if later_total == 0:
        notes.append("there are no later events")
    if earlier_inside == 0:
        notes.append("the chosen cells had no earlier event, so the recapture rate index is undefined")
    elif later_inside == 0:
        notes.append("the chosen cells had no later event")
    hit_rate = _ratio(later_inside, later_total)
    recapture = _ratio(hit_rate, _ratio(earlier_inside, earlier_total))
    return HotspotScore(
        name=name,
        cells=chosen_count,
        area_share=area_share,
        events=later_inside,
        hit_rate=hit_rate,
        pai=_ratio(hit_rate, area_share),
        pei=_ratio(later_inside, highest_possible),
        recapture_rate_index=recapture,
        predicted_over_observed=_ratio(earlier_inside, later_inside),
        share_of_cells_with_later_events=float((later_counts[is_chosen] > 0).mean()),
        note="; ".join(notes),
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
