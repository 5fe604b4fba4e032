"""The crackdown clock: the first drop, its wear while the operation runs, what is left after, and for how long.

Sherman (1990), Police crackdowns: initial and residual deterrence, Crime and Justice 12:1-48,
https://doi.org/10.1086/449163. The article names the phases and gives no formula; the piecewise model here is ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate, undefined
from geoharm.stats.poisson import CountFit, share_fit, share_fits

REFERENCE = "https://doi.org/10.1086/449163"
MIN_BEFORE, MIN_RUNNING, MIN_MONTHS_AFTER = 12, 4, 6.0
MAX_LEVEL_FACTOR = 0.95
_NEAR_OLD_LEVEL = math.log(1.1)
_LIVES = np.geomspace(0.5, 48, 28)
_METHOD = "profile"


def effect_decay(
    target: ArrayLike, control: ArrayLike, *, start: int, stop: int, per_month: float = 1.0, zone: str = "target"
) -> EffectDecay:
    r"""Return how an effect set in, wore off while the operation ran, and faded after.

    Parameters
    ----------
    target, control : array_like, shape (periods,)
        Counts of equal periods (months, weeks) in order; NaN in both where there are no data. Give a ring as `target`
        to time how displacement fades.
    start, stop : int
        First period of the operation, and first period after it.
    per_month : float
        Periods in a month: 1 for months, 4.348 for weeks.
    zone : str

    Returns
    -------
    EffectDecay
        Parts that the data cannot tell are undefined and listed under `refusals` with the reason: wear needs 4 periods
        of operation, fading 6 months and 6 periods after its end, everything 12 periods before.

    Raises
    ------
    DesignError
        If series do not fit together, or start and stop are not in them in order.

    Notes
    -----
    .. math:: \log\frac{E[T_t]}{E[C_t]} = a + b\,1[on] + d\,t_{on}\,1[on] + r\,e^{-t_{off}/\tau}\,1[off]

    fitted as a Poisson regression with an effect for every period, so the control's own noise is in the errors, with a
    quasi-Poisson scale. The time :math:`\tau` is profiled on a grid from two weeks to years. A residual is given if
    it lowers the deviance by more than :math:`\phi \chi^2_2` (its size and its time); the set of times holds all values
    whose deviance is within :math:`\phi \chi^2_1` of the best, with "fades at once" and "never fades" as its ends. The
    return is the time until :math:`|r| e^{-t/\tau}` is below :math:`\log 1.1`, for all those values; the error of r
    itself is not in it.
    """
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.ndim != 1 or t.shape != c.shape or not (np.isnan(t) == np.isnan(c)).all():
        msg = f"Target and control need the same periods; shapes {t.shape} and {c.shape} or their gaps differ."
        raise DesignError(msg)
    if not 0 < start < stop <= t.size:
        msg = f"The operation's periods must lie inside the series; {start} to {stop} of {t.size} were given."
        raise DesignError(msg)
    rate = check_positive(per_month, "number of periods in a month")
    place = np.arange(t.size)
    keep = ~np.isnan(t) & (np.nan_to_num(t) + np.nan_to_num(c) > 0)
    before, running, after = place < start, (place >= start) & (place < stop), place >= stop
    missing = _what_is_missing(zone, t, c, keep=keep, phases=(before, running, after))
    if missing:
        return _refused(zone, missing)
    refusals = []
    columns = [running.astype(np.float64)]
    wears = int((keep & running).sum()) >= MIN_RUNNING
    if wears:
        columns.append(np.where(running, (place - start) / rate, 0.0))
    else:
        length = f"it ran for {stop - start} of {MIN_RUNNING} periods ({(stop - start) / rate:.1f} months)"
        refusals.append(("wear", f"{length} that wearing off needs to be seen"))
    months = float((keep & after).sum()) / rate
    fades = months >= MIN_MONTHS_AFTER and int((keep & after).sum()) >= MIN_MONTHS_AFTER
    since = np.where(after, (place - stop + 0.5) / rate, 0.0)
    try:
        fits = _profile(t, c, keep, columns, after, since, lives=_LIVES if fades else np.array([]))
    except DesignError:
        return _refused(zone, "too few events lie in some of its phases for a model of them")
    best = min(fits, key=lambda life: fits[life].deviance)
    why = ""
    if not fades:
        why = f"{months:.1f} months are known after its end; fading needs {MIN_MONTHS_AFTER:g} to be seen"
        best = math.inf if after[keep].any() else 0.0
    elif fits[0.0].deviance - fits[best].deviance <= fits[best].dispersion * float(chi2.ppf(MAX_LEVEL_FACTOR, 2)):
        why = "after its end the level is not told apart from the old one, so no fading is seen"
    if why:
        refusals.append(("residual", why))
        lives = returns = ConfidenceSet((), MAX_LEVEL_FACTOR, _METHOD, why)
    else:
        lives, returns = _times(fits, best, len(columns))
    fit = fits[best]
    initial = _term(fit, 0, "log ratio when it began" if wears else "log ratio while it ran")
    wear = _term(fit, 1, "change of the log ratio a month") if wears else _nothing("wear", refusals[0][1])
    half = math.nan
    if wears and initial.interval().side < 0 < wear.interval().side:
        half = -initial.value / (2 * wear.value)
    residual = _nothing("residual", "no period after its end has data")
    if best > 0:
        name = "log ratio when it ended" if math.isfinite(best) else "log ratio since it ended"
        residual = _term(fit, len(columns), name)
    return EffectDecay(zone, initial, wear, half, residual, lives, returns, tuple(refusals))


def _what_is_missing(
    zone: str,
    t: NDArray[np.float64],
    c: NDArray[np.float64],
    *,
    keep: NDArray[np.bool_],
    phases: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]],
) -> str:
    before, running, after = (keep & phase for phase in phases)
    if before.sum() < MIN_BEFORE:
        return f"{before.sum()} periods with data lie before it; the old level needs {MIN_BEFORE}"
    if not running.any():
        return "no period of the operation has data"
    for when, inside in (("before it", before), ("while it ran", running), ("after it ended", after)):
        for name, series in ((zone, t), ("control", c)):
            if inside.any() and not series[inside].sum():
                return f"{name} has no event {when}, so there is no ratio"
    return ""


def _profile(
    t: NDArray[np.float64],
    c: NDArray[np.float64],
    keep: NDArray[np.bool_],
    columns: Sequence[NDArray[np.float64]],
    after: NDArray[np.bool_],
    since: NDArray[np.float64],
    *,
    lives: NDArray[np.float64],
) -> dict[float, CountFit]:
    """Return the fit for every time of fading; 0 is no residual, infinity one that stays."""

    def table(*extra: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([*columns, *extra, np.ones(keep.size)])[keep]

    found = {0.0: share_fit(t[keep], c[keep], table())}
    if after[keep].any():
        shapes = {float(life): np.where(after, np.exp(-since / life), 0.0) for life in lives}
        shapes[math.inf] = after.astype(np.float64)
        fits = share_fits(t[keep], c[keep], np.array([table(shape) for shape in shapes.values()]))
        found |= dict(zip(shapes, fits, strict=True))
    return found


def _term(fit: CountFit, place: int, name: str) -> Estimate:
    error = math.sqrt(float(fit.covariance[place, place]))
    return Estimate(name, float(fit.coefficients[place]), error, "log ratio", REFERENCE)


def _nothing(name: str, note: str) -> Estimate:
    return undefined(name, unit="log ratio", reference=REFERENCE, note=note)


def _refused(zone: str, why: str) -> EffectDecay:
    nothing = ConfidenceSet((), MAX_LEVEL_FACTOR, _METHOD, why)
    blank = [_nothing(name, why) for name in ("log ratio when it began", "wear", "residual")]
    return EffectDecay(zone, blank[0], blank[1], math.nan, blank[2], nothing, nothing, (("all", why),))


def _times(fits: dict[float, CountFit], best: float, place: int) -> tuple[ConfidenceSet, ConfidenceSet]:
    """Return half-lives and times of return, in months, of every time of fading that is not ruled out.

    Both sets reach to the nearest grid values that are ruled out.
    """
    allowed = fits[best].dispersion * float(chi2.ppf(MAX_LEVEL_FACTOR, 1))
    inside = [life for life in sorted(fits) if fits[life].deviance - fits[best].deviance <= allowed]
    low = max((life for life in fits if life < inside[0]), default=0.0)
    high = min((life for life in fits if life > inside[-1]), default=math.inf)
    half = ConfidenceSet(((low * math.log(2), high * math.log(2)),), MAX_LEVEL_FACTOR, _METHOD)
    times = []
    for life in (low, *inside, high):
        if life == 0:
            times.append(0.0)
            continue
        size = abs(float(fits[life].coefficients[place]))
        times.append(life * math.log(size / _NEAR_OLD_LEVEL) if size > _NEAR_OLD_LEVEL else 0.0)
    note = "the error of the residual itself is not in it"
    return half, ConfidenceSet(((min(times), max(times)),), MAX_LEVEL_FACTOR, _METHOD, note)
