"""The factor between the count before and the count expected after, as a product of named steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from geoharm.evaluation.placebo.forecast import FEATURES, Forecast
from geoharm.model.counts import Change
from geoharm.model.period import Period, Window
from geoharm.model.places_like_it import FactorKind, FactorStep, ForecastFactors
from geoharm.stats.variance_stabilising import stabilise_variance, unstabilise_variance

_MONTHS_PER_YEAR = 12


def forecast_factors(
    forecast: Forecast,
    *,
    zone: Change,
    control: Change,
    length_ratio: float,
    expected: float,
    history: Sequence[Window],
    control_by_month: Sequence[int],
) -> ForecastFactors | None:
    r"""Return the factor in ``expected = before * length_ratio * factor`` as a product of named steps.

    Parameters
    ----------
    forecast : Forecast
    zone, control : Change
        Raw counts of the zone and of its control in the windows before and after.
    length_ratio : float
        Days after divided by days before.
    expected : float
        Expected count after, as the effect gives it.
    history : sequence of Window
        The months before the operation, in order.
    control_by_month : sequence of int
        The control's count in each of them.

    Returns
    -------
    ForecastFactors or None
        None if the zone or its control had no event before or the control none after: there is nothing to multiply.

    Notes
    -----
    With :math:`S` the zone's and :math:`C` the control's counts, :math:`E_\lambda`, x and b as in `forecast_count`, and
    :math:`\ell` the length ratio, the steps are

    .. math::
        \frac{C_{after}}{C_{before}\,\ell}, \quad \frac{E_\lambda}{S_{before}\,C_{after}/C_{before}}, \quad
        e^{x_1 b_1}, \dots, e^{x_6 b_6}, \quad \frac{m}{\mu}, \quad \frac{\hat{E}}{m}

    The intervals are made on the scale g of `stabilise_variance`, where the middle of the counts that could have come is
    :math:`g(\mu) + c(\mu)`. The count there is the typical count, :math:`m = g^{-1}(g(\mu) + c(\mu))`, a little smaller
    than the mean :math:`\mu`. The expected count :math:`\hat{E}` takes the same correction at the count Y that was made,
    :math:`\hat{E} = Y \mu / g^{-1}(g(Y) - c(\mu))`, so that the change and its interval belong together; at Y = m it equals
    m. The last step is therefore the only one that uses Y.
    """
    if not (zone.before and control.before and control.after):
        return None
    city = control.after / control.before
    typical = typical_count(forecast)
    kinds_and_values = [
        (FactorKind.CITY, 1.0, math.log(city / length_ratio)),
        (FactorKind.RECENT, 1.0, math.log(forecast.from_past / (zone.before * city))),
        *zip(FEATURES, forecast.coefficients, forecast.features, strict=True),
        (FactorKind.TYPICAL, 1.0, math.log(typical / forecast.mean)),
        (FactorKind.COUNTED, 1.0, math.log(expected / typical)),
    ]
    city_history = sum(control_by_month)
    return ForecastFactors(
        steps=tuple(
            FactorStep(kind, coefficient, feature, math.exp(coefficient * feature))
            for kind, coefficient, feature in kinds_and_values
        ),
        factor=expected / (zone.before * length_ratio),
        discount=forecast.discount,
        history=_joined(history),
        last_year=_joined(history[-_MONTHS_PER_YEAR:]),
        city_last_year=sum(control_by_month[-_MONTHS_PER_YEAR:]) / city_history,
        city_after=control.after / city_history,
        has_season=forecast.has_season,
    )


def typical_count(forecast: Forecast) -> float:
    """Return the count after that lies in the middle of the forecast on the stabilised scale; made without the count after."""
    middle = float(stabilise_variance(forecast.mean, phi=forecast.phi, tau2=forecast.tau2)) + forecast.bias
    return float(unstabilise_variance(middle, phi=forecast.phi, tau2=forecast.tau2))


def _joined(windows: Sequence[Window]) -> tuple[Period, ...]:
    """Return the periods of windows in order, with adjacent ones joined."""
    periods = [period for window in windows for period in window.periods]
    breaks = [index for index, (one, next_one) in enumerate(pairwise(periods), start=1) if one.end != next_one.start]
    return tuple(
        Period(periods[first].start, periods[last - 1].end) for first, last in pairwise([0, *breaks, len(periods)])
    )
