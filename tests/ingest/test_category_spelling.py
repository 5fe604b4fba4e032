"""Spellings of one category are one category: in events, area tables, surveys and sites, and in what measures name."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoharm._text import fold_category
from geoharm.engines.duckdb import open_engine
from geoharm.errors import StudyError
from geoharm.ingest.category_spelling import category_mapper, name_of_each, note_spellings
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.sites import source_sites
from geoharm.ingest.tables import area_counts, ingest_table, survey_estimates, table_categories
from geoharm.model.area_counts import Areas
from geoharm.model.ledger import SPELLINGS as SPELLINGS_NOTE
from geoharm.model.measure import Measure
from geoharm.model.study import Source
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import category_counts, dated_points, source_categories
from geoharm.simulation.location import CENTRE
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.ingest.test_reading import HEADER, LAT, LON

WORDS = st.text(st.characters(categories=("L", "N"), max_codepoint=0x17F), min_size=1, max_size=6)
NBSP = "\u00a0"


@st.composite
def category_and_spelling(draw):
    """Return a category of one to three words, and another spelling of it by changes that must not matter."""
    words = draw(st.lists(WORDS, min_size=1, max_size=3))
    form = draw(st.sampled_from(["NFC", "NFD"]))
    case = draw(st.sampled_from([str.upper, str.lower, str.title, str]))
    between = draw(st.sampled_from([" ", "  ", NBSP, "-", " - ", "\u2011", " \u2013 ", "\t"]))
    around = draw(st.sampled_from(["", " ", NBSP]))
    stop = draw(st.sampled_from(["", ".", " ."]))
    spelling = unicodedata.normalize(form, case(between.join(words)))
    return " ".join(words), f"{around}{spelling}{stop}{around}"


@given(category_and_spelling())
def test_spellings_fold_to_one(pair):
    category, spelling = pair
    assert fold_category(category) == fold_category(spelling)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Theft", "Thefts"),
        ("1.2", "12"),
        ("-1", "1"),
        ("C", "C+"),
        ("Assault 1", "Assault 2"),
        ("A/B", "A B"),
        ("Theft (over 50)", "Theft (under 50)"),
        (".", ""),
    ],
)
def test_categories_stay_two(one, other):
    assert fold_category(one) != fold_category(other)


@given(st.dictionaries(st.sampled_from(["Ab c", "ab-c", "AB C.", "d", "D ", "e"]), st.integers(1, 5), min_size=1))
def test_the_most_frequent_spelling_names_the_category(rows):
    names = name_of_each(rows)
    for spelling, name in names.items():
        alike = [other for other in rows if fold_category(other) == fold_category(spelling)]
        assert name == min(alike, key=lambda other: (-rows[other], other))
    joined = sum(rows[spelling] for spelling, name in names.items() if name != spelling)
    assert sum(note.rows for note in note_spellings(rows, names)) == joined


def test_a_map_matches_folded_but_keeps_apart_what_it_names_apart():
    named = category_mapper({"ASLT": "Assault", "ab": "one", "AB": "two"})
    assert [named(text) for text in (" aslt.", "ab", "AB", "Ab", "Theft")] == ["Assault", "one", "two", "Ab", "Theft"]
    # A map of nothing is not asked.
    assert category_mapper({})("Ab") == "Ab"


SPELLINGS = ("Café theft", "CAFE\u0301 THEFT", "café-theft", f"Café{NBSP} theft.", "Cafe theft", "\u200bcafé theft")
THEFTS = Measure("thefts", "s", ("CAFE\u2011THEFT",), "incidents", "public")
AREAS = Areas(("001",), (shapely.box(CENTRE[0], CENTRE[1], CENTRE[0] + 100, CENTRE[1] + 100),))


@contextlib.contextmanager
def read_events(folder: Path, area, span, files: dict[str, str], layout: str = "points-csv"):
    """Return the open database and the ledger of files of events."""
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    input_format = parse_format("own.toml", layout) if "\n" in layout else read_format(layout, folder)
    paths = find_input_files(sorted(files), folder, members=())
    with open_engine(folder / "t.duckdb", inputs=folder) as store:
        yield store, ingest_events(store, "s", input_format=input_format, files=paths, area=area, period=span)


def line(number: int, category: str) -> str:
    return f"{number},2020-01-{number % 28 + 1:02d},{LON},{LAT},{category}\n"


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.integers(0, len(SPELLINGS)), min_size=2, max_size=30), share=st.floats(0.05, 0.95))
def test_every_count_by_category_is_that_of_the_folded_texts(chosen, share, area, span, tmp_path_factory):
    """The referee folds each row's text by itself; the rows are spread over two files."""
    texts = [(*SPELLINGS, "Robbery")[number] for number in chosen]
    lines = [line(number, text) for number, text in enumerate(texts)]
    cut = min(max(1, round(share * len(lines))), len(lines) - 1)
    files = {"a.csv": HEADER + "".join(lines[:cut]), "b.csv": HEADER + "".join(lines[cut:])}
    expected = Counter(map(fold_category, texts))
    with read_events(tmp_path_factory.mktemp("spelling"), area, span, files) as (store, ledger):
        named = source_categories(store, "s")
        assert {fold_category(name): rows for name, rows in named.items()} == dict(expected)
        assert len(named) == len(expected)
        assert dated_points(store, THEFTS).weight.sum() == expected["cafe theft"]
        assert dict(store.rows("SELECT category, count(*) FROM main.event GROUP BY category")) == named
        by_category = category_counts(store, replace(THEFTS, categories=()), [])
        assert {name: counts.counts.sum() for name, counts in by_category.items()} == (named if len(named) > 1 else {})
        both = category_counts(store, replace(THEFTS, categories=("caf\u00e9 Theft ", "robbery")), [])
        found = {fold_category(name): counts.counts.sum() for name, counts in both.items()}
        assert found == {name: expected[name] for name in ("cafe theft", "robbery")}
    assert ledger.total("read") == ledger.total("kept") == len(texts)
    assert sum(note.rows for note in ledger.notes if note.kind == SPELLINGS_NOTE) == len(texts) - sum(
        Counter(strip(text) for text in texts)[strip(name)] for name in named
    )


def strip(text: str) -> str:
    """Return a text as the reader trims it."""
    return text.strip(f" \t{NBSP}")


def test_one_event_under_two_spellings_is_one(tmp_path, area, span):
    content = HEADER + line(1, "Theft") + line(1, "THEFT")
    with read_events(tmp_path, area, span, {"a.csv": content}) as (_, ledger):
        assert (ledger.total("kept"), ledger.total("duplicate")) == (1, 1)


def test_the_name_does_not_depend_on_how_rows_are_spread_over_files(tmp_path, area, span):
    lines = [line(1, "THEFT"), line(2, "Theft"), line(3, "Theft")]
    for name, files in {
        "one": {"a.csv": HEADER + "".join(lines)},
        "three": {f"{number}.csv": HEADER + text for number, text in enumerate(lines)},
    }.items():
        (tmp_path / name).mkdir()
        with read_events(tmp_path / name, area, span, files) as (store, ledger):
            assert source_categories(store, "s") == {"Theft": 3}
        (note,) = [note for note in ledger.notes if note.kind == SPELLINGS_NOTE]
        assert note.text().endswith("and are counted with them: \u201cTHEFT\u201d is \u201cTheft\u201d")
        assert note.rows == 1


def test_a_map_of_a_format_matches_folded(tmp_path, area, span):
    layout = """
[columns]
date = "date"
category = "category"
longitude = "longitude"
latitude = "latitude"
[date]
formats = ["%Y-%m-%d"]
[category]
map = { "Simple assault" = "Assault", "x" = "one", "X" = "two" }
"""
    texts = ("Simple assault", "SIMPLE ASSAULT", "simple-assault.", "assault", "x", "X", "X")
    content = HEADER + "".join(line(number, text) for number, text in enumerate(texts))
    with read_events(tmp_path, area, span, {"a.csv": content}, layout) as (store, _):
        assert source_categories(store, "s") == {"Assault": 4, "two": 2, "one": 1}


def study(folder: Path, categories: dict[str, list[str]], texts: list[str]) -> Path:
    """Write a small study with one measure for each name and its categories."""
    path = small_study(folder)
    text = path.read_text(encoding="utf-8")
    start, end = text.index("[[measure]]"), text.index("[[operation]]")
    measure = text[start:end]
    measures = "".join(
        measure.replace('"finds"', f'"{name}"').replace("unit ", f"where = {{ category = {json.dumps(named)} }}\nunit ")
        for name, named in categories.items()
    )
    path.write_text(text[:start] + measures + text[end:], encoding="utf-8")
    csv = folder / "reports.csv"
    header, *lines = csv.read_text(encoding="utf-8").splitlines()
    spelt = [one.replace(",find", f",{texts[number % len(texts)]}") for number, one in enumerate(lines)]
    csv.write_text("\n".join([header, *spelt]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("typed", ["d\u2019Hondt\u00a0 st", "D'HONDT ST.", "D\u2018Hondt-St"])
def test_a_measure_typed_with_other_signs_counts_the_same(tmp_path, typed):
    path = study(tmp_path, {"finds": [typed]}, ["d'Hondt St", "other"])
    read = read_study(path)
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as store:
        (ledger,) = load_sources(store, read, tmp_path)
        assert dated_points(store, replace(read.measures[0])).weight.sum() == ledger.total("kept") / 2


def test_a_category_without_rows_is_refused_with_the_nearest(tmp_path):
    path = study(tmp_path, {"finds": ["D\u2019Hondt Sq"]}, ["d'Hondt St"])
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as store, pytest.raises(StudyError) as caught:
        load_sources(store, read_study(path), tmp_path)
    (problem,) = caught.value.problems
    assert 'has the category "D\u2019Hondt Sq"; did you mean "d\'Hondt St"?' in problem


def test_two_measures_that_name_one_category_are_refused(tmp_path):
    path = study(tmp_path, {"finds": ["Theft"], "more": ["Robbery", "THEFT."]}, ["Theft"])
    with pytest.raises(StudyError) as caught:
        read_study(path)
    (problem,) = caught.value.problems
    assert 'count the same rows of "reports" ("Theft" and "THEFT." are one category)' in problem


TABLE = """
[format]
kind = "area_table"
[columns]
area = "area"
date = "month"
category = "category"
value = "count"
[date]
formats = ["%Y-%m"]
"""


@contextlib.contextmanager
def read_table(folder: Path, area, span, kind: str, content: str):
    """Return the open database and the ledger of one file of values."""
    (folder / "a.csv").write_text(content, encoding="utf-8")
    layout = {"area_table": "own.toml", "survey": "survey-csv", "site": "sites-csv"}[kind]
    (folder / "own.toml").write_text(TABLE, encoding="utf-8")
    source = Source("s", kind, layout, ("a.csv",), areas=AREAS if kind != "site" else None)
    files = find_input_files(source.files, folder, members=())
    with open_engine(folder / "t.duckdb", inputs=folder) as store:
        yield (
            store,
            ingest_table(store, source, input_format=read_format(layout, folder), files=files, area=area, period=span),
        )


def test_spellings_in_an_area_table_are_one_category(tmp_path, area, span):
    months = ("2020-01,Theft,3", "2020-02,THEFT,4", "2020-03,Theft,5", "2020-03,theft.,5")
    content = "area,month,category,count\n" + "".join(f"001,{month}\n" for month in months)
    with read_table(tmp_path, area, span, "area_table", content) as (store, ledger):
        assert area_counts(store, "s", "THEFT").low.tolist() == [[3, 4, 5]]
        assert table_categories(store, "s", "area_table") == {"Theft": 3}
    assert (ledger.total("kept"), ledger.total("duplicate")) == (3, 1)
    assert [note.rows for note in ledger.notes if note.kind == SPELLINGS_NOTE] == [2]


def test_spellings_in_a_survey_are_one_question(tmp_path, area, span):
    content = "area,period,question,percent,standard_error\n001,2019,Fear of crime,40,2\n001,2020,FEAR OF CRIME,42,2\n"
    with read_table(tmp_path, area, span, "survey", content) as (store, ledger):
        found = survey_estimates(store, "s", read_format("survey-csv", tmp_path), "fear of crime")
        assert found.estimate.tolist() == [[40, 42]]
    assert [note.rows for note in ledger.notes if note.kind == SPELLINGS_NOTE] == [1]


def test_spellings_of_sites_are_one_category(tmp_path, area, span):
    rows = "".join(
        f"{name},{category},,{LON},{LAT}\n" for name, category in (("A", "Clinic"), ("B", "CLINIC"), ("A", "clinic"))
    )
    with read_table(tmp_path, area, span, "site", "name,category,address,longitude,latitude\n" + rows) as (
        store,
        ledger,
    ):
        assert {site.category for site in source_sites(store, "s")} == {"CLINIC"}
    assert (ledger.total("kept"), ledger.total("duplicate")) == (2, 1)
    assert [note.rows for note in ledger.notes if note.kind == SPELLINGS_NOTE] == [2]
