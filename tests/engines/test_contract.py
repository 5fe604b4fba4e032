"""What every engine promises: swaps that are whole or nothing, values that come back as they were, changes that are noticed."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from geoharm.engines.base import Part
from geoharm.engines.duckdb import open_engine, read_engine
from geoharm.errors import DatabaseError
from tests.engines.reference import ReferenceEngine

DAY, MOMENT = date(2020, 2, 29), datetime(2020, 2, 29, 23, 5, 6, 7)
EVERY_TYPE = pa.table({
    "flag": pa.array([True, False, None]),
    "small": pa.array([1, -2, None], pa.int16()),
    "whole": pa.array([1, 2**31 - 1, None], pa.int32()),
    "large": pa.array([2**63 - 1, -(2**63), None], pa.int64()),
    "real": pa.array([0.1, 1e300, None]),
    "text": pa.array(["", "it's \"É\"\n; DROP TABLE t", None]),
    "day": pa.array([DAY, date(1, 1, 1), None]),
    "moment": pa.array([MOMENT, datetime(1999, 12, 31), None], pa.timestamp("us")),
})  # fmt: skip


def numbers(*values: int | None) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int64())})


def rows(engine, name):
    return engine.rows(f"SELECT * FROM {engine.table(name)} AS t ORDER BY 1")


# -- writing ----------------------------------------------------------------------------------------------------------


def test_a_table_is_written_whole_and_replaced(engine):
    assert set(engine.names()) == set()
    engine.write("t", numbers(1, 2))
    engine.write("other", numbers(7))
    engine.write("t", pa.table({"text": ["a"], "n": [3]}))
    assert set(engine.names()) == {"t", "other"}
    assert rows(engine, "t") == [("a", 3)]


def test_what_is_read_in_the_scratch_space_becomes_a_table(engine):
    engine.scratch.execute("CREATE TEMP TABLE new_t AS SELECT i AS n FROM range(3) AS r(i)")
    engine.write("t", "SELECT CAST(n AS INTEGER) AS n FROM new_t WHERE n > 0")
    assert rows(engine, "t") == [(1,), (2,)]
    # And it is a copy.
    engine.scratch.execute("DROP TABLE new_t")
    assert rows(engine, "t") == [(1,), (2,)]


@pytest.mark.parametrize("name", ["t", 'a "quoted" name', "row_0123abc_0123", "group"])
def test_any_name_is_only_a_name(engine, name):
    engine.write(name, numbers(1))
    assert (rows(engine, name), set(engine.names())) == ([(1,)], {name})
    engine.drop(name)
    assert set(engine.names()) == set()


def test_a_table_that_is_not_there_is_dropped_without_a_word(engine):
    engine.write("t", numbers(1))
    engine.drop("no such table")
    with engine.swap():
        engine.drop("t")
        engine.drop("t")
    assert set(engine.names()) == set()


def test_a_table_without_rows_has_its_columns(engine):
    engine.write("t", EVERY_TYPE.slice(0, 0))
    assert rows(engine, "t") == []
    assert [array.dtype.kind for array in engine.columns(f"SELECT * FROM {engine.table('t')} AS t").values()] == [
        "b", "i", "i", "i", "f", "O", "M", "M",
    ]  # fmt: skip


# -- swapping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_swap_that_fails_changes_nothing(engine, error):
    engine.write("kept", numbers(1))
    engine.write("replaced", numbers(2))
    engine.write("dropped", numbers(3))

    def swap_and_fail():
        with engine.swap():
            engine.write("new", numbers(4))
            engine.write("replaced", pa.table({"other": ["x"]}))
            engine.drop("dropped")
            # Inside, the new state is seen.
            assert set(engine.names()) == {"kept", "replaced", "new"}
            assert rows(engine, "replaced") == [("x",)]
            raise error

    with pytest.raises(error):
        swap_and_fail()
    assert set(engine.names()) == {"kept", "replaced", "dropped"}
    assert [rows(engine, name) for name in ("kept", "replaced", "dropped")] == [[(1,)], [(2,)], [(3,)]]
    engine.verify()
    with engine.swap():
        engine.write("new", numbers(4))
        engine.drop("kept")
    assert set(engine.names()) == {"new", "replaced", "dropped"}
    engine.verify()


def test_a_write_that_fails_changes_nothing(engine):
    engine.write("t", numbers(1))
    with pytest.raises(DatabaseError):
        engine.write("t", "SELECT no_such_column FROM no_such_table")
    assert rows(engine, "t") == [(1,)]
    engine.write("t", numbers(2))
    assert rows(engine, "t") == [(2,)]


# -- answers ----------------------------------------------------------------------------------------------------------


def test_rows_come_back_as_they_were_written(engine):
    engine.write("t", EVERY_TYPE)
    found = engine.rows(f"SELECT * FROM {engine.table('t')} AS t ORDER BY t.small")
    expected = [tuple(row.values()) for row in EVERY_TYPE.to_pylist()]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert {tuple(map(type, row)) for row in found} == {tuple(map(type, row)) for row in expected}


def test_an_unknown_value_has_its_sign_in_every_kind_of_array(engine):
    engine.write("t", EVERY_TYPE)
    whole = engine.columns(f"SELECT * FROM {engine.table('t')} AS t WHERE t.small IS NOT NULL ORDER BY t.small DESC")
    assert [array.dtype for array in whole.values()] == [
        np.bool_, np.int16, np.int32, np.int64, np.float64, np.object_, "datetime64[us]", "datetime64[us]",
    ]  # fmt: skip
    assert [array.tolist()[0] for array in whole.values()] == [
        True, 1, 1, 2**63 - 1, 0.1, "", datetime(2020, 2, 29), MOMENT,
    ]  # fmt: skip
    unknown = engine.columns(f"SELECT * FROM {engine.table('t')} AS t WHERE t.small IS NULL")
    kinds = {name: array.dtype.kind for name, array in unknown.items()}
    assert kinds == dict.fromkeys(("flag", "small", "whole", "large", "real"), "f") | {
        "text": "O", "day": "M", "moment": "M",
    }  # fmt: skip
    for name, array in unknown.items():
        assert (
            array[0] is None if kinds[name] == "O" else np.isnat(array[0]) if kinds[name] == "M" else np.isnan(array[0])
        )


def test_parts_of_a_table_are_written_replaced_and_dropped_by_themselves(engine):
    for number, label, values in ((1, "a", (3,)), (2, "b", (1, 2)), (3, "c", ())):
        engine.write("t", numbers(*values), Part(number, label))
    assert engine.parts("t") == {"a": 1, "b": 2, "c": 3}
    assert engine.rows(f"SELECT t.part, t.n FROM {engine.table('t')} AS t ORDER BY t.n") == [(2, 1), (2, 2), (1, 3)]
    assert engine.rows(f"SELECT t.part, t.n FROM {engine.table('t', [1, 3])} AS t") == [(1, 3)]
    engine.write("t", numbers(9), Part(2, "d"))
    engine.drop("t", 1)
    engine.drop("t", 7)
    assert engine.parts("t") == {"d": 2, "c": 3}
    assert engine.rows(f"SELECT t.part, t.n FROM {engine.table('t')} AS t") == [(2, 9)]
    engine.verify()
    with pytest.raises(ValueError, match="stop"), engine.swap():  # noqa: PT012 # what is undone
        engine.write("t", numbers(4), Part(4, "e"))
        engine.drop("t", 2)
        raise ValueError("stop")  # noqa: EM101
    assert engine.parts("t") == {"d": 2, "c": 3}
    engine.drop("t", 2)
    engine.drop("t", 3)
    assert "t" not in engine.names()
    assert engine.parts("t") == {}


@pytest.mark.parametrize("column", EVERY_TYPE.column_names)
def test_values_are_bound_and_not_written_into_the_question(engine, column):
    engine.write("t", EVERY_TYPE)
    for value in EVERY_TYPE[column].to_pylist()[:2]:
        sql = f"SELECT t.{column} FROM {engine.table('t')} AS t WHERE t.{column} = $value AND t.small IS NOT NULL"
        assert engine.rows(sql, {"value": value}) == [(value,)]
    sql = f"SELECT count(*) FROM {engine.table('t')} AS t WHERE t.day >= $first AND t.day < $last"
    assert engine.rows(sql, {"first": date(1, 1, 1), "last": DAY}) == [(1,)]


def test_small_tables_are_brought_along_and_forgotten(engine):
    engine.write("t", numbers(1, 2, 3))
    sql = f"SELECT s.label, t.n FROM {engine.table('t')} AS t JOIN small AS s ON s.n = t.n ORDER BY t.n"
    small = {"n": np.array([3, 1], dtype=np.int32), "label": ["three", "one"]}
    assert engine.rows(sql, tables={"small": small}) == [("one", 1), ("three", 3)]
    assert engine.columns(sql, tables={"small": small})["label"].tolist() == ["one", "three"]
    with pytest.raises(DatabaseError):
        engine.rows(sql)
    with pytest.raises(DatabaseError):
        engine.rows("SELECT no_such_column FROM small", tables={"small": small})
    with pytest.raises(DatabaseError):
        engine.rows("SELECT * FROM small")
    # An empty one has the types of its columns.
    none = {"n": np.zeros(0, dtype=np.int32), "label": pa.array([], pa.string())}
    assert engine.rows(sql, tables={"small": none}) == []
    assert set(engine.names()) == {"t"}


def test_what_is_stored_is_brought_to_where_files_are_read(engine):
    engine.write("t", EVERY_TYPE)
    known = engine.bring("known", f"SELECT t.text, t.day, t.moment, t.flag, t.real FROM {engine.table('t')} AS t")
    found = engine.scratch.execute(f"SELECT day, text FROM {known} WHERE flag ORDER BY day").fetchall()
    assert found == [(DAY, "")]
    types = engine.scratch.execute(
        f"SELECT typeof(day), typeof(moment), typeof(flag), typeof(real) FROM {known}"
    ).fetchall()
    assert set(types) == {("DATE", "TIMESTAMP", "BOOLEAN", "DOUBLE")}
    engine.write("t", numbers(5))
    known = engine.bring("known", f"SELECT t.n FROM {engine.table('t')} AS t")
    assert engine.scratch.execute(f"SELECT n FROM {known}").fetchall() == [(5,)]


def test_a_view_for_people_is_no_table(engine):
    engine.write("t", numbers(1))
    engine.show("shown", f"SELECT t.n FROM {engine.table('t')} AS t", "About it.", {"n": "A number."})
    assert set(engine.names()) == {"t"}
    engine.verify()


def test_ids_are_hashed_by_one_function(engine):
    assert engine.hashes == f"duckdb {duckdb.__version__}"


# The shared SQL means the same everywhere: an expression, and its value.
MEANINGS = [
    ("year(t.day)", 2020), ("month(t.day)", 2), ("hour(t.moment)", 23), ("year(t.moment)", 2020), ("floor(t.real)", 0),
    ("floor(t.real - 2)", -2), ("CASE WHEN t.moment = date_trunc('hour', t.moment) THEN 1 ELSE 0 END", 0),
    ("CASE WHEN date_trunc('hour', t.moment) < t.moment THEN 'after' END", "after"),
    ("coalesce(CASE WHEN 1 = 0 THEN 5 END, t.small)", 1), ("CASE WHEN NULL THEN 1 ELSE 2 END", 2),
    ("t.whole * 12 + 3 - 1", 14), ("CAST(t.whole AS DOUBLE)", 1.0), ("CAST(t.real * 30 AS BIGINT)", 3),
    ("CASE WHEN t.text = '' THEN 'empty' END", "empty"), ("CASE WHEN 'B' < 'a' AND 'a' < 'É' THEN 1 END", 1),
    ("CASE WHEN t.text IN ('', 'x') THEN 1 END", 1), ("CASE WHEN t.real BETWEEN 0 AND 1 THEN 1 END", 1),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), MEANINGS)
def test_an_expression_means_the_same_everywhere(engine, expression, value):
    engine.write("t", EVERY_TYPE.slice(0, 1))
    assert engine.rows(f"SELECT {expression} FROM {engine.table('t')} AS t") == [(value,)]


def test_groups_windows_and_joins_mean_the_same_everywhere(engine):
    engine.write("a", pa.table({"k": [1, 1, 2, 2, None], "v": [5, 7, 5, None, 9], "name": ["b", "a", "b", "É", "z"]}))
    engine.write("b", pa.table({"k": [1, 3], "w": [0.5, 1.5]}))
    a, b = engine.table("a"), engine.table("b")
    # Groups: an unknown key is a group, and an unknown value is in no sum; no group has the sum NULL.
    grouped = engine.rows(
        f"SELECT coalesce(a.k, -1), count(*), count(a.v), CAST(sum(a.v) AS BIGINT), min(a.v), max(a.name) FROM {a} AS a GROUP BY a.k ORDER BY 1"
    )
    assert grouped == [(-1, 1, 1, 9, 9, "z"), (1, 2, 2, 12, 5, "b"), (2, 2, 1, 5, 5, "É")]
    assert engine.rows(f"SELECT count(*), CAST(sum(a.v) AS BIGINT), max(a.v) FROM {a} AS a WHERE 1 = 0") == [
        (0, None, None)
    ]
    assert engine.rows(f"SELECT a.v FROM {a} AS a GROUP BY a.v HAVING count(*) > 1") == [(5,)]
    numbered = engine.rows(
        f"""
        SELECT name, row_number() OVER same AS nth, first_value(name) OVER same AS first, dense_rank() OVER (ORDER BY name) AS place
        FROM {a} AS a WINDOW same AS (PARTITION BY a.k ORDER BY a.name) ORDER BY name, nth
        """
    )
    assert numbered == [("a", 1, "a", 1), ("b", 1, "b", 2), ("b", 2, "a", 2), ("z", 1, "z", 3), ("É", 2, "b", 4)]
    assert engine.rows(f"SELECT DISTINCT a.k FROM {a} AS a JOIN {b} AS b ON b.k = a.k") == [(1,)]
    left = engine.rows(f"SELECT b.k, a.v FROM {b} AS b LEFT JOIN {a} AS a ON a.k = b.k AND a.v > 5 ORDER BY b.k")
    assert left == [(1, 7), (3, None)]
    without = f"SELECT a.name FROM {a} AS a WHERE NOT EXISTS (SELECT 1 FROM {b} AS b WHERE b.k = a.k) ORDER BY a.name"
    assert engine.rows(without) == [("b",), ("z",), ("É",)]
    within = f"SELECT a.name FROM {a} AS a WHERE a.k IN (SELECT k FROM small) ORDER BY a.name DESC"
    assert engine.rows(within, tables={"small": {"k": [2, 2]}}) == [("É",), ("b",)]


# -- changes by others ------------------------------------------------------------------------------------------------


CHANGES = {
    "a value": 'UPDATE {t} SET n = 9 WHERE n = 2',
    "two values exchanged": "UPDATE {t} SET label = CASE WHEN label = 'a' THEN 'b' ELSE 'a' END",
    "a row less": "DELETE FROM {t} WHERE n = 2",
    "a row twice": "INSERT INTO {t} SELECT * FROM {t} WHERE n = 2",
    "a column renamed": "ALTER TABLE {t} RENAME COLUMN n TO m",
    "a table gone": "DROP TABLE {t}",
    "a table more": "CREATE TABLE {more} (n INTEGER)",
}  # fmt: skip
TWO = pa.table({"n": pa.array([1, 2], pa.int64()), "label": ["a", "b"]})


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_another_program_is_noticed_in_duckdb(change, tmp_path):
    path = tmp_path / "t.duckdb"
    with open_engine(path, inputs=tmp_path) as engine:
        engine.write("t", TWO)
        engine.write("other", numbers(3))
        engine.verify()
    with duckdb.connect(str(path)) as connection:
        connection.execute(CHANGES[change].format(t='store."t"', more='store."more"'))
    said = 'changed by another program: its table "t" is not as geoharm wrote it'
    if "more" in change:  # It is somebody else's, so the database is not even opened.
        said = 'also holds "store.more", which geoharm did not make'
    with pytest.raises(DatabaseError, match=said), open_engine(path, inputs=tmp_path) as engine:
        engine.verify()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_another_program_is_noticed_in_the_reference(change):
    engine = ReferenceEngine()
    engine.write("t", TWO)
    engine.write("other", numbers(3))
    engine.verify()
    engine.tables.execute(CHANGES[change].format(t='"t"', more='"more"'))
    with pytest.raises(DatabaseError, match=r'table "(t|more)" is not as geoharm wrote it'):
        engine.verify()
    engine.close()


def test_what_a_killed_process_left_is_removed_when_the_database_is_opened(tmp_path):
    """DuckDB names these files itself while it spills; they may hold rows."""
    folder = tmp_path / "s.duckdb.tmp"
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:
        engine.write("t", numbers(1))
    folder.mkdir()
    (folder / "duckdb_temp_1_0_storage_DEFAULT-0.tmp").write_bytes(b"rows")
    (folder / "mine.txt").write_text("kept")
    with read_engine(tmp_path / "s.duckdb"):
        assert len(list(folder.iterdir())) == 2
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:
        assert rows(engine, "t") == [(1,)]
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]
    (folder / "mine.txt").unlink()
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path):
        pass
    assert not folder.exists()
