"""Confidence sets: the values of a quantity that the data do not rule out, in one or more pieces."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class ConfidenceSet:
    """All values of a quantity that the data do not rule out at a stated level.

    Attributes
    ----------
    pieces : tuple of (low, high)
        Closed intervals, sorted and not overlapping. An end may be infinite. One finite piece is an ordinary interval.
        Two pieces exclude the values between them. (-inf, inf) rules out nothing. No piece means that there is no set.
    level : float
        Share of repetitions in which the set should contain the true value.
    method : str
        Method of computation: "Fieller", "profile", "forecasts of target and rings together".
    note : str or Withheld
        Why there is no set, or what it leaves out.
    calibrated : bool
        Whether the set was shown to have its stated coverage at placebo places, as for an `Estimate`.
    """

    pieces: tuple[tuple[float, float], ...]
    level: float
    method: str
    note: Note = ""
    calibrated: bool = False

    def __contains__(self, value: object) -> bool:
        """Return whether a value is not ruled out."""
        return isinstance(value, int | float) and any(low <= value <= high for low, high in self.pieces)

    @property
    def shape(self) -> str:
        """The kind of set: "none", "interval", "half-line", "two pieces", "everything"."""
        if not self.pieces:
            return "none"
        if len(self.pieces) > 1:
            return "two pieces"
        low, high = self.pieces[0]
        infinite_ends = math.isinf(low) + math.isinf(high)
        return ("interval", "half-line", "everything")[infinite_ends]

    @property
    def is_bounded(self) -> bool:
        """Whether the set is an ordinary interval."""
        return self.shape == "interval"

    def text(self, digits: int = 2) -> str:
        """Return the set in words.

        Examples
        --------
        >>> ConfidenceSet(((-math.inf, -1.5), (0.25, math.inf)), 0.95, "Fieller").text()
        'up to -1.50, or 0.25 and more'
        """
        shape = self.shape
        if shape == "none":
            return str(self.note) or "no set"
        if shape == "everything":
            return "any value"
        return ", or ".join(_piece_text(low, high, digits) for low, high in self.pieces)


def _piece_text(low: float, high: float, digits: int) -> str:
    if math.isinf(low):
        return f"up to {high:.{digits}f}"
    if math.isinf(high):
        return f"{low:.{digits}f} and more"
    return f"{low:.{digits}f} to {high:.{digits}f}"
