"""Counts by square cell and day: exact on edges, equal to a count row by row, made anew when rows or grid change."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DesignError
from geoharm.ingest.events import ingest_events
from geoharm.model.grid import Grid, grid_over
from geoharm.model.measure import Harm, Measure
from geoharm.queries.counts import cell_counts
from tests.ingest.test_consolidate import open_with, scattered

MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))


def slow_cell(x, y, grid):
    """Walk along the edges until one lies beyond the point."""
    column = next((i for i in range(grid.nx) if grid.x0 + i * grid.cell <= x < grid.x0 + (i + 1) * grid.cell), None)
    row = next((j for j in range(grid.ny) if grid.y0 + j * grid.cell <= y < grid.y0 + (j + 1) * grid.cell), None)
    return -1 if column is None or row is None else row * grid.nx + column


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0.1, 500),
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from([-1, 0, 1]),
)
def test_a_point_on_an_edge_or_the_next_number_beside_it(cell, corner, i, j, ulp):
    grid = Grid(corner[0], corner[1], cell, 12, 11)
    x, y = grid.x0 + i * cell, grid.y0 + j * cell
    if ulp:
        x, y = np.nextafter(x, ulp * np.inf), np.nextafter(y, ulp * np.inf)
    assert grid.cell_of(np.array([x]), np.array([y])).tolist() == [slow_cell(x, y, grid)]


def test_cells_of_whole_metres_are_those_of_exact_arithmetic():
    grid = Grid(300_000, 390_000, 50, 40, 30)
    rng = np.random.default_rng(5)
    x, y = rng.integers(299_000, 303_000, 2_000) / 2 + 150_000, rng.integers(389_000, 393_000, 2_000) / 2 + 195_000
    for px, py, found in zip(x, y, grid.cell_of(x, y), strict=True):
        column, row = ((Fraction(p) - Fraction(c)) // 50 for p, c in ((px, grid.x0), (py, grid.y0)))
        assert found == (row * 40 + column if 0 <= column < 40 and 0 <= row < 30 else -1)


def test_points_that_are_not_finite_are_off_the_grid():
    values = np.array([np.nan, np.inf, -np.inf, 1e308])
    assert Grid(0, 0, 50, 3, 3).cell_of(values, np.full(4, 10.0)).tolist() == [-1] * 4


def read(tmp_path, area, span, rows):
    context, files, input_format = open_with(tmp_path, area, span, rows)
    with context as store:
        ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
    return files


def test_counts_are_those_of_a_count_row_by_row(tmp_path, area, span):
    rng = np.random.default_rng(6)
    rows = [(*row[:3], f"2020-0{rng.integers(1, 4)}-1{rng.integers(0, 9)}") for row in scattered(400, rng)]
    rows += [(None, None, None, "2020-06-01")] * 7 + [(9_000.0, 0.0, None, "2020-06-01")] * 5
    read(tmp_path, area, span, rows)
    grid = grid_over(area.boundary, cell=700)
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        cells, days, counts = cell_counts(store, MEASURE, grid)
        events = store.connection.execute("SELECT x, y, day FROM tidy.event WHERE place = 'inside'").fetchall()
    expected = Counter((slow_cell(x, y, grid), day) for x, y, day in events)
    assert dict(zip(zip(cells.tolist(), days.tolist(), strict=True), counts.tolist(), strict=True)) == expected
    assert counts.sum() == 400
    assert sorted(zip(cells, days, strict=True)) == list(zip(cells, days, strict=True))


def test_a_measure_of_some_categories_and_another_grid(tmp_path, area, span):
    read(tmp_path, area, span, scattered(50, np.random.default_rng(7)))
    other = Measure("others", "s", ("something else",), "requests", "public", Harm("community", "environment"))
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        coarse = cell_counts(store, MEASURE, grid_over(area.boundary, cell=10_000))
        fine = cell_counts(store, MEASURE, grid_over(area.boundary, cell=100))
        assert cell_counts(store, other, grid_over(area.boundary, cell=100))[0].size == 0
    assert (coarse[2].sum(), fine[2].sum()) == (50, 50)
    assert coarse[0].size < fine[0].size


def test_other_rows_make_other_counts(tmp_path, area, span):
    rng = np.random.default_rng(8)
    grid = grid_over(area.boundary, cell=500)
    context, files, input_format = open_with(tmp_path, area, span, scattered(30, rng))
    with context as store:
        ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
        assert cell_counts(store, MEASURE, grid)[2].sum() == 30
        lines = files[0].path.read_text(encoding="utf-8").splitlines(keepends=True)
        files[0].path.write_text("".join(lines[:21]), encoding="utf-8")
        ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
        assert cell_counts(store, MEASURE, grid)[2].sum() == 20


def test_a_grid_that_does_not_cover_the_area_is_refused(tmp_path, area, span):
    read(tmp_path, area, span, scattered(50, np.random.default_rng(9)))
    small = grid_over(shapely.box(*(value for value in (*area.boundary.centroid.coords[0],) * 2)).buffer(500), cell=100)
    with (
        open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store,
        pytest.raises(
            DesignError, match=r"The grid does not cover the study area: \d+ of 50 places of \"s\" lie outside it"
        ),
    ):
        cell_counts(store, MEASURE, small)
