"""Events with the code of an area and no coordinates: every row has a fate, and they are counted by whole areas."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm import _crs
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError, StudyError
from geoharm.geo.area_files import read_area, read_areas
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.detect.events import guess_format
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.readers.input_files import find_input_files, single_input_file
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import StudyArea
from geoharm.model.measure import Measure
from geoharm.model.overlap import whole_and_cut
from geoharm.model.period import Period
from geoharm.queries.area_events import area_event_counts
from geoharm.queries.counts import dated_points
from geoharm.simulation.location import CENTRE, CRS

X, Y = CENTRE
FORMAT = """
[columns]
id = "id"
date = "day"
area = "code"
category = "what"
[area]
id_width = 3
[date]
formats = ["%Y-%m-%d"]
[duplicates]
rule = "id"
"""
FORCE = """
[columns]
id = "Crime ID"
date = "Month"
area = "LSOA code"
category = "Crime type"
[date]
formats = ["%Y-%m"]
precision = "month"
[duplicates]
rule = "id"
"""
SPAN = Period(date(2020, 1, 1), date(2021, 1, 1))
AREA = StudyArea(shapely.box(X, Y, X + 300, Y + 100), CRS)
BOX = {code: shapely.box(X + 100 * n, Y, X + 100 * (n + 1), Y + 100) for n, code in enumerate(("001", "002", "003"))}
FAR = shapely.box(X + 50_000, Y, X + 50_100, Y + 100)
# The three fill the study area; 009 lies outside it.
FULL = Areas((*BOX, "009"), (*BOX.values(), FAR))
HALF = Areas(("001", "002"), (BOX["001"], BOX["002"]))
ALL = Measure("all", "s", (), "incidents", "police")
FIGHTS = Measure("fights", "s", ("fight",), "incidents", "public")
MARCH, APRIL = Period(date(2020, 3, 1), date(2020, 4, 1)), Period(date(2020, 4, 1), date(2020, 5, 1))
ROWS = """id,day,code,what
a,2020-03-01,001,fight
b,2020-03-02,1.0,fight
c,2020-04-01,2,theft
a,2020-03-01,001,fight
d,2020-04-03,,fight
e,2020-04-04,777,fight
f,not a day,003,fight
g,2020-04-05,9,fight
h,2020-04-30,x1,theft
i,2019-04-30,002,theft
"""


def ingest(folder, text, *, areas=FULL, layout=FORMAT, area=AREA, then=lambda store: None):
    """Write one file, read it as events with areas, and return its ledger and what `then` finds in the database."""
    folder.mkdir(exist_ok=True)
    (folder / "a.csv").write_text(text, encoding="utf-8")
    (folder / "t.duckdb").unlink(missing_ok=True)
    with open_engine(folder / "t.duckdb", inputs=folder) as store:
        files = find_input_files(["a.csv"], folder, members=())
        layout = parse_format("own.toml", layout)
        ledger = ingest_events(store, "s", input_format=layout, files=files, area=area, period=SPAN, areas=areas)
        return ledger, then(store)


def fates(ledger):
    names = ("read", "kept", "rejected", "duplicate", "inside", "outside", "no_place")
    return tuple(ledger.total(name) for name in names)


def counts(store, measure=ALL, periods=(MARCH, APRIL)):
    found = area_event_counts(store, measure, periods)
    return dict(zip(found.areas, found.low.astype(int).tolist(), strict=True))


def test_every_row_has_a_fate_and_a_zero_is_a_zero(tmp_path):
    ledger, found = ingest(tmp_path, ROWS, then=counts)
    assert fates(ledger) == (10, 7, 2, 1, 3, 2, 2)
    assert found == {"001": [2, 0], "002": [0, 1], "003": [0, 0]}
    assert [reason for file in ledger.files for reason in file.reasons] == [
        ('"date" is before the study period', 1, 11), ('"date" is not a date of the format %Y-%m-%d', 1, 8),
    ]  # fmt: skip
    assert sorted((note.kind, note.rows) for note in ledger.notes) == [
        ("by area", 5), ("no area", 1), ("no area", 1), ("no rows", 0), ("unknown area", 1),
    ]  # fmt: skip
    sentences = " ".join(note.sentence for note in ledger.notes)
    assert 'most often "777"): taken as outside the study area, which the areas of the file fill' in sentences
    assert "counted by whole areas, and nothing that needs points is possible" in sentences


def test_an_unknown_code_has_no_place_where_the_outlines_leave_ground_free(tmp_path):
    ledger, _ = ingest(tmp_path, ROWS, areas=HALF)
    assert fates(ledger) == (10, 7, 2, 1, 3, 0, 4)
    assert any("taken as without a place" in note.sentence for note in ledger.notes if note.kind == "unknown area")


def test_one_category_is_counted_alone_and_days_elsewhere_are_not(tmp_path):
    _, found = ingest(tmp_path, ROWS, then=lambda store: counts(store, FIGHTS, [MARCH]))
    assert found == {"001": [2], "002": [0], "003": [0]}


def test_no_question_for_points_finds_one(tmp_path):
    _, found = ingest(tmp_path, ROWS, then=lambda store: dated_points(store, ALL))
    assert found.x.size == 0


def test_people_see_the_area_in_the_database(tmp_path):
    sql = "SELECT line, area, place, x FROM main.event ORDER BY line"
    _, found = ingest(tmp_path, ROWS, then=lambda store: store.scratch.execute(sql).fetchall())
    assert found == [
        (2, "001", "inside", None), (3, "001", "inside", None), (4, "002", "inside", None), (6, None, "no place", None),
        (7, None, "outside", None), (9, "009", "outside", None), (10, None, "no place", None),
    ]  # fmt: skip


def test_other_outlines_make_other_counts_and_the_same_outlines_are_not_read_again(tmp_path):
    ingest(tmp_path, ROWS)
    layout = parse_format("own.toml", FORMAT)
    moved = Areas(("001", "002", "003"), (BOX["002"], BOX["001"], FAR))
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        files = find_input_files(["a.csv"], tmp_path, members=())
        given = {"input_format": layout, "files": files, "area": AREA, "period": SPAN}
        ledger = ingest_events(store, "s", areas=moved, **given)
        assert set(counts(store)) == {"001", "002"}
        again = ingest_events(store, "s", areas=moved, **given)
    assert ledger == again


SPELT = ROWS.replace(",001,", ",Ward One,").replace(",1.0,", ",ward-one,")
NAMED = Areas(("WARD ONE", "Ward Two"), (BOX["001"], BOX["002"]))


def test_another_spelling_of_a_code_is_joined_and_said(tmp_path):
    ledger, found = ingest(tmp_path, SPELT, areas=NAMED, layout=FORMAT.replace("id_width = 3", ""), then=counts)
    assert found["WARD ONE"] == [2, 0]
    assert any(note.kind == "spelling" and note.rows == 2 for note in ledger.notes)


REFUSED = {
    "other codes": (ROWS, Areas(("A", "B"), (BOX["001"], BOX["002"])), 'its rows have codes like "001", the file has codes like "A"'),
    "no code at all": ("id,day,code,what\na,2020-03-01,,x\n", FULL, "has the code of an area. Check columns.area"),
    "all elsewhere": ("id,day,code,what\na,2020-03-01,9,x\n", FULL, "has an area in the study area; check the study area"),
    "two areas of one code": (ROWS, Areas(("1", "001"), (BOX["001"], BOX["002"])), 'have the code "001" once area.id_width'),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_outlines_that_do_not_fit_are_refused_in_one_sentence(case, tmp_path):
    text, areas, sentence = REFUSED[case]
    with pytest.raises(DataError, match=r"^[^\n]*$") as caught:
        ingest(tmp_path, text, areas=areas)
    assert sentence in str(caught.value)


FAULTY = {
    "coordinates too": ('area = "code"', 'area = "code"\nlongitude = "x"\nlatitude = "y"', "an event has coordinates, or the code of an area"),
    "a pair too": ('area = "code"', 'area = "code"\nlatlon = "at"', "an event has coordinates, or the code of an area"),
    "geometries": ("[columns]", '[format]\ncontainer = "geojson"\n[columns]', "have their places in geometries"),
    "a width without codes": ('area = "code"', 'longitude = "x"\nlatitude = "y"', "needs the column of area codes, columns.area"),
    "a location": ("[area]", "[location]\ntypical_error_m = 5\n[area]", "leave [location] out"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTY, ids=list(FAULTY))
def test_a_format_has_an_area_or_coordinates(case):
    old, new, sentence = FAULTY[case]
    with pytest.raises(StudyError) as caught:
        parse_format("own.toml", FORMAT.replace(old, new))
    assert sentence in str(caught.value)


def test_a_look_at_a_file_says_that_it_is_counted_by_area(tmp_path):
    (tmp_path / "a.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "own.toml").write_text(FORMAT, encoding="utf-8")
    report = check_file(tmp_path / "a.csv", read_format("own.toml", tmp_path))
    assert report["files"][0]["no_place"] == report["files"][0]["kept"] == 8
    assert report["places"] is None
    assert any("4 different codes" in note["sentence"] for note in report["notes"] if note["kind"] == "by area")


CODES, DAYS = ["1", "002", "3.0", "9", "", "777", "12345", "x"], ["2020-03-05", "2020-04-05", "", "31/12/2020"]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_balances_and_a_slow_count_agrees(seed, tmp_path):
    """Many random rows: most ids are repeated, with the same or with another day, code or category."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(0, [40, 12, len(CODES), 2], size=(400, 4)).tolist()
    rows = [(f"id {a}", (DAYS[:2] * 5 + DAYS[2:])[b], CODES[c], "xy"[d]) for a, b, c, d in picked]
    text = "id,day,code,what\n" + "".join(",".join(row) + "\n" for row in rows)
    ledger, found = ingest(tmp_path, text, layout=FORMAT + 'versions = "never"\n', then=counts)
    read, kept, rejected, duplicate, inside, outside, no_place = fates(ledger)
    # What cannot be a code is none, and rows without one are in no place alike.
    meant = {"1": "001", "002": "002", "3.0": "003", "9": "009", "777": "777"}
    good = [(key, day, meant.get(code, ""), what) for key, day, code, what in rows if day in DAYS[:2]]
    assert (read, rejected, duplicate) == (len(rows), len(rows) - len(good), len(good) - len(set(good)))
    assert kept == len(set(good)) == inside + outside + no_place
    slow = Counter((code, day[5:7]) for _, day, code, _ in set(good))
    assert found == {code: [slow[code, "03"], slow[code, "04"]] for code in ("001", "002", "003")}
    assert outside == sum(code in ("009", "777") for _, _, code, _ in set(good))


@pytest.fixture(scope="module")
def liverpool(shared, root):
    """Return the study area of Liverpool and its LSOAs."""
    boundary = read_area(root / "pipelines" / "areas" / "liverpool.geojson", "EPSG:27700", name="study area")
    areas = read_areas([shared / "merseyside-lsoa" / "E08000012.json"], "EPSG:27700", column="LSOA11CD")
    return StudyArea(boundary.geometry, boundary.crs, boundary.crs_note), areas


def test_merseyside_without_coordinates_counts_what_its_rows_say(shared, root, liverpool, tmp_path):
    """The referee: the stated LSOA of each row, counted by hand; and the points of the same rows, counted in the outlines.

    A published point agrees with the LSOA that is stated for it in all but a few of a hundred rows.
    """
    area, areas = liverpool
    name = "2019-10-merseyside-street.csv.gz"
    with gzip.open(shared / "merseyside-police" / name, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["Crime ID", "Month", "LSOA code", "Crime type"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    month = Period(date(2019, 10, 1), date(2019, 11, 1))
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        files = find_input_files(["a.csv"], tmp_path, members=())
        layout = parse_format("own.toml", FORCE)
        ledger = ingest_events(store, "s", input_format=layout, files=files, area=area, period=month, areas=areas)
        found = area_event_counts(store, ALL, [month])
    seen, stated = set(), Counter()
    for row in rows:
        key = (row["Crime ID"], row["LSOA code"], row["Crime type"])
        if not row["Crime ID"] or key not in seen:
            stated[row["LSOA code"]] += 1
        seen.add(key)
    assert ledger.total("read") == len(rows)
    by_area = dict(zip(found.areas, found.low[:, 0], strict=True))
    assert by_area == {code: stated[code] for code in areas.codes}
    located = [row for row in rows if row["Longitude"]]
    x, y = _metres(located)
    tree = shapely.STRtree(areas.shapes)
    point, shape = tree.query(shapely.points(x, y), predicate="within")
    in_outline = Counter(areas.codes[index] for index in shape)
    pairs = np.array([(by_area[code], in_outline[code]) for code in areas.codes])
    assert abs(pairs[:, 0].sum() - pairs[:, 1].sum()) < 0.01 * pairs.sum() / 2
    assert np.abs(pairs[:, 0] - pairs[:, 1]).sum() < 0.08 * pairs[:, 0].sum()
    assert point.size
    # The bounds of a target area, from whole areas, hold the number of its points.
    target = read_area(root / "pipelines" / "areas" / "liverpool_placebo.geojson", "EPSG:27700", name="target").geometry
    whole, cut, _ = whole_and_cut(areas.shapes, target)
    lowest, highest = found.low[whole, 0].sum(), found.low[whole | cut, 0].sum()
    assert lowest <= shapely.contains_xy(target, x, y).sum() <= highest


def _metres(rows):
    degrees = [[float(row[name]) for row in rows] for name in ("Longitude", "Latitude")]
    return _crs.transform(*degrees, source=_crs.LONLAT, target="EPSG:27700")


def guess_of(folder, text):
    (folder / "guess.csv").write_text(text, encoding="utf-8")
    return guess_format(single_input_file(folder / "guess.csv"))


def test_a_guess_names_the_area_and_says_what_to_put_beside_the_file(tmp_path):
    rows = "".join(f"{n},2020-0{1 + n % 9}-11,E0{n % 5},assault\n" for n in range(60))
    guess = guess_of(tmp_path, "id,date,LSOA code,offence type\n" + rows)
    assert guess.columns["area"] == "LSOA code"
    assert any(
        "counted by whole areas, and nothing that needs points is possible" in doubt for doubt in guess.undecided
    )
    assert not any(doubt.startswith(("crs", "location")) for doubt in guess.undecided)
    layout = parse_format("guess.toml", guess.toml)
    assert (layout.is_by_area, layout.duplicate_rule) == (True, "id")


def test_counts_by_area_and_addresses_are_no_events_by_area(tmp_path):
    rows = "".join(f"2020-0{1 + n % 9}-01,E0{n % 5},{n}\n" for n in range(60))
    counted = guess_of(tmp_path, "date,ward,count\n" + rows)
    assert "area" not in counted.columns
    assert any("--kind area_table" in doubt for doubt in counted.undecided)
    rows = "".join(f"{n},2020-0{1 + n % 9}-11,beat {n % 5},{n} High St\n" for n in range(60))
    addressed = guess_of(tmp_path, "id,date,beat,address\n" + rows)
    assert "area" not in addressed.columns
    assert any('"beat" may be the code of an area' in doubt for doubt in addressed.undecided)
