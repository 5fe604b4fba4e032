"""How far a kernel should reach: four rules, each with its reason, and a floor below which there is only noise.

Every rule finds the bandwidth of a Gaussian and turns it into the one with which the chosen kernel smooths as much.
The two rules that search leave out one *place* at a time, with all its events: where events were moved to a list of
places, leaving out single events would reward a bandwidth of nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import nearest_hint
from geoharm.errors import DesignError
from geoharm.hotspots.density import numba_loops
from geoharm.hotspots.density.kernels import equivalent_bandwidth
from geoharm.hotspots.results.surface import Bandwidth
from geoharm.model.grid import BANDWIDTH_RULES
from geoharm.model.points import Points

_Sums = NDArray[np.float64]

_TERRELL = "https://doi.org/10.1080/01621459.1990.10476223"
_SCOTT = "https://doi.org/10.1002/9780470316849"
_DUIN = "https://doi.org/10.1109/TC.1976.1674577"
_BOWMAN = "https://doi.org/10.1093/biomet/71.2.353"
_MOST = 30_000  # places that a search compares with one another; of more, a sample
_STEP = 2 ** (1 / 4)
_BLOCK = 8  # bandwidths tried at a time; the search ends once the best lies half a block or more below the longest
_CUT = 6.0  # standard deviations of the wider Gaussian, beyond which a pair counts as nothing (1.5e-8 of a near one)


def choose_bandwidth(
    points: Points, wanted: float | str, *, kernel: str, cell: float, location_error: float = 0.0
) -> Bandwidth:
    """Return the bandwidth that was stated, or that a rule gives, raised to the floor if it lies below.

    Parameters
    ----------
    points : Points
    wanted : float or str
        Metres, or one of "oversmoothing", "normal scale", "likelihood", "least squares".
    kernel : str
    cell : float
        Metres. The floor is one cell, or twice the location error if that is more.
    location_error : float
        Typical distance in metres between a published and a true place.

    Raises
    ------
    DesignError
        If the rule is not known.
    """
    floor = max(cell, 2 * location_error)
    if not isinstance(wanted, str):
        found = Bandwidth(float(wanted), "stated", kernel)
    elif wanted in _RULES:
        found = _RULES[wanted](points, kernel=kernel, floor=floor)
    else:
        msg = f'The bandwidth rule "{wanted}" is not known; {nearest_hint(wanted, BANDWIDTH_RULES)}'
        raise DesignError(msg)
    if found.value >= floor:
        return found
    why = "twice the location error of the source" if floor > cell else "the size of a cell"
    note = f"raised from {found.value:,.0f} m to {why}"
    return replace(found, value=floor, note="; ".join(filter(None, (found.note, note))))


def oversmoothed_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the longest bandwidth that any density of the same spread could need: features that survive it are real.

    Parameters
    ----------
    points : Points
        A weight of 2 is the event twice.
    kernel : str
    floor : float
        Taken where all events are at one place.

    Notes
    -----
    In two dimensions, for a Gaussian, n events and the spread :math:`\sigma` (the smaller of standard deviation and
    interquartile range / 1.34, both averaged over the axes):

    .. math:: h = \sigma \left(\frac{2 R(K)}{n V}\right)^{1/6} = 1.085\, \sigma n^{-1/6}, \quad
       R(K) = \frac{1}{4\pi}, \quad V = \frac{16\,\Gamma(5) \cdot 2 \cdot 4}{10^4 \pi}

    References
    ----------
    Terrell (1990), https://doi.org/10.1080/01621459.1990.10476223.
    """
    constant = (2 / (4 * math.pi) / (16 * math.gamma(5) * 8 / (1e4 * math.pi))) ** (1 / 6)
    return _by_spread(points, kernel, floor, constant, "oversmoothing", _TERRELL)


def normal_scale_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the bandwidth that would be best if all events lay in one normal heap; far too long for several.

    Parameters
    ----------
    points, kernel, floor
        As of `oversmoothed_bandwidth`.

    Notes
    -----
    In two dimensions the rules of Scott and of Silverman are one: :math:`h = \sigma n^{-1/6}`.

    References
    ----------
    Scott (1992), Multivariate Density Estimation, https://doi.org/10.1002/9780470316849; Silverman (1986), section 4.3.
    """
    return _by_spread(points, kernel, floor, 1.0, "normal scale", _SCOTT)


def likelihood_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the bandwidth under which every place is best foretold by all others.

    Parameters
    ----------
    points, kernel
        As of `oversmoothed_bandwidth`.
    floor : float
        Metres: nothing shorter is tried.

    Notes
    -----
    It makes the mean log density largest, each place p with weight :math:`w_p` left out of its own:

    .. math:: \frac{1}{W} \sum_p w_p \log \frac{1}{W - w_p} \sum_{q \neq p} w_q \phi_h(x_p - x_q)

    References
    ----------
    Duin (1976), https://doi.org/10.1109/TC.1976.1674577.
    """
    return _by_search(points, kernel, floor, _likelihood_score, "likelihood", _DUIN)


def least_squares_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the bandwidth with the least squared error, estimated without the truth.

    Parameters
    ----------
    points, kernel, floor
        As of `likelihood_bandwidth`.

    Notes
    -----
    It makes this smallest (the curve holds its negative), places left out as in `likelihood_bandwidth`:

    .. math:: \int \hat f^2 - \frac{2}{W} \sum_p w_p \hat f_{-p}(x_p)

    References
    ----------
    Bowman (1984), https://doi.org/10.1093/biomet/71.2.353.
    """
    return _by_search(points, kernel, floor, _least_squares_score, "least squares", _BOWMAN)


def _likelihood_score(points: Points, near: _Sums, _wide: _Sums, h: _Sums) -> _Sums:
    density = near - np.log(points.total - points.weight)[:, None] - np.log(2 * math.pi * h**2)
    return np.asarray(points.weight @ density / points.total)


def _least_squares_score(points: Points, near: _Sums, wide: _Sums, h: _Sums) -> _Sums:
    weight, total = points.weight, points.total
    squared = (weight @ (wide + weight[:, None])) / (total**2 * 4 * math.pi * h**2)
    cross = (weight / (total - weight)) @ np.exp(near) / (total * 2 * math.pi * h**2)
    return np.asarray(2 * cross - squared)


_RULES: dict[str, Callable[..., Bandwidth]] = {
    "oversmoothing": oversmoothed_bandwidth,
    "normal scale": normal_scale_bandwidth,
    "likelihood": likelihood_bandwidth,
    "least squares": least_squares_bandwidth,
}
_Score = Callable[[Points, _Sums, _Sums, _Sums], _Sums]


def _by_spread(points: Points, kernel: str, floor: float, constant: float, rule: str, reference: str) -> Bandwidth:
    spread = _spread(points)
    if spread == 0:
        return _least(kernel, floor, rule, reference, "all events are at one place, so the shortest bandwidth is taken")
    value = constant * spread * points.total ** (-1 / 6)
    return Bandwidth(equivalent_bandwidth(value, kernel="gaussian", to=kernel), rule, kernel, reference)


def _spread(points: Points) -> float:
    """Return the smaller of two measures of spread, each averaged over the axes; 0 if nothing is spread."""
    if points.total == 0:
        return 0.0
    variances, ranges = [], []
    for values in (points.x, points.y):
        mean = float(np.average(values, weights=points.weight))
        variances.append(float(np.average((values - mean) ** 2, weights=points.weight)))
        low, high = np.quantile(values, [0.25, 0.75], weights=points.weight, method="inverted_cdf")
        ranges.append(float(high - low))
    deviation, quartiles = math.sqrt(sum(variances) / 2), sum(ranges) / 2 / 1.34
    return min(deviation, quartiles) if quartiles > 0 else deviation


def _least(kernel: str, floor: float, rule: str, reference: str, why: str) -> Bandwidth:
    if floor <= 0:
        msg = f'No bandwidth can be found by the rule "{rule}": {why}. State one in metres.'
        raise DesignError(msg)
    return Bandwidth(floor, rule, kernel, reference, why)


def _by_search(points: Points, kernel: str, floor: float, score: _Score, rule: str, reference: str) -> Bandwidth:
    held = np.flatnonzero(points.weight > 0)
    every = -(-held.size // _MOST) if held.size > _MOST else 1
    if every > 1:
        held = held[np.lexsort((points.y[held], points.x[held]))][every // 2 :: every]
    total = points.total
    points = Points(points.x[held], points.y[held], points.weight[held])
    # The best bandwidth falls with the sixth root of the number of events.
    shorter = (points.total / total) ** (1 / 6) if every > 1 else 1.0
    longest = oversmoothed_bandwidth(points, kernel="gaussian", floor=max(floor, 1.0)).value
    shortest = max(equivalent_bandwidth(floor, kernel=kernel, to="gaussian"), longest / 50)
    if len(points) < 3 or shortest >= longest:
        few = "fewer than three places" if len(points) < 3 else "the longest bandwidth worth trying is below the floor"
        return _least(kernel, floor, rule, reference, f"{few}, so the shortest bandwidth is taken")
    tried, heights = np.empty(0), np.empty(0)
    while tried.size == 0 or (tried[-1] < 1.5 * longest and int(np.argmax(heights)) >= tried.size - _BLOCK // 2):
        block = shortest * np.float64(_STEP) ** np.arange(tried.size, tried.size + _BLOCK)
        tried = np.concatenate([tried, block])
        heights = np.concatenate([heights, score(points, *_leave_out(points, block), block)])
    best = int(np.argmax(heights))
    value, note = float(tried[best]), ""
    if 0 < best < tried.size - 1:
        # The top of the parabola through the best and its neighbours, in the logarithm of the bandwidth.
        left, middle, right = heights[best - 1 : best + 2]
        value *= _STEP ** (0.5 * (left - right) / (left - 2 * middle + right))
    else:
        end = "shortest" if best == 0 else "longest"
        note = f"the criterion is best at the {end} bandwidth tried, so it found no inner optimum"
    if every > 1:
        sample = f"searched on one place in {every}, from west to east, and shortened for the number of events"
        note = "; ".join(filter(None, (note, sample)))
    curve = tuple(
        (equivalent_bandwidth(float(h) * shorter, kernel="gaussian", to=kernel), float(height))
        for h, height in zip(tried, heights, strict=True)
    )
    return Bandwidth(
        equivalent_bandwidth(value * shorter, kernel="gaussian", to=kernel), rule, kernel, reference, note, curve
    )


def _leave_out(points: Points, tried: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two sums over all other places q of each place p, shape (n, tried).

    The log of the sum of w_q exp(-d2 / 2h2), and the sum of w_q exp(-d2 / 4h2).
    """
    order = np.argsort(points.x, kind="stable")
    x, y, weight = points.x[order], points.y[order], points.weight[order]
    near, wide = np.zeros((x.size, tried.size)), np.zeros((x.size, tried.size))

    def work(span: tuple[int, int]) -> None:
        numba_loops.leave_out(x, y, weight, tried, _CUT * math.sqrt(2.0), *span, near, wide)

    numba_loops.run_in_threads(work, itertools.pairwise([*range(0, x.size, 500), x.size]))
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return near[back], wide[back]
