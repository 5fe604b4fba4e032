"""Running change: events counted since an operation against their forecast, month by month, with one band for all.

Every point is forecast as the headline is, at placebo places, over the months up to it. The band covers the whole curve,
so it may be read at any month.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.evaluation.design.series import months_around
from geoharm.evaluation.placebo.calibrated_ratio import (
    PlaceboData,
    calibrated_ratio,
    fit_forecast_and_pool,
    undefined_calibrated_ratio,
    why_only_probable,
)
from geoharm.evaluation.placebo.forecast import Forecast
from geoharm.evaluation.placebo.places import PlaceboCounts, placebo_counts
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import ZoneRole
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, month_span
from geoharm.stats.distributions import t_quantile
from geoharm.stats.simultaneous_bands import simultaneous_multiplier

MAX_POINTS = 12
LEVEL = 0.95


def running_windows(counts: ZoneCounts, design: Design) -> tuple[Window, ...]:
    """Return windows from the first whole month after the operation up to each later month, at most 12.

    With more months, every window is longer by as many months as it takes. The windows end before a month without data.
    """
    months = months_around(counts, design)
    spans = list(months.spans[months.stop :])
    missing = [position for position, span in enumerate(spans) if span.start in counts.missing_months]
    spans = spans[: missing[0]] if missing else spans
    if counts.by_year or not spans:
        return ()
    step = math.ceil(len(spans) / MAX_POINTS)
    return tuple(
        Window(month_span(1, length), (Period(spans[0].start, spans[length - 1].end),))
        for length in range(step, len(spans) + 1, step)
    )


def with_running_windows(data: PlaceboData, panel: UnitPanel) -> PlaceboData:
    """Return the placebo data with the windows of another panel in place of those after the operation.

    Parameters
    ----------
    data : PlaceboData
    panel : UnitPanel
        The same measure's events by cell and `running_windows`.
    """
    running = placebo_counts(data.places, panel)

    def joined(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([before[..., : data.months], after], axis=-1)

    counts = PlaceboCounts(
        *(
            joined(getattr(data.counts, name), getattr(running, name))
            for name in ("target", "rings", "in_control", "belt", "operation_belt")
        )
    )
    return replace(data, windows=(*data.windows[: data.months], *panel.windows), counts=counts)


def running_change(data: PlaceboData, counts: ZoneCounts, design: Design, *, seed: int) -> tuple[Estimate, ...]:
    r"""Return the target's log rate ratio since the operation, up to each month, with a band for the whole curve.

    Parameters
    ----------
    data : PlaceboData
        As returned by `with_running_windows`.
    counts : ZoneCounts
        The operation's own counts, by zone and date.
    design : Design
    seed : int
        Random seed of the band.

    Returns
    -------
    tuple of Estimate
        One for each window. Its only interval is the band at that point. A point that supports no finding is undefined,
        with the reason.

    Notes
    -----
    Each point is `calibrated_ratio` of a forecast of its own. With :math:`e_{pk}` the forecast error of placebo place p at
    point k, on the stabilised scale, points k and l are correlated by

    .. math:: R_{kl} = \sum_p e_{pk} e_{pl} / \sqrt{\sum_p e_{pk}^2 \sum_p e_{pl}^2}

    over the places that all forecasts used. The band is that of each point with, in place of the quantile of t, the quantile
    of :math:`\max_k |T_k|` for a multivariate t with these correlations and the smallest degrees of freedom of the points.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Simultaneous confidence bands, Journal of Applied Econometrics 34:1-17,
    https://doi.org/10.1002/jae.2656
    """
    windows = data.windows[data.months :]
    fits = [fit_forecast_and_pool(data, counts, design, zone="target", after=window) for window in windows]
    reasons = [reason or (why_only_probable(forecast) if forecast else "") for forecast, _, reason, _ in fits]
    usable = {
        window: (forecast, pool)
        for window, (forecast, _, _, pool), reason in zip(windows, fits, reasons, strict=True)
        if forecast is not None and not reason
    }
    multiplier = _band_multiplier(list(usable.values()), seed=seed) if usable else math.nan
    return tuple(
        _point(window, usable[window][0], counts, design, multiplier)
        if window in usable
        else replace(undefined_calibrated_ratio(reason), name=window.name)
        for window, reason in zip(windows, reasons, strict=True)
    )


def _band_multiplier(fits: Sequence[tuple[Forecast, NDArray[np.int64]]], *, seed: int) -> float:
    """Return the half-width of the band in standard errors on the stabilised scale."""
    common = np.array(sorted(set.intersection(*(set(pool.tolist()) for _, pool in fits))), dtype=np.int64)
    errors = np.array([np.array(forecast.forecast_errors)[np.searchsorted(pool, common)] for forecast, pool in fits])
    freedom = min(forecast.degrees_of_freedom for forecast, _ in fits)
    return simultaneous_multiplier(errors @ errors.T, seed=seed, level=LEVEL, degrees_of_freedom=freedom)


def _point(window: Window, forecast: Forecast, counts: ZoneCounts, design: Design, multiplier: float) -> Estimate:
    observed = sum(counts.total(zone.name, window) for zone in design.of_role(ZoneRole.TARGET))
    # An interval at this level with the spread widened by the two quantiles' ratio is the band at this point.
    widening = multiplier / float(t_quantile(0.5 + LEVEL / 2, forecast.degrees_of_freedom))
    ratio = calibrated_ratio(replace(forecast, scale=forecast.scale * widening), observed)
    return replace(ratio, name=window.name, intervals=(ratio.interval(LEVEL),), p=math.nan)
