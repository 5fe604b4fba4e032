"""The effects planted for an operation of each tactic: chosen for testing, no claim about real operations."""

from __future__ import annotations

import math
from dataclasses import dataclass

STREAMS = ("needles", "violence", "nuisance", "overdoses", "drug offences", "treatment entries")


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """The effect of an operation on one stream of events.

    Attributes
    ----------
    stream : str
    change : float
        Relative change in the target area while the operation runs: -0.4 is 40% fewer.
    near : float
        Share of the events lost that appear in the rings; below 0 the rings lose events too.
    far : float
        Share of them that appear at similar markets elsewhere.
    half_life : float
        Months after the operation in which the temporary part halves; infinite if it does not fade.
    residual : float
        Share of the change that is permanent.
    """

    stream: str
    change: float
    near: float = 0.0
    far: float = 0.0
    half_life: float = math.inf
    residual: float = 0.0

    def strength(self, months: float) -> float:
        """Return the share of the change that is left so many months after the operation ended; 1 while it runs."""
        if months <= 0 or math.isinf(self.half_life):
            return 1.0
        return float(self.residual + (1 - self.residual) * 0.5 ** (months / self.half_life))


PLANTED_EFFECTS: dict[str, tuple[PlantedEffect, ...]] = {
    "arrest referral": (
        PlantedEffect("overdoses", -0.10, half_life=6),
        PlantedEffect("drug offences", 0.40, half_life=3),
        PlantedEffect("treatment entries", 0.25, half_life=6, residual=0.3),
    ),
    "asset recovery": (PlantedEffect("drug offences", 0.10, half_life=2),),
    "civil order": (
        PlantedEffect("needles", -0.30, near=0.5, half_life=8, residual=0.2),
        PlantedEffect("nuisance", -0.35, near=0.4, half_life=8, residual=0.2),
    ),
    "crackdown": (
        PlantedEffect("needles", -0.45, near=0.3, far=0.1, half_life=8, residual=0.3),
        PlantedEffect("violence", -0.25, near=0.2, half_life=6, residual=0.2),
        PlantedEffect("nuisance", -0.30, near=0.3, half_life=6, residual=0.1),
        PlantedEffect("overdoses", 0.10, half_life=3),
        PlantedEffect("drug offences", 0.80, half_life=1),
    ),
    "diversion": (
        PlantedEffect("drug offences", -0.30),
        PlantedEffect("treatment entries", 0.30),
    ),
    "focused deterrence": (
        PlantedEffect("violence", -0.40, near=-0.1, half_life=18, residual=0.4),
        PlantedEffect("drug offences", 0.20, half_life=3),
    ),
    "neighbourhood policing": (
        PlantedEffect("needles", -0.15, half_life=24, residual=0.5),
        PlantedEffect("violence", -0.15, half_life=24, residual=0.5),
        PlantedEffect("nuisance", -0.20, half_life=24, residual=0.5),
    ),
    "nuisance abatement": (
        PlantedEffect("needles", -0.50, far=0.4, residual=1.0, half_life=12),
        PlantedEffect("nuisance", -0.50, near=0.1, far=0.3, residual=1.0, half_life=12),
    ),
    "placebo": (),
    "problem-oriented": (
        PlantedEffect("needles", -0.40, near=-0.1, residual=1.0, half_life=12),
        PlantedEffect("violence", -0.30, near=-0.1, residual=1.0, half_life=12),
        PlantedEffect("nuisance", -0.30, residual=1.0, half_life=12),
    ),
    "seizure": (PlantedEffect("drug offences", 0.50, half_life=1),),
    "street-level partnership": (
        PlantedEffect("needles", -0.30, near=-0.1, residual=0.8, half_life=18),
        PlantedEffect("violence", -0.20, residual=0.5, half_life=18),
        PlantedEffect("overdoses", -0.10, residual=0.5, half_life=18),
        PlantedEffect("treatment entries", 0.25, residual=0.5, half_life=18),
    ),
    "treatment outreach": (
        PlantedEffect("needles", -0.15, half_life=12, residual=0.5),
        PlantedEffect("overdoses", -0.25, half_life=12, residual=0.4),
        PlantedEffect("treatment entries", 0.40, half_life=12, residual=0.4),
    ),
    "undercover": (
        PlantedEffect("drug offences", 1.50, half_life=1),
        PlantedEffect("violence", 0.10, near=0.1, half_life=4),
    ),
}
