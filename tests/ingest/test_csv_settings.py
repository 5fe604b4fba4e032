"""The dialect of a CSV file: whatever a format accepts reads a file that is written so, and all else is one sentence."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm._validation import toml_string
from geoharm.engines.duckdb import open_engine
from geoharm.errors import StudyError
from geoharm.ingest.formats.input_format import parse_format
from geoharm.ingest.readers.input_files import single_input_file
from geoharm.ingest.readers.read import stage_file

ROWS = [["2020-01-05", "find", "-71.1", "42.3"], ["2020-01-06", "a; b, c | d", "-71.2", "42.4"]]
FORMAT = '[columns]\ndate = "date"\ncategory = "category"\nlongitude = "x"\nlatitude = "y"\n[date]\nformats = ["%Y-%m-%d"]\n[csv]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("csv")


@pytest.fixture(scope="module")
def scratch(folder):
    with open_engine(folder / "t.duckdb", inputs=folder) as engine:
        yield engine.scratch


def rows_of(scratch, path, input_format):
    stage_file(scratch, single_input_file(path), input_format)
    rows = scratch.execute("SELECT date, category, longitude, latitude FROM stage ORDER BY line").fetchall()
    scratch.execute("DROP TABLE stage")
    return [list(row) for row in rows]


SIGNS = st.text(alphabet=";|\t,:\"'\r\n§¦é x", max_size=2)


@settings(max_examples=60, deadline=None)
@given(delimiter=SIGNS, quote=SIGNS, encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_what_a_format_accepts_reads_what_is_written_so(folder, scratch, delimiter, quote, encoding):
    text = f"{FORMAT}delimiter = {toml_string(delimiter)}\nquote = {toml_string(quote)}\nencoding = '{encoding}'\n"
    is_dialect = all(len(sign) == 1 and sign not in "\r\n" for sign in (delimiter, quote)) and not quote.isspace()
    is_dialect &= delimiter != quote
    if not is_dialect:
        with pytest.raises(
            StudyError, match=r"own.toml, \[csv\]: (delimiter|quote) = .* (must be one sign|is also the quote)"
        ):
            parse_format("own.toml", text)
        return
    # A delimiter that is part of the names and numbers themselves is quoted by the writer.
    content = io.StringIO()
    writer = csv.writer(content, delimiter=delimiter, quotechar=quote, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["date", "category", "x", "y"], *ROWS])
    (folder / "a.csv").write_text(content.getvalue(), encoding=encoding)
    assert rows_of(scratch, folder / "a.csv", parse_format("own.toml", text)) == ROWS


@pytest.mark.parametrize("encoding", ["cp500", "cp037", "cp1140", "cp273"])
def test_encodings_with_other_line_ends_are_refused_with_the_format(encoding):
    with pytest.raises(StudyError, match=rf'encoding = "{encoding}" has other bytes .* save the file as utf-8'):
        parse_format("own.toml", f'{FORMAT}encoding = "{encoding}"\n')
