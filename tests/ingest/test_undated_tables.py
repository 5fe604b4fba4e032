"""Tables without a column of periods: none at all, one for the whole table, or one in the name of each file."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError, DesignError, StudyError
from geoharm.harm.area_change import area_change
from geoharm.hotspots.clusters.area_rates import find_area_clusters
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.tables import area_counts, ingest_table, survey_estimates
from geoharm.model.geometry import StudyArea
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window
from geoharm.model.study import Source
from geoharm.simulation.location import CENTRE, CRS
from tests.ingest.test_area_tables import AREAS, BOX

PERIOD = Period(date(2019, 1, 1), date(2023, 1, 1))
YEAR = Period(date(2020, 1, 1), date(2021, 1, 1))
AREA = StudyArea(shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE)), CRS)
TABLE = '[format]\nkind = "area_table"\n[columns]\narea = "code"\nvalue = "n"\n[date]\n'
SURVEY = '[format]\nkind = "survey"\n[columns]\narea = "code"\nestimate = "p"\nstandard_error = "se"\n[date]\n'
UNDATED, BY_NAME = "undated = true\n", 'file_name = \'calls-([0-9]{4})\'\nformats = ["%Y"]\nunit = "year"\n'
ROWS = "code,n\n001,7\n002,12\n003,40\n"


def read(folder, layout, files, *, covers=None, kind="area_table", then=area_counts):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = parse_format("own.toml", layout)
    source = Source("s", kind, "own.toml", tuple(files), covers=covers, areas=AREAS)
    with open_engine(folder / "t.duckdb", inputs=folder) as store:
        inputs = find_input_files(sorted(files), folder, members=())
        ledger = ingest_table(store, source, input_format=found, files=inputs, area=AREA, period=PERIOD)
        return ledger, then(store, "s")


def test_a_table_without_a_period_is_kept_and_has_no_days(tmp_path):
    ledger, counts = read(tmp_path, TABLE + UNDATED, {"calls.csv": ROWS})
    assert (ledger.total("read"), ledger.total("kept"), ledger.coverage) == (3, 3, None)
    assert not counts.is_dated
    assert counts.low[:, 0].tolist() == [7, 12, 40]
    assert [note.kind for note in ledger.notes] == ["no period", "no rows"]


def test_the_days_that_the_study_states_are_those_of_the_table(tmp_path):
    ledger, counts = read(tmp_path, TABLE + UNDATED, {"calls.csv": ROWS}, covers=YEAR)
    assert (ledger.coverage, counts.is_dated, counts.periods) == (YEAR, True, (YEAR,))
    assert "no period" not in {note.kind for note in ledger.notes}
    assert not read(tmp_path, TABLE + UNDATED, {"calls.csv": ROWS})[1].is_dated


def test_the_name_of_each_file_says_its_year(tmp_path):
    files = {"calls-2020.csv": ROWS, "calls-2021.csv": ROWS.replace("40", "50")}
    _, counts = read(tmp_path, TABLE + BY_NAME, files)
    assert counts.periods == (YEAR, Period(date(2021, 1, 1), date(2022, 1, 1)))
    assert counts.low[2].tolist() == [40, 50]
    with pytest.raises(
        DataError, match=r'"other.csv" does not fit date.file_name of its format, .* so it has no date\.$'
    ):
        read(tmp_path, TABLE + BY_NAME, {"other.csv": ROWS})


def test_a_survey_may_have_no_period_too(tmp_path):
    layout = SURVEY + UNDATED

    def estimates(store, name):
        return survey_estimates(store, name, parse_format("own.toml", layout))

    ledger, found = read(tmp_path, layout, {"s.csv": "code,p,se\n001,40,2\n"}, kind="survey", then=estimates)
    assert ledger.coverage is None
    assert found.estimate.tolist() == [[40.0]]


FAULTY = {
    "two ways": (TABLE + UNDATED + 'formats = ["%Y"]\n', "cannot be used: the table has no period"),
    "a column too": (TABLE.replace("value", 'date = "d"\nvalue') + UNDATED, "give the date in one way only"),
    "no way": (TABLE, "or undated = true under [date] if the table has none"),
    "no group": (TABLE + BY_NAME.replace("(", "").replace(")", ""), "put the date into brackets"),
    "no expression": (TABLE + BY_NAME.replace("([0-9]", "(([0-9]"), "is not a regular expression"),
    "no pattern": (TABLE + BY_NAME.replace('formats = ["%Y"]', ""), "formats is missing"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTY, ids=list(FAULTY))
def test_a_format_has_one_way_to_its_periods(case):
    layout, sentence = FAULTY[case]
    with pytest.raises(StudyError) as caught:
        parse_format("own.toml", layout)
    assert sentence in str(caught.value)


def test_a_look_at_an_undated_file_says_so(tmp_path):
    (tmp_path / "own.toml").write_text(TABLE + UNDATED, encoding="utf-8")
    (tmp_path / "calls.csv").write_text(ROWS, encoding="utf-8")
    report = check_file(tmp_path / "calls.csv", read_format("own.toml", tmp_path))
    assert report["first_day"] == ""
    assert any("has no period" in note["sentence"] for note in report["notes"])


def test_all_time_is_in_no_comparison_and_its_rates_are_of_no_year(tmp_path):
    measure = Measure("calls", "s", (), "calls", "agency")
    _, counts = read(tmp_path, TABLE + UNDATED, {"calls.csv": ROWS})
    windows = {"before": Window("before", (YEAR,)), "after": Window("after", (YEAR,))}
    with pytest.raises(DesignError, match="has no period, so there is no before and after"):
        area_change([counts], measure, "One", target=BOX["001"], boundary=AREA.boundary, **windows)

    class _Study:
        area, seed = AREA, 1

        class emerging:  # noqa: N801 -- stands for the study's settings
            cell = 500.0

    found = find_area_clusters(measure, [counts], study=_Study).clustering
    dated = find_area_clusters(measure, [read(tmp_path, TABLE + UNDATED, {"calls.csv": ROWS}, covers=YEAR)[1]], study=_Study).clustering  # fmt: skip
    assert "of all time, not of a year" in found.gi.note
    assert "of all time" not in dated.gi.note
    assert np.array_equal(found.gi.kind, dated.gi.kind)
