"""Specification curves (one effect, estimated in every defensible way) and candidate control areas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist, median

from geoharm.model.estimate import Estimate
from geoharm.model.reason import Note

# Controls disagree if the p-value of their differences is below the first value, and the share of them that would
# reverse the sign is at least the second value.
MAX_HETEROGENEITY_P = 0.05
MIN_SHARE_AGAINST = 0.1


@dataclass(frozen=True, slots=True)
class Specification:
    """One estimate with the choices behind it.

    Attributes
    ----------
    choices : tuple of (aspect, choice)
        ("control", "Northfield"), ("rings", "500 m"), ("before", "same season of 2 years").
    estimate : Estimate
    counts : tuple of int
        The counts used: zone before and after, control before and after. Empty if more than these were used.
    """

    choices: tuple[tuple[str, str], ...]
    estimate: Estimate
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """All specifications, from the largest fall to the largest rise; undefined ones last.

    Attributes
    ----------
    specifications : tuple of Specification
    heterogeneity_p : float
        P-value of the hypothesis that all controls changed alike (Cochran's Q); NaN if the controls are not independent.
    spread : float
        Standard deviation of the controls' true values, with sampling noise removed; NaN likewise.
    """

    specifications: tuple[Specification, ...]
    heterogeneity_p: float = math.nan
    spread: float = math.nan

    def __post_init__(self) -> None:
        ordered = sorted(
            self.specifications,
            key=lambda specification: (
                not specification.estimate.is_defined,
                specification.estimate.value if specification.estimate.is_defined else 0.0,
                specification.choices,
            ),
        )
        object.__setattr__(self, "specifications", tuple(ordered))

    @property
    def values(self) -> tuple[float, ...]:
        """Defined values, lowest first."""
        return tuple(
            specification.estimate.value for specification in self.specifications if specification.estimate.is_defined
        )

    @property
    def median(self) -> float:
        """Median of the defined values; NaN if there is none."""
        return float(median(self.values)) if self.values else math.nan

    @property
    def share_below(self) -> float:
        """Share of the defined values below zero (fewer events); NaN if none is defined."""
        return sum(value < 0 for value in self.values) / len(self.values) if self.values else math.nan

    @property
    def share_against(self) -> float:
        """Share of controls with the opposite sign of the median, with sampling noise removed; NaN if unknown."""
        if math.isnan(self.spread) or math.isnan(self.median):
            return math.nan
        if self.spread == 0:
            return 0.0
        return NormalDist().cdf(-abs(self.median) / self.spread)

    @property
    def controls_disagree(self) -> bool:
        """Whether the controls differ in sign by more than noise.

        This is the case if the controls did not change alike (p below 0.05) and if, with sampling noise removed, at
        least a tenth of them would give the opposite sign. The intervals of the controls are not counted, because with
        many noisy controls some lie on either side of zero by chance alone.
        """
        return self.heterogeneity_p < MAX_HETEROGENEITY_P and self.share_against >= MIN_SHARE_AGAINST

    def range_of(self, aspect: str) -> tuple[tuple[str, float, float], ...]:
        """Return (choice, lowest, highest) for every choice of one aspect, in order of the choice's name."""
        values_by_choice: dict[str, list[float]] = {}
        for specification in self.specifications:
            if specification.estimate.is_defined and aspect in dict(specification.choices):
                values_by_choice.setdefault(dict(specification.choices)[aspect], []).append(
                    specification.estimate.value
                )
        return tuple((choice, min(values), max(values)) for choice, values in sorted(values_by_choice.items()))


@dataclass(frozen=True, slots=True)
class ControlCandidate:
    """A candidate control area with its results.

    Attributes
    ----------
    name : str
    distance : float
        Metres from the target's edge.
    scale : float
        Its count before divided by the target's; NaN if the target's is 0.
    ratios : mapping of rule to float
        Difference from the target relative to what chance allows; above 1 the rule is broken. Rules: "month by month",
        "half-years", "level", "trend".
    passes : bool
        Whether it passed all rules.
    reason : str
        Why it passed or was refused.
    events : int
        Its count before the operation.
    """

    name: str
    distance: float
    scale: float
    ratios: Mapping[str, float]
    passes: bool
    reason: Note
    events: int = 0


@dataclass(frozen=True, slots=True)
class ControlChoice:
    """All candidate areas, nearest first, and the chosen one.

    Attributes
    ----------
    candidates : tuple of ControlCandidate
    chosen : str
        The nearest candidate that passed; empty if none did.
    """

    candidates: tuple[ControlCandidate, ...]
    chosen: str

    @property
    def passing(self) -> tuple[str, ...]:
        """Names of the candidates that passed, nearest first."""
        return tuple(candidate.name for candidate in self.candidates if candidate.passes)
