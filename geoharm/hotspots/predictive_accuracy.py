"""Hotspots judged on a later period: hit rate, PAI, PEI, recapture; against last year's cells and blind choice.

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
    r"""Return how well chosen cells hold the events of a later period, beside two rivals of the same area.

    Parameters
    ----------
    chosen : ndarray of bool, shape (ny, nx)
        The hotspots' cells, picked without a look at the later period.
    earlier, later : ndarray, shape (ny, nx)
        Events by cell in the period the cells were chosen on and in the later one.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area; events and chosen cells outside take no part.
    name : str
        What chose the cells.

    Returns
    -------
    HotspotAccuracy

    Raises
    ------
    DesignError
        If shapes differ, or nothing is chosen.

    Notes
    -----
    .. math:: PAI = \frac{n / N}{a / A}, \qquad PEI = \frac{PAI}{PAI_{best}}, \qquad
        RRI = \frac{n / N}{n_0 / N_0}

    The best cells are chosen with the later events known. The plain rival takes the cells with most earlier events,
    ties from the south-west. Blind choice of m of M cells has mean PAI 1 and, with :math:`S^2` the variance of later
    events over cells (divided by M - 1), standard deviation :math:`(M / N) \sqrt{S^2 (1 - m/M) / m}`.
    """
    shapes = {chosen.shape, earlier.shape, later.shape, inside.shape}
    if len(shapes) > 1:
        msg = f"Chosen cells, counts and mask need one shape; {', '.join(map(str, sorted(shapes)))} were given."
        raise DesignError(msg)
    picked, old, new = chosen[inside].astype(np.bool_), earlier[inside], later[inside]
    m = int(picked.sum())
    if m == 0:
        msg = "None of the chosen cells lies in the study area, so there is nothing to judge."
        raise DesignError(msg)
    rival = np.zeros(picked.size, dtype=np.bool_)
    rival[np.argsort(-old, kind="stable")[:m]] = True
    total = float(new.sum())
    spread = float(new.var(ddof=1)) * (1 - m / new.size) / m
    deviation = new.size / total * math.sqrt(spread) if total > 0 else math.nan
    return HotspotAccuracy(
        _score(name, picked, old, new), _score("the cells with most earlier events", rival, old, new), 1.0, deviation
    )


def _score(name: str, picked: NDArray[np.bool_], old: NDArray[np.float64], new: NDArray[np.float64]) -> HotspotScore:
    m, share = int(picked.sum()), float(picked.mean())
    inside, total = float(new[picked].sum()), float(new.sum())
    was, all_old = float(old[picked].sum()), float(old.sum())
    best = float(np.sort(new)[::-1][:m].sum())
    notes = []
    if total == 0:
        notes.append("there are no later events")
    if was == 0:
        notes.append("the chosen cells held no earlier event, so nothing can be recaptured")
    elif inside == 0:
        notes.append("the chosen cells held no later event")
    hit = _over(inside, total)
    recapture = _over(hit, _over(was, all_old))
    return HotspotScore(
        name=name,
        cells=m,
        area_share=share,
        events=inside,
        hit_rate=hit,
        pai=_over(hit, share),
        pei=_over(inside, best),
        recapture_rate_index=recapture,
        predicted_over_observed=_over(was, inside),
        recaptured_cells=float((new[picked] > 0).mean()),
        note="; ".join(notes),
    )


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.nan
