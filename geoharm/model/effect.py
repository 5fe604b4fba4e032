"""Effects: the change in one zone and window, compared with the expected count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from geoharm.model.estimate import Estimate, Interval
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.model.places_like_it import ForecastFactors, PlaceDistribution, PlaceLevels
from geoharm.model.reading import Cap, Reading, bound_percent, statement
from geoharm.model.reason import Note
from geoharm.model.suppressed import Count, Suppressed

CountT = TypeVar("CountT", bound=Count)


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
        Forecast of the count after: the mean of all counts that could have come without an operation. `Effect.expected`
        is their typical count instead, which is a little smaller: the interval is made on a scale on which the mean of
        the counts lies off the middle (`TYPICAL` and `COUNTED` of `factors` are the two steps between them).
    phi, tau : float
        Dispersion of the counts, and the standard deviation of the log forecast error beyond counting noise.
    detectable_fall : float
        The smallest fall, as a share, that would be detected with 80% power.
    factors : ForecastFactors or None
        How the expected count follows from the count before; None in a phase, or without a calibrated ratio.
    distribution : PlaceDistribution or None
        What the places did over the same dates; None in a phase, or if no forecast of them is good enough.
    levels : PlaceLevels or None
        Counts at the places by their level before; None wherever `distribution` is.
    dates : int
        Number of dates at which the spread of the forecast errors was learned: the operation's and, where the history is
        long enough, an earlier one.
    liveliness : float
        How much more the counts of such a place move than those of all places in the pool, beyond counting noise (ratio of
        variances).
    probably_at_most : str
        Why the places allow no more than "probably", for use inside a sentence; empty if they allow a finding.
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
    factors: ForecastFactors | None = None
    distribution: PlaceDistribution | None = None
    levels: PlaceLevels | None = None
    dates: int = 1
    liveliness: float = 1.0
    probably_at_most: str = ""


@dataclass(frozen=True, slots=True)
class Effect(Generic[CountT]):
    """The change in one zone and window, against what was to be expected.

    At full precision it is an ``Effect[int]``. Once released, counts may be suppressed: ``Effect[Count]``. Neither can
    be given in place of the other.

    Attributes
    ----------
    zone : str
        "target", "100-250 m", "all rings", "target and rings".
    window : str
        Name of the window after.
    before, after, control_before, control_after : int or Suppressed
        Raw counts of the zone and of its control; the windows before and after may differ in length.
    length_ratio : float
        Days after divided by days before.
    expected, change : float
        Expected count after without the operation, and observed minus expected events; NaN if undefined or suppressed.
    interval : Interval
        95% interval of the change, in events; NaN if calibration was not possible.
    counting : Interval
        The same with counting error only, so too narrow for a finding.
    ratio : Estimate
        Log rate ratio, calibrated at placebo places. It is undefined, with the reason, if calibration was not possible.
        Without calibration it equals `counting_ratio`.
    counting_ratio : Estimate
        Log rate ratio compared with the control, with counting error only.
    difference : Estimate
        Weighted displacement difference, in events of the window after.
    dispersion : float
        Variance of the zone's monthly counts divided by their mean, at least 1.
    detectable_fall : float
        The smallest fall (share of the expected count, 0 to 1) that would be detected with 80% power; NaN if unknown.
    placebo : PlaceboCheck or None
        The placebo places behind the calibrated ratio; None if there are none.
    margin : float
        The study's margin, a share of the expected count: a bound is stated if it is at most this.
    asks_fall_first : bool
        Whether "no fall" is asked before "no rise": of entries to treatment, of which fewer may be the loss.
    reading : Reading
        The statement that the numbers, and the diagnostics of their measure, support.
    cap : Cap or None
        Why no more than "probably" may be said; None for other readings, and if the interval alone is the reason.
    """

    zone: str
    window: str
    before: CountT
    after: CountT
    control_before: CountT
    control_after: CountT
    length_ratio: float
    expected: float
    change: float
    interval: Interval
    counting: Interval
    ratio: Estimate
    counting_ratio: Estimate
    difference: Estimate
    dispersion: float
    detectable_fall: float
    placebo: PlaceboCheck | None = None
    margin: float = DEFAULT_MARGIN
    asks_fall_first: bool = False
    reading: Reading = Reading.CANNOT_TELL
    cap: Cap | None = None

    @property
    def counts(self) -> tuple[CountT, CountT, CountT, CountT]:
        """The counts of the zone before and after, and of its control before and after."""
        return self.before, self.after, self.control_before, self.control_after

    @property
    def note(self) -> Note:
        """Why the ratio is undefined or suppressed, or what its error leaves out."""
        return self.ratio.note

    @property
    def is_withheld(self) -> bool:
        """Whether the estimate is suppressed because a count is."""
        return any(isinstance(count, Suppressed) for count in self.counts)

    @property
    def is_refused(self) -> bool:
        """Whether calibration was tried and was not possible."""
        return self.ratio.calibrated and not self.ratio.is_defined and not self.is_withheld

    @property
    def bound_percent(self) -> int | None:
        """The change in percent of the expected count beyond which a rise or a fall is ruled out; None without a bound."""
        return bound_percent(self.ratio, self.reading)

    @property
    def statement(self) -> str:
        """The reading in a word or two, with the percent of its bound: "no rise over 17%"."""
        return statement(self.reading, self.bound_percent)
