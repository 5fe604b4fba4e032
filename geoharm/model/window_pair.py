"""A pair of windows: before and after, around an operation or as a comparison names them."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.period import Window

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class WindowPair:
    """Two windows whose events are compared.

    Attributes
    ----------
    name : str
        Name of the operation or of the comparison.
    before, after : Window
    """

    name: str
    before: Window
    after: Window

    @property
    def both(self) -> Window:
        """All days of the two windows."""
        return Window("before and after", (*self.before.periods, *self.after.periods))
