"""The command line's main verbs: run, ingest, check, index, purge and simulate. The other verbs are registered here."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm._version import __version__
from geoharm.cli import decide
from geoharm.cli.doctor import doctor
from geoharm.cli.formats import app as formats_app
from geoharm.cli.hotspots import hotspots
from geoharm.cli.lazy import lazy
from geoharm.cli.new import new
from geoharm.cli.options import (
    DATA,
    AsJson,
    Database,
    DataFolder,
    OutFolder,
    Quiet,
    StudyFile,
    default_database,
    default_output,
    print_json,
    print_written,
)
from geoharm.cli.plan import app as plan_app
from geoharm.cli.power import power
from geoharm.cli.schema import schema
from geoharm.cli.selfcheck import selfcheck
from geoharm.errors import DatabaseError
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import month_name
from geoharm.model.table_ledger import TableLedger
from geoharm.simulation.choices import DEMO_SEED, TARGET_CHOICES

if TYPE_CHECKING:
    from geoharm.cli import progress as cli_progress
    from geoharm.engines import duckdb as duckdb_engine
    from geoharm.ingest import purge as ingest_purge
    from geoharm.pipeline import check as pipeline_check
    from geoharm.pipeline import load as pipeline_load
    from geoharm.pipeline import run as pipeline_run
    from geoharm.pipeline import workload as pipeline_workload
    from geoharm.report import index as report_index
    from geoharm.simulation import city as simulated_city
    from geoharm.simulation import city_files
    from geoharm.simulation import demo as demo_city
    from geoharm.study import read as study_reader
else:
    cli_progress = lazy("cli.progress")
    duckdb_engine = lazy("engines.duckdb")
    ingest_purge = lazy("ingest.purge")
    pipeline_check = lazy("pipeline.check")
    pipeline_load = lazy("pipeline.load")
    pipeline_run = lazy("pipeline.run")
    pipeline_workload = lazy("pipeline.workload")
    report_index = lazy("report.index")
    simulated_city = lazy("simulation.city")
    city_files = lazy("simulation.city_files")
    demo_city = lazy("simulation.demo")
    study_reader = lazy("study.read")

app = typer.Typer(
    name="geoharm",
    help="Did harm fall, did it move, will it last? Evaluate police operations against street drug markets by harm.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command(epilog="Example: geoharm hotspots data/sample/needles.csv --out maps/needles")(hotspots)
app.add_typer(formats_app, name="formats")
app.add_typer(plan_app, name="plan")
app.command(epilog="Example: geoharm power pipelines/demo.toml --data data/sample --json")(power)
app.add_typer(decide.values_app, name="values")
app.command(epilog="Example: geoharm appraise pipelines/demo.toml --data data/sample --out maps/demo")(decide.appraise)
app.command(
    epilog="Example: geoharm prioritise pipelines/demo.toml --data data/sample --weight harm=2 --weight reach=1"
)(decide.prioritise)
app.command(
    epilog="Example: geoharm new pipelines/mine.toml --data data/raw --area-around=-71.07,42.33,8 "
    "--target-around=-71.07,42.33,400 --operation 'Clean Sweep' --start 2019-08-01"
)(new)
app.command(epilog="Example: geoharm schema study > study.schema.json")(schema)
app.command(epilog="Example: geoharm selfcheck --json")(selfcheck)
app.command(epilog="Example: geoharm doctor pipelines/demo.toml --json")(doctor)


@app.command(epilog="Example: geoharm run pipelines/demo.toml --data data/sample --out maps/demo")
def run(
    study_file: StudyFile,
    data: DataFolder = DATA,
    out: OutFolder = None,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read the files, find hotspots, evaluate every operation, and write report, map and run.json."""
    study = study_reader.read_study(study_file)
    with cli_progress.ProgressDisplay(quiet) as bar:
        study_run = pipeline_run.run(
            study,
            data=data,
            out=out or default_output(study),
            database=db or default_database(study),
            progress=bar.show,
            on_gone=bar.tell,
            on_long=bar.tell,
        )
    if out is None or report_index.has_index(out.parent):
        report_index.write_index((out or default_output(study)).parent)
    if as_json:
        print_json(
            {
                "operations": [
                    {
                        "name": name,
                        "state": verdict.state.value,
                        "headline": verdict.headline,
                        "lead": verdict.lead,
                    }
                    for name, verdict in study_run.published.verdicts
                ],
                "hotspots": list(study_run.published.hotspots),
                "plan": {
                    "kind": study_run.result.preregistration.kind,
                    "sentence": study_run.result.preregistration.sentence,
                }
                if study.operations
                else None,
                "files": [str(path) for path in study_run.published.files],
            }
        )
        return
    ledgers: list[SourceLedger | TableLedger] = [*study_run.result.ledgers, *study_run.result.tables]
    for ledger in ledgers:
        print(_ledger_line(ledger))
    if study.operations:
        print(study_run.result.preregistration.sentence)
    for sentence in study_run.published.hotspots:
        print(f"  {sentence}")
    for name, verdict in study_run.published.verdicts:
        print(f"\n{name}")
        for notice in filter(None, (verdict.label, *verdict.notices)):
            print(f"  note: {notice}")
        print(f"  {verdict.headline}\n  {verdict.lead}")
        for answer in verdict.answers:
            print(f"  {answer.question} {answer.answer}. {answer.detail}")
    print()
    for path in study_run.published.removed:
        print(f"removed {path}: it belongs to the previous release")
    print_written(study_run.published.files)
    if study_run.release.is_internal:
        print("internal: not for publication")


@app.command(epilog="Example: geoharm ingest pipelines/demo.toml --data data/sample --json")
def ingest(
    study_file: StudyFile,
    data: DataFolder = DATA,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read the files into the database and print what became of every row."""
    study = study_reader.read_study(study_file)
    pipeline_check.check_study(study)
    database = db or default_database(study)
    own = (database, default_output(study))
    with cli_progress.ProgressDisplay(quiet) as bar, duckdb_engine.open_engine(database, inputs=data) as engine:
        ledgers: list[SourceLedger | TableLedger] = [
            *pipeline_load.load_sources(engine, study, data, bar.show, bar.tell, own)
        ]
        ledgers += pipeline_load.load_tables(engine, study, data, bar.show, bar.tell, own)
    if as_json:
        print_json([_ledger_dict(ledger) for ledger in ledgers])
        return
    for ledger in ledgers:
        print(_ledger_line(ledger))
        for file_row in ledger.files:
            print(
                f"  {file_row.file}: {file_row.read:,} read = {file_row.kept:,} kept + {file_row.rejected:,} rejected + "
                f"{file_row.duplicate:,} duplicate"
            )
            for reason, count, line in file_row.reasons:
                print(f"    {count:,} rejected, first in line {line:,}: {reason}")
        for text in (*_coverage_lines(ledger), *(f"note: {note.text()}" for note in ledger.notes)):
            print(f"  {text}")


@app.command(epilog="Example: geoharm check pipelines/demo.toml")
def check(study_file: StudyFile, as_json: AsJson = False) -> None:
    """Read a study file and its area files, and list every mistake; no data are read."""
    study = study_reader.read_study(study_file)
    pipeline_check.check_study(study)
    work = pipeline_workload.check_workload(study)
    summary = {
        "study": study.name,
        "area_km2": round(study.area.area_km2, 2),
        "crs": study.area.crs,
        "sources": [source.name for source in study.sources],
        "measures": {measure.name: measure.role.value for measure in study.measures},
        "operations": [operation.name for operation in study.operations],
        "comparisons": [comparison.name for comparison in study.comparisons],
        "leads": study.primary,
        "registers": [asdict(register) for register in study.registers],
        "notes": list(study.area_notes),
        "work": {"cells": work.cells, "minutes": round(work.seconds / 60, 1), "gigabytes": round(work.bytes / 1e9, 1)},
    }
    if as_json:
        print_json(summary)
        return
    print(f"{study.name}: no mistakes found. Study area {summary['area_km2']:,} km2 in {study.area.crs}.")
    for measure in study.measures:
        print(f"  {measure.role.value}: {measure.name} ({measure.unit}, recorded by {measure.recorded_by})")
    for measure in study.harm.area_measures:
        print(f"  {measure.role.value}: {measure.name} ({measure.unit}, recorded by {measure.recorded_by}, by area)")
    for operation in study.operations:
        print(f"  operation: {operation.name}{' (placebo)' if operation.placebo else ''}")
        if operation.period.end == study.period.end and not operation.ongoing:
            print("    note: it ends with the study period; if it goes on, write ongoing = true instead of end")
    if not study.operations:
        print(f"  no operation: maps where harm concentrates; {study.primary} leads")
    for comparison in study.comparisons:
        before, after = comparison.before, comparison.after
        print(f"  comparison: {comparison.name} ({before.start} to {before.last}, then {after.start} to {after.last})")
    for register in study.registers:
        print(f"  register: {register.balance}")
        for reason, rows, line in register.reasons:
            print(f"    {rows:,} rejected, first in line {line:,}: {reason}")
        for name, lines in register.pooled:
            print(f"    pooled: {name} (lines {', '.join(f'{line:,}' for line in lines)})")
        for note in (*([register.rule] if register.pooled else []), *register.notes):
            print(f"    note: {note}")
    for note in (*study.area_notes, *([work.sentence()] if work.is_long else [])):
        print(f"  note: {note}")


@app.command(epilog="Example: geoharm index maps")
def index(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder that holds the studies' folders.")
    ] = Path("maps"),
) -> None:
    """Write the list of published studies; internal releases are never in it."""
    print(f"wrote {report_index.write_index(folder)}")


@app.command(epilog="Example: geoharm purge pipelines/demo.toml --yes")
def purge(
    study_file: StudyFile,
    db: Database = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove without asking; needed where there is no terminal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what a study's database holds, ask, and delete it; input files and published pages stay."""
    if as_json and not yes:
        msg = "--json does not ask, so it needs --yes."
        raise typer.BadParameter(msg)
    path = db or default_database(study_reader.read_study(study_file))
    content = ingest_purge.database_content(path)
    if as_json:
        ingest_purge.purge(content)
        print_json(
            {
                "database": str(path),
                "removed": dict(content.counts),
                "files": [{"file": str(file), "bytes": size} for file, size in content.files],
            }
        )
        return
    for file, size in content.files:
        print(f"{file} ({size / 1e6:,.1f} MB)")
    counted = ", ".join(f"{count:,} {name if count != 1 else name[:-1]}" for name, count in content.counts)
    print(f"  holds {counted}" if counted else "  is damaged, so what it holds cannot be counted")
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            msg = f'"{path}" was not removed: there is no terminal to ask on, so --yes is needed.'
            raise DatabaseError(msg)
        if not typer.confirm("Remove?", err=True):
            print("nothing was removed")
            return
    ingest_purge.purge(content)
    for file, _ in content.files:
        print(f"removed {file}")


@app.command(epilog="Example: geoharm simulate --out data/sample --seed 1")
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the simulated city's files.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same city.")] = DEMO_SEED,
    tactic: Annotated[
        str, typer.Option("--tactic", help="Simulate a whole city with this operation instead of the demo city.")
    ] = "",
    chosen: Annotated[
        str,
        typer.Option("--chosen", help="With --tactic: how the target was chosen: " + ", ".join(TARGET_CHOICES) + "."),
    ] = "peak",
) -> None:
    """Simulate a city with a planted effect: write input files, areas, and the true effects."""
    if tactic:
        plan = simulated_city.CityPlan(seed, tactic=tactic, target_choice=chosen)
        written = city_files.write_city(simulated_city.build_city(plan), out)
    else:
        written = demo_city.write_demo_city(demo_city.make_demo_city(seed), out)
    for path in written:
        print(f"wrote {path}")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"geoharm {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""


def _ledger_line(ledger: SourceLedger | TableLedger) -> str:
    read, kept = ledger.total("read"), ledger.total("kept")
    rejected, duplicate = ledger.total("rejected"), ledger.total("duplicate")
    recovered = ledger.total("recovered")
    by_address = f" ({recovered:,} of them by their address text)" if recovered else ""
    return (
        f"{ledger.source}: {len(ledger.files)} files, {read:,} read = {kept:,} kept + {rejected:,} rejected + "
        f"{duplicate:,} duplicate; of the kept, {ledger.total('inside'):,} placed in the study area"
        f"{by_address}, "
        f"{ledger.total('outside'):,} outside, {ledger.total('default_geocode'):,} on a default geocode, "
        f"{ledger.total('no_place'):,} without a place"
    )


def _coverage_lines(ledger: SourceLedger | TableLedger) -> list[str]:
    """Return lines on the days that a source of events covers, its months without data, and its default geocodes."""
    if not isinstance(ledger, SourceLedger):
        return []
    span, known = ledger.coverage, "by month" if ledger.by_month else "by day"
    lines = [f"from {span.start} to {span.last}, {known}; typical error of a place: {ledger.location_error:g} m"]
    if ledger.missing_months:
        months = ", ".join(month_name(month) for month in ledger.missing_months)
        lines.append(f"no usable row in {months}: left out everywhere, and not read as zero")
    return lines + [
        f"default geocode: {code.events:,} rows ({code.share:.0%}) on one point under {code.addresses:,} addresses ({code.reason})"
        for code in ledger.default_geocodes
    ]


def _ledger_dict(ledger: SourceLedger | TableLedger) -> dict[str, object]:
    entry: dict[str, object] = {
        "source": ledger.source,
        "first_day": str(ledger.coverage.start) if ledger.coverage else "",
        "last_day": str(ledger.coverage.last) if ledger.coverage else "",
        "files": [
            {"file": file_row.file, **file_row.row_counts(), "reasons": file_row.reason_records()}
            for file_row in ledger.files
        ],
        "notes": [note.record() for note in ledger.notes],
    }
    if isinstance(ledger, TableLedger):
        return entry | {"kind": ledger.kind}
    return entry | {
        "missing_months": [str(month)[:7] for month in ledger.missing_months],
        "months": {
            str(month.month)[:7]: {
                "read": month.read,
                "kept": month.kept,
                "rejected": month.rejected,
                "duplicate": month.duplicate,
            }
            for month in ledger.months
        },
        "rejected_without_a_date": ledger.undated,
    }
