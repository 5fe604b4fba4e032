"""Effects of several measures drawn together: each keeps its own interval, and they keep their correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, qmc

from geoharm.errors import DesignError
from geoharm.harm.results.bounded import BoundedEffect
from geoharm.harm.results.net_harm import JointEffects
from geoharm.model.effect import Effect
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure

DRAWS = 8192
MAX_LEVEL_FACTOR = 0.95
_NORMAL = NormalDist()
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeasureCorrelation:
    """How the changes of several measures go together.

    Attributes
    ----------
    matrix : ndarray, shape (m, m)
    places : int
        At how many places without an operation it was learned; 0 if it was not.
    """

    matrix: Floats
    places: int


def change_correlation(before: ArrayLike, after: ArrayLike) -> MeasureCorrelation:
    r"""Return the correlation between the changes of measures over places without an operation.

    Parameters
    ----------
    before, after : array_like, shape (places, m)
        Counts of each measure in two windows at each place.

    Returns
    -------
    MeasureCorrelation
        The identity, learned at 0 places, where there are fewer than 3 of them.

    Raises
    ------
    DesignError
        If the shapes differ.

    Notes
    -----
    Changes on the root scale, on which counts vary alike whatever their size: with the city's own change
    :math:`r = \sum after / \sum before`, :math:`2(\sqrt{after + 3/8} - \sqrt{r\,before + 3/8})`; Pearson's correlation
    of these. A measure that changes nowhere is taken as independent.

    References
    ----------
    F. J. Anscombe (1948), The transformation of Poisson, binomial and negative-binomial data,
    https://doi.org/10.1093/biomet/35.3-4.246
    """
    one, two = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if one.shape != two.shape or one.ndim != 2:
        msg = (
            f"Counts before and after must both have shape (places, measures); {one.shape} and {two.shape} were given."
        )
        raise DesignError(msg)
    places, size = one.shape
    if places < 3:
        return MeasureCorrelation(np.eye(size), 0)
    growth = two.sum(axis=0) / np.maximum(one.sum(axis=0), 1e-12)
    score = 2 * (np.sqrt(two + 0.375) - np.sqrt(growth * one + 0.375))
    score = score - score.mean(axis=0)
    norms = np.sqrt((score**2).sum(axis=0))
    scaled = np.divide(score, norms, out=np.zeros_like(score), where=norms > 0)
    matrix = scaled.T @ scaled
    np.fill_diagonal(matrix, 1.0)
    return MeasureCorrelation(np.clip(matrix, -1.0, 1.0), places)


def draw_joint_effects(
    zone: str,
    effects: Sequence[tuple[Measure, Effect]],
    bounded: Sequence[tuple[Measure, BoundedEffect]] = (),
    *,
    correlation: MeasureCorrelation | None = None,
    seed: int,
    draws: int = DRAWS,
) -> JointEffects:
    """Return many joint draws of the changes of all harms in one zone.

    Parameters
    ----------
    zone : str
    effects : sequence of (Measure, Effect)
        Of measures that count dated points.
    bounded : sequence of (Measure, BoundedEffect)
        Of measures that count areas, known within bounds; drawn independently of the others.
    correlation : MeasureCorrelation, optional
        Between the measures of `effects`, in their order; left out, they are taken as independent.
    seed : int
    draws : int
        A power of two.

    Returns
    -------
    JointEffects

    Notes
    -----
    A Gaussian copula: normal numbers with the given correlation (scrambled Sobol points, so that few draws do), each
    turned into its measure's change by that measure's own quantiles. The draws of one measure therefore have exactly
    the interval that the report shows for it, whatever the correlation. Quantiles between the levels of a calibrated
    interval, and beyond the outermost, are interpolated linearly against normal ones.

    References
    ----------
    R. B. Nelsen (2006), An Introduction to Copulas, https://doi.org/10.1007/0-387-28678-0
    """
    size = len(effects) + len(bounded)
    matrix = np.eye(size)
    if correlation is not None:
        matrix[: len(effects), : len(effects)] = correlation.matrix
    normal = _normal_draws(matrix, draws, seed)
    low, high = np.full((draws, size), np.nan), np.full((draws, size), np.nan)
    best = np.full((2, size), np.nan)
    expected, calibrated, notes, smallest = np.full(size, np.nan), [], [], [0] * len(effects)
    for column, (_, effect) in enumerate(effects):
        best[:, column] = effect.change()
        expected[column] = effect.expected
        low[:, column] = high[:, column] = _drawn(effect, normal[:, column])
        if not np.isfinite(low[0, column]):
            best[:, column] = np.nan
        calibrated.append(effect.ratio.calibrated and effect.ratio.is_defined)
        notes.append(_note(effect))
    for column, (_, bounds) in enumerate(bounded, start=len(effects)):
        z = normal[:, column]
        best[:, column] = bounds.low.value, bounds.high.value
        low[:, column] = _linear(bounds.low.value, bounds.low.standard_error, z)
        high[:, column] = np.maximum(low[:, column], _linear(bounds.high.value, bounds.high.standard_error, z))
        calibrated.append(False)
        notes.append(bounds.note)
        counts = (bounds.before, bounds.after, bounds.control_before, bounds.control_after)
        smallest.append(min((int(one.low) for one in counts if one.is_exact and one.low > 0), default=0))
    measures = tuple(measure for measure, _ in (*effects, *bounded))
    places = correlation.places if correlation is not None else 0
    return JointEffects(
        zone=zone,
        measures=measures,
        best_low=best[0],
        best_high=best[1],
        low=low,
        high=high,
        spans=(*(_span(one) for _, one in effects), *(_bounded_span(one) for _, one in bounded)),
        expected=expected,
        calibrated=tuple(calibrated),
        notes=tuple(notes),
        smallest=tuple(smallest),
        correlation=matrix,
        places=places,
        seed=seed,
    )


def _span(effect: Effect) -> Interval:
    """Return the 95% interval that is shown for an effect; that of counting noise where no other is possible."""
    if effect.ratio.is_defined and effect.ratio.calibrated:
        return effect.change_interval(MAX_LEVEL_FACTOR)
    return effect.counting_interval(MAX_LEVEL_FACTOR)


def _bounded_span(effect: BoundedEffect) -> Interval:
    """Return an interval that holds both ends of the bounds with their noise."""
    reach = _NORMAL.inv_cdf(0.5 + MAX_LEVEL_FACTOR / 2)
    low = effect.low.value - reach * effect.low.standard_error
    return Interval(low, effect.high.value + reach * effect.high.standard_error, MAX_LEVEL_FACTOR)


def _linear(value: float, error: float, z: Floats) -> Floats:
    """Return a normal quantile; an infinite bound stays infinite whatever its error."""
    if math.isinf(value):
        return np.full_like(z, value)
    return np.asarray(value + error * z, dtype=np.float64)


def _drawn(effect: Effect, z: Floats) -> Floats:
    """Return a measure's change at normal quantiles, by the same formulas as its interval."""
    if effect.ratio.is_defined and effect.ratio.calibrated:
        theta = _quantile(effect, z)
        if effect.counts.after:
            return np.asarray(-effect.counts.after * np.expm1(-theta), dtype=np.float64)
        return np.asarray(effect.expected * np.expm1(theta), dtype=np.float64)
    if effect.counting.is_defined:
        expected = effect.counts.before * effect.control.after / effect.control.before
        return np.asarray(
            expected * np.expm1(effect.counting.value + effect.counting.standard_error * z), dtype=np.float64
        )
    if effect.difference.is_defined:
        return _linear(effect.difference.value, effect.difference.standard_error, z)
    return np.full_like(z, np.nan)


def _quantile(effect: Effect, z: Floats) -> Floats:
    """Return the log ratio at normal quantiles, through the ends of its calibrated intervals."""
    ratio = effect.ratio
    if not ratio.intervals:
        return _linear(ratio.value, ratio.standard_error, z)
    nodes = {0.0: ratio.value}
    for span in ratio.intervals:
        reach = _NORMAL.inv_cdf(0.5 + span.level / 2)
        nodes |= {-reach: span.low, reach: span.high}
    at = np.array(sorted(nodes))
    value = np.array([nodes[one] for one in at])
    inside = np.interp(z, at, value)
    first = (value[1] - value[0]) / (at[1] - at[0])
    last = (value[-1] - value[-2]) / (at[-1] - at[-2])
    below, above = value[0] + first * (z - at[0]), value[-1] + last * (z - at[-1])
    return np.asarray(np.where(z < at[0], below, np.where(z > at[-1], above, inside)), dtype=np.float64)


def _normal_draws(matrix: Floats, draws: int, seed: int) -> Floats:
    """Return correlated standard normal numbers, shape (draws, m); a matrix of low rank is no trouble."""
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    points = qmc.Sobol(d=matrix.shape[0], rng=np.random.default_rng(seed)).random(draws)
    return np.asarray(norm.ppf(np.clip(points, 1e-12, 1 - 1e-12)) @ root.T, dtype=np.float64)


def _note(effect: Effect) -> str:
    if effect.is_refused:
        return effect.ratio.note
    return "" if effect.ratio.is_defined else effect.difference.note or effect.ratio.note
