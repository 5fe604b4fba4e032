"""Months that hold no usable row: gaps where chance would not bring them, counts of zero in rare sources."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.period import Period
from tests.conftest import lonlat
from tests.ingest.test_reading import HEADER, LAT, LON

YEARS = Period(date(2019, 1, 1), date(2022, 1, 1))
GONE = (date(2020, 6, 1), date(2020, 7, 1))
FAR = lonlat(20_000, 0)


def lines(rate, *, gone, made=None, seed=3):
    """Rows of three years; of the months `gone`, none or what `made` makes of a row's day and number."""
    rng = np.random.default_rng(seed)
    for month in YEARS.months():
        for number in range(rng.poisson(rate)):
            day = month.replace(day=int(rng.integers(1, 29)))
            if month not in gone:
                yield f"{month:%Y%m}-{number},{day},{LON + number * 1e-5:.5f},{LAT:.5f},find\n"
            elif made:
                yield made(f"{month:%Y%m}-{number}", day, number)


def ledger_of(folder, area, rows, covers=None):
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "a.csv").write_text(HEADER + "".join(rows))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        return ingest_events(
            store, "s", input_format=read_format("points-csv", folder), files=find_input_files(["a.csv"], inbox, members=()),
            area=area, period=YEARS, covers=covers,
        )  # fmt: skip


UNUSABLE = {
    "no row": None,
    "rejected": lambda key, day, _: f"{key},{day:%d.%m.%Y},{LON},{LAT},find\n",
    "without coordinates": lambda key, day, _: f"{key},{day},,,find\n",
    "coordinates of nowhere": lambda key, day, _: f"{key},{day},500000,4983000,find\n",
    "nearly all without coordinates": lambda key, day, n: (
        f"{key},{day},{LON if n % 20 == 0 else ''},{LAT if n % 20 == 0 else ''},find\n"
    ),
    "another grid, next door": lambda key, day, _: f"{key},{day},{FAR[0]},{FAR[1]},find\n",
}


@pytest.mark.parametrize("covers", [None, YEARS], ids=["no covers", "covers"])
@pytest.mark.parametrize("why", UNUSABLE)
def test_a_month_without_a_usable_row_is_a_gap(why, covers, tmp_path, area):
    ledger = ledger_of(tmp_path, area, lines(60, gone=GONE, made=UNUSABLE[why]), covers)
    assert ledger.missing_months == GONE
    assert ledger.whole_period.days == ledger.coverage.days - 61
    assert ledger.total("read") == ledger.total("kept") + ledger.total("rejected") + ledger.total("duplicate")


@pytest.mark.parametrize("covers", [None, YEARS], ids=["no covers", "covers"])
def test_empty_months_of_a_rare_source_are_zeros(covers, tmp_path, area):
    ledger = ledger_of(tmp_path, area, lines(1.2, gone=GONE), covers)
    assert ledger.missing_months == ()


def test_covers_that_go_on_after_the_last_row(tmp_path, area):
    """The files end in September; three months without any of 60 rows are no zeros."""
    gone = tuple(date(2021, month, 1) for month in (10, 11, 12))
    assert ledger_of(tmp_path, area, lines(60, gone=gone), YEARS).missing_months == gone
    rare = ledger_of(tmp_path, area, lines(1.2, gone=gone), YEARS)
    assert rare.missing_months == ()
    assert rare.coverage == YEARS


def test_some_rows_without_coordinates_make_no_gap(tmp_path, area):
    def half(key, day, number):
        return f"{key},{day},{LON if number % 2 else ''},{LAT if number % 2 else ''},find\n"

    assert ledger_of(tmp_path, area, lines(60, gone=GONE, made=half)).missing_months == ()


def test_a_source_without_places_is_judged_by_its_rows(tmp_path, area):
    rows = [line.replace(f"{LAT:.5f}", "").replace(line.split(",")[2], "") for line in lines(60, gone=GONE)]
    assert ledger_of(tmp_path, area, rows).missing_months == GONE


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(months=st.sets(st.integers(1, 34), min_size=1, max_size=6), rate=st.integers(25, 80), seed=st.integers(0, 99))
def test_any_months_of_an_ordinary_source(months, rate, seed, tmp_path_factory, area):
    gone = tuple(month for number, month in enumerate(YEARS.months()) if number in months)
    ledger = ledger_of(tmp_path_factory.mktemp("c"), area, lines(rate, gone=gone, seed=seed))
    assert ledger.missing_months == gone
