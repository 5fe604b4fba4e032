"""One of several studies, run in a process of its own; it tells the process that started it how far it has come."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from geoharm.cli.signals import until_stopped


@dataclass(frozen=True, slots=True)
class StudyTask:
    """What a process is to do.

    Attributes
    ----------
    study_file, data, out, database : Path
        As `geoharm.pipeline.run.run` takes them.
    """

    study_file: Path
    data: Path
    out: Path
    database: Path


@dataclass(frozen=True, slots=True)
class StudyEnd:
    """How a study ended.

    Attributes
    ----------
    code : int
        The exit code that a run of this study alone would have had.
    sentence : str
        What went wrong; empty if it is done.
    record : dict
        As `geoharm.cli.run_lines.run_record` returns it; empty if it is not done.
    lines : tuple of str
        What was found and written, for people.
    """

    code: int
    sentence: str = ""
    record: dict[str, Any] | None = None
    lines: tuple[str, ...] = ()


def work(connection: Connection, task: StudyTask) -> None:
    """Run a study and send ("plan", steps), ("show", step, done, total), ("tell", sentence) and at last ("end", StudyEnd).

    A signal of the terminal is left to the process that started this one: it ends all of them, by SIGTERM where there is one.
    """
    ignored = (signal.SIGINT,) if os.name == "posix" else ()
    code, _ = until_stopped(lambda is_stopped: _run(connection, task, is_stopped), ignored=ignored)
    raise SystemExit(code)


def _run(connection: Connection, task: StudyTask, is_stopped: Callable[[], bool]) -> int:
    from geoharm.cli import run_lines  # noqa: PLC0415 -- a signal during these imports is seen to
    from geoharm.cli.outcome import outcome  # noqa: PLC0415

    ends: list[StudyEnd] = []

    def study() -> None:
        from geoharm.pipeline.planned_steps import run_steps  # noqa: PLC0415 -- an error of these imports is a sentence
        from geoharm.pipeline.run import run  # noqa: PLC0415
        from geoharm.study.read import read_study  # noqa: PLC0415

        read = read_study(task.study_file)
        connection.send(("plan", run_steps(read, task.data)))
        study_run = run(
            read,
            data=task.data,
            out=task.out,
            database=task.database,
            progress=lambda step, done, total: connection.send(("show", step, done, total)),
            on_gone=lambda sentence: connection.send(("tell", sentence)),
            on_long=lambda sentence: connection.send(("tell", sentence)),
        )
        lines = (*run_lines.answer_lines(study_run), *run_lines.file_lines(study_run))
        ends.append(StudyEnd(0, record=run_lines.run_record(study_run), lines=lines))

    code, sentence = outcome(study, is_stopped)
    connection.send(("end", ends[0] if ends else StudyEnd(code, sentence)))
    return code
