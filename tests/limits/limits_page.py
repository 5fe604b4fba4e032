"""``python -m tests.limits.limits_page`` writes the table of ``docs/limits.md`` from the limits themselves."""

from __future__ import annotations

from pathlib import Path

from geoharm import _limits

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
START, END = "<!-- limits -->\n", "<!-- /limits -->"


def page() -> str:
    """Return the page with its table as it should be."""
    limits = [value for value in vars(_limits).values() if isinstance(value, _limits.Limit)]
    rows = [f"| {limit.of} | {limit.most:,} {limit.unit} | {limit.way_out} |\n" for limit in limits]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    table = "| of | at most | with more |\n|---|---|---|\n" + "".join(rows)
    return f"{before}{START}{table}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
