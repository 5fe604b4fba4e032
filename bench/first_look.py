"""From a folder of files to a map, as a user types it: the dialogue of `geoharm new` in a pseudo-terminal, then `geoharm run`.

Run as ``python -m bench.first_look [--quick] [--data FOLDER]``; POSIX only. Five real folders (`../shared/data`): each dialogue is
typed line by line, waiting for the prompt as a person does, with one wrong answer in each; lists of places without dates have no
study, so `geoharm hotspots` maps them. ``--quick`` takes the smallest folder only.

Prints the minutes from the first command to the map, the answers typed, and how many were asked again; then one JSON object a line.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = (sys.executable, "-c", "from geoharm.cli.start import main; main()")
_PATIENCE_SECONDS = 1_800.0
_QUIET_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Case:
    """A folder, what is typed after the prompts, and which of its files are looked at.

    Attributes
    ----------
    folder : str
    answers : tuple of (str, str)
        The beginning of a prompt, and what is typed there; prompts come in this order.
    files : tuple of str
        Patterns; empty for all.
    """

    folder: str
    answers: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()


AREA, PRIMARY, NAME = "Enter takes it", "Its number, or any category", "Name of the operation"
START, END, TARGET, TACTIC, RINGS = "Its first day", "Its last day", "Target area", "Its number", "Gap and outer"
HARMS, ACTIVITY = "Which are a harm", "Which are what police"

CASES = (
    Case(
        "tempe-ems",
        ((AREA, "nowhere.geojson"), (AREA, ""), (NAME, "Outreach"), (START, "2021-05-01"), (END, ""), (TARGET, "1"),
         (TACTIC, "14"), (RINGS, "")),
    ),
    Case(
        "boston-needles",
        ((AREA, ""), (NAME, "Clean Sweep"), (START, "August"), (START, "2019-08-01"), (END, "2019-08-02"), (TARGET, "1"),
         (TACTIC, ""), (RINGS, "")),
        ("needle_201*.geojson.gz",),
    ),
    Case("boston-police", ((AREA, ""), (PRIMARY, "9"), (PRIMARY, "1"), (NAME, ""))),
    Case("merseyside-police", ((AREA, ""), (HARMS, "x"), (HARMS, ""), (ACTIVITY, ""), (PRIMARY, "1"), (NAME, ""))),
)  # fmt: skip
# A list of places has no dates, so that it is mapped at once.
LISTS = ("us-treatment", "us-wide-moudsCleaned.csv.gz")


def talk(words: Sequence[str], answers: Sequence[tuple[str, str]], folder: Path) -> tuple[str, int]:
    """Return what a command showed in a pseudo-terminal of 80 columns, and its exit code.

    Parameters
    ----------
    words : sequence of str
        The command line.
    answers : sequence of (str, str)
        As in `Case`.
    folder : Path
        The working folder.

    Raises
    ------
    TimeoutError
        If a prompt does not come.
    """
    import pty  # noqa: PLC0415 -- POSIX only

    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, cwd=folder, close_fds=True, env=environment, start_new_session=True
    )  # fmt: skip
    os.close(slave)
    shown, last, left, end = "", 0, list(answers), time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        if select.select([master], [], [], _QUIET_SECONDS)[0]:
            try:
                shown += os.read(master, 65_536).decode("utf-8", "replace").replace("\r", "")
            except OSError:  # the other end is closed
                break
        elif left and shown.endswith(": ") and left[0][0] in shown[last:]:
            last = len(shown)
            os.write(master, f"{left.pop(0)[1]}\n".encode())
        elif process.poll() is not None:
            break
    else:
        process.kill()
        msg = f"No prompt like {left[0][0]!r} came after:\n{shown[-2_000:]}" if left else shown[-2_000:]
        raise TimeoutError(msg)
    os.close(master)
    return shown, process.wait()


def measure(case: Case, data: Path) -> dict[str, object]:
    """Return how a folder went: seconds of the dialogue and of the run, answers typed, questions asked again."""
    with tempfile.TemporaryDirectory() as folder:
        files = [word for pattern in case.files for word in ("--file", pattern)]
        begun = time.monotonic()
        shown, code = talk(
            [*PROGRAM, "new", "mine.toml", "--data", str(data / case.folder), *files], case.answers, Path(folder)
        )
        asked = time.monotonic()
        if code:
            raise RuntimeError(shown[-2_000:])
        _, code = talk(
            [*PROGRAM, "run", "mine.toml", "--data", str(data / case.folder), "--out", "out"], (), Path(folder)
        )
        mapped = (Path(folder) / "out" / "map-internal.html").is_file()
        prompts = [prompt for prompt, _ in case.answers]
        return {
            "figure": f"first look at {case.folder}", "dialogue_s": round(asked - begun, 1),
            "run_s": round(time.monotonic() - asked, 1), "answers": len(prompts), "asked_again": len(prompts) - len(set(prompts)),
            "map": mapped and code == 0,
        }  # fmt: skip


def measure_lists(data: Path) -> dict[str, object]:
    """Return how the map of a list of places went."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        path = data.joinpath(*LISTS)
        _, code = talk([*PROGRAM, "hotspots", str(path), "--out", "out"], (), Path(folder))
        mapped = (Path(folder) / "out" / "map-internal.html").is_file()
        return {
            "figure": f"first look at {LISTS[0]}", "dialogue_s": 0.0, "run_s": round(time.monotonic() - begun, 1), "answers": 0,
            "asked_again": 0, "map": mapped and code == 0,
        }  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Measure every folder, and print a table and one JSON object a line."""
    data = Path(arguments[arguments.index("--data") + 1] if "--data" in arguments else "../shared/data").resolve()
    if not data.is_dir():
        msg = f"The data folder {data} does not exist; name it with --data."
        raise SystemExit(msg)
    cases = CASES[:1] if "--quick" in arguments else CASES
    results = [measure(case, data) for case in cases]
    if "--quick" not in arguments:
        results.append(measure_lists(data))
    print(f"{'folder':<30}{'dialogue s':>12}{'run s':>8}{'answers':>9}{'again':>7}{'map':>6}")
    for one in results:
        print(
            f"{one['figure']!s:<30}{one['dialogue_s']:>12}{one['run_s']:>8}{one['answers']:>9}{one['asked_again']:>7}"
            f"{'yes' if one['map'] else 'NO':>6}"
        )
    for one in results:
        print(json.dumps(one))


if __name__ == "__main__":
    main(sys.argv[1:])
