"""One published number compared with the value that geoharm computes from the same counts."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class ReplicationCase:
    """A published number, the computed number and their tolerance.

    Attributes
    ----------
    case, source, quantity : str
        What was evaluated, where the number was published, and which number it is.
    expected, got : float
        The published and the computed value.
    tolerance : float
        Largest difference allowed: half a unit of the last published digit, or rounding error.
    """

    case: str
    source: str
    quantity: str
    expected: float
    got: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether both values are the same within the tolerance; an undefined value never agrees."""
        return math.isfinite(self.got) and abs(self.got - self.expected) <= self.tolerance


def published_values(name: str) -> Any:
    """Return the content of a shipped file of published numbers, ``golden/NAME.json``."""
    return json.loads((files("geoharm.replication") / "golden" / f"{name}.json").read_text(encoding="utf-8"))


def rounding_tolerance(digits: int) -> float:
    """Return half a unit of the last of `digits` decimals, with a small margin for binary rounding."""
    return float(0.5 * 10.0**-digits * (1 + 1e-9))


def relative_tolerance(expected: float, share: float = 1e-6) -> float:
    """Return a tolerance for numbers that are published with all their digits."""
    return max(abs(expected) * share, 1e-9)
