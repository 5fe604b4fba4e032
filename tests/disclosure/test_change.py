"""Change as it may be published: classes only, nothing under k, chance grey, words that claim no cause."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from geoharm.disclosure.change import protect_change
from geoharm.disclosure.classed_images import change_classes, change_image
from geoharm.hotspots.results.change import ChangeKind, ChangeResult, ChangeSurface
from geoharm.model.grid import grid_over
from geoharm.model.measure import Harm, Measure
from geoharm.model.settings import Correction
from geoharm.report import palette
from geoharm.report.wording.change import change_note, change_reading

MEASURE = Measure(
    "finds",
    source="reports",
    categories=(),
    unit="requests",
    recorded_by="public",
    harm=Harm("community", "environment"),
)


@pytest.fixture
def change(area):
    """Six rows of cells: nothing there, chance, half, fewer, more, from nothing."""
    grid = grid_over(area.boundary, cell=1000)
    ratio = np.full(grid.shape, 0.1)
    adjusted = np.full(grid.shape, 0.5)
    ratio[2], ratio[3], ratio[4], ratio[5] = -1.0, -0.2, 0.3, np.inf
    adjusted[2:6] = 0.01
    p = np.full(grid.shape, 0.01)
    p[0], adjusted[0], ratio[0] = np.nan, np.nan, np.nan
    many = np.full(grid.shape, 9, dtype=np.int64)
    return ChangeSurface(
        grid, ChangeKind.INTENSITY, ratio, p, adjusted, Correction.STEP_DOWN, many, many.copy(), 300.0, 0.05,
        (100.0, 90.0), 80, "reports of one place within 1 day count as one unit", 999, 7,
    )  # fmt: skip


def test_classes_by_row(change):
    assert [set(row) for row in change_classes(change)[:6].tolist()] == [{0}, {1}, {2}, {3}, {4}, {5}]


def test_picture_has_the_colours_of_change(change, area):
    found = change_image(change, area, 5)
    assert palette.SCHEMES[found.scheme] == palette.CHANGE
    assert set(np.unique(found.classes)) <= {0, 1, 2, 3, 4, 5}
    assert {2, 3, 4} <= set(np.unique(found.classes))


@pytest.mark.parametrize("field", ["support", "places"])
def test_cells_on_fewer_than_k_are_blank(change, area, field):
    few = np.full(change.grid.shape, 9, dtype=np.int64)
    few[2] = 4
    thin = dataclasses.replace(change, **{field: few})
    assert 2 not in change_image(thin, area, 5).classes
    assert 2 in change_image(thin, area, 1).classes
    areas = protect_change(ChangeResult(MEASURE, "Op", (thin,)), area, 5).areas[ChangeKind.INTENSITY]
    whole = protect_change(ChangeResult(MEASURE, "Op", (change,)), area, 5).areas[ChangeKind.INTENSITY]
    assert areas.fewer + areas.more + areas.chance < whole.fewer + whole.more + whole.chance


def test_the_reading_says_question_ground_and_chance(change, area):
    shown = protect_change(ChangeResult(MEASURE, "Op", (change,)), area, 5)
    reading = change_reading(shown, ChangeKind.INTENSITY)
    assert reading.startswith("Did the number of events a year change here? Fewer events: ")
    assert "chance can explain the rest" in reading
    assert "5% chance of any coloured cell" in change_note(shown)
    assert "not an effect of the operation" in change_note(shown)


def test_no_change_is_no_area(change, area):
    calm = dataclasses.replace(change, adjusted=np.full(change.grid.shape, 0.9))
    shown = protect_change(ChangeResult(MEASURE, "Op", (calm,)), area, 5)
    reading = change_reading(shown, ChangeKind.INTENSITY)
    assert (shown.areas[ChangeKind.INTENSITY].fewer, shown.areas[ChangeKind.INTENSITY].more) == (0.0, 0.0)
    assert "Fewer events: none; more events: none" in reading


def test_without_an_answer_there_is_a_reason_and_no_picture(area):
    shown = protect_change(ChangeResult(MEASURE, "Op", (), "There are no located events."), area, 5)
    assert shown.pictures == {}
    assert change_note(shown) == "There are no located events."
