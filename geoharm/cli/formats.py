"""The verbs about input formats: list, show, guess, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, print_json
from geoharm.model.ledger import QualityNote

if TYPE_CHECKING:
    from geoharm.ingest.detect import check as detect_check
    from geoharm.ingest.detect import events as detect_events
    from geoharm.ingest.detect import known_formats, sample, tables
    from geoharm.ingest.formats import input_format
    from geoharm.ingest.readers import input_files
else:
    detect_check = lazy("ingest.detect.check")
    detect_events = lazy("ingest.detect.events")
    input_files = lazy("ingest.readers.input_files")
    input_format = lazy("ingest.formats.input_format")
    known_formats = lazy("ingest.detect.known_formats")
    sample = lazy("ingest.detect.sample")
    tables = lazy("ingest.detect.tables")

app = typer.Typer(help="What geoharm can read, and how to teach it your own files.", no_args_is_help=True)

FormatName = Annotated[str, typer.Argument(metavar="FORMAT", help="A shipped format, or a path that ends in .toml.")]
TableFile = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]


@app.command("list", epilog="Example: geoharm formats list")
def list_formats(as_json: AsJson = False) -> None:
    """List the shipped formats, and the real file each was tried on."""
    found = [input_format.read_format(name, Path()) for name in input_format.shipped()]
    if as_json:
        print_json([{"name": one.name, "title": one.title, "tried_on": one.tried_on} for one in found])
        return
    for one in found:
        print(f"{one.name}\n    {one.title}; tried on: {one.tried_on}")


@app.command(epilog="Example: geoharm formats show police-uk-street > my-format.toml")
def show(name: FormatName) -> None:
    """Print a format as TOML, to read or to start your own from."""
    print(input_format.format_text(name, Path()), end="")


@app.command(epilog="Example: geoharm formats guess my-file.csv --out my-format.toml")
def guess(
    file: TableFile,
    out: Annotated[Path | None, typer.Option("--out", help="Write the proposal to a file.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="What it holds: event, area_table, survey or site.")] = "event",
) -> None:
    """Propose a format for a file, with evidence and doubts. Nothing is read into a database."""
    source = input_files.single_input_file(file)
    found = detect_events.guess_format(source) if kind == "event" else tables.guess_table(source, kind)
    if kind == "event":
        fitting = known_formats.recognise_formats(sample.read_sample(source))
        for name in fitting:
            print(f"fits: {name}, a shipped format; no guess is needed")
    for line in found.evidence:
        print(f"found: {line}")
    for line in found.undecided:
        print(f"undecided: {line}")
    if out is None:
        print(f"\n{found.toml}", end="")
        return
    if out.exists():
        typer.echo(f'"{out}" exists; choose another --out.', err=True)
        raise typer.Exit(1)
    out.write_text(found.toml, encoding="utf-8", newline="\n")
    print(f"wrote {out}; edit it, then: geoharm formats check {file} --format {out}")


@app.command(epilog="Example: geoharm formats check 2018-01-merseyside-street.csv.gz --format police-uk-street")
def check(
    file: TableFile,
    format_name: Annotated[str, typer.Option("--format", help="A shipped format, or a path that ends in .toml.")],
    as_json: AsJson = False,
) -> None:
    """Read one file as a format says, and print what became of its rows. No database is kept."""
    layout = input_format.read_format(format_name, Path())
    found = detect_check.check_file(file, layout)
    if as_json:
        print_json(found)
        return
    for row in found["files"]:
        print(f"{row['file']}: {row['read']:,} read = {row['kept']:,} kept + {row['rejected']:,} rejected + "
              f"{row['duplicate']:,} duplicate; {row['no_place']:,} of the kept without a place")  # fmt: skip
        for reason in row["reasons"]:
            print(f"    {reason['rows']:,} rejected, first in line {reason['first_line']:,}: {reason['reason']}")
    if found["first_day"]:
        print(f"dates from {found['first_day']} to {found['last_day']}; months without a row: "
              f"{', '.join(found['missing_months']) or 'none'}")  # fmt: skip
    for code in found["default_geocodes"]:
        print(
            f"default geocode: {code['rows']:,} rows on one point under {code['addresses']:,} addresses ({code['rule']})"
        )
    for note in found["notes"]:
        print(f"note: {QualityNote(**note).text()}")
    for category, count in found["categories"].items():
        print(f"    {count:>9,}  {category}")
