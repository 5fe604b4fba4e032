"""Dated points: the points of a window, day by day, with the same total."""

from __future__ import annotations

from datetime import date

import numpy as np

from geoharm.engines.duckdb import open_engine
from geoharm.model.period import Period, Window
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import dated_points, located_points
from geoharm.study.read import read_study
from tests.conftest import small_study


def test_dated_points_add_up_to_the_points(tmp_path):
    study = read_study(small_study(tmp_path))
    window = Window("some", (Period(date(2020, 3, 1), date(2020, 9, 1)), Period(date(2021, 1, 1), date(2021, 2, 1))))
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:
        load_sources(engine, study, tmp_path)
        plain = located_points(engine, study.measures[0], window)
        dated = dated_points(engine, study.measures[0], window)
    assert dated.weight.sum() == plain.total > 100
    assert len(np.unique(np.column_stack([dated.x, dated.y]), axis=0)) == len(plain)
    month = dated.day.astype("datetime64[M]").astype(str)
    assert set(month) == {*(f"2020-{m:02d}" for m in range(3, 9)), "2021-01"}
