"""Disclosure rules for small counts: which counts are suppressed, and how the others are rounded."""

from __future__ import annotations

from dataclasses import dataclass


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

    def possible_counts(self, shown: int) -> tuple[int, int]:
        """Return the smallest and the largest count that are released as this number."""
        if shown == 0 and self.lowest_suppressed > 0:
            return 0, 0
        half_step = (self.step - 1) // 2
        return max(shown - half_step, 0), shown + self.step - 1 - half_step

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
