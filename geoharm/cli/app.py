"""The verbs check, ingest, index, purge and simulate; the other verbs are registered here, each under its heading."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm._version import __version__
from geoharm.cli import completion, decide
from geoharm.cli.doctor import doctor
from geoharm.cli.formats import app as formats_app
from geoharm.cli.ground import ground
from geoharm.cli.help_pages import ABOUT, BEFORE, FIRST_LOOK, STUDY, WholeProgram, example
from geoharm.cli.hotspots import hotspots
from geoharm.cli.lazy import lazy
from geoharm.cli.ledger_lines import coverage_lines, ledger_line, ledger_record
from geoharm.cli.new import new
from geoharm.cli.options import (
    DATA,
    AsJson,
    Database,
    DataFolder,
    Quiet,
    StudyFile,
    default_database,
    default_output,
    print_json,
)
from geoharm.cli.plan import app as plan_app
from geoharm.cli.power import power
from geoharm.cli.run import run
from geoharm.cli.schema import schema
from geoharm.cli.selfcheck import selfcheck
from geoharm.errors import DatabaseError
from geoharm.simulation.choices import DEMO_SEED, TARGET_CHOICES
from geoharm.simulation.tactics import PLANTED_EFFECTS

if TYPE_CHECKING:
    from geoharm.cli import progress as cli_progress
    from geoharm.engines import duckdb as duckdb_engine
    from geoharm.ingest import purge as ingest_purge
    from geoharm.model.ledger import SourceLedger
    from geoharm.model.table_ledger import TableLedger
    from geoharm.pipeline import check as pipeline_check
    from geoharm.pipeline import load as pipeline_load
    from geoharm.pipeline import planned_reading
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
    planned_reading = lazy("pipeline.planned_reading")
    pipeline_workload = lazy("pipeline.workload")
    report_index = lazy("report.index")
    simulated_city = lazy("simulation.city")
    city_files = lazy("simulation.city_files")
    demo_city = lazy("simulation.demo")
    study_reader = lazy("study.read")


def ingest(
    study_file: StudyFile,
    data: DataFolder = DATA,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read a study's files and say what became of every row."""
    study = study_reader.read_study(study_file)
    pipeline_check.check_study(study)
    database = db or default_database(study)
    own = (database, default_output(study))
    with cli_progress.ProgressDisplay(quiet) as bar, duckdb_engine.open_engine(database, inputs=data) as engine:
        bar.plan(planned_reading.reading_steps(study, data))
        ledgers: list[SourceLedger | TableLedger] = [
            *pipeline_load.load_sources(engine, study, data, bar.show, bar.tell, own)
        ]
        ledgers += pipeline_load.load_tables(engine, study, data, bar.show, bar.tell, own)
    if as_json:
        print_json([ledger_record(ledger) for ledger in ledgers])
        return
    for ledger in ledgers:
        print(ledger_line(ledger))
        for file_row in ledger.files:
            print(
                f"  {file_row.file}: {file_row.read:,} read = {file_row.kept:,} kept + {file_row.rejected:,} rejected + "
                f"{file_row.duplicate:,} duplicate"
            )
            for reason, count, line in file_row.reasons:
                print(f"    {count:,} rejected, first in line {line:,}: {reason}")
        for text in (*coverage_lines(ledger), *(f"note: {note.text()}" for note in ledger.notes)):
            print(f"  {text}")


def check(study_file: StudyFile, as_json: AsJson = False) -> None:
    """Find every mistake in a study file; no data are read.

    Its area files and registers are read too, and how long a run will take is estimated.
    """
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


def index(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder that holds the studies' folders.")
    ] = Path("maps"),
    as_json: AsJson = False,
) -> None:
    """Write a page that lists the published studies of a folder.

    Internal releases are never in it.
    """
    written = report_index.write_index(folder)
    if as_json:
        print_json({"files": [str(written)]})
    else:
        print(f"wrote {written}")


def purge(
    study_file: StudyFile,
    db: Database = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove without asking; needed where there is no terminal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a study's database, after listing what it holds.

    It asks before. Input files and published pages stay.
    """
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


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the simulated city's files.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same city.")] = DEMO_SEED,
    tactic: Annotated[
        str,
        typer.Option(
            "--tactic",
            help="Simulate a whole city with this operation instead of the demo city.",
            autocompletion=completion.words(*PLANTED_EFFECTS),
        ),
    ] = "",
    chosen: Annotated[
        str,
        typer.Option(
            "--chosen",
            help="With --tactic: how the target was chosen: " + ", ".join(TARGET_CHOICES) + ".",
            autocompletion=completion.words(*TARGET_CHOICES),
        ),
    ] = "peak",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a city with a planted effect, to try things on.

    Input files, areas and the true effects are written; with --tactic, a study file too.
    """
    with cli_progress.ProgressDisplay(quiet) as bar:
        bar.show("making the city", 0, 1)
        if tactic:
            plan = simulated_city.CityPlan(seed, tactic=tactic, target_choice=chosen)
            written = city_files.write_city(simulated_city.build_city(plan), out)
        else:
            written = demo_city.write_demo_city(demo_city.make_demo_city(seed), out)
        bar.show("making the city", 1, 1)
    if as_json:
        print_json({"files": [str(path) for path in written]})
        return
    for path in written:
        print(f"wrote {path}")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"geoharm {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="geoharm",
    cls=WholeProgram,
    help="Did harm fall, did it move, will it last? Evaluate police operations against street drug markets by harm.",
    subcommand_metavar="VERB [ARGS]...",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""


# In the order of work. The example of each verb is run by the tests, in a copy of data/sample and pipelines.
app.command(epilog=example("hotspots data/sample/needles.csv --out maps/needles"), rich_help_panel=FIRST_LOOK)(hotspots)
app.command(
    epilog=example(
        "new pipelines/lantern.toml --data data/sample --area data/sample/city.geojson --target data/sample/market.geojson "
        "--operation Lantern --start 2022-01-10 --end 2022-01-23 --yes"
    ),
    rich_help_panel=FIRST_LOOK,
)(new)
app.add_typer(formats_app, name="formats", rich_help_panel=FIRST_LOOK)
app.command(
    epilog=example("ground data/sample/ground.geojson --area data/sample/city.geojson --out ground.gpkg"),
    rich_help_panel=FIRST_LOOK,
)(ground)

app.command(epilog=example("check pipelines/demo.toml"), rich_help_panel=STUDY)(check)
app.command(epilog=example("ingest pipelines/demo.toml --data data/sample"), rich_help_panel=STUDY)(ingest)
app.command(epilog=example("run pipelines/demo.toml --data data/sample --out maps/demo"), rich_help_panel=STUDY)(run)
app.command(epilog=example("index maps"), rich_help_panel=STUDY)(index)
app.command(epilog=example("purge pipelines/demo.toml --yes"), rich_help_panel=STUDY)(purge)

app.command(epilog=example("power pipelines/demo.toml --data data/sample"), rich_help_panel=BEFORE)(power)
app.command(epilog=example("appraise pipelines/demo.toml --data data/sample --out maps/demo"), rich_help_panel=BEFORE)(
    decide.appraise
)
app.command(
    epilog=example("prioritise pipelines/demo.toml --data data/sample --weight harm=2 --weight reach=1"),
    rich_help_panel=BEFORE,
)(decide.prioritise)
app.add_typer(plan_app, name="plan", rich_help_panel=BEFORE)

app.command(epilog=example("doctor pipelines/demo.toml --json"), rich_help_panel=ABOUT)(doctor)
app.command(epilog=example("selfcheck"), rich_help_panel=ABOUT)(selfcheck)
app.command(epilog=example("simulate --tactic crackdown --out data/made"), rich_help_panel=ABOUT)(simulate)
app.command(epilog=example("schema study > study.schema.json"), rich_help_panel=ABOUT)(schema)
app.add_typer(decide.values_app, name="values", rich_help_panel=ABOUT)
