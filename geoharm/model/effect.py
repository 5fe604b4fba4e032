"""Effects: the change in one zone and window, compared with the expected count."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class PlaceboCheck:
    """The placebo places from which a calibrated interval was computed.

    Attributes
    ----------
    months : int
        Months of history used.
    candidates : int
        Number of places where the outline of the zone fits and that no operation touched.
    pool : int
        Number of those with a count near that of the zone. The forecast was estimated from them.
    effective_places : float
        Effective number of independent places in the pool; it is smaller because places overlap.
    at_least_as_busy : int
        Number of places with at least as many events as the zone.
    expected : float
        Forecast of the count after.
    phi, tau : float
        Dispersion of the counts, and the standard deviation of the log forecast error beyond counting noise.
    detectable_fall : float
        The smallest fall, as a share, that would be detected with 80% power.
    """

    months: int
    candidates: int
    pool: int
    effective_places: float
    at_least_as_busy: int
    expected: float
    phi: float
    tau: float
    detectable_fall: float


@dataclass(frozen=True, slots=True)
class Effect:
    """The change in one zone and window, net of control.

    Attributes
    ----------
    zone : str
        "target", "100-250 m", "all rings", "target and rings".
    window : str
        Name of the window after.
    counts, control : Change
        Raw counts of the zone and of its control; the windows before and after may differ in length.
    length_ratio : float
        Days after divided by days before.
    ratio : Estimate
        Log rate ratio, calibrated at placebo places. It is undefined, with the reason, if calibration was not possible.
        Without calibration it equals `counting`.
    counting : Estimate
        Log rate ratio compared with the control, with counting error only. Its interval is too narrow for a finding.
    difference : Estimate
        Weighted displacement difference, in events of the window after.
    dispersion : float
        Variance of the zone's monthly counts divided by their mean, at least 1.
    detectable_fall : float
        The smallest fall (share of the expected count, 0 to 1) that would be detected with 80% power; NaN if unknown.
    placebo : PlaceboCheck or None
        The placebo places behind the calibrated ratio; None if there are none.
    """

    zone: str
    window: str
    counts: Change
    control: Change
    length_ratio: float
    ratio: Estimate
    counting: Estimate
    difference: Estimate
    dispersion: float
    detectable_fall: float
    placebo: PlaceboCheck | None = None

    @property
    def is_refused(self) -> bool:
        """Whether calibration was tried and was not possible."""
        return self.ratio.calibrated and not self.ratio.is_defined

    @property
    def expected(self) -> float:
        """Expected count after without the operation.

        It is computed from the calibrated ratio. Without one, the zone is taken to change as its control did; NaN if
        the control had no event before.
        """
        if self.ratio.calibrated and self.ratio.is_defined and self.placebo is not None:
            return self.counts.after * math.exp(-self.ratio.value) if self.counts.after else self.placebo.expected
        if self.control.before == 0:
            return math.nan
        return self.counts.before * self.control.after / self.control.before

    def change(self) -> float:
        """Return observed minus expected events after; negative means fewer events."""
        return self.counts.after - self.expected

    def counting_interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the change with counting error only; it is too narrow for a finding."""
        if not self.counting.is_defined:
            return self.difference.interval(level)
        ratio_interval = self.counting.interval(level)
        expected = self.counts.before * self.control.after / self.control.before
        return Interval(
            expected * math.expm1(ratio_interval.low), expected * math.expm1(ratio_interval.high), ratio_interval.level
        )

    def change_interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the change in events.

        It contains zero exactly if the interval of the ratio contains 1. The ends are computed from the ends of the
        ratio's interval:

        - Calibrated: ``after * (1 - 1 / ratio)``, because the count without the operation is uncertain.
        - Not calibrated, or a count of 0 after: ``expected * (ratio - 1)``, so that no more events can disappear than
          were expected.
        - If a count of 0 leaves the ratio undefined: the interval of the difference.
        - If calibration was not possible: NaN.
        """
        if self.is_refused:
            return Interval(math.nan, math.nan, level)
        if not self.ratio.is_defined:
            return self.difference.interval(level)
        ratio_interval = self.ratio.interval(level)
        if self.ratio.calibrated and self.counts.after:
            after = self.counts.after
            return Interval(
                -after * math.expm1(-ratio_interval.low),
                -after * math.expm1(-ratio_interval.high),
                ratio_interval.level,
            )
        return Interval(
            self.expected * math.expm1(ratio_interval.low),
            self.expected * math.expm1(ratio_interval.high),
            ratio_interval.level,
        )
