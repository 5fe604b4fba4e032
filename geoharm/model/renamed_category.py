"""Two names that may be one category: the one ends where the other begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geoharm.model.period import month_name


@dataclass(frozen=True, slots=True)
class RenamedCategory:
    """A category that ends where another of nearly the same name begins.

    Attributes
    ----------
    old, new : str
        The category that ends, and the one that begins.
    month : date
        First day of the month from which on the new name stands.
    old_rate, new_rate : float
        Rows a month: of the old name in the year before that month, of the new one in the year from it on, or as far as
        the source reaches.
    where : str
        "" for the whole source, else the part of the city where it was found.
    """

    old: str
    new: str
    month: date
    old_rate: float
    new_rate: float
    where: str = ""

    @property
    def sentence(self) -> str:
        """What was found, without a full stop; counts are rounded, and left out for a part of the city.

        Examples
        --------
        >>> RenamedCategory("ASSLT", "ASSAULT", date(2020, 3, 1), 41.2, 38.0).sentence
        '“ASSLT” (about 41 rows a month) ends where “ASSAULT” (about 38) begins, in March 2020'
        """
        if self.where:
            return f"“{self.old}” ends where “{self.new}” begins, in {month_name(self.month)}, {self.where}"
        return (
            f"“{self.old}” ({_rounded(self.old_rate)} rows a month) ends where “{self.new}” "
            f"({_rounded(self.new_rate)}) begins, in {month_name(self.month)}"
        )


def _rounded(rate: float) -> str:
    return f"about {float(f'{rate:.2g}'):,.0f}" if rate >= 5 else "under 5"
