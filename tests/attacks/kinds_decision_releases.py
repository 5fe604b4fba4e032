"""Rankings and appraisals in one folder with each other and with reports: what they give together."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from geoharm.disclosure.appraisal import protect_appraisal
from geoharm.disclosure.ranking import protect_ranking, threshold_of
from geoharm.model.harm_settings import PlannedOption
from geoharm.model.hotspot import Hotspot
from geoharm.model.period import Period
from geoharm.model.points import DatedPoints
from geoharm.pipeline.appraise import appraise_options
from geoharm.pipeline.prioritise import prioritise_markets
from geoharm.pipeline.study_data import MeasureData, StudyData
from geoharm.report.pages.appraisal import publish_appraisal
from geoharm.report.pages.priorities import publish_ranking
from tests.attacks.attack import Attack, published_one_after_another
from tests.attacks.attackers import decisions
from tests.attacks.attackers.published import Folder
from tests.attacks.kinds_decisions import CALLS, released_study
from tests.attacks.worlds import (
    AREA,
    SPAN,
    counted,
    plan,
    publish_into,
    released,
    source_ledger,
    table_with,
    whole,
    window,
)

MIDDLE = AREA.boundary.centroid
TWO_YEARS = Period(date(2020, 1, 1), date(2022, 1, 1))
YEARS = SPAN.days / 365.25
# The planted events lie between these distances from the middle of the area.
INNER, OUTER = 150.0, 160.0


def bytes_in(folder: Path) -> Folder:
    return Folder({path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()})


def calls(parts, strip, *, span):
    """Return the data of overdoses in the middle of the area: (first day, events) each, and some in the strip on one day."""
    day, planted = strip
    days = [np.datetime64(first) + np.arange(events) % 28 for first, events in parts]
    days = np.concatenate([*days, np.full(planted, np.datetime64(day))])
    inside = days.size - planted
    x = np.concatenate([MIDDLE.x + np.arange(inside) % 97 - 48.0, np.full(planted, MIDDLE.x + (INNER + OUTER) / 2)])
    ledger = replace(source_ledger([]), coverage=span)
    return MeasureData(CALLS, ledger, DatedPoints(x, np.full(days.size, MIDDLE.y), days, np.ones(days.size)))


def ranking_into(folder, data, radius, made):
    """Publish the ranking of one market: a circle around the middle of the area."""
    shape = MIDDLE.buffer(radius)
    spots = [Hotspot(1, shape, data.points.x.size, 90, 0.5, 9.0)]
    found = prioritise_markets(
        StudyData(made, (data.ledger,), (data,)), spots, weights=(("harm", 1.0),), threshold=threshold_of(made)
    )
    publish_ranking(protect_ranking(made, found), folder)
    return bytes_in(folder)


def appraisal_into(folder, data, radius, made):
    """Publish the appraisal of an operation in a circle around the middle of the area, on the first of January 2021."""
    operation = replace(plan().operation, target=MIDDLE.buffer(radius))
    option = PlannedOption("Crackdown", "", (-0.4, -0.2), (0.1, 0.3), (3.0, 6.0), (), "made up")
    made = replace(made, operations=(operation,), harm=replace(made.harm, options=(option,)))
    found = appraise_options(StudyData(made, (data.ledger,), (data,)), "", threshold=threshold_of(made))
    publish_appraisal(protect_appraisal(made, found), folder)
    return bytes_in(folder)


def report_into(folder, before, after, release):
    """Publish the report of an operation with exact counts of overdoses in its target; its windows leave no day out."""
    planned = plan(
        before=window("before", "2020-01-01", "2021-01-01"),
        after=window("after", "2021-01-01", "2021-08-01"),
        phases=(window("0-6 months", "2021-01-01", "2021-08-01"),),
    )
    table = [[row[0], row[1] + row[2]] for row in table_with("target", 0, before)]
    table[0][1] = after
    dates = np.array(["2020-06-15", "2021-02-15"], dtype="datetime64[D]")
    result = whole(
        (planned, (counted(table, dates=dates, measure=CALLS, planned=planned),)), ledgers=[source_ledger([])]
    )
    return publish_into(released(result, release), folder)


def grown_market(count, release):
    """Publish two rankings of one market, drawn a little larger in the second; the strip has few events of the last year.

    The market has 54 events in both years, with the strip: as many as are shown as 50, and both together as 110.
    """
    made = released_study(release)
    data = calls([("2020-03-01", 54), ("2021-03-01", 54 - count)], ("2021-06-01", count), span=TWO_YEARS)
    with tempfile.TemporaryDirectory() as name:
        return published_one_after_another(
            *(lambda radius=radius: ranking_into(Path(name), data, radius, made) for radius in (INNER, OUTER))
        )


def ranking_after_report(count, release):
    """Publish a report, and then a ranking of a market that is a little larger than the target."""
    data = calls([("2020-03-01", 100), ("2021-03-01", 12)], ("2021-06-01", count), span=SPAN)
    with tempfile.TemporaryDirectory() as name:
        return published_one_after_another(
            lambda: report_into(Path(name), 100, 12, release),
            lambda: ranking_into(Path(name), data, OUTER, released_study(release)),
        )


def report_after_ranking(count, release):
    """Publish a ranking of a market, and then a report of a target that is a little smaller."""
    data = calls([("2020-03-01", 100), ("2021-03-01", 12)], ("2021-06-01", count), span=SPAN)
    with tempfile.TemporaryDirectory() as name:
        return published_one_after_another(
            lambda: ranking_into(Path(name), data, OUTER, released_study(release)),
            lambda: report_into(Path(name), 100, 12, release),
        )


def appraisal_after_report(count, release):
    """Publish a report, and then the appraisal of an operation in an area a little larger than the target."""
    data = calls([("2020-03-01", 112), ("2021-03-01", 12)], ("2020-06-01", count), span=SPAN)
    with tempfile.TemporaryDirectory() as name:
        return published_one_after_another(
            lambda: report_into(Path(name), 112, 12, release),
            lambda: appraisal_into(Path(name), data, OUTER, released_study(release)),
        )


def by_ranking_and_report(*folders):
    """Attack a report and a ranking in whichever order; without the report nothing is known of the target."""
    reports = [folder for folder in folders if "run.json" in folder.files]
    rankings = [folder for folder in folders if "priorities.json" in folder.files]
    if not reports:
        return set(range(41))
    return decisions.by_report_and_ranking(YEARS)(reports[-1], *rankings)


FEW = (1, 2)
DECISION_RELEASES = (
    Attack(
        "two rankings, with a market drawn a little larger",
        grown_market,
        decisions.by_two_rankings(TWO_YEARS.days / 365.25),
        planted=FEW,
    ),
    Attack(
        "a ranking after a report, with a market a little larger than the target",
        ranking_after_report,
        by_ranking_and_report,
        planted=FEW,
    ),
    Attack(
        "a report after a ranking, with a target a little smaller than the market",
        report_after_ranking,
        by_ranking_and_report,
        planted=FEW,
    ),
    Attack(
        "an appraisal after a report, of an area a little larger than the target",
        appraisal_after_report,
        decisions.by_two_appraisals,
        planted=FEW,
    ),
)
