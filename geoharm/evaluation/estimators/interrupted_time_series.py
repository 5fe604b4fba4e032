"""Interrupted time series: the target's level after the operation against its own trend and season before, without control."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.design.series import joint_series, months_around
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason
from geoharm.stats.poisson import poisson_fit

REFERENCE = "https://doi.org/10.1093/ije/dyw098"
NAME = "interrupted time series, level change"
MIN_BEFORE, MIN_AFTER = 12, 3
MIN_EXPECTED = 1  # events after that trend and season must lead to: a factor of next to nothing is no estimate
# Two years before are needed to tell a season from a trend.
_MONTHS_FOR_SEASON, _HARMONICS = 24, 2


def interrupted_time_series(
    counts: ArrayLike, *, before: int, first_month: int, exposure: ArrayLike | None = None
) -> Estimate:
    r"""Return the log ratio of the level after an operation to the level that trend and season before lead one to expect.

    Negative means fewer events than before, given trend and season.

    Parameters
    ----------
    counts : array_like, shape (months,)
        Monthly counts in calendar order; NaN for months without data and for months that the operation touches.
    before : int
        Number of months before the operation.
    first_month : int
        Calendar month of the first count, 1 to 12.
    exposure : array_like, shape (months,), optional
        What the counts are relative to, such as people at risk; above 0. 1 if left out.

    Returns
    -------
    Estimate
        Undefined, with a note, with fewer than 12 months before or 3 after, without an event before or after, if the
        regression has no solution, or if trend and season before lead to fewer than one event after.

    Raises
    ------
    DesignError
        If shapes do not fit.

    Notes
    -----
    .. math:: \log E[y_t] = \log e_t + a + b t + \theta\,[t \ge t_0]
        + \sum_{h=1}^{2} \left(c_h \sin\tfrac{2\pi h m_t}{12} + d_h \cos\tfrac{2\pi h m_t}{12}\right)

    with calendar month :math:`m_t`; the season is left out with fewer than 24 months before. The value is :math:`\theta`,
    its error that of a quasi-Poisson model. Whatever else changed at the same time is in :math:`\theta`, because nothing
    is compared with a control, and a straight trend is continued, which can lead far from what would have been.

    References
    ----------
    Lopez Bernal, Cummins and Gasparrini (2017), Interrupted time series regression for the evaluation of public health
    interventions: a tutorial, International Journal of Epidemiology 46:348-355, https://doi.org/10.1093/ije/dyw098

    Examples
    --------
    >>> round(interrupted_time_series([100] * 24 + [60] * 6, before=24, first_month=1).value, 4)
    -0.5108
    """
    series = np.asarray(counts, dtype=np.float64)
    exposures = np.ones(series.shape) if exposure is None else np.asarray(exposure, dtype=np.float64)
    if series.ndim != 1 or exposures.shape != series.shape:
        msg = f"Counts and exposure must have shape (months,); they have {series.shape} and {exposures.shape}."
        raise DesignError(msg)
    month = np.arange(series.size)
    known, is_after = np.isfinite(series), month >= before
    reason = _why_undefined(series[known & ~is_after], series[known & is_after])
    if reason is not None:
        return _undefined(*reason)
    columns = [np.ones(series.size), month / 12, is_after.astype(np.float64)]
    has_season = int((known & ~is_after).sum()) >= _MONTHS_FOR_SEASON
    if has_season:
        columns += _season_columns(month + first_month)
    try:
        fit = poisson_fit(series[known], np.column_stack(columns)[known], exposure=exposures[known])
    except DesignError as error:
        return _undefined(Reason.NO_FIT, str(error).rstrip("."))
    expected_after = float(series[known & is_after].sum() / np.exp(fit.coefficients[2]))
    if not expected_after >= MIN_EXPECTED:
        note = f"trend and season before lead to fewer than {MIN_EXPECTED} event after, so no factor can be given"
        return _undefined(Reason.ZERO_COUNT, note)
    note = "without a control; trend and season before are continued"
    if not has_season:
        note = (
            "without a control; the trend before is continued, and a season is not taken out (under 24 months before)"
        )
    return Estimate(
        NAME, float(fit.coefficients[2]), float(np.sqrt(fit.covariance[2, 2])), "log ratio", REFERENCE, note
    )


def target_interrupted_time_series(counts: ZoneCounts, design: Design, zones: list[str]) -> Estimate:
    """Return the interrupted time series of the target's zones, over all whole months with data up to the window's end."""
    months = months_around(counts, design)
    series = joint_series(counts, zones, months.spans)
    series[months.start : months.stop] = np.nan
    first_month = months.spans[0].start.month if months.spans else 1
    return interrupted_time_series(series, before=months.start, first_month=first_month)


def _season_columns(calendar_month: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    angles = [2 * np.pi * harmonic * calendar_month / 12 for harmonic in range(1, _HARMONICS + 1)]
    return [wave(angle) for angle in angles for wave in (np.sin, np.cos)]


def _why_undefined(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[Reason, str] | None:
    if before.size < MIN_BEFORE:
        return Reason.TOO_FEW, f"{_months(before.size)} with data before, and {MIN_BEFORE} are needed"
    if after.size < MIN_AFTER:
        return Reason.TOO_FEW, f"{_months(after.size)} with data after, and {MIN_AFTER} are needed"
    if not before.sum() or not after.sum():
        return Reason.ZERO_COUNT, f"no event {'after' if before.sum() else 'before'}"
    return None


def _months(count: int) -> str:
    return f"only {count} month{'' if count == 1 else 's'}"


def _undefined(reason: Reason, note: str) -> Estimate:
    return undefined(NAME, unit="log ratio", reference=REFERENCE, note=note, reason=reason)
