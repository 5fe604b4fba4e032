"""Results of the test whether a harm that mitigation was to hold stayed within its margin."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geoharm.model.reason import Note


class MarginState(StrEnum):
    """What became of a harm that was to be held."""

    WITHIN = "stayed within its margin"
    ROSE = "rose"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class MarginTest:
    """The test of one harm in one zone against the study's margin.

    Attributes
    ----------
    measure, zone : str
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    state : MarginState
    reason : str
        The reason for the state.
    """

    measure: str
    zone: str
    margin: float
    state: MarginState
    reason: Note
