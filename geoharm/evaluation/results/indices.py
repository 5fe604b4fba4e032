"""Classic displacement indices, with the signs that the field uses."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate
from geoharm.model.reason import Reason


@dataclass(frozen=True, slots=True)
class Quotient:
    """A ratio of two estimates, with its confidence set.

    Attributes
    ----------
    name : str
    value : float
        NaN if it is not given; the reason is in `note`.
    values : ConfidenceSet
        Always given. It is often unbounded where the value is not given.
    note : str
    reason : Reason or None
        Why the value is not given, for code.
    """

    name: str
    value: float
    values: ConfidenceSet
    note: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class DisplacementIndices:
    """Guerette's displacement indices. Their signs are those of the field, not those of the other estimates.

    Attributes
    ----------
    gross_effect : Estimate
        Count in the target, before minus after; positive means fewer events.
    net_effect : Estimate
        Target's ratio to the comparison, before minus after; positive means a fall relative to the comparison.
    success_measure : Estimate
        The net effect with the opposite sign; negative means a fall. Reports call it "change in the target against
        the comparison".
    buffer_displacement : Estimate
        Ring's ratio to the comparison, after minus before; positive means a rise around the target.
    wdq : Quotient
        Weighted displacement quotient. Above 0: the ring fell with the target. Below 0: the ring rose.
    displaced_share : Quotient
        Share of the target's fall that appeared in the ring; negative means that the ring fell too.
    total_net_effect : Estimate
        Expected minus counted events in target and ring together; positive means fewer events.
    """

    gross_effect: Estimate
    net_effect: Estimate
    success_measure: Estimate
    buffer_displacement: Estimate
    wdq: Quotient
    displaced_share: Quotient
    total_net_effect: Estimate
