"""One question answered in every defensible way, and the areas considered as control."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist, median

from geoharm.model.estimate import Estimate

# Controls disagree if chance explains their differences this seldom, and this share of them would turn the sign.
HETEROGENEOUS = 0.05
AGAINST = 0.1


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to make the estimate.

    Attributes
    ----------
    choices : tuple of (aspect, choice)
        ("control", "Northfield"), ("rings", "500 m"), ("before", "same season of 2 years").
    estimate : Estimate
    counts : tuple of int
        Zone before and after, control before and after: what it rests on. Empty where it rests on more than that.
    """

    choices: tuple[tuple[str, str], ...]
    estimate: Estimate
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """All ways together, from the largest fall to the largest rise; undefined ones last.

    Attributes
    ----------
    specifications : tuple of Specification
    heterogeneity_p : float
        P-value that the ways' controls changed alike (Cochran's Q); NaN where they are not independent controls.
    spread : float
        Standard deviation between the controls' true answers, noise taken off; NaN likewise.
    """

    specifications: tuple[Specification, ...]
    heterogeneity_p: float = math.nan
    spread: float = math.nan

    def __post_init__(self) -> None:
        ordered = sorted(
            self.specifications,
            key=lambda one: (
                not one.estimate.is_defined,
                one.estimate.value if one.estimate.is_defined else 0.0,
                one.choices,
            ),
        )
        object.__setattr__(self, "specifications", tuple(ordered))

    @property
    def values(self) -> tuple[float, ...]:
        """Defined values, lowest first."""
        return tuple(one.estimate.value for one in self.specifications if one.estimate.is_defined)

    @property
    def middle(self) -> float:
        """Median of the defined values; NaN if there is none."""
        return float(median(self.values)) if self.values else math.nan

    @property
    def share_below(self) -> float:
        """Share of the ways that say "fewer"; NaN if none is defined."""
        return sum(value < 0 for value in self.values) / len(self.values) if self.values else math.nan

    @property
    def share_against(self) -> float:
        """Share of the controls whose answer, noise taken off, has another sign than the middle one; NaN if unknown."""
        if math.isnan(self.spread) or math.isnan(self.middle):
            return math.nan
        if self.spread == 0:
            return 0.0
        return NormalDist().cdf(-abs(self.middle) / self.spread)

    @property
    def disagree(self) -> bool:
        """Whether signs differ by more than noise.

        The controls did not change alike (p below 0.05), and with noise taken off a tenth of them or more would give the
        other sign. Intervals of many noisy controls lie on both sides of zero by chance alone, so they are not counted.
        """
        return self.heterogeneity_p < HETEROGENEOUS and self.share_against >= AGAINST

    def range_of(self, aspect: str) -> tuple[tuple[str, float, float], ...]:
        """Return (choice, lowest, highest) for every choice of one aspect, in order of the choice's name."""
        found: dict[str, list[float]] = {}
        for one in self.specifications:
            if one.estimate.is_defined and aspect in dict(one.choices):
                found.setdefault(dict(one.choices)[aspect], []).append(one.estimate.value)
        return tuple((choice, min(values), max(values)) for choice, values in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class ControlCandidate:
    """An area considered as control.

    Attributes
    ----------
    name : str
    distance : float
        Metres from the target's edge.
    scale : float
        Its events before over the target's; NaN if the target had none.
    ratios : mapping of rule to float
        Gap over what chance allows: above 1 the rule is broken. Rules: "month by month", "half-years", "level", "trend".
    taken : bool
    reason : str
        Why it was taken or refused.
    events : int
        Counted in it before the operation.
    """

    name: str
    distance: float
    scale: float
    ratios: Mapping[str, float]
    taken: bool
    reason: str
    events: int = 0


@dataclass(frozen=True, slots=True)
class ControlChoice:
    """All candidates, nearest first, and those that passed.

    Attributes
    ----------
    candidates : tuple of ControlCandidate
    chosen : str
        The nearest that passed; empty if none did.
    """

    candidates: tuple[ControlCandidate, ...]
    chosen: str

    @property
    def passing(self) -> tuple[str, ...]:
        """Names of all that passed, nearest first."""
        return tuple(one.name for one in self.candidates if one.taken)
