"""A run that will take long says so beforehand, with the way out; one that no office computer can do is refused."""

from __future__ import annotations

import pytest

from geoharm.errors import StudyError
from geoharm.pipeline.run import run
from geoharm.pipeline.workload import check_workload, workload
from geoharm.scaffold.areas import circle_geojson
from geoharm.study.read import read_study
from tests.conftest import lonlat, small_study


def study_of(folder, radius, cell=50):
    path = small_study(folder)
    (folder / "area.geojson").write_text(circle_geojson(*lonlat(0, 0), radius))
    path.write_text(
        path.read_text(encoding="utf-8") + f"\n[hotspots]\ncell = {cell}\nbandwidth = {max(300, cell)}\n",
        encoding="utf-8",
    )
    return read_study(path)


# Radius, cell, and the seconds and bytes that were measured.
MEASURED = [
    (3_000, 50, 5.4, 0.52e9),
    (10_000, 50, 15.3, 0.59e9),
    (20_000, 50, 36.8, 0.77e9),
    (40_000, 50, 92.7, 1.51e9),
    (40_000, 200, 24.7, 0.81e9),
    (60_000, 50, 261.3, 2.56e9),
]


@pytest.mark.parametrize(("radius", "cell", "seconds", "memory"), MEASURED)
def test_the_estimate_is_near_what_was_measured(tmp_path, radius, cell, seconds, memory):
    work = workload(study_of(tmp_path, radius, cell))
    assert 0.5 < work.seconds / seconds < 2
    assert 0.65 < work.bytes / memory < 1.5


def test_a_long_run_says_so_with_the_way_out(tmp_path):
    work = check_workload(study_of(tmp_path, 100_000))
    assert work.is_long
    assert work.sentence() == (
        "A study area of 31,365 km\u00b2 has 16 million cells of 50 m over its extent: the run takes about 15 minutes and 6.5 GB of memory. "
        "It is faster with larger cells (such as cell = 150 under [hotspots]) or a smaller study area."
    )
    roomier = workload(study_of(tmp_path, 100_000, work.roomier))
    assert roomier.seconds < work.seconds / 3


def test_what_would_not_end_is_refused_before_anything_is_read(tmp_path):
    study = study_of(tmp_path, 150_000)
    (tmp_path / "reports.csv").unlink()
    with pytest.raises(StudyError, match=r"It is faster with larger cells .* At most 8 GB and 6 hours are allowed\.$"):
        run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    assert not (tmp_path / "d.duckdb").exists()


def test_an_ordinary_study_is_not_announced(root, tmp_path):
    for name in ("demo", "boston", "merseyside", "tempe"):
        assert not workload(read_study(root / "pipelines" / f"{name}.toml")).is_long, name


def test_the_sentence_comes_before_the_work(tmp_path):
    study, said = study_of(tmp_path, 100_000), []
    (tmp_path / "reports.csv").unlink()
    with pytest.raises(Exception, match="No file matches"):
        run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb", on_long=said.append)
    assert len(said) == 1
