"""What harm adds up to passes the door: a withheld part withholds every sum it enters; the pages hold no small count."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from geoharm.disclosure.appraisal import AppraisalRelease, protect_appraisal
from geoharm.disclosure.net_harm import protect_harm_assessment
from geoharm.disclosure.ranking import RankingRelease, protect_ranking
from geoharm.disclosure.tens import working_count
from geoharm.errors import PublishError
from geoharm.harm.acceptability import acceptability
from geoharm.harm.joint_draws import draw_joint_effects
from geoharm.harm.net_harm import net_harm
from geoharm.harm.results.appraisal import Appraisal, Baseline
from geoharm.harm.results.markets import CriterionValue, Feature, PriorityRow, Ranking, ReachGap, ThreatMatrixRow
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.hotspot import Hotspot
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason, Withheld
from geoharm.model.study import PublishSettings
from geoharm.report.charts.values import weighting_shares, weightings_chart, weightings_text
from geoharm.report.exports.appraisal_record import appraisal_record
from geoharm.report.exports.ranking_record import ranking_record
from geoharm.report.pages.appraisal import appraisal_page
from geoharm.report.pages.priorities import ranking_page
from geoharm.report.sections.values import net_harm_text
from geoharm.study.value_profiles.profiles import SHIPPED_PROFILES, read_exchange_rates, read_profile
from tests.disclosure.test_protect import study
from tests.harm.worlds import calibrated_effect, measure

FINDS = measure("finds")
OVERDOSES = measure("overdoses", unit="calls", borne_by="user", kind="health")
NOTHING = Interval(math.nan, math.nan, 0.95)


def balance(**more):
    from pathlib import Path  # noqa: PLC0415

    parts = [(FINDS, calibrated_effect(100, 60, -0.8, -0.1)), (OVERDOSES, calibrated_effect(30, 34, -0.4, 0.6))]
    joint = draw_joint_effects("target", parts, seed=1, draws=512)
    profiles = tuple(read_profile(name, Path()) for name in SHIPPED_PROFILES)
    rates = read_exchange_rates("exchange-rates", Path())
    return HarmAssessment(
        tuple(net_harm(joint, one) for one in profiles), (acceptability(joint, rates, seed=1, weightings=256),), (), "",
        "made", profiles, rates, **more,
    )  # fmt: skip


def test_a_withheld_part_withholds_every_sum_it_enters():
    found = protect_harm_assessment(balance(), {("overdoses", "target")}, 5)
    for net in found.net_harm:
        weighs = next(row.weight for row in net.rows if row.measure.name == "overdoses")
        assert net.is_known is (weighs == 0 and any(row.weight for row in net.rows))
        assert all(math.isnan(row.low) for row in net.rows if row.measure.name == "overdoses")
        if not net.is_known:
            assert (net.reading, net.refused, net.partial) == (Reading.CANNOT_TELL, (), None)
        assert all(answer.state == "unknown" for answer in net.vetoes)
    assert math.isnan(found.acceptability[0].fell)
    assert found.acceptability[0].note == Withheld(Reason.SUPPRESSED, 5)
    assert found.acceptability[0].tipping_points == ()


def test_nothing_is_withheld_where_nothing_is_hidden():
    plain = balance()
    assert protect_harm_assessment(plain, set(), 5).net_harm == plain.net_harm
    assert protect_harm_assessment(None, set(), 5) is None


def test_an_exact_small_count_of_an_area_table_is_withheld():
    plain = balance()
    nets = tuple(replace(net, rows=(*net.rows[:1], replace(net.rows[1], smallest_count=3))) for net in plain.net_harm)
    found = protect_harm_assessment(replace(plain, net_harm=nets), set(), 5)
    assert all(math.isnan(net.rows[1].low) for net in found.net_harm)


def test_a_zero_of_an_area_table_is_withheld_where_none_is_as_secret_as_few():
    plain = balance()
    nets = tuple(replace(net, rows=(*net.rows[:1], replace(net.rows[1], has_zero=True))) for net in plain.net_harm)
    with_zero = replace(plain, net_harm=nets)
    for rule, is_shown in (("under-10", True), ("threshold-10", False)):
        found = protect_harm_assessment(with_zero, set(), DISCLOSURE_RULES[rule].k)
        assert math.isfinite(found.net_harm[0].rows[1].low) == is_shown
        assert not found.net_harm[0].rows[1].has_zero or is_shown
        assert found.net_harm[0].is_known == is_shown


def test_the_watch_is_published_without_counts():
    cells = tuple(
        RiseCheck(
            "overdoses", 7, 100, after, 1.5, after / 1.5, Interval(0.1, 2.0, 0.95), 0.25, state, "why", precision=30.0
        )
        for after, state in ((3, RiseState.ROSE), (50, RiseState.ROSE), (0, RiseState.UNKNOWN))
    )
    lies = (
        FindDispersion("finds", "spread", "m", 100.0, 120.0, Interval(1.0, 2.0, 0.95), (60, 50)),
        FindDispersion(
            "finds", "share found outside the target", "share", 0.05, 0.5, Interval(0.1, 0.2, 0.95), (60, 50)
        ),
    )
    found = protect_harm_assessment(balance(unintended_harm=UnintendedHarm(cells, lies)), set(), 5).unintended_harm
    assert [cell.state for cell in found.checks] == [RiseState.UNKNOWN, RiseState.ROSE, RiseState.UNKNOWN]
    for cell in found.checks:
        assert cell.after == 0
        assert math.isnan(cell.expected)
    assert found.find_dispersion[0].before == 100.0
    assert math.isnan(found.find_dispersion[1].before)  # a share of 5% of 60 finds is 3 finds
    hidden = protect_harm_assessment(
        balance(unintended_harm=UnintendedHarm(cells, lies)), {("finds", "target and rings")}, 5
    ).unintended_harm
    assert all(math.isnan(one.before) for one in hidden.find_dispersion)
    internal = protect_harm_assessment(balance(unintended_harm=UnintendedHarm(cells, lies)), set(), 1).unintended_harm
    assert internal.checks == cells


def test_the_bar_holds_all_weightings_and_says_them_in_words():
    one = balance().acceptability[0]
    assert sum(weighting_shares(one)) == pytest.approx(1)
    widths = [float(x) for x in re.findall(r'<rect[^>]* width="([\d.]+)"', str(weightings_chart(one)))]
    assert sum(widths) == pytest.approx(700, abs=0.1)
    assert weightings_text(one)


def test_bounds_are_written_as_bounds():
    net = balance().net_harm[0]
    text = net_harm_text(replace(net, low=-3.0, high=3.0, interval=Interval(-5.0, math.inf, 0.95), calibrated=False))
    assert text == "\u22123 to +3 (\u22125 to unbounded, counting only)"


# -- priorities ---------------------------------------------------------------------------------------------------------


def ranking(events=3):
    values = (
        CriterionValue("harm", 1.75, 0.5, "a year", "", events),
        CriterionValue("reach", 0.5, 0.1, "share", "nearest 100 m", events),
    )
    threat = ThreatMatrixRow(
        "market 1", 0.2, (("injury", Estimate("injury", 0.75, 0.4, "a year", "")),), (Feature("night share", 0.5, "share", counts=(events, 90)),),
        (("overdoses", events),),
    )  # fmt: skip
    return Ranking(
        (PriorityRow("market 1", 1.0, 1, Interval(1, 2, 0.95), values),), (threat,),
        (ReachGap("market 1", "treatment", 0.25, 90.0, 0.75, (9, events)),), "equal", "one event",
        (("harm", 1.0), ("reach", 1.0)), 800.0, "finds", threshold=5,
    )  # fmt: skip


def test_a_ranking_holds_no_number_that_rests_on_a_small_count(area):
    found = protect_ranking(study(area), ranking())
    text = ranking_page(found) + json.dumps(ranking_record(found))
    assert "withheld: a count under 5" in text
    for number in ("1.75", "0.75"):
        assert number not in text
    spots = tuple(Hotspot(1, area.boundary, events, places, 0.1, 9.0) for events, places in ((9, 4), (4, 4), (9, 9)))
    assert len(protect_ranking(study(area), replace(ranking(), hotspots=spots)).ranking.hotspots) == 1
    large = protect_ranking(study(area), ranking(50))
    assert ranking_record(large)["markets"][0]["criteria"]["harm"]["value"] == 1.75


def test_what_was_computed_from_exact_counts_is_not_published(area):
    for protect_one, made in (
        (protect_ranking, replace(ranking(50), threshold=1)),
        (protect_appraisal, appraisal(30, 1)),
    ):
        with pytest.raises(PublishError, match=r"nearest ten.*threshold = 5"):
            protect_one(study(area), made)
        assert protect_one(replace(study(area), publish=PublishSettings("internal")), made).is_internal


def test_rankings_and_appraisals_have_one_door(area):
    with pytest.raises(PublishError, match="Only"):
        RankingRelease(study(area), ranking(), 5, object())
    with pytest.raises(PublishError, match="Only"):
        AppraisalRelease(study(area), None, (), 5, object())


# -- appraisal ----------------------------------------------------------------------------------------------------------


def appraisal(events, threshold=5):
    from geoharm.harm.appraise import appraise_option  # noqa: PLC0415
    from geoharm.model.harm_settings import PlannedOption  # noqa: PLC0415

    below = threshold if 0 < events < threshold else 0
    base = (Baseline(FINDS, 240, 24, 1.0), Baseline(OVERDOSES, working_count(events, threshold), 24, 1.0, below))
    profiles = balance().profiles
    option = PlannedOption("Crackdown", "", (-0.4, -0.2), (0.1, 0.3), (3.0, 6.0), (), "<script>made up</script>")
    one = appraise_option(option, base, profiles, months=12, seed=1)
    return Appraisal("Op", "public order", "", (), base, "2020 to 2021", 12, (one,), 10_000, 1, threshold)


def test_a_small_baseline_withholds_every_sum(area):
    found = protect_appraisal(study(area), appraisal(3))
    record = appraisal_record(found)
    assert all(part["mean"] is None for part in record["options"][0]["profiles"])
    page = appraisal_page(found)
    assert "under 5" in page
    assert "<script>" not in page
    assert "script-src" not in page
    shown = appraisal_record(protect_appraisal(study(area), appraisal(30)))
    assert all(part["mean"] is not None for part in shown["options"][0]["profiles"])


def test_an_internal_release_shows_all_and_says_so(area):
    inside = replace(study(area), publish=PublishSettings("internal"))
    found = protect_appraisal(inside, appraisal(3, threshold=1))
    assert found.is_internal
    assert "Internal." in appraisal_page(found)
    assert np.isfinite(appraisal_record(found)["options"][0]["profiles"][0]["mean"])
