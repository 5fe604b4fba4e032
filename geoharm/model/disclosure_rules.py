"""Disclosure rules for small counts: which counts are suppressed, and how the others are rounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


class Threshold(int):
    """k of a disclosure rule: an int that also knows whether no event at all is as secret as few.

    Attributes
    ----------
    lowest : int
        The smallest count that is suppressed: 1 releases zeros, 0 suppresses them too.
    rounds : bool
        Whether other counts are rounded, and every number is computed from rounded ones.
    """

    lowest: int
    rounds: bool

    def __new__(cls, k: int, *, lowest: int = 1, rounds: bool = False) -> Self:
        """Return k with the smallest count that is suppressed."""
        threshold = super().__new__(cls, k)
        threshold.lowest, threshold.rounds = lowest, rounds
        return threshold


def is_few(count: float, k: int) -> bool:
    """Return whether a count is suppressed for its size: it lies from 1, or from 0 where the rule says so, to k - 1.

    Which numbers are withheld beside a count must not tell none from few. So whatever is decided by the size of a count is
    decided by this function.

    Examples
    --------
    >>> is_few(0, 5), is_few(4, 5), is_few(5, 5), is_few(0, Threshold(10, lowest=0)), is_few(0, 1)
    (False, True, False, True, False)
    """
    return (k.lowest if isinstance(k, Threshold) else 1) <= count < k


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """A disclosure rule: how a public release treats counts.

    Attributes
    ----------
    name : str
    threshold : int
        Counts from `lowest_suppressed` up to, not including, this threshold are suppressed.
    lowest_suppressed : int
        The smallest count that is suppressed: 1 releases zeros, 0 suppresses them too.
    step : int
        Released counts are rounded to a multiple of this number; 1 means no rounding.
    reference : str
        Who uses the rule.

    Examples
    --------
    >>> rule = DISCLOSURE_RULES["1-7-round-5"]
    >>> [rule.suppresses(count) for count in (0, 1, 7, 8)], rule.rounded(8), rule.possible_counts(10)
    ([False, True, True, False], 10, (8, 12))
    """

    name: str
    threshold: int
    lowest_suppressed: int
    step: int
    reference: str

    def suppresses(self, count: int) -> bool:
        """Return whether a count is suppressed."""
        return self.lowest_suppressed <= count < self.threshold

    def rounded(self, count: int) -> int:
        """Return a count as released: rounded to the nearest multiple of `step`, halves upwards."""
        return (2 * count + self.step) // (2 * self.step) * self.step

    def working_count(self, count: int) -> int:
        """Return the number to compute with in place of a count: the count as released, or the middle of those suppressed.

        Examples
        --------
        >>> [DISCLOSURE_RULES["1-7-round-5"].working_count(count) for count in (0, 1, 7, 8, 13)]
        [0, 4, 4, 10, 15]
        """
        return self.threshold // 2 if self.suppresses(count) else self.rounded(count)

    def possible_counts(self, shown: int) -> tuple[int, int]:
        """Return the smallest and the largest count that are released as this number."""
        if shown == 0 and self.lowest_suppressed > 0:
            return 0, 0
        half_step = (self.step - 1) // 2
        return max(shown - half_step, 0), shown + self.step - 1 - half_step

    @property
    def k(self) -> Threshold:
        """The threshold, which knows the smallest count that is suppressed."""
        return Threshold(self.threshold, lowest=self.lowest_suppressed, rounds=self.step > 1)

    @property
    def label(self) -> str:
        """The range of suppressed counts, in words."""
        return f"{self.lowest_suppressed} to {self.threshold - 1}"

    @property
    def possible_values(self) -> int:
        """How many values a suppressed count can have."""
        return self.threshold - self.lowest_suppressed


DISCLOSURE_RULES = {
    rule.name: rule
    for rule in (
        DisclosureRule("under-5", 5, 1, 1, "https://www.ndtms.net (cells under 5 are not shown)"),
        DisclosureRule(
            "1-7-round-5",
            8,
            1,
            5,
            "https://digital.nhs.uk (hospital statistics below national level: 1 to 7 not shown, others to the nearest 5)",
        ),
        DisclosureRule("under-10", 10, 1, 1, "https://wonder.cdc.gov (counts of 1 to 9 are not shown)"),
        DisclosureRule(
            "threshold-10",
            10,
            0,
            1,
            "secure research settings in the UK: counts below 10, including 0, are not released",
        ),
    )
}
