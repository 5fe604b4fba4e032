"""Write the table "Attacks that are tests" of ``docs/disclosure.md`` from the corpus: ``python -m tests.attacks.attack_table``."""

from __future__ import annotations

from pathlib import Path

from tests.attacks.attack import agreeing_counts
from tests.attacks.corpus import ATTACKS

PAGE = Path(__file__).parent.parent.parent / "docs" / "disclosure.md"
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"
_HEAD = "| attack | planted | unprotected, the attacker finds | of what is published, he finds |\n|---|---|---|---|"
_WIDEST = 40


def counts_text(counts: set[int]) -> str:
    """Return counts in words.

    Examples
    --------
    >>> counts_text({3}), counts_text({1, 2, 3, 4}), counts_text(set(range(41))), counts_text({0, 2, 9})
    ('3', '1 to 4', 'any', '0, 2, 9')
    """
    if not counts:
        return "none"
    low, high = min(counts), max(counts)
    if len(counts) == 1:
        return str(low)
    if high - low + 1 != len(counts):
        return ", ".join(map(str, sorted(counts)))
    return "any" if len(counts) > _WIDEST else f"{low} to {high}"


def table() -> str:
    """Return the table, with what every attacker finds now."""
    lines = [_HEAD]
    for attack in ATTACKS:
        planted = attack.planted[0]
        found = [counts_text(agreeing_counts(attack, planted, release)) for release in ("internal", "public")]
        open_leak = " (open)" if attack.leak else ""
        lines.append(f"| {attack.kind} | {planted} | {found[0]} | {found[1]}{open_leak} |")
    return "\n".join(lines)


def page_with(rows: str, page: str) -> str:
    """Return the page with other rows between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{rows}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
