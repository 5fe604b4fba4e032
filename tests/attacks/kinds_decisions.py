"""Rankings, appraisals, surveys and harms together: what is planted, and who tries to give it back."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import shapely

from geoharm.disclosure.appraisal import protect_appraisal
from geoharm.disclosure.ranking import protect_ranking, threshold_of
from geoharm.harm.acceptability import acceptability
from geoharm.harm.appraise import appraise_option
from geoharm.harm.indicators import indicator_change
from geoharm.harm.joint_draws import draw_joint_effects
from geoharm.harm.net_harm import net_harm
from geoharm.harm.noxiousness import noxiousness
from geoharm.harm.reporting_correction import corrected_effect
from geoharm.harm.results.appraisal import Appraisal
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.harm.results.unintended_harm import FindDispersion, UnintendedHarm
from geoharm.model.estimate import Interval
from geoharm.model.harm_settings import HarmSettings, Indicator, PlannedOption
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period
from geoharm.model.points import DatedPoints, NightCounts
from geoharm.model.survey import SurveyEstimates
from geoharm.pipeline.appraise import baseline_of
from geoharm.pipeline.prioritise import prioritise_markets
from geoharm.pipeline.study_data import MeasureData, StudyData
from geoharm.report.pages.appraisal import publish_appraisal
from geoharm.report.pages.priorities import publish_ranking
from geoharm.results import OperationResult
from geoharm.simulation.location import CENTRE
from geoharm.study.value_profiles.profiles import read_exchange_rates, read_profile
from tests.attacks.attack import Attack, replayed
from tests.attacks.attackers import decisions
from tests.attacks.attackers.published import Folder
from tests.attacks.worlds import AREA, counted, plan, publish, source_ledger, table_with, whole
from tests.disclosure.test_protect import MEASURE, study

CALLS = Measure("overdoses", "s", (), "calls", "agency", Harm("user", "health"))
FOUR_YEARS = Period(date(2019, 1, 1), date(2023, 1, 1))


def folder_of(write) -> Folder:
    """Return the bytes that a function writes into a new folder."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        return Folder({path.name: path.read_bytes() for path in sorted(Path(name).iterdir())})


# -- priorities ---------------------------------------------------------------------------------------------------------


def ranked(*, late=0, night=0, beyond=0, even=0, rule="under-5"):
    """Return the publisher of a ranking of two markets.

    The first has 60 events in each of the first three years, and `late` more, or the planted count, in the last; some at
    night, some beyond walking distance of a clinic. With `even`, it has that many events in all, evenly over all days. A function
    gives each from the planted count.
    """

    @cache
    def published(count, release):
        def of(number):
            return number(count) if callable(number) else number

        made = released_study(release, rule)
        x0, y0 = CENTRE
        per_year = [60, 60, 60, of(late)]
        days = np.concatenate([np.full(n, np.datetime64(f"{2019 + year}-03-01")) for year, n in enumerate(per_year)])
        days = days + np.arange(days.size) % 280
        if even:
            days = np.datetime64("2019-01-01") + (np.arange(of(even)) * 1461 // of(even))
        far = np.arange(days.size) < of(beyond)
        x = np.where(far, x0 + 390.0, x0 - 390.0) + np.arange(days.size) % 7
        second = np.full(900, np.datetime64("2019-01-05")) + np.arange(900)
        points = DatedPoints(
            np.concatenate([x, np.full(900, x0 + 2000.0) + np.arange(900) % 7]),
            np.full(days.size + 900, y0),
            np.concatenate([days, second]),
            np.ones(days.size + 900),
        )
        nights = NightCounts(
            np.array([x0, x0 + 2000.0]),
            np.full(2, y0),
            np.array([float(days.size), 900.0]),
            np.array([float(of(night)), 300.0]),
        )
        ledger = replace(source_ledger([]), coverage=FOUR_YEARS)
        data = StudyData(
            made, (ledger,), (MeasureData(CALLS, ledger, points, nights=nights),),
            sites={"treatment clinic": np.array([[x0 - 400.0, y0]])},
        )  # fmt: skip
        hotspots = [
            Hotspot(rank, shapely.box(x - 500, y0 - 500, x + 500, y0 + 500), events, 40, 0.5, 9.0)
            for rank, x, events in ((1, x0, days.size), (2, x0 + 2000, 900))
        ]
        weights = (("harm", 1.0), ("trend", 1.0), ("reach", 1.0))
        found = prioritise_markets(data, hotspots, weights=weights, threshold=threshold_of(made))
        return folder_of(lambda folder: publish_ranking(protect_ranking(made, found), folder))

    return published


def released_study(release, rule="under-5"):
    """Return the made study with one harm, for a kind of release."""
    made = replace(
        study(AREA),
        measures=(CALLS,),
        primary="overdoses",
        folder=Path(),
        harm=HarmSettings(profiles=("equal",), walking=500.0),
    )
    return replace(made, publish=replace(made.publish, release=release, disclosure=rule))


# -- appraisals ---------------------------------------------------------------------------------------------------------


@cache
def appraised(count, release):
    """Publish an appraisal whose baseline has a planted number of overdoses beside plenty of finds."""
    made = released_study(release)
    k = threshold_of(made)
    finds, overdoses = np.full(24, 10.0), np.diff(np.round(np.linspace(0, count, 25)))
    base = (baseline_of(MEASURE, finds, k), baseline_of(CALLS, overdoses, k))
    profiles = tuple(read_profile(name, Path()) for name in ("equal", "public-health-first", "crime-severity"))
    option = PlannedOption("Crackdown", "", (-0.4, -0.2), (0.1, 0.3), (3.0, 6.0), (), "made up")
    options = (appraise_option(option, base, profiles, months=12, seed=1),)
    whole_appraisal = Appraisal("Op", "public order", "", (), base, "2020 to 2021", 12, options, 10_000, 1, k)
    return folder_of(lambda folder: publish_appraisal(protect_appraisal(made, whole_appraisal), folder))


# -- harms together -----------------------------------------------------------------------------------------------------


def assessed(*, survey=None):
    """Return the publisher of a study with net harm: plenty of finds, and few overdoses in the target after.

    With `survey`, a function from the planted count to (respondents, of them afraid), there are plenty of overdoses.
    """

    @cache
    def published(count, release):
        planned = plan()
        few = table_with("target", 1, count if survey is None else 40)
        few[0][0], few[0][2] = 40, 0
        measures = [
            counted(table_with("target", 0, 100), planned=planned),
            counted(few, measure=CALLS, planned=planned),
        ]
        effects = [one.effect("target") for one in measures]
        parts = [(one.measure, effect) for one, effect in zip(measures, effects, strict=True)]
        joint = draw_joint_effects("target", parts, seed=1, draws=512)
        profiles = tuple(read_profile(name, Path()) for name in ("equal", "public-health-first"))
        rates = read_exchange_rates("exchange-rates", Path())
        assessment = HarmAssessment(
            tuple(net_harm(joint, one) for one in profiles), (acceptability(joint, rates, seed=1, weightings=256),), (), "",
            "made", profiles, rates,
            noxiousness=(noxiousness("target", effects[1], effects[0], names=("overdoses", "finds")),),
            reporting_corrected=(corrected_effect("target", effects[1], effects[0], names=("overdoses", "finds")),),
            unintended_harm=UnintendedHarm((), (finds_outside(count),)),
            indicators=() if survey is None else (asked(*survey(count)),),
        )  # fmt: skip
        result = whole((planned, measures))
        operation = OperationResult(planned, result.operations[0].measures, assessment)
        return publish(replace(result, operations=(operation,)), release, files=("tables", "figures", "workbook"))

    return published


def finds_outside(count):
    """Return where finds lie: after the operation, the planted count of 60 outside the target."""
    return FindDispersion(
        "finds", "share found outside the target", "share", 0.25, count / 60, Interval(-0.3, 0.1, 0.95), (60, 60)
    )


def asked(respondents, afraid):
    """Return the change of a survey question in one area of the operation, and in one elsewhere with many respondents."""
    periods = (Period(date(2020, 6, 1), date(2020, 7, 1)), Period(date(2021, 4, 1), date(2021, 5, 1)))
    middle = AREA.boundary.centroid
    here = middle.buffer(300)

    def error(share, people):
        return 100 * (share * (1 - share) / people) ** 0.5

    share = afraid / respondents
    survey = SurveyEstimates(
        "residents", "afraid", "percent", ("here", "there"), periods,
        np.array([[40.0, 100 * share], [30.0, 30.0]]),
        np.array([[error(0.4, 90), error(share, respondents)], [error(0.3, 90), error(0.3, 90)]]),
        (here, shapely.box(*AREA.boundary.bounds).difference(middle.buffer(1500))),
    )  # fmt: skip
    planned = plan()
    question = Indicator("afraid", "residents", "afraid", "outcome")
    return indicator_change(question, survey, planned.operation.target, planned.before, planned.after)


MANY = (42, 44)
LATE = ranked(late=lambda count: count, night=90, beyond=90)
NIGHT = ranked(late=60, night=lambda count: count, beyond=90)
BEYOND = ranked(late=60, night=90, beyond=lambda count: count)
EVEN = ranked(even=lambda count: count, night=20, beyond=20)
FEW_OVERDOSES = assessed()
DECISIONS = (
    Attack("a market's events a year times the years", EVEN, decisions.threat_times_years, planted=MANY),
    Attack("the harm of a market over its weight", EVEN, decisions.harm_over_weight, planted=MANY),
    Attack("the error of a market's harm, squared", EVEN, decisions.error_squared, planted=MANY),
    Attack("the ranking's trend, solved for the last year", LATE, decisions.trend_of_years, planted=MANY),
    Attack("a market's night share times its events", NIGHT, decisions.night_share),
    Attack("a market's share beyond walking distance times its events", BEYOND, decisions.beyond_reach),
    Attack("a ranking with few events at night, by trial", NIGHT, replayed(NIGHT)),
    Attack("a ranking with few events in a year, by trial", LATE, replayed(LATE)),
    *(
        Attack(
            f"under a rule that withholds zeros: none or few {where}, by trial",
            written,
            replayed(written, counts=(0, 1, 3, 4)),
            planted=(0, 4),
        )
        for where, written in (
            ("in a market's last year", ranked(late=lambda count: count, night=90, beyond=90, rule="threshold-10")),
            ("in a market at night", ranked(late=60, night=lambda count: count, beyond=90, rule="threshold-10")),
            ("beyond walking distance", ranked(late=60, night=90, beyond=lambda count: count, rule="threshold-10")),
        )
    ),
    Attack("an appraisal with a small baseline, by trial", appraised, replayed(appraised)),
    Attack("an appraisal's baseline, by trial", appraised, replayed(appraised, counts=range(35, 50)), planted=(38, 42)),
    Attack(
        "a survey of few people, solved for those afraid",
        assessed(survey=lambda count: (9, count)),
        decisions.respondents,
    ),
    Attack(
        "a rare answer in a survey, solved for those who gave it",
        assessed(survey=lambda count: (90, count)),
        decisions.respondents,
    ),
    Attack("net harm minus the other harms", FEW_OVERDOSES, decisions.net_harm_minus_rows("equal")),
    Attack("harm per 100 of market activity, solved", FEW_OVERDOSES, decisions.noxiousness_of_market),
    Attack("harm corrected for reports, solved", FEW_OVERDOSES, decisions.corrected_for_reports),
    Attack(
        "shares of weightings, vetoes and severities, by trial",
        FEW_OVERDOSES,
        replayed(FEW_OVERDOSES, names="run.json"),
    ),
    Attack(
        "pages, titles and texts for screen readers, by trial", FEW_OVERDOSES, replayed(FEW_OVERDOSES, names=".html")
    ),
    Attack("the coordinates of charts, by trial", FEW_OVERDOSES, replayed(FEW_OVERDOSES, names=".svg")),
    Attack("pixels of pictures, by trial", FEW_OVERDOSES, replayed(FEW_OVERDOSES, names=".png")),
    Attack("every part of the workbook, by trial", FEW_OVERDOSES, replayed(FEW_OVERDOSES, names=".xlsx")),
    Attack("digits of tables as files, by trial", FEW_OVERDOSES, replayed(FEW_OVERDOSES, names=".csv")),
)
