"""Options that several verbs share, default locations of files, and printing of results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli import completion

if TYPE_CHECKING:
    from geoharm.model.study import Study

StudyFile = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY",
        help="The study file, such as pipelines/demo.toml.",
        autocompletion=completion.study_files,
    ),
]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder that holds the study's files.")]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for the pages; default maps/STUDY.")]
Database = Annotated[Path | None, typer.Option("--db", help="Database file; default data/STUDY.duckdb.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]

DATA = Path("data/raw")


def default_database(study: Study) -> Path:
    """Return the default path of a study's database; --db overrides it."""
    return Path("data") / f"{study.slug}.duckdb"


def default_output(study: Study) -> Path:
    """Return the default folder of a study's pages; --out overrides it."""
    return Path("maps") / study.slug


def print_json(value: object) -> None:
    """Print a result as JSON; NaN and infinite numbers are refused, so they must be None already."""
    print(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def tell(sentence: str) -> None:
    """Print a sentence that the user should not miss, on standard error."""
    print(sentence, file=sys.stderr)


def print_written(files: Iterable[Path]) -> None:
    """Print each written file with its size."""
    for path in files:
        print(written_line(path))


def written_line(path: Path) -> str:
    """Return a line on a file that was written, with its size."""
    return f"wrote {path} ({path.stat().st_size / 1000:,.0f} kB)"
