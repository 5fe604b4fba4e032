"""Measures: what is counted, who recorded it, and whether it is harm or activity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BORNE_BY = ("user", "family and neighbours", "community", "institutions")
HARM_TYPES = ("health", "crime and violence", "social and nuisance", "economic", "environment")
UNITS = ("requests", "needles", "incidents", "calls", "people", "deaths", "admissions", "places")
# A list of places without dates.
_LIST_OF_PLACES = "site"
RECORDERS = ("public", "police", "agency")
SIGNS_OF = ("use", "dealing")


class Role(StrEnum):
    """The role of a measure in the evaluation."""

    HARM = "harm"
    ACTIVITY = "activity"
    REPORTING = "reporting"


@dataclass(frozen=True, slots=True)
class Harm:
    """The harm that a measure represents: who bears it, and of which type it is.

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
    """A measure: what is counted from one source.

    Attributes
    ----------
    name : str
        Name for readers.
    source : str
        Name of the study's source.
    categories : tuple of str
        Categories of the source that are counted; empty means all.
    unit : str
        One of `UNITS`. Finds and needles are never added.
    recorded_by : str
        One of `RECORDERS`. Events that the police record proactively are activity.
    harm : Harm or None
        None makes it an activity measure: it is shown, and never added to harm.
    activity_as_harm : bool
        Whether the study counts police activity as harm. Every report then says so.
    reporting : bool
        Whether it is a measure of reporting effort (neither harm nor activity): other reports by the same route.
    comparator : str
        Name of the measure of reporting effort for this measure; empty for none.
    kind : str
        The source's kind: "incident", "needle_find", "treatment_entry", "health", "area_table", "site".
    checked_for_rise : bool
        Whether the study requests a check for unintended harm, in addition to health and violence.
    weight : str
        What the source's weight column counts, such as "needles". Densities and hotspot contours are then in this unit.
        Empty means events.
    sign_of : str
        One of `SIGNS_OF` if the study says that its events are signs of drug use or of dealing; else empty.
    """

    name: str
    source: str
    categories: tuple[str, ...]
    unit: str
    recorded_by: str
    harm: Harm | None = None
    activity_as_harm: bool = False
    reporting: bool = False
    comparator: str = ""
    kind: str = ""
    checked_for_rise: bool = False
    weight: str = ""
    sign_of: str = ""

    @property
    def shows(self) -> str:
        """Of what its events are signs: "use", "dealing", or empty.

        A find of needles is a sign of use. What police record of their own accord is a sign of where they looked, also
        where a study counts it as harm.
        """
        if self.activity_as_harm or self.role is not Role.HARM:
            return ""
        return self.sign_of or ("use" if self.kind == "needle_find" else "")

    @property
    def recorder(self) -> str:
        """Who recorded the events: `recorded_by`, but an agency for what a health or treatment service recorded.

        A call for an ambulance comes from the public; the record of it is the service's, and says nothing of how willing
        people are to report.
        """
        is_service = self.kind in ("health", "treatment_entry") and self.recorded_by == "public"
        return "agency" if is_service else self.recorded_by

    @property
    def is_undated(self) -> bool:
        """Whether it counts the places of a list, which have no dates: they are mapped per km², and nothing else is done."""
        return self.kind == _LIST_OF_PLACES

    @property
    def density_per(self) -> str:
        """What its densities are divided by, in words."""
        return "per km²" if self.is_undated else "per km² per year"

    @property
    def density_unit(self) -> str:
        """The unit of its density: that of the weight, else its unit."""
        return self.weight or self.unit

    @property
    def role(self) -> Role:
        """Reporting if it measures reporting effort, harm if it represents a harm, else activity."""
        if self.reporting:
            return Role.REPORTING
        return Role.ACTIVITY if self.harm is None else Role.HARM
