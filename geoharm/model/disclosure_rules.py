"""Named rules for small counts: which are withheld, and to what the others are rounded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """What a public release does with counts.

    Attributes
    ----------
    name : str
    threshold : int
        k: counts below it are withheld, down to `least`.
    least : int
        The smallest count that is withheld: 1 shows zeros, 0 withholds them too.
    step : int
        Counts that are shown are rounded to a multiple of it; 1 shows them as they are.
    reference : str
        Who uses the rule.

    Examples
    --------
    >>> rule = DISCLOSURE_RULES["1-7-round-5"]
    >>> [rule.withholds(count) for count in (0, 1, 7, 8)], rule.rounded(8), rule.span(10)
    ([False, True, True, False], 10, (8, 12))
    """

    name: str
    threshold: int
    least: int
    step: int
    reference: str

    def withholds(self, count: int) -> bool:
        """Return whether a count may not be shown."""
        return self.least <= count < self.threshold

    def rounded(self, count: int) -> int:
        """Return a count as it is shown: to the nearest multiple of `step`, halves upwards."""
        return (2 * count + self.step) // (2 * self.step) * self.step

    def span(self, shown: int) -> tuple[int, int]:
        """Return the smallest and the largest count that are shown as this one."""
        if shown == 0 and self.least > 0:
            return 0, 0
        reach = (self.step - 1) // 2
        return max(shown - reach, 0), shown + self.step - 1 - reach

    @property
    def label(self) -> str:
        """The counts that are withheld, in words."""
        return f"{self.least} to {self.threshold - 1}"

    @property
    def kept_open(self) -> int:
        """How many values the label itself leaves open."""
        return self.threshold - self.least


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
            "secure research settings in the UK: a count below 10, zero included, does not leave",
        ),
    )
}
