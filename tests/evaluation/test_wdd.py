"""WDD: the shared control's variance, properties, refusals. Published numbers are in tests/test_selfcheck.py."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.wdd import linear_change, wdd
from geoharm.model.counts import Change

counts = st.integers(0, 5000)


def test_a_control_used_twice_counts_fourfold():
    """Not twice its doubled count, as a well-known spreadsheet advises: 4 (C0 + C1), not 2 (C0 + C1)."""
    target, ring, control = Change("T", 100, 60), Change("D", 80, 70), Change("C", 90, 95)
    found = wdd(target, control, ring=ring, ring_control=control)
    assert found.total.value == (60 - 100) + (70 - 80) - 2 * (95 - 90)
    assert found.total.standard_error == pytest.approx(math.sqrt(100 + 60 + 80 + 70 + 4 * (90 + 95)))


def test_scaled_control_shared_by_target_and_ring():
    """With scales k the shared control enters the total's variance with (sum 1/k)^2."""
    target, ring, control = Change("T", 100, 60), Change("D", 50, 45), Change("C", 1000, 900)
    found = linear_change([(target, 1), (control, -0.1), (ring, 1), (control, -0.05)])
    assert found.value == pytest.approx(-40 - 5 + 0.15 * 100)
    assert found.standard_error == pytest.approx(math.sqrt(160 + 95 + 0.15**2 * 1900))


@given(st.lists(counts, min_size=8, max_size=8))
def test_swapping_every_area_with_its_control_flips_the_sign(n):
    t, c, d, cd = (Change(name, n[2 * i], n[2 * i + 1]) for i, name in enumerate(("T", "C", "D", "CD")))
    one, two = wdd(t, c, ring=d, ring_control=cd).total, wdd(c, t, ring=cd, ring_control=d).total
    assert one.value == -two.value
    assert one.standard_error == pytest.approx(two.standard_error)


@given(st.lists(counts, min_size=4, max_size=4))
def test_doubling_counts_doubles_the_value_and_raises_the_error_by_root_two(n):
    once = wdd(Change("T", n[0], n[1]), Change("C", n[2], n[3])).total
    twice = wdd(Change("T", 2 * n[0], 2 * n[1]), Change("C", 2 * n[2], 2 * n[3])).total
    assert twice.value == 2 * once.value
    assert twice.standard_error == pytest.approx(math.sqrt(2) * once.standard_error)


@given(st.lists(counts, min_size=4, max_size=4), st.floats(1, 9))
def test_dispersion_scales_the_variance(n, phi):
    plain = wdd(Change("T", n[0], n[1]), Change("C", n[2], n[3])).total
    wide = wdd(Change("T", n[0], n[1]), Change("C", n[2], n[3]), dispersion={"T": phi, "C": phi}).total
    assert wide.value == plain.value
    assert wide.standard_error == pytest.approx(math.sqrt(phi) * plain.standard_error)


def test_all_zero_counts_are_no_crash():
    """A peer divides by zero here; nothing happened, so nothing is claimed."""
    found = wdd(Change("T", 0, 0), Change("C", 0, 0)).total
    assert (found.value, found.standard_error) == (0, 0)
    assert math.isnan(found.z)
    assert math.isnan(found.p_value())


@pytest.mark.parametrize("bad", [-1, 1.5, float("nan"), float("inf")])
def test_refuses_what_is_no_count(bad):
    with pytest.raises(DesignError, match="whole number, zero or more"):
        Change("T", bad, 1)


def test_refuses_a_ring_without_control():
    with pytest.raises(DesignError, match="A ring needs a control"):
        wdd(Change("T", 1, 1), Change("C", 1, 1), ring=Change("D", 1, 1))


def test_refuses_one_name_for_two_areas():
    with pytest.raises(DesignError, match='Two areas are called "C"'):
        wdd(Change("T", 1, 1), Change("C", 1, 1), ring=Change("D", 1, 1), ring_control=Change("C", 2, 2))


@pytest.mark.parametrize("weights", [(0, 1), (1, -1), (float("nan"), 1)])
def test_refuses_weights_of_no_length(weights):
    with pytest.raises(DesignError, match="time weight"):
        wdd(Change("T", 1, 1), Change("C", 1, 1), time_weights=weights)
