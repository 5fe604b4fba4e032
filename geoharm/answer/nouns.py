"""Nouns of page one: the clauses of the headline, the four questions, and the line that a reader can multiply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.model.reading import Reading


class Clause(Enum):
    """One clause of the headline; all clauses have the same size.

    Groups, in the order of the page: the primary measure (the first that holds); harms that rose; all harms together.
    """

    # The primary measure in the target area.
    FELL = auto()
    FELL_AND_ROSE_NEARBY = auto()
    ROSE = auto()
    PROBABLY_FELL = auto()
    PROBABLY_ROSE = auto()
    BOUNDED = auto()
    CANNOT_TELL = auto()
    CONTROLS_DISAGREE = auto()
    WITHHELD = auto()
    ACTIVITY_ONLY = auto()
    # Where no interval is possible: what was counted nearby and in the control area.
    DESCRIBED_NEARBY = auto()
    HARM_OR_REPORTING = auto()
    # Harms that rose: a finding.
    HARMS_ROSE = auto()
    # All harms in target and rings, under the study's sets of values.
    TOGETHER_FELL = auto()
    TOGETHER_ROSE = auto()
    TOGETHER_PROBABLY_FELL = auto()
    TOGETHER_PROBABLY_ROSE = auto()
    TOGETHER_DISAGREE = auto()
    TOGETHER_SOME_FELL = auto()
    TOGETHER_SOME_ROSE = auto()
    TOGETHER_NOT_CLEAR = auto()
    TOGETHER_REFUSED = auto()
    TOGETHER_ONE_HARM = auto()


class Tone(Enum):
    """How a clause, a question or a cell of the balance is coloured: less harm, more harm, not clear, not a harm."""

    LESS = "less"
    MORE = "more"
    UNCLEAR = "unclear"
    ACTIVITY = "activity"


class Together(Enum):
    """What one set of values says of all harms in target and rings.

    ``RULED_OUT``: the sum fell or probably fell, but a harm rose of which the set of values accepts no such rise.
    """

    FELL = auto()
    ROSE = auto()
    PROBABLY_FELL = auto()
    PROBABLY_ROSE = auto()
    RULED_OUT = auto()
    CANNOT_TELL = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """What one set of values says of all harms in target and rings.

    Attributes
    ----------
    profile : str
    together : Together
    broken, unsure : tuple of str
        Measures of vetoes that are hit, and of vetoes of which it is not known.
    unmeasured : tuple of str
        Words of the vetoes for which the study has no measure.
    """

    profile: str
    together: Together
    broken: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A measure's effect in one zone, as the headline or a question names it."""

    measure: ReleasedMeasure
    effect: ReleasedEffect


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One measure's effects in the target, in all rings and in both together.

    Attributes
    ----------
    measure : ReleasedMeasure
    is_harm : bool
        False for entries to drug treatment, of which values decide whether more is better.
    target, rings, both : Effect
    """

    measure: ReleasedMeasure
    is_harm: bool
    target: ReleasedEffect
    rings: ReleasedEffect
    both: ReleasedEffect

    @property
    def effects(self) -> tuple[ReleasedEffect, ...]:
        """Target, rings, both together."""
        return self.target, self.rings, self.both


class Comparison(Enum):
    """What an expected count comes from; one is never called by the other's name."""

    PLACES_LIKE_IT = auto()
    CONTROL_AREA = auto()


@dataclass(frozen=True, slots=True)
class Multiplication:
    """The line that a reader can multiply: before x days x factor = expected; after - expected = difference.

    Attributes
    ----------
    change : Change
    comparison : Comparison
    before, after : int
    days_before, days_after : int
    factor : float
        Rounded to as many decimals, at least three, as make the product round to `expected`.
    decimals : int
    expected, difference : int
        Rounded as printed.
    """

    change: Change
    comparison: Comparison
    before: int
    after: int
    days_before: int
    days_after: int
    factor: float
    decimals: int
    expected: int
    difference: int


class Counted(Enum):
    """Which rows are counted in the target area; each lets in more than the one before."""

    OWN_PLACE = auto()
    PLACED_BY_ADDRESS = auto()
    UNPLACED_ON_ITS_STREETS = auto()
    ALL_UNPLACED = auto()


@dataclass(frozen=True, slots=True)
class Description:
    """The target area counted in several ways, where rows lack a place of their own.

    Attributes
    ----------
    rows : tuple of (Counted, Effect)
        Compared with the control area, counted in the same way as the study counts.
    recovered_before, recovered_after : float
        Share of the study's rows in the target whose place was inferred from their address text; NaN if withheld or without rows.
    """

    rows: tuple[tuple[Counted, ReleasedEffect], ...]
    recovered_before: float
    recovered_after: float

    @property
    def turns(self) -> bool:
        """Whether fewer and more both occur among the ways to count."""
        changes = [effect.change for _, effect in self.rows if math.isfinite(effect.change)]
        return min(changes, default=0.0) < 0 < max(changes, default=0.0)


class Moved(Enum):
    """Did it move? The answer for the rings."""

    ROSE = auto()
    OTHER_HARM_ROSE = auto()
    FELL_TOO = auto()
    PROBABLY_ROSE = auto()
    PROBABLY_FELL = auto()
    NOT_OVER = auto()
    CANNOT_TELL = auto()


class Lasts(Enum):
    """Will it last? The last phase decides."""

    STILL_LOWER = auto()
    STILL_HIGHER = auto()
    PROBABLY_LOWER = auto()
    PROBABLY_HIGHER = auto()
    NOT_HIGHER_OVER = auto()
    NOT_LOWER_OVER = auto()
    CANNOT_TELL = auto()
    TOO_SHORT = auto()
    LAST_PHASE_TOO_LONG = auto()


class Worse(Enum):
    """Did anything get worse? Unknown is never no."""

    YES = auto()
    PROBABLY = auto()
    NOT_KNOWN = auto()
    NOT_OVER = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the headline is decided on; it holds readings, never numbers.

    Attributes
    ----------
    primary : Reading
        Of the primary measure in the target area.
    primary_is_harm : bool
        False if the primary measure is an activity or entries to treatment.
    withheld : bool
        Whether the primary's counts in the target are suppressed.
    rose_nearby : bool
        Whether the primary rose in the rings, as a finding.
    rose : tuple of str
        Names of the harms that rose in any zone, as a finding, the primary in the target left out.
    profiles : tuple of Together
        One for each set of values; empty if none is given.
    harms : int
        Number of harms that were counted.
    harm_changed : bool
        Whether any harm fell or rose in any zone, found or probable.
    activity_changed : bool
        Whether an activity fell or rose, found or probable.
    described : bool
        Whether no interval is possible but counts can be described.
    reported : bool
        Whether the primary measure is what the public reports, so that harm and reporting cannot be told apart.
    """

    primary: Reading
    primary_is_harm: bool = True
    withheld: bool = False
    rose_nearby: bool = False
    rose: tuple[str, ...] = ()
    profiles: tuple[Together, ...] = ()
    harms: int = 2
    harm_changed: bool = False
    activity_changed: bool = False
    described: bool = False
    reported: bool = False
