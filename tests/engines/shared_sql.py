"""The SQL that every engine understands, DuckDB, SQLite and Spark: what else stands in a question is named."""

from __future__ import annotations

import re

FUNCTIONS = {
    "year", "month", "hour", "floor", "date_trunc", "count", "sum", "min", "max", "coalesce", "cast",
    "row_number", "first_value", "dense_rank",
}  # fmt: skip
_BEFORE_BRACKETS = {"and", "or", "not", "in", "exists", "over", "as", "from", "join", "on", "where", "select", "all", "when", "then", "by"}  # fmt: skip
_TYPES = {"INTEGER", "BIGINT", "DOUBLE"}
_FORBIDDEN = {
    r"\b(FILTER|QUALIFY|EXCLUDE|REPLACE|PIVOT|UNPIVOT|LATERAL|SAMPLE|TABLESAMPLE|RECURSIVE|IGNORE)\b": "a word of one engine",
    r"\b(SEMI|ANTI|ASOF|POSITIONAL|NATURAL|FULL) (OUTER )?JOIN\b": "a join of one engine",
    r"\b(GROUP|ORDER) BY ALL\b": "columns that are not named",
    r"\bDISTINCT (ON|FROM)\b": "another meaning of DISTINCT",
    r"\b(ILIKE|GLOB|REGEXP|RLIKE|SIMILAR)\b": "a match of one engine",
    r"\b(DATE|TIMESTAMP|INTERVAL) ?'": "a day or time as text: bind it",
    r"::|//|->|==|[\[\]{}%#?]": "a sign of one engine",
    # 1 / 2 is 0 in SQLite and 0.5 elsewhere.
    r"/": "a division",
    r'"': "a quoted name: only tables have one",
    r"^(?! ?SELECT )": "a question that does not begin with SELECT",
    r";": "several statements",
}


def outside_shared_sql(sql: str) -> list[str]:
    """Return what in a question is not shared, each with the reason; empty if all is.

    Examples
    --------
    >>> outside_shared_sql('SELECT count(*) AS n FROM "row_1" AS r WHERE r.day >= $start AND r.kind = \\'a / b\\'')
    []
    >>> outside_shared_sql("SELECT list(x) FROM t")
    ['list(: no shared function']
    """
    # The engine itself quotes its tables.
    plain = re.sub(r'\bFROM "[^"]*"|\bJOIN "[^"]*"', "FROM t", sql)
    # Literals say nothing about the language, but for the quote that begins them.
    plain = " ".join(re.sub(r"'(?:[^']|'')*'", "'", plain).split())
    faults = [
        f"{match[0].strip()}: {reason}"
        for pattern, reason in _FORBIDDEN.items()
        for match in re.finditer(pattern, plain, re.IGNORECASE)
    ]
    faults += [
        f"{name}(: no shared function"
        for name in re.findall(r"(\w+) ?\(", plain)
        if name.lower() not in FUNCTIONS | _BEFORE_BRACKETS
    ]
    # What is cast to a moment is only ever NULL, which has no time zone.
    plain = plain.replace("CAST(NULL AS TIMESTAMP)", "NULL")
    casts = re.findall(r"\bCAST\(.*? AS (\w+)\)", plain, re.IGNORECASE)
    return faults + [f"{type_}: no shared type" for type_ in casts if type_.upper() not in _TYPES]
