"""`geoharm run` with several studies: each in a process of its own, some at a time, one line of progress each.

The exit code is 0 if all are done, else 1. One that fails does not stop the others. Ctrl-C ends all of them.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import dropwhile
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import typer

from geoharm.cli.exit_codes import FAULT, MISTAKE
from geoharm.cli.options import default_database, default_output, print_json, tell
from geoharm.cli.progress import StudiesDisplay
from geoharm.cli.study_worker import StudyEnd, StudyTask, work
from geoharm.errors import GeoharmError, StudyError
from geoharm.model.study import Study
from geoharm.pipeline.workload import workload
from geoharm.report.index import write_index
from geoharm.study.read import read_study

# Seconds for a process to take back what it has half written, before it is ended whatever it does.
_PATIENCE = 30.0
# On Windows, Ctrl-C reaches every process of the console itself, and there is no softer way to end one.
_PATIENCE_BEFORE_ENDING = 10.0 if os.name == "nt" else 0.0
_SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(slots=True)
class _Running:
    """A study that is being run."""

    process: SpawnProcess
    connection: Connection
    begun: float


def run_studies(
    files: Sequence[Path], *, data: Path, parent: Path | None, jobs: int, as_json: bool, quiet: bool
) -> None:
    """Run several studies, print what each found, and write the index of their pages.

    Parameters
    ----------
    files : sequence of Path
        Two study files or more.
    data : Path
        Folder of the files of all studies.
    parent : Path or None
        Folder for a folder of pages of each study; None for that of each study's default.
    jobs : int
        How many run at a time.
    as_json, quiet : bool

    Raises
    ------
    StudyError
        If two studies would write to one folder or database; nothing has been run then.
    typer.Exit
        With code 1 if a study failed.
    """
    ends: dict[int, StudyEnd] = {}
    studies: dict[int, Study] = {}
    for number, file in enumerate(files):
        try:
            studies[number] = read_study(file)
        except (GeoharmError, OSError) as error:
            ends[number] = StudyEnd(MISTAKE, str(error))
    tasks = {
        number: StudyTask(
            files[number],
            data,
            parent / study.slug if parent else default_output(study),
            default_database(study),
        )
        for number, study in studies.items()
    }
    _refuse_shared(list(tasks.values()))
    if not quiet and tasks:
        tell(_memory_sentence(list(studies.values()), jobs))
    with StudiesDisplay(quiet, [file.as_posix() for file in files]) as display:
        for number in ends:
            display.end(number, "failed", 0.0)
        ends |= _run_all(tasks, jobs, display)
    _print_all(files, studies, ends, as_json=as_json)
    if any(end.code == 0 for end in ends.values()):
        write_index(parent or default_output(next(iter(studies.values()))).parent)
    if any(end.code for end in ends.values()):
        raise typer.Exit(MISTAKE)


def _refuse_shared(tasks: Sequence[StudyTask]) -> None:
    """Refuse studies that would write to one folder or one database."""
    problems = []
    for what, place in (("folder of pages", "out"), ("database", "database")):
        by_place: dict[str, list[StudyTask]] = {}
        for task in tasks:
            by_place.setdefault(os.path.normcase(getattr(task, place).resolve()), []).append(task)
        problems += [
            f"{', '.join(str(task.study_file) for task in shared)} have one {what}, {getattr(shared[0], place)}; give each "
            "study file a name of its own."
            for shared in by_place.values()
            if len(shared) > 1
        ]
    if problems:
        raise StudyError(problems)


def _memory_sentence(studies: Sequence[Study], jobs: int) -> str:
    needed = sorted((workload(study).bytes for study in studies), reverse=True)
    at_once = min(jobs, len(studies))
    return (
        f"{len(studies)} studies, {at_once} at a time: up to {sum(needed[:at_once]) / 1e9:.1f} GB of memory, by the size of "
        "their study areas."
    )


def _run_all(tasks: dict[int, StudyTask], jobs: int, display: StudiesDisplay) -> dict[int, StudyEnd]:
    """Run every task in a process, some at a time, and return how each ended."""
    waiting, ends = sorted(tasks), {}
    with _processes() as running:
        while waiting or running:
            while waiting and len(running) < jobs:
                number = waiting.pop(0)
                running[number] = _started(tasks[number])
            ready = wait([one.connection for one in running.values()], timeout=_SECONDS_BETWEEN_LOOKS)
            for number in [number for number, one in running.items() if one.connection in ready]:
                end = _heard(number, running[number], display)
                if end is not None:
                    one = running.pop(number)
                    one.process.join()
                    one.connection.close()
                    ends[number] = end
                    display.end(number, "failed" if end.code else "done", time.monotonic() - one.begun)
    return ends


def _started(task: StudyTask) -> _Running:
    # A new interpreter, on every system: a fork would take over the threads and locks of this process.
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(there, task))
    process.start()
    there.close()
    return _Running(process, here, time.monotonic())


def _heard(number: int, one: _Running, display: StudiesDisplay) -> StudyEnd | None:
    """Take in one message of a process; return how its study ended, if it did."""
    try:
        kind, *said = one.connection.recv()
    except EOFError:
        one.process.join()
        return StudyEnd(
            FAULT,
            f"The process of this study ended without an answer (exit code {one.process.exitcode}); if that was for want of "
            "memory, take a smaller --jobs.",
        )
    if kind == "end":
        end: StudyEnd = said[0]
        return end
    if kind == "plan":
        display.plan(number, said[0])
    elif kind == "show":
        display.show(number, *said)
    else:
        display.tell(number, said[0])
    return None


@contextmanager
def _processes() -> Iterator[dict[int, _Running]]:
    """Hold processes by number; whatever ends the block early ends them, after they have taken back what they wrote."""
    running: dict[int, _Running] = {}
    try:
        yield running
    finally:
        _end_all([one.process for one in running.values()])


def _end_all(processes: Sequence[SpawnProcess]) -> None:
    begun, asked = time.monotonic(), False
    while any(process.is_alive() for process in processes):
        # The signal that ended the block comes again until all is over.
        try:
            taken = time.monotonic() - begun
            if not asked and taken >= _PATIENCE_BEFORE_ENDING:
                asked = True
                for process in processes:
                    process.terminate()
            if taken > _PATIENCE:
                for process in processes:
                    process.kill()
            wait([process.sentinel for process in processes], timeout=_SECONDS_BETWEEN_LOOKS)
            processes = [process for process in processes if process.is_alive()]
        except KeyboardInterrupt:
            continue


def _print_all(files: Sequence[Path], studies: dict[int, Study], ends: dict[int, StudyEnd], *, as_json: bool) -> None:
    """Print what every study found, in the order in which they were named, and at last what failed."""
    failed = [number for number in sorted(ends) if ends[number].code]
    if as_json:
        print_json({"studies": [_record(file, ends[number]) for number, file in enumerate(files)]})
    else:
        for number, file in enumerate(files):
            if number not in failed:
                print(f"{file}: {studies[number].name}")
                for line in dropwhile(lambda line: not line, ends[number].lines):
                    print(f"  {line}" if line else "")
                print()
        print(f"{len(files) - len(failed)} of {len(files)} studies are done{', and these failed:' if failed else '.'}")
    for number in failed:
        print(f"{files[number]}: {ends[number].sentence}", file=sys.stderr)


def _record(file: Path, end: StudyEnd) -> dict[str, Any]:
    return {"study_file": str(file), "exit_code": end.code, "error": end.sentence} | (end.record or {})
