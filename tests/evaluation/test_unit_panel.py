"""The unit panel: every located event in one cell, and the same totals as the zones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DesignError
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.calibrated_ratio import placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import placebo_places
from geoharm.evaluation.placebo.unit_panel import _distinct_cells, unit_panel
from geoharm.model.design import ALL_RINGS
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, Window
from geoharm.model.reading import MAX_MARGIN
from geoharm.pipeline.designs import design_operations
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import dated_points, located_points, zone_counts
from geoharm.study.read import read_study
from tests.conftest import small_study


@pytest.fixture
def engine(tmp_path):
    """Return the engine, the study and its design; its margin is larger than a bound may be."""
    study = read_study(small_study(tmp_path))
    wide = replace(study.harm.unintended_harm, margin=2.0)
    study = replace(study, harm=replace(study.harm, unintended_harm=wide))
    with open_engine(Path(tmp_path) / "s.duckdb", inputs=tmp_path) as one:
        ledgers = load_sources(one, study, tmp_path)
        yield one, study, design_operations(study, ledgers, {})[0]


def windows():
    return (
        Window("2020", (Period(date(2020, 1, 1), date(2021, 1, 1)),)),
        Window("spring", (Period(date(2020, 3, 1), date(2020, 6, 1)), Period(date(2021, 3, 1), date(2021, 6, 1)))),
    )


def test_the_margin_of_a_design_is_that_of_its_study_and_at_most_one_half(engine):
    _, study, design = engine
    assert study.harm.unintended_harm.margin == 2.0
    assert design.margin == MAX_MARGIN == 0.5


def test_every_located_event_counts_once_a_window(engine):
    one, study, _ = engine
    measure = study.measures[0]
    panel = unit_panel(measure.name, dated_points(one, measure), windows(), cell=40.0, origin=(0.0, 0.0))
    for number, window in enumerate(windows()):
        points = located_points(one, measure, window)
        assert panel.counts[:, number].sum() == points.total
        # By a slow count of one cell at a time.
        cells = {}
        for x, y, weight in zip(points.x, points.y, points.weight, strict=True):
            key = (int(y // 40), int(x // 40))
            cells[key] = cells.get(key, 0) + weight
        ours = dict(
            zip(
                zip(panel.row.tolist(), panel.column.tolist(), strict=True),
                panel.counts[:, number].tolist(),
                strict=True,
            )
        )
        assert {key: value for key, value in ours.items() if value} == cells


def test_cells_come_once_and_in_order(engine):
    one, study, _ = engine
    panel = unit_panel("finds", dated_points(one, study.measures[0]), windows(), cell=40.0, origin=(0.0, 0.0))
    places = list(zip(panel.row.tolist(), panel.column.tolist(), strict=True))
    assert places == sorted(set(places))
    assert panel.counts.any(axis=1).all()


def test_the_footprint_at_home_counts_what_the_zones_count(engine):
    """Within the width of a cell: the raster's footprint against the exact polygons."""
    one, study, found = engine
    measure, operation = study.measures[0], study.operations[0]
    control = found.of_role(ZoneRole.CONTROL)[0].geometry
    places = placebo_places(operation, study.area, control, [])
    counts = zone_counts(one, measure, found.zones)
    asked = placebo_windows(counts, found)
    panel = unit_panel(measure.name, dated_points(one, measure), asked, cell=places.cell, origin=places.origin)
    half = [side // 2 for side in places.footprint.shape]
    up, along = panel.row - places.operation_cell[0] + half[0], panel.column - places.operation_cell[1] + half[1]
    on = (up >= 0) & (along >= 0) & (up < places.footprint.shape[0]) & (along < places.footprint.shape[1])
    kind = np.zeros(panel.row.size, dtype=int)
    kind[on] = places.footprint[up[on], along[on]]
    target = sum(counts.total("target", window) for window in asked)
    rings = sum(counts.total(zone.name, window) for zone in found.of_role(ZoneRole.RING) for window in asked)
    assert panel.counts[kind == 1].sum() == pytest.approx(target, rel=0.1)
    assert panel.counts[kind == 2].sum() == pytest.approx(rings, rel=0.1)


def test_twelve_months_before_are_too_few_and_it_is_said(engine):
    one, study, found = engine
    measure, operation = study.measures[0], study.operations[0]
    places = placebo_places(operation, study.area, found.of_role(ZoneRole.CONTROL)[0].geometry, [])
    counts = zone_counts(one, measure, found.zones)
    panel = unit_panel(
        measure.name, dated_points(one, measure), placebo_windows(counts, found), cell=places.cell, origin=places.origin
    )
    data = placebo_data(places, panel, found)
    assert data.months == 12
    result = evaluate_measure(measure, counts, found, data)
    for name in ("target", ALL_RINGS, "target and rings"):
        effect = result.effect(name)
        assert effect.is_refused
        assert "12 months before the operation, and 18 are needed" in effect.ratio.note
        assert np.isnan(effect.interval.low)
        # What stays beside it is the interval of counting noise.
        assert np.isfinite(effect.counting.low)
        assert effect.change == pytest.approx(effect.after - effect.expected)
    assert not result.effect("50-250 m").ratio.calibrated


def test_a_cell_without_a_size_is_refused(engine):
    one, study, _ = engine
    with pytest.raises(DesignError, match="cell"):
        unit_panel("finds", dated_points(one, study.measures[0]), windows(), cell=0.0, origin=(0.0, 0.0))


def test_a_window_that_cuts_a_month_is_refused_where_the_source_has_months(engine):
    one, study, _ = engine
    points = dated_points(one, study.measures[0])
    half = Window("half a month", (Period(date(2020, 1, 1), date(2020, 1, 15)),))
    with pytest.raises(DesignError, match='"finds" is dated by month; the window "half a month" must start and end on'):
        unit_panel("finds", points, [half], cell=40.0, origin=(0.0, 0.0), precision="month")
    assert unit_panel("finds", points, [half], cell=40.0, origin=(0.0, 0.0)).counts.sum() > 0


@given(pairs=st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), max_size=60))
def test_distinct_cells_are_those_of_sorted_pairs(pairs):
    """The slow way: sort the set of pairs, and look each one up."""
    rows, columns = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    cells, positions = _distinct_cells(rows, columns)
    expected = sorted(set(pairs))
    assert [tuple(cell) for cell in cells.tolist()] == expected
    assert [expected[position] for position in positions.tolist()] == pairs
