"""Suppressed counts: what stands in place of a count that may not be published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Stands in place of a suppressed count.

    Attributes
    ----------
    below : int
        The count lies from 1 to `below` - 1. If 0, the count may be of any size, and is suppressed because it would give
        a small one back.
    """

    below: int = 0

    def __str__(self) -> str:
        return f"under {self.below}" if self.below else "withheld"


Count = int | Suppressed
