"""Accuracy of hotspots: published numbers, rivals, and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.hotspots.predictive_accuracy import hotspot_accuracy


def score(old, new, chosen):
    size = len(old)
    picked = np.isin(np.arange(size), chosen)[None, :]
    inside = np.ones((1, size), dtype=bool)
    return hotspot_accuracy(picked, np.array([old], dtype=float), np.array([new], dtype=float), inside=inside)


@pytest.mark.parametrize(("top", "pai", "ratio"), [(1, 2, 0.5), (2, 1.5, 5 / 9), (3, 1, 2 / 3)])
def test_published_values(top, pai, ratio):
    """Observed 6, 3, 0, predicted 3, 2, 1, equal areas: tests/testthat/test-pai.R of the package ptools."""
    found = score([3, 2, 1], [6, 3, 0], range(top)).hotspots
    assert (found.pai, found.pei, found.predicted_over_observed) == pytest.approx((pai, 1, ratio))


@pytest.mark.parametrize(
    ("chosen", "pai", "pei"),
    [
        ([0], 1.894737, 0.857143),
        ([0, 2], 1.421053, 0.692308),
        ([0, 1, 2], 1.684211, 1.0),
        ([0, 1, 2, 3], 1.421053, 1.0),
    ],
)
def test_values_by_formula(chosen, pai, pei):
    """Observed 6, 7, 3, 2, 1, 0, predicted 8, 4, 4, 2, 1, 0; the tie of the second and third taken the worse way."""
    found = score([8, 4, 4, 2, 1, 0], [6, 7, 3, 2, 1, 0], chosen).hotspots
    assert (found.pai, found.pei) == pytest.approx((pai, pei), abs=1e-6)


def test_levines_recapture_rate_index():
    """Half of the earlier events, a quarter of the later ones: 0.5, however the totals moved."""
    found = score([50, 25, 25, 0], [100, 100, 100, 100], [0]).hotspots
    assert found.hit_rate == 0.25
    assert found.recapture_rate_index == 0.5
    assert found.share_of_cells_with_later_events == 1.0


def test_the_plain_rival_takes_last_years_cells():
    found = score([9, 0, 8, 1], [5, 1, 4, 0], [0, 1])
    assert found.hotspots.events == 6
    assert found.most_earlier_events.events == 9
    assert found.most_earlier_events.cells == found.hotspots.cells == 2


def test_blind_choice_has_the_deviation_it_says():
    rng = np.random.default_rng(1)
    new = rng.poisson(2, 60).astype(float)
    found = score(np.ones(60), new, range(12))
    drawn = [new[rng.choice(60, 12, replace=False)].sum() / new.sum() / 0.2 for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(found.random_pai, abs=0.01)
    assert np.std(drawn) == pytest.approx(found.random_deviation, rel=0.03)


def test_cells_and_events_outside_take_no_part():
    chosen = np.array([[True, True, False]])
    old, new = np.array([[4.0, 9, 2]]), np.array([[3.0, 50, 1]])
    found = hotspot_accuracy(chosen, old, new, inside=np.array([[True, False, True]])).hotspots
    assert (found.cells, found.events, found.area_share) == (1, 3.0, 0.5)


def test_undefined_is_a_value_with_a_reason():
    empty = score([1, 2], [0, 0], [1])
    assert math.isnan(empty.hotspots.pai)
    assert math.isnan(empty.random_deviation)
    assert empty.hotspots.note.startswith("there are no later events")
    unused = score([0, 2], [1, 1], [0]).hotspots
    assert math.isnan(unused.recapture_rate_index)
    assert "had no earlier event" in unused.note


def test_refusals():
    with pytest.raises(DesignError, match="accuracy cannot be computed"):
        score([1, 2], [1, 2], [])
    with pytest.raises(DesignError, match="one shape"):
        hotspot_accuracy(np.ones((1, 2), bool), np.ones((1, 3)), np.ones((1, 2)), inside=np.ones((1, 2), bool))
