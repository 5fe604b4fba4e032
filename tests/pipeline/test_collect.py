"""The database is asked once: after `collect` it is closed, and the analysis needs nothing but the collected data."""

from __future__ import annotations

import ast

import duckdb
import numpy as np
import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, Window
from geoharm.pipeline.analyse import analyse
from geoharm.pipeline.collect import collect_baseline, collect_markets, collect_power, collect_study
from geoharm.pipeline.load import load_sources, load_tables
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study

MAY_ASK = {"load", "collect"}
MAY_OPEN = {"run", "decide"}


def collected(folder, collect=collect_study):
    study = read_study(folder / "study.toml")
    with open_engine(folder / "c.duckdb", inputs=folder) as engine:
        ledgers = load_sources(engine, study, folder)
        tables = load_tables(engine, study, folder)
        return collect(engine, study, ledgers), tables


def test_the_analysis_needs_no_database(tmp_path, monkeypatch):
    """With the database deleted and every connection refused, the results are those of a run."""
    small_study(tmp_path)
    study = read_study(tmp_path / "study.toml")
    expected = run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "r.duckdb").result
    data, tables = collected(tmp_path)
    (tmp_path / "c.duckdb").unlink()

    def refuse(*_arguments, **_options):
        pytest.fail("the database was opened")

    monkeypatch.setattr(duckdb, "connect", refuse)
    result = analyse(data, tables)
    (operation,), (expected_operation,) = result.operations, expected.operations
    (measure,), (expected_measure,) = operation.measures, expected_operation.measures
    assert measure.effects == expected_measure.effects
    assert [row.sentence for row in measure.displacement_types] == [
        row.sentence for row in expected_measure.displacement_types
    ]
    assert [len(spots.hotspots) for spots in result.hotspots] == [len(spots.hotspots) for spots in expected.hotspots]


@pytest.mark.parametrize(
    ("collect", "with_designs", "with_counts", "with_nights"),
    [
        (collect_study, True, True, False),
        (collect_power, False, True, False),
        (collect_baseline, False, False, False),
        (collect_markets, False, False, True),
    ],
)
def test_each_verb_collects_what_it_uses(tmp_path, collect, with_designs, with_counts, with_nights):
    small_study(tmp_path)
    data, _ = collected(tmp_path, collect)
    (measure,) = data.measures
    assert len(measure.points) > 2000
    assert bool(measure.zone_counts) == with_counts
    assert (measure.nights is not None) == with_nights
    assert bool(data.designs) == with_designs
    # A measure without a weight has no weighted points, and one category is no choice of categories.
    assert not measure.weighted_points
    assert not any(measure.category_counts.values())


def test_points_of_a_window_are_ordered_and_complete(tmp_path):
    small_study(tmp_path)
    data, _ = collected(tmp_path)
    (measure,), (design,) = data.measures, data.designs
    points = measure.mapped_points(design.before)
    assert points.total == sum(
        measure.zone_counts[design.operation.name].total(name, design.before)
        for name in (*(zone.name for zone in design.zones), "elsewhere in the study area")
    )
    places = list(zip(points.x, points.y, strict=True))
    assert places == sorted(set(places))
    assert measure.points.during(design.before).weight.sum() == points.total


def test_a_design_knows_its_areas_and_a_study_the_other_operations(tmp_path):
    small_study(tmp_path)
    data, _ = collected(tmp_path)
    (design,) = data.designs
    area = {role: sum(zone.geometry.area for zone in design.of_role(role)) for role in ZoneRole}
    assert design.control_area.area == pytest.approx(area[ZoneRole.CONTROL])
    assert design.ring_area.area == pytest.approx(area[ZoneRole.RING])
    assert design.exposed_area.area == pytest.approx(sum(area.values()) - area[ZoneRole.CONTROL])
    assert shapely.intersection(design.exposed_area, design.control_area).area < 1
    assert design.area_of().is_empty
    assert data.study.other_operations(design.operation) == ()
    whole = data.ledgers[0].whole_period
    assert whole == Window("whole period", (Period(data.ledgers[0].coverage.start, data.ledgers[0].coverage.end),))
    assert np.isfinite(whole.years)


def test_only_load_and_collect_take_an_engine(root):
    """No other function of the pipeline names an engine; `run` and `decide` open one for them."""
    for path in (root / "geoharm" / "pipeline").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        takes = {
            function.name
            for function in functions
            for argument in (*function.args.args, *function.args.kwonlyargs)
            if argument.arg == "engine" or (argument.annotation and "Engine" in ast.unparse(argument.annotation))
        }
        assert not takes or path.stem in MAY_ASK, f"{path.name}: {takes}"
        opens = "open_engine" in path.read_text(encoding="utf-8")
        assert opens == (path.stem in MAY_OPEN), path.name
