"""The zones and windows that one operation is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.period import Window
from geoharm.model.study import Operation

# Names of sums over zones, and of the phase while an operation runs.
ALL_RINGS = "all rings"
TARGET_AND_RINGS = "target and rings"
TARGET_GAP_AND_RINGS = "target, gap and rings"
# The target, had it held those rows without a usable place that name one of its streets, or all of them.
TARGET_WITH_NEAR = "target, with unplaced rows of its streets"
TARGET_WITH_ALL = "target, with all unplaced rows"


@dataclass(frozen=True, slots=True)
class Design:
    """Zones and windows of one operation.

    Attributes
    ----------
    operation : Operation
    zones : tuple of Zone
        Target, gap, rings, control; disjoint.
    before : Window
    after : Window
        The headline's window.
    phases : tuple of Window
        Parts of the time since the operation began, each on its own.
    notes : tuple of str
        What was chosen by rule, and what was cut.
    """

    operation: Operation
    zones: tuple[Zone, ...]
    before: Window
    after: Window
    phases: tuple[Window, ...]
    notes: tuple[str, ...] = ()

    def of_role(self, role: ZoneRole) -> tuple[Zone, ...]:
        """Return the zones of a role, in order."""
        return tuple(zone for zone in self.zones if zone.role is role)
