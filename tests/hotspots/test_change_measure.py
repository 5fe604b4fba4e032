"""One measure's change around one operation: every question with the study's settings, or why there is no answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoharm.hotspots.change.measure import measure_change
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.points import Points
from geoharm.model.settings import ChangeSettings
from tests.disclosure.test_protect import MEASURE, design
from tests.disclosure.test_protect import study as made_study
from tests.hotspots.test_measure_patterns import events_of


@pytest.fixture(scope="module")
def events(area):
    return events_of(area, months=30)


def test_both_questions_with_the_settings_of_the_study(area, events):
    settings = ChangeSettings(permutations=99, level=0.1, block_days=7, block_metres=200.0, adaptive=True)
    found = measure_change(
        MEASURE, events, study=replace(made_study(area), change=settings), windows=design(area).windows, bandwidth=600.0
    )
    assert [one.kind for one in found.surfaces] == [ChangeKind.INTENSITY, ChangeKind.SHARE]
    for one in found.surfaces:
        assert (one.permutations, one.level, one.adaptive, one.grid.cell) == (99, 0.1, True, 200.0)
        assert one.block_rule == "reports of one square of 200 m within 7 days count as one unit"


def test_with_people_a_third_question_is_asked(area, events):
    west, south, east, north = area.boundary.bounds
    x, y = np.meshgrid(np.linspace(west + 50, east - 50, 60), np.linspace(south + 50, north - 50, 60))
    settings = ChangeSettings(permutations=199, people=Points(x.ravel(), y.ravel(), np.full(x.size, 10.0)))
    found = measure_change(
        MEASURE, events, study=replace(made_study(area), change=settings), windows=design(area).windows, bandwidth=600.0
    )
    risk = found.surfaces[2]
    assert risk.kind is ChangeKind.POPULATION
    centre = area.boundary.centroid
    row, column = divmod(int(risk.grid.cell_of(np.array([centre.x]), np.array([centre.y]))[0]), risk.grid.nx)
    assert risk.flagged[row, column]
    assert risk.log_ratio[row, column] > 1


def test_an_empty_window_is_a_sentence(area, events):
    early = events.in_window(design(area).before)
    before = replace(events, x=events.x[early], y=events.y[early], day=events.day[early], weight=events.weight[early])
    found = measure_change(MEASURE, before, study=made_study(area), windows=design(area).windows, bandwidth=600.0)
    assert found.surfaces == ()
    assert found.note == 'There are no located events in the window "after", so no ratio can be drawn.'
