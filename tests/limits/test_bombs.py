"""Every bomb is refused in one sentence, within the time and memory that the page of limits promises."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import small_study
from tests.limits.bombs import BOMBS, FORMAT, Bomb

SECONDS, BYTES = 5, 1 << 30
ADDRESS_SPACE = 2 << 30
COLUMNS = 'id = "id"\nlongitude = "longitude"\nlatitude = "latitude"\ncategory = "category"\n'


def run_limited(*arguments: str, folder: Path) -> tuple[int, str, float, int]:
    """Run the command line under a limit on memory; return the exit code, what it said, its seconds and its bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))

    said = folder / "said.txt"
    with said.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "geoharm", *arguments], cwd=folder, stdout=stream, stderr=stream, preexec_fn=limit,  # noqa: PLW1509 -- no thread of the tests is running
            env=os.environ | {"GEOHARM_TRACEBACK": "", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said.read_text(encoding="utf-8"), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def read_by(bomb: Bomb, folder: Path) -> tuple[int, str, float, int]:
    if bomb.container:
        columns = COLUMNS if bomb.container in ("csv", "excel", "parquet") else ""
        (folder / "own.toml").write_text(FORMAT.format(container=bomb.container, columns=columns))
        return run_limited("formats", "check", bomb.name, "--format", "own.toml", folder=folder)
    if bomb.name != "study.toml":
        study = small_study(folder)
        text = study.read_text(encoding="utf-8")
        if bomb.name == "people.tif":
            text += '\n[change]\npeople = "people.tif"\n'
        else:
            text = text.replace("target.geojson", bomb.name)
        bomb.make(folder / bomb.name)
        study.write_text(text, encoding="utf-8")
    return run_limited("check", "study.toml", folder=folder)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as Linux does")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_five_seconds_and_a_gigabyte(name, tmp_path):
    bomb = BOMBS[name]
    if bomb.container or bomb.name == "study.toml":
        bomb.make(tmp_path / bomb.name)
    code, said, seconds, used = read_by(bomb, tmp_path)
    assert bomb.says in said
    assert "Traceback" not in said
    assert "panicked" not in said
    assert code == (1 if bomb.says else 0), said
    assert seconds < SECONDS
    assert used < BYTES
