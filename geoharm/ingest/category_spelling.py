"""One name for each category: spellings that differ only in case, accents, hyphens or spaces are one category.

Names that differ more, such as those of a new list of codes, are not joined: the note asks about them.

Each different text is folded once, here, by `fold_category`. The database compares what is folded already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from geoharm._text import fold_category
from geoharm.engines.base import Columns, Engine, Scratch
from geoharm.model.ledger import SPELLINGS, QualityNote
from geoharm.model.renamed_category import RenamedCategory
from geoharm.queries.stored import StoredSource

_MAX_SHOWN = 5


def category_mapper(category_map: Mapping[str, str]) -> Callable[[str], str]:
    """Return the function that names a published category as a format's map says; the exact text comes before the folded.

    Spellings that a map names differently are two categories: only their exact texts are then found in it.

    Examples
    --------
    >>> name = category_mapper({"ASLT": "Assault"})
    >>> name("ASLT"), name("aslt "), name("Theft")
    ('Assault', 'Assault', 'Theft')
    """
    meanings: dict[str, set[str]] = {}
    for published, name in category_map.items():
        meanings.setdefault(fold_category(published), set()).add(name)
    by_fold = {folded: names.pop() for folded, names in meanings.items() if len(names) == 1}

    def mapped(category: str) -> str:
        if category in category_map:
            return category_map[category]
        return by_fold.get(fold_category(category), category) if by_fold else category

    return mapped


def name_of_each(rows: Mapping[str, int]) -> dict[str, str]:
    """Return the name that each spelling of a category counts under: the most frequent one, of equals the first.

    Parameters
    ----------
    rows : mapping of spelling to int
        Number of rows of each spelling.

    Examples
    --------
    >>> name_of_each({"THEFT": 2, "Theft": 9, "Robbery": 1})
    {'THEFT': 'Theft', 'Theft': 'Theft', 'Robbery': 'Robbery'}
    """
    folded = {spelling: fold_category(spelling) for spelling in rows}
    names: dict[str, str] = {}
    for spelling in sorted(rows, key=lambda spelling: (-rows[spelling], spelling)):
        names.setdefault(folded[spelling], spelling)
    return {spelling: names[folded[spelling]] for spelling in rows}


def source_spellings(engine: Engine, source: StoredSource) -> tuple[Columns, list[QualityNote]]:
    """Return the name of each category code of a source of events, and a note on spellings that were joined.

    Returns
    -------
    columns : mapping
        ``category`` (the code), ``name``, and ``folded``: the name as `fold_category` returns it.
    notes : list of QualityNote
    """
    rows = engine.table(f"row_{source.rule}", source.parts)
    counted = engine.rows(
        f"""
        SELECT r.category, c.name, r.n FROM (
            SELECT category, count(*) AS n FROM {rows} AS k WHERE k.fault IS NULL GROUP BY category
        ) AS r JOIN {engine.table(f"category_{source.rule}")} AS c ON c.category = r.category ORDER BY r.category
        """
    )
    rows_of: dict[str, int] = {}
    for _, spelling, count in counted:
        rows_of[spelling] = rows_of.get(spelling, 0) + int(count)
    names = name_of_each(rows_of)
    columns = {
        "category": np.array([code for code, _, _ in counted], dtype=np.int32),
        "name": np.array([names[spelling] for _, spelling, _ in counted], dtype=np.object_),
    }
    folds = {name: fold_category(name) for name in set(names.values())}
    columns["folded"] = np.array([folds[name] for name in columns["name"]], dtype=np.object_)
    return columns, note_spellings(rows_of, names)


def spelling_table(columns: Columns) -> pa.Table:
    """Return the columns of `source_spellings` as the table ``spelling`` that holds them."""
    return pa.table({
        "category": pa.array(columns["category"], pa.int32()),
        "name": pa.array(columns["name"], pa.string()),
        "folded": pa.array(columns["folded"], pa.string()),
    })  # fmt: skip


def join_category_spellings(scratch: Scratch, table: str, *, kept: str) -> list[QualityNote]:
    """Give every spelling in the column ``category`` of a scratch table its one name, and return a note on it.

    Parameters
    ----------
    scratch : Scratch
    table : str
    kept : str
        SQL condition of the rows that count.
    """
    rows_of = {
        str(spelling): int(count)
        for spelling, count in scratch.execute(
            f"SELECT category, count(*) FROM {table} WHERE category IS NOT NULL AND {kept} GROUP BY category"
        ).fetchall()
    }
    names = name_of_each(rows_of)
    joined = {spelling: name for spelling, name in names.items() if spelling != name}
    if joined:
        scratch.register("joined_rows", pa.table({"spelling": list(joined), "name": list(joined.values())}))
        scratch.execute(
            f"UPDATE {table} SET category = joined_rows.name FROM joined_rows WHERE joined_rows.spelling = {table}.category"
        )
        scratch.unregister("joined_rows")
    return note_spellings(rows_of, names)


def note_spellings(rows: Mapping[str, int], names: Mapping[str, str]) -> list[QualityNote]:
    """Return a note on the rows whose category is spelt otherwise than its name; empty if there are none."""
    joined: Sequence[str] = sorted(
        (spelling for spelling, name in names.items() if spelling != name), key=lambda text: (-rows[text], text)
    )
    if not joined:
        return []
    shown = "; ".join(f"\u201c{spelling}\u201d is \u201c{names[spelling]}\u201d" for spelling in joined[:_MAX_SHOWN])
    more = f"; and {len(joined) - _MAX_SHOWN:,} more" if len(joined) > _MAX_SHOWN else ""
    sentence = f"spell a category otherwise than most rows of it, and are counted with them: {shown}{more}"
    return [QualityNote(SPELLINGS, sum(rows[spelling] for spelling in joined), 0, sentence)]


def note_renamed(pairs: Sequence[RenamedCategory]) -> list[QualityNote]:
    """Return a note on categories that end where others of nearly the same name begin; empty if there are none."""
    if not pairs:
        return []
    shown = "; ".join(pair.sentence for pair in pairs[:_MAX_SHOWN])
    more = f"; and {len(pairs) - _MAX_SHOWN:,} more" if len(pairs) > _MAX_SHOWN else ""
    return [QualityNote("renamed category", 0, 0, f"perhaps one category under two names: {shown}{more}")]
