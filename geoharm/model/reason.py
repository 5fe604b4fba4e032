"""Reasons why a number is undefined or withheld, for code; notes are for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Reason(Enum):
    """Why a number is undefined (the first group) or withheld (the second group)."""

    # Undefined: a count of 0; no calibrated 95% interval; too few parts; no fall to share out; no data; no fit; a control
    # with too few events or too small an area.
    ZERO_COUNT = auto()
    NO_INTERVAL = auto()
    TOO_FEW = auto()
    NO_FALL = auto()
    NO_DATA = auto()
    NO_FIT = auto()
    SMALL_CONTROL = auto()
    # Withheld: it is made from a small count, or one would follow from it.
    SUPPRESSED = auto()
    # It rests on a small count; a small number of events; in a pattern; in a period; in the study area; of respondents.
    SMALL_COUNT = auto()
    FEW_EVENTS = auto()
    FEW_IN_PATTERN = auto()
    FEW_IN_PERIOD = auto()
    FEW_LOCATED = auto()
    FEW_RESPONDENTS = auto()
    # A withheld count would follow from it together with other published numbers, which `Withheld.revealed_by` names.
    GIVES_BACK = auto()
    # The one part that is not shown by itself would follow; not shown elsewhere, so not by itself either.
    WOULD_FOLLOW = auto()
    NOT_SHOWN_ALONE = auto()
    # The disclosure rule allows no number that is made from exact counts; some zones of a profile are suppressed.
    EXACT_COUNTS = auto()
    ZONES_LEFT_OUT = auto()


class RevealedBy(Enum):
    """Published numbers that would give a withheld count back, were one more number shown beside them."""

    PHASES = auto()
    WINDOW = auto()
    RING_SUM = auto()
    ZONES = auto()
    DISPERSION = auto()
    OTHER_OPERATION = auto()
    ALL_NUMBERS = auto()


@dataclass(frozen=True, slots=True)
class Withheld:
    """Stands in place of the note or sentence of a number that is withheld; the report puts it into words.

    Attributes
    ----------
    reason : Reason
        One of the second group.
    below : int
        Threshold k of the disclosure rule: counts from 1 to k - 1 are suppressed.
    revealed_by : RevealedBy or None
        For `Reason.GIVES_BACK`: the published numbers from which, with this one, a withheld count would follow.
    """

    reason: Reason
    below: int
    revealed_by: RevealedBy | None = None

    def __str__(self) -> str:
        return "withheld"


Note = str | Withheld
