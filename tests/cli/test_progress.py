"""Progress: on a terminal a bar with the times and the way out, elsewhere a line a step, and nothing where it is not wanted."""

from __future__ import annotations

import os
import pty
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geoharm.cli.progress import HOW_TO_STOP, ProgressDisplay, StudiesDisplay
from geoharm.pipeline.planned_steps import run_steps
from geoharm.pipeline.progress import PlannedStep
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study

posix = pytest.mark.skipif(os.name != "posix", reason="terminals as POSIX has them")
STEPS = (PlannedStep("reading reports", 1, tells_speed=False), PlannedStep("density of finds", 2))


def test_elsewhere_each_step_is_a_line_with_its_duration(capsys):
    with ProgressDisplay(quiet=False) as display:
        display.plan(STEPS)
        display.show("reading reports", 0, 2)
        display.show("reading reports: a.csv", 1, 2)
        display.tell("b.csv is gone.")
        display.show("reading reports: b.csv", 2, 2)
        display.show("density of finds", 0, 1)
        display.show("density of finds", 1, 1)
        display.show("writing pages", 0, 1)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "reading reports ...",
        "b.csv is gone.",
        "reading reports ... done in 0 s",
        "density of finds ... done in 0 s",
        "writing pages ...",
    ]


def test_quiet_shows_only_what_nobody_should_miss(capsys):
    with ProgressDisplay(quiet=True) as display:
        display.plan(STEPS)
        display.show("reading reports", 0, 1)
        display.tell("a.csv is gone.")
    assert capsys.readouterr().err == "a.csv is gone.\n"


def test_several_studies_are_a_line_each(capsys):
    with StudiesDisplay(False, ["a.toml", "b\x1b[2J.toml"]) as display:
        display.plan(0, STEPS)
        display.show(0, "density of finds", 0, 1)
        display.end(1, "failed", 0.2)
        display.end(0, "done", 65)
    assert capsys.readouterr().err.splitlines() == ["b\\u001b[2J.toml: failed in 0 s", "a.toml: done in 1:05"]


def test_a_run_does_the_steps_that_are_planned(tmp_path):
    """Else no time could be told: every planned step is reported, in that order, begun and ended, and no other."""
    study = read_study(small_study(tmp_path))
    told: list[tuple[str, int, int]] = []
    run(
        study,
        data=tmp_path,
        out=tmp_path / "out",
        database=tmp_path / "s.duckdb",
        progress=lambda *one: told.append(one),
    )
    steps = list(dict.fromkeys(step.split(": ")[0] for step, *_ in told))
    assert steps == [step.name for step in run_steps(study, tmp_path)]
    for step in steps:
        parts = [done / total for name, done, total in told if name.split(": ")[0] == step]
        assert parts == sorted(parts)
        assert parts[0] == 0


def on_a_terminal(arguments, folder: Path, columns: int = 80):
    """Start the program on a terminal of its own; return the process and where its screen is read."""
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "geoharm", *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
        env=environment | {"TERM": "xterm"}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    return process, ours


def read_until(screen: int, pattern: str, seconds: float) -> str:
    """Return what came to a screen until a pattern was in it, or until the program closed it."""
    text, end = "", time.monotonic() + seconds
    while time.monotonic() < end and not re.search(pattern, text):
        try:
            text += os.read(screen, 65536).decode("utf-8", "replace")
        except OSError:
            break
    return text


@posix
def test_on_a_terminal_it_says_what_is_done_the_times_and_how_to_stop(tmp_path):
    small_study(tmp_path)
    process, screen = on_a_terminal(["run", "study.toml", "--data", ".", "--out", "out", "--db", "s.duckdb"], tmp_path)
    text = read_until(screen, r"about [\w ]+ left", 120)
    assert HOW_TO_STOP in text
    assert re.search(r"\d+%.* so far, about [\w ]+ left", text)
    assert re.search(r"(reading|density|change|patterns|counting|evaluating)", text)
    # Ctrl-C, as the terminal sends it.
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    rest = read_until(screen, r"Stopped by Ctrl-C\.", 60)
    assert process.wait(60) == 130
    assert "Stopped by Ctrl-C." in rest
    assert time.monotonic() - begun < 60
    assert not (tmp_path / "out" / "report.html").exists()
    os.close(screen)
