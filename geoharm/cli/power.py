"""The verb `power`: the smallest detectable fall, how long to wait for it, and what pooling operations would add.

Exit codes: 0 done; 1 a mistake in the study or its data, said in one sentence; 2 a wrong command line.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoharm.cli import power_compare, power_search
from geoharm.cli.lazy import lazy
from geoharm.cli.options import DATA, AsJson, DataFolder, Quiet, StudyFile, print_json

if TYPE_CHECKING:
    from geoharm.cli import progress as cli_progress
    from geoharm.cli.progress import ProgressDisplay
    from geoharm.engines import duckdb as duckdb_engine
    from geoharm.evaluation.pooling import common_fall
    from geoharm.evaluation.results.composite import CompositeResult, CompositeSummary
    from geoharm.evaluation.results.power import PowerRow, PowerTable
    from geoharm.model import spread as spreads
    from geoharm.model.spread import PooledSpread
    from geoharm.model.study import Study
    from geoharm.pipeline import check as pipeline_check
    from geoharm.pipeline import collect as pipeline_collect
    from geoharm.pipeline import composite as pipeline_composite
    from geoharm.pipeline import load as pipeline_load
    from geoharm.pipeline import planned_steps
    from geoharm.pipeline import power as pipeline_power
    from geoharm.pipeline.study_data import StudyData
    from geoharm.study import read as study_reader
else:
    cli_progress = lazy("cli.progress")
    planned_steps = lazy("pipeline.planned_steps")
    pipeline_collect = lazy("pipeline.collect")
    pipeline_composite = lazy("pipeline.composite")
    duckdb_engine = lazy("engines.duckdb")
    common_fall = lazy("evaluation.pooling.common_fall")
    spreads = lazy("model.spread")
    pipeline_check = lazy("pipeline.check")
    pipeline_load = lazy("pipeline.load")
    pipeline_power = lazy("pipeline.power")
    study_reader = lazy("study.read")

_QUESTION = "the smallest fall that a design can detect"
_FALLS = (0.5, 0.3, 0.2)
_POOLED_OPERATIONS = (2, 4, 8, 16)


def power(  # noqa: PLR0917
    study_file: StudyFile,
    data: DataFolder = DATA,
    search: Annotated[
        bool, typer.Option("--search", help="Try many designs and rank them; the options below are for it.")
    ] = False,
    markets: Annotated[
        int,
        typer.Option(
            "--markets", min=1, max=power_search.MOST_MARKETS, help="How many hotspots or circles to try at most."
        ),
    ] = power_search.MARKETS,
    circle: Annotated[
        float | None, typer.Option("--circle", min=1, help="Try circles of this radius in metres around peaks.")
    ] = None,
    areas: Annotated[Path | None, typer.Option("--areas", help="Try the areas of this file instead.")] = None,
    name_column: Annotated[str, typer.Option("--name-column", help="The property that names them.")] = "name",
    rings: Annotated[
        list[str] | None, typer.Option("--rings", help="own, none, or GAP:OUTER,OUTER in metres; may be repeated.")
    ] = None,
    starts: Annotated[str, typer.Option("--starts", help="Dates, with commas between them.")] = "",
    windows: Annotated[
        str, typer.Option("--windows", help="Months after, with commas between them.")
    ] = power_search.WINDOWS,
    days: Annotated[int, typer.Option("--days", min=0, help="Length of the operation; 0: as in the study.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the search's table, figure and JSON.")] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="OTHER", help="A second study file, shown beside the first.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say how small a fall a study could find, and how soon.

    Data from the operation's start on are not used. With --search, many designs are tried and ranked.
    """
    study = study_reader.read_study(study_file)
    pipeline_check.check_study(study)
    pipeline_check.check_has_operation(study, _QUESTION)
    pipeline_check.check_primary_of_points(study, _QUESTION)
    given = {"--circle": circle, "--areas": areas, "--rings": rings, "--starts": starts, "--days": days, "--out": out}
    given |= {"--windows": windows != power_search.WINDOWS, "--markets": markets != power_search.MARKETS}
    alone = [name for name, value in given.items() if value and not search]
    if alone:
        msg = f"{alone[0]} is for a search; add --search."
        raise typer.BadParameter(msg)
    if search:
        if compare is not None:
            msg = "--search and --compare are two questions; ask one at a time."
            raise typer.BadParameter(msg)
        radius = math.nan if circle is None else circle
        request = power_search.SearchRequest(
            markets, radius, areas, name_column, tuple(rings or ()), starts, windows, days
        )
        power_search.search(study, data, request, out=out, as_json=as_json, quiet=quiet)
        return
    other = None
    if compare is not None:
        other = study_reader.read_study(compare)
        pipeline_check.check_study(other)
        pipeline_check.check_has_operation(other, _QUESTION)
        pipeline_check.check_primary_of_points(other, _QUESTION)
    with cli_progress.ProgressDisplay(quiet) as bar:
        bar.plan([step for one in (study, other) if one for step in planned_steps.power_steps(one, data)])
        collected, tables = _power_of(study, data, bar)
        others = _power_of(other, data, bar)[1] if other else ()
        summaries = () if other else pipeline_composite.composite_power(collected)
    if compare is not None and other is not None:
        compared = (
            power_compare.ComparedStudy(study_file, study, tables),
            power_compare.ComparedStudy(compare, other, others),
        )
        power_compare.compare(compared, as_json=as_json)
        return
    pooled_falls = _pooled_falls(tables)
    if as_json:
        output: dict[str, Any] = {"operations": [_table_as_dict(table) for table in tables], "together": pooled_falls}
        output["questions"] = [_composite_as_dict(summary) for summary in summaries]
        print_json(output)
        return
    going_on = {operation.name for operation in study.operations if operation.ongoing}
    for table in tables:
        later = "since its start" if table.operation in going_on else "after"
        _print_table(table, primary=table.measure == study.primary, later=later)
    for measure, fall in pooled_falls.items():
        finding = f"a fall of {fall:.0%} or more" if fall is not None else "no fall of a size that can be computed"
        print(
            f"all {len(study.operations)} operations of this study together, {measure}: {finding} is found in the targets"
        )
    for summary in summaries:
        _print_composite(summary)


def _power_of(study: Study, data: Path, bar: ProgressDisplay) -> tuple[StudyData, tuple[PowerTable, ...]]:
    """Return the data of every harm measure before each operation, and the smallest detectable falls."""
    # A separate database: computing power loads no outcome into the study's own.
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb_engine.open_engine(Path(folder) / "p.duckdb", inputs=data) as engine,
    ):
        ledgers = pipeline_load.load_sources(engine, study, data, bar.show, bar.tell)
        if any(operation.streets for operation in study.operations):
            pipeline_load.load_tables(engine, study, data, bar.show, bar.tell)
        collected = pipeline_collect.collect_power(engine, study, ledgers)
    return collected, pipeline_power.power_tables(collected, bar.show)


def _print_composite(summary: CompositeSummary[CompositeResult]) -> None:
    print(f"question \u201c{summary.outcome.name}\u201d, tried on windows of the past:")
    for result in summary.results:
        if not result.pooled.is_defined:
            print(f"  {result.operation}: {result.pooled.note}")
        else:
            print(
                f"  {result.operation}: a common fall of {result.detectable_fall:.0%} or more is found four times in five "
                f"({len(result.used)} of {len(result.components)} parts; {result.note})"
            )
        for label, reason in result.left_out:
            print(f"    left out: {label}: {reason}")
    fall = _together(result.spread for result in summary.results)
    if fall is not None:
        print(f"  all operations together: a fall of {fall:.0%} or more")


def _together(spreads: Iterable[PooledSpread | None]) -> float | None:
    """Return the smallest common fall that several answers find together; None with fewer than two."""
    known = [spread for spread in spreads if spread is not None]
    return _finite_or_none(common_fall.common_detectable_fall(known)) if len(known) > 1 else None


def _composite_as_dict(summary: CompositeSummary[CompositeResult]) -> dict[str, Any]:
    return {
        "question": summary.outcome.name,
        "operations": [
            {
                "operation": result.operation,
                "detectable_fall": _finite_or_none(result.detectable_fall),
                "parts": len(result.used),
                "left_out": [{"part": label, "reason": reason} for label, reason in result.left_out],
                "note": result.note or result.pooled.note,
            }
            for result in summary.results
        ],
        "together": _together(result.spread for result in summary.results),
    }


def _pooled_falls(tables: Sequence[PowerTable]) -> dict[str, float | None]:
    """Return the smallest detectable fall in the targets of all operations together, by measure; empty for one operation."""
    rows: dict[str, list[PowerRow]] = {}
    for table in tables:
        rows.setdefault(table.measure, []).append(table.zones[0])
    return {
        measure: _together(_alone(row) for row in measure_rows)
        for measure, measure_rows in rows.items()
        if len(measure_rows) > 1
    }


def _alone(row: PowerRow) -> PooledSpread | None:
    return None if row.spread is None else spreads.PooledSpread((row.spread,))


def _print_table(table: PowerTable, *, primary: bool, later: str) -> None:
    print(f"{table.operation}, {table.measure}{' (primary)' if primary else ''}: tried on {table.past_windows}")
    for row in table.zones:
        if math.isnan(row.detectable_fall):
            print(f"  {row.zone}, {row.months} months {later}: {row.note}")
            continue
        print(
            f"  {row.zone}, {row.months} months {later}: about {row.expected:,.0f} {table.unit} expected; a fall of "
            f"{row.detectable_fall:.0%} or more is found four times in five"
        )
    for fall in _FALLS:
        months = table.months_for(fall)
        wait = f"{months:.0f} months {later}" if not math.isnan(months) else "not within 18 months"
        print(f"  to find a fall of {fall:.0%} in the target: {wait}")
    tried = [row for row in table.by_months if not math.isnan(row.detectable_fall)]
    if not table.waiting_helps:
        figures = ", ".join(f"{row.detectable_fall:.0%} at {row.months} months" for row in (tried[0], tried[-1]))
        print(f"  waiting longer hardly helps here: {figures}")
    own = table.zones[0]
    if own.spread is not None:
        pooled = ", ".join(
            f"{count}: {common_fall.pooled_detectable_fall(own.spread, count):.0%}" for count in _POOLED_OPERATIONS
        )
        print(f"  pooled with operations like it that have the same effect ({own.months} months each): {pooled}")
        needed = {fall: common_fall.operations_for(own.spread, fall) for fall in _FALLS}
        most = f"more than {common_fall.MOST_OPERATIONS}"
        print(
            "  operations needed together: "
            + ", ".join(f"{most if math.isnan(count) else int(count)} for {fall:.0%}" for fall, count in needed.items())
        )


def _table_as_dict(table: PowerTable) -> dict[str, Any]:
    own = table.zones[0]
    return {
        "operation": table.operation,
        "measure": table.measure,
        "tried_on": table.past_windows,
        "zones": [
            {
                "zone": row.zone,
                "months": row.months,
                "expected": _finite_or_none(row.expected),
                "detectable_fall": _finite_or_none(row.detectable_fall),
                "note": row.note,
            }
            for row in table.zones
        ],
        "target_by_months": {str(row.months): _finite_or_none(row.detectable_fall) for row in table.by_months},
        "months_to_wait": {f"{fall:g}": _finite_or_none(table.months_for(fall)) for fall in _FALLS},
        "waiting_helps": table.waiting_helps,
        "detectable_fall_pooled": {
            str(count): own.spread and _finite_or_none(common_fall.pooled_detectable_fall(own.spread, count))
            for count in _POOLED_OPERATIONS
        },
        "operations_needed": {
            f"{fall:g}": own.spread and _finite_or_none(common_fall.operations_for(own.spread, fall)) for fall in _FALLS
        },
    }


def _finite_or_none(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
