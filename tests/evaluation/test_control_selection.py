"""Choosing a control: rules one by one against a slow version, order by distance, and what the others say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_selection import rule_ratios, select_controls
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.specification_curve import ratio_by_control
from geoharm.evaluation.estimators.synthetic_control import synthetic_control_ratio
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import Zone, ZoneRole

NOWHERE = shapely.Point(-9999, -9999).buffer(1)


def slow_ratios(y, x, k, phi):
    """Return the four rules as the WDDControl paper writes them, month by month."""
    gaps = [b - k * a for a, b in zip(y, x, strict=True)]
    noise = [phi * (k + k * k) * a for a in y]
    blocks = [range(start, min(start + 6, len(y))) for start in range(0, len(y), 6)]
    middle = sum(range(len(y))) / len(y)
    return {
        "month by month": sum(map(abs, gaps)) / sum(math.sqrt(2 * v / math.pi) for v in noise),
        "half-years": sum(abs(sum(gaps[t] for t in b)) for b in blocks)
        / sum(math.sqrt(2 * sum(noise[t] for t in b) / math.pi) for b in blocks),
        "level": abs(sum(gaps)) / math.sqrt(sum(noise)),
        "trend": abs(sum((t - middle) * gap for t, gap in enumerate(gaps)))
        / math.sqrt(sum((t - middle) ** 2 * v for t, v in enumerate(noise))),
    }


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(12, 40), st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from([1.0, 1.7]))
def test_the_rules_against_the_slow_version(seed, months, k, phi):
    y, x = np.random.default_rng(seed).poisson(20, (2, months)) + 1
    found = rule_ratios(y, x, scale=k, dispersion=phi)
    assert found == pytest.approx(slow_ratios(y.tolist(), x.tolist(), k, phi))


def test_each_rule_sees_what_it_is_for():
    y = np.full(24, 40.0)
    months = np.arange(24)
    flat = rule_ratios(y, y)
    assert max(flat.values()) < 1
    assert rule_ratios(y, y + np.linspace(-12, 12, 24))["trend"] > 1
    assert rule_ratios(y, y + np.where(months // 6 % 2, 9, -9))["half-years"] > 1
    assert rule_ratios(y, y + np.where(months % 2, 15, -15))["month by month"] > 1
    assert rule_ratios(y, 6 * y)["level"] > 1
    assert rule_ratios(y, 1.3 * y, scale=1)["level"] > 1
    assert rule_ratios(y, 3 * y)["level"] < 1


def test_empty_areas_are_no_control_and_short_series_are_refused():
    assert set(rule_ratios(np.full(12, 5), np.zeros(12)).values()) == {math.inf}
    with pytest.raises(DesignError, match="at least 12 months"):
        rule_ratios([1, 2], [1, 2])


def zone(name, x, *, pieces=1):
    squares = [shapely.box(x, 2000 * i, x + 200, 2000 * i + 200) for i in range(pieces)]
    return Zone(name, ZoneRole.CONTROL, shapely.union_all(squares))


def test_the_nearest_that_passes_is_taken_never_the_best_fitting():
    target = zone("target", 0)
    series = {
        "target": np.tile([20, 22, 18, 20], 6), "best": np.tile([20, 22, 18, 20], 6),
        "near": np.tile([21, 20, 19, 21], 6), "trending": np.arange(8, 32), "torn": np.tile([20, 22, 18, 20], 6),
        "spoilt": np.tile([20, 22, 18, 20], 6),
    }  # fmt: skip
    candidates = [
        zone("best", 9000),
        zone("near", 3000),
        zone("trending", 1500),
        zone("torn", 2000, pieces=3),
        zone("spoilt", 500),
    ]
    found = select_controls(target, candidates, series, excluded_area=shapely.box(-800, -800, 1000, 1000))
    assert [one.name for one in found.candidates] == ["spoilt", "trending", "torn", "near", "best"]
    assert found.chosen == "near"
    assert found.passing == ("near", "best")
    reasons = {one.name: one.reason for one in found.candidates}
    assert "rings of an operation" in reasons["spoilt"]
    assert "3 pieces" in reasons["torn"]
    assert reasons["trending"].startswith("trend: ")
    assert found.candidates[3].scale == pytest.approx(series["near"].sum() / series["target"].sum())
    assert found.candidates[3].distance == 2800
    again = select_controls(target, candidates[::-1], series, excluded_area=shapely.box(-800, -800, 1000, 1000))
    assert again == found


def test_no_control_is_an_answer_and_a_missing_series_an_error():
    series = {"target": np.full(12, 9), "a": np.arange(12) * 3}
    assert select_controls(zone("target", 0), [zone("a", 900)], series, excluded_area=NOWHERE).chosen == ""
    with pytest.raises(DesignError, match="without: b"):
        select_controls(zone("target", 0), [zone("b", 900)], series, excluded_area=NOWHERE)


def test_controls_of_the_same_city_do_not_disagree():
    """Where all controls share one truth, 'disagree' is rare; where two differ by far, it is seen."""
    rng, seen = np.random.default_rng(1), []
    for _ in range(400):
        z, c = rng.poisson(100, 2), rng.poisson(150, (6, 2))
        curve = ratio_by_control(Change("T", *z), [Change(str(i), *row) for i, row in enumerate(c)])
        seen.append(curve.controls_disagree)
    assert np.mean(seen) < 0.07
    apart = ratio_by_control(Change("T", 100, 100), [Change("A", 400, 600), Change("B", 400, 250)])
    assert apart.controls_disagree
    assert apart.values[0] < 0 < apart.values[-1]


def test_curve_lists_every_control_all_together_and_other_answers():
    other = Estimate("x", -0.2, 0.1, "log ratio", "")
    curve = ratio_by_control(
        Change("T", 100, 70),
        [Change("A", 200, 200), Change("B", 300, 330), Change("C", 0, 5)],
        other_estimates=[("synthetic", other)],
    )
    names = [one.choices[0][1] for one in curve.specifications]
    assert sorted(names) == ["A", "B", "C", "all together", "synthetic"]
    assert names[-1] == "C"
    assert not curve.specifications[-1].estimate.is_defined
    together = next(one.estimate for one in curve.specifications if one.choices[0][1] == "all together")
    assert together.value == pytest.approx(log_rate_ratio(Change("T", 100, 70), Change("C", 500, 535)).value)
    assert curve.share_below == 1
    assert curve.median == pytest.approx(np.median(curve.values))
    assert len(curve.range_of("control")) == 4


def test_synthetic_control_finds_the_twins_and_a_planted_fall():
    """Two donors make the target; the rest are noise. The planted halving is found."""
    rng = np.random.default_rng(2)
    levels = 300 * np.exp(
        0.3 * np.sin(np.arange(36)[None, :] * rng.uniform(0.3, 2, (5, 1)) + rng.uniform(0, 6, (5, 1)))
    )
    donors = rng.poisson(levels)
    mixture = (levels[0] + levels[1]) / 2
    target = rng.poisson(mixture * np.where(np.arange(36) >= 24, 0.5, 1))
    found, shares = synthetic_control_ratio(target, donors, before=24)
    assert shares[:2].sum() > 0.85
    assert found.value == pytest.approx(math.log(0.5), abs=0.1)
    assert "too small" in found.note


def test_synthetic_control_of_one_donor_is_the_rate_ratio():
    target, donor = np.arange(5, 25), np.arange(50, 70)
    found, shares = synthetic_control_ratio(target, [donor], before=14)
    plain = log_rate_ratio(
        Change("T", target[:14].sum(), target[14:].sum()), Change("C", donor[:14].sum(), donor[14:].sum())
    )
    assert shares.tolist() == [1]
    assert (found.value, found.standard_error) == pytest.approx((plain.value, plain.standard_error))


def test_synthetic_control_says_why_it_cannot():
    nothing, shares = synthetic_control_ratio(np.full(20, 4), np.zeros((2, 20)), before=14)
    assert "no donor has an event" in nothing.note
    assert shares.tolist() == [0, 0]
    with pytest.raises(DesignError, match="at least 12 months before"):
        synthetic_control_ratio([1, 2, 3], [[1, 2, 3]], before=2)
    with pytest.raises(DesignError, match="every month"):
        synthetic_control_ratio(np.full(20, 4.0), np.full((1, 20), math.nan), before=14)
