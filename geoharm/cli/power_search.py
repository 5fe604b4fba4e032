"""`geoharm power --search`: the smallest detectable fall of many designs, ranked, with what is refused and why.

Ctrl-C ends a search with exit code 130; what was found so far is printed before, and no file is written.
"""

from __future__ import annotations

import itertools
import math
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geoharm.cli.lazy import lazy
from geoharm.cli.options import print_json, print_written
from geoharm.errors import StudyError

if TYPE_CHECKING:
    from geoharm.cli import progress as cli_progress
    from geoharm.engines import duckdb as duckdb_engine
    from geoharm.evaluation.pooling import common_fall
    from geoharm.evaluation.results import design_search as nouns
    from geoharm.evaluation.results.design_search import (
        CandidateMarket,
        DesignRow,
        DesignSearch,
        RingDesign,
        TogetherRow,
    )
    from geoharm.model.study import Study
    from geoharm.pipeline import candidate_markets, planned_steps
    from geoharm.pipeline import collect as pipeline_collect
    from geoharm.pipeline import design_search as pipeline_search
    from geoharm.pipeline import load as pipeline_load
    from geoharm.pipeline.design_search import SearchPlan
    from geoharm.pipeline.study_data import StudyData
    from geoharm.report.exports import design_files
else:
    cli_progress = lazy("cli.progress")
    duckdb_engine = lazy("engines.duckdb")
    common_fall = lazy("evaluation.pooling.common_fall")
    nouns = lazy("evaluation.results.design_search")
    candidate_markets = lazy("pipeline.candidate_markets")
    pipeline_collect = lazy("pipeline.collect")
    pipeline_search = lazy("pipeline.design_search")
    pipeline_load = lazy("pipeline.load")
    planned_steps = lazy("pipeline.planned_steps")
    design_files = lazy("report.exports.design_files")

MARKETS, MOST_MARKETS, MOST_MONTHS = 12, 100, 60
WINDOWS = "6,9,12"
_FALLS = (0.3, 0.2)
_RINGS = re.compile(r"(?:(\d+(?:\.\d+)?):)?(\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)*)")
_MOST_REASONS = 8


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What the command line asks a search for.

    Attributes
    ----------
    markets : int
        Largest number of markets that are looked for.
    circle : float
        Radius of circles around peaks of density in metres; NaN for the outlines of hotspots.
    areas : Path or None
        File of areas, in place of hotspots.
    name_column : str
        The property that names them.
    rings : tuple of str
        "own", "none", or GAP:OUTER,OUTER in metres.
    starts : str
        Dates, with commas between them; empty for those by rule.
    windows : str
        Months, with commas between them.
    days : int
        Length of the operation; 0 for that of the study's last operation.
    """

    markets: int
    circle: float
    areas: Path | None
    name_column: str
    rings: tuple[str, ...]
    starts: str
    windows: str
    days: int


def search(study: Study, data: Path, request: SearchRequest, *, out: Path | None, as_json: bool, quiet: bool) -> None:
    """Try every design, print the ranking, and write its files if a folder is given.

    Parameters
    ----------
    study : Study
        Checked.
    data : Path
        Folder of its files.
    request : SearchRequest
    out : Path or None
        Folder for the table, the figure, the record and the outlines.
    as_json, quiet : bool

    Raises
    ------
    KeyboardInterrupt
        If it is stopped, after printing what was found.
    """
    starts, windows = _dates(request.starts), _months(request.windows)
    with cli_progress.ProgressDisplay(quiet) as bar:
        bar.plan(planned_steps.search_steps(study, data))
        # A separate database: a search loads no outcome into the study's own.
        with (
            tempfile.TemporaryDirectory() as folder,
            duckdb_engine.open_engine(Path(folder) / "p.duckdb", inputs=data) as engine,
        ):
            ledgers = pipeline_load.load_sources(engine, study, data, bar.show, bar.tell)
            if any(operation.streets for operation in study.operations):
                pipeline_load.load_tables(engine, study, data, bar.show, bar.tell)
            located = pipeline_collect.collect_located(engine, study, ledgers)
            plan = pipeline_search.search_plan(study, ledgers, starts=starts, windows=windows, days=request.days)
            plan = pipeline_search.with_ring_designs(plan, [_ring_design(text, plan) for text in request.rings])
            markets, notes = _markets(located, plan, request)
            _check_size(pipeline_search.row_count(located, plan, len(markets)))
            tried = pipeline_search.candidates(located, plan, markets)
            collected = pipeline_collect.with_zone_counts(engine, located, pipeline_search.zones_to_count(tried))
        rows: list[DesignRow] = []
        stopped: KeyboardInterrupt | None = None
        try:
            rows.extend(pipeline_search.try_designs(collected, plan, tried, bar.show))
            found = pipeline_search.search_result(collected, plan, markets, rows, notes)
            found = pipeline_search.with_together(collected, plan, found, bar.show)
        except KeyboardInterrupt as stop:
            stopped = stop
            found = pipeline_search.search_result(collected, plan, markets, rows, notes)
    record = design_files.search_record(found)
    written = design_files.write_designs(found, study.area.crs, out) if out and stopped is None else ()
    if as_json:
        print_json({**record, "files": [str(path) for path in written]})
    else:
        _print_search(found)
        print_written(written)
    if stopped is not None:
        raise stopped


def _markets(
    data: StudyData, plan: SearchPlan, request: SearchRequest
) -> tuple[tuple[CandidateMarket, ...], list[str]]:
    """Return the markets of a search and how they were chosen; planned targets of the study are the first."""
    planned = candidate_markets.planned_markets(data.study, plan.planned)
    if request.areas is not None:
        found = candidate_markets.area_markets(data.study, request.areas, request.name_column)
        said = f"{len(found)} areas of {request.areas.name}"
    else:
        found, said = candidate_markets.hotspot_markets(data, plan.cut_off, most=request.markets, radius=request.circle)
        if len(found) < request.markets and math.isnan(request.circle):
            said += "; --circle METRES or --areas FILE give more markets"
    taken = {market.name for market in planned} & {market.name for market in found}
    if taken:
        msg = (
            f'"{min(taken)}" is the name of an operation in the study file and of an area; give the area another name.'
        )
        raise StudyError([msg])
    names = " and ".join(f"\u201c{market.name}\u201d" for market in planned)
    return (*planned, *found), [f"Markets: {f'{names} as in the study file, and ' if names else ''}{said}."]


def _ring_design(text: str, plan: SearchPlan) -> RingDesign:
    template = plan.template
    if text == "own":
        return nouns.RingDesign(template.gap, template.rings)
    if text == "none":
        return nouns.RingDesign(template.gap)
    match = _RINGS.fullmatch(text.replace(" ", ""))
    outer = tuple(float(number) for number in match[2].split(",")) if match else ()
    gap = float(match[1]) if match and match[1] else template.gap
    edges = (gap, *outer)
    if not match or any(later <= earlier for earlier, later in itertools.pairwise(edges)):
        msg = (
            f'--rings "{text}" must be own, none, or GAP:OUTER,OUTER in metres that grow from the gap outwards, such as '
            "100:250,500."
        )
        raise typer.BadParameter(msg)
    return nouns.RingDesign(gap, outer)


def _dates(text: str) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(part.strip()) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        msg = f'--starts "{text}" must be dates such as 2026-04-01,2026-07-01.'
        raise typer.BadParameter(msg) from None


def _months(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= MOST_MONTHS for part in parts):
        msg = f'--windows "{text}" must be months from 1 to {MOST_MONTHS}, such as 6,9,12.'
        raise typer.BadParameter(msg)
    return tuple(int(part) for part in parts)


def _check_size(rows: int) -> None:
    if rows > pipeline_search.MAX_ROWS:
        msg = f"This search has {rows:,} designs, and at most {pipeline_search.MAX_ROWS:,} are tried; ask for fewer."
        raise typer.BadParameter(msg)


def _print_search(found: DesignSearch) -> None:
    per_market = len(found.ring_designs) * len(found.starts) * len(found.windows)
    print(f"{found.study}: designs for an operation of {_counted(found.days, 'day')}. Internal: not for release.")
    print(f"Nothing from {found.cut_off} on is counted: neither to find markets nor to try designs.")
    for note in found.notes:
        print(note)
    print(
        f"Each with {_counted(len(found.ring_designs), 'ring design')} ({'; '.join(one.name for one in found.ring_designs)}; "
        f"gap | outer edges), {_counted(len(found.starts), 'start')} ({', '.join(map(str, found.starts))}) and windows after of "
        f"{', '.join(map(str, found.windows))} months: {per_market} designs a market."
    )
    print("A design is tried on a window of the past in the same months of the year.")
    print(
        "fall: the smallest that is found four times in five. months, operations: how many find a fall of 30% / 20%, in this "
        "target or pooled. its designs: their falls, and how many of them have an answer."
    )
    if not found.is_complete:
        print(
            f"Stopped: {len(found.rows)} of {found.total} designs were tried. Ring designs are tried in turn, each at all markets."
        )
    for measure in found.measures:
        _print_measure(found, measure)
    _print_summary(found)


def _print_measure(found: DesignSearch, measure: str) -> None:
    best, refused = found.best(measure), found.without_answer(measure)
    print(f"\n{measure}{' (primary)' if measure == found.primary else ''}: best design of each market")
    if best:
        labels = [found.label(row.market) for row in best]
        width = max(len("market"), *map(len, labels))
        rings = max(len("rings"), *(len(row.rings.name) for row in best))
        print(
            f"   #  {'market':<{width}}  fall  expected  {'rings':<{rings}}  start       after   months   operations  its designs"
        )
        for number, (row, label) in enumerate(zip(best, labels, strict=True), start=1):
            wait = " / ".join(_whole(row.table.months_for(fall), row.table.by_months[-1].months) for fall in _FALLS)
            needed = " / ".join(_whole(row.operations_for(fall), common_fall.MOST_OPERATIONS) for fall in _FALLS)
            print(
                f"  {number:>2}  {label:<{width}}  {row.detectable_fall:>4.0%}  {row.target.expected:>8,.0f}  "
                f"{row.rings.name:<{rings}}  {row.start}  {row.months:>2} mo  {wait:>9}  {needed:>10}  {_spread(found, row)}"
            )
    labels_by_reason: dict[str, list[str]] = {}
    for row in refused:
        labels_by_reason.setdefault(_reason(row), []).append(found.label(row.market))
    for reason, names in labels_by_reason.items():
        print(f"   -  {'; '.join(names)}: {reason}")


def _spread(found: DesignSearch, row: DesignRow) -> str:
    """Return the range of the smallest detectable falls of a market's designs, and how many have an answer."""
    rows = found.ranked(found.rows_of(row.table.measure, row.market))
    falls = [one.detectable_fall for one in rows if one.has_answer]
    return f"{min(falls):.0%} to {max(falls):.0%} ({len(falls)} of {len(rows)})"


def _reason(row: DesignRow) -> str:
    return str(row.target.note).removeprefix("no 95% interval is possible here: ").rstrip(".")


def _kind_of_reason(row: DesignRow) -> str:
    """Return a reason without its numbers and names, so that reasons of one kind are counted together."""
    without_names = re.sub(r'"[^"]*"', "...", _reason(row))
    return re.sub(r"\d[\d.,%-]*\d%?|\d%?", "...", without_names)


def _print_summary(found: DesignSearch) -> None:
    rows = found.rows_of(found.primary)
    answered = [row for row in found.ranked(rows) if row.has_answer]
    strong = [row for row in answered if row.detectable_fall <= found.weak_above]
    refused: Counter[str] = Counter()
    texts: dict[str, list[str]] = {}
    for row in rows:
        if not row.has_answer:
            refused[_kind_of_reason(row)] += 1
            texts.setdefault(_kind_of_reason(row), []).append(_reason(row))
    print(f"\n{found.primary}: {len(rows)} designs tried, {sum(refused.values())} without an answer")
    for kind, count in refused.most_common(_MOST_REASONS):
        print(f"  {count}{' such as' if len(set(texts[kind])) > 1 else ''}: {texts[kind][0]}")
    if len(refused) > _MOST_REASONS:
        print(f"  {sum(count for _, count in refused.most_common()[_MOST_REASONS:])}: other reasons")
    for line in _without_rings(found):
        print(line)
    if not strong:
        tried = "that was tried " if not found.is_complete else ""
        print(f"No design {tried}can answer: none finds a fall of {found.weak_above:.0%} or less of {found.primary}.")
    _print_ways_out(found)
    if strong:
        print(
            "The best of many designs looks a little better than it is: part of what sets it apart is chance. Choose a design for "
            "its place and its time too, write it into a study file, and ask geoharm power again."
        )


def _without_rings(found: DesignSearch) -> list[str]:
    """Return what the best market's best design without rings finds, where designs with rings are ranked."""
    bare = [row for row in found.rows_of(found.primary) if not row.rings.outer and row.has_answer]
    if not bare or not any(rings.outer for rings in found.ring_designs):
        return []
    row = bare[0]
    return [
        f"Without rings, for comparison: {found.label(row.market)} would find a fall of {row.detectable_fall:.0%} "
        f"({row.start}, {row.months} months after), and nobody would see what moved, so such designs are not ranked."
    ]


def _print_ways_out(found: DesignSearch) -> None:
    """Print what would give an answer or a smaller fall: a later start, another measure, pooling."""
    for months, day in found.too_early:
        print(f"A window of {months} months needs more past: it can be tried for a first start from {day} on.")
    for measure in found.measures[1:]:
        best = found.best(measure)
        if not best or best[0].detectable_fall > found.weak_above:
            print(f"Another measure, {measure}, has no design that finds a fall of {found.weak_above:.0%} or less.")
            continue
        row = best[0]
        print(
            f"Another measure: {measure} at {found.label(row.market)} ({row.rings.name}, {row.start}, {row.months} months after) "
            f"finds a fall of {row.detectable_fall:.0%}."
        )
    for together in found.together:
        alone = found.best(together.measure)[0]
        if together.best[0] > 1 and together.best[1] < alone.detectable_fall:
            print(_together_sentence(found, together))
        else:
            print(
                f"Pooled, {together.measure}: markets that lie apart find no smaller fall together than {found.label(alone.market)} "
                "alone; each takes places to learn from away from the others."
            )


def _together_sentence(found: DesignSearch, together: TogetherRow) -> str:
    count, _ = together.best
    falls = ", ".join(f"{number}: {fall:.0%}" for number, fall in together.falls if number <= count)
    return (
        f"Pooled, {together.measure} ({together.rings.name}, {together.start}, {together.months} months after): operations at "
        f"{'; '.join(found.label(name) for name in together.markets[:count])}, which lie apart, find together, in one study and if "
        f"the fall is the same in all, by their number: {falls}."
    )


def _whole(value: float, most: int) -> str:
    return f">{most}" if math.isnan(value) else f"{value:.0f}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
