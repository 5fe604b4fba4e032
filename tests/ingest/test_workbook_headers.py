"""The row of column names in a workbook: below titles, empty rows and the names of groups of columns."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.ingest.detect.sample import read_sample
from geoharm.ingest.detect.tables import guess_table
from geoharm.ingest.readers.input_files import single_input_file

NAMES = ("Tract", "fatal", "other", "inside", "outside", "all")


def workbook(folder: Path, rows, merges=()) -> Path:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet("data")
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                if cell != "":
                    sheet.write(number, position, cell)
        for number, first, last, text in merges:
            sheet.merge_range(number, first, number, last, text)
    return folder / "a.xlsx"


@settings(max_examples=25, deadline=None)
@given(
    titles=st.integers(0, 2),
    blank=st.booleans(),
    groups=st.integers(0, 2),
    alike=st.booleans(),
    count=st.integers(3, 12),
    extra=st.booleans(),
)
def test_the_row_of_names_is_found_under_titles_and_groups(titles, blank, groups, alike, count, extra):
    """Group rows name fewer columns than the row of names below them, from the left to the right of its columns."""
    names = [*NAMES[:5], "fatal"] if alike and groups else list(NAMES)
    rows = [["", f"Title {n}"] for n in range(titles)] + [[]] * blank
    rows += [["", "A:", "", "", "B:", ""], ["", "deaths", "", "visits", "", "all of it"]][:groups]
    rows += [names] + [[100 + n, n, n + 1, n % 3, n, 2 * n] for n in range(count)]
    if extra:
        rows[-1] = [*rows[-1], "a remark beyond the header", "another"]
    with tempfile.TemporaryDirectory() as made:
        sample = read_sample(single_input_file(workbook(Path(made), rows)))
    assert sample.header_row == titles + blank + groups + 1
    assert list(sample.header[:6]) == names
    assert len(sample.rows) == count
    assert {len(row) for row in sample.rows} == {len(sample.header)}
    assert any("called alike" in note for note in sample.notes) == (names.count("fatal") > 1)


def test_a_table_of_texts_alone_keeps_its_first_row_as_header(tmp_path):
    rows = [["name", "", "kind"], ["Clinic", "1 High St", "detox"], ["Van", "2 High St", "needles"], ["Bus", "", "x"]]
    sample = read_sample(single_input_file(workbook(tmp_path, rows)))
    assert (sample.header_row, sample.header) == (1, ("name", "", "kind"))


def test_merged_names_of_groups_are_no_columns(tmp_path):
    rows = [[], ["ward", "2019", "2020", "2019", "2020"]] + [[f"W{n}", n, n, n, n] for n in range(9)]
    path = workbook(tmp_path, rows, merges=[(0, 1, 2, "calls"), (0, 3, 4, "arrests")])
    assert read_sample(single_input_file(path)).header_row == 2


def test_a_guess_without_a_period_names_the_way_out(tmp_path):
    rows = [["Tract", "fatal"]] + [[100 + n, n] for n in range(9)]
    found = guess_table(single_input_file(workbook(tmp_path, rows)), "area_table")
    assert any("or the one period of the whole table under [date]: period = {" in line for line in found.undecided)


@pytest.mark.parametrize("file", ["ranges.xlsx"])
def test_the_workbook_of_a_city(root, file):
    folder = root.parent / "shared" / "cases" / "inputs" / "excel-two-header-rows"
    if not folder.is_dir():
        pytest.skip("the cases are not beside this project (../shared/cases)")
    sample = read_sample(single_input_file(folder / file))
    assert (sample.header_row, sample.header[:4]) == (3, ("Tract", "MIN", "mid", "MAX"))
