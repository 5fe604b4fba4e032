"""What is counted: measures, who recorded them, and whether they stand for harm or for activity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Offences that police find by looking: counting them counts the looking (Cambridge Crime Harm Index, 2020 statement,
# https://doi.org/10.1007/s41887-020-00043-2). What happens to people is not among them.
_PROACTIVE = ("drug", "narcotic", "possession of weapons", "stop and search", "arrest", "seizure")
_TO_PEOPLE = ("overdose", "death", "illness", "complaint", "naloxone", "treatment")

BORNE_BY = ("user", "family and neighbours", "community", "institutions")
HARM_TYPES = ("health", "crime and violence", "social and nuisance", "economic", "environment")
UNITS = ("requests", "needles", "incidents", "calls", "people", "deaths", "admissions")
RECORDERS = ("public", "police", "agency")


class Role(StrEnum):
    """What a measure may be used for."""

    HARM = "harm"
    ACTIVITY = "activity"
    REPORTING = "reporting"


def is_proactive(category: str) -> bool:
    """Return whether a category is one that police record by looking for it.

    Examples
    --------
    >>> is_proactive("Drugs"), is_proactive("DRUG OVERDOSE"), is_proactive("Burglary")
    (True, False, False)
    """
    words = category.lower()
    return any(word in words for word in _PROACTIVE) and not any(word in words for word in _TO_PEOPLE)


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
    overridden : bool
        Whether the study says that police activity is to count as harm; then every report says so too.
    reporting : bool
        Whether it is neither harm nor activity, but other reports by the same route, to see whether reporting changed.
    comparator : str
        Name of the measure of such reports that goes with this one; empty for none.
    kind : str
        The source's kind: "incident", "needle_find", "treatment_entry", "health", "area_table".
    watched : bool
        Whether the study asks to watch it after an operation, beside health and violence.
    weight : str
        What the source's weight column counts, such as "needles": densities and hotspot contours are in it. Empty: events.
    """

    name: str
    source: str
    categories: tuple[str, ...]
    unit: str
    recorded_by: str
    harm: Harm | None = None
    overridden: bool = False
    reporting: bool = False
    comparator: str = ""
    kind: str = ""
    watched: bool = False
    weight: str = ""

    @property
    def density_unit(self) -> str:
        """What a density of it is a density of: its weight, or its unit."""
        return self.weight or self.unit

    @property
    def role(self) -> Role:
        """Harm if the measure stands for one, reporting if it only shows how much is reported, else activity."""
        if self.reporting:
            return Role.REPORTING
        return Role.ACTIVITY if self.harm is None else Role.HARM
