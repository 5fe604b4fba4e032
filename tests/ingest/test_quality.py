"""What a source's rows say about themselves reaches the ledger, each with its figure; ordinary sources get no note."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import format_text, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.period import Period
from tests.conftest import lonlat

SPAN = Period(date(2017, 1, 1), date(2021, 1, 1))
DAYS = 1461


def notes_of(tmp_path, area, rows, digits=6, input_format="points-csv"):
    """Read rows of (day number, metres east, metres north, category); return the notes by kind."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    lines = ["id,date,longitude,latitude,category"]
    for number, (day, east, north, category) in enumerate(rows):
        place = "0,0" if east is None else ",".join(f"{value:.{digits}f}" for value in lonlat(east, north))
        lines.append(f"{number},{date(2017, 1, 1) + timedelta(days=int(day))},{place},{category}")
    (inbox / "a.csv").write_text("\n".join(lines) + "\n")
    with open_engine(tmp_path / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=read_format(input_format, tmp_path), files=find_input_files(["a.csv"], inbox, members=()),
            area=area, period=SPAN,
        )  # fmt: skip
    found: dict[str, list] = {}
    for note in ledger.notes:
        found.setdefault(note.kind, []).append(note)
    return found


def steady(rng, a_day=3, category="find", days=range(DAYS)):
    return [
        (day, rng.uniform(-2500, 2500), rng.uniform(-2500, 2500), category)
        for day in days
        for _ in range(rng.poisson(a_day))
    ]


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def test_an_ordinary_source_has_no_note(tmp_path, area, rng):
    assert notes_of(tmp_path, area, steady(rng)) == {}


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_step(tmp_path, area, seed):
    """Months that vary four times as much as chance alone make no step and no half-empty month."""
    rng = np.random.default_rng(seed)
    rows = []
    for month in range(49):
        days = range(month * 30, min(month * 30 + 30, DAYS))
        rows += steady(rng, a_day=rng.gamma(20, 3 / 20), days=days)
    assert not set(notes_of(tmp_path, area, rows)) & {"step", "half-empty month"}


def test_a_half_empty_month_is_named(tmp_path, area, rng):
    rows = [row for row in steady(rng) if not 365 + 7 <= row[0] < 365 + 31]
    found = notes_of(tmp_path, area, rows)
    [note] = found["half-empty month"]
    assert note.sentence.startswith("in January 2018, while the months around it have about ")
    assert note.rows == sum(365 <= row[0] < 396 for row in rows)
    [gap] = found["gap"]
    assert gap.sentence.startswith("no row from 2018-01-08 to 2018-01-31 (24 days), ")


def test_a_step_in_recording_is_named(tmp_path, area, rng):
    rows = steady(rng, 3, days=range(730)) + steady(rng, 6, days=range(730, DAYS))
    [note] = notes_of(tmp_path, area, rows)["step"]
    before, after = (int(figure) for figure in re.findall(r"about (\d+)", note.sentence))
    assert before == pytest.approx(91, rel=0.1)
    assert after == pytest.approx(183, rel=0.1)
    assert "a month in January 2019: recording, or the events themselves, changed suddenly" in note.sentence


def test_a_category_that_begins_late_is_named(tmp_path, area, rng):
    rows = steady(rng) + steady(rng, 1, "new", range(730, DAYS))
    [note] = notes_of(tmp_path, area, rows)["category begins"]
    assert note.sentence == "“new” begins in January 2019, 24 months after the source: recording may have changed"


def test_places_at_zero_and_by_year_are_counted(tmp_path, area, rng):
    rows = steady(rng)
    rows += [(day, None, None, "find") for day in range(1000, 1100)]
    found = notes_of(tmp_path, area, rows)
    [note] = found["zero coordinates"]
    assert (note.rows, note.file, note.sentence) == (100, "a.csv", "the coordinates are 0, 0: taken as without a place")
    [year] = found["no usable place by year"]
    assert year.rows == 100
    assert "from 0% of the rows of 2017 to 8% of those of 2019" in year.sentence


def test_snapped_and_rounded_places_are_named(tmp_path, area, rng):
    corners = [(i * 200.0, j * 200.0) for i in range(-6, 6) for j in range(-6, 6)]
    rows = [(day, *corners[rng.integers(len(corners))], "find") for day, *_ in steady(rng)]
    found = notes_of(tmp_path, area, rows, digits=3)
    [note] = found["shared points"]
    assert f"lie on {len(corners)} points" in note.sentence
    assert "though the format calls them exact" in note.sentence
    [rounded] = found["rounded coordinates"]
    assert rounded.sentence == "degrees have 3 decimals: places lie on a grid of about 111 m"


def test_identical_rows_are_counted_and_kept(tmp_path, area, rng):
    text = format_text("points-csv", tmp_path).replace('rule = "id"', 'rule = "none"')
    (tmp_path / "no-id.toml").write_text(text)
    rows = steady(rng, 0.5)
    [note] = notes_of(tmp_path, area, rows + rows[:7], input_format="no-id.toml")["identical rows"]
    assert note.rows == 7
