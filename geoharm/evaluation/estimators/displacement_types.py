"""Displacement to other hours, days, offence types and markets, for orientation, and a list of what is not measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.model.counts import Change

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOT_MEASURED_REASONS = {
    "hour": "the data hold no time of day",
    "weekday": "the data hold no day of the week",
    "offence type": "only one category is counted",
    "similar markets": "no list of similar markets was given",
    "centre": "the data hold no points",
    "targets": "the data do not say what or who was targeted",
    "tactics": "the data do not say how it was done",
    "people": "the data do not say who did it, so new sellers in old places would not be seen",
}
BARR_PEASE = "https://doi.org/10.1086/449162"
_MIN_EVENTS = 50
_FITTING_ROUNDS = 60


def composition_shift(
    kind: str,
    before: ArrayLike,
    after: ArrayLike,
    *,
    labels: Sequence[str],
    seed: int,
    control: tuple[ArrayLike, ArrayLike] | None = None,
    dispersion: float = 1.0,
    draws: int = 999,
    categories: str = "categories",
) -> DisplacementType:
    r"""Return how far the target's events shifted between categories, beyond the control area's change; for orientation.

    Parameters
    ----------
    kind : str
        What the categories are: "hour", "weekday", "offence type", "inside or outside the market".
    before, after : array_like of int, shape (k,)
        The target's counts by category.
    labels : sequence of str, length k
        Names of the categories.
    seed : int
        Random seed of the draws.
    control : (before, after), optional
        The control's counts by category.
    dispersion : float
        Variance over mean of the counts.
    draws : int
        Number of tables drawn for the share that counting alone gives.
    categories : str
        Word for the categories in the sentence.

    Returns
    -------
    DisplacementType
        The figure is the share of the events after that lie in other categories than expected. The sentence gives beside it
        the share that the noise of counting alone gives. With fewer than 50 events before or after, it is not measured,
        and the reason is given.

    Raises
    ------
    DesignError
        If shapes do not fit, or counts are negative.

    Notes
    -----
    Without a shift, the log-linear model of area, period and category holds without their three-way interaction: categories
    may differ between areas and between periods, but change alike in both areas. `draws` Poisson tables of its fitted means
    give the mean share from counting alone, times the square root of the dispersion. Expected shares are the shares before,
    each multiplied by the control's change.

    There is no p-value: how far the categories of a place shift by themselves is known at no place without an operation, and
    a test against counting alone calls a shift too often.

    References
    ----------
    Barr and Pease (1990), Crime placement, displacement, and deflection, Crime and Justice 12:277-318,
    https://doi.org/10.1086/449162
    """
    pairs = (before, after) if control is None else (before, after, *control)
    table = np.array([np.asarray(counts, dtype=np.float64) for counts in pairs])
    if table.ndim != 2 or table.shape[1] != len(labels) or not np.isfinite(table).all() or (table < 0).any():
        msg = f"Counts by category must be zero or more, one for each of the {len(labels)} labels; {table.shape} was given."
        raise DesignError(msg)
    phi = check_positive(dispersion, "dispersion")
    events = table.sum(axis=1)
    if events[:2].min() < _MIN_EVENTS or (control is not None and events[2:].min() < _MIN_EVENTS):
        return not_measured(kind, f"fewer than {_MIN_EVENTS} events in one of the windows")
    used_labels = [label for label, total in zip(labels, table.sum(axis=0), strict=True) if total > 0]
    table = table[:, table.sum(axis=0) > 0]
    if len(used_labels) < 2:
        return not_measured(kind, "all events fall in one category")
    cube = table.reshape(1, -1, 2, table.shape[1])
    fitted = _fit_without_interaction(cube)
    rng = np.random.default_rng(seed)
    drawn = rng.poisson(np.broadcast_to(fitted, (draws, *fitted.shape[1:]))).astype(np.float64)
    moved_share, share_gap = _moved_shares(cube)
    counting_share = float(_moved_shares(drawn)[0].mean()) * math.sqrt(phi)
    most_gained, most_lost = used_labels[int(share_gap[0].argmax())], used_labels[int(share_gap[0].argmin())]
    sentence = (
        f"{moved_share[0]:.0%} of the events lie in other {categories} than expected, where counting alone gives about "
        f"{counting_share:.0%}; most gained: {most_gained}, most lost: {most_lost}."
    )
    share = float(moved_share[0])
    return DisplacementType(kind, share, "share of events moved", sentence, counts=tuple(events.astype(int).tolist()))


def time_of_week_shifts(
    before: ArrayLike,
    after: ArrayLike,
    *,
    seed: int,
    control: tuple[ArrayLike, ArrayLike] | None = None,
    dispersion: float = 1.0,
) -> tuple[DisplacementType, DisplacementType]:
    """Return the shifts between hours of the day and between days of the week, for orientation.

    Parameters
    ----------
    before, after : array_like of int, shape (7, 24)
        Counts by day of the week (Monday first) and hour, of events whose hour is known.
    seed, control, dispersion
        As in `composition_shift`; the control's arrays have the same shape.

    Returns
    -------
    tuple of DisplacementType
        Those of the kinds "hour" and "weekday".

    Raises
    ------
    DesignError
        If an array has another shape.
    """
    tables = (before, after) if control is None else (before, after, *control)
    arrays = [np.asarray(table) for table in tables]
    if any(array.shape != (7, 24) for array in arrays):
        msg = f"Hours must have shape (7, 24), Monday first; {[array.shape for array in arrays]} were given."
        raise DesignError(msg)
    hours, days = [array.sum(axis=0) for array in arrays], [array.sum(axis=1) for array in arrays]
    hour_labels = [f"{hour:02d} to {hour + 1:02d} h" for hour in range(24)]

    def shift(kind: str, counts: Sequence[NDArray[np.int64]], labels: Sequence[str]) -> DisplacementType:
        return composition_shift(
            kind,
            counts[0],
            counts[1],
            labels=labels,
            seed=seed,
            control=None if control is None else (counts[2], counts[3]),
            dispersion=dispersion,
        )

    return shift("hour", hours, hour_labels), shift("weekday", days, WEEKDAYS)


def similar_market_shift(markets: Sequence[tuple[float, Change]], control: Change) -> DisplacementType:
    """Return which similar market elsewhere rose most against the control area, for orientation.

    Parameters
    ----------
    markets : sequence of (distance, Change)
        Distance from the target in metres, and counts. Markets must not overlap the control.
    control : Change

    Returns
    -------
    DisplacementType
        The figure is the largest rise (log rate ratio). The largest of several is high by chance alone.
    """
    rows = [
        (distance, change, log_rate_ratio(change, control))
        for distance, change in sorted(markets, key=lambda row: (row[0], row[1].area))
    ]
    defined = [row for row in rows if row[2].is_defined]
    if not defined:
        return not_measured(
            "similar markets",
            NOT_MEASURED_REASONS["similar markets"] if not markets else "every market has a count of 0",
        )
    distance, change, ratio = max(defined, key=lambda row: row[2].value)
    sentence = (
        f"Of {len(defined)} similar markets, {change.area} ({distance / 1000:.1f} km away) rose most against the control: "
        f"by {math.expm1(ratio.value):+.0%}, from {change.before} to {change.after}."
    )
    counts = (change.before, change.after)
    return DisplacementType("similar markets", ratio.value, "log ratio", sentence, counts=counts)


def displacement_types(rows: Sequence[DisplacementType]) -> tuple[DisplacementType, ...]:
    """Return the table of displacement types: measured ones first, then the others with their reasons.

    Parameters
    ----------
    rows : sequence of DisplacementType
        Those that were tried. Types of the standard list that are missing are added as not measured.

    Raises
    ------
    DesignError
        If a type occurs twice.
    """
    kinds = [row.kind for row in rows]
    if len(set(kinds)) < len(kinds):
        msg = f"Every kind of shift occurs once in the table; {', '.join(kinds)} were given."
        raise DesignError(msg)
    missing = [not_measured(kind, why) for kind, why in NOT_MEASURED_REASONS.items() if kind not in kinds]
    return (*(row for row in rows if row.measured), *(row for row in rows if not row.measured), *missing)


def not_measured(kind: str, why: str) -> DisplacementType:
    """Return a type of displacement that could not be measured, with the reason."""
    return DisplacementType(kind, math.nan, "", f"Not measured: {why}.", measured=False)


def _fit_without_interaction(cube: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return fitted means without the three-way interaction; shape (draws, areas, periods, categories)."""
    if cube.shape[1] == 1:
        total = cube.sum(axis=(2, 3), keepdims=True)
        return np.asarray(cube.sum(axis=3, keepdims=True) * cube.sum(axis=2, keepdims=True) / np.maximum(total, 1e-300))
    fitted = np.ones_like(cube)
    for _ in range(_FITTING_ROUNDS):
        for axis in (1, 2, 3):
            fitted_margin, observed_margin = fitted.sum(axis=axis, keepdims=True), cube.sum(axis=axis, keepdims=True)
            fitted = fitted * np.divide(
                observed_margin, fitted_margin, out=np.zeros_like(observed_margin), where=fitted_margin > 0
            )
    return fitted


def _moved_shares(cube: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of events after in other categories than expected, and the differences of shares."""

    def shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-300))

    expected = shares(cube[:, 0, 0])
    if cube.shape[1] > 1:
        # Half an event is added to every category, so that an empty category of the control does not decide the result.
        expected = shares(expected * shares(cube[:, 1, 1] + 0.5) / shares(cube[:, 1, 0] + 0.5))
    share_gap = shares(cube[:, 0, 1]) - expected
    return np.abs(share_gap).sum(axis=-1) / 2, share_gap
