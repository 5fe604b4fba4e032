"""``effects.csv`` and ``effects.parquet``: tidy, typed, the numbers of ``run.json`` and nothing that it withholds."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geoharm.disclosure.protect import protect
from geoharm.report.exports.effects_files import effects_csv, effects_frame, effects_parquet
from geoharm.report.exports.effects_table import COLUMNS, MEANINGS, EffectRow, effect_rows
from geoharm.report.exports.run_json import run_json
from geoharm.report.wording.verdict import verdict_of
from tests.disclosure.test_protect import PLENTY, planted, result
from tests.report import output_tables

NUMBERS = (
    "before", "after", "control_before", "control_after", "expected", "effect", "standard_error", "low", "high", "level",
)  # fmt: skip


@pytest.fixture(scope="module")
def release(area):
    return protect(result(area, PLENTY))


@pytest.fixture(scope="module")
def hidden(area):
    """One ring holds three events before, so that its counts, and what would give them back, are withheld."""
    return protect(result(area, planted(2, 0, 3)))


def record_of(release):
    return json.loads(run_json(release, [(each, verdict_of(release, each)) for each in release.operations]))


def numbers_in(value):
    """Return every number that stands anywhere in a JSON value."""
    if isinstance(value, dict):
        return {number for part in value.values() for number in numbers_in(part)}
    if isinstance(value, list):
        return {number for part in value for number in numbers_in(part)}
    return {float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else set()


def read_back(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("which", ["release", "hidden"])
def test_every_number_is_in_the_run_record(which, request):
    release = request.getfixturevalue(which)
    known = numbers_in(record_of(release)["operations"])
    rows = read_back(effects_csv(effect_rows(release)))
    found = {float(row[name]) for row in rows for name in NUMBERS if row[name]}
    assert len(found) > 20
    assert found <= known


def test_every_effect_of_the_run_record_is_a_row(release):
    """One row for each zone and window, with the counts, the change, its interval and its reading."""
    rows = {
        (row.measure, row.zone, row.window, row.part): row
        for row in effect_rows(release)
        if row.estimator == "change" and row.part in ("headline", "phase")
    }
    count = 0
    for measure in record_of(release)["operations"][0]["measures"]:
        for part, effects in (("headline", measure["effects"]), ("phase", measure["phases"])):
            for effect in effects:
                row = rows[measure["name"], effect["zone"], effect["window"], part]
                assert (row.before, row.after) == (effect["before"], effect["after"])
                assert (row.expected, row.effect) == (effect["expected"], effect["change"])
                assert (row.low, row.high) == (effect["interval"]["low"], effect["interval"]["high"])
                assert row.statement.startswith(effect["reading"])
                count += 1
    assert len(rows) == count > 5


def test_a_row_is_told_by_its_keys(release, hidden):
    for one in (release, hidden):
        keys = [(row.operation, row.measure, row.zone, row.window, row.part, row.estimator) for row in effect_rows(one)]
        assert len(set(keys)) == len(keys)


def test_what_is_withheld_is_in_no_column(hidden):
    effect = hidden.operations[0].primary.effect("50-250 m")
    assert effect.is_withheld
    rows = [row for row in effect_rows(hidden) if row.zone == "50-250 m" and row.part == "headline"]
    assert rows
    for row in rows:
        assert row.before is None
        assert row.withheld.startswith("before: ")
        assert {row.expected, row.effect, row.standard_error, row.low, row.high} == {None}
        assert row.level is None
    columns = effects_frame(effect_rows(hidden))
    empty = columns[columns["before"].isna() & columns["effect"].isna()]
    # An estimator without counts of its own is told by its note or by what is withheld.
    assert ((empty["withheld"] != "") | (empty["note"] != "") | empty["low"].notna()).all()


def test_parquet_has_types_and_the_same_bytes(release):
    rows = effect_rows(release)
    content = effects_parquet(rows)
    assert content == effects_parquet(effect_rows(release))
    frame = pd.read_parquet(io.BytesIO(content), dtype_backend="pyarrow")
    assert list(frame.columns) == list(COLUMNS)
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds["before"] == "int64[pyarrow]"
    assert kinds["effect"] == "double[pyarrow]"
    assert kinds["window_start"] == "date32[day][pyarrow]"
    assert kinds["placebo"] == "bool[pyarrow]"
    assert kinds["note"].startswith(("string", "large_string"))
    text = read_back(effects_csv(rows))
    for number, row in enumerate(text):
        assert row["effect"] == ("" if pd.isna(frame["effect"][number]) else repr(float(frame["effect"][number])))


def test_no_effect_is_a_header_with_types():
    frame = pd.read_parquet(io.BytesIO(effects_parquet(())))
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 0
    assert read_back(effects_csv(())) == []


def test_no_text_is_run_by_a_spreadsheet(release):
    rows = [replace(row, operation="=HYPERLINK(1)\n2") for row in effect_rows(release)[:2]]
    assert {row["operation"] for row in read_back(effects_csv(rows))} == {"'=HYPERLINK(1) 2"}


def test_every_column_has_a_meaning_and_the_page_says_it(root: Path):
    assert set(MEANINGS) == set(EffectRow.__dataclass_fields__)
    page = (root / "docs" / "outputs.md").read_text(encoding="utf-8")
    assert page == output_tables.page_with(page), "run python -m tests.report.output_tables"
