"""How far a forecast may be off: the spread of one count, and of several that are pooled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForecastSpread:
    """A forecast count and its error on the variance-stabilised scale.

    Attributes
    ----------
    mean : float
        Expected count after without a change.
    phi, tau2 : float
        Variance of counts around forecasts: ``phi mu + tau2 mu^2``.
    scale : float
        Standard error on the stabilised scale.
    degrees_of_freedom : float
        Of its t distribution.
    """

    mean: float
    phi: float
    tau2: float
    scale: float
    degrees_of_freedom: float


@dataclass(frozen=True, slots=True)
class PooledSpread:
    """The forecasts behind one calibrated answer: one, or those of the components of a composite outcome.

    Attributes
    ----------
    parts : tuple of ForecastSpread
        At least one.
    correlation : tuple of tuple of float
        Of their errors, a row for each.
    """

    parts: tuple[ForecastSpread, ...]
    correlation: tuple[tuple[float, ...], ...] = ((1.0,),)
