"""Displacement to other hours, days, offence types and markets, and a list of the types not tested."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.results.displacement_types import DisplacementTest, DisplacementTypes
from geoharm.model.counts import Change
from geoharm.stats.familywise import holm

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNTESTED_REASONS = {
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
) -> DisplacementTest:
    r"""Test whether the target's events shifted between categories, beyond the control area's change.

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
        Number of tables drawn for the null distribution.
    categories : str
        Word for the categories in the sentence.

    Returns
    -------
    DisplacementTest
        The figure is the share of the events after that lie in other categories than expected. The sentence compares it
        with the share that chance variation alone gives. With fewer than 50 events before or after, it is not tested,
        and the reason is given.

    Raises
    ------
    DesignError
        If shapes do not fit, or counts are negative.

    Notes
    -----
    With a control, the null hypothesis is the log-linear model of area, period and category without their three-way
    interaction: categories may differ between areas and between periods, but change alike in both areas. The statistic is
    the deviance of this model divided by the dispersion. Its null distribution comes from `draws` Poisson tables of the
    fitted means, each fitted again. Expected shares are the shares before, each multiplied by the control's change. The
    test assumes that events are not clustered beyond the dispersion given.

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
        return _untested(kind, f"fewer than {_MIN_EVENTS} events in one of the windows")
    used_labels = [label for label, total in zip(labels, table.sum(axis=0), strict=True) if total > 0]
    table = table[:, table.sum(axis=0) > 0]
    if len(used_labels) < 2:
        return _untested(kind, "all events fall in one category")
    cube = table.reshape(1, -1, 2, table.shape[1])
    fitted = _fit_without_interaction(cube)
    rng = np.random.default_rng(seed)
    drawn = rng.poisson(np.broadcast_to(fitted, (draws, *fitted.shape[1:]))).astype(np.float64)
    observed = float(_deviance(cube, fitted)[0]) / phi
    null_deviances = _deviance(drawn, _fit_without_interaction(drawn))
    p_value = float((1 + (null_deviances >= observed).sum()) / (1 + draws))
    moved_share, share_gap = _moved_shares(cube)
    chance_share = float(_moved_shares(drawn)[0].mean()) * math.sqrt(phi)
    most_gained, most_lost = used_labels[int(share_gap[0].argmax())], used_labels[int(share_gap[0].argmin())]
    sentence = (
        f"{moved_share[0]:.0%} of the events lie in other {categories} than expected, where chance alone gives about "
        f"{chance_share:.0%}; most gained: {most_gained}, most lost: {most_lost}."
    )
    share = float(moved_share[0])
    return DisplacementTest(
        kind, share, "share of events moved", p_value, sentence, counts=tuple(events.astype(int).tolist())
    )


def time_of_week_shifts(
    before: ArrayLike,
    after: ArrayLike,
    *,
    seed: int,
    control: tuple[ArrayLike, ArrayLike] | None = None,
    dispersion: float = 1.0,
) -> tuple[DisplacementTest, DisplacementTest]:
    """Test for shifts between hours of the day and between days of the week.

    Parameters
    ----------
    before, after : array_like of int, shape (7, 24)
        Counts by day of the week (Monday first) and hour, of events whose hour is known.
    seed, control, dispersion
        As in `composition_shift`; the control's arrays have the same shape.

    Returns
    -------
    tuple of DisplacementTest
        The tests for "hour" and for "weekday".

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

    def shift(kind: str, counts: Sequence[NDArray[np.int64]], labels: Sequence[str]) -> DisplacementTest:
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


def similar_market_shift(
    markets: Sequence[tuple[float, Change]], control: Change, *, dispersion: dict[str, float] | None = None
) -> DisplacementTest:
    """Test whether a similar market elsewhere rose more than the control area.

    Parameters
    ----------
    markets : sequence of (distance, Change)
        Distance from the target in metres, and counts. Markets must not overlap the control.
    control : Change
    dispersion : mapping of area name to number, optional
        Variance over mean of the counts; 1 for a missing name.

    Returns
    -------
    DisplacementTest
        The figure is the largest rise (log rate ratio). Its p-value is Holm-adjusted over the markets.
    """
    phi = dispersion or {}
    rows = [
        (
            distance,
            change,
            log_rate_ratio(
                change,
                control,
                zone_dispersion=phi.get(change.area, 1.0),
                control_dispersion=phi.get(control.area, 1.0),
            ),
        )
        for distance, change in sorted(markets, key=lambda row: (row[0], row[1].area))
    ]
    defined = [row for row in rows if row[2].is_defined]
    if not defined:
        return _untested(
            "similar markets", UNTESTED_REASONS["similar markets"] if not markets else "every market has a count of 0"
        )
    adjusted = holm([row[2].p_value() for row in defined])
    largest = max(range(len(defined)), key=lambda position: defined[position][2].value)
    distance, change, ratio = defined[largest]
    sentence = (
        f"Of {len(defined)} similar markets, {change.area} ({distance / 1000:.1f} km away) rose most against the control: "
        f"by {math.expm1(ratio.value):+.0%}, from {change.before} to {change.after}."
    )
    counts = (change.before, change.after)
    return DisplacementTest(
        "similar markets", ratio.value, "log ratio", float(adjusted[largest]), sentence, counts=counts
    )


def displacement_types(rows: Sequence[DisplacementTest]) -> DisplacementTypes:
    """Return the table of displacement types: tested types first, then untested ones with their reasons.

    Parameters
    ----------
    rows : sequence of DisplacementTest
        The tests that were tried. Types of the standard list that are missing are added as not tested.

    Raises
    ------
    DesignError
        If a type occurs twice.
    """
    kinds = [row.kind for row in rows]
    if len(set(kinds)) < len(kinds):
        msg = f"Every kind of shift occurs once in the table; {', '.join(kinds)} were given."
        raise DesignError(msg)
    tested = [row for row in rows if row.tested]
    untested = [row for row in rows if not row.tested]
    untested += [_untested(kind, why) for kind, why in UNTESTED_REASONS.items() if kind not in kinds]
    adjusted = holm([row.p_value for row in tested]).tolist() if tested else []
    return DisplacementTypes((*tested, *untested), (*adjusted, *([math.nan] * len(untested))))


def _untested(kind: str, why: str) -> DisplacementTest:
    return DisplacementTest(kind, math.nan, "", math.nan, f"Not tested: {why}.", tested=False)


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


def _deviance(cube: NDArray[np.float64], fitted: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(cube, fitted, out=np.ones_like(cube), where=(cube > 0) & (fitted > 0))
    return np.asarray(2 * (cube * np.log(ratio)).sum(axis=(1, 2, 3)))


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
