"""What a comparison is exposed to: a figure, a sentence, and what follows for the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """What a guard does to an answer; the larger, the harder."""

    NONE = 0
    SAY = 1
    SIGNAL = 2
    REFUSE = 3


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that could mislead, measured.

    Attributes
    ----------
    name : str
        "regression to the mean", "season", ...
    figure : float
        NaN if it could not be measured.
    unit : str
        What the figure is: "share of the count", "log ratio", "correlation".
    sentence : str
        For readers: what was found, in one or two sentences.
    severity : Severity
        NONE: nothing; SAY: print it beside the answer; SIGNAL: the answer is a signal at most; REFUSE: there is none.
    reference : str
        DOI or URL; empty for arithmetic.
    """

    name: str
    figure: float
    unit: str
    sentence: str
    severity: Severity
    reference: str = ""
