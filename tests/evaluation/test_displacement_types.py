"""Shifts over hours, categories, markets and the centre: level, power, referees, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.centroid_shift import centroid_shift, centroid_shift_test
from geoharm.evaluation.estimators.displacement_types import (
    composition_shift,
    displacement_types,
    similar_market_shift,
    time_of_week_shifts,
)
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.results.displacement_types import DisplacementTest
from geoharm.model.counts import Change
from geoharm.model.points import Points

LABELS = ("a", "b", "c", "d")


def test_without_a_control_it_is_the_likelihood_ratio_test():
    before, after = np.array([60, 80, 40, 30]), np.array([50, 40, 60, 50])
    found = composition_shift("x", before, after, labels=LABELS, seed=1, draws=4999)
    expect = chi2_contingency(np.array([before, after]), lambda_="log-likelihood").pvalue
    assert found.p_value == pytest.approx(expect, abs=0.005)
    shares = after / after.sum() - before / before.sum()
    assert found.figure == pytest.approx(np.abs(shares).sum() / 2)
    assert "most gained: c, most lost: b" in found.sentence


def test_a_shift_that_the_control_shares_is_none():
    rng = np.random.default_rng(4)
    before, later = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
    p_values = []
    for seed in range(60):
        t0, t1 = rng.multinomial(300, before), rng.multinomial(300, later)
        control = rng.multinomial(2000, before), rng.multinomial(2000, later)
        with_control = composition_shift("x", t0, t1, labels=LABELS, seed=seed, control=control, draws=199)
        p_values.append(with_control.p_value)
    assert np.mean(np.array(p_values) <= 0.05) < 0.14
    assert composition_shift("x", t0, t1, labels=LABELS, seed=1, draws=199).p_value == 0.005


def test_a_shift_of_the_target_alone_is_seen():
    t0, t1 = [100, 100, 100, 100], [40, 120, 120, 120]
    control = [500] * 4, [500] * 4
    found = composition_shift("x", t0, t1, labels=LABELS, seed=1, control=control, draws=199)
    assert found.p_value == 0.005
    assert found.figure == pytest.approx(0.15, abs=0.001)
    wide = composition_shift("x", t0, t1, labels=LABELS, seed=1, control=control, draws=199, dispersion=30.0)
    assert wide.p_value > 0.05


def test_relabelling_changes_nothing_and_one_seed_gives_one_answer():
    t0, t1 = np.array([90, 70, 50, 30]), np.array([60, 70, 60, 50])
    one = composition_shift("x", t0, t1, labels=LABELS, seed=5)
    assert one == composition_shift("x", t0, t1, labels=LABELS, seed=5)
    order = [2, 0, 3, 1]
    other = composition_shift("x", t0[order], t1[order], labels=[LABELS[i] for i in order], seed=5)
    assert other.figure == pytest.approx(one.figure)
    assert other.p_value == pytest.approx(one.p_value, abs=0.03)


def test_too_few_events_are_not_tested():
    found = composition_shift("offence type", [5, 5], [100, 100], labels=("a", "b"), seed=1)
    assert not found.tested
    assert found.sentence == "Not tested: fewer than 50 events in one of the windows."
    assert composition_shift("x", [60, 0], [60, 0], labels=("a", "b"), seed=1).sentence.endswith("one category.")
    with pytest.raises(DesignError, match="each of the 2 labels"):
        composition_shift("x", [1], [2], labels=("a", "b"), seed=1)


def test_hours_and_weekdays_are_the_two_margins():
    rng = np.random.default_rng(6)
    before = rng.poisson(4, (7, 24))
    after = before.copy()
    after[:, 22:], after[:, 10:12] = before[:, 10:12] + 4, 0
    hour, weekday = time_of_week_shifts(before, after, seed=1)
    assert (hour.kind, weekday.kind) == ("hour", "weekday")
    assert hour.p_value < 0.01
    assert "h, most lost: 1" in hour.sentence
    assert weekday.p_value > 0.05
    with pytest.raises(DesignError, match=r"shape \(7, 24\)"):
        time_of_week_shifts(before.T, after, seed=1)


def test_the_market_that_rose_most():
    control = Change("C", 2000, 2000)
    found = similar_market_shift([(4000, Change("East", 100, 160)), (900, Change("North", 100, 95))], control)
    assert found.figure == pytest.approx(math.log(1.6))
    plain = log_rate_ratio(Change("East", 100, 160), control).p_value()
    assert found.p_value == pytest.approx(2 * plain)
    assert "East (4.0 km away)" in found.sentence
    assert "from 100 to 160" in found.sentence
    assert similar_market_shift([], control).sentence == "Not tested: no list of similar markets was given."
    assert not similar_market_shift([(1, Change("E", 0, 5))], control).tested


def blocks(rng, count, x, y, spread, *, events=40):
    """Return months of points, as whole metres."""
    found = []
    for _ in range(count):
        place = np.unique(np.round(rng.normal([x, y], spread, (rng.poisson(events) + 1, 2))), axis=0)
        found.append(Points(place[:, 0], place[:, 1], np.ones(len(place))))
    return found


def test_the_centre_moves_and_spreads_as_planted():
    rng = np.random.default_rng(7)
    found = centroid_shift(blocks(rng, 24, 1000, 1000, 100), blocks(rng, 12, 1060, 1000, 200), seed=1)
    assert found.east.value == pytest.approx(60, abs=3 * found.east.standard_error)
    assert found.north.value == pytest.approx(0, abs=3 * found.north.standard_error)
    assert math.exp(found.spread.value) == pytest.approx(2, rel=0.1)
    assert found.p_value < 0.001
    assert centroid_shift_test(found).kind == "centre"


def test_a_centre_that_stays_is_said_to_move_about_one_time_in_twenty():
    rng = np.random.default_rng(8)
    hits = [
        centroid_shift(blocks(rng, 20, 0, 0, 150), blocks(rng, 20, 0, 0, 150), seed=i, draws=199).p_value < 0.05
        for i in range(150)
    ]
    assert 0.01 < np.mean(hits) < 0.12


def test_moving_everything_moves_no_estimate():
    """State-plane coordinates are hundreds of kilometres from the origin."""
    near = centroid_shift(*(blocks(np.random.default_rng(9), 8, 0, 0, 80) for _ in range(2)), seed=1)
    far = centroid_shift(
        *(
            [Points(p.x + 2.35e5, p.y + 9.0e5, p.weight) for p in blocks(np.random.default_rng(9), 8, 0, 0, 80)]
            for _ in range(2)
        ),
        seed=1,
    )
    assert far.spread.standard_error == pytest.approx(near.spread.standard_error, rel=1e-6)
    assert far.east.value == pytest.approx(near.east.value, abs=1e-6)


def test_centre_refusals():
    rng = np.random.default_rng(1)
    with pytest.raises(DesignError, match="6 blocks of time"):
        centroid_shift(blocks(rng, 5, 0, 0, 9), blocks(rng, 9, 0, 0, 9), seed=1)
    nothing = [Points([], [], []) for _ in range(6)]
    with pytest.raises(DesignError, match="one side has none"):
        centroid_shift(nothing, blocks(rng, 6, 0, 0, 9), seed=1)


def test_the_table_says_what_was_not_tested_and_why():
    rows = [DisplacementTest("hour", 0.2, "share", 0.01, "x"), DisplacementTest("weekday", 0.1, "share", 0.04, "x")]
    table = displacement_types(rows)
    assert table.adjusted[:2] == pytest.approx((0.02, 0.04))
    assert all(math.isnan(value) for value in table.adjusted[2:])
    assert table.untested == ("offence type", "similar markets", "centre", "targets", "tactics", "people")
    assert all(row.sentence.startswith("Not tested: ") for row in table.rows if not row.tested)
    with pytest.raises(DesignError, match="once in the table"):
        displacement_types([rows[0], rows[0]])
