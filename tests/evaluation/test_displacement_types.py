"""Shifts over hours, categories, markets and the centre: sizes by hand, what counting alone gives, refusals."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.centroid_shift import centroid_shift, centroid_shift_row
from geoharm.evaluation.estimators.displacement_types import (
    composition_shift,
    displacement_types,
    similar_market_shift,
    time_of_week_shifts,
)
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.model.counts import Change
from geoharm.model.points import Points

LABELS = ("a", "b", "c", "d")


def counting_share(found):
    """Return the share that the sentence gives for counting alone."""
    return float(found.sentence.split("counting alone gives about ")[1].split("%")[0]) / 100


def test_no_p_value_and_no_interval_can_be_asked_of_a_type():
    names = {field.name for field in dataclasses.fields(DisplacementType)}
    assert names == {"kind", "figure", "unit", "sentence", "measured", "counts"}


def test_without_a_control_it_is_half_the_sum_of_the_differences_of_shares():
    before, after = np.array([60, 80, 40, 30]), np.array([50, 40, 60, 50])
    found = composition_shift("x", before, after, labels=LABELS, seed=1)
    shares = after / after.sum() - before / before.sum()
    assert found.figure == pytest.approx(np.abs(shares).sum() / 2)
    assert "most gained: c, most lost: b" in found.sentence


def test_what_counting_alone_gives_is_the_mean_of_quiet_places():
    """Shares that stay: the mean of the measured shifts is what the sentences say of counting alone."""
    rng = np.random.default_rng(4)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    measured, said = [], []
    for seed in range(60):
        t0, t1 = rng.multinomial(300, shares), rng.multinomial(300, shares)
        control = rng.multinomial(2000, shares), rng.multinomial(2000, shares)
        found = composition_shift("x", t0, t1, labels=LABELS, seed=seed, control=control, draws=199)
        measured.append(found.figure)
        said.append(counting_share(found))
    assert np.mean(measured) == pytest.approx(np.mean(said), abs=0.01)
    wide = composition_shift("x", t0, t1, labels=LABELS, seed=1, control=control, draws=199, dispersion=4.0)
    assert counting_share(wide) == pytest.approx(2 * np.mean(said), abs=0.015)


def test_a_shift_that_the_control_shares_is_taken_off():
    t0, t1 = [120, 90, 60, 30], [30, 60, 90, 120]
    control = [1200, 900, 600, 300], [300, 600, 900, 1200]
    with_control = composition_shift("x", t0, t1, labels=LABELS, seed=1, control=control, draws=199)
    assert with_control.figure == pytest.approx(0, abs=0.001)
    assert composition_shift("x", t0, t1, labels=LABELS, seed=1, draws=199).figure == pytest.approx(0.4)


def test_a_shift_of_the_target_alone_is_measured():
    t0, t1 = [100, 100, 100, 100], [40, 120, 120, 120]
    control = [500] * 4, [500] * 4
    found = composition_shift("x", t0, t1, labels=LABELS, seed=1, control=control, draws=199)
    assert found.figure == pytest.approx(0.15, abs=0.001)


def test_relabelling_changes_nothing_and_one_seed_gives_one_answer():
    t0, t1 = np.array([90, 70, 50, 30]), np.array([60, 70, 60, 50])
    one = composition_shift("x", t0, t1, labels=LABELS, seed=5)
    assert one == composition_shift("x", t0, t1, labels=LABELS, seed=5)
    order = [2, 0, 3, 1]
    other = composition_shift("x", t0[order], t1[order], labels=[LABELS[i] for i in order], seed=5)
    assert other.figure == pytest.approx(one.figure)


def test_too_few_events_are_not_measured():
    found = composition_shift("offence type", [5, 5], [100, 100], labels=("a", "b"), seed=1)
    assert not found.measured
    assert found.sentence == "Not measured: fewer than 50 events in one of the windows."
    assert composition_shift("x", [60, 0], [60, 0], labels=("a", "b"), seed=1).sentence.endswith("one category.")
    with pytest.raises(DesignError, match="each of the 2 labels"):
        composition_shift("x", [1], [2], labels=("a", "b"), seed=1)


def test_hours_and_weekdays_are_the_two_margins():
    rng = np.random.default_rng(6)
    before = rng.poisson(4, (7, 24))
    after = before.copy()
    after[:, 22:], after[:, 10:12] = before[:, 10:12] + 24, 0
    hour, weekday = time_of_week_shifts(before, after, seed=1)
    assert (hour.kind, weekday.kind) == ("hour", "weekday")
    shares = [table.sum(axis=0) / table.sum() for table in (before, after)]
    assert hour.figure == pytest.approx(np.abs(shares[1] - shares[0]).sum() / 2)
    assert hour.figure > 2 * counting_share(hour)
    assert "h, most lost: 1" in hour.sentence
    assert weekday.figure == pytest.approx(counting_share(weekday), abs=0.05)
    with pytest.raises(DesignError, match=r"shape \(7, 24\)"):
        time_of_week_shifts(before.T, after, seed=1)


def test_the_market_that_rose_most():
    control = Change("C", 2000, 2000)
    found = similar_market_shift([(4000, Change("East", 100, 160)), (900, Change("North", 100, 95))], control)
    assert found.figure == pytest.approx(math.log(1.6))
    assert "East (4.0 km away)" in found.sentence
    assert "from 100 to 160" in found.sentence
    assert similar_market_shift([], control).sentence == "Not measured: no list of similar markets was given."
    assert not similar_market_shift([(1, Change("E", 0, 5))], control).measured


def cloud(rng, x, y, spread, *, events=900):
    """Return points, as whole metres."""
    place = np.unique(np.round(rng.normal([x, y], spread, (events, 2))), axis=0)
    return Points(place[:, 0], place[:, 1], np.ones(len(place)))


def test_the_centre_moves_and_spreads_as_planted():
    rng = np.random.default_rng(7)
    before, after = cloud(rng, 1000, 1000, 100), cloud(rng, 1060, 1000, 200)
    found = centroid_shift(before, after)
    assert found.east == pytest.approx(after.x.mean() - before.x.mean())
    assert found.north == pytest.approx(after.y.mean() - before.y.mean())
    assert found.distance == pytest.approx(60, abs=20)
    variances = [np.var(points.x) + np.var(points.y) for points in (before, after)]
    assert found.spread == pytest.approx(math.log(variances[1] / variances[0]) / 2)
    assert centroid_shift_row(found).kind == "centre"


def test_weights_count_as_often_as_they_say():
    one = Points([0.0, 10.0], [0.0, 0.0], [3.0, 1.0])
    found = centroid_shift(one, Points([0.0, 10.0], [0.0, 0.0], [1.0, 3.0]))
    assert (found.east, found.north) == (pytest.approx(5.0), 0.0)
    assert found.spread == pytest.approx(0, abs=1e-12)


def test_moving_everything_moves_no_estimate():
    """State-plane coordinates are hundreds of kilometres from the origin."""
    sides = [cloud(np.random.default_rng(seed), 0, 0, 80) for seed in (9, 10)]
    far = [Points(side.x + 2.35e5, side.y + 9.0e5, side.weight) for side in sides]
    assert centroid_shift(*far).spread == pytest.approx(centroid_shift(*sides).spread, rel=1e-6)
    assert centroid_shift(*far).east == pytest.approx(centroid_shift(*sides).east, abs=1e-6)


def test_a_centre_without_events_is_refused():
    with pytest.raises(DesignError, match="one side has none"):
        centroid_shift(Points([], [], []), cloud(np.random.default_rng(1), 0, 0, 9))


def test_the_table_says_what_was_not_measured_and_why():
    rows = [
        DisplacementType("centre", math.nan, "", "Not measured: x.", measured=False),
        DisplacementType("hour", 0.2, "share", "x"),
        DisplacementType("weekday", 0.1, "share", "x"),
    ]
    table = displacement_types(rows)
    assert [row.kind for row in table] == [
        "hour", "weekday", "centre", "offence type", "similar markets", "targets", "tactics", "people",
    ]  # fmt: skip
    assert [row.measured for row in table] == [True, True, *[False] * 6]
    assert all(row.sentence.startswith("Not measured: ") for row in table if not row.measured)
    with pytest.raises(DesignError, match="once in the table"):
        displacement_types([rows[0], rows[0]])
