"""The evaluation design of one operation: its zones and time windows."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.model.period import BETWEEN, DURING, UNDER_WAY, Period, Window, headline_phases
from geoharm.model.study import Operation
from geoharm.model.window_pair import WindowPair

AFTER, SINCE = "after", "since"
# Names of sums over zones, and of the phase while an operation runs.
ALL_RINGS = "all rings"
TARGET_AND_RINGS = "target and rings"
TARGET_GAP_AND_RINGS = "target, gap and rings"
# The target together with the rows without a usable place that name one of its streets, or with all such rows.
TARGET_OWN_PLACE = "target, only rows with their own place"
TARGET_WITH_STREET_UNPLACED = "target, with unplaced rows of its streets"
TARGET_WITH_ALL_UNPLACED = "target, with all unplaced rows"


@dataclass(frozen=True, slots=True)
class Design:
    """Zones and windows of one operation.

    Attributes
    ----------
    operation : Operation
    zones : tuple of Zone
        Target, gap, rings and control, which do not overlap.
    before : Window
        The window before the operation.
    after : Window
        The window after, which the headline estimate uses.
    phases : tuple of Window
        Parts of the time since the start of the operation, each estimated separately.
    notes : tuple of str
        What was chosen by rule, and what was cut off.
    margin : float
        The largest change, as a share of the expected count, that a bound may leave open: the study's margin.
    left_out : tuple of Period
        Days before that are left out because another operation reached this ground; no month that holds one is history.
    """

    operation: Operation
    zones: tuple[Zone, ...]
    before: Window
    after: Window
    phases: tuple[Window, ...]
    notes: tuple[str, ...] = ()
    margin: float = DEFAULT_MARGIN
    left_out: tuple[Period, ...] = ()

    def of_role(self, role: ZoneRole) -> tuple[Zone, ...]:
        """Return the zones of a role, in order."""
        return tuple(zone for zone in self.zones if zone.role is role)

    def area_of(self, *roles: ZoneRole) -> BaseGeometry:
        """Return the union of all zones of the given roles; an empty geometry if there is none."""
        return shapely.union_all([zone.geometry for zone in self.zones if zone.role in roles])

    @property
    def windows(self) -> WindowPair:
        """The windows before and after."""
        return WindowPair(self.operation.name, self.before, self.after)

    @property
    def later(self) -> str:
        """What the time that is compared with before is called: "after", "since" (it goes on), "during" or "between"."""
        if self.operation.ongoing:
            return SINCE
        names = {phase.name for phase in headline_phases(self.phases)}
        return AFTER if not names or names - {*UNDER_WAY} else DURING if DURING in names else BETWEEN

    @property
    def control_area(self) -> BaseGeometry:
        """The control area: all control zones together."""
        return self.area_of(ZoneRole.CONTROL)

    @property
    def ring_area(self) -> BaseGeometry:
        """All rings together, without the gap."""
        return self.area_of(ZoneRole.RING)

    @property
    def exposed_area(self) -> BaseGeometry:
        """Target, gap and rings together: all zones that the operation may have reached."""
        return self.area_of(ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING)
