"""Diagnostics of the design: regression to the mean, trends, seasons and serial correlation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from geoharm.errors import DesignError
from geoharm.evaluation.results.curves import Curve
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.model.design import AFTER
from geoharm.model.estimate import Estimate
from geoharm.model.period import Period, Window
from geoharm.stats.regression_to_mean import expected_regression

ROTH = "https://doi.org/10.1093/restud/rdad018"


def selection_diagnostic(
    before: Window,
    chosen_on: Period | None,
    *,
    chosen_count: int = 0,
    peers: ArrayLike | None = None,
    dispersion: float = 1.0,
    observed: Estimate | None = None,
    learned_on: Period | None = None,
) -> Diagnostic:
    """Return the diagnostic for regression to the mean: the change expected only because a busy place was chosen.

    Parameters
    ----------
    before : Window
        The window before.
    chosen_on : Period or None
        The period of the data on which the target area was chosen.
    chosen_count : int
        The target's count in that period.
    peers : array_like, shape (n,), optional
        The counts in that period of all places that could have been chosen, the target included.
    dispersion : float
        Variance over mean of the counts.
    observed : Estimate, optional
        The observed log rate ratio, with which the figure is compared.
    learned_on : Period, optional
        The months before from which the calibrated forecast is learned, if there is one. They are more than the window
        before, and may include the period chosen on.

    Returns
    -------
    Diagnostic
        The figure is the expected change as a share of the count before: `expected_regression` times the share of the
        window before that lies in the period chosen on.

        - SIGNAL: the figure is half of the observed fall or more, or there is an overlap that cannot be measured.
        - SAY: it is not known how the place was chosen, or the figure is smaller, or only the months of the forecast
          overlap the period chosen on.
        - NONE: the period chosen on overlaps neither the window before nor the months of the forecast.

    Notes
    -----
    The window before is what a comparison with the control stands on. The forecast stands on all months. It is learned at
    places with a level near the target's over the same months, each with its own counts after, so the fall that such
    places show without an operation is part of it. In simulated cities with the target chosen on last year's peak, its
    95% intervals held the truth in 94 to 96 of 100 (docs/calibration.md). A place picked for a peak falls back further
    than others of its level; the forecast sees this only through the level of the recent months against the long run.
    """
    kind, unit, doi = (
        DiagnosticKind.SELECTION,
        "share of the count before",
        "https://doi.org/10.1080/01621459.1973.10481350",
    )
    if chosen_on is None:
        text = (
            "How the target area was chosen is not stated. Places chosen at a peak tend to fall without any operation."
        )
        return Diagnostic(kind, math.nan, unit, text, Severity.SAY, doi)
    shared_days = sum(overlap.days for period in before.periods if (overlap := chosen_on.overlap(period)))
    shield = _selection_shield(chosen_on, learned_on)
    if not shared_days:
        text = "The target area was chosen on data that are no part of the window before"
        if shield:
            return Diagnostic(kind, 0.0, unit, f"{text}. {shield}", Severity.SAY, doi)
        return Diagnostic(kind, 0.0, unit, f"{text}, so its choice does not bias the comparison.", Severity.NONE, doi)
    share_of_window = shared_days / before.days
    if peers is None or not chosen_count:
        text = (
            f"The target area was chosen on data that make up {share_of_window:.0%} of the window before; the counts of the "
            "other places to choose from are not known, so regression to the mean cannot be measured."
        )
        return Diagnostic(kind, math.nan, unit, text, Severity.SIGNAL, doi)
    figure = share_of_window * expected_regression(chosen_count, peers, dispersion=dispersion)
    peer_count = np.asarray(peers).size
    text = (
        f"The target area was chosen from {peer_count:,} places on data that make up {share_of_window:.0%} of the window "
        f"before. Regression to the mean alone would change it by {figure:+.1%}."
    )
    text += f" {shield}" if shield else ""
    severity = Severity.SAY
    if observed is not None and observed.is_defined and figure < 0 and math.expm1(observed.value) > 2 * figure:
        severity = Severity.SIGNAL
    return Diagnostic(kind, figure, unit, text, severity, doi)


def _selection_shield(chosen_on: Period, learned_on: Period | None) -> str:
    """Return what shields a forecast whose months overlap the period chosen on, and what does not; empty if none do."""
    if learned_on is None or not chosen_on.overlap(learned_on):
        return ""
    return (
        f"The {round(learned_on.days * 12 / 365.25)} months from which its forecast is learned include them. What shields it: the forecast "
        "is learned at places that were as busy over the same months, so what such places lose by themselves is expected "
        "here too. What does not: a place picked for a peak can fall back further than others as busy."
    )


def pre_trend_diagnostic(events: Curve, *, level: float = 0.95, later: str = AFTER) -> Diagnostic:
    r"""Return the diagnostic for parallel trends: how large a break of the trend would cancel the effect.

    Parameters
    ----------
    events : Curve
        The result of `event_study`.
    level : float
        Confidence level of the interval of the mean effect.
    later : str
        What the time after is called.

    Returns
    -------
    Diagnostic
        The figure is :math:`\bar M`. A value of 1 means that a break from block to block as large as the largest one
        before cancels the effect. It is infinite if there was no break before.

        - SIGNAL: the figure is below 1, and a break before exceeds its noise.
        - SAY: the figure is below 1, but the breaks before may be noise; or it is 1 or more.
        - NONE: there is no effect to cancel.

    Notes
    -----
    With :math:`\Delta` the largest change from block to block before (the reference included), a bias that grows by at
    most :math:`\bar M \Delta` a block reaches :math:`\bar M \Delta (J + 1)/2` in the mean of J blocks after. The figure
    is the smallest :math:`\bar M` at which the interval of that mean, widened by this bias, contains 0. Rambachan and
    Roth's conditional interval also accounts for the noise of :math:`\Delta`. Here noise makes :math:`\Delta` larger, so
    the figure is conservative.

    References
    ----------
    Rambachan and Roth (2023), A more credible approach to parallel trends, Review of Economic Studies 90:2555-2591,
    https://doi.org/10.1093/restud/rdad018
    """
    kind, unit = DiagnosticKind.PRE_TREND, "times the largest break before"
    late = np.flatnonzero((events.positions > 0) & [point.is_defined for point in events.points])
    early = np.flatnonzero((events.positions < 0) & [point.is_defined for point in events.points])
    if not late.size or early.size < 2:
        text = f"Too few months with events before or {later} to compare trends."
        return Diagnostic(kind, math.nan, unit, text, Severity.SAY, ROTH)
    values = np.array([point.value for point in events.points])
    weights = np.zeros(values.size)
    weights[late] = 1 / late.size
    covariance = np.nan_to_num(events.counting_covariance)
    mean = float(weights[late] @ values[late])
    error = math.sqrt(float(weights @ covariance @ weights))
    mean_interval = Estimate("mean after", mean, error, "log ratio", ROTH).interval(level)
    if mean_interval.side == 0:
        text = f"The mean {later} cannot be told apart from the level before, so there is no change that a trend could undo."
        return Diagnostic(kind, 0.0, unit, text, Severity.NONE, ROTH)
    distance_to_zero = min(abs(mean_interval.low), abs(mean_interval.high))
    # The reference block is the last one before the operation; its value is 0 by definition.
    values_before = np.append(values[early], 0.0)
    breaks = np.abs(np.diff(values_before))
    contrasts = np.diff(np.eye(early.size + 1)[:, : early.size], axis=0)
    noise = np.sqrt(np.diag(contrasts @ covariance[np.ix_(early, early)] @ contrasts.T))
    largest = float(breaks.max())
    figure = distance_to_zero / (largest * (late.size + 1) / 2) if largest > 0 else math.inf
    if figure >= 1:
        text = f"A break of the trend would have to be {figure:.2g} times the largest one before to undo the change."
        return Diagnostic(kind, figure, unit, text, Severity.SAY, ROTH)
    # There are as many tests as breaks, so the threshold for "beyond noise" is Bonferroni's.
    threshold = Estimate("", 0.0, 1.0, "", "").interval(1 - 0.05 / breaks.size).high
    beyond_noise = bool((breaks > threshold * noise).any())
    text = f"A break of the trend {figure:.2g} times the largest one before would undo the change; " + (
        "there were breaks beyond noise before."
        if beyond_noise
        else "the breaks before may be noise alone, so this is weak evidence."
    )
    return Diagnostic(kind, figure, unit, text, Severity.SIGNAL if beyond_noise else Severity.SAY, ROTH)


def season_diagnostic(before: Window, after: Window, *, later: str = AFTER) -> Diagnostic:
    """Return the diagnostic for season: how far the windows before and after cover different seasons.

    Parameters
    ----------
    before, after : Window
    later : str
        What the time after is called.

    Returns
    -------
    Diagnostic
        The figure is half the sum of the absolute differences between the windows' shares of days in each calendar
        month: 0 for the same seasons, 1 for no month in common. The severity is SAY above 0.1.
    """
    shares = [_calendar_month_shares(window) for window in (before, after)]
    figure = float(np.abs(shares[0] - shares[1]).sum() / 2)
    if figure <= 0.1:
        text = f"The windows before and {later} cover the same seasons."
        return Diagnostic(DiagnosticKind.SEASON, figure, "share of days", text, Severity.NONE)
    text = (
        f"{figure:.0%} of the days {later} fall in calendar months that the window before covers less. Only a seasonal "
        "pattern that the control shares is removed."
    )
    return Diagnostic(DiagnosticKind.SEASON, figure, "share of days", text, Severity.SAY)


def _calendar_month_shares(window: Window) -> np.ndarray:
    days = np.zeros(12)
    for period in window.periods:
        dates = np.arange(np.datetime64(period.start), np.datetime64(period.end))
        days += np.bincount(dates.astype("datetime64[M]").astype(int) % 12, minlength=12)
    return np.asarray(days / days.sum())


def autocorrelation_diagnostic(
    target: ArrayLike, control: ArrayLike, *, after: int, calibrated: bool = False, refused: bool = False
) -> Diagnostic:
    r"""Return the diagnostic for serial correlation of months, beyond what level and control explain.

    Parameters
    ----------
    target, control : array_like, shape (months,)
        Monthly counts before the operation; NaN for a month without data.
    after : int
        Number of months in the window after.
    calibrated : bool
        Whether the answer's interval was learned at places without an operation. Such an interval already includes
        serial correlation.
    refused : bool
        Whether no such interval was possible. The sentence then speaks of none.

    Returns
    -------
    Diagnostic
        The figure is the lag-1 autocorrelation of the Pearson residuals of the target's share of both counts, plus 1/n
        for its bias. The severity is SIGNAL (SAY for a calibrated interval) if it exceeds :math:`1.645/\sqrt{n}`.
        Errors from counting noise are then too small by the factor in the sentence, the root of
        :math:`1 + 2\sum_{j<m} (1 - j/m) r^j`.

    Raises
    ------
    DesignError
        If target and control do not have the same months.

    References
    ----------
    Bartlett (1946), https://doi.org/10.2307/2983611; Bertrand, Duflo and Mullainathan (2004), How much should we trust
    differences-in-differences estimates?, Quarterly Journal of Economics 119:249-275,
    https://doi.org/10.1162/003355304772839588
    """
    kind, doi = DiagnosticKind.AUTOCORRELATION, "https://doi.org/10.1162/003355304772839588"
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.shape != c.shape or t.ndim != 1:
        msg = f"Target and control need the same months; shapes {t.shape} and {c.shape} were given."
        raise DesignError(msg)
    has_data = np.isfinite(t) & np.isfinite(c)
    if has_data.sum() < 12 or not t[has_data].sum() or not c[has_data].sum():
        text = "There are fewer than 12 months with events before, so the correlation of neighbouring months cannot be measured."
        return Diagnostic(kind, math.nan, "correlation", text, Severity.SAY, doi)
    share = t[has_data].sum() / (t[has_data].sum() + c[has_data].sum())
    total = t + c
    residual = np.full(t.shape, math.nan)
    has_events = has_data & (total > 0)
    residual[has_events] = (t[has_events] - share * total[has_events]) / np.sqrt(
        total[has_events] * share * (1 - share)
    )
    pairs = np.isfinite(residual[1:]) & np.isfinite(residual[:-1])
    centred = residual - np.nanmean(residual)
    variance = float(np.nanmean(centred**2))
    month_count = int(has_events.sum())
    figure = (
        float((centred[1:] * centred[:-1])[pairs].mean()) / variance + 1 / month_count
        if variance and pairs.any()
        else 0.0
    )
    threshold = 1.645 / math.sqrt(month_count)
    if figure <= threshold:
        text = f"Neighbouring months are no more alike (correlation {figure:.2f}) than expected by chance."
        return Diagnostic(kind, figure, "correlation", text, Severity.NONE, doi)
    lags = np.arange(1, max(after, 1))
    factor = math.sqrt(1 + 2 * float(((1 - lags / max(after, 1)) * min(figure, 0.99) ** lags).sum()))
    text = (
        f"Neighbouring months are alike (correlation {figure:.2f}): a high month is followed by another. Errors that "
        f"count months as independent are too small by a factor of about {factor:.1f}."
    )
    if calibrated and not refused:
        text += " The interval learned at places without an operation includes this."
    return Diagnostic(kind, figure, "correlation", text, Severity.SAY if calibrated else Severity.SIGNAL, doi)
