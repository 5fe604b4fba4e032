"""Diagnostics: a threat to validity as a figure, a sentence and a severity for the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


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
    name : str
        "regression to the mean", "season", ...
    figure : float
        NaN if it could not be measured.
    unit : str
        What the figure is: "share of the count", "log ratio", "correlation".
    sentence : str
        The result for readers, in one or two sentences.
    severity : Severity
        NONE: no effect. SAY: the sentence is printed with the answer. SIGNAL: the answer is a signal at most. REFUSE: no
        answer is given.
    reference : str
        DOI or URL; empty if the figure is simple arithmetic.
    """

    name: str
    figure: float
    unit: str
    sentence: str
    severity: Severity
    reference: str = ""
