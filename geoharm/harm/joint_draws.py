"""Joint random draws of the effects on several measures, with their correlation."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.results.bounded import BoundedEffect
from geoharm.harm.results.net_harm import JointEffects
from geoharm.model.effect import Effect
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure
from geoharm.model.reason import Note
from geoharm.stats.distributions import normal_quantile

DRAWS = 8192
INTERVAL_LEVEL = 0.95
# Smallest number of common places from which the correlation of two measures is learned, and what is taken without it.
MIN_SHARED_PLACES = 20
_UNKNOWN_CORRELATION = 0.5
LEAD_LEVEL = 0.8
_NORMAL = NormalDist()
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeasureCorrelation:
    """Correlation between the changes of several measures.

    Attributes
    ----------
    matrix : ndarray, shape (m, m)
        Correlation matrix of the m measures.
    places : int
        Smallest number of places without an operation from which a correlation was estimated; 0 if none was.
    """

    matrix: Floats
    places: int


def error_correlation(errors: Sequence[Mapping[int, float]]) -> MeasureCorrelation:
    r"""Return the correlation between the forecast errors of measures, estimated at places without an operation.

    Parameters
    ----------
    errors : sequence of mapping of int to float
        For each measure: the error of its forecast at every place where one was made, by the number of the place.

    Returns
    -------
    MeasureCorrelation
        The identity matrix, with `places` 0, if no two measures have 20 places in common. Otherwise two measures with
        fewer are taken to correlate by one half.

    Notes
    -----
    For measures i and j with errors e at their common places p, around zero as the spread of the forecasts is,

    .. math:: r_{ij} = \sum_p e_{ip} e_{jp} / \sqrt{\sum_p e_{ip}^2 \sum_p e_{jp}^2}

    What the sum of several effects needs is how far their errors go together. Raw changes of counts go together more,
    because a forecast takes out what past, neighbourhood and city share: where log rates correlate by 0.7, raw changes do by
    0.5, errors by 0.3 (bench/RESULTS.md).
    """
    size = len(errors)
    matrix, shared_places = np.eye(size), []
    for row in range(size):
        for column in range(row):
            shared = sorted(errors[row].keys() & errors[column].keys())
            pair = np.array([[errors[measure][place] for place in shared] for measure in (row, column)])
            squares = (pair**2).sum(axis=1)
            correlation = _UNKNOWN_CORRELATION
            if len(shared) >= MIN_SHARED_PLACES and squares.min() > 0:
                shared_places.append(len(shared))
                correlation = float(np.clip(pair[0] @ pair[1] / math.sqrt(squares[0] * squares[1]), -1.0, 1.0))
            matrix[row, column] = matrix[column, row] = correlation
    if not shared_places:
        return MeasureCorrelation(np.eye(size), 0)
    return MeasureCorrelation(matrix, min(shared_places))


def draw_joint_effects(
    zone: str,
    effects: Sequence[tuple[Measure, Effect[int]]],
    bounded: Sequence[tuple[Measure, BoundedEffect]] = (),
    *,
    correlation: MeasureCorrelation | None = None,
    limited: Collection[str] = (),
    doubted: Collection[str] = (),
    seed: int,
    draws: int = DRAWS,
) -> JointEffects:
    """Return joint random draws of the changes of all harms in one zone.

    Parameters
    ----------
    zone : str
        Name of the zone.
    effects : sequence of (Measure, Effect)
        Measures that count dated points, and their effects.
    bounded : sequence of (Measure, BoundedEffect)
        Measures that count area tables, and their effects known within bounds. They are drawn independently.
    correlation : MeasureCorrelation, optional
        Correlation between the measures of `effects`, in their order. Without it, they are taken as independent.
    limited : collection of str
        Names of the measures whose change in this zone cannot be a finding.
    doubted : collection of str
        Names of those whose change may not be called probable.
    seed : int
        Seed of the random numbers.
    draws : int
        Number of draws; a power of two.

    Returns
    -------
    JointEffects

    Notes ----- A Gaussian copula: normal numbers with the given correlation are drawn (from scrambled Sobol points, so
    that few draws are enough). Each is turned into its measure's change by that measure's own quantiles. The draws of
    one measure therefore have exactly the interval that the report shows for it, whatever the correlation. Quantiles
    between and beyond the levels of the calibrated intervals are interpolated and extrapolated linearly against normal
    quantiles.

    References
    ----------
    R. B. Nelsen (2006), An Introduction to Copulas, https://doi.org/10.1007/0-387-28678-0
    """
    n_measures = len(effects) + len(bounded)
    matrix = np.eye(n_measures)
    if correlation is not None:
        matrix[: len(effects), : len(effects)] = correlation.matrix
    normal = _normal_draws(matrix, draws, seed)
    low, high = np.full((draws, n_measures), np.nan), np.full((draws, n_measures), np.nan)
    best = np.full((2, n_measures), np.nan)
    expected, calibrated, notes, smallest, zeros = (
        np.full(n_measures, np.nan),
        [],
        [],
        [0] * len(effects),
        [False] * len(effects),
    )
    for column, (_, effect) in enumerate(effects):
        best[:, column] = effect.change
        expected[column] = effect.expected
        low[:, column] = high[:, column] = _change_at(effect, normal[:, column])
        if not np.isfinite(low[0, column]):
            best[:, column] = np.nan
        calibrated.append(effect.ratio.calibrated and effect.ratio.is_defined)
        notes.append(_effect_note(effect))
    for column, (_, bounds) in enumerate(bounded, start=len(effects)):
        z = normal[:, column]
        best[:, column] = bounds.low.value, bounds.high.value
        low[:, column] = _normal_quantile(bounds.low.value, bounds.low.standard_error, z)
        high[:, column] = np.maximum(low[:, column], _normal_quantile(bounds.high.value, bounds.high.standard_error, z))
        calibrated.append(False)
        notes.append(bounds.note)
        counts = (bounds.before, bounds.after, bounds.control_before, bounds.control_after)
        smallest.append(min((int(count.low) for count in counts if count.is_exact and count.low > 0), default=0))
        zeros.append(any(count.is_exact and count.low == 0 for count in counts))
    measures = tuple(measure for measure, _ in (*effects, *bounded))
    places = correlation.places if correlation is not None else 0
    return JointEffects(
        zone=zone,
        measures=measures,
        best_low=best[0],
        best_high=best[1],
        low=low,
        high=high,
        intervals=(
            *(_shown_interval(effect) for _, effect in effects),
            *(_bounded_interval(bounds) for _, bounds in bounded),
        ),
        expected=expected,
        calibrated=tuple(calibrated),
        notes=tuple(notes),
        smallest_count=tuple(smallest),
        has_zero=tuple(zeros),
        correlation=matrix,
        refused=(*(effect.is_refused for _, effect in effects), *(False for _ in bounded)),
        limited=tuple(measure.name in limited for measure in measures),
        doubted=tuple(measure.name in doubted for measure in measures),
        placebo_places=places,
        seed=seed,
    )


def _shown_interval(effect: Effect[int]) -> Interval:
    """Return the 95% interval that is shown for an effect: the calibrated one, else the counting interval."""
    if effect.ratio.is_defined and effect.ratio.calibrated:
        return effect.interval
    return effect.counting


def _bounded_interval(effect: BoundedEffect) -> Interval:
    """Return the 95% interval of an effect within bounds; it covers both ends and their counting error."""
    z = _NORMAL.inv_cdf(0.5 + INTERVAL_LEVEL / 2)
    low = effect.low.value - z * effect.low.standard_error
    return Interval(low, effect.high.value + z * effect.high.standard_error, INTERVAL_LEVEL)


def _normal_quantile(value: float, error: float, z: Floats) -> Floats:
    """Return quantiles of a normal distribution at standard normal quantiles `z`; an infinite value stays infinite."""
    if math.isinf(value):
        return np.full_like(z, value)
    return np.asarray(value + error * z, dtype=np.float64)


def _change_at(effect: Effect[int], z: Floats) -> Floats:
    """Return a measure's change at standard normal quantiles `z`, computed by the same formulas as its interval."""
    if math.isnan(effect.change):
        return np.full_like(z, np.nan)
    if effect.ratio.is_defined and effect.ratio.calibrated:
        log_ratio = _log_ratio_at(effect, z)
        if effect.after:
            return np.asarray(-effect.after * np.expm1(-log_ratio), dtype=np.float64)
        return np.asarray(effect.expected * np.expm1(log_ratio), dtype=np.float64)
    if effect.counting_ratio.is_defined:
        expected = effect.before * effect.control_after / effect.control_before
        return np.asarray(
            expected * np.expm1(effect.counting_ratio.value + effect.counting_ratio.standard_error * z),
            dtype=np.float64,
        )
    if effect.difference.is_defined:
        return _normal_quantile(effect.difference.value, effect.difference.standard_error, z)
    return np.full_like(z, np.nan)


def _log_ratio_at(effect: Effect[int], z: Floats) -> Floats:
    """Return the log ratio at standard normal quantiles `z`, interpolated through the ends of its intervals."""
    ratio = effect.ratio
    if not ratio.intervals:
        return _normal_quantile(ratio.value, ratio.standard_error, z)
    value_at = {0.0: ratio.value}
    for interval in ratio.intervals:
        z_end = _NORMAL.inv_cdf(0.5 + interval.level / 2)
        value_at |= {-z_end: interval.low, z_end: interval.high}
    z_nodes = np.array(sorted(value_at))
    values = np.array([value_at[node] for node in z_nodes])
    interpolated = np.interp(z, z_nodes, values)
    first_slope = (values[1] - values[0]) / (z_nodes[1] - z_nodes[0])
    last_slope = (values[-1] - values[-2]) / (z_nodes[-1] - z_nodes[-2])
    extrapolated_below, extrapolated_above = (
        values[0] + first_slope * (z - z_nodes[0]),
        values[-1] + last_slope * (z - z_nodes[-1]),
    )
    return np.asarray(
        np.where(z < z_nodes[0], extrapolated_below, np.where(z > z_nodes[-1], extrapolated_above, interpolated)),
        dtype=np.float64,
    )


def _normal_draws(matrix: Floats, draws: int, seed: int) -> Floats:
    """Return correlated standard normal numbers, shape (draws, m).

    The matrix may be singular; and, as its pairs are estimated at different places, it may have negative eigenvalues. Those
    are set to zero and the variances to one again (Rousseeuw and Molenberghs 1993, https://doi.org/10.1080/03610928308831068).
    """
    eigenvalues, eigenvectors = np.linalg.eigh(matrix)
    root = eigenvectors * np.sqrt(np.clip(eigenvalues, 0.0, None))
    root /= np.sqrt((root**2).sum(axis=1, keepdims=True))
    from scipy.stats import qmc  # noqa: PLC0415 -- scipy.stats is slow to import

    uniform = qmc.Sobol(d=matrix.shape[0], rng=np.random.default_rng(seed)).random(draws)
    return np.asarray(normal_quantile(np.clip(uniform, 1e-12, 1 - 1e-12)) @ root.T, dtype=np.float64)


def _effect_note(effect: Effect[int]) -> Note:
    if effect.is_refused:
        return effect.ratio.note
    return "" if effect.ratio.is_defined else effect.difference.note or effect.ratio.note
