"""Which counts of zones in windows are suppressed: one decision for each count, wherever it is printed.

The headline, a phase of the same length, a ring that is the only one, and two operations at one place may all show the
same count. It is shown in all of them or in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from geoharm.disclosure.constraints import place_name
from geoharm.disclosure.escalate import SuppressionLevel, SuppressionLevels
from geoharm.disclosure.rows import DataSet, RowSet, rows_of
from geoharm.disclosure.suppression import suppress_small
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR
from geoharm.model.design import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    TARGET_OWN_PLACE,
    TARGET_WITH_ALL_UNPLACED,
    TARGET_WITH_STREET_UNPLACED,
    Design,
)
from geoharm.model.disclosure_rules import is_few
from geoharm.model.effect import Effect
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, Window, headline_phases
from geoharm.model.reason import Reason, RevealedBy, Withheld
from geoharm.model.suppressed import Count, Suppressed
from geoharm.results import OperationResult

_CountKey = tuple[frozenset[str], tuple[Period, ...]]
_PlaceKey = tuple[RowSet, frozenset[str], tuple[Period, ...]]


@dataclass(frozen=True, slots=True)
class CountSuppression:
    """Which counts of one measure around one operation are suppressed.

    Attributes
    ----------
    k : int
        Threshold of the disclosure rule.
    members : mapping of str to tuple of str
        The zones that make up every zone and sum of zones.
    hidden : mapping of (zones, periods) to Withheld
        Counts that are suppressed whatever their size, with the reason.
    """

    k: int
    members: Mapping[str, tuple[str, ...]]
    hidden: Mapping[_CountKey, Withheld]

    def release(self, count: int, zone: str, window: Window) -> Count:
        """Return the count of a zone in a window as it may be released."""
        return Suppressed() if self._key(zone, window) in self.hidden else suppress_small(count, self.k)

    def reason(self, count: int, zone: str, window: Window) -> Withheld | None:
        """Return why the count of a zone in a window is suppressed; None if it is not."""
        if reason := self.hidden.get(self._key(zone, window)):
            return reason
        return Withheld(Reason.SMALL_COUNT, self.k) if self.is_small(count) else None

    def hides(self, zone: str, *windows: Window) -> bool:
        """Return whether the count of a zone is suppressed, whatever its size, in one of some windows."""
        return any(self._key(zone, window) in self.hidden for window in windows)

    def is_small(self, *counts: int) -> bool:
        """Return whether one of the counts is few (`is_few`)."""
        return any(is_few(count, self.k) for count in counts)

    def _key(self, zone: str, window: Window) -> _CountKey:
        return frozenset(self.members[zone]), window.periods

    def hiding(
        self,
        zones: Mapping[str, Withheld],
        windows: Sequence[Window],
        *,
        shown: Sequence[tuple[str, Window]] = (),
    ) -> CountSuppression:
        """Return a suppression that hides more: every given zone in every given window.

        Parameters
        ----------
        zones : mapping of str to Withheld
            Zones with the reason.
        windows : sequence of Window
        shown : sequence of (zone, Window)
            Counts that stay as they are, even if one of the zones has the same count under another name.
        """
        kept = {self._key(zone, window) for zone, window in shown}
        more = {
            key: reason
            for zone, reason in zones.items()
            for window in windows
            if (key := self._key(zone, window)) not in kept
        }
        return replace(self, hidden=more | dict(self.hidden))


def suppress_counts(
    operations: Sequence[OperationResult[MeasureResult]],
    k: int,
    suppression_levels: SuppressionLevels,
    *,
    data: Mapping[str, DataSet],
) -> tuple[tuple[CountSuppression, ...], ...]:
    """Return which counts are suppressed, for every operation and measure.

    Parameters
    ----------
    operations : sequence of OperationResult
    k : int
        Threshold of the disclosure rule; 1 suppresses nothing.
    suppression_levels : mapping of str to SuppressionLevel
        By name of the measure.
    data : mapping of str to DataSet
        By source.

    Notes
    -----
    A count that is suppressed around one operation, or for one measure, is suppressed around every other operation and for
    every other measure that counts the same rows at the same place in the same periods.
    """
    names = [_place_names(operation) for operation in operations]
    elsewhere: frozenset[_PlaceKey] = frozenset()
    while True:
        suppressions = tuple(
            tuple(
                _suppress_measure(
                    result,
                    operation.design,
                    k,
                    suppression_levels.get(result.measure.name, SuppressionLevel.NOTHING),
                    _Elsewhere(rows_of(result.measure, data), operation_names, elsewhere),
                )
                for result in operation.measures
            )
            for operation, operation_names in zip(operations, names, strict=True)
        )
        hidden = frozenset(
            (rows_of(result.measure, data), frozenset(operation_names[zone] for zone in zones), periods)
            for operation, operation_names, row in zip(operations, names, suppressions, strict=True)
            for result, suppression in zip(operation.measures, row, strict=True)
            for zones, periods in suppression.hidden
        )
        # What another operation or measure hides may call for more to be hidden here, and that for more there.
        if hidden == elsewhere or len(operations) * len({rows for rows, _, _ in hidden}) <= 1:
            return suppressions
        elsewhere = hidden


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Counts that are suppressed around any operation and for any measure, by their rows and the outlines of their places.

    Attributes
    ----------
    rows : RowSet
        The rows of the measure.
    names : mapping of str to str
        Name of every zone's outline.
    hidden : frozenset of (rows, outlines, periods)
    """

    rows: RowSet
    names: Mapping[str, str]
    hidden: frozenset[_PlaceKey]

    def hides(self, zones: Iterable[str], *windows: Window) -> bool:
        places = frozenset(self.names[zone] for zone in zones)
        return any((self.rows, places, window.periods) in self.hidden for window in windows)


def _place_names(operation: OperationResult[MeasureResult]) -> dict[str, str]:
    """Return a name for every zone of an operation that is the same where another operation has the same outline."""
    zones = {zone.name: place_name(zone.geometry, {}) for zone in operation.design.zones}
    return zones | {kind: f"{kind}: {zones['target']}" for kind in (UNPLACED_NEAR, UNPLACED)}


def zone_members(result: MeasureResult, design: Design) -> dict[str, tuple[str, ...]]:
    """Return the zones that make up every zone, sum of zones and bound of a measure."""

    def names(role: ZoneRole) -> tuple[str, ...]:
        return tuple(zone.name for zone in design.of_role(role))

    target, gap, rings = names(ZoneRole.TARGET), names(ZoneRole.GAP), names(ZoneRole.RING)
    unplaced = tuple(name for name in (UNPLACED_NEAR, UNPLACED) if name in result.counts.zones)
    return {zone.name: (zone.name,) for zone in design.zones} | {
        "target": target,
        "control": names(ZoneRole.CONTROL),
        ALL_RINGS: rings,
        TARGET_AND_RINGS: target + rings,
        TARGET_GAP_AND_RINGS: target + gap + rings,
        TARGET_OWN_PLACE: target,
        TARGET_WITH_STREET_UNPLACED: (*target, *(name for name in unplaced if name == UNPLACED_NEAR)),
        TARGET_WITH_ALL_UNPLACED: target + unplaced,
    }


def _suppress_measure(
    result: MeasureResult, design: Design, k: int, level: SuppressionLevel, elsewhere: _Elsewhere
) -> CountSuppression:
    suppression = CountSuppression(k, zone_members(result, design), {})
    if k == 1:
        return suppression
    headline = (design.before, design.after)
    suppression = suppression.hiding(_hidden_zones(result, design, suppression, elsewhere), headline)
    everything = Withheld(Reason.GIVES_BACK, k, RevealedBy.ALL_NUMBERS)
    given_up = _zones_given_up(result, level)
    still_shown = [
        (effect.zone, window) for effect in result.effects if effect.zone not in given_up for window in headline
    ]
    suppression = suppression.hiding(dict.fromkeys(given_up, everything), headline, shown=still_shown)
    by_other = Withheld(Reason.GIVES_BACK, k, RevealedBy.OTHER_OPERATION)
    for window in (*headline, *design.phases):
        zones = {zone: by_other for zone, members in suppression.members.items() if elsewhere.hides(members, window)}
        suppression = suppression.hiding(zones, [window])
    of_headline = [(zone, design.after) for zone in {"control", *(phase.zone for phase in result.phases)}]
    for zone, reason in _zones_with_hidden_phases(result, design, suppression).items():
        after = headline_phases(design.phases)
        suppression = suppression.hiding({zone: reason}, after, shown=of_headline)
    if level >= SuppressionLevel.PHASES:
        given_up_phases = dict.fromkeys((zone for zone, _ in of_headline), everything)
        suppression = suppression.hiding(given_up_phases, design.phases, shown=of_headline)
    return suppression


def _zones_given_up(result: MeasureResult, level: SuppressionLevel) -> set[str]:
    """Return the zones whose counts in the headline's window go at a suppression level: parts first, the target last."""
    zones = {effect.zone for effect in result.effects}
    if level >= SuppressionLevel.TARGET:
        return zones
    if level >= SuppressionLevel.RING_SUMS:
        return zones - {"target"}
    if level >= SuppressionLevel.RINGS:
        return zones - {"target", ALL_RINGS, TARGET_AND_RINGS}
    return set()


def _zones_with_hidden_phases(
    result: MeasureResult, design: Design, suppression: CountSuppression
) -> dict[str, Withheld]:
    """Return the zones whose phases after the operation are suppressed together.

    The phases add up to the headline's count. So a single suppressed phase would follow from the others, and a suppressed
    headline from all of them.
    """
    hidden, parts = {}, {phase.name for phase in headline_phases(design.phases)}
    for zone in {phase.zone for phase in result.phases}:
        after = [phase.after for phase in result.phases if phase.zone == zone and phase.window in parts]
        if suppression.hides(zone, design.after):
            hidden[zone] = Withheld(Reason.GIVES_BACK, suppression.k, RevealedBy.PHASES)
        elif suppression.is_small(*after):
            hidden[zone] = Withheld(Reason.GIVES_BACK, suppression.k, RevealedBy.WINDOW)
    return hidden


def _hidden_zones(
    result: MeasureResult, design: Design, suppression: CountSuppression, elsewhere: _Elsewhere
) -> dict[str, Withheld]:
    """Return the zones to suppress in the headline's window, with the reason.

    They are those with a small count, and those from which one would follow by subtraction: a second ring, and sums that
    differ from a shown one by just the suppressed zone.
    """
    k = suppression.k

    def gives_back(source: RevealedBy) -> Withheld:
        return Withheld(Reason.GIVES_BACK, k, source)

    ring_names = [zone.name for zone in design.of_role(ZoneRole.RING)]
    gap_names = [zone.name for zone in design.of_role(ZoneRole.GAP)]
    hidden = {
        effect.zone: Withheld(Reason.SMALL_COUNT, k)
        for effect in result.effects
        if suppression.is_small(effect.before, effect.after)
    }
    for effect in result.effects:
        if elsewhere.hides(suppression.members[effect.zone], design.before, design.after):
            hidden.setdefault(effect.zone, gives_back(RevealedBy.OTHER_OPERATION))
    shown_rings = sorted(
        (name for name in ring_names if name not in hidden), key=lambda name: _smallest_count(result.effect(name))
    )

    def is_safe() -> bool:
        return _is_safe_together([result.effect(name) for name in ring_names if name in hidden], k)

    # The sum of the suppressed rings follows from the sum of all rings, so that sum must be large enough itself.
    while shown_rings and not is_safe():
        hidden[shown_rings.pop(0)] = gives_back(RevealedBy.RING_SUM)
    if not is_safe():
        hidden.setdefault(ALL_RINGS, gives_back(RevealedBy.ZONES))
    if hidden.keys() & {"target", ALL_RINGS}:
        hidden.setdefault(TARGET_AND_RINGS, gives_back(RevealedBy.ZONES))
    if hidden.keys() & {*gap_names, TARGET_AND_RINGS}:
        hidden.setdefault(TARGET_GAP_AND_RINGS, gives_back(RevealedBy.ZONES))
    effect_zones = {effect.zone for effect in result.effects}
    return {zone: reason for zone, reason in hidden.items() if zone in effect_zones}


def _is_safe_together(hidden: Sequence[Effect[int]], k: int) -> bool:
    """Return whether no zone is suppressed, or several whose summed counts before and after are both at least k."""
    if not hidden:
        return True
    sums = [sum(effect.before for effect in hidden), sum(effect.after for effect in hidden)]
    return len(hidden) > 1 and all(value >= k for value in sums)


def _smallest_count(effect: Effect[int]) -> tuple[int, str]:
    return min(effect.before, effect.after), effect.zone
