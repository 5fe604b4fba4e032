"""Power before an operation: the smallest detectable fall by length of the window and number of operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class PowerRow:
    """Smallest detectable fall in one zone for one length of the window after.

    Attributes
    ----------
    zone : str
    months : int
        Length of the window after, in months.
    expected : float
        Expected number of events in it; NaN if unknown.
    detectable_fall : float
        Smallest fall that is detected in 80% of cases, as a share of the expected count; NaN if no 95% interval is
        possible.
    note : str
        Why there is no figure.
    """

    zone: str
    months: int
    expected: float
    detectable_fall: float
    note: Note = ""

    def pooled(self, operations: int) -> float:
        r"""Return the smallest detectable fall of several operations like this one, pooled.

        Notes
        -----
        :math:`1 - (1 - f)^{1/\sqrt J}`: the error of the mean of J independent estimates of one true value.

        Examples
        --------
        >>> round(PowerRow("target", 6, 100.0, 0.5).pooled(4), 2)
        0.29
        """
        return (
            -math.expm1(math.log1p(-self.detectable_fall) / math.sqrt(operations)) if self.detectable_fall < 1 else 1.0
        )

    def operations_for(self, fall: float) -> float:
        """Return how many operations like this one, pooled, are needed to detect a fall; NaN if unknown.

        Examples
        --------
        >>> PowerRow("target", 6, 100.0, 0.5).operations_for(0.2)
        10
        """
        if not 0 < self.detectable_fall < 1:
            return math.nan
        needed = (math.log1p(-self.detectable_fall) / math.log1p(-fall)) ** 2
        return max(1, math.ceil(needed - 1e-9))


@dataclass(frozen=True, slots=True)
class PowerTable:
    """Power of one measure for one operation.

    Attributes
    ----------
    operation, measure, unit : str
    past_windows : str
        The past windows used for the computation, for example "11 months up to 2022-01-10".
    zones : tuple of PowerRow
        Power in the study's own window: target, all rings, target and rings.
    by_months : tuple of PowerRow
        Power in the target by length of the window after.
    """

    operation: str
    measure: str
    unit: str
    past_windows: str
    zones: tuple[PowerRow, ...]
    by_months: tuple[PowerRow, ...]

    def months_for(self, fall: float) -> float:
        """Return the length in months of the shortest window tried that detects a fall; NaN if none does."""
        return next((row.months for row in self.by_months if row.detectable_fall <= fall), math.nan)


def pooled_detectable_fall(rows: Sequence[PowerRow]) -> float:
    r"""Return the smallest detectable fall of different operations, pooled; NaN if none has a figure.

    Notes
    -----
    :math:`1 - \exp(-1/\sqrt{\sum 1/l_i^2})` with :math:`l_i = -\log(1 - f_i)`: inverse-variance weights, independent
    estimates of one true value.

    Examples
    --------
    >>> rows = [PowerRow("target", 6, 100.0, 0.5)] * 4
    >>> round(pooled_detectable_fall(rows), 2) == round(rows[0].pooled(4), 2)
    True
    """
    log_falls = [-math.log1p(-row.detectable_fall) for row in rows if 0 < row.detectable_fall < 1]
    if not log_falls:
        return math.nan
    return -math.expm1(-1 / math.sqrt(sum(1 / log_fall**2 for log_fall in log_falls)))
