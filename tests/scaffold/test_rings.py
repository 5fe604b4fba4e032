"""Rings that no other place could carry are not proposed, and it is said why."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.errors import DesignError
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.model.study import BeforeRule, Operation
from geoharm.scaffold.rings import propose_rings
from tests.scaffold.made_events import CRS, city, events_at

START = date(2021, 1, 1)


def proposed(width, height, *, n=3_000, location_error=0.0, given=()):
    x, y = city(n=n, width=width, height=height)
    area = StudyArea(shapely.box(325_000, 4_688_000, 325_000 + width, 4_688_000 + height), CRS)
    target = shapely.Point(325_000 + width / 2, 4_688_000 + height / 2).buffer(150)

    def operation_with(gap, rings):
        return Operation(
            name="X", tactic="crackdown", objective="", period=Period(START, date(2021, 1, 2)), target=target, target_note="",
            gap=gap, rings=tuple(rings), control=None, before=BeforeRule(Period(date(2020, 12, 1), START)),
            after=("0-1 months",),
        )  # fmt: skip

    return propose_rings(operation_with, area, events_at(x, y), (), location_error=location_error, given=given)


def test_a_city_carries_the_usual_rings():
    rings = proposed(20_000, 20_000, n=20_000)
    assert (rings.gap, rings.rings) == (100.0, (250.0, 500.0, 1000.0))
    assert rings.why == "the usual distances that fit"


def test_a_small_area_carries_narrower_ones_and_the_others_are_named_with_the_reason():
    rings = proposed(5_000, 4_000)
    assert rings.rings[-1] < 1000
    assert "not 500-1000 m: " in rings.why
    assert "20 are needed" in rings.why or "is left as control" in rings.why


def test_where_events_are_few_other_places_carry_nothing():
    rings = proposed(20_000, 20_000, n=25)
    assert rings.rings == (150.0,)
    assert "no 95% interval will be possible: only " in rings.why
    assert "had any event before" in rings.why


def test_the_gap_is_twice_the_error_of_places():
    rings = proposed(20_000, 20_000, n=20_000, location_error=80.0)
    assert rings.gap == 160
    assert "at least twice the location error of 80 m" in rings.why


def test_own_rings_are_checked_and_their_price_is_said():
    assert proposed(20_000, 20_000, n=20_000, given=(0, 200)).rings == (200,)
    assert "no 95% interval will be possible" in proposed(5_000, 4_000, given=(100, 900)).why
    with pytest.raises(DesignError):
        proposed(2_000, 2_000, given=(100, 3_000))


def test_no_random_number_decides():
    assert proposed(9_000, 9_000) == proposed(9_000, 9_000)
    assert np.isfinite(proposed(9_000, 9_000).rings).all()
