"""What changed in one zone in one window, against what was to be expected."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class PlaceboCheck:
    """The places without an operation at which an interval was learned.

    Attributes
    ----------
    months : int
        Months of history used.
    fitting : int
        Places where the footprint fits and no operation reached.
    pool : int
        Those near the zone's level, which the forecast was learned at.
    independent : float
        How many independent ones the pool is worth: places overlap.
    busy : int
        Those at least as busy as the zone.
    expected : float
        Forecast count after.
    phi, tau : float
        Noise of counting, and how far places drift apart (standard deviation of the log).
    detectable_fall : float
        Smallest fall found four times in five, as a share.
    """

    months: int
    fitting: int
    pool: int
    independent: float
    busy: int
    expected: float
    phi: float
    tau: float
    detectable_fall: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed in one zone in one window, net of control.

    Attributes
    ----------
    zone : str
        "target", "100-250 m", "all rings", "target and rings".
    window : str
        Name of the window after.
    counts, control : Change
        Raw counts; windows may differ in length.
    length_ratio : float
        Days after divided by days before.
    ratio : Estimate
        Log of the rate ratio: calibrated at places without an operation where that was tried, and then undefined, with
        the reason, where it was not possible; else as `counting`.
    counting : Estimate
        Log of the rate ratio against the control, with the noise of counting only: too narrow for a finding.
    difference : Estimate
        Weighted displacement difference, in events of the window after.
    dispersion : float
        Variance of the zone's monthly counts over their mean, at least 1.
    detectable_fall : float
        The smallest fall (share of the expected count, 0 to 1) that would be found four times in five; NaN if unknown.
    placebo : PlaceboCheck or None
        What the calibrated ratio was learned at; None where nothing could be learned.
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
        """Whether a calibrated ratio was tried and is not possible."""
        return self.ratio.calibrated and not self.ratio.is_defined

    @property
    def expected(self) -> float:
        """Count after without an operation: by the calibrated ratio, else if the zone had changed as its control did.

        NaN if the control had none before.
        """
        if self.ratio.calibrated and self.ratio.is_defined and self.placebo is not None:
            return self.counts.after * math.exp(-self.ratio.value) if self.counts.after else self.placebo.expected
        if self.control.before == 0:
            return math.nan
        return self.counts.before * self.control.after / self.control.before

    def change(self) -> float:
        """Return events after minus expected: negative means fewer."""
        return self.counts.after - self.expected

    def counting_interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the change from the noise of counting only: too narrow for a finding."""
        if not self.counting.is_defined:
            return self.difference.interval(level)
        span = self.counting.interval(level)
        expected = self.counts.before * self.control.after / self.control.before
        return Interval(expected * math.expm1(span.low), expected * math.expm1(span.high), span.level)

    def change_interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the change in events, which holds zero exactly if the ratio's interval holds one.

        Calibrated, what is uncertain is the count without an operation: ``after * (1 - 1 / ratio)`` at both ends of the
        ratio's. Else ``expected * (ratio - 1)``, which never says that more events fell away than were expected; and
        where a count of 0 leaves that ratio undefined, the interval of the difference. NaN where it was refused.
        """
        if self.is_refused:
            return Interval(math.nan, math.nan, level)
        if not self.ratio.is_defined:
            return self.difference.interval(level)
        span = self.ratio.interval(level)
        if self.ratio.calibrated and self.counts.after:
            after = self.counts.after
            return Interval(-after * math.expm1(-span.low), -after * math.expm1(-span.high), span.level)
        return Interval(self.expected * math.expm1(span.low), self.expected * math.expm1(span.high), span.level)
