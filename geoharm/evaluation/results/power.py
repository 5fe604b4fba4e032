"""Power before an operation: the smallest detectable fall by length of the window."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.reason import Note
from geoharm.model.spread import ForecastSpread


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
    spread : ForecastSpread or None
        The forecast behind it; None if there is no figure.
    """

    zone: str
    months: int
    expected: float
    detectable_fall: float
    note: Note = ""
    spread: ForecastSpread | None = None


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

    @property
    def waiting_helps(self) -> bool:
        """Whether the longest window tried finds a fall smaller than the shortest one does, by a tenth of it or more."""
        falls = [row.detectable_fall for row in self.by_months if not math.isnan(row.detectable_fall)]
        return len(falls) < 2 or falls[-1] <= 0.9 * falls[0]
