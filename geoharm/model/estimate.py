"""Estimates and their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from geoharm._validation import check_level
from geoharm.errors import DesignError
from geoharm.model.reason import Note, Reason

_NORMAL = NormalDist()


def ratio_of(log_ratio: float) -> float:
    """Return the ratio of a log ratio; infinite where it is too large for a number.

    Examples
    --------
    >>> ratio_of(0.0), ratio_of(1000.0), ratio_of(-1000.0)
    (1.0, inf, 0.0)
    """
    try:
        return math.exp(log_ratio)
    except OverflowError:
        return math.inf


def relative_change_of(log_ratio: float) -> float:
    """Return the relative change of a log ratio, the ratio minus 1; infinite where it is too large for a number.

    Examples
    --------
    >>> round(relative_change_of(-0.693147), 3), relative_change_of(1000.0)
    (-0.5, inf)
    """
    try:
        return math.expm1(log_ratio)
    except OverflowError:
        return math.inf


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval that contains the true value in a stated share of repetitions.

    Attributes
    ----------
    low, high : float
        Ends of the interval; NaN where no interval is possible.
    level : float
        That share, e.g. 0.95.
    """

    low: float
    high: float
    level: float

    @property
    def side(self) -> int:
        """-1 if the interval is below zero, 1 if it is above, 0 if it contains zero or is undefined."""
        if self.high < 0:
            return -1
        if self.low > 0:
            return 1
        return 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate and its standard error: after minus what was to be expected; negative means fewer events.

    Attributes
    ----------
    name : str
        Name of the estimator, e.g. "weighted displacement difference" or "log rate ratio".
    value, standard_error : float
        NaN where undefined, with the reason in `note`.
    unit : str
        For example "incidents" or "log ratio".
    reference : str
        DOI or URL of the source of the formula.
    note : str or Withheld
        Why the value is undefined, or what the standard error leaves out.
    calibrated : bool
        Whether the interval was shown to have its stated coverage at placebo places. If not, it is too narrow for a
        finding: values that it excludes are only a signal.
    intervals : tuple of Interval
        One interval for each level that can be requested, if they are not ``value -+ z * standard_error``.
    p : float
        Two-sided p-value that belongs to `intervals`; NaN without them.
    reason : Reason or None
        Why the value is undefined or withheld, for code; None if it is defined.
    """

    name: str
    value: float
    standard_error: float
    unit: str
    reference: str
    note: Note = ""
    calibrated: bool = False
    intervals: tuple[Interval, ...] = ()
    p: float = math.nan
    reason: Reason | None = None

    @property
    def is_defined(self) -> bool:
        """Whether value and standard error are finite."""
        return math.isfinite(self.value) and math.isfinite(self.standard_error)

    @property
    def z(self) -> float:
        """Value divided by its standard error; NaN if undefined or if the standard error is 0."""
        if not self.is_defined or self.standard_error == 0:
            return math.nan
        return self.value / self.standard_error

    def interval(self, level: float = 0.95) -> Interval:
        """Return the interval at a level: the one in `intervals`, else ``value -+ z * standard_error``.

        Parameters
        ----------
        level : float
            Share of repetitions in which the interval should contain the true value.

        Raises
        ------
        DesignError
            If intervals were given, and none has this level.
        """
        level = check_level(level)
        if not self.is_defined:
            return Interval(math.nan, math.nan, level)
        if self.intervals:
            for given in self.intervals:
                if math.isclose(given.level, level):
                    return given
            levels = ", ".join(f"{given.level:g}" for given in self.intervals)
            msg = f"This {self.name} has intervals of the levels {levels}; {level:g} was asked for."
            raise DesignError(msg)
        half_width = _NORMAL.inv_cdf(0.5 + level / 2) * self.standard_error
        return Interval(self.value - half_width, self.value + half_width, level)

    def p_value(self) -> float:
        """Return the two-sided p-value of "no change": the one given in `p`, else from the normal distribution."""
        if self.intervals and self.is_defined:
            return self.p
        return math.nan if math.isnan(self.z) else 2 * _NORMAL.cdf(-abs(self.z))


def undefined(name: str, *, unit: str, reference: str, note: Note, reason: Reason | None) -> Estimate:
    """Return an undefined estimate (NaN), with its reason for code and a note for people."""
    return Estimate(name, math.nan, math.nan, unit, reference, note, reason=reason)
