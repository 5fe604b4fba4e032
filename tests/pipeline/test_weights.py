"""A study that asks for weights: needles per find, from the file to the page, and every way it can be refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.errors import StudyError
from geoharm.model.period import Period, Window
from geoharm.pipeline.check import check_study
from geoharm.pipeline.load import load_sources
from geoharm.pipeline.run import run
from geoharm.queries.counts import located_points
from geoharm.study.read import read_study
from tests.conftest import small_study

FORMAT = """
[format]
container = "csv"
title     = "finds with needles"
[columns]
id = "id"
date = "date"
longitude = "longitude"
latitude = "latitude"
category = "category"
weight = "needles"
[date]
formats = ["%Y-%m-%d"]
[location]
quality = "exact"
[duplicates]
rule = "id"
"""


def weighed_study(folder, *, release="public", needles=None, input_format=FORMAT, weight="needles"):
    """Write the small study with needles per find; `needles` gives the text of a row."""
    path = small_study(folder, release=release)
    (folder / "finds.toml").write_text(input_format, encoding="utf-8")
    lines = (folder / "reports.csv").read_text().splitlines()
    tell = needles or (lambda number: str(1 + number % 7))
    rows = [f"{line},{tell(number)}" for number, line in enumerate(lines[1:])]
    (folder / "reports.csv").write_text("\n".join([lines[0] + ",needles", *rows]) + "\n")
    text = path.read_text().replace('format = "points-csv"', 'format = "finds.toml"')
    path.write_text(text.replace('unit        = "requests"', f'unit        = "requests"\nweight      = "{weight}"'))
    return path


def test_weights_are_summed_at_places_and_counts_stay(tmp_path):
    study = read_study(weighed_study(tmp_path))
    window = Window("all", (Period(study.period.start, study.period.end),))
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:
        (ledger,) = load_sources(engine, study, tmp_path)
        plain = located_points(engine, study.measures[0], window)
        weighed = located_points(engine, study.measures[0], window, weighted=True)
        again = located_points(engine, study.measures[0], window, weighted=True)
    assert ledger.notes == ()
    assert weighed.total == sum(1 + number % 7 for number in range(int(plain.total)))
    assert (weighed.with_event_weights.weight == plain.weight).all()
    assert (weighed.x == plain.x).all()
    assert weighed.weight.tobytes() == again.weight.tobytes()


def test_blank_weights_weigh_one_and_bad_ones_are_rejected_with_their_reason(tmp_path):
    texts = {0: "", 1: "-3", 2: "many", 3: "", 4: "inf", 5: "0"}
    study = read_study(weighed_study(tmp_path, needles=lambda number: texts.get(number, "2")))
    window = Window("all", (Period(study.period.start, study.period.end),))
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:
        (ledger,) = load_sources(engine, study, tmp_path)
        weighed = located_points(engine, study.measures[0], window, weighted=True)
    file = ledger.files[0]
    assert (file.read, file.rejected, file.kept) == (2320, 3, 2317)
    ((reason, rows, _),) = file.reasons
    assert (reason, rows) == ('"weight" is not a number of zero or more', 3)
    (note,) = ledger.notes
    assert (note.kind, note.rows, note.sentence) == ("no weight", 2, "have no weight: each counts as 1")
    assert weighed.with_event_weights.total == 2317
    assert weighed.total == 2 * 1 + 0 + 2 * (2317 - 3)


@pytest.mark.parametrize("release", ["public", "internal"])
def test_the_pages_speak_of_needles_where_needles_are_drawn(tmp_path, release):
    # One find of 5000 must not show in a public release.
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = []
    for name, largest in (("a", 5000), ("b", 50000)):
        path = weighed_study(
            tmp_path / name,
            release=release,
            needles=lambda number, top=largest: str(top if number == 3 else 1 + number % 7),
        )
        run(read_study(path), data=tmp_path / name, out=tmp_path / name / "out", database=tmp_path / name / "s.duckdb")
        found.append(tmp_path / name / "out")
    report = next(found[0].rglob("report*.html")).read_text(encoding="utf-8")
    assert "Needles per km² per year" in report
    assert "weighed by needles, while hotspots are counted in requests" in report
    assert "Mean density, needles per km² per year" in report
    public = "no place weighs more than all around it together"
    assert (public in report) == (release == "public")
    records = [json.loads(next(folder.rglob("run*.json")).read_text(encoding="utf-8")) for folder in found]
    assert records[0]["hotspots"][0]["unit"] == "needles"
    assert not re.search(r"50000?\.", report)
    densities = [[spot["density"] for spot in record["hotspots"][0]["hotspots"]] for record in records]
    assert (densities[0] == densities[1]) == (release == "public")
    # In public the whole map is the same but for the fingerprints of files.
    maps = [next(folder.rglob("map*.html")).read_text(encoding="utf-8") for folder in found]
    assert (maps[0] == maps[1]) == (release == "public")


def test_effects_do_not_see_weights(tmp_path):
    records = []
    for name, maker in (("plain", small_study), ("weighed", weighed_study)):
        folder = tmp_path / name
        folder.mkdir()
        run(read_study(maker(folder)), data=folder, out=folder / "out", database=folder / "s.duckdb")
        records.append(json.loads((next((folder / "out").rglob("run.json"))).read_text(encoding="utf-8")))
    one, two = records
    assert one["operations"] == two["operations"]
    assert one["patterns"] == two["patterns"]
    assert one["hotspots"][0]["concentration"] == two["hotspots"][0]["concentration"]
    assert one["hotspots"][0]["bandwidth"] == two["hotspots"][0]["bandwidth"]


def test_a_format_without_a_weight_is_refused(tmp_path):
    study = read_study(weighed_study(tmp_path, input_format=FORMAT.replace('weight = "needles"\n', "")))
    with pytest.raises(StudyError) as caught:
        check_study(study)
    assert list(caught.value.problems) == [
        'measure "finds": weight = "needles", but the format "finds.toml" keeps no weight; name its column under [columns] '
        "weight in a format of your own, or take weight out."
    ]


def test_weights_that_no_row_states_are_refused(tmp_path):
    study = read_study(weighed_study(tmp_path, needles=lambda _: ""))
    with (
        open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine,
        pytest.raises(StudyError, match="but none of its 2,320 events states a weight; check the column"),
    ):
        load_sources(engine, study, tmp_path)


@pytest.mark.parametrize("weight", ["", "9", "<b>needles</b>", "needles " * 9])
def test_what_a_weight_counts_is_a_word(tmp_path, weight):
    with pytest.raises(StudyError) as caught:
        read_study(weighed_study(tmp_path, weight=weight))
    assert any("[[measure]] 1" in one and ": weight = " in one for one in caught.value.problems)


def test_an_area_table_has_no_weights(tmp_path):
    path = weighed_study(tmp_path)
    text = path.read_text()
    table = '[[source]]\nname = "t"\nkind = "area_table"\nformat = "area-table-csv"\nfiles = ["t.csv"]\n\n[[measure]]\nname = "e"\nsource = "t"\nunit = "people"\nrecorded_by = "agency"\nactivity = true\nweight = "people"\n\n[[measure]]'
    path.write_text(text.replace("[[measure]]", table, 1))
    with pytest.raises(
        StudyError, match="is for measures of dated points; what is counted by area has no places to weigh"
    ):
        read_study(path)


def test_weights_may_differ_by_rounding_only_by_nothing(tmp_path):
    """Sums of decimal weights do not hang on the order of rows."""
    tell = lambda number: str(np.random.default_rng(number).uniform(0, 1))  # noqa: E731
    study = read_study(weighed_study(tmp_path, needles=tell))
    lines = (tmp_path / "reports.csv").read_text().splitlines()
    window = Window("all", (Period(study.period.start, study.period.end),))
    found = []
    for order in (1, -1):
        (tmp_path / "reports.csv").write_text("\n".join([lines[0], *lines[1:][::order]]) + "\n")
        with open_engine(tmp_path / f"{order}.duckdb", inputs=tmp_path) as engine:
            load_sources(engine, study, tmp_path)
            found.append(located_points(engine, study.measures[0], window, weighted=True).weight.tobytes())
    assert found[0] == found[1]
