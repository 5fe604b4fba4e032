"""Killed, starved, crowded and damaged: how a run ends, what it leaves behind, and how the next run ends.

Run as ``python -m bench.faults [--part NAME ...] [--results FILE] [--only N] [--share I/N]``. It writes one JSON line a case and goes on
after the last one if it is started again. ``--table`` prints the table of ``docs/promises.md`` from the lines there are.

A small study is run over the pages and the database of an earlier run of it, which publishes other files. Every case is
carried out by a process that is forked after the imports. Right afterwards somebody looks at the folder of pages; then
the same run is started again, without the fault, and must end with the bytes of a run that was never disturbed. A case is
good if the folder showed one release whole, and the run itself came to the right end, was killed, or said in one sentence
why it stopped. Not for a system without fork; the cases with a full disk need a Linux that lets users mount a disk in memory.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoharm.cli import start
from geoharm.disclosure.protect import protect
from geoharm.errors import GeoharmError
from geoharm.pipeline import run as pipeline_run
from geoharm.report import publication, write
from geoharm.report.publication import open_folder, publish_files
from geoharm.results import StudyResult
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.forked import end_of_child, in_child
from tests.report.disk_faults import before_each_change, content_of

SEED = 20240601
RANDOM_KILLS = 100
SIZES = 10
FLIPS, CUTS = 200, 30
CROWD = 6
# Seconds of processor time within which a run that is refused must say so.
REFUSED_WITHIN = 2.0

_FOREIGN = {"notes.txt": "mine", "pieces/own.txt": "mine too"}
# A coarse map and few permutations: what is computed is not what is tried here.
_QUICK = "\n[hotspots]\ncell = 250.0\n\n[change]\npermutations = 99\n"
_KILLED = 42
# A thread that cannot have its memory makes the C library end the process, which no program can prevent.
_ENDED_BY_THE_SYSTEM = {127, -signal.SIGABRT}
_DATABASE = "s.duckdb"


@dataclass(frozen=True)
class World:
    """A small study with the pages and the database of an earlier run, and what a run must end with.

    Attributes
    ----------
    folder : Path
        Holds the study, and ``start`` with ``out`` and the database.
    results : mapping of str to StudyResult
        The new results, by kind of release.
    changes : mapping of str to dict
        What `publish_files` is given for them: made once, since it is their writing that is broken off.
    before, after : mapping of str to mapping of str to bytes
        The pages before and after an undisturbed run, by kind of release.
    seconds : float
        How long such a run took.
    """

    folder: Path
    results: Mapping[str, StudyResult]
    changes: Mapping[str, dict[str, Any]]
    before: Mapping[str, Mapping[str, bytes]]
    after: Mapping[str, Mapping[str, bytes]]
    seconds: float

    def copy(self, into: Path, release: str = "public") -> Path:
        """Put the pages and the database of the earlier run into an empty folder."""
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(self.folder / f"start-{release}", into)
        return into

    def arguments(self, place: Path, *, study: str = "new", verb: str = "run") -> list[str]:
        """Return the command line of a run, or of another verb that reads the files."""
        told = [verb, str(self.folder / f"{study}.toml"), "--data", str(self.folder), "--db", str(place / _DATABASE)]
        return [*told, "--quiet", *(["--out", str(place / "out")] if verb == "run" else [])]


@dataclass(frozen=True)
class End:
    """How a process ended: its exit code (negative for a signal), what it said, and its seconds of processor time."""

    code: int
    said: str
    seconds: float

    @property
    def kind(self) -> str:
        """``done``, ``killed``, ``sentence``, or what else it was."""
        if self.code == 0:
            return "done"
        if self.code in {_KILLED, -signal.SIGKILL, *_ENDED_BY_THE_SYSTEM}:
            return "killed"
        is_sentence = self.code in {1, 75} and self.said.strip() and "\n" not in self.said.strip()
        return "sentence" if is_sentence else f"exit {self.code}: {self.said.strip()[-300:]}"


def started(arguments: list[str], prepare: Callable[[], object] = lambda: None) -> tuple[int, int]:
    """Start the command line in a forked process; return its number and the end of a pipe that takes what it says."""
    said, saying = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        code = 98
        try:
            os.dup2(saying, 2)
            os.close(said)
            os.close(saying)
            # New streams: the old ones know whether they led to a file.
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
            sys.argv = ["geoharm", *arguments]
            prepare()
            start.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException as error:
            os.write(2, f"Traceback: {error!r}\n".encode())
            code = 97
        finally:
            os._exit(code)
    os.close(saying)
    return child, said


def end_of(child: int, said: int) -> End:
    """Wait for a process that was started."""
    with os.fdopen(said, "rb") as stream:
        text = stream.read().decode(errors="replace")
    _, status, usage = os.wait4(child, 0)
    return End(os.waitstatus_to_exitcode(status), text, usage.ru_utime + usage.ru_stime)


def make_world(folder: Path) -> World:
    """Run the study once as it was and once as it is now, for a public and for an internal release."""
    results, changes, before, after, seconds = {}, {}, {}, {}, 0.0
    for release in ("public", "internal"):
        base = folder / release
        base.mkdir(parents=True)
        text = small_study(base, release=release).read_text(encoding="utf-8")
        for study, files in (("old", ["tables"]), ("new", ["geopackage", "workbook"])):
            (base / f"{study}.toml").write_text(f"{text}files = {json.dumps(files)}\n{_QUICK}", encoding="utf-8")
        start, end = folder / f"start-{release}", folder / f"end-{release}"
        for place, study in ((start, "old"), (end, "new")):
            if place == end:
                shutil.copytree(start, end)
            begun = time.perf_counter()
            results[release], modules = in_child(_result, base / f"{study}.toml", base, place)
            seconds = time.perf_counter() - begun
            for module in (
                "geoharm.cli.app",
                "geoharm.cli.guard",
                *modules,
            ):  # What a run imports, its children need not.
                with suppress(Exception):
                    importlib.import_module(module)
            for name, content in _FOREIGN.items():
                (place / "out" / name).parent.mkdir(exist_ok=True)
                (place / "out" / name).write_text(content, encoding="utf-8")
        changes[release] = in_child(_changes_of, results[release], start / "out")
        before[release], after[release] = content_of(start / "out"), content_of(end / "out")
    for study in ("old", "new"):
        shutil.copyfile(folder / "public" / f"{study}.toml", folder / f"{study}.toml")
    for path in (folder / "public").glob("*"):
        if path.suffix in {".csv", ".geojson"}:
            shutil.copyfile(path, folder / path.name)
    return World(folder, results, changes, before, after, seconds)


def _result(study: Path, data: Path, place: Path) -> tuple[StudyResult, list[str]]:
    """Run a study; return its result and the names of all modules that it took."""
    done = pipeline_run.run(read_study(study), data=data, out=place / "out", database=place / _DATABASE)
    return done.result, sorted(sys.modules)


def _changes_of(result: StudyResult, folder: Path) -> dict[str, Any]:
    """Return what a release would change in a folder."""
    given: dict[str, Any] = {}

    def keep(_: object, files: Mapping[str, str | bytes], *, removed: list[str], record: str) -> tuple[Path, ...]:
        given.update(files=dict(files), removed=removed, record=record)
        return ()

    write.publish_files = keep  # type: ignore[assignment]
    write.publish_study(protect(result), folder)
    return given


# -- parts: each yields the name of a case and what carries it out -----------------------------------------------------

Case = tuple[str, Callable[[Path], dict[str, Any]]]


def publishing(world: World) -> Iterator[Case]:
    """End the process at every call that changes the disk while a release is published."""
    for release, way in (("public", "exchanged"), ("public", "one by one"), ("internal", "exchanged")):
        count = _calls(world, release, way)
        for number in range(1, count + 1):
            yield (
                f"{release}, {way}, {number} of {count}",
                lambda place, release=release, way=way, number=number: _publish_and_die(
                    world, place, release, way, number
                ),
            )


def _publish(world: World, place: Path, release: str, way: str, do: Callable[[int, str], None]) -> None:
    if way == "one by one":
        publication.exchange_folders = _no_exchange
    with before_each_change(do), open_folder(place / "out") as into:
        publish_files(into, **world.changes[release])


def _no_exchange(one: Path, other: Path) -> None:
    raise OSError(38, "Function not implemented", str(one), None, str(other))


def _calls(world: World, release: str, way: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        place, numbers = world.copy(Path(folder) / "place", release), []

        def count() -> int:
            _publish(world, place, release, way, lambda number, _: numbers.append(number))
            return numbers[-1]

        return int(in_child(count))


def _publish_and_die(world: World, place: Path, release: str, way: str, number: int) -> dict[str, Any]:
    world.copy(place, release)
    scratch = place.parent / "temporary"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()

    def stop(count: int, _: str) -> None:
        if count == number:
            os._exit(_KILLED)

    def work() -> None:
        tempfile.tempdir = str(scratch)
        _publish(world, place, release, way, stop)

    code = end_of_child(work)
    neutral = []
    if release == "internal":
        bookkeeping = {"lock", "journal.json", "journal.json.part"}
        neutral = [
            str(path.relative_to(place.parent))
            for folder in (scratch, *place.glob(".*"))
            for path in folder.rglob("*")
            if path.is_file()
            and "internal" not in path.name
            and path.name not in bookkeeping | {"own.txt", "notes.txt"}
        ]
    shown = _shown(world, place, release, missing=way == "one by one")

    redone = end_of_child(lambda: _publish(world, place, release, "exchanged", lambda *_: None))
    faults = [f"neutral names: {neutral}"] * bool(neutral) + [f"ended with {redone}"] * bool(redone)
    return _judged(world, place, End(code, "", 0), shown, release, faults)


def killing(world: World) -> Iterator[Case]:
    """Kill a run at a random moment: half of them a first reading of the files, half with the database of an earlier run."""
    rng = random.Random(SEED)
    for number in range(RANDOM_KILLS):
        after, is_first = rng.uniform(0, world.seconds), number % 2 == 0
        name = f"{number + 1}: after {after / world.seconds:.2f} of its time{', no database yet' if is_first else ''}"
        yield name, lambda place, after=after, is_first=is_first: _kill(world, place, after, is_first=is_first)


def _kill(world: World, place: Path, after: float, *, is_first: bool) -> dict[str, Any]:
    world.copy(place)
    if is_first:
        (place / _DATABASE).unlink()
    child, said = started(world.arguments(place))
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    return _run_again(world, place, end_of(child, said))


def memory(world: World) -> Iterator[Case]:
    """Run with little room for addresses beyond what the process has already."""
    for megabytes in (0, 4, 16, 32, 64, 128, 256, 512, 1024, 2048):
        yield f"{megabytes} MB more", lambda place, more=megabytes: _limited(world, place, "memory", more)


def file_size(world: World) -> Iterator[Case]:
    """Run with a limit on the size of a file."""
    for kilobytes in (0, 1, 8, 32, 64, 128, 256, 512, 1024, 4096):
        yield f"{kilobytes} kB", lambda place, size=kilobytes: _limited(world, place, "file size", size)


def descriptors(world: World) -> Iterator[Case]:
    """Run with few files that may be open at once."""
    for number in (0, 1, 2, 3, 4, 6, 8, 12, 16, 32):
        yield f"{number} more", lambda place, number=number: _limited(world, place, "descriptors", number)


def _limited(world: World, place: Path, what: str, size: int) -> dict[str, Any]:
    def limit() -> None:
        if what == "memory":
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            bytes_now = pages * os.sysconf("SC_PAGE_SIZE")
            resource.setrlimit(resource.RLIMIT_AS, (bytes_now + size * 1_000_000,) * 2)
        elif what == "file size":
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size * 1000,) * 2)
        else:
            held = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
            free = (number for number in itertools.count() if number not in held)
            resource.setrlimit(resource.RLIMIT_NOFILE, (next(itertools.islice(free, size, None)),) * 2)

    world.copy(place)
    (place / _DATABASE).unlink()
    return _run_again(world, place, end_of(*started(world.arguments(place), limit)))


def full_disk(world: World) -> Iterator[Case]:
    """Run on a disk in memory with little room left."""
    for number in range(SIZES):
        yield f"{number + 1} of {SIZES}", lambda place, number=number: in_child(_on_small_disk, world, place, number)


def _on_small_disk(world: World, place: Path, number: int) -> dict[str, Any]:
    place.mkdir(parents=True, exist_ok=True)
    held = sum(path.stat().st_size for path in (world.folder / "start-public").rglob("*") if path.is_file())
    try:
        _mount(place, held + 200_000)
        used = world.copy(place / "place") and shutil.disk_usage(place).used
        # From nearly nothing to what an undisturbed run needs at its peak: a second database and a second set of pages.
        room = int(20_000 * (150 ** (number / (SIZES - 1))))
        _mount(place, used + room, again=True)
    except OSError as error:
        return {"ended": "skipped", "said": str(error), "good": True, "shown": "", "then": ""}
    end = end_of(*started(world.arguments(place / "place")))
    return _run_again(world, place / "place", end, before=lambda: _mount(place, used * 20, again=True)) | {"room": room}


def _mount(folder: Path, size: int, *, again: bool = False) -> None:
    """Give this process alone a disk in memory there, or another size to the one it has."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, remount, private = 0x20000, 32, 0x44000
    calls = [] if again else [lambda: libc.unshare(new_mounts), lambda: libc.mount(b"none", b"/", None, private, None)]
    options = f"size={size}".encode()
    calls.append(lambda: libc.mount(b"none", bytes(folder), b"tmpfs", remount * again, options))
    for call in calls:
        if call():
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))


def crowd(world: World) -> Iterator[Case]:
    """Start six at once: on one database, and with one folder of pages."""
    yield "six readings into one new database", lambda place: _crowd(world, place, "ingest", is_new=True)
    yield "six readings into one old database", lambda place: _crowd(world, place, "ingest", is_new=False)
    yield "six runs on one database and folder", lambda place: _crowd(world, place, "run", is_new=False)
    yield "six runs into one folder, each with its database", lambda place: _crowd(world, place, "own", is_new=False)


def _crowd(world: World, place: Path, kind: str, *, is_new: bool) -> dict[str, Any]:
    world.copy(place)
    if is_new:
        (place / _DATABASE).unlink()
    children = []
    for number in range(CROWD):
        arguments = world.arguments(place, verb="ingest" if kind == "ingest" else "run")
        if kind == "own":
            arguments[arguments.index("--db") + 1] = str(place.parent / f"own-{number}.duckdb")
        children.append(started(arguments))
    ends = [end_of(*child) for child in children]
    refused = [end for end in ends if end.kind == "sentence"]
    slow = [f"refused after {end.seconds:.1f} s" for end in refused if end.seconds > REFUSED_WITHIN]
    wrong = [end.kind for end in ends if end.kind not in {"done", "sentence"}]
    done = sum(end.kind == "done" for end in ends)
    missing = ["none came to its end"] * (done == 0) + ["some were refused"] * (kind == "own" and done < CROWD)
    for number in range(CROWD):
        (place.parent / f"own-{number}.duckdb").unlink(missing_ok=True)
    first = End(
        0, f"{done} of {CROWD} came to their end; " + " | ".join(sorted({end.said.strip() for end in refused})), 0
    )
    return _run_again(world, place, first, faults=slow + wrong + missing)


def damaged_database(world: World) -> Iterator[Case]:
    """Turn one byte of the database over, or cut it short."""
    size = (world.folder / "start-public" / _DATABASE).stat().st_size
    for name, change in _changes(size):
        yield name, lambda place, change=change: _run_damaged(world, place, _DATABASE, change)


def damaged_pages(world: World) -> Iterator[Case]:
    """Turn one byte of a published file over, or cut it short; every file has its turn, the record every second time."""
    files = sorted(set(world.before["public"]) - set(_FOREIGN) - {"releases.json"})
    for number, (name, change) in enumerate(_changes(0)):
        file = "releases.json" if number % 2 else files[number // 2 % len(files)]
        yield (
            f"{file}, {name}",
            lambda place, file=file, change=change: _run_damaged(world, place, f"out/{file}", change),
        )


def _changes(size: int) -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    """Yield the name of a change of bytes, and the change."""
    rng = random.Random(SEED)
    for number in range(FLIPS):
        share, bit = rng.random(), 1 << rng.randrange(8)
        where = f"at {int(share * size):,}" if size else f"at {share:.4f}"
        yield f"flip {number + 1} {where}", lambda content, share=share, bit=bit: _flipped(content, share, bit)
    for number in range(CUTS):
        share = rng.random()
        yield f"cut {number + 1} at {share:.4f}", lambda content, share=share: content[: int(share * len(content))]


def _flipped(content: bytes, share: float, bit: int) -> bytes:
    changed = bytearray(content)
    changed[int(share * len(content))] ^= bit
    return bytes(changed)


def _run_damaged(world: World, place: Path, name: str, change: Callable[[bytes], bytes]) -> dict[str, Any]:
    world.copy(place)
    damaged = place / name
    damaged.write_bytes(change(damaged.read_bytes()))
    content = damaged.read_bytes()
    is_page = name.startswith("out/")
    end = in_child(_publish_and_tell, world, place) if is_page else end_of(*started(world.arguments(place)))
    row: dict[str, Any] = {"ended": end.kind, "said": end.said.strip(), "shown": "", "then": ""}
    found = content_of(place / "out")
    kept = {name.removeprefix("out/"): content} if is_page else {}
    if end.kind == "done":
        # A page that was changed is not removed with its release: somebody may have changed it on purpose.
        is_right = found in ({**world.after["public"]}, {**kept, **world.after["public"]})
        return row | {
            "shown": "new" if is_right else "OTHER",
            "then": "same" if is_right else "OTHER",
            "good": is_right,
        }
    is_kept = found == {**world.before["public"], **kept}
    return row | {"shown": "old" if is_kept else "OTHER", "then": "as said", "good": end.kind == "sentence" and is_kept}


def _publish_and_tell(world: World, place: Path) -> End:
    try:
        write.publish_study(protect(world.results["public"]), place / "out")
    except GeoharmError as error:
        return End(1, str(error), 0)
    return End(0, "", 0)


def _run_again(
    world: World, place: Path, end: End, *, before: Callable[[], object] = lambda: None, faults: list[str] | None = None
) -> dict[str, Any]:
    """Look at the pages, run again without the fault, and compare with a run that was never disturbed."""
    shown = _shown(world, place, "public", missing=False)
    before()
    second = end_of(*started(world.arguments(place)))
    told = [] if second.kind == "done" else [f"the next run: {second.kind} {second.said.strip()}"]
    return _judged(world, place, end, shown, "public", [*(faults or []), *told])


def _shown(world: World, place: Path, release: str, *, missing: bool) -> str:
    """Return which release a reader sees: one of the two whole, or with pages missing where that is the promise."""
    found = content_of(place / "out") if (place / "out").is_dir() else {}
    if found == world.before[release]:
        return "old"
    if found == world.after[release]:
        return "new"
    record = "releases-internal.json" if release == "internal" else "releases.json"
    pages = {name: content for name, content in found.items() if name != record}
    if missing and pages.items() <= world.before[release].items():
        return "old, pages missing"
    if missing and pages.items() <= world.after[release].items() and found[record] == world.after[release][record]:
        return "new, pages missing"
    return "OTHER: " + ", ".join(sorted(name for name in found if found[name] != world.before[release].get(name)))[:200]


def _judged(world: World, place: Path, end: End, shown: str, release: str, faults: list[str]) -> dict[str, Any]:
    found = content_of(place / "out")
    left = sorted(path.name for path in place.iterdir() if path.name not in {"out", _DATABASE})
    differ = sorted(
        name for name in {*found, *world.after[release]} if found.get(name) != world.after[release].get(name)
    )
    problems = [*faults, *(f"differs: {name}" for name in differ), *(f"left: {name}" for name in left)]
    if end.kind not in {"done", "killed", "sentence"}:
        problems.append(end.kind)
    then = "; ".join(problems) or "same"
    is_good = not problems and not shown.startswith("OTHER")
    return {"ended": end.kind, "said": end.said.strip(), "shown": shown, "then": then, "good": is_good}


PARTS: dict[str, Callable[[World], Iterator[Case]]] = {
    "publishing, ended at every write": publishing,
    "a run, killed at random": killing,
    "a full disk": full_disk,
    "little memory": memory,
    "a limit on the size of files": file_size,
    "a limit on open files": descriptors,
    "six at once": crowd,
    "a damaged database": damaged_database,
    "damaged pages and record": damaged_pages,
}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the results as a table: how the disturbed runs ended, what was shown, and how the next run ended."""
    lines = [
        "| what was done | cases | came to the end | killed | one sentence | one release whole | the next run ends as if "
        "never disturbed | bad |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in PARTS:
        cases = [row for row in rows if row["part"] == part and row["ended"] != "skipped"]
        if not cases:
            continue
        ended = Counter(row["ended"] for row in cases)
        whole = sum(row["shown"] in {"old", "new"} for row in cases)
        some = sum("missing" in row["shown"] for row in cases)
        same = sum(row["then"] == "same" for row in cases)
        figures = (
            len(cases), ended["done"], ended["killed"], ended["sentence"], f"{whole}" + (f", {some} with pages missing" if some else ""),
            same, sum(not row["good"] for row in cases),
        )  # fmt: skip
        lines.append(f"| {part} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def main() -> None:
    """Carry out the cases that have no result yet."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--part", choices=[*PARTS], action="append", help="only this part; may be given again")
    options.add_argument("--results", type=Path, default=Path("faults.jsonl"))
    options.add_argument(
        "--only", type=int, default=0, help="carry out about so many cases of each part, evenly spread"
    )
    options.add_argument(
        "--share", default="1/1", help="such as 2/3: the second third of the cases, for several processes"
    )
    options.add_argument("--table", action="store_true", help="print the table of the results there are")
    given = options.parse_args()
    share, shares = map(int, given.share.split("/"))
    lines = given.results.read_text(encoding="utf-8").splitlines() if given.results.exists() else []
    rows = [json.loads(line) for line in lines]
    if given.table:
        print(table(rows))
        return
    done = {(row["part"], row["case"]) for row in rows}
    with tempfile.TemporaryDirectory(prefix="geoharm-faults-") as folder:
        world = make_world(Path(folder) / "world")
        for part in given.part or PARTS:
            cases = [*PARTS[part](world)]
            step = max(1, len(cases) // given.only) if given.only else 1
            for name, carry_out in cases[::step][share - 1 :: shares]:
                if (part, name) in done:
                    continue
                try:
                    row = carry_out(Path(folder) / "case" / "place")
                except (GeoharmError, OSError, RuntimeError) as error:
                    row = {"ended": "bench failed", "said": repr(error), "shown": "", "then": "", "good": False}
                shutil.rmtree(Path(folder) / "case", ignore_errors=True)
                with given.results.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({"part": part, "case": name, **row}, ensure_ascii=False) + "\n")
                if not row["good"]:
                    print(json.dumps({"part": part, "case": name, **row}, ensure_ascii=False), flush=True)
    rows = [json.loads(line) for line in given.results.read_text(encoding="utf-8").splitlines()]
    print(table(rows))


if __name__ == "__main__":
    main()
