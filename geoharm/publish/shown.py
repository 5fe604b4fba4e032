"""The nouns of publication: what effects, series and surfaces are once disclosure control has passed them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geoharm.model import (
    Balance,
    Bandwidth,
    ChangeKind,
    Concentration,
    Design,
    Estimate,
    Family,
    Guard,
    Hotspot,
    Interval,
    Measure,
    Period,
    PlaceboCheck,
    ShiftTable,
    Surface,
)
from geoharm.publish import palette

NO_INTERVAL = Interval(float("nan"), float("nan"), 0.95)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Stands where a count stood: one from 1 to `below` - 1, or (0) any that would give such a one back."""

    below: int = 0

    def __str__(self) -> str:
        return f"under {self.below}" if self.below else "withheld"


Shown = int | Withheld


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """An effect as it may be published.

    Attributes
    ----------
    zone, window : str
    before, after, control_before, control_after : int or Withheld
    expected, change : float
        NaN if withheld or undefined, with the reason in `note`.
    interval : Interval
        Of the change, in events.
    ratio, difference : Estimate
    counting : Interval
        Of the change, in events, from the noise of counting only: too narrow for a finding.
    placebo : PlaceboCheck or None
        The places without an operation that the interval was learned at.
    detectable_fall, dispersion, length_ratio : float
    note : str
    """

    zone: str
    window: str
    before: Shown
    after: Shown
    control_before: Shown
    control_after: Shown
    expected: float
    change: float
    interval: Interval
    ratio: Estimate
    difference: Estimate
    detectable_fall: float
    dispersion: float
    length_ratio: float
    note: str
    counting: Interval = NO_INTERVAL
    placebo: PlaceboCheck | None = None

    @property
    def is_refused(self) -> bool:
        """Whether an interval checked at places without an operation was tried and is not possible."""
        return self.ratio.calibrated and not self.ratio.is_defined and not self.is_withheld

    @property
    def is_withheld(self) -> bool:
        """Whether the estimate is not shown for disclosure's sake."""
        return any(isinstance(n, Withheld) for n in (self.before, self.after, self.control_before, self.control_after))


def withheld_effect(effect: ShownEffect, k: int) -> ShownEffect:
    """Return an effect without any number that is made from its counts; the counts stay as they are."""
    none = Interval(math.nan, math.nan, effect.interval.level)
    return replace(
        effect,
        expected=math.nan,
        change=math.nan,
        interval=none,
        ratio=withheld_estimate(effect.ratio, k),
        difference=withheld_estimate(effect.difference, k),
        detectable_fall=math.nan,
        dispersion=math.nan,
        note=_note(k),
        counting=none,
        placebo=None,
    )


def withheld_estimate(estimate: Estimate, k: int) -> Estimate:
    """Return an estimate that says only that it is withheld."""
    return replace(estimate, value=math.nan, standard_error=math.nan, note=_note(k), intervals=(), p=math.nan)


def _note(k: int) -> str:
    return f"withheld: a count under {k}, or one that would give it back"


@dataclass(frozen=True, slots=True)
class ShownSeries:
    """Counts of the target by steps of time, beside the control's scaled to the same level before.

    Attributes
    ----------
    step : int
        Months a step; 0 if no step could be shown.
    starts : tuple of date
        Of the steps that have data.
    target : tuple of int
    control : tuple of float
    missing : tuple of date
        Starts of steps that hold a month without a file.
    level : float
        What the control's counts are multiplied by.
    """

    step: int
    starts: tuple[date, ...] = ()
    target: tuple[int, ...] = ()
    control: tuple[float, ...] = ()
    missing: tuple[date, ...] = ()
    level: float = math.nan


@dataclass(frozen=True, slots=True)
class ShownBeside:
    """What stands beside a measure's headline, as it may be published.

    Attributes
    ----------
    family : Family or None
        Without what would give a small count back.
    guards : tuple of Guard
        Hardest consequence first.
    shifts : ShiftTable or None
    withheld : tuple of str
        Which parts are left out for disclosure's sake.
    stretches : tuple of (zone, Period, int)
        Counts that the clocks' numbers could at the most be solved for: the audit takes them as known.
    """

    family: Family | None = None
    guards: tuple[Guard, ...] = ()
    shifts: ShiftTable | None = None
    withheld: tuple[str, ...] = ()
    stretches: tuple[tuple[str, Period, int], ...] = ()

    def guard(self, name: str) -> Guard | None:
        """Return a guard by name, or None if it was not asked."""
        return next((guard for guard in self.guards if guard.name == name), None)


NOTHING_BESIDE = ShownBeside()


@dataclass(frozen=True, slots=True)
class ShownMeasure:
    """A measure's effects as they may be published."""

    measure: Measure
    effects: tuple[ShownEffect, ...]
    phases: tuple[ShownEffect, ...]
    series: ShownSeries
    bounds: tuple[ShownEffect, ...] = ()
    beside: ShownBeside = NOTHING_BESIDE

    def effect(self, zone: str) -> ShownEffect:
        """Return the headline's effect in a zone."""
        return next(effect for effect in self.effects if effect.zone == zone)


@dataclass(frozen=True, slots=True)
class ShownOperation:
    """One operation as it may be published."""

    design: Design
    measures: tuple[ShownMeasure, ...]
    balance: Balance | None = None

    @property
    def primary(self) -> ShownMeasure:
        """The headline's measure."""
        return self.measures[0]


@dataclass(frozen=True, slots=True)
class ClassedImage:
    """A surface in classes, on pixels that are square in Web Mercator.

    Attributes
    ----------
    classes : ndarray of uint8, shape (rows, columns)
        0 is blank, 1 to 6 the classes; the first row is the northernmost.
    west, south, east, north : float
        Degrees.
    colours : tuple of str
        Of the classes from 1.
    """

    classes: NDArray[np.uint8]
    west: float
    south: float
    east: float
    north: float
    colours: tuple[str, ...] = palette.DENSITY


@dataclass(frozen=True, slots=True)
class ShownVariant:
    """The whole period under another bandwidth, as it may be published.

    Attributes
    ----------
    factor, bandwidth : float
        Times the chosen bandwidth; metres used.
    image : ClassedImage
    hotspots : int
        Those that may be drawn.
    kept : float
        Share of the chosen bandwidth's hotspot area that is hotspot here too.
    """

    factor: float
    bandwidth: float
    image: ClassedImage
    hotspots: int
    kept: float


@dataclass(frozen=True, slots=True)
class ShownHotspots:
    """Where one measure concentrates, as it may be published.

    Attributes
    ----------
    measure : Measure
    views : mapping of (operation, view) to ClassedImage
        "whole period" under no operation's name, "before" and "after" of each.
    breaks : tuple of float
        Where each class begins, in events per km2 per year; one set for all views.
    hotspots : tuple of Hotspot
    kernel, edge : str
    bandwidth : Bandwidth
        Of every view.
    cell : float
        Metres.
    events : mapping of (operation, view) to str
        Located events of each view, to the nearest ten: exact city totals would give small rests back.
    hidden : int
        Hotspots that are not drawn because they hold few events or places.
    variants : tuple of ShownVariant
        The whole period under other bandwidths.
    concentration : Concentration
        Without the lines that few cells make.
    outlines : mapping of (operation, view) to tuple of Hotspot
        The hotspots of every other view.
    exact : mapping of (operation, view) to Surface
        Full precision, in an internal release only; else empty: events can be solved for from a fine surface.
    """

    measure: Measure
    views: Mapping[tuple[str, str], ClassedImage]
    breaks: tuple[float, ...]
    hotspots: tuple[Hotspot, ...]
    kernel: str
    edge: str
    bandwidth: Bandwidth
    cell: float
    events: Mapping[tuple[str, str], str]
    hidden: int
    variants: tuple[ShownVariant, ...]
    concentration: Concentration
    exact: Mapping[tuple[str, str], Surface]
    outlines: Mapping[tuple[str, str], tuple[Hotspot, ...]]

    def of(self, operation: str) -> dict[str, tuple[ClassedImage, str]]:
        """Return the picture and the located events of each view that an operation's pages show, by the view's name."""
        return {
            view: (image, self.events[(name, view)])
            for (name, view), image in self.views.items()
            if name in ("", operation)
        }


@dataclass(frozen=True, slots=True)
class ShownChange:
    """Where one measure changed around one operation's dates, as it may be published.

    Attributes
    ----------
    measure : Measure
    operation : str
    pictures : mapping of ChangeKind to ClassedImage
        Empty where there is no answer.
    readings : mapping of ChangeKind to str
        What the picture shows, in words and square kilometres.
    bandwidth, cell : float
        Metres.
    note : str
        Why there is no picture, or how chance was judged.
    """

    measure: Measure
    operation: str
    pictures: Mapping[ChangeKind, ClassedImage]
    readings: Mapping[ChangeKind, str]
    bandwidth: float
    cell: float
    note: str
