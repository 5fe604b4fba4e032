"""What police and partners did around an operation, by date: activity, in no sum."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.period import Period
from geoharm.model.suppressed import Count

ACTIVITY_KINDS = ("partner action", "diversion", "referral", "referral outcome", "arrest", "people moved on", "other")


@dataclass(frozen=True, slots=True)
class DatedActivity:
    """One thing that was done on a day or over a period.

    Attributes
    ----------
    what : str
        In words, such as "referred to the drug service at the police station".
    kind : str
        One of `ACTIVITY_KINDS`.
    by : str
        Who did it.
    period : Period
        The days, half-open.
    count : int, Suppressed or None
        How many; None if it was not counted. In a release a small count is suppressed.
    """

    what: str
    kind: str
    by: str
    period: Period
    count: Count | None = None
