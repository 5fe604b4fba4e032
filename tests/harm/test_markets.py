"""Noxiousness, threat matrix, reach, ranks and resilience; reporting effort on made worlds; surveys."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.effects import build_effect
from geoharm.harm.indicators import indicator_change
from geoharm.harm.markets import reach_gap, threat_matrix_row
from geoharm.harm.noxiousness import market_size_change, noxiousness
from geoharm.harm.prioritise import rank_markets, resilience, yearly_trend
from geoharm.harm.reporting_correction import corrected_effect
from geoharm.harm.results.markets import CriterionValue
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate
from geoharm.model.harm_settings import Indicator
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window
from geoharm.model.reading import Reading
from geoharm.model.survey import SurveyEstimates
from tests.harm.worlds import measure


def counted(zone, control=(1000, 1000)):
    nothing = Estimate("log rate ratio", math.nan, math.nan, "log ratio", "", "none")
    return build_effect(
        "target",
        "after",
        Change("target", *zone),
        Change("control", *control),
        length_ratio=1.0,
        ratio=nothing,
        counting_ratio=nothing,
        difference=nothing,
        dispersion=1.0,
        detectable_fall=0.3,
    )


# -- noxiousness --------------------------------------------------------------------------------------------------------


def test_a_market_that_stayed_but_does_less_harm_is_told_apart():
    found = noxiousness("target", counted((100, 40)), counted((200, 200)), names=("violence", "finds"))
    assert (found.before, found.after) == (50.0, 20.0)
    assert found.ratio.value == pytest.approx(math.log(0.4))
    assert found.ratio.standard_error == pytest.approx(math.sqrt(1 / 100 + 1 / 40 + 2 / 200 + 4 / 1000))
    assert "Harm for its size (violence) is lower than in the control area, for orientation" in found.reading


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (
            (100, 40),
            "Harm for its size (violence) is lower than in the control area, for orientation: the interval holds the noise of counting only.",
        ),
        (
            (100, 98),
            "Harm for its size (violence) is lower than in the control area, for orientation: the interval holds the noise of counting only.",
        ),
        (
            (100, 220),
            "Harm for its size (violence) is higher than in the control area, for orientation: the interval holds the noise of counting only.",
        ),
    ],
)
def test_the_sentence_names_the_harm_and_the_market(harm, sentence):
    reading = noxiousness("target", counted(harm), counted((200, 200)), names=("violence", "finds")).reading
    assert reading.endswith(sentence)
    assert "(finds)" in reading.removesuffix(sentence)


def test_what_the_control_did_is_taken_out():
    """Harm per activity halved everywhere: nothing is left of a halving here."""
    harm, market = counted((100, 50), (1000, 500)), counted((200, 200), (2000, 2000))
    assert noxiousness("target", harm, market, names=("a", "b")).ratio.value == pytest.approx(0.0)
    stayed = noxiousness("target", harm, counted((200, 200), (2000, 4000)), names=("a", "b"))
    assert stayed.ratio.value == pytest.approx(math.log(2))


@given(st.floats(0.2, 5.0))
@settings(max_examples=20, deadline=None)
def test_reporting_that_changes_both_alike_cancels(share):
    plain = noxiousness("target", counted((1000, 500)), counted((2000, 1500)), names=("a", "b"))
    both = noxiousness(
        "target", counted((1000, round(500 * share))), counted((2000, round(1500 * share))), names=("a", "b")
    )
    assert both.ratio.value == pytest.approx(plain.ratio.value, abs=0.02)


def test_no_harm_or_no_market_is_undefined_with_its_reason():
    found = noxiousness("target", counted((10, 0)), counted((20, 20)), names=("violence", "finds"))
    assert not found.ratio.is_defined
    assert "the count of violence after is 0" in found.reading
    assert math.isnan(noxiousness("target", counted((1, 1)), counted((0, 5)), names=("a", "b")).before)


@pytest.mark.parametrize(
    ("here", "there", "size"),
    [
        (Reading.FELL, Reading.ROSE, "moved"),
        (Reading.FELL, Reading.PROBABLY_ROSE, "shrank"),
        (Reading.FELL, Reading.CANNOT_TELL, "shrank"),
        (Reading.PROBABLY_FELL, Reading.ROSE, "probably shrank"),
        (Reading.ROSE, Reading.NO_RISE_OVER, "grew"),
        (Reading.PROBABLY_ROSE, Reading.FELL, "probably grew"),
        (Reading.NO_RISE_OVER, Reading.ROSE, "cannot tell"),
        (Reading.CONTROLS_DISAGREE, Reading.ROSE, "cannot tell"),
        (Reading.CANNOT_TELL, Reading.ROSE, "cannot tell"),
    ],
)
def test_what_became_of_a_market_is_what_its_effects_were_read_as(here, there, size):
    """Whatever the intervals are: a counting interval that excludes zero is no finding."""
    target, rings = (replace(counted((1000, 300), (1000, 1000)), reading=reading) for reading in (here, there))
    assert market_size_change(target, rings) == size


# -- threats and reach --------------------------------------------------------------------------------------------------


def test_the_threat_matrix_adds_by_type_and_knows_what_it_does_not_know():
    counts = [
        (measure("overdoses", borne_by="user", kind="health", unit="calls"), 40, 4.0),
        (measure("violence", kind="crime and violence", unit="incidents"), 20, 2.0),
        (measure("finds"), 100, 4.0),
        (measure("needles", unit="needles"), 800, 4.0),
        (measure("entries", borne_by="user", kind="health", unit="people", source_kind="treatment_entry"), 50, 4.0),
        (Measure("arrests", "s", (), "incidents", "police"), 900, 4.0),
    ]
    found = dict(threat_matrix_row("m", area_km2=1.0, counts=counts).threats)
    assert found["injury"].value == 20.0
    assert found["injury"].standard_error == pytest.approx(math.sqrt(40 / 16 + 20 / 4))
    assert found["community harm"].value == 25.0
    assert not found["economic damage"].is_defined


def test_reach_counts_what_lies_beyond_walking_distance():
    places = (np.array([0.0, 1000.0, 50.0]), np.zeros(3), np.array([10.0, 30.0, 60.0]))
    sites = {"Drug treatment clinic": np.array([[100.0, 0.0]]), "school": np.array([[1000.0, 0.0]])}
    found = reach_gap("m", "treatment", (0.0, 0.0), places, sites, walking=800, years=2.0)
    assert (found.share, found.harm, found.distance, found.counts) == (0.3, 15.0, 100.0, (70, 30))
    none = reach_gap("m", "sharps bin", (0.0, 0.0), places, sites, walking=800, years=2.0)
    assert math.isnan(none.share)
    assert none.counts == (0, 0)


def test_distance_to_a_service_is_measured_both_ways():
    """Sites to the east and the north: 3, 4 and 5 by hand, in hundreds of metres."""
    places = (np.array([0.0, 300.0]), np.array([0.0, 900.0]), np.array([10.0, 30.0]))
    sites = {"sharps bin": np.array([[300.0, 400.0], [-900.0, 0.0]])}
    found = reach_gap("m", "sharps bin", (0.0, 800.0), places, sites, walking=499, years=1.0)
    assert (found.distance, found.share, found.counts) == (500.0, 1.0, (0, 40))
    assert reach_gap("m", "sharps bin", (0.0, 800.0), places, sites, walking=501, years=1.0).counts == (40, 0)


# -- ranks --------------------------------------------------------------------------------------------------------------


def scored(**numbers):
    return [CriterionValue(name, *pair, "x") for name, pair in numbers.items()]


def test_ranks_of_known_values_are_the_obvious_ones():
    values = {name: scored(harm=(value, 1e-9)) for name, value in (("a", 3.0), ("b", 9.0), ("c", 1.0))}
    found = rank_markets(values, {"harm": 1.0}, seed=1)
    assert [row.market for row in found] == ["b", "a", "c"]
    assert [(row.ranks.low, row.ranks.high) for row in found] == [(1, 1), (2, 2), (3, 3)]
    assert [row.score for row in found] == [1.0, 0.5, 0.0]


def test_rank_intervals_are_wide_where_values_cannot_be_told_apart():
    values = {name: scored(harm=(10.0 + place * 0.01, 5.0)) for place, name in enumerate("abcd")}
    assert all((row.ranks.low, row.ranks.high) == (1, 4) for row in rank_markets(values, {"harm": 1.0}, seed=1))


def test_two_markets_change_places_as_often_as_the_normal_law_says():
    """P(first is really first) for two normal values is known; the 95% interval holds both ranks or one accordingly."""
    sure = {"a": scored(harm=(10.0, 1.0)), "b": scored(harm=(0.0, 1.0))}
    unsure = {"a": scored(harm=(2.0, 1.0)), "b": scored(harm=(0.0, 1.0))}
    assert rank_markets(sure, {"harm": 1.0}, seed=1)[0].ranks.high == 1
    assert rank_markets(unsure, {"harm": 1.0}, seed=1)[0].ranks.high == 2  # P(reversed) = 7.9%


@given(st.permutations("abcd"), st.floats(0.1, 100))
@settings(max_examples=20, deadline=None)
def test_order_of_input_and_scale_of_a_criterion_change_nothing(order, scale):
    base = {"a": (1.0, 5.0), "b": (2.0, 3.0), "c": (3.0, 4.0), "d": (4.0, 1.0)}
    plain = rank_markets(
        {k: scored(harm=(x, 0.1), reach=(y, 0.1)) for k, (x, y) in base.items()}, {"harm": 1, "reach": 1}, seed=1
    )
    again = rank_markets(
        {k: scored(harm=(base[k][0] * scale, 0.1 * scale), reach=(base[k][1], 0.1)) for k in order},
        {"harm": 1, "reach": 1},
        seed=1,
    )
    assert [row.market for row in plain] == [row.market for row in again]


def test_what_is_unknown_takes_no_part_and_nothing_known_is_refused():
    values = {"a": scored(harm=(1.0, 0.1), trend=(math.nan, math.nan)), "b": scored(harm=(2.0, 0.1), trend=(9.0, 0.1))}
    assert rank_markets(values, {"harm": 1.0, "trend": 1.0}, seed=1)[0].market == "b"
    for weights in ({"priority": 1.0}, {"harm": 0.0}, {}):
        with pytest.raises(DesignError, match="markets cannot be ranked"):
            rank_markets(values, weights, seed=1)
    with pytest.raises(DesignError, match="markets cannot be ranked"):
        rank_markets({}, {"harm": 1.0}, seed=1)


def test_markets_that_are_equal_share_their_rank():
    """Three of one value and one below: each of the three has the mean of ranks 1 to 3, whatever is drawn."""
    values = {name: scored(harm=(value, 0.0)) for name, value in (("a", 5.0), ("b", 5.0), ("c", 5.0), ("d", 1.0))}
    found = rank_markets(values, {"harm": 1.0}, seed=1)
    assert [(row.ranks.low, row.ranks.high) for row in found] == [(2, 2), (2, 2), (2, 2), (4, 4)]
    assert [row.score for row in found] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0.0])


def test_resilience_and_trend_by_hand():
    series = [10.0] * 12 + [4.0] * 4 + [10.0] * 12
    assert resilience(series, [(12, 16, 28)]).value == pytest.approx(1.0)
    assert resilience([10.0] * 12 + [4.0] * 16, [(12, 16, 28)]).value == pytest.approx(0.0)
    assert math.isnan(resilience(series, []).value)
    assert math.isnan(resilience([10.0] * 28, [(12, 16, 28)]).value)
    assert yearly_trend([5.0] * 12 + [10.0] * 12).value == pytest.approx(math.log(2))
    assert "under 24 months" in yearly_trend([5.0] * 20).note
    # Years before the last two take no part; the error is that of two counts of 60 and 120.
    long = yearly_trend([99.0] * 12 + [5.0] * 12 + [10.0] * 12, dispersion=2.0)
    assert (long.value, long.standard_error) == pytest.approx((math.log(2), math.sqrt(2 / 60 + 2 / 120)))
    assert "without any event" in yearly_trend([5.0] * 12 + [0.0] * 12).note


# -- reporting effort ---------------------------------------------------------------------------------------------------


def test_reports_corrected_for_effort_hold_the_truth_on_made_worlds():
    """Harm falls by 30%, reporting doubles: raw ratios say more, corrected ones hold the truth 95 times in 100."""
    rng = np.random.default_rng(11)
    held = raw_held = 0
    for _ in range(1000):
        effort, harm = 2.0, 0.7
        reports = counted((rng.poisson(300), rng.poisson(300 * effort * harm)), (rng.poisson(3000), rng.poisson(3000)))
        other = counted((rng.poisson(400), rng.poisson(400 * effort)), (rng.poisson(4000), rng.poisson(4000)))
        found = corrected_effect("target", reports, other, names=("finds", "cleaning"))
        span, raw = found.corrected.interval(), found.raw.interval()
        held += span.low <= math.log(harm) <= span.high
        raw_held += raw.low <= math.log(harm) <= raw.high
    assert 0.93 < held / 1000 < 0.97
    assert raw_held == 0


def test_a_comparator_without_counts_is_undefined_with_its_reason():
    found = corrected_effect("target", counted((5, 5)), counted((3, 0)), names=("finds", "cleaning"))
    assert "the count of cleaning after in target is 0" in found.corrected.note


# -- surveys ------------------------------------------------------------------------------------------------------------


FEAR = Indicator("fear", "residents", "afraid", "outcome")
YEARS = tuple(Period(date(year, 1, 1), date(year + 1, 1, 1)) for year in (2020, 2021))
BEFORE, AFTER = Window("before", (YEARS[0],)), Window("after", (YEARS[1],))
SHAPES = tuple(shapely.box(100 * place, 0, 100 * place + 100, 100) for place in range(3))


def test_survey_change_by_hand():
    survey = SurveyEstimates(
        "residents", "afraid", "percent", ("A", "B", "C"), YEARS,
        np.array([[40.0, 30.0], [20.0, 22.0], [30.0, 30.0]]), np.full((3, 2), 2.0), SHAPES,
    )  # fmt: skip
    found = indicator_change(FEAR, survey, shapely.box(10, 10, 90, 90), BEFORE, AFTER)
    assert (found.here.value, found.elsewhere.value, found.net.value) == (-10.0, 1.0, -11.0)
    assert found.here.standard_error == pytest.approx(math.sqrt(8))
    assert found.net.standard_error == pytest.approx(math.sqrt(8 + 2 * (8 / 4)))
    assert found.areas == (1, 2)


def test_an_area_asked_once_takes_no_part_and_nobody_asked_is_said():
    estimate = np.array([[40.0, np.nan], [20.0, 22.0], [30.0, 30.0]])
    survey = SurveyEstimates(
        "residents",
        "afraid",
        "percent",
        ("A", "B", "C"),
        YEARS,
        estimate,
        np.where(np.isnan(estimate), np.nan, 2.0),
        SHAPES,
    )
    found = indicator_change(FEAR, survey, shapely.box(10, 10, 90, 90), BEFORE, AFTER)
    assert not found.here.is_defined
    assert "no estimate where the operation was" in found.here.note
    assert found.areas == (0, 2)


def test_price_and_purity_are_in_no_sum():
    """An indicator is no measure: no profile can weigh it, so the only sums it could enter do not exist."""
    assert not any(isinstance(one, Measure) for one in itertools.chain([FEAR]))
    assert not hasattr(FEAR, "harm")
