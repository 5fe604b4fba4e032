"""Maps, files for a GIS, a rounding rule, pooled estimates, and the folder itself."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
from shapely import affinity

from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary
from geoharm.model.estimate import Estimate
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Harm, Measure
from geoharm.model.pooled import Forest
from geoharm.model.study import CompositeOutcome
from tests.attacks.attack import Attack, replayed
from tests.attacks.attackers import pages
from tests.attacks.kinds_counts import MONTH_WINDOWS
from tests.attacks.worlds import (
    AREA,
    MONTHS,
    counted,
    file_ledger,
    one_operation,
    plan,
    publish,
    source_ledger,
    table_with,
    whole,
)
from tests.disclosure.test_protect import NAMES, planted_spot

GIS = ("geopackage", "geoparquet", "geotiff", "qgis", "effects")
ROUNDED = "1-7-round-5"


@cache
def lonely_place(count, release):
    """Publish maps of a crowd, and of a lonely place with few events; outlines of hotspots are those of larger crowds."""
    crowd = planted_spot(AREA, 4, 4)
    spots = replace(planted_spot(AREA, count, count), hotspots=crowd.hotspots, variants=())
    result = replace(one_operation(table_with("target", 0, 100)), hotspots=(spots,))
    return publish(result, release, files=GIS)


@cache
def hotspot_around_target(count, release):
    """Publish a hotspot that holds the target and few events beside it, over the two windows of the study."""
    planned = plan()
    table = table_with("target", 0, 100)
    measured = counted(table, planned=planned)
    inside = sum(table[0]) + count
    spot = Hotspot(1, planned.operation.target.buffer(20), inside, 40, inside / 1000, 9.0)
    spots = replace(planted_spot(AREA, 4, 4), hotspots=(spot,), variants=())
    result = whole((planned, (measured,)), ledgers=[source_ledger([])])
    return publish(replace(result, hotspots=(spots,)), release, files=GIS)


@cache
def two_ginis(count, release):
    """Publish the concentration of a city of 200 events and few more; nothing else changes."""
    spots = planted_spot(AREA, 4, 4)
    events, places, gini = 200.0 + count, 180, 0.4
    adjusted = 1 + (gini - 1) * places / events
    one = replace(spots.concentration, events=events, places=places, gini=gini, adjusted_gini=adjusted)
    spots = replace(spots, concentration=one, variants=())
    return publish(replace(one_operation(table_with("target", 0, 100)), hotspots=(spots,)), release)


def under_rounding(*, files=()):
    """Publish, under a rule that rounds to five, a study whose target has a count before that rounds to thirty."""

    @cache
    def published(count, release):
        # Spread evenly over the months, so that the dispersion is 1 whatever the count.
        early = [np.diff(np.round(np.linspace(0, total, 13))) for total in (count, 120, 160, 180, 900)]
        late = [np.full(7, monthly) for monthly in (3, 8, 13, 15, 75)]
        table = np.concatenate([np.array(early), np.array(late)], axis=1).astype(np.int64)
        planned = plan(**MONTH_WINDOWS)
        measured = counted(table, dates=MONTHS, planned=planned)
        return publish(whole((planned, (measured,))), release, rule=ROUNDED, files=files)

    return published


@cache
def rounded_month(count, release):
    """Publish, under that rule, a series by month with one planted month."""
    table = np.full((5, MONTHS.size), 50, dtype=np.int64)
    table[0], table[4] = 30, 90
    table[0, 4] = count
    table[0, 5] = 60 - count
    planned = plan(**MONTH_WINDOWS)
    measured = counted(table, dates=MONTHS, planned=planned)
    return publish(whole((planned, (measured,))), release, rule=ROUNDED, files=("figures", "tables"))


@cache
def rounded_uneven_month(count, release):
    """Publish, under that rule, months that go up and down, so that the dispersion of the target and of a ring depends on each."""
    table = np.full((5, MONTHS.size), 50, dtype=np.int64)
    table[0, ::2], table[0, 1::2], table[2, ::2], table[2, 1::2], table[4] = 15, 60, 15, 60, 90
    for zone in (0, 2):
        table[zone, 4], table[zone, 5] = count, 75 - count
    planned = plan(**MONTH_WINDOWS)
    measured = counted(table, dates=MONTHS, planned=planned)
    return publish(whole((planned, (measured,))), release, rule=ROUNDED, files=("figures", "tables"))


NONE_OR_FEW = (0, 1, 5, 9)


def none_or_few(write):
    """Return the attack's parts under a rule that withholds zeros too: who publishes, and who tries none and few in turn.

    Parameters
    ----------
    write : callable
        From the planted count to a study result.
    """

    @cache
    def published(count, release):
        return publish(write(count), release, rule="threshold-10", files=("figures", "tables"))

    return published, replayed(published, counts=NONE_OR_FEW)


def of_two_rings(count):
    """Both rings have always as many events."""
    table = table_with("50-250 m", 0, count)
    table[3][0] = 120 - count
    return one_operation(table)


def of_two_phases(zone):
    """Both phases of a zone have always as many events."""

    def written(count):
        table = table_with(zone, 1, count)
        table[NAMES.index(zone)][2] = 600 - count
        return one_operation(table)

    return written


def of_a_file(count):
    """A file has rejected rows or none, and a month that has rows or none."""
    planned = plan()
    months = [(MONTHS[month].item(), rows, 0, 0) for month, rows in ((4, 600), (5, 1604 - count), (6, count))]
    ledger = source_ledger([file_ledger("a.csv", inside=2204, rejected=count)], months=months)
    return whole((planned, (counted(table_with("target", 0, 100), planned=planned),)), ledgers=[ledger])


@cache
def pooled_operations(count, release):
    """Publish two operations and their mean; one had few events after."""
    operations, rows = [], []
    for number, after in enumerate((30, count)):
        planned = plan()
        middle = 1500.0 * number
        zones = tuple(replace(zone, geometry=_moved(zone.geometry, middle)) for zone in planned.zones)
        planned = replace(planned, zones=zones, operation=replace(planned.operation, name="XY"[number]))
        measure = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
        table = table_with("target", 1, after)
        table[0][2] = 0
        measured = counted(table, planned=planned, measure=measure)
        operations.append((planned, (measured,)))
        effect = measured.effect("target")
        rows.append(
            ("XY"[number], math.log(effect.after * effect.control_before / (effect.before * effect.control_after)))
        )
    estimates = [
        (name, Estimate("log rate ratio", value, 0.2, "log ratio", "", calibrated=True), 1 / 2) for name, value in rows
    ]
    mean = sum(value for _, value in rows) / 2
    pooled = Estimate("log rate ratio", mean, 0.15, "log ratio", "", calibrated=True)
    forest = Forest(tuple(estimates), (), pooled, "a note")
    return publish(whole(*operations, forests=(("target", forest),)), release)


def _moved(geometry, metres):
    return affinity.translate(geometry, xoff=metres)


@cache
def composite(count, release):
    """Publish a composite outcome of two measures, one with few events after."""
    planned = plan()
    other = Measure("b", "t", (), "requests", "public", Harm("community", "environment"))
    few = table_with("target", 1, count)
    few[0][2] = 0
    measures = [counted(table_with("target", 1, 30), planned=planned), counted(few, measure=other, planned=planned)]
    components = []
    for one in measures:
        effect = one.effect("target")
        value = math.log(effect.after * effect.control_before / (effect.before * effect.control_after))
        ratio = Estimate("log rate ratio", value, 0.2, "log ratio", "", calibrated=True)
        components.append(
            CompositeComponent(one.measure.name, "target", "after", "target", effect.before, effect.after, ratio)
        )
    mean = sum(one.ratio.value for one in components) / 2
    pooled = Estimate("log rate ratio", mean, 0.15, "log ratio", "", calibrated=True)
    outcome = CompositeOutcome("both", ("finds", "b"), ("target",), ("after",))
    summary = CompositeSummary(outcome, (CompositeResult("X", tuple(components), pooled, 0.2, "n"),), None)
    return publish(whole((planned, measures), composites=(summary,)), release)


@cache
def everything(count, release):
    """Publish every kind of file of a study with few events in one ring; both rings together have always as many."""
    table = table_with("50-250 m", 0, count)
    table[3][0] = 120 - count
    result = replace(one_operation(table), hotspots=(replace(planted_spot(AREA, 4, 4), variants=()),))
    return publish(result, release, files=(*GIS, "figures", "tables", "workbook"))


ROUND_COUNTS = under_rounding()
PAGES = (
    Attack("the classes of a picture at a lonely place, by trial", lonely_place, replayed(lonely_place)),
    Attack("a hotspot minus the target inside it", hotspot_around_target, pages.hotspot_minus_target),
    Attack("a hotspot's attributes in the GeoPackage minus the target", hotspot_around_target, pages.gis_minus_target),
    Attack("the events of a city from two Gini coefficients", two_ginis, pages.from_two_ginis),
    Attack(
        "under rounding to five: the log ratio, solved",
        ROUND_COUNTS,
        pages.rounded_by("ratio"),
        planted=(28, 32),
        k=5,
    ),
    Attack(
        "under rounding to five: the difference, solved",
        ROUND_COUNTS,
        pages.rounded_by("difference"),
        planted=(28, 32),
        k=5,
    ),
    Attack(
        "under rounding to five: every byte, by trial",
        ROUND_COUNTS,
        replayed(ROUND_COUNTS, counts=range(28, 33)),
        planted=(28, 32),
        k=5,
    ),
    Attack(
        "under rounding to five: the pixels of the line by month",
        rounded_month,
        pages.month_by_pixels(4),
        planted=(28, 32),
        k=5,
    ),
    Attack(
        "under rounding to five: an uneven month from the dispersion, by trial",
        rounded_uneven_month,
        replayed(rounded_uneven_month, counts=range(28, 33)),
        planted=(28, 32),
    ),
    *(
        Attack(
            f"under a rule that withholds zeros: none or few in {where}, by trial", *none_or_few(write), planted=(0, 9)
        )
        for where, write in (
            ("a ring", of_two_rings),
            ("the target", lambda count: one_operation(table_with("target", 0, count))),
            ("a phase of the target", of_two_phases("target")),
            ("a phase of the control", of_two_phases("control")),
            ("a file", of_a_file),
        )
    ),
    Attack("the mean of operations minus those shown", pooled_operations, pages.mean_minus_operations),
    Attack("a composite outcome minus the part that is shown", composite, pages.composite_minus_part),
    Attack("names and sizes of all files, by trial", everything, pages.by_names_and_sizes(everything)),
    Attack("what else lies in the folder: logs, databases, leftovers", everything, pages.foreign_files),
)
