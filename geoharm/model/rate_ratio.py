"""The ratio of two rates: events a day in one window over those in another, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Interval
from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The ratio of two rates, after over before; 1 means that they are equal.

    Attributes
    ----------
    value : float
        NaN if there is no event before, with the reason in `note`.
    interval : Interval
        Of the ratio, not of its logarithm. The upper end is infinite without an event before; NaN where neither window has
        one.
    dispersion : float
        Variance of the monthly counts over their mean, by which the interval was widened; 1 is Poisson.
    note : str or Withheld
        Why the value is undefined or withheld; empty if it is defined.
    """

    value: float
    interval: Interval
    dispersion: float
    note: Note = ""
