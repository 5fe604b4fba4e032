"""The tables of columns in docs/outputs.md, from the columns themselves; run as a module it writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from geoharm.report.exports import effects_table, gis_effects

PAGE = Path(__file__).resolve().parents[2] / "docs" / "outputs.md"
TABLES = {"effects": effects_table.MEANINGS, "gis effects": gis_effects.MEANINGS}


def page_with(page: str) -> str:
    """Return the page with every table of columns made anew."""
    for name, meanings in TABLES.items():
        rows = "\n".join(f"| `{column}` | {meaning} |" for column, meaning in meanings.items())
        table = f"<!-- {name}: begin -->\n\n| column | meaning |\n|---|---|\n{rows}\n\n<!-- {name}: end -->"
        page = re.sub(f"<!-- {name}: begin -->.*<!-- {name}: end -->", lambda _, table=table: table, page, flags=re.S)
    return page


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
