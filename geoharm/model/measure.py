"""What is counted: measures, who recorded them, and whether they stand for harm or for activity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BORNE_BY = ("user", "family and neighbours", "community", "institutions")
HARM_TYPES = ("health", "crime and violence", "social and nuisance", "economic", "environment")
UNITS = ("requests", "needles", "incidents", "calls", "people", "deaths", "admissions")
RECORDERS = ("public", "police", "agency")


class Role(StrEnum):
    """What a measure may be used for."""

    HARM = "harm"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class Harm:
    """What harm a measure stands for, on two axes.

    Attributes
    ----------
    borne_by : str
        One of `BORNE_BY`.
    type : str
        One of `HARM_TYPES`.
    """

    borne_by: str
    type: str


@dataclass(frozen=True, slots=True)
class Measure:
    """Something counted from one source.

    Attributes
    ----------
    name : str
        As shown to readers.
    source : str
        Name of the study's source.
    categories : tuple of str
        The source's categories that count; empty means all.
    unit : str
        One of `UNITS`: finds and needles are never mixed.
    recorded_by : str
        One of `RECORDERS`. What the police record of their own accord is activity.
    harm : Harm or None
        None makes it activity: shown, never added to harm.
    """

    name: str
    source: str
    categories: tuple[str, ...]
    unit: str
    recorded_by: str
    harm: Harm | None = None

    @property
    def role(self) -> Role:
        """Harm if the measure stands for one, else activity."""
        return Role.ACTIVITY if self.harm is None else Role.HARM
