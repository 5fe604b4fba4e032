"""What the verbs share: their options in the same words, where things lie by default, and how results are printed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from geoharm.model.study import Study

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file, such as pipelines/demo.toml.")]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder that holds the study's files.")]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for the pages; default maps/STUDY.")]
Database = Annotated[Path | None, typer.Option("--db", help="Database file; default data/STUDY.duckdb.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print results as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]

DATA = Path("data/raw")


def default_database(study: Study) -> Path:
    """Return where a study's database lies unless --db says otherwise."""
    return Path("data") / f"{study.slug}.duckdb"


def default_output(study: Study) -> Path:
    """Return where a study's pages are written unless --out says otherwise."""
    return Path("maps") / study.slug


def print_json(value: object) -> None:
    """Print a result for other programs; numbers that JSON does not know must be None by now."""
    print(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def print_written(files: Iterable[Path]) -> None:
    """Print what was written, and its size."""
    for path in files:
        print(f"wrote {path} ({path.stat().st_size / 1000:,.0f} kB)")
