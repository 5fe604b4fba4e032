"""Charts of the evaluators' part: drawn to scale, the same every time, nothing undefined in them, each with its finding."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from geoharm.evaluation.estimators.distance_profile import distance_profile
from geoharm.evaluation.estimators.specification_curve import ratio_by_control, specification_curve
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.evaluation.results.specification import SpecificationCurve
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval
from geoharm.report.charts.robustness import (
    _ratio_scale,
    distance_profile_caption,
    distance_profile_chart,
    forest_chart,
    percent_change_of_ratio,
    phases_chart,
    ratio_text,
    specification_caption,
    specification_chart,
)
from geoharm.report.section_html import chart_html
from tests.disclosure.test_protect import design
from tests.report.test_verdict import effect, refused

BANDS = [
    (0.0, 0.0, Change("target", 400, 200)),
    (0.0, 50.0, Change("0-50 m", 0, 0)),
    (50.0, 250.0, Change("50-250 m", 400, 420)),
    (250.0, 500.0, Change("250-500 m", 300, 310)),
]


def numbers_of(text):
    return [float(value) for value in re.findall(r'(?:x|y|cx|cy|x1|y1|x2|y2|width|height)="(-?[\d.]+)"', text)]


def check(chart, width=700):
    text = str(chart_html(chart))
    assert "nan" not in text.lower()
    assert "inf" not in re.sub(r"[a-z]*inf[a-z]+|info", "", text.lower())
    assert 'role="img"' in text
    assert re.search(r'aria-label="[^"]{20,}"', text)
    assert "<title>" in text
    assert all(-20 <= value <= width + 400 for value in numbers_of(text))


def test_profile_has_a_dot_for_every_defined_zone_and_no_interval(area):
    curve = distance_profile(BANDS, Change("control", 4000, 4000))
    plan = design(area)
    edges = {"target": (0.0, 0.0), "0-50 m": (0.0, 50.0), "50-250 m": (50.0, 250.0), "250-500 m": (250.0, 500.0)}
    zones = tuple(
        replace(zone, inner=edges[zone.name][0], outer=edges[zone.name][1]) if zone.name in edges else zone
        for zone in plan.zones
    )
    plan = replace(plan, zones=zones)
    drawn = distance_profile_chart(curve, plan)
    check(drawn)
    page = str(chart_html(drawn))
    assert page.count("<circle") == 3
    assert "<rect" not in page
    assert "without intervals, for orientation" in page
    assert distance_profile_caption(curve) == "For orientation: target −50%, 50–250 m +5%, 250–500 m +3%"
    assert drawn == distance_profile_chart(curve, plan)


def test_a_halving_and_a_doubling_are_equally_far_from_zero():
    scale = _ratio_scale([-50.0, 100.0], 200.0, 20.0)
    assert scale(-50) - scale(0) == pytest.approx(scale(0) - scale(100))
    assert scale(-100) == pytest.approx(200)
    assert set(scale.ticks()) == {-50.0, -25.0, 0.0, 50.0, 100.0}


def test_specification_figure_has_a_dot_and_the_ticks_of_every_answer():
    ways = [
        ((("reach", reach), ("control", control)), Change("target", 100, after), Change(control, 500, late))
        for reach, after in (("target", 60), ("target and rings", 95), ("empty", 0))
        for control, late in (("a", 500), ("b", 450))
    ]
    curve = specification_curve(ways)
    rows = [("Reach", [("target", lambda one: dict(one.choices)["reach"] == "target")])]
    drawn = specification_chart(curve, rows)
    check(drawn)
    assert str(chart_html(drawn)).count("<circle") == 4
    assert "3 of 4 specifications show fewer" in specification_caption(curve)
    assert "3 of 4 specifications" in str(chart_html(drawn))


def test_an_empty_curve_has_a_sentence():
    assert specification_caption(SpecificationCurve(())) == "No specification gives an estimate"
    assert ratio_by_control(Change("T", 0, 0), []).values == ()


def test_phases_draw_what_is_known_and_mark_what_is_not():
    phases = [
        replace(effect(), window="during"),
        replace(refused(), window="0-3 months"),
        replace(effect(change=math.nan, low=math.nan, high=math.nan), window="3-6 months", ratio=_nothing()),
    ]
    days = {"during": (0.0, 2.0), "0-3 months": (2.0, 92.0), "3-6 months": (92.0, 183.0)}
    drawn = phases_chart(phases, days)
    check(drawn)
    assert str(chart_html(drawn)).count(">?<") == 1
    assert phases_chart(phases[2:], days) is None


def _nothing():
    return Estimate("log rate ratio", math.nan, math.nan, "log ratio", "")


def test_forest_draws_squares_by_weight_and_a_diamond():
    rows = [
        (f"Operation {i}", Estimate("r", value, 0.1 * (i + 1), "log ratio", ""))
        for i, value in enumerate((-0.4, -0.2, 0.1))
    ]
    found = pool_effects(rows)
    drawn = forest_chart(found)
    check(drawn)
    assert str(chart_html(drawn)).count("<polygon") == 1
    sides = [float(w) for w in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"', str(chart_html(drawn)))]
    assert sides == sorted(sides, reverse=True)
    assert "3 operations together" in str(chart_html(drawn))


@pytest.mark.parametrize(("count", "most"), [(20, 720), (40, 860), (200, 3800)])
def test_a_forest_of_many_operations_stays_readable(count, most):
    """Forty rows fit a printed page; labels are 11 pixels high and never overlap, and none is left out."""
    rows = [(f"Operation {i}", Estimate("r", -0.2 + 0.001 * i, 0.2, "log ratio", "")) for i in range(count)]
    drawn = forest_chart(pool_effects(rows))
    check(drawn, width=most)
    assert drawn.height <= most
    heights = [float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>Operation', str(chart_html(drawn)))]
    assert len(heights) == count
    assert min(later - earlier for earlier, later in pairwise(heights)) >= 15


def test_percent_of_a_log_ratio():
    assert percent_change_of_ratio(math.log(0.5)) == pytest.approx(-50)
    assert math.isinf(percent_change_of_ratio(1e9))
    text = ratio_text(Estimate("r", math.log(0.5), 0.0, "log ratio", ""))
    assert text == "−50% (−50% to −50%)"
    assert Interval(*np.log([0.5, 2.0]), 0.95).side == 0
