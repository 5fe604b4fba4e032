"""Area tables and surveys: every value read, rejected with its line, or a duplicate; nothing guessed, nothing zero."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError, QualityError, StudyError
from geoharm.ingest.area_fields import FieldFault, read_code, read_count, read_estimate, read_period, read_range
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.detect.tables import guess_table
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.formats.tables import TableRules
from geoharm.ingest.readers.input_files import find_input_files, single_input_file
from geoharm.ingest.tables import area_counts, ingest_table, survey_estimates, table_categories
from geoharm.model.area_counts import Areas
from geoharm.model.period import Period, Window
from geoharm.model.study import Source
from geoharm.simulation.location import CENTRE

X, Y = CENTRE
BOX = {code: shapely.box(X + 100 * n, Y, X + 100 * (n + 1), Y + 100) for n, code in enumerate(("001", "002", "003"))}
MARCH = Period(date(2020, 3, 1), date(2020, 4, 1))
FAR = shapely.box(X + 50_000, Y, X + 50_100, Y + 100)
AREAS = Areas((*BOX, "009"), (*BOX.values(), FAR))
OWN = """
[format]
kind = "area_table"
[columns]
{columns}
[area]
id_width = 3
totals = ["Total"]
[date]
{date}
[values]
blank = ["", "-"]
suppressed = {{ "*" = [1, 4], "<5" = [0, 4] }}
thousands = ","
{values}
"""
LONG = {"columns": 'area = "code"\ndate = "month"\nvalue = "n"', "date": 'formats = ["%Y-%m"]', "values": ""}
WIDE = {
    "columns": 'area = "code"',
    "date": 'headers = \'^n (.*)$\'\nformats = ["%Y Q%q", "%b %Y"]\nunit = "quarter"',
    "values": "",
}


def own(folder: Path, text: str = "", **changed: str) -> str:
    (folder / "own.toml").write_text(text or OWN.format(**{**LONG, **changed}), encoding="utf-8")
    return "own.toml"


def ingest(folder, area, span, files, *, input_format, areas=AREAS, kind="area_table", then=lambda store: None):
    """Write files, read them all as one source, and return its ledger and what `then` finds in the database."""
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    for name, content in files.items():
        (inbox / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_format(input_format, folder)
    source = Source("s", kind, input_format, tuple(files), areas=areas)
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        inputs = find_input_files(sorted(files), inbox, members=found.members)
        ledger = ingest_table(store, source, input_format=found, files=inputs, area=area, period=span)
        return ledger, then(store)


def rejects(store):
    return store.scratch.execute('SELECT line, "column", reason FROM main.reject ORDER BY line, "column"').fetchall()


def balanced(ledger):
    for row in ledger.files:
        assert row.read == row.kept + row.rejected + row.duplicate
        assert row.kept == row.inside + row.outside + row.no_place
    return tuple(ledger.total(name) for name in ("read", "kept", "rejected", "duplicate"))


# -- long tables ------------------------------------------------------------------------------------------------------


GOOD = "code,month,n\n001,2020-01,7\n002,2020-01,12\n003,2020-01,0\n001,2020-02,9\n"
TRAPS = {
    "no code": (",2020-03,1\n", (6, "area", "is empty")),
    "a total": ("Total,2020-03,1\n", (6, "area", "is a sum of areas, not an area")),
    "too long a code": ("00011,2020-03,1\n", (6, "area", "is not a whole number of at most 3 digits")),
    "a code in scientific notation": ("1E+02,2020-03,1\n", (6, "area", "is not a whole number of at most 3 digits")),
    "no date": ("001,,1\n", (6, "date", "is empty")),
    "another date": ("001,03/2020,1\n", (6, "date", "is not a date of the format %Y-%m")),
    "outside the period": ("001,1999-03,1\n", (6, "date", "is before the study period")),
    "empty": ("001,2020-03,\n", (6, "value", "is empty: missing, not zero")),
    "a sign for nothing": ("001,2020-03,-\n", (6, "value", "is empty: missing, not zero")),
    "undeclared sign": ("001,2020-03,c\n", (6, "value", "is neither a whole number of zero or more nor a declared symbol for a suppressed number")),
    "a rate": ("001,2020-03,1.5\n", (6, "value", "is neither a whole number of zero or more nor a declared symbol for a suppressed number")),
    "negative": ("001,2020-03,-1\n", (6, "value", "is neither a whole number of zero or more nor a declared symbol for a suppressed number")),
    "a decimal comma": ('001,2020-03,"1,2"\n', (6, "value", "is neither a whole number of zero or more nor a declared symbol for a suppressed number")),
    "a short row": ("001,2020-03\n", (6, "row", "has fewer columns than the header")),
    "the same cell, another value": ("002,2020-01,13\n", (6, "value", "is given more than once with different values; none of them is kept")),
}  # fmt: skip


@pytest.mark.parametrize("case", TRAPS, ids=list(TRAPS))
def test_bad_values_are_rejected_with_line_and_reason(case, tmp_path, area, span):
    body, expected = TRAPS[case]
    ledger, found = ingest(tmp_path, area, span, {"a.csv": GOOD + body}, input_format=own(tmp_path), then=rejects)
    assert expected in found
    torn = "another value" in case
    assert balanced(ledger) == (5, 3, 2, 0) if torn else (5, 4, 1, 0)
    assert ("is given more than once" in str(found[0])) == torn


def test_suppressed_values_are_intervals_and_missing_ones_are_missing(tmp_path, area, span):
    body = 'code,month,n\n001,2020-01,"1,204"\n002,2020-01,*\n003,2020-01,<5\n001,2020-02,3.0\n'
    ledger, counts = ingest(
        tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path), then=lambda store: area_counts(store, "s")
    )
    assert counts.areas == ("001", "002", "003")
    np.testing.assert_array_equal(counts.low, [[1204, 3], [1, np.nan], [0, np.nan]])
    np.testing.assert_array_equal(counts.high, [[1204, 3], [4, np.nan], [4, np.nan]])
    january = Window("January", (Period(date(2020, 1, 1), date(2020, 2, 1)),))
    found = counts.zone_total(shapely.union_all([BOX["001"], BOX["002"]]), january)
    assert (found.low, found.high) == (1205, 1208)
    assert "2 rows: the number is suppressed or rounded" in " ".join(note.text() for note in ledger.notes)
    assert "(missing, not zero): 2 of 6" in " ".join(note.text() for note in ledger.notes)


def test_codes_are_mended_by_the_declared_rule_and_never_without(tmp_path, area, span):
    body = "code,month,n\n1.0,2020-01,7\n2,2020-01,8\n003,2020-01,9\n"
    ledger, _ = ingest(tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path))
    assert ledger.total("inside") == 3
    text = OWN.format(**LONG).replace("id_width = 3", "")
    ledger, _ = ingest(tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path, text))
    assert (ledger.total("inside"), ledger.total("no_place")) == (1, 2)
    notes = " ".join(note.text() for note in ledger.notes)
    assert 'not in the area file and have no place: 2, "1.0", "2"' in notes
    assert 'without a row in the table (missing, not zero): 3, "001", "002", "009"' in notes


def test_no_code_that_fits_is_refused(tmp_path, area, span):
    body = "code,month,n\n51,2020-01,7\n"
    with pytest.raises(DataError, match=r'No area of "s" is in its area file: the table has codes like "051"'):
        ingest(tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path))


def test_area_file_codes_are_mended_by_the_same_rule(tmp_path, area, span):
    floats = Areas(("1.0", "2.0"), (BOX["001"], BOX["002"]))
    ledger, _ = ingest(tmp_path, area, span, {"a.csv": GOOD}, input_format=own(tmp_path), areas=floats)
    assert (ledger.total("inside"), ledger.total("no_place")) == (3, 1)
    double = Areas(("1", "001"), (BOX["001"], BOX["002"]))
    with pytest.raises(DataError, match='Two areas of "s" have the code "001"'):
        ingest(tmp_path, area, span, {"a.csv": GOOD}, input_format=own(tmp_path), areas=double)


def test_areas_beside_the_study_area_are_outside(tmp_path, area, span):
    body = GOOD + "009,2020-01,44\n"
    ledger, _ = ingest(tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path))
    assert (ledger.total("inside"), ledger.total("outside")) == (4, 1)


def test_a_value_given_twice_is_a_duplicate_in_files_of_any_order(tmp_path, area, span):
    again = "code,month,n\n002,2020-01,12.0\n001,2020-02,10\n"
    ledger, found = ingest(
        tmp_path, area, span, {"b.csv": again, "a.csv": GOOD}, input_format=own(tmp_path),
        then=lambda store: (store.scratch.execute("FROM main.duplicate").fetchall(), rejects(store)),
    )  # fmt: skip
    assert balanced(ledger) == (6, 3, 2, 1)
    assert found[0] == [("s", "b.csv", 2, "a.csv", 3)]
    assert [line for line, _, _ in found[1]] == [3, 5]


def test_reading_again_changes_nothing_and_a_refused_file_leaves_what_was(tmp_path, area, span):
    def dump(store):
        return store.scratch.execute("FROM main.area_value ORDER BY ALL").fetchall()

    one = ingest(tmp_path, area, span, {"a.csv": GOOD}, input_format=own(tmp_path), then=dump)
    assert ingest(tmp_path, area, span, {"a.csv": GOOD}, input_format=own(tmp_path), then=dump) == one
    with pytest.raises(QualityError, match=r'does not look like the format "own\.toml": in 2 of 2 values'):
        ingest(
            tmp_path, area, span, {"a.csv": "code,month,n\n001,2020-01,x\n002,2020-01,y\n"}, input_format=own(tmp_path)
        )
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        assert dump(store) == one[1]


def test_empty_cells_alone_never_make_a_wrong_format(tmp_path, area, span):
    body = "code,month,n\n001,2020-01,\n002,2020-01,\n003,2020-01,4\n"
    ledger, _ = ingest(tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path))
    assert balanced(ledger) == (3, 1, 2, 0)
    with pytest.raises(DataError, match="has no row left"):
        ingest(tmp_path, area, span, {"a.csv": "code,month,n\n001,2020-01,\n"}, input_format=own(tmp_path))


# -- wide tables ------------------------------------------------------------------------------------------------------


SHEET = [
    ["code", "name", "n 2020 Q1", "n 2020 Q2", "n 2020 Q4", "share 2020 Q1"],
    ["1", "North", "7", "*", "", "0.5"],
    ["2", "South", "12", "3", "8", "0.5"],
]


def as_csv(rows):
    return "\n".join(",".join(row) for row in rows) + "\n"


def as_excel(rows, folder):
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(folder / "x.xlsx", index=False)
    return (folder / "x.xlsx").read_bytes()


def as_parquet(rows, folder):
    pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(folder / "x.parquet")
    return (folder / "x.parquet").read_bytes()


@pytest.mark.parametrize("container", ["csv", "excel", "parquet"])
def test_wide_tables_of_every_container(container, tmp_path, area, span):
    input_format = own(tmp_path, OWN.format(**WIDE).replace("[columns]", f'container = "{container}"\n[columns]'))
    content = {"csv": as_csv(SHEET), "excel": as_excel(SHEET, tmp_path), "parquet": as_parquet(SHEET, tmp_path)}[
        container
    ]
    ledger, counts = ingest(
        tmp_path,
        area,
        span,
        {f"a.{container}": content},
        input_format=input_format,
        then=lambda store: area_counts(store, "s"),
    )
    assert balanced(ledger) == (6, 5, 1, 0)
    assert [period.start.month for period in counts.periods] == [1, 4, 10]
    np.testing.assert_array_equal(counts.low, [[7, 1, np.nan], [12, 3, 8]])
    np.testing.assert_array_equal(counts.high, [[7, 4, np.nan], [12, 3, 8]])
    assert ledger.coverage == Period(date(2020, 1, 1), date(2021, 1, 1))


def test_a_broken_line_of_a_wide_table_is_as_many_values(tmp_path, area, span):
    body = as_csv(SHEET) + "3,East,1\n"
    ledger, found = ingest(
        tmp_path, area, span, {"a.csv": body}, input_format=own(tmp_path, OWN.format(**WIDE)), then=rejects
    )
    assert balanced(ledger) == (9, 5, 4, 0)
    assert found == [
        (2, "n 2020 Q4", "is empty: missing, not zero"),
        *[(4, "row", "has fewer columns than the header")] * 3,
    ]


def test_two_headers_of_one_quarter_with_other_values_are_both_rejected(tmp_path, area, span):
    rows = [["code", "n 2020 Q1", "n Feb 2020"], ["1", "5", "6"], ["2", "7", "7"]]
    ledger, _ = ingest(tmp_path, area, span, {"a.csv": as_csv(rows)}, input_format=own(tmp_path, OWN.format(**WIDE)))
    assert balanced(ledger) == (4, 1, 2, 1)


def test_headers_that_do_not_fit_are_refused(tmp_path, area, span):
    input_format = own(tmp_path, OWN.format(**WIDE))
    with pytest.raises(DataError, match=r'has no column whose header fits date.headers, "\^n '):
        ingest(tmp_path, area, span, {"a.csv": "code,2020 Q1\n1,5\n"}, input_format=input_format)
    with pytest.raises(DataError, match='has the column "n 2020 Q1" more than once'):
        ingest(tmp_path, area, span, {"a.csv": "code,n 2020 Q1,n 2020 Q1\n1,5,5\n"}, input_format=input_format)


def test_a_column_a_category(tmp_path, area, span):
    changed = {
        "columns": 'area = "code"\nyear = "y"\nmonth = "m"',
        "values": 'columns = { drug_n = "drugs", robbery = "robbery" }',
    }
    input_format = own(tmp_path, **changed)
    body = "code,y,m,drug_n,robbery,pop\n1,2020,1,5,*,900\n1,2020,2,6,7,900\n"
    ledger, found = ingest(
        tmp_path, area, span, {"a.csv": body}, input_format=input_format,
        then=lambda store: (table_categories(store, "s", "area_table"), area_counts(store, "s", "robbery").low.tolist()),
    )  # fmt: skip
    assert balanced(ledger) == (4, 4, 0, 0)
    assert found == ({"drugs": 2, "robbery": 2}, [[1, 7]])
    with pytest.raises(DataError, match='lacks the column "robbery", which its format names'):
        ingest(tmp_path, area, span, {"a.csv": "code,y,m,drug_n\n1,2020,1,5\n"}, input_format=input_format)


def test_one_area_without_a_code_is_the_study_area(tmp_path, area, span):
    input_format = own(
        tmp_path, OWN.format(**LONG).replace('area = "code"\n', "").replace("id_width = 3", 'constant = "city"')
    )
    ledger, counts = ingest(
        tmp_path, area, span, {"a.csv": "month,n\n2020-01,40\n"}, input_format=input_format, areas=None,
        then=lambda store: area_counts(store, "s"),
    )  # fmt: skip
    assert (ledger.total("inside"), counts.areas) == (1, ("city",))
    january = Window("w", counts.periods)
    assert counts.zone_total(area.boundary, january).is_exact
    assert counts.zone_total(BOX["001"], january).low == 0


# -- single texts -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**9), st.integers(1, 50))
def test_a_rounded_number_bounds_every_number_that_rounds_to_it(value, base):
    low, high = (value + base // 2) // base * base, None
    low, high = read_count(str(low), TableRules(rounded_to=base))
    assert low <= value <= high


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2020-02", date(2020, 1, 1)),
        ("2020 Q3", date(2020, 7, 1)),
        ("2020 Q5", None),
        ("0000 Q1", None),
        ("1850 Q1", None),
    ],
)
def test_periods(text, found, tmp_path):
    changed = {"date": 'formats = ["%Y-%m", "%Y Q%q"]\nunit = "quarter"'}
    period = read_period(text, read_format(own(tmp_path, **changed), tmp_path))
    assert (None if isinstance(period, FieldFault) else period.start) == found


def test_a_text_that_is_two_dates_is_neither(tmp_path):
    input_format = read_format(own(tmp_path, date='formats = ["%d/%m/%Y", "%m/%d/%Y"]'), tmp_path)
    assert read_period("04/03/2020", input_format) == FieldFault("is two different dates under the declared formats")
    assert read_period("03/03/2020", input_format) == read_period("13/03/2020", input_format) == MARCH


def test_numbered_periods(tmp_path):
    input_format = read_format(own(tmp_path, date='unit = "week"\nnumbered_from = 2020-01-06'), tmp_path)
    assert read_period("3.0", input_format) == Period(date(2020, 1, 20), date(2020, 1, 27))
    assert isinstance(read_period("0", input_format), FieldFault)
    assert isinstance(read_period("1.5", input_format), FieldFault)


@given(st.text(max_size=8))
def test_no_text_breaks_a_reader(text):
    for found in (
        read_code(text, TableRules(id_width=4)),
        read_count(text, TableRules()),
        read_estimate({"estimate": text}, TableRules()),
    ):
        assert found is not None


# -- formats ----------------------------------------------------------------------------------------------------------


def test_every_mistake_of_a_format_is_named_at_once(tmp_path):
    text = """
    [format]
    kind = "area_table"
    container = "geojson"
    [columns]
    phone = "Phone"
    category = "Phone number"
    value = "n"
    [date]
    unit = "fortnight"
    headers = "("
    [values]
    suppressed = { "*" = [4, 1] }
    """
    with pytest.raises(StudyError) as caught:
        read_format(own(tmp_path, text), tmp_path)
    together = "\n".join(caught.value.problems)
    for part in (
        "[columns]: phone is not a known key", "personal data (phone) never enter", 'container = "geojson" is not allowed', 'unit = "fortnight"',
        "headers = \"(\" is not a regular expression", "suppressed must give each symbol the lowest and highest number", "say where the values are",
        "name the column of area codes", "[date]: formats is missing",
    ):  # fmt: skip
        assert part in together, part


@pytest.mark.parametrize(
    ("file", "kind", "rows"),
    [
        ("code,month,n\n1.0,2020-01,5\n12.0,2020-02,*\n12.0,2020-03,3\n1.0,2020-04,9\n", "area_table", 4),
        ("ward,2020-01,2020-02,2020-03\nA,5,6,\nB,1,2,3\n", "area_table", 6),
        ("area,period,question,percent,lower,upper\nA,2020,fear,40,35,45\nB,2020,fear,50,45,55\n", "survey", 2),
        ("name,category,longitude,latitude,phone\nClinic,detox,-71.1,42.3,1\nB,detox,-71.2,42.3,2\n", "site", 2),
    ],
)
def test_a_guess_can_be_read_and_names_its_doubts(file, kind, rows, tmp_path):
    (tmp_path / "a.csv").write_text(file)
    found = guess_table(single_input_file(tmp_path / "a.csv"), kind)
    assert "phone" not in found.toml
    if "*" in file:
        assert any('"*" are not numbers' in line for line in found.undecided)
        assert "id_width = 2" in found.toml
    assert read_format(own(tmp_path, found.toml), tmp_path).guessed
    (tmp_path / "own.toml").write_text(
        found.toml.replace("[date]", "[values]\nsuppressed = { '*' = [1, 4] }\n[date]") if "*" in file else found.toml
    )
    answer = check_file(tmp_path / "a.csv", read_format("own.toml", tmp_path))["files"][0]
    assert answer["read"] == rows
    assert answer["read"] == answer["kept"] + answer["rejected"] + answer["duplicate"]


def test_one_period_of_a_whole_table_is_stated_in_the_format(tmp_path, area, span):
    text = own(tmp_path, columns='area = "code"\nvalue = "n"', date="period = { start = 2019-07-01, end = 2021-10-01 }")
    ledger, values = ingest(
        tmp_path, area, span, {"a.csv": "code,n\n001,7\n002,12\n003,*\n"}, input_format=text,
        then=lambda store: store.rows("SELECT DISTINCT since, until FROM main.area_value"),
    )  # fmt: skip
    assert balanced(ledger)[:2] == (3, 3)
    assert values == [(date(2019, 7, 1), date(2021, 10, 1))]
    assert ledger.coverage == Period(date(2019, 7, 1), date(2021, 10, 1))
    assert not [note for note in ledger.notes if note.kind == "missing"]


@pytest.mark.parametrize(
    ("columns", "dates", "sentence"),
    [
        ("", "period = { start = 2020-01-01, end = 2020-01-01 }", "own.toml, .date., period: .*end"),
        (
            "",
            'formats = ["%Y"]\nperiod = { start = 2020-01-01, end = 2021-01-01 }',
            "formats .* one period, date.period",
        ),
        ('date = "month"\n', "period = { start = 2020-01-01, end = 2021-01-01 }", "give the date in one way only"),
    ],
)
def test_one_period_stands_alone(tmp_path, columns, dates, sentence):
    with pytest.raises(StudyError, match=sentence):
        read_format(own(tmp_path, columns=f'area = "code"\nvalue = "n"\n{columns}', date=dates), tmp_path)


def test_only_a_stated_period_changes_a_formats_fingerprint(tmp_path):
    text = {"columns": 'area = "code"\nvalue = "n"'}
    prints = {read_format(own(tmp_path, **text, date=f"period = {{ start = 2020-01-01, end = {end} }}"), tmp_path).fingerprint() for end in ("2021-01-01", "2022-01-01")}  # fmt: skip
    assert len(prints) == 2


def test_an_unknown_kind_cannot_be_guessed(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match='kind "streets" cannot be guessed'):
        guess_table(single_input_file(tmp_path / "a.csv"), "streets")


# -- surveys ----------------------------------------------------------------------------------------------------------


SURVEY = "area,period,question,percent,standard_error,lower,upper,n\n"
ANSWERS = {
    "standard error": ("40,2,,,", (40, 2)),
    "confidence interval": ("40,,36.08007,43.91993,", (40, 2)),
    "sample size": ("40,,,,600", (40, 2)),
    "sample of whom all agree": ("100,,,,96", (100, 100 * 1.959964 / (2 * (96 + 3.841459)))),
}


@pytest.mark.parametrize("case", ANSWERS, ids=list(ANSWERS))
def test_the_error_of_an_estimate(case, tmp_path, area, span):
    body, (value, error) = ANSWERS[case]
    input_format = read_format("survey-csv", tmp_path)
    ledger, found = ingest(
        tmp_path, area, span, {"a.csv": f"{SURVEY}001,2020,fear,{body}\n"}, input_format="survey-csv", kind="survey",
        then=lambda store: survey_estimates(store, "s", input_format, "fear"),
    )  # fmt: skip
    assert balanced(ledger) == (1, 1, 0, 0)
    assert found.estimate[0, 0] == value
    assert found.standard_error[0, 0] == pytest.approx(error, rel=1e-6)
    assert (found.unit, found.shapes[0].equals(BOX["001"])) == ("percent", True)


BAD_ANSWERS = {
    "no error": ("40,,,,", ("estimate", "has no standard error, confidence interval or sample size")),
    "half an interval": ("40,,36,,", ("estimate", "has no standard error, confidence interval or sample size")),
    "no error at all": ("40,0,,,", ("standard_error", "is not above 0")),
    "outside its interval": ("40,,41,45,", ("low", "and the upper bound do not enclose the estimate")),
    "no percent": ("140,2,,,", ("estimate", "is not a percent: it does not lie between 0 and 100")),
    "no number": ("40,few,,,", ("standard_error", "is not a number")),
    "not a number": ("nan,2,,,", ("estimate", "is not a number")),
    "no people": ("40,,,,0", ("n", "is not a whole number of 1 or more")),
    "nobody asked": (",2,,,", ("estimate", "is empty: missing, not zero")),
}


@pytest.mark.parametrize("case", BAD_ANSWERS, ids=list(BAD_ANSWERS))
def test_answers_without_a_usable_error_are_refused(case, tmp_path, area, span):
    body, expected = BAD_ANSWERS[case]
    good = f"{SURVEY}002,2020,fear,40,2,,,\n003,2020,fear,41,2,,,\n"
    ledger, found = ingest(
        tmp_path,
        area,
        span,
        {"a.csv": f"{good}001,2020,fear,{body}\n"},
        input_format="survey-csv",
        kind="survey",
        then=rejects,
    )
    assert found == [(4, *expected)]
    assert balanced(ledger) == (3, 2, 1, 0)


RANGE = {"columns": 'area = "code"\ndate = "month"\nlow = "low"\nhigh = "high"'}


def test_two_columns_with_the_ends_of_a_range_are_its_bounds(tmp_path):
    (tmp_path / "a.csv").write_text(
        "code,month,low,high\n1,2020-03,10,19\n2,2020-03,5,5\n3,2020-03,,\n1,2020-04,7,\n2,2020-04,9,3\n3,2020-04,*,9\n"
    )
    own(tmp_path, **RANGE)
    report = check_file(tmp_path / "a.csv", read_format("own.toml", tmp_path))
    [found] = report["files"]
    assert (found["read"], found["kept"], found["rejected"]) == (6, 3, 3)
    assert sorted((reason["reason"], reason["first_line"]) for reason in found["reasons"]) == [
        ('"low" and the upper end are not both given', 5), ('"low" is above the upper end', 6), ('"low" is empty: missing, not zero', 4),
    ]  # fmt: skip


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_keeps_both_ends_and_no_middle_is_made_of_them(one, two):
    found = read_range(str(one), str(two), TableRules())
    assert found == (one, two) if one <= two else isinstance(found, FieldFault)


def test_a_range_is_guessed_and_needs_both_ends(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "district,month,Count Low,Count High\n" + "".join(f"{n},2020-0{n % 9 + 1},{n},{n + 9}\n" for n in range(30))
    )
    found = guess_table(single_input_file(path), "area_table")
    assert 'low = "Count Low"\nhigh = "Count High"' in found.toml
    assert "value = " not in found.toml
    path.write_text(
        "district,month,Yellow lines,Count\n" + "".join(f"{n},2020-0{n % 9 + 1},{n},{n + 9}\n" for n in range(30))
    )
    assert 'value = "Count"' in guess_table(single_input_file(path), "area_table").toml
    own(tmp_path, columns='area = "code"\ndate = "month"\nlow = "low"')
    with pytest.raises(StudyError, match="low and high go together"):
        read_format("own.toml", tmp_path)
