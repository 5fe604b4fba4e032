"""The tables of views in docs/database.md, made from the comments in a database; ``python -m`` writes them anew."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "database.md"
BEGIN, END = "<!-- views: begin -->\n", "<!-- views: end -->"


def view_tables(database: Path) -> str:
    """Return Markdown on the views of a database: what each is, and its columns."""
    parts = []
    with duckdb.connect(str(database), read_only=True) as connection:
        views = connection.execute(
            "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY view_name"
        ).fetchall()
        for view, about in views:
            columns = connection.execute(
                "SELECT column_name, lower(data_type), comment FROM duckdb_columns() WHERE table_name = ? "
                "AND schema_name = 'main' ORDER BY column_index",
                [view],
            ).fetchall()
            rows = "".join(f"| `{name}` | {kind} | {comment} |\n" for name, kind, comment in columns)
            parts.append(f"\n### {view}\n\n{about}\n\n| column | type | meaning |\n|---|---|---|\n{rows}")
    return "".join(parts)


def main() -> None:
    """Write the tables of a small study's database into the document."""
    from tests.queries.test_views import run_small_study  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        tables = view_tables(run_small_study(Path(folder)))
    text = DOCUMENT.read_text(encoding="utf-8")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(head + BEGIN + tables + "\n" + END + tail, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
