"""The classic displacement indices, with the signs of their field."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Quotient:
    """A ratio of two estimates, and all values it may have.

    Attributes
    ----------
    name : str
    value : float
        NaN where it is refused, with the reason in `note`.
    values : ConfidenceSet
        Given in any case: where the quotient is refused it is often unbounded, which is the reason.
    note : str
    """

    name: str
    value: float
    values: ConfidenceSet
    note: str = ""


@dataclass(frozen=True, slots=True)
class DisplacementIndices:
    """Guerette's family. Signs are the field's own, not those of the other estimates.

    Attributes
    ----------
    gross_effect : Estimate
        Before less after in the target; positive means fewer.
    net_effect : Estimate
        Ratio to the comparison before less after; positive means that it fell relative to the comparison.
    success_measure : Estimate
        The net effect with its sign turned; negative means that it fell. Readers see it as "change in the target
        against the comparison".
    buffer_displacement : Estimate
        Ring's ratio to the comparison after less before; positive means that it rose around the target.
    wdq : Quotient
        Weighted displacement quotient. Above 0 the ring fell with the target, below 0 it rose.
    displaced_share : Quotient
        Share of the target's fall that turned up in the ring; negative means that the ring fell too.
    total_net_effect : Estimate
        Events fewer than expected in target and ring; positive means fewer.
    """

    gross_effect: Estimate
    net_effect: Estimate
    success_measure: Estimate
    buffer_displacement: Estimate
    wdq: Quotient
    displaced_share: Quotient
    total_net_effect: Estimate
