"""What files that lie do to the answer: a made city where nothing happened, told as it is and in ways that bend it.

Every lie is one that, unseen, turns no change into a fall or a rise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.results.diagnostics import DiagnosticKind
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.ledger import SourceLedger
from geoharm.model.reading import Reading
from geoharm.pipeline.analyse import evaluate_operations
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources
from geoharm.study.read import read_study
from tests.conftest import write_polygon

# Metres of the study's grid; the target is the square of 400 m in its middle.
X, Y = 500_000.0, 4_983_000.0
START, OPERATION, END = date(2018, 1, 1), date(2021, 1, 1), date(2022, 1, 1)
LAST_PLACES = date(2021, 10, 1)

STUDY = """
[study]
name    = "Doubts"
area    = "area.geojson"
crs     = "EPSG:32626"
period  = { start = 2018-01-01, end = 2022-01-01 }
seed    = 1
primary = "finds"

[[source]]
name   = "s"
kind   = "needle_find"
format = "own.toml"
files  = ["*.csv"]
covers = { start = 2018-01-01, end = 2022-01-01 }

[[measure]]
name        = "finds"
source      = "s"
unit        = "requests"
recorded_by = "agency"
harm        = { borne_by = "community", type = "environment" }
where       = { category = ["Needle find"] }

[[operation]]
name      = "One"
tactic    = "crackdown"
objective = "public order"
start     = 2021-01-01
end       = 2021-01-31
target    = "target.geojson"
rings     = { gap = 50, outer = [250, 500] }
before    = { start = 2019-01-01, end = 2021-01-01 }
after     = ["0-6 months", "6-11 months"]
"""
# Readings that name no change, found or probable.
NO_CHANGE = (Reading.NO_RISE_OVER, Reading.NO_FALL_OVER, Reading.CANNOT_TELL)
FORMAT = """
[columns]
id = "id"
date = "date"
longitude = "x"
latitude = "y"
category = "category"
[date]
formats = ["%Y-%m-%d"]
[location]
crs = "EPSG:32626"
[duplicates]
rule = "id"
"""


@dataclass(frozen=True)
class Row:
    """One row of the city's file."""

    id: int
    day: date
    x: float
    y: float
    category: str = "Needle find"

    @property
    def in_target(self) -> bool:
        """Whether the row lies in the target area."""
        return abs(self.x - X) <= 200 and abs(self.y - Y) <= 200

    @property
    def is_after(self) -> bool:
        """Whether the row is dated after the operation began."""
        return self.day >= OPERATION


def city() -> list[Row]:
    """Return 9,000 rows at 36 equal markets and elsewhere; nothing changes at any time."""
    rng = np.random.default_rng(8)
    market = rng.integers(0, 36, 9000)
    x = X + 900 * (market % 6 - 2.5) + 450 + rng.normal(0, 150, 9000)
    y = Y + 900 * (market // 6 - 2.5) + 450 + rng.normal(0, 150, 9000)
    x, y = np.clip(x, X - 2990, X + 2990), np.clip(y, Y - 2990, Y + 2990)
    days = np.sort(rng.integers(0, (END - START).days, 9000))
    return [
        Row(n, START + timedelta(days=int(days[n])), round(float(x[n]), 2), round(float(y[n]), 2)) for n in range(9000)
    ]


def evaluate(folder: Path, files: dict[str, list[Row]]) -> tuple[MeasureResult, SourceLedger]:
    """Write the files and return the evaluated measure and the ledger."""
    data = folder / "data"
    data.mkdir()
    write_polygon(folder / "area.geojson", 0, 0, 3000)
    write_polygon(folder / "target.geojson", 0, 0, 200)
    (folder / "study.toml").write_text(STUDY)
    (folder / "own.toml").write_text(FORMAT)
    for name, rows in files.items():
        lines = [f"{row.id},{row.day},{row.x},{row.y},{row.category}" for row in rows]
        (data / name).write_text("\n".join(["id,date,x,y,category", *lines]) + "\n")
    study = read_study(folder / "study.toml")
    with open_engine(folder / "t.duckdb", inputs=data) as engine:
        ledgers = load_sources(engine, study, data)
        collected = collect_study(engine, study, ledgers)
    (operation,) = evaluate_operations(collected)
    return operation.measures[0], ledgers[0]


def numbers(result: MeasureResult) -> tuple[float, ...]:
    effect = result.effect("target")
    return effect.before, effect.after, effect.change, effect.interval.low, effect.interval.high


@pytest.fixture(scope="module")
def truth(tmp_path_factory) -> MeasureResult:
    result, ledger = evaluate(tmp_path_factory.mktemp("truth"), {"a.csv": city()})
    assert ledger.notes == ()
    return result


def in_units(change: Callable[[Row], Row]) -> list[Row]:
    return [change(row) if row.in_target and row.is_after and row.id % 3 else row for row in city()]


def test_the_city_as_it_is(truth):
    assert truth.effect("target").reading in NO_CHANGE
    assert all(not diagnostic.limits("target") for diagnostic in truth.diagnostics)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: replace(row, x=-27.0, y=45.0),
        lambda row: replace(row, x=row.x / 10, y=row.y / 10),
        lambda row: replace(row, x=row.x / 0.3048, y=row.y / 0.3048),
        lambda row: replace(row, x=row.y, y=row.x),
    ],
    ids=["degrees", "tens of metres", "feet", "swapped"],
)
def test_rows_in_other_units_make_no_finding(change, tmp_path):
    result, ledger = evaluate(tmp_path, {"a.csv": in_units(change)})
    effect = result.effect("target")
    assert effect.interval.high < 0  # unseen, it would be a fall
    assert effect.reading in NO_CHANGE
    (limit,) = [diagnostic for diagnostic in result.diagnostics if diagnostic.limits("target")]
    assert limit.kind is DiagnosticKind.UNPLACED_ROWS
    assert ledger.total("outside") == 0
    assert ledger.total("no_place") == 9000 - ledger.total("inside") >= 30


def test_another_spelling_in_one_district_changes_nothing(tmp_path, truth):
    rows = [replace(row, category="NEEDLE  FIND") if row.in_target and row.is_after else row for row in city()]
    assert numbers(evaluate(tmp_path, {"a.csv": rows})[0]) == numbers(truth)


def test_an_export_that_overlaps_by_a_recoded_year_changes_nothing(tmp_path, truth):
    first = [replace(row, x=row.x + 0.5) if row.day.year == 2020 else row for row in city() if row.day.year <= 2020]
    second = [row for row in city() if row.day.year >= 2020]
    result, ledger = evaluate(tmp_path, {"export-2018-2020.csv": first, "export-2020-2021.csv": second})
    assert numbers(result) == numbers(truth)
    assert ledger.total("duplicate") == sum(row.day.year == 2020 for row in city())


def test_three_months_lost_under_covers_are_no_zeros(tmp_path, truth):
    lost = [date(2021, month, 1) for month in (4, 5, 6)]
    rows = [row for row in city() if row.day.replace(day=1) not in lost]
    result, ledger = evaluate(tmp_path, {"a.csv": rows})
    effect = result.effect("target")
    assert list(ledger.missing_months) == lost
    assert effect.reading in NO_CHANGE
    assert effect.length_ratio * 731 == pytest.approx(truth.effect("target").length_ratio * 731 - 91)


def test_rows_without_coordinates_from_a_month_on_are_no_fall(tmp_path):
    rows = [replace(row, x="", y="") if row.day >= LAST_PLACES and row.id % 50 else row for row in city()]
    result, ledger = evaluate(tmp_path, {"a.csv": rows})
    assert [month.month for month in ledger.missing_months] == [10, 11, 12]
    assert not result.effect("target").reading.is_finding


def test_a_point_that_takes_the_unknown_places_makes_no_rise(tmp_path):
    """From the operation on, 1.5 rows in 100 of the whole city are put on the middle of the town, in the target."""
    rows = [replace(row, x=X + 30, y=Y + 30) if row.is_after and row.id % 65 == 0 else row for row in city()]
    more = [Row(9000 + n, OPERATION + timedelta(days=20 + n % 300), X + 30, Y + 30) for n in range(60)]
    result, ledger = evaluate(tmp_path, {"a.csv": rows + more})
    effect = result.effect("target")
    assert effect.interval.low > 0  # unseen, it would be a rise
    assert effect.reading in NO_CHANGE
    assert [d.kind for d in result.diagnostics if d.limits("target")] == [DiagnosticKind.PILES]
    assert ledger.default_geocodes == ()


def test_the_target_lies_where_a_market_lies():
    """What the tests above rest on: the target holds rows, and its market is one of many."""
    rows = [row for row in city() if row.in_target]
    assert len(rows) > 100
    assert shapely.box(X - 3000, Y - 3000, X + 3000, Y + 3000).area == 36e6


def test_rejected_rows_make_no_finding(tmp_path):
    """From the operation on, thirty rows of the target area have a day that nobody can read."""
    rows = [
        replace(row, day=f"{row.day:%d.%m.%Y}") if row.in_target and row.is_after and row.id % 3 else row
        for row in city()
    ]
    result, ledger = evaluate(tmp_path, {"a.csv": rows})
    assert ledger.total("rejected") >= 30
    assert result.effect("target").interval.high < 0  # unseen, it would be a fall
    assert [d.kind for d in result.diagnostics if d.limits("target")] == [DiagnosticKind.REJECTED_ROWS]
    assert result.effect("target").reading in NO_CHANGE
