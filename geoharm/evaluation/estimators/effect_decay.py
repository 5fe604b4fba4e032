"""Effect decay: initial effect, decay while the operation runs, residual effect after it, and its duration.

Sherman (1990), Police crackdowns: initial and residual deterrence, Crime and Justice 12:1-48,
https://doi.org/10.1086/449163. The article names the phases and gives no formula. The piecewise model is
an addition of this package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason
from geoharm.stats.distributions import chi2_quantile
from geoharm.stats.poisson import CountFit, share_fit, share_fits

REFERENCE = "https://doi.org/10.1086/449163"
MIN_PERIODS_BEFORE, MIN_PERIODS_RUNNING, MIN_MONTHS_AFTER = 12, 4, 6.0
INTERVAL_LEVEL = 0.95
_NEAR_OLD_LEVEL = math.log(1.1)
_LIFETIMES = np.geomspace(0.5, 48, 28)
_METHOD = "profile"


def effect_decay(
    target: ArrayLike, control: ArrayLike, *, start: int, stop: int, per_month: float = 1.0, zone: str = "target"
) -> EffectDecay:
    r"""Return how an effect began, decayed while the operation ran, and faded after it ended.

    Parameters
    ----------
    target, control : array_like, shape (periods,)
        Counts of equal periods (months, weeks), in order; NaN in both where there are no data. For the decay of
        displacement, pass a ring as `target`.
    start, stop : int
        Position of the first period of the operation, and of the first period after it.
    per_month : float
        Number of periods in a month: 1 for months, 4.348 for weeks.
    zone : str
        Name of the zone.

    Returns
    -------
    EffectDecay
        Parts that cannot be estimated are undefined, and listed in `refusals` with the reason. Every part needs 12
        periods before. Decay while the operation runs needs 4 periods of operation. Fading needs 6 months and 6 periods
        after its end.

    Raises
    ------
    DesignError
        If the series differ in length or in missing periods, or if not 0 < start < stop <= length of the series.

    Notes
    -----
    .. math:: \log\frac{E[T_t]}{E[C_t]} = a + b\,1[on] + d\,t_{on}\,1[on] + r\,e^{-t_{off}/\tau}\,1[off]

    The model is fitted as a Poisson regression with one effect per period, so that the errors include the control's
    noise, and with a quasi-Poisson scale. The lifetime :math:`\tau` is profiled on a grid from two weeks to four years.

    - A residual effect is given if it lowers the deviance by more than :math:`\phi \chi^2_2` (for its size and its
      lifetime).
    - The set of lifetimes contains all values whose deviance is within :math:`\phi \chi^2_1` of the smallest one. Its
      ends may be "fades at once" and "never fades".
    - The time of return is the time until :math:`|r| e^{-t/\tau}` is below :math:`\log 1.1`, for all these lifetimes.
      It does not include the error of r.
    """
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.ndim != 1 or t.shape != c.shape or not (np.isnan(t) == np.isnan(c)).all():
        msg = f"Target and control need the same periods; shapes {t.shape} and {c.shape} or their gaps differ."
        raise DesignError(msg)
    if not 0 < start < stop <= t.size:
        msg = f"The operation's periods must lie inside the series; {start} to {stop} of {t.size} were given."
        raise DesignError(msg)
    rate = check_positive(per_month, "number of periods in a month")
    period = np.arange(t.size)
    usable = ~np.isnan(t) & (np.nan_to_num(t) + np.nan_to_num(c) > 0)
    before, running, after = period < start, (period >= start) & (period < stop), period >= stop
    missing_reason = _missing_data_reason(zone, t, c, usable=usable, phases=(before, running, after))
    if missing_reason:
        return _undefined_decay(zone, missing_reason)
    refusals = []
    columns = [running.astype(np.float64)]
    decay_is_estimable = int((usable & running).sum()) >= MIN_PERIODS_RUNNING
    if decay_is_estimable:
        columns.append(np.where(running, (period - start) / rate, 0.0))
    else:
        duration_text = (
            f"it ran for {stop - start} of {MIN_PERIODS_RUNNING} periods ({(stop - start) / rate:.1f} months)"
        )
        refusals.append(("wear", f"{duration_text} needed to see whether the effect wears off"))
    months_after = float((usable & after).sum()) / rate
    fading_is_estimable = months_after >= MIN_MONTHS_AFTER and int((usable & after).sum()) >= MIN_MONTHS_AFTER
    months_since_end = np.where(after, (period - stop + 0.5) / rate, 0.0)
    try:
        fits = _fits_by_lifetime(
            t,
            c,
            usable,
            columns,
            after,
            months_since_end,
            lifetimes=_LIFETIMES if fading_is_estimable else np.array([]),
        )
    except DesignError:
        return _undefined_decay(zone, "some of its phases have too few events for a model")
    best_lifetime = min(fits, key=lambda lifetime: fits[lifetime].deviance)
    no_residual_reason = ""
    if not fading_is_estimable:
        no_residual_reason = f"{months_after:.1f} months after its end have data, and {MIN_MONTHS_AFTER:g} are needed to see whether it fades"
        best_lifetime = math.inf if after[usable].any() else 0.0
    elif fits[0.0].deviance - fits[best_lifetime].deviance <= fits[best_lifetime].dispersion * float(
        chi2_quantile(INTERVAL_LEVEL, 2)
    ):
        no_residual_reason = "after its end the level cannot be told apart from the old one, so no fading is seen"
    if no_residual_reason:
        refusals.append(("residual", no_residual_reason))
        half_lives = return_times = ConfidenceSet((), INTERVAL_LEVEL, _METHOD, no_residual_reason)
    else:
        half_lives, return_times = _half_life_and_return(fits, best_lifetime, len(columns))
    fit = fits[best_lifetime]
    initial = _coefficient_estimate(
        fit, 0, "log ratio when it began" if decay_is_estimable else "log ratio while it ran"
    )
    decay = (
        _coefficient_estimate(fit, 1, "change of the log ratio a month")
        if decay_is_estimable
        else _undefined_estimate("wear", refusals[0][1])
    )
    half_life_running = math.nan
    if decay_is_estimable and initial.interval().side < 0 < decay.interval().side:
        half_life_running = -initial.value / (2 * decay.value)
    residual = _undefined_estimate("residual", "no period after its end has data")
    if best_lifetime > 0:
        name = "log ratio when it ended" if math.isfinite(best_lifetime) else "log ratio since it ended"
        residual = _coefficient_estimate(fit, len(columns), name)
    return EffectDecay(zone, initial, decay, half_life_running, residual, half_lives, return_times, tuple(refusals))


def _missing_data_reason(
    zone: str,
    t: NDArray[np.float64],
    c: NDArray[np.float64],
    *,
    usable: NDArray[np.bool_],
    phases: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]],
) -> str:
    before, running, after = (usable & phase for phase in phases)
    if before.sum() < MIN_PERIODS_BEFORE:
        return f"{before.sum()} periods before it have data, and {MIN_PERIODS_BEFORE} are needed for the old level"
    if not running.any():
        return "no period of the operation has data"
    for when, inside in (("before it", before), ("while it ran", running), ("after it ended", after)):
        for name, series in ((zone, t), ("control", c)):
            if inside.any() and not series[inside].sum():
                return f"{name} has no event {when}, so there is no ratio"
    return ""


def _fits_by_lifetime(
    t: NDArray[np.float64],
    c: NDArray[np.float64],
    usable: NDArray[np.bool_],
    columns: Sequence[NDArray[np.float64]],
    after: NDArray[np.bool_],
    months_since_end: NDArray[np.float64],
    *,
    lifetimes: NDArray[np.float64],
) -> dict[float, CountFit]:
    """Return the fit for every lifetime of the residual effect; 0 is no residual, infinity a permanent one."""

    def table(*extra_columns: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([*columns, *extra_columns, np.ones(usable.size)])[usable]

    fits_by_lifetime = {0.0: share_fit(t[usable], c[usable], table())}
    if after[usable].any():
        residual_columns = {
            float(lifetime): np.where(after, np.exp(-months_since_end / lifetime), 0.0) for lifetime in lifetimes
        }
        residual_columns[math.inf] = after.astype(np.float64)
        fits = share_fits(
            t[usable], c[usable], np.array([table(residual_column) for residual_column in residual_columns.values()])
        )
        fits_by_lifetime |= dict(zip(residual_columns, fits, strict=True))
    return fits_by_lifetime


def _coefficient_estimate(fit: CountFit, position: int, name: str) -> Estimate:
    error = math.sqrt(float(fit.covariance[position, position]))
    return Estimate(name, float(fit.coefficients[position]), error, "log ratio", REFERENCE)


def _undefined_estimate(name: str, note: str) -> Estimate:
    return undefined(name, unit="log ratio", reference=REFERENCE, note=note, reason=Reason.NO_DATA)


def _undefined_decay(zone: str, reason: str) -> EffectDecay:
    empty_set = ConfidenceSet((), INTERVAL_LEVEL, _METHOD, reason)
    estimates = [_undefined_estimate(name, reason) for name in ("log ratio when it began", "wear", "residual")]
    return EffectDecay(
        zone, estimates[0], estimates[1], math.nan, estimates[2], empty_set, empty_set, (("all", reason),)
    )


def _half_life_and_return(
    fits: dict[float, CountFit], best_lifetime: float, position: int
) -> tuple[ConfidenceSet, ConfidenceSet]:
    """Return the sets of half-lives and of times of return, in months, for all lifetimes that are not ruled out.

    Both sets extend to the nearest grid values that are ruled out.
    """
    allowed = fits[best_lifetime].dispersion * float(chi2_quantile(INTERVAL_LEVEL, 1))
    allowed_lifetimes = [
        lifetime for lifetime in sorted(fits) if fits[lifetime].deviance - fits[best_lifetime].deviance <= allowed
    ]
    low = max((lifetime for lifetime in fits if lifetime < allowed_lifetimes[0]), default=0.0)
    high = min((lifetime for lifetime in fits if lifetime > allowed_lifetimes[-1]), default=math.inf)
    half_lives = ConfidenceSet(((low * math.log(2), high * math.log(2)),), INTERVAL_LEVEL, _METHOD)
    return_times = []
    for lifetime in (low, *allowed_lifetimes, high):
        if lifetime == 0:
            return_times.append(0.0)
            continue
        residual_size = abs(float(fits[lifetime].coefficients[position]))
        return_times.append(
            lifetime * math.log(residual_size / _NEAR_OLD_LEVEL) if residual_size > _NEAR_OLD_LEVEL else 0.0
        )
    note = "the error of the residual itself is not included"
    return half_lives, ConfidenceSet(((min(return_times), max(return_times)),), INTERVAL_LEVEL, _METHOD, note)
