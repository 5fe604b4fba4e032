"""Every question to the tables is in the SQL that all engines share."""

from __future__ import annotations

import pytest

from tests.engines.reference import ReferenceEngine
from tests.engines.shared_sql import FUNCTIONS, outside_shared_sql


def test_every_question_is_in_the_shared_sql(found):
    asked = set(found["reference"].asked)
    assert len(asked) > 150
    for sql in asked:
        assert outside_shared_sql(sql) == [], sql
    # The list of functions is not longer than what is asked.
    together = " ".join(asked)
    assert {name for name in FUNCTIONS if f"{name}(" not in together.lower()} <= {"floor"}


FAULTS = {
    "SELECT count(*) FILTER (WHERE r.day IS NULL) FROM t AS r": "FILTER",
    "SELECT r.line FROM t AS r QUALIFY row_number() OVER (ORDER BY r.line) = 1": "QUALIFY",
    "SELECT * EXCLUDE (part) FROM t AS r": "EXCLUDE",
    "SELECT r.place, count(*) FROM t AS r GROUP BY ALL": "GROUP BY ALL",
    "SELECT r.place FROM t AS r ORDER BY ALL": "ORDER BY ALL",
    "SELECT r.place FROM t AS r WHERE r.day >= DATE '2020-01-01'": "DATE",
    "SELECT r.place FROM t AS r WHERE r.clock >= TIMESTAMP '2020-01-01 00:00:00'": "TIMESTAMP",
    "SELECT r.place::BIGINT FROM t AS r": "::",
    "SELECT CAST(r.place AS VARCHAR) FROM t AS r": "VARCHAR",
    "SELECT CAST(sum(r.n) AS HUGEINT) FROM t AS r": "HUGEINT",
    "SELECT r.a / r.b FROM t AS r": "/",
    "SELECT r.a // r.b FROM t AS r": "//",
    "SELECT r.a % 2 FROM t AS r": "%",
    'SELECT r."column" FROM t AS r': '"',
    "SELECT r.a FROM t AS r SEMI JOIN s ON s.a = r.a": "SEMI JOIN",
    "SELECT r.a FROM t AS r JOIN s ON s.a IS NOT DISTINCT FROM r.a": "DISTINCT FROM",
    "SELECT DISTINCT ON (r.a) r.a FROM t AS r": "DISTINCT ON",
    "SELECT median(r.a) FROM t AS r": "median",
    "SELECT any_value(r.a) FROM t AS r": "any_value",
    "SELECT r.a FROM t AS r WHERE regexp_matches(r.a, 'x')": "regexp_matches",
    "SELECT r.a FROM t AS r WHERE r.a IN [1, 2]": "[",
    "SELECT r.a FROM t AS r WHERE r.a = ?": "?",
    "FROM t": "SELECT",
    "WITH s AS (SELECT 1 AS a) SELECT a FROM s": "SELECT",
    "SELECT 1; DROP TABLE t": ";",
}


@pytest.mark.parametrize("sql", FAULTS)
def test_a_planted_fault_is_named(sql):
    found = outside_shared_sql(sql)
    assert any(FAULTS[sql] in fault for fault in found), found


def test_a_question_with_a_fault_is_recorded():
    """What an engine is asked goes the same way to the check as what a study asks."""
    engine = ReferenceEngine()
    engine.rows("SELECT count(*) FILTER (WHERE s.n > 1) AS n FROM small AS s", tables={"small": {"n": [1, 2]}})
    assert outside_shared_sql(engine.asked[-1])
    # The sum of whole numbers is of a type that DuckDB alone has.
    with pytest.raises(TypeError, match="HUGEINT"):
        engine.rows("SELECT sum(s.n) AS n FROM small AS s", tables={"small": {"n": [1, 2]}})
    engine.close()
