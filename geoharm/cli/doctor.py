"""The verb `doctor`: look at what geoharm needs of this computer, and say what to do where something is amiss.

Exit codes: 0 nothing needs to be mended; 1 something does; 2 a wrong command line.
"""

from __future__ import annotations

import json
import locale
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geoharm._version import __version__
from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, Database, OutFolder, default_database, default_output, print_json
from geoharm.errors import GeoharmError

if TYPE_CHECKING:
    from geoharm.engines import duckdb as duckdb_engine
    from geoharm.ingest import purge as ingest_purge
    from geoharm.study import read as study_reader
else:
    duckdb_engine = lazy("engines.duckdb")
    ingest_purge = lazy("ingest.purge")
    study_reader = lazy("study.read")

# A run of a city with a million rows writes less; DuckDB's temporary files come on top where memory is short.
LEAST_FREE_BYTES = 1_000_000_000
# Where the place of `doctor_probe` lies, in degrees, and how far PROJ may miss it: about 100 m.
PROBED_LONLAT, PROBED_WITHIN = (-0.128, 51.504), 0.001
_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        What was looked at.
    state : {"well", "note", "fault"}
        A note needs nothing to be done; a fault does.
    found : str
        What is there.
    advice : str
        What to do; empty if nothing is to be done, or if `found` says it.
    """

    check: str
    state: Literal["well", "note", "fault"]
    found: str
    advice: str = ""


def doctor(
    study_file: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="A study file: its database and folder are looked at.")
    ] = None,
    db: Database = None,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Look for what is amiss with this installation.

    Packages, databases, locks, disk, caches and encoding are looked at. The exit code is 1 if something is to be done, and
    what to do is said.
    """
    if study_file:
        study = study_reader.read_study(study_file)
        databases, output = [db or default_database(study)], out or default_output(study)
    else:
        databases, output = [db] if db else sorted(Path("data").glob("*.duckdb")), out or Path("maps")
    findings = examine(databases, output)
    faults = sum(finding.state == "fault" for finding in findings)
    if as_json:
        print_json({"well": not faults, "version": __version__, "checks": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            print(f"{'FAULT' if finding.state == 'fault' else finding.state:6} {finding.check}: {finding.found}")
            if finding.advice:
                print(f"       {finding.advice}")
        print("Nothing needs to be mended." if not faults else f"To mend: {faults}.")
        if not faults:
            print("`geoharm selfcheck` computes published numbers again, to see whether this computer computes right.")
    if faults:
        raise typer.Exit(1)


def examine(databases: Sequence[Path], output: Path) -> list[Finding]:
    """Return what every check found; a check that fails in an unknown way is a fault, never a crash.

    Parameters
    ----------
    databases : sequence of Path
        Databases to open for reading; nothing is written to them.
    output : Path
        The folder for pages; it need not exist.
    """
    folders = {"database folder": databases[0].parent if databases else Path("data"), "folder for pages": output}
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("Python", check_python),
        ("packages", check_packages),
        ("program", check_program),
        ("encoding", check_encoding),
        ("time zones", check_time_zones),
        ("temporary folder", check_temporary_folder),
        *((name, lambda name=name, folder=folder: check_folder(name, folder)) for name, folder in folders.items()),
        ("locks", lambda: check_locks(folders["database folder"])),
        *((f"database {path}", lambda path=path: check_database(path)) for path in databases),
        ("browser", check_browser),
    ]
    findings: list[Finding] = []
    for name, check in checks:
        try:
            findings += check()
        except GeoharmError as error:
            findings.append(Finding(name, "fault", str(error)))
        except Exception as error:  # one check that fails must not hide what the others find
            findings.append(Finding(name, "fault", f"it could not be looked at ({type(error).__name__}: {error})."))
    return findings


def check_python() -> Iterator[Finding]:
    """Say which Python runs on what; libraries are built for 64 bits alone."""
    found = f"{platform.python_version()} on {platform.platform()}, {platform.machine()} ({sys.executable})."
    if sys.maxsize > 2**32:
        yield Finding("Python", "well", f"geoharm {__version__}, Python {found}")
    else:
        advice = "Install a 64-bit Python: the libraries that geoharm needs are not built for 32 bits."
        yield Finding("Python", "fault", f"a 32-bit Python {found}", advice)


def check_packages() -> Iterator[Finding]:
    """Compare the installed versions with those that geoharm needs."""
    from packaging.requirements import Requirement  # noqa: PLC0415 # help must not load it

    try:
        lines = metadata.requires("geoharm") or []
    except metadata.PackageNotFoundError:
        advice = f'In the folder of geoharm: "{sys.executable}" -m pip install --editable .'
        yield Finding("packages", "fault", "geoharm itself is not installed, so nobody looked at its packages.", advice)
        return
    needed = [need for need in map(Requirement, lines) if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong, asked = [], []
    for need in needed:
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{need.name} is missing")
        else:
            if need.specifier.contains(version, prereleases=True):
                continue
            wrong.append(f"{need.name} is {version}, and must be {need.specifier}")
        asked.append(f'"{need.name}{need.specifier}"')
    if wrong:
        advice = f'"{sys.executable}" -m pip install {" ".join(asked)}'
        yield Finding("packages", "fault", f"{'; '.join(wrong)}.", advice)
    else:
        yield Finding("packages", "well", f"all {len(needed)} are installed in versions that fit.")


def check_program() -> Iterator[Finding]:
    """Import every file in a process of its own, look where compiled loops are kept, and transform a known place."""
    again = f'Install the libraries again: "{sys.executable}" -m pip install --force-reinstall --editable .'
    code, answers = _probe()
    failed = [f"{answer['module']} ({answer['failed']})" for answer in answers if "failed" in answer]
    imported = [answer["importing"] for answer in answers if "importing" in answer]
    if code and not failed:
        last = imported[-1] if imported else "the first file"
        failed = [f"Python ended with exit code {code} in or after {last}"]
    if failed:
        rest = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        yield Finding("program", "fault", f"cannot be loaded: {failed[0]}{rest}.", again)
    else:
        yield Finding("program", "well", f"all {len(imported)} files load.")
    for answer in answers:
        if "cache" in answer:
            yield _cache_finding(answer["cache"])
        if "lonlat" in answer:
            far = max(abs(got - known) for got, known in zip(answer["lonlat"], PROBED_LONLAT, strict=True))
            if far < PROBED_WITHIN:
                yield Finding("coordinates", "well", "a known place lies where it should.")
            else:
                advice = (
                    "Take PROJ_DATA and PROJ_LIB out of the environment: another program set them to its own files."
                )
                yield Finding("coordinates", "fault", f"a known place is moved to {answer['lonlat']}.", advice)


def check_encoding() -> Iterator[Finding]:
    """Look at how names of files and the terminal's texts are written."""
    files, terminal = sys.getfilesystemencoding(), locale.getencoding()
    if files.lower().replace("-", "") != "utf8":
        yield Finding("encoding", "fault", f"names of files are read as {files}.", "Set PYTHONUTF8=1.")
    elif terminal.lower().replace("-", "") != "utf8":
        found = f"names of files are UTF-8; this terminal says {terminal}, and geoharm prints UTF-8."
        advice = "If letters look wrong: chcp 65001 on Windows, or LANG=C.UTF-8. Files are not affected."
        yield Finding("encoding", "note", found, advice)
    else:
        yield Finding("encoding", "well", "UTF-8.")


def check_time_zones() -> Iterator[Finding]:
    """Look whether the clock changes of the world are known."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415

    try:
        ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        yield Finding("time zones", "fault", "none are known.", f'"{sys.executable}" -m pip install tzdata')
    else:
        yield Finding("time zones", "well", "known.")


def check_temporary_folder() -> Iterator[Finding]:
    """Look whether the temporary folder can be written, and has space."""
    advice = "Set TMPDIR (on Windows TEMP) to a folder that you can write."
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError:
        yield Finding("temporary folder", "fault", "there is none that can be written.", advice)
    else:
        yield _folder_finding("temporary folder", folder, advice)


def check_folder(name: str, folder: Path) -> Iterator[Finding]:
    """Look whether a folder, or the one in which it would be made, can be written and has space."""
    option = "--db" if name == "database folder" else "--out"
    yield _folder_finding(name, folder, f"Choose another folder with {option}, or ask who owns it.")


def check_locks(folder: Path) -> Iterator[Finding]:
    """Look whether a second program is kept out of a database in a folder; the database is made for it and removed."""
    with tempfile.TemporaryDirectory(prefix="geoharm-doctor-", dir=_existing(folder)) as scratch:
        database = Path(scratch) / "locks.duckdb"
        with duckdb_engine.open_engine(database, inputs=Path(scratch)):
            _, answers = _probe("lock", str(database))
    if answers == [{"opened": False}]:
        yield Finding("locks", "well", "a second program is kept out of a database in use.")
    else:
        found = f'the disk of "{_existing(folder)}" lets two programs write one database at once.'
        yield Finding("locks", "fault", found, "Keep the database on a disk of this computer, with --db.")


def check_database(path: Path) -> Iterator[Finding]:
    """Open a database for reading and compare its tables with their digests."""
    name = f"database {path}"
    if not path.exists() and not path.is_symlink():
        yield Finding(name, "well", "not there yet: the first run makes it from the files.")
        return
    with duckdb_engine.read_engine(path) as engine:
        engine.verify()
    content = ingest_purge.database_content(path)
    counted = ", ".join(f"{count:,} {what if count != 1 else what[:-1]}" for what, count in content.counts)
    size = sum(size for _, size in content.files)
    yield Finding(name, "well", f"{size / 1e6:,.1f} MB, unchanged since geoharm wrote it; it holds {counted}.")


def check_browser() -> Iterator[Finding]:
    """Say that none is needed."""
    yield Finding("browser", "well", "none is needed to make pages; any opens them, also without a network.")


def _cache_finding(folder: str) -> Finding:
    """Return whether compiled loops can be kept between runs; without a folder, each run makes them again, and is slow."""
    advice = "Set NUMBA_CACHE_DIR to a folder that you can write; until then every run compiles them again."
    if not folder:
        return Finding("compiled loops", "fault", "no folder for them can be written.", advice)
    return _folder_finding("compiled loops", Path(folder), advice, least=0)


def _folder_finding(name: str, folder: Path, advice: str, *, least: int = LEAST_FREE_BYTES) -> Finding:
    """Return whether a folder can be written and has so many free bytes."""
    there = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=there) as stream:
            stream.write(b"geoharm")
    except OSError as error:
        return Finding(name, "fault", f'"{folder}" cannot be written ({error.strerror or error}).', advice)
    free = shutil.disk_usage(there).free
    if free < least:
        found = f'"{folder}" has {free / 1e9:,.2f} GB left; geoharm needs {least / 1e9:,.0f} GB.'
        return Finding(name, "fault", found, "Free some space there, or choose another disk.")
    return Finding(name, "well", f'"{folder}" can be written; {free / 1e9:,.0f} GB are free.')


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _probe(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Ask another process of this Python, and return its exit code and answers."""
    command = [sys.executable, "-m", "geoharm.cli.doctor_probe", *arguments]
    finished = subprocess.run(  # noqa: S603 # this Python, and a path of our own
        command, check=False, capture_output=True, text=True, encoding="utf-8", timeout=_PATIENCE_SECONDS
    )
    answers = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("{")]
    return finished.returncode, answers
