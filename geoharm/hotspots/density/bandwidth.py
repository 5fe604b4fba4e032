"""Choice of the bandwidth: four rules, and a minimum below which a surface shows only noise.

Every rule computes the bandwidth of a Gaussian kernel and converts it to the equivalent bandwidth of the chosen kernel.
No rule depends on the direction of the axes, and one far event among thousands hardly moves any.

Two rules use cross-validation. They leave out one *place* at a time, with all its events. If many events share a place
and single events were left out, the best bandwidth would be near 0.
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
from geoharm.model.kernel_choices import BANDWIDTH_RULES
from geoharm.model.points import Points
from geoharm.stats.robust_covariance import is_singular, robust_covariance

_Sums = NDArray[np.float64]

_TERRELL = "https://doi.org/10.1080/01621459.1990.10476223"
_SCOTT = "https://doi.org/10.1002/9780470316849"
_WU = "https://doi.org/10.1080/07350015.2018.1424633"
_BOWMAN = "https://doi.org/10.1093/biomet/71.2.353"
_MOST_PLACES = 30_000  # places that a search compares pairwise; if there are more, a sample is used
_OVERSMOOTHING = (2 / (4 * math.pi) / (16 * math.gamma(5) * 8 / (1e4 * math.pi))) ** (1 / 6)
_STEP = 2 ** (1 / 4)
_BATCH_SIZE = 8  # bandwidths tried at a time; the search ends if the best is at least half a batch below the longest
# Pairs farther apart than this many standard deviations of the wider Gaussian count as 0 (1.5e-8 of the peak).
_CUTOFF = 6.0


def choose_bandwidth(
    points: Points, setting: float | str, *, kernel: str, cell: float, location_error: float = 0.0
) -> Bandwidth:
    """Return the stated bandwidth, or the bandwidth by a rule, raised to the minimum if it is below.

    Parameters
    ----------
    points : Points
        The events.
    setting : float or str
        A bandwidth in metres, or one of the rules "oversmoothing", "normal scale", "likelihood", "least squares".
    kernel : str
        One of `KERNELS`.
    cell : float
        Size of a cell in metres. The minimum is the size of a cell, or twice the location error if that is larger.
    location_error : float
        Typical distance in metres between a published location and the true location.

    Returns
    -------
    Bandwidth
        With a note if it was raised to the minimum.

    Raises
    ------
    DesignError
        If the rule is not known.
    """
    floor = max(cell, 2 * location_error)
    if not isinstance(setting, str):
        bandwidth = Bandwidth(float(setting), "stated", kernel)
    elif setting in _RULES:
        bandwidth = _RULES[setting](points, kernel=kernel, floor=floor)
    else:
        msg = f'The bandwidth rule "{setting}" is not known; {nearest_hint(setting, BANDWIDTH_RULES)}'
        raise DesignError(msg)
    if bandwidth.value >= floor:
        return bandwidth
    reason = "twice the location error of the source" if floor > cell else "the size of a cell"
    note = f"raised from {bandwidth.value:,.0f} m to {reason}"
    return replace(bandwidth, value=floor, note="; ".join(filter(None, (bandwidth.note, note))))


def oversmoothed_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the oversmoothing bandwidth (Terrell), the longest that is useful for events with the given spread.

    Parameters
    ----------
    points : Points
        The events; a weight of 2 counts as two events, and rows of the same place as one place.
    kernel : str
        One of `KERNELS`.
    floor : float
        Minimum in metres, returned if all events are at one place or on one line.

    Notes
    -----
    In two dimensions, for a Gaussian, n events and the spread :math:`\sigma`, the geometric mean of the standard
    deviations along the two main directions, :math:`\sigma = |\Sigma|^{1/4}` with :math:`\Sigma` from
    `geoharm.stats.robust_covariance`:

    .. math:: h = \sigma \left(\frac{2 R(K)}{n V}\right)^{1/6} = 1.085\, \sigma n^{-1/6}, \quad
       R(K) = \frac{1}{4\pi}, \quad V = \frac{16\,\Gamma(5) \cdot 2 \cdot 4}{10^4 \pi}

    References
    ----------
    Terrell (1990), https://doi.org/10.1080/01621459.1990.10476223.
    """
    return _by_spread(points, kernel, floor, _OVERSMOOTHING, "oversmoothing", _TERRELL)


def normal_scale_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the normal scale bandwidth, the best one for a normal distribution; too long for several clusters.

    Parameters
    ----------
    points, kernel, floor
        As in `oversmoothed_bandwidth`.

    Notes
    -----
    In two dimensions the rules of Scott and of Silverman are the same: :math:`h = \sigma n^{-1/6}`. Of a normal that is
    wider in one direction, the best kernel is an ellipse; h is the radius of the circle with its area.

    References
    ----------
    Scott (1992), Multivariate Density Estimation, https://doi.org/10.1002/9780470316849; Silverman (1986), section 4.3.
    """
    return _by_spread(points, kernel, floor, 1.0, "normal scale", _SCOTT)


def likelihood_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the bandwidth by likelihood cross-validation: each place is best predicted from all other places.

    Parameters
    ----------
    points, kernel
        As in `oversmoothed_bandwidth`.
    floor : float
        Minimum in metres; shorter bandwidths are not tried.

    Notes
    -----
    It maximises the mean log density, where each place p with weight :math:`w_p` is left out of its own density:

    .. math:: \frac{1}{W} \sum_p w_p \ell(\hat f_{-p}), \qquad
       \hat f_{-p} = \frac{1}{W - w_p} \sum_{q \neq p} w_q \phi_h(x_p - x_q)

    With :math:`\ell = \log`, a single far place would decide. So below the density a, which the rarest of n normal places
    is expected to have, the logarithm goes on as a line: :math:`\ell(f) = \log a - 1 + f / a`, with
    :math:`a = 1 / (2 \pi \sigma^2 n)` and :math:`\sigma^2` the mean variance of both axes. Wu's correction for the mass
    below a, at most 1 / n of a normal, is left out.

    References
    ----------
    Duin (1976), https://doi.org/10.1109/TC.1976.1674577; Wu (2019), Robust likelihood cross-validation for kernel density
    estimation, https://doi.org/10.1080/07350015.2018.1424633.
    """
    return _by_search(points, kernel, floor, _likelihood_score, "likelihood", _WU)


def least_squares_bandwidth(points: Points, *, kernel: str = "quartic", floor: float = 0.0) -> Bandwidth:
    r"""Return the bandwidth by least-squares cross-validation: the smallest estimated integrated squared error.

    Parameters
    ----------
    points, kernel, floor
        As in `likelihood_bandwidth`.

    Notes
    -----
    It minimises the following criterion, with places left out as in `likelihood_bandwidth`. The curve of the result
    contains its negative.

    .. math:: \int \hat f^2 - \frac{2}{W} \sum_p w_p \hat f_{-p}(x_p)

    References
    ----------
    Bowman (1984), https://doi.org/10.1093/biomet/71.2.353.
    """
    return _by_search(points, kernel, floor, _least_squares_score, "least squares", _BOWMAN)


def _likelihood_score(points: Points, log_sums: _Sums, _wide_sums: _Sums, h: _Sums) -> _Sums:
    log_density = log_sums - np.log(points.total - points.weight)[:, None] - np.log(2 * math.pi * h**2)
    log_rarest = -math.log(2 * math.pi * _mean_variance(points) * len(points))
    excess = log_density - log_rarest
    score = np.where(excess >= 0, log_density, log_rarest - 1 + np.exp(np.minimum(excess, 0)))
    return np.asarray(points.weight @ score / points.total)


def _least_squares_score(points: Points, log_sums: _Sums, wide_sums: _Sums, h: _Sums) -> _Sums:
    weight, total = points.weight, points.total
    integral_of_square = (weight @ (wide_sums + weight[:, None])) / (total**2 * 4 * math.pi * h**2)
    mean_left_out = (weight / (total - weight)) @ np.exp(log_sums) / (total * 2 * math.pi * h**2)
    return np.asarray(2 * mean_left_out - integral_of_square)


_RULES: dict[str, Callable[..., Bandwidth]] = {
    "oversmoothing": oversmoothed_bandwidth,
    "normal scale": normal_scale_bandwidth,
    "likelihood": likelihood_bandwidth,
    "least squares": least_squares_bandwidth,
}
_Score = Callable[[Points, _Sums, _Sums, _Sums], _Sums]


def _by_spread(points: Points, kernel: str, floor: float, constant: float, rule: str, reference: str) -> Bandwidth:
    points = points.merged()
    covariance = robust_covariance(points.x, points.y, points.weight)
    if is_singular(covariance):
        return _floor_bandwidth(
            kernel, floor, rule, reference, f"{_crowding(points)}, so the shortest bandwidth is taken"
        )
    spread = float(np.linalg.det(covariance)) ** (1 / 4)
    value = constant * spread * points.total ** (-1 / 6)
    return Bandwidth(equivalent_bandwidth(value, kernel="gaussian", to_kernel=kernel), rule, kernel, reference)


def _crowding(points: Points) -> str:
    """Return why the events of distinct places have no spread."""
    places = int((points.weight > 0).sum())
    if places == 0:
        return "there are no events"
    return "all events are at one place" if places == 1 else "all or nearly all events are on one line"


def _mean_variance(points: Points) -> float:
    """Return the robust variance averaged over two axes: above 0 also where all places are on one line."""
    return float(np.trace(robust_covariance(points.x, points.y, points.weight))) / 2


def _floor_bandwidth(kernel: str, floor: float, rule: str, reference: str, reason: str) -> Bandwidth:
    if floor <= 0:
        msg = f'No bandwidth can be found by the rule "{rule}": {reason}. State one in metres.'
        raise DesignError(msg)
    return Bandwidth(floor, rule, kernel, reference, reason)


def _by_search(points: Points, kernel: str, floor: float, score: _Score, rule: str, reference: str) -> Bandwidth:
    points = points.merged()
    used = np.flatnonzero(points.weight > 0)
    sampling_interval = -(-used.size // _MOST_PLACES) if used.size > _MOST_PLACES else 1
    if sampling_interval > 1:
        used = used[np.argsort(_distance_from_centre(points)[used], kind="stable")]
        used = used[sampling_interval // 2 :: sampling_interval]
    total_weight = points.total
    points = Points(points.x[used], points.y[used], points.weight[used])
    # The best bandwidth is proportional to the number of events to the power of -1/6.
    shortening = (points.total / total_weight) ** (1 / 6) if sampling_interval > 1 else 1.0
    longest = _OVERSMOOTHING * math.sqrt(_mean_variance(points)) * points.total ** (-1 / 6) if len(points) else 0.0
    shortest = max(equivalent_bandwidth(floor, kernel=kernel, to_kernel="gaussian"), longest / 50)
    if len(points) < 3 or shortest >= longest:
        reason = "fewer than three places" if len(points) < 3 else "the longest useful bandwidth is below the minimum"
        return _floor_bandwidth(kernel, floor, rule, reference, f"{reason}, so the shortest bandwidth is taken")
    tried, criterion = np.empty(0), np.empty(0)
    while tried.size == 0 or (tried[-1] < 1.5 * longest and int(np.argmax(criterion)) >= tried.size - _BATCH_SIZE // 2):
        new_bandwidths = shortest * np.float64(_STEP) ** np.arange(tried.size, tried.size + _BATCH_SIZE)
        tried = np.concatenate([tried, new_bandwidths])
        criterion = np.concatenate(
            [criterion, score(points, *_leave_one_out_sums(points, new_bandwidths), new_bandwidths)]
        )
    best = int(np.argmax(criterion))
    value, note = float(tried[best]), ""
    if 0 < best < tried.size - 1:
        # Maximum of the parabola through the best point and its neighbours, in the logarithm of the bandwidth.
        left, middle, right = criterion[best - 1 : best + 2]
        value *= _STEP ** (0.5 * (left - right) / (left - 2 * middle + right))
    else:
        end = "shortest" if best == 0 else "longest"
        note = f"the criterion is best at the {end} bandwidth tried, so a better one may lie beyond it"
    if sampling_interval > 1:
        sample_note = f"computed from one place in {sampling_interval}, from the centre outwards, and shortened for the number of all events"
        note = "; ".join(filter(None, (note, sample_note)))
    curve = tuple(
        (equivalent_bandwidth(float(h) * shortening, kernel="gaussian", to_kernel=kernel), float(value_of_criterion))
        for h, value_of_criterion in zip(tried, criterion, strict=True)
    )
    return Bandwidth(
        equivalent_bandwidth(value * shortening, kernel="gaussian", to_kernel=kernel),
        rule,
        kernel,
        reference,
        note,
        curve,
    )


def _distance_from_centre(points: Points) -> NDArray[np.float64]:
    """Return the distance in metres of each place from the mean of all events."""
    east, north = (float(np.average(values, weights=points.weight)) for values in (points.x, points.y))
    return np.hypot(points.x - east, points.y - north)


def _leave_one_out_sums(
    points: Points, bandwidths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each place p, two sums over all other places q, both of shape (n, bandwidths).

    The first is the log of the sum of w_q exp(-d2 / 2h2), minus infinity for a place without another within
    `_CUTOFF` bandwidths, the second the sum of w_q exp(-d2 / 4h2).
    """
    order = np.argsort(points.x, kind="stable")
    x, y, weight = points.x[order], points.y[order], points.weight[order]
    log_sums, wide_sums = np.zeros((x.size, bandwidths.size)), np.zeros((x.size, bandwidths.size))

    def work(span: tuple[int, int]) -> None:
        numba_loops.leave_out(x, y, weight, bandwidths, _CUTOFF * math.sqrt(2.0), *span, log_sums, wide_sums)

    numba_loops.run_in_threads(work, itertools.pairwise([*range(0, x.size, 500), x.size]))
    original_order = np.empty_like(order)
    original_order[order] = np.arange(order.size)
    return log_sums[original_order], wide_sums[original_order]
