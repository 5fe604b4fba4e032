"""One language for every number with an uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from geoharm._validation import check_level
from geoharm.errors import DesignError

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the true value in a stated share of repetitions.

    Attributes
    ----------
    low, high : float
        NaN where no interval is possible.
    level : float
        The stated share, e.g. 0.95.
    """

    low: float
    high: float
    level: float

    @property
    def side(self) -> int:
        """-1 if the whole range is below zero, 1 if above, 0 if it holds zero or is undefined."""
        if self.high < 0:
            return -1
        if self.low > 0:
            return 1
        return 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its standard error; after minus before, net of control: negative means fewer events.

    Attributes
    ----------
    name : str
        "weighted displacement difference", "log rate ratio".
    value, standard_error : float
        NaN where undefined, with the reason in `note`.
    unit : str
        "incidents", "log ratio".
    reference : str
        DOI or URL of the source of the formula.
    note : str
        Why the value is undefined, or what the error leaves out.
    calibrated : bool
        Whether the interval was shown to hold its level on places without an operation. If not, it is too narrow
        for a finding: what it excludes is a signal.
    intervals : tuple of Interval
        Where they are not ``value -+ z * standard_error``: one at each level that may be asked for.
    p : float
        Two-sided p-value that goes with `intervals`; NaN without them.
    """

    name: str
    value: float
    standard_error: float
    unit: str
    reference: str
    note: str = ""
    calibrated: bool = False
    intervals: tuple[Interval, ...] = ()
    p: float = math.nan

    @property
    def is_defined(self) -> bool:
        """Whether there is a value and an error to speak of."""
        return math.isfinite(self.value) and math.isfinite(self.standard_error)

    @property
    def z(self) -> float:
        """Value divided by its standard error; NaN if undefined or if nothing varies."""
        if not self.is_defined or self.standard_error == 0:
            return math.nan
        return self.value / self.standard_error

    def interval(self, level: float = 0.95) -> Interval:
        """Return the interval of a level: the one given in `intervals`, else ``value -+ z * standard_error``.

        Parameters
        ----------
        level : float
            Share of repetitions in which the interval should hold the truth.

        Raises
        ------
        DesignError
            If intervals were given, and none of this level.
        """
        level = check_level(level)
        if not self.is_defined:
            return Interval(math.nan, math.nan, level)
        if self.intervals:
            for one in self.intervals:
                if math.isclose(one.level, level):
                    return one
            known = ", ".join(f"{one.level:g}" for one in self.intervals)
            msg = f"This {self.name} has intervals of the levels {known}; {level:g} was asked for."
            raise DesignError(msg)
        reach = _NORMAL.inv_cdf(0.5 + level / 2) * self.standard_error
        return Interval(self.value - reach, self.value + reach, level)

    def p_value(self) -> float:
        """Return the two-sided p-value of "no change": the one given, else under the normal approximation."""
        if self.intervals and self.is_defined:
            return self.p
        return math.nan if math.isnan(self.z) else 2 * _NORMAL.cdf(-abs(self.z))


def undefined(name: str, *, unit: str, reference: str, note: str) -> Estimate:
    """Return an estimate that says why there is none."""
    return Estimate(name, math.nan, math.nan, unit, reference, note)
