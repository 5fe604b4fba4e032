"""Areas that are spelt otherwise in a table than in its area file are joined and said; what may be two areas is asked about."""

from __future__ import annotations

import unicodedata

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError
from geoharm.ingest.area_names import spellings
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.tables import area_counts, ingest_table
from geoharm.model.area_counts import Areas
from geoharm.model.study import Source
from geoharm.simulation.location import CENTRE

NAMES = ("Saint-Étienne", "North End", "O'Hara", "Le Port")
X, Y = CENTRE
SHAPES = tuple(shapely.box(X + 100 * n, Y, X + 100 * (n + 1), Y + 100) for n in range(len(NAMES)))


def ingest(folder, area, span, rows, names=NAMES):
    """Read an area table of (area, month, count), and return its ledger and the counts."""
    (folder / "a.csv").write_text(
        "area,period,value\n" + "".join(f"{a},{m},{n}\n" for a, m, n in rows), encoding="utf-8"
    )
    (folder / "own.toml").write_text(
        '[format]\nkind = "area_table"\n[columns]\narea = "area"\ndate = "period"\nvalue = "value"\n[date]\nformats = ["%Y-%m"]\n'
    )
    found = read_format("own.toml", folder)
    areas = Areas(tuple(names), SHAPES[: len(names)])
    source = Source("s", "area_table", "own.toml", ("a.csv",), areas=areas)
    with open_engine(folder / "t.duckdb", inputs=folder) as store:
        files = find_input_files(["a.csv"], folder, members=())
        ledger = ingest_table(store, source, input_format=found, files=files, area=area, period=span)
        return ledger, area_counts(store, "s")


def notes(ledger):
    return [note.sentence for note in ledger.notes if note.kind == "spelling"]


def test_other_spellings_are_joined_and_said(tmp_path, area, span):
    rows = [
        ("Saint-Étienne", "2020-01", 1), ("SAINT ETIENNE", "2020-02", 2), ("Saint-E\u0301tienne", "2020-03", 3),
        ("north  end", "2020-01", 4), ("O\u2019Hara", "2020-01", 5), ("Le Port", "2020-01", 6), ("Elsewhere", "2020-01", 7),
    ]  # fmt: skip
    ledger, counts = ingest(tmp_path, area, span, rows)
    assert counts.areas == ("Elsewhere", "Le Port", "North End", "O'Hara", "Saint-Étienne")
    assert counts.low[4].tolist() == [1, 2, 3]
    assert [shape is None for shape in counts.shapes] == [True, False, False, False, False]
    assert notes(ledger) == [
        "names of areas that are another's but for case, accents, hyphens or spaces, and were read as the same: 4, such as "
        '"north  end" as "North End"'
    ]
    assert (ledger.total("read"), ledger.total("kept")) == (7, 7)


def test_a_table_spelt_as_its_area_file_has_no_note(tmp_path, area, span):
    ledger, _ = ingest(tmp_path, area, span, [(name, "2020-01", 1) for name in NAMES])
    assert notes(ledger) == []


def test_two_spellings_in_one_period_are_asked_about(tmp_path, area, span):
    rows = [("North End", "2020-01", 4), ("NORTH END", "2020-01", 4), ("Le Port", "2020-01", 1)]
    with pytest.raises(DataError) as caught:
        ingest(tmp_path, area, span, rows)
    assert str(caught.value) == (
        '"s" has values of "NORTH END" and of "North End" for the period from 2020-01-01; the names differ only in case, accents, '
        "hyphens or spaces. If they are one area, keep one of the two values; if they are two, give them names that differ in more."
    )


def test_two_areas_of_the_file_that_fold_to_one_are_asked_about_unless_the_table_has_both(tmp_path, area, span):
    names = ("North End", "NORTH END")
    with pytest.raises(
        DataError, match=r'Two areas of the area file of "s", "NORTH END" and "North End", differ only in case'
    ):
        ingest(tmp_path, area, span, [("North End", "2020-01", 4)], names)
    _, counts = ingest(tmp_path, area, span, [("North End", "2020-01", 4), ("NORTH END", "2020-01", 5)], names)
    assert counts.low.ravel().tolist() == [5, 4]


RESPELL = (
    str.upper,
    str.lower,
    lambda name: name.strip().replace(" ", "-"),
    lambda name: name.replace("-", "  "),
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: f" {name}\u00a0",
    lambda name: name,
)


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.lists(st.sampled_from(RESPELL), min_size=3, max_size=3),
)
def test_every_respelling_finds_its_area(chosen, changes):
    written = {}
    for name in chosen:
        text = name
        for change in changes:
            text = change(text)
        written[text] = name
    found = spellings(dict.fromkeys(written, 1), NAMES, "s")
    assert {text: found.get(text, text) for text in written} == written


def test_names_that_differ_in_more_are_never_joined():
    names = ["St James", "Saint James", "Northeast", "North East", "1-12", "11-2", "Ward 1", "Ward 11"]
    assert spellings(dict.fromkeys(names, 1), [], "s") == {}
    assert spellings(dict.fromkeys(names[1:], 1), names[:1], "s") == {}
