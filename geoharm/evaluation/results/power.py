"""What could be found, before an operation: the smallest detectable fall by time to wait and by operations pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PowerRow:
    """How small a fall could be found in one zone after one length of time.

    Attributes
    ----------
    zone : str
    months : int
        Of the window after.
    expected : float
        Events expected in it; NaN if unknown.
    detectable_fall : float
        Smallest fall found four times in five, as a share of the expected count; NaN where no 95% interval is possible.
    note : str
        Why there is none.
    """

    zone: str
    months: int
    expected: float
    detectable_fall: float
    note: str = ""

    def pooled(self, operations: int) -> float:
        r"""Return the smallest fall that many operations like this one would find together.

        Notes
        -----
        :math:`1 - (1 - f)^{1/\sqrt J}`: the error of a mean of J independent answers, with one true value for all.

        Examples
        --------
        >>> round(PowerRow("target", 6, 100.0, 0.5).pooled(4), 2)
        0.29
        """
        return (
            -math.expm1(math.log1p(-self.detectable_fall) / math.sqrt(operations)) if self.detectable_fall < 1 else 1.0
        )

    def operations_for(self, fall: float) -> float:
        """Return how many operations like this one would find a fall together; NaN if unknown.

        Examples
        --------
        >>> PowerRow("target", 6, 100.0, 0.5).operations_for(0.2)
        10
        """
        if not 0 < self.detectable_fall < 1:
            return math.nan
        need = (math.log1p(-self.detectable_fall) / math.log1p(-fall)) ** 2
        return max(1, math.ceil(need - 1e-9))


@dataclass(frozen=True, slots=True)
class PowerTable:
    """What one measure could find around one operation.

    Attributes
    ----------
    operation, measure, unit : str
    tried_on : str
        The windows of the past it was tried on: "11 months up to 2022-01-10".
    zones : tuple of PowerRow
        The study's own window: target, all rings, target and rings.
    by_months : tuple of PowerRow
        The target, by length of the window after.
    """

    operation: str
    measure: str
    unit: str
    tried_on: str
    zones: tuple[PowerRow, ...]
    by_months: tuple[PowerRow, ...]

    def months_for(self, fall: float) -> float:
        """Return the shortest window tried that finds a fall; NaN if none does."""
        return next((row.months for row in self.by_months if row.detectable_fall <= fall), math.nan)


def pooled_detectable_fall(rows: Sequence[PowerRow]) -> float:
    r"""Return the smallest fall that different operations would find together; NaN where none has an answer.

    Notes
    -----
    :math:`1 - \exp(-1/\sqrt{\sum 1/l_i^2})` with :math:`l_i = -\log(1 - f_i)`: weights by the inverse variance, one
    true value for all, independent of each other.

    Examples
    --------
    >>> rows = [PowerRow("target", 6, 100.0, 0.5)] * 4
    >>> round(pooled_fall(rows), 2) == round(rows[0].pooled(4), 2)
    True
    """
    logs = [-math.log1p(-row.detectable_fall) for row in rows if 0 < row.detectable_fall < 1]
    if not logs:
        return math.nan
    return -math.expm1(-1 / math.sqrt(sum(1 / one**2 for one in logs)))
