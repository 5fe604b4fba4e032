"""Nothing is asked of the network: the demo runs without one, and the bytes are those of a run with one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.cut_off import cut_off

NO_WAY = "the network cannot be cut off here"


def test_the_demo_is_run_without_a_network(demo_run, pages):
    """All tests of its pages are tests of pages that were made so."""
    if not (demo_run / "cut-off").is_file():
        pytest.skip(NO_WAY)
    assert {path.name for path in pages.rglob("*")} >= {"report.html", "map.html", "run.json"}


def test_a_study_gives_the_same_bytes_without_a_network(tmp_path):
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    way = cut_off(blocks)
    if way is None:
        pytest.skip(NO_WAY)
    before, environment = way
    study = small_study(tmp_path)
    files = 'files = ["figures", "tables", "workbook", "geopackage"]\n'
    study.write_text(study.read_text(encoding="utf-8") + files, encoding="utf-8")
    finished = subprocess.run(
        [*before, sys.executable, "-m", "geoharm", "run", study.name, "--data", ".", "--out", "without", "--db", "1.duckdb"],
        check=False, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=900, env=environment,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    run(read_study(study), data=tmp_path, out=tmp_path / "with", database=tmp_path / "2.duckdb")
    without, with_one = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("without", "with")
    )
    assert len(with_one) > 10
    assert without == with_one
