"""Small made studies with a planted count, and the bytes of what is published of them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

from geoharm.disclosure.protect import protect
from geoharm.evaluation.effects import evaluate_measure
from geoharm.model.counts import ZoneCounts
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.ledger import FileLedger, MonthLedger, SourceLedger
from geoharm.model.period import Period, Window
from geoharm.report.write import publish_study
from geoharm.results import OperationResult, StudyResult
from geoharm.simulation.location import CENTRE, CRS
from tests.attacks.attackers.published import Folder
from tests.disclosure.test_protect import MEASURE, NAMES, PLENTY, design, study

AREA = StudyArea(shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE)), CRS)
SPAN = Period(date(2020, 1, 1), date(2021, 8, 1))
DATES = np.array(["2020-06-15", "2021-02-15", "2021-05-15"], dtype="datetime64[D]")
MONTHS = np.arange("2020-01", "2021-08", dtype="datetime64[M]").astype("datetime64[D]")


def released(result, release, *, rule="under-5", files=()):
    """Return a study result that is to be released in a way."""
    publish = replace(result.study.publish, release=release, disclosure=rule, files=files)
    return replace(result, study=replace(result.study, publish=publish))


def publish_into(result, folder: Path) -> Folder:
    """Publish a result into a folder and return the bytes that lie there then."""
    publish_study(protect(result), folder)
    return Folder(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    )


def publish(result, release, **how) -> Folder:
    """Return the bytes of one release into a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        return publish_into(released(result, release, **how), Path(folder))


def plan(*, edges=(150, 200, 400, 650), before=None, after=None, phases=None):
    """Return the design of the made operation with other edges or windows."""
    made = design(AREA)
    middle = AREA.boundary.centroid
    shapes = [middle.buffer(edges[0])] + [middle.buffer(b).difference(middle.buffer(a)) for a, b in pairwise(edges)]
    shapes.append(AREA.boundary.difference(middle.buffer(900)))
    roles = (ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING, ZoneRole.RING, ZoneRole.CONTROL)
    zones = tuple(Zone(*row) for row in zip(NAMES, roles, shapes, strict=True))
    windows = {"before": before, "after": after}
    made = replace(made, zones=zones, operation=replace(made.operation, target=shapes[0]))
    made = replace(made, **{name: window for name, window in windows.items() if window is not None})
    return made if phases is None else replace(made, phases=phases)


def window(name, *ends):
    return Window(name, (Period(*(date.fromisoformat(end) for end in ends)),))


def counted(table, *, dates=DATES, measure=MEASURE, planned=None, span=SPAN):
    """Return the result of one measure around the made operation."""
    counts = ZoneCounts(measure.name, NAMES, dates, np.array(table, dtype=np.int64), False, span)
    return evaluate_measure(measure, counts, planned or design(AREA))


def whole(*operations, ledgers=(), **more):
    """Return a study result of operations, each (design, measures); the first measure of all is the primary one."""
    made = study(AREA)
    measures = tuple(dict.fromkeys(one.measure for _, results in operations for one in results))
    made = replace(
        made, primary=measures[0].name, measures=measures, operations=tuple(one.operation for one, _ in operations)
    )
    return StudyResult(
        made, tuple(ledgers), (), tuple(OperationResult(one, tuple(results)) for one, results in operations), **more
    )


def one_operation(table, **how):
    """Return a study result of the made operation with one measure."""
    planned = how.get("planned") or design(AREA)
    return whole((planned, (counted(table, **how),)))


def table_with(zone, column, count):
    """Return counts of five zones in three windows, plenty but for one."""
    table = [list(row) for row in PLENTY]
    table[NAMES.index(zone)][column] = count
    return table


def file_ledger(name, **rows):
    """Return the ledger of a file; what is not given is 0, `read` and `kept` add up."""
    named = dict.fromkeys(("rejected", "duplicate", "inside", "outside", "default_geocode", "no_place"), 0) | rows
    kept = named["inside"] + named["outside"] + named["default_geocode"] + named["no_place"]
    read = kept + named["rejected"] + named["duplicate"]
    return FileLedger("s", name, named.pop("sha256", name.encode().hex().ljust(64, "0")), read=read, kept=kept, **named)


def source_ledger(files, *, months=(), source="s", **more):
    """Return the ledger of a source over the made span."""
    named = {"default_geocodes": (), "attribution": ""} | more
    return SourceLedger(
        source, tuple(files), SPAN, (), "day", 0.0, months=tuple(MonthLedger(*row) for row in months), **named
    )
