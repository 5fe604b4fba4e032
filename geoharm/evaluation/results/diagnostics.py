"""Diagnostics: a threat to validity as a figure, a sentence and a severity for the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.reading import Claim
from geoharm.model.reason import Note


class DiagnosticKind(StrEnum):
    """The threat that a diagnostic measures; the value is its name for readers."""

    SELECTION = "regression to the mean"
    SEASON = "season"
    PRE_TREND = "parallel trends"
    AUTOCORRELATION = "serial correlation"
    LOCATION_ERROR = "location error"
    REPORTING = "reporting effort"
    UNPLACED_ROWS = "rows without a place"
    REJECTED_ROWS = "rows that could not be read"
    PILES = "one point with many events"
    CATEGORY_NAMES = "categories under two names"
    MULTIPLICITY = "many measures"
    POWER = "smallest detectable fall"
    CONTROLS = "choice of control"


# Diagnostics that count doubtful rows the other way.
_RECOUNTS = (
    DiagnosticKind.UNPLACED_ROWS,
    DiagnosticKind.REJECTED_ROWS,
    DiagnosticKind.PILES,
    DiagnosticKind.CATEGORY_NAMES,
)


class Severity(IntEnum):
    """What a diagnostic does to the answer; a larger value is more severe."""

    NONE = 0
    SAY = 1
    SIGNAL = 2
    REFUSE = 3


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One threat to validity, measured.

    Attributes
    ----------
    kind : DiagnosticKind
    figure : float
        NaN if it could not be measured.
    unit : str
        What the figure is: "share of the count", "log ratio", "correlation".
    sentence : str or Withheld
        The result for readers, in one or two sentences.
    severity : Severity
        NONE: no effect. SAY: the sentence is printed with the answer. SIGNAL: no finding; "probably" at most. REFUSE: no
        answer is given.
    reference : str
        DOI or URL; empty if the figure is simple arithmetic.
    zones : tuple of str
        The zones whose readings it limits.
    broken : mapping of zone to set of Claim
        What the numbers of a zone support and would not support with doubtful rows counted the other way.
    """

    kind: DiagnosticKind
    figure: float
    unit: str
    sentence: Note
    severity: Severity
    reference: str = ""
    zones: tuple[str, ...] = ("target", TARGET_AND_RINGS)
    broken: Mapping[str, frozenset[Claim]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name for readers: "regression to the mean", "season", ..."""
        return self.kind.value

    def limits(self, zone: str) -> bool:
        """Return whether it keeps a change in a zone from being a finding.

        The smallest detectable fall is part of the reading of the numbers alone, and disagreeing controls have a reading
        of their own.
        """
        weighs = self.severity >= Severity.SIGNAL and self.kind not in (DiagnosticKind.POWER, DiagnosticKind.CONTROLS)
        return weighs and zone in self.zones

    def caps(self, zone: str) -> bool:
        """Return whether no more than "probably" may be said of a zone: it limits, and not by counting rows the other way."""
        return self.limits(zone) and self.kind not in _RECOUNTS

    def refuses_change(self, zone: str) -> bool:
        """Return whether defensible controls of a zone disagree, so that no change of it can be named."""
        return self.kind is DiagnosticKind.CONTROLS and self.severity is Severity.REFUSE and zone in self.zones

    def breaks(self, zone: str) -> frozenset[Claim]:
        """Return what may not be claimed of a zone, because counting doubtful rows the other way would change it."""
        turned = {Claim.FINDING, Claim.LEAD} if self.limits(zone) and self.kind in _RECOUNTS else set()
        return self.broken.get(zone, frozenset()) | turned
