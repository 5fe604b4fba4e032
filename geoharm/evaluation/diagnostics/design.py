"""What could mislead in a comparison: the choice of the place, trends, seasons, months that are alike; each measured."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from geoharm.errors import DesignError
from geoharm.evaluation.results.curves import Curve
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
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
) -> Diagnostic:
    """Return how much of a fall the choice of a busy place makes by itself.

    Parameters
    ----------
    before : Window
    chosen_on : Period or None
        The data the target was picked on.
    chosen_count : int
        The target's count on those data.
    peers : array_like, shape (n,), optional
        The counts of all places it was picked from, itself included, on those data.
    dispersion : float
    observed : Estimate, optional
        The log rate ratio the figure is held against.

    Returns
    -------
    Diagnostic
        The figure is the expected change as a share of the count before: `stats.expected_return` times the share of the
        window before that lies in the data chosen on. SIGNAL if it makes up half of the observed fall or more, or if
        the overlap is there and cannot be measured; SAY if it is not known how the place was chosen.
    """
    name, unit, doi = (
        "regression to the mean",
        "share of the count before",
        "https://doi.org/10.1080/01621459.1973.10481350",
    )
    if chosen_on is None:
        text = "How the target area was chosen is not stated. Places picked at a peak fall back by themselves."
        return Diagnostic(name, math.nan, unit, text, Severity.SAY, doi)
    shared = sum(overlap.days for period in before.periods if (overlap := chosen_on.overlap(period)))
    if not shared:
        text = "The target area was chosen on data that are no part of the window before, so its choice bends nothing."
        return Diagnostic(name, 0.0, unit, text, Severity.NONE, doi)
    part = shared / before.days
    if peers is None or not chosen_count:
        text = (
            f"The target area was chosen on data that make up {part:.0%} of the window before; the counts of the "
            "other places to choose from are not known, so what falls back by itself cannot be measured."
        )
        return Diagnostic(name, math.nan, unit, text, Severity.SIGNAL, doi)
    figure = part * expected_regression(chosen_count, peers, dispersion=dispersion)
    count = np.asarray(peers).size
    text = (
        f"Picked from {count:,} places on data that make up {part:.0%} of the window before, the target area would "
        f"change by {figure:+.1%} by itself."
    )
    consequence = Severity.SAY
    if observed is not None and observed.is_defined and figure < 0 and math.expm1(observed.value) > 2 * figure:
        consequence = Severity.SIGNAL
    return Diagnostic(name, figure, unit, text, consequence, doi)


def pre_trend_diagnostic(events: Curve, *, level: float = 0.95) -> Diagnostic:
    r"""Return how large a break of the trend, against those before, would undo the effect.

    Parameters
    ----------
    events : Curve
        Of `event_study`.
    level : float

    Returns
    -------
    Diagnostic
        The figure is :math:`\bar M`: 1 means that a break from block to block as large as the largest one before
        undoes the effect. Infinite if no break was seen before. SIGNAL below 1 if a break before exceeds its noise,
        SAY if those before may be noise alone; NONE if there is no effect to undo.

    Notes
    -----
    With :math:`\Delta` the largest change from block to block before (the reference included), a bias that grows by at
    most :math:`\bar M \Delta` a block reaches :math:`\bar M \Delta (J + 1)/2` in the mean of J blocks after; the figure
    is the least :math:`\bar M` at which the interval of that mean, widened by it, holds 0. Rambachan and Roth's
    conditional interval also counts the noise of :math:`\Delta`; here noise makes :math:`\Delta` larger, so the figure
    errs towards caution.

    References
    ----------
    Rambachan and Roth (2023), A more credible approach to parallel trends, Review of Economic Studies 90:2555-2591,
    https://doi.org/10.1093/restud/rdad018
    """
    name, unit = "parallel trends", "times the largest break before"
    late = np.flatnonzero((events.positions > 0) & [point.is_defined for point in events.points])
    early = np.flatnonzero((events.positions < 0) & [point.is_defined for point in events.points])
    if not late.size or early.size < 2:
        text = "Too few months with events before or after to hold trends against each other."
        return Diagnostic(name, math.nan, unit, text, Severity.SAY, ROTH)
    values = np.array([point.value for point in events.points])
    share = np.zeros(values.size)
    share[late] = 1 / late.size
    spread = np.nan_to_num(events.covariance)
    mean = float(share[late] @ values[late])
    error = math.sqrt(float(share @ spread @ share))
    span = Estimate("mean after", mean, error, "log ratio", ROTH).interval(level)
    if span.side == 0:
        text = "The mean after is not told apart from the level before, so there is nothing that a trend could undo."
        return Diagnostic(name, 0.0, unit, text, Severity.NONE, ROTH)
    slack = min(abs(span.low), abs(span.high))
    # The reference block is the last before, and 0 by definition.
    path = np.append(values[early], 0.0)
    breaks = np.abs(np.diff(path))
    steps = np.diff(np.eye(early.size + 1)[:, : early.size], axis=0)
    noise = np.sqrt(np.diag(steps @ spread[np.ix_(early, early)] @ steps.T))
    largest = float(breaks.max())
    figure = slack / (largest * (late.size + 1) / 2) if largest > 0 else math.inf
    if figure >= 1:
        text = f"A break of the trend would have to be {figure:.2g} times the largest one before to undo the change."
        return Diagnostic(name, figure, unit, text, Severity.SAY, ROTH)
    # As many tests as breaks: the bar for "beyond noise" is Bonferroni's.
    bar = Estimate("", 0.0, 1.0, "", "").interval(1 - 0.05 / breaks.size).high
    real = bool((breaks > bar * noise).any())
    text = f"A break of the trend {figure:.2g} times the largest one before would undo the change; " + (
        "breaks beyond noise were there before."
        if real
        else "those before are no larger than noise makes them, so this says little."
    )
    return Diagnostic(name, figure, unit, text, Severity.SIGNAL if real else Severity.SAY, ROTH)


def season_diagnostic(before: Window, after: Window) -> Diagnostic:
    """Return how much of the window after has no like season before.

    Returns
    -------
    Diagnostic
        The figure is half the sum of the absolute differences between the shares of days that fall in each calendar
        month: 0 for the same season, 1 for none in common. SAY above 0.1.
    """
    shares = [_calendar(window) for window in (before, after)]
    figure = float(np.abs(shares[0] - shares[1]).sum() / 2)
    if figure <= 0.1:
        text = "The windows before and after cover the same seasons."
        return Diagnostic("season", figure, "share of days", text, Severity.NONE)
    text = (
        f"{figure:.0%} of the days after fall in months that the window before holds less of. Only a season that the "
        "control shares is taken out."
    )
    return Diagnostic("season", figure, "share of days", text, Severity.SAY)


def _calendar(window: Window) -> np.ndarray:
    days = np.zeros(12)
    for period in window.periods:
        dates = np.arange(np.datetime64(period.start), np.datetime64(period.end))
        days += np.bincount(dates.astype("datetime64[M]").astype(int) % 12, minlength=12)
    return np.asarray(days / days.sum())


def autocorrelation_diagnostic(
    target: ArrayLike, control: ArrayLike, *, after: int, calibrated: bool = False
) -> Diagnostic:
    r"""Return how alike neighbouring months are beyond what level and control explain.

    Parameters
    ----------
    target, control : array_like, shape (months,)
        Counts before the operation, NaN where there are no data.
    after : int
        Months of the window after.
    calibrated : bool
        Whether the answer's interval was learned at places without an operation, so that it holds this already.

    Returns
    -------
    Diagnostic
        The figure is the first autocorrelation of the target's share of both, as Pearson residuals, plus 1/n for its
        bias. SIGNAL (SAY for a calibrated interval) where it exceeds :math:`1.645/\sqrt{n}`: errors of counting are then too small by the factor in
        the sentence, the root of :math:`1 + 2\sum_{j<m} (1 - j/m) r^j`.

    References
    ----------
    Bartlett (1946), https://doi.org/10.2307/2983611; Bertrand, Duflo and Mullainathan (2004), How much should we trust
    differences-in-differences estimates?, Quarterly Journal of Economics 119:249-275,
    https://doi.org/10.1162/003355304772839588
    """
    name, doi = "serial correlation", "https://doi.org/10.1162/003355304772839588"
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.shape != c.shape or t.ndim != 1:
        msg = f"Target and control need the same months; shapes {t.shape} and {c.shape} were given."
        raise DesignError(msg)
    known = np.isfinite(t) & np.isfinite(c)
    if known.sum() < 12 or not t[known].sum() or not c[known].sum():
        text = "Fewer than 12 months with events lie before, so likeness of neighbouring months cannot be seen."
        return Diagnostic(name, math.nan, "correlation", text, Severity.SAY, doi)
    share = t[known].sum() / (t[known].sum() + c[known].sum())
    total = t + c
    residual = np.full(t.shape, math.nan)
    full = known & (total > 0)
    residual[full] = (t[full] - share * total[full]) / np.sqrt(total[full] * share * (1 - share))
    pairs = np.isfinite(residual[1:]) & np.isfinite(residual[:-1])
    centred = residual - np.nanmean(residual)
    spread = float(np.nanmean(centred**2))
    count = int(full.sum())
    figure = float((centred[1:] * centred[:-1])[pairs].mean()) / spread + 1 / count if spread and pairs.any() else 0.0
    bar = 1.645 / math.sqrt(count)
    if figure <= bar:
        text = f"Neighbouring months are no more alike (correlation {figure:.2f}) than chance makes them."
        return Diagnostic(name, figure, "correlation", text, Severity.NONE, doi)
    lags = np.arange(1, max(after, 1))
    factor = math.sqrt(1 + 2 * float(((1 - lags / max(after, 1)) * min(figure, 0.99) ** lags).sum()))
    text = (
        f"Neighbouring months are alike (correlation {figure:.2f}): a high month is followed by another. Errors that "
        f"count months as independent are too small by a factor of about {factor:.1f}."
    )
    if calibrated:
        text += " The interval learned at places without an operation holds this."
    return Diagnostic(name, figure, "correlation", text, Severity.SAY if calibrated else Severity.SIGNAL, doi)
