"""The verbs about input formats: list, show, guess and check.

Exit codes: 0 done; 1 a mistake in the file or its format, said in one sentence, or an --out file that exists; 2 a wrong
command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoharm._whole_files import write_whole
from geoharm.cli import completion
from geoharm.cli.help_pages import VerbGroup, example
from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, print_json
from geoharm.errors import StudyError

if TYPE_CHECKING:
    from geoharm.ingest.detect import check as detect_check
    from geoharm.ingest.detect import events as detect_events
    from geoharm.ingest.detect import known_formats
    from geoharm.ingest.detect import sample as detect_sample
    from geoharm.ingest.detect import tables as detect_tables
    from geoharm.ingest.formats import input_format as ingest_formats
    from geoharm.ingest.readers import input_files
    from geoharm.model import ledger
else:
    detect_check = lazy("ingest.detect.check")
    detect_events = lazy("ingest.detect.events")
    input_files = lazy("ingest.readers.input_files")
    ledger = lazy("model.ledger")
    ingest_formats = lazy("ingest.formats.input_format")
    known_formats = lazy("ingest.detect.known_formats")
    detect_sample = lazy("ingest.detect.sample")
    detect_tables = lazy("ingest.detect.tables")

app = typer.Typer(
    cls=VerbGroup,
    help="List, show, guess and check the formats that geoharm can read.",
    subcommand_metavar="VERB [ARGS]...",
    no_args_is_help=True,
)

_FORMAT_HELP = "A shipped format, or a path that ends in .toml."
FormatName = Annotated[str, typer.Argument(metavar="FORMAT", help=_FORMAT_HELP, autocompletion=completion.format_names)]
TableFile = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]


@app.command("list", epilog=example("formats list"))
def list_formats(as_json: AsJson = False) -> None:
    """List the shipped formats, and the real file each was tried on."""
    formats = [ingest_formats.read_format(name, Path()) for name in ingest_formats.shipped_formats()]
    if as_json:
        print_json(
            [
                {"name": input_format.name, "title": input_format.title, "tried_on": input_format.tried_on}
                for input_format in formats
            ]
        )
        return
    for input_format in formats:
        print(f"{input_format.name}\n    {input_format.title}; tried on: {input_format.tried_on}")


@app.command(epilog=example("formats show points-csv > my-format.toml"))
def show(name: FormatName) -> None:
    """Print a format as TOML, to start your own from."""
    print(ingest_formats.format_text(name, Path()), end="")


@app.command(epilog=example("formats guess data/sample/survey.csv --kind survey --out my-format.toml"))
def guess(
    file: TableFile,
    out: Annotated[Path | None, typer.Option("--out", help="Write the proposal to a file.")] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="What it holds: event, area_table, survey or site.",
            autocompletion=completion.words("event", "area_table", "survey", "site"),
        ),
    ] = "event",
    as_json: AsJson = False,
) -> None:
    """Propose a format for a file, with evidence and doubts.

    Nothing is read into a database.
    """
    source = input_files.single_input_file(file)
    proposal = detect_events.guess_format(source) if kind == "event" else detect_tables.guess_table(source, kind)
    fitting = known_formats.recognise_formats(detect_sample.read_sample(source)) if kind == "event" else ()
    if out is not None:
        if out.exists():
            raise StudyError([f'"{out}" exists; choose another --out.'])
        write_whole(out, proposal.toml)
    if as_json:
        found = {"fits": list(fitting), "found": list(proposal.evidence), "undecided": list(proposal.undecided)}
        print_json({**found, "format": proposal.toml, "files": [str(out)] if out else []})
        return
    for name in fitting:
        print(f"fits: {name}, a shipped format; no guess is needed")
    for line in proposal.evidence:
        print(f"found: {line}")
    for line in proposal.undecided:
        print(f"undecided: {line}")
    if out is None:
        print(f"\n{proposal.toml}", end="")
        return
    print(f"wrote {out}; edit it, then: geoharm formats check {file} --format {out}")


@app.command(epilog=example("formats check data/sample/needles.csv --format points-csv"))
def check(
    file: TableFile,
    format_name: Annotated[str, typer.Option("--format", help=_FORMAT_HELP, autocompletion=completion.format_names)],
    as_json: AsJson = False,
) -> None:
    """Read one file by a format and say what became of its rows.

    No database is kept.
    """
    input_format = ingest_formats.read_format(format_name, Path())
    report = detect_check.check_file(file, input_format)
    if as_json:
        print_json(report)
        return
    for file_row in report["files"]:
        print(f"{file_row['file']}: {file_row['read']:,} read = {file_row['kept']:,} kept + {file_row['rejected']:,} rejected + "
              f"{file_row['duplicate']:,} duplicate; {file_row['no_place']:,} of the kept without a place")  # fmt: skip
        for reason in file_row["reasons"]:
            print(f"    {reason['rows']:,} rejected, first in line {reason['first_line']:,}: {reason['reason']}")
    if report["first_day"]:
        print(f"dates from {report['first_day']} to {report['last_day']}; months without a row: "
              f"{', '.join(report['missing_months']) or 'none'}")  # fmt: skip
    if report["places"]:
        print(_places_text(report["places"]))
    for code in report["default_geocodes"]:
        print(
            f"default geocode: {code['rows']:,} rows on one point under {code['addresses']:,} addresses ({code['rule']})"
        )
    for note in report["notes"]:
        print(f"note: {ledger.QualityNote(**note).text()}")
    for category, count in report["categories"].items():
        print(f"    {count:>9,}  {category}")


def _places_text(places: dict[str, Any]) -> str:
    """Return where the rows of a file lie, as one line."""

    def side(value: float, letters: str) -> str:
        return f"{abs(value):.3f} {letters[value < 0]}"

    far = (
        f"; {places['far']:,} of {places['rows']:,} rows lie far from it"
        if places["far"]
        else "; no row lies far from it"
    )
    return (
        f"places: the middle 98 % of rows lie from {side(places['west'], 'EW')} to {side(places['east'], 'EW')} and "
        f"{side(places['south'], 'NS')} to {side(places['north'], 'NS')}{far}"
    )
