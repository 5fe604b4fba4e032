"""Mutation testing: small faults are planted in a room of the package, one at a time, and the room's tests should fail.

Run ``python -m bench.mutants ROOM --rows FILE [--sample 100] [--seed 1] [--seconds 60]`` to plant faults and run the tests that
execute the line. It continues where the file ends; ``--again`` tries those once more that no test noticed, or that took too long.
With ``--tests quick`` slow tests are left out; with ``--tests named`` nothing is measured beforehand, and the tests are those whose
file imports the one with the fault: quick for all, then named for those that are left, takes the least time. Run
``python -m bench.mutants --rows FILE [--rows FILE ...]`` to count what the files hold and to list the survivors.

The faults are those of cosmic-ray (another operator, a number one more or one less, a condition negated, a loop without a
round, ...), at places outside annotations and signatures. A place is drawn first, then one of its faults. Places are drawn by a hash of their
line, so that a sample is a part of every larger one, and most of it stays when other lines change. They are planted in a copy of the
project, which the tests run in.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib
import itertools
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("evaluation", "hotspots", "harm", "disclosure")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "*.duckdb", "*.jsonl")
QUIET = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=0")
CHOSEN = {"all": "not (browser or real)", "quick": "not (slow or browser or real)"}
# Loaded once; every run of tests is a fork that has them already.
PRELOADED = (
    "numpy", "scipy.optimize", "scipy.sparse", "scipy.spatial", "scipy.stats", "shapely", "numba", "hypothesis",
)  # fmt: skip
NO_TEST_RAN = 5


@dataclass(frozen=True)
class Mutant:
    """A fault in one line.

    Attributes
    ----------
    file, line, column
        The place; the file relative to the project, the line from 1.
    operator, occurrence
        What cosmic-ray calls it, and which of its places in the file it is.
    text
        The line without the fault.
    drawn
        A hash of seed and place, by which places are ordered.
    """

    file: str
    line: int
    column: int
    operator: str
    occurrence: int
    text: str
    drawn: str


@dataclass(frozen=True)
class Coverage:
    """The tests of a room: which run a line, and how long each takes.

    Attributes
    ----------
    by_line
        Tests by file and line.
    by_file
        Tests by file.
    seconds
        Processor time of each test, with what it sets up.
    """

    by_line: dict[tuple[str, int], set[str]]
    by_file: dict[str, set[str]]
    seconds: dict[str, float]

    def tests_for(self, file: str, line: int, seconds: float) -> list[str]:
        """Return the tests that run a line, the quickest first, as many as take `seconds`.

        A line that no test runs itself (of a constant, or of a function that numba compiles) gets the tests of its file, and then
        the others of the room.
        """
        found = self.by_line.get((file, line))
        nearest = found or self.by_file.get(file, set())
        chosen, total = [], 0.0
        for test in sorted(found or self.seconds, key=lambda name: (name not in nearest, self.seconds[name], name)):
            total += self.seconds[test]
            if total > seconds and chosen:
                break
            chosen.append(test)
        return chosen

    def runs(self, file: str, line: int) -> bool:
        """Return whether a test runs a line itself."""
        return (file, line) in self.by_line


@dataclass(frozen=True)
class NamedTests:
    """The tests of a room by what they import, slow ones too: nothing is measured beforehand.

    Attributes
    ----------
    folder
        The room's tests.
    """

    folder: Path

    def tests_for(self, file: str, line: int, seconds: float) -> list[str]:  # noqa: ARG002 # as `Coverage` is asked
        """Return the test files that import a file, else all of the room, and the file itself with its examples.

        Tests that import no file of the room by its name are about all of them.
        """
        module = re.escape(file.removesuffix(".py").replace("/", "."))
        files = {path: _imports(path) for path in sorted(self.folder.glob("test_*.py"))}
        named = [path for path, lines in files.items() if re.search(rf"\b{module}\b", lines)]
        general = [path for path, lines in files.items() if f"geoharm.{self.folder.name}." not in lines]
        chosen = [*named, *general] if named else list(files)
        return [*(f"tests/{self.folder.name}/{path.name}" for path in chosen), file]

    def runs(self, file: str, line: int) -> bool:  # noqa: ARG002 # as `Coverage` is asked
        """Return true: it is not known."""
        return True


def _imports(path: Path) -> str:
    """Return the modules that a file imports, one a line, also where a module is imported by its last name."""
    return "\n".join(
        f"{node.module}\n" + "\n".join(f"{node.module}.{alias.name}" for alias in node.names)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    )


def places_outside_annotations(source: str):
    """Return a function of line and column that says whether a place is code that runs, and no annotation."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        hidden = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            hidden += node.body
        spans += [
            ((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset))
            for part in hidden
            if isinstance(part, ast.AST)
        ]
    return lambda line, column: not any(begin <= (line, column) < end for begin, end in spans)


def mutants_of(source: str, name: str, seed: int) -> list[Mutant]:
    """Return one fault for every place of a file, drawn from those that the place can have."""
    from cosmic_ray import plugins  # noqa: PLC0415
    from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415

    lines, runs, nodes = source.splitlines(), places_outside_annotations(source), list(ast_nodes(get_ast(source)))
    faults = defaultdict(list)
    for operator_name in sorted(plugins.operator_names()):
        operator = plugins.get_operator(operator_name)
        if operator.arguments():
            continue
        made, occurrence = operator(), 0
        for node in nodes:
            # A star before keywords is no product.
            is_signature = node.type == "operator" and node.parent.type == "parameters"
            for (line, column), end in made.mutation_positions(node):
                if runs(line, column) and not is_signature:
                    faults[line, column, end].append((operator_name, occurrence))
                occurrence += 1
    found, same = [], Counter()
    for (line, column, _), choices in sorted(faults.items()):
        text = lines[line - 1]
        same[text, column] += 1
        drawn = hashlib.sha256(f"{seed} {name} {text} {column} {same[text, column]}".encode()).hexdigest()
        operator_name, occurrence = random.Random(drawn).choice(choices)
        found.append(Mutant(name, line, column, operator_name, occurrence, text.strip(), drawn))
    return found


def mutated(source: str, mutant: Mutant) -> str:
    """Return a file's text with a fault in it, or the text as it is if the fault would be no Python."""
    from cosmic_ray import plugins  # noqa: PLC0415
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415

    faulty = mutate_code(source, plugins.get_operator(mutant.operator)(), mutant.occurrence)
    with contextlib.suppress(SyntaxError):
        if ast.dump(ast.parse(faulty)) != ast.dump(ast.parse(source)):
            return faulty
    return source


def sample_of(folder: Path, size: int, seed: int, *, root: Path = ROOT) -> list[Mutant]:
    """Return faults of a folder in the order in which they were drawn; each makes another program."""
    sources = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))
    }
    found = [mutant for name, source in sources.items() for mutant in mutants_of(source, name, seed)]
    found.sort(key=lambda mutant: mutant.drawn)
    able = (mutant for mutant in found if mutated(sources[mutant.file], mutant) != sources[mutant.file])
    return list(itertools.islice(able, size))


class Durations:
    """A plugin of pytest that keeps how much processor time each test takes, and which failed first."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        """Keep the time of a test, with what it sets up."""
        start = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - start

    def pytest_runtest_logreport(self, report):
        """Keep the name of a test that fails."""
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report):
        """Keep the name of a file that cannot be imported."""
        if report.failed and not self.failed:
            self.failed = report.nodeid


def measure_coverage(copy: Path, room: str, chosen: str) -> Coverage:
    """Run the room's tests that a marker expression chooses, without a fault, and return which run what.

    Raises
    ------
    SystemExit
        If one of them fails without a fault.
    """
    arguments = [
        f"tests/{room}",
        f"geoharm/{room}",
        "-m",
        chosen,
        f"--cov=geoharm/{room}",
        "--cov-context=test",
        "--cov-report=",
    ]
    code, durations, output = in_fork(copy, arguments, seconds=3600)
    if code:
        msg = f"A test of {room} fails without a fault, so nothing can be learned: {durations['failed']}\n{output}"
        raise SystemExit(msg)
    from coverage import CoverageData  # noqa: PLC0415

    data = CoverageData(str(copy / ".coverage"))
    data.read()
    seconds = durations["seconds"]
    by_test_file = defaultdict(set)
    for test in seconds:
        by_test_file[test.split("::")[0]].add(test)
    by_line, by_file = defaultdict(set), defaultdict(set)
    for measured in data.measured_files():
        name = Path(measured).relative_to(copy).as_posix()
        for line, contexts in data.contexts_by_lineno(measured).items():
            for context in filter(None, contexts):
                test, _, step = context.rpartition("|")
                # What one test sets up, the others of its file may use.
                tests = by_test_file[test.split("::")[0]] if step == "setup" else {test} & set(seconds)
                by_line[name, line] |= tests
                by_file[name] |= tests
    return Coverage(by_line, by_file, seconds)


def in_fork(copy: Path, arguments: list[str], *, seconds: int, numba_cache: Path | None = None):
    """Run pytest in a fork, in a folder, and return its exit code, what it measured and printed.

    The time is that of the processor, so that a crowded computer ends no test. Instead of an exit code, "time out" is returned if
    it took that time, and "unfinished" if it only waited for twenty times as long.
    """
    answer, printed = copy / ".answer.json", copy / ".printed.txt"
    answer.unlink(missing_ok=True)
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        _run_tests(copy, arguments, answer, printed, numba_cache or copy / ".numba")
    end = time.monotonic() + 20 * seconds
    code: int | str = "unfinished"
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.02)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        code = "time out"
    found = {"seconds": {}, "failed": "" if isinstance(code, str) else f"exit {code}"}
    if answer.exists():
        found = json.loads(answer.read_text(encoding="utf-8"))
    return code, found, printed.read_text(encoding="utf-8", errors="replace")[-2000:]


def _run_tests(copy: Path, arguments: list[str], answer: Path, printed: Path, numba_cache: Path) -> None:
    """Run pytest in this process, which is a fork, and end it."""
    code = 99
    try:
        os.setsid()
        os.chdir(copy)
        with printed.open("wb") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        sys.dont_write_bytecode = True
        sys.path[:] = [str(copy), *(entry for entry in sys.path if entry not in {"", str(ROOT)})]
        os.environ["PYTHONPATH"], os.environ["NUMBA_CACHE_DIR"] = str(copy), str(numba_cache)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        importlib.import_module("numba").config.CACHE_DIR = str(numba_cache)
        durations = Durations()
        code = int(pytest.main([*QUIET, *arguments], plugins=[durations]))
        answer.write_text(json.dumps({"seconds": durations.seconds, "failed": durations.failed}), encoding="utf-8")
        sys.stdout.flush()
    finally:
        os._exit(code)


def judge(copy: Path, mutant: Mutant, coverage: Coverage | NamedTests, seconds: int) -> dict[str, object]:
    """Plant a fault, run the tests that run its line, take it out again, and return what became of it."""
    path = copy / mutant.file
    source = path.read_text(encoding="utf-8")
    faulty = mutated(source, mutant)
    after = next(
        (new.strip() for old, new in zip(source.splitlines(), faulty.splitlines(), strict=False) if old != new),
        "(lines removed)",
    )
    # Half of the time is for the tests as they are: those that then take all of it were slowed by the fault.
    tests = coverage.tests_for(mutant.file, mutant.line, seconds / 2)
    start = time.monotonic()
    # Python would take the compiled file for that of a fault of the same second and size.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
    with tempfile.TemporaryDirectory() as fresh:
        path.write_text(faulty, encoding="utf-8")
        try:
            # Compiled code is kept by the file of its function: whoever calls it from another file would keep the old one.
            cache = Path(fresh) if "numba" in source else None
            code, found, _ = in_fork(copy, ["-x", "-m", CHOSEN["all"], *tests], seconds=seconds, numba_cache=cache)
        finally:
            path.write_text(source, encoding="utf-8")
    outcome = code if isinstance(code, str) else "survived" if code in {0, NO_TEST_RAN} else "killed"
    return {
        "file": mutant.file,
        "line": mutant.line,
        "column": mutant.column,
        "operator": mutant.operator.rpartition("/")[2],
        "before": mutant.text,
        "after": after,
        "drawn": mutant.drawn,
        "outcome": outcome,
        "by": found["failed"],
        "run": coverage.runs(mutant.file, mutant.line),
        "tests": len(tests),
        "seconds": round(time.monotonic() - start, 1),
    }


def read_rows(files: list[Path]) -> list[dict]:
    """Return the last row of every fault."""
    rows = {}
    for file in files:
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                rows[row["room"], row["seed"], row["drawn"]] = row
    return list(rows.values())


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the 95% interval of a share by E. B. Wilson (1927), https://doi.org/10.2307/2276774."""
    z = 1.959964
    middle, reach = hits + z * z / 2, z * math.sqrt(hits * (total - hits) / total + z * z / 4)
    return (middle - reach) / (total + z * z), (middle + reach) / (total + z * z)


def report(rows: list[dict]) -> None:
    """Print the share of faults that were noticed, by room, and those that were not."""
    for room in sorted({row["room"] for row in rows}):
        of_room = [row for row in rows if row["room"] == room]
        count = Counter(row["outcome"] for row in of_room)
        noticed = count["killed"] + count["time out"]
        low, high = wilson(noticed, len(of_room))
        print(
            f"{room}: {noticed} of {len(of_room)} noticed ({noticed / len(of_room):.0%}, 95% interval {low:.0%} to {high:.0%}), "
            f"{count['time out']} of them by taking too long"
        )
        for row in sorted(of_room, key=lambda row: (row["file"], row["line"])):
            if row["outcome"] in {"survived", "unfinished"}:
                why = ("" if row["run"] else "(no test runs it) ") + (
                    "(unfinished) " if row["outcome"] == "unfinished" else ""
                )
                print(f"  {row['file']}:{row['line']} {why}{row['operator']}")
                print(f"    - {row['before']}\n    + {row['after']}")


def run(room: str, sample: list[Mutant], *, seed: int, seconds: int, rows: Path, again: bool, tests: str) -> None:
    """Plant the faults of a sample that the file does not hold, and add a row for each."""
    known = {row["drawn"]: row["outcome"] for row in read_rows([rows]) if (row["room"], row["seed"]) == (room, seed)}
    left = [mutant for mutant in sample if mutant.drawn not in known or (again and known[mutant.drawn] != "killed")]
    if not left:
        return
    for name in PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder, rows.open("a", encoding="utf-8") as stream:
        copy = Path(folder).resolve() / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        subprocess.run([sys.executable, "-m", "compileall", "-q", "geoharm", "tests"], check=True, cwd=copy)
        coverage = (
            NamedTests(copy / "tests" / room) if tests == "named" else measure_coverage(copy, room, CHOSEN[tests])
        )
        print(f"{room}: {len(left)} faults to plant", flush=True)
        for mutant in left:
            row = {"room": room, "seed": seed} | judge(copy, mutant, coverage, seconds)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            print(
                f"{row['outcome']:9} {row['seconds']:5} s  {row['file']}:{row['line']}  {row['after'][:90]}", flush=True
            )


def main() -> None:
    """Plant the faults that the command line asks for, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("room", nargs="?", choices=ROOMS)
    parser.add_argument(
        "--rows", type=Path, action="append", required=True, help="JSON lines; the first file is added to"
    )
    parser.add_argument("--sample", type=int, default=100, help="faults of the room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60, help="processor time for the tests of one fault")
    parser.add_argument(
        "--again", action="store_true", help="try those again that no test noticed, or that took too long"
    )
    parser.add_argument(
        "--tests", choices=("all", "quick", "named"), default="all",
        help="those that run the line, of all or of the quick ones; or those in files that import the file",
    )  # fmt: skip
    given = parser.parse_args()
    if not given.room:
        report(read_rows(given.rows))
        return
    sample = sample_of(ROOT / "geoharm" / given.room, given.sample, given.seed)
    run(
        given.room, sample, seed=given.seed, seconds=given.seconds, rows=given.rows[0], again=given.again, tests=given.tests
    )  # fmt: skip
    drawn = {mutant.drawn for mutant in sample}
    report([row for row in read_rows(given.rows) if row["room"] == given.room and row["drawn"] in drawn])


if __name__ == "__main__":
    main()
