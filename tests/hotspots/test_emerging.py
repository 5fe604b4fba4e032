"""Emerging hotspots: all 17 patterns, every known deviation of other programs, gaps that are no zeros."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.hotspots.clusters.emerging import classify_series, emerging_hotspots
from geoharm.hotspots.clusters.local import getis_ord
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.hotspots.results.emerging import EmergingHotspotMap, EmergingPattern
from geoharm.model.grid import Grid
from geoharm.model.period import add_months
from geoharm.stats.trend import mann_kendall

UP, DOWN, LEVEL_ONLY = (3.0, 0.001), (-3.0, 0.001), (0.0, 1.0)


def pattern(text, trend=LEVEL_ONLY, **options):
    """Classify a series written as h (hot), c (cold) and . (neither)."""
    side = np.array([[{"h": 1, "c": -1, ".": 0}[step] for step in text]], dtype=np.int8)
    z, p = np.array([trend[0]]), np.array([trend[1]])
    return EmergingPattern(int(classify_series(side, trend_z=z, trend_p=p, **options)[0]))


HOT = [
    (".........h", LEVEL_ONLY, EmergingPattern.NEW_HOT),
    ("........hh", LEVEL_ONLY, EmergingPattern.CONSECUTIVE_HOT),
    ("..hhhhhhhh", UP, EmergingPattern.CONSECUTIVE_HOT),
    ("hhhhhhhhhh", UP, EmergingPattern.INTENSIFYING_HOT),
    ("hhhh.hhhhh", UP, EmergingPattern.INTENSIFYING_HOT),
    ("hhhhhhhhhh", LEVEL_ONLY, EmergingPattern.PERSISTENT_HOT),
    (".hhhhhhhhh", LEVEL_ONLY, EmergingPattern.PERSISTENT_HOT),
    ("hhhhhhhhhh", DOWN, EmergingPattern.DIMINISHING_HOT),
    ("h........h", LEVEL_ONLY, EmergingPattern.SPORADIC_HOT),
    (".h.hh...hh", UP, EmergingPattern.SPORADIC_HOT),
    ("c.h......h", LEVEL_ONLY, EmergingPattern.OSCILLATING_HOT),
    ("hhhhhhh.ch", LEVEL_ONLY, EmergingPattern.OSCILLATING_HOT),
    ("hhhhhhhhh.", LEVEL_ONLY, EmergingPattern.HISTORICAL_HOT),
    ("hhhhhhhhhc", DOWN, EmergingPattern.HISTORICAL_HOT),
]


@pytest.mark.parametrize(("text", "trend", "expected"), HOT)
def test_every_hot_pattern(text, trend, expected):
    assert pattern(text, trend) is expected


@pytest.mark.parametrize(("text", "trend", "expected"), HOT)
def test_every_cold_pattern_is_the_mirror(text, trend, expected):
    """A cold spot intensifies where Gi* falls."""
    mirrored = text.translate(str.maketrans("hc", "ch"))
    if mirrored.endswith("h"):  # nine cold steps and a hot one: the hot pattern is tried first
        assert pattern(mirrored, (-trend[0], trend[1])) is EmergingPattern.NEW_HOT
    else:
        assert pattern(mirrored, (-trend[0], trend[1])) == -expected


@pytest.mark.parametrize("text", ["..........", ".h.h......", "hhhhhhhh..", "h.h.h.c...", "c........."])
def test_no_pattern(text):
    assert pattern(text) is EmergingPattern.NONE


def test_seventeen_patterns_with_words():
    assert len(EmergingPattern) == 17
    assert EmergingPattern.CONSECUTIVE_COLD.label == "consecutive cold spot"
    assert EmergingPattern.NONE.label == "no pattern"


def explained(text, trend=LEVEL_ONLY):
    """Return the reason for the pattern of one cell whose series is written as above."""
    side = np.array([{"h": 1, "c": -1, ".": 0}[step] for step in text], dtype=np.int8)
    z, p = np.array([trend[0]]), np.array([trend[1]])
    steps = tuple(date(2020, 1, 1) + timedelta(days=30 * number) for number in range(side.size))
    found = EmergingHotspotMap(
        Grid(0.0, 0.0, 50.0, 1, 1), steps, (), np.where(side == 0, 0.1, 3.0 * side)[:, None, None], side[:, None, None],
        classify_series(side[None], trend_z=z, trend_p=p).reshape(1, 1), z.reshape(1, 1), p.reshape(1, 1), "", 0.05,
        PValueSource.NORMAL, 0, 1, older_sporadic_rule=False,
    )  # fmt: skip
    return found.reason(0, 0)


@pytest.mark.parametrize(
    ("text", "trend", "reason"),
    [
        ("hhhhhhhhhh", UP, "hot in 10 of 10 steps (100 %), the last one too; its strength rises (Mann-Kendall z 3.00)"),
        (
            ".hhhhhhhhh",
            DOWN,
            "hot in 9 of 10 steps (90 %), the last one too; a run of 9 at the end, never hot before; its strength falls "
            "(Mann-Kendall z -3.00)",
        ),
        ("..hhhhhhhh", UP, "hot in 8 of 10 steps (80 %), the last one too; a run of 8 at the end, never hot before"),
        ("..hhhhhhhhhh", UP, "hot in 10 of 12 steps (83 %), the last one too; a run of 10 at the end, never hot before"),
        ("h.h....chh", UP, "hot in 4 of 10 steps (40 %), the last one too; a run of 2 at the end; cold in 1"),
        ("cccccccccc", DOWN, "cold in 10 of 10 steps (100 %), the last one too; its strength rises (Mann-Kendall z -3.00)"),
        ("ccccccccc.", LEVEL_ONLY, "cold in 9 of 10 steps (90 %), but not the last one; its strength has no trend (Mann-Kendall z 0.00)"),
        ("..........", UP, "neither hot nor cold in any of 10 steps"),
    ],
)  # fmt: skip
def test_the_reason_for_a_pattern(text, trend, reason):
    assert explained(text, trend) == reason


# -- what other programs do otherwise ---------------------------------------------------------------------------------


def test_a_past_cold_step_does_not_block_new():
    """The R package sfdep asks for one step beyond chance in all, hot or cold."""
    assert pattern("..c......h") is EmergingPattern.NEW_HOT


def test_a_past_cold_step_does_not_block_consecutive():
    assert pattern("..c.....hh") is EmergingPattern.CONSECUTIVE_HOT


def test_cold_steps_do_not_make_a_hot_spot_intensify():
    """sfdep counts any step beyond chance towards the 90 %."""
    assert pattern("cccchhhhhh", UP) is EmergingPattern.CONSECUTIVE_HOT
    assert pattern("hccchhhhhh", UP) is EmergingPattern.OSCILLATING_HOT


def test_historical_asks_for_no_hot_last_step_not_for_a_cold_one():
    """sfdep asks for Gi* below zero in the last step; "not hot" is enough."""
    assert pattern("hhhhhhhhh.") is EmergingPattern.HISTORICAL_HOT


def test_oscillating_has_the_same_limit_hot_and_cold():
    """sfdep takes at most 0.9 for hot and below 0.9 for cold; at 9 of 10 with a cold step neither oscillates."""
    assert pattern("chhhhhhhhh") is EmergingPattern.PERSISTENT_HOT
    assert pattern("hccccccccc") is EmergingPattern.PERSISTENT_COLD


def test_consecutive_comes_before_sporadic():
    assert pattern(".....hhhhh") is EmergingPattern.CONSECUTIVE_HOT


def test_one_run_of_one_is_new_not_consecutive():
    assert pattern(".........h") is EmergingPattern.NEW_HOT


def test_nine_of_ten_is_ninety_percent_without_rounding():
    assert pattern("hhhhhhhhh.") is EmergingPattern.HISTORICAL_HOT
    assert pattern("." + "h" * 9) is EmergingPattern.PERSISTENT_HOT
    assert pattern("." * 5 + "h" * 43) is EmergingPattern.CONSECUTIVE_HOT  # 43 of 48 is 89.6 %


def test_sporadic_by_the_present_and_the_older_wording():
    assert pattern(".h.h......") is EmergingPattern.NONE
    assert pattern(".h.h......", older_sporadic_rule=True) is EmergingPattern.SPORADIC_HOT
    assert pattern(".h.h..c...", older_sporadic_rule=True) is EmergingPattern.NONE


@given(st.text("hc.", min_size=10, max_size=30), st.sampled_from([UP, DOWN, LEVEL_ONLY]))
def test_turning_all_signs_turns_the_pattern(text, trend):
    found = pattern(text, trend)
    turned = pattern(text.translate(str.maketrans("hc", "ch")), (-trend[0], trend[1]))
    both_sides = {found, turned} & {EmergingPattern.HISTORICAL_HOT, EmergingPattern.HISTORICAL_COLD}
    assert turned == -found or both_sides


# -- on a grid --------------------------------------------------------------------------------------------------------


GRID = Grid(0.0, 0.0, 100.0, 12, 10)
STEPS = tuple(add_months(date(2020, 1, 1), month) for month in range(24))


@pytest.fixture(scope="module")
def cube():
    """A steady hot corner, a corner that grows, an empty middle; the rest even."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(6, (24, *GRID.shape)).astype(float)
    counts[:, :4, :4] += rng.poisson(14, (24, 4, 4))
    for step in range(24):
        counts[step, 6:, 8:] += rng.poisson(6 + step, (4, 4))
    counts[:, 5:8, 1:4] = 0
    return counts


def slow_gi(cube, row, column, t, missing, earlier):
    """Gi* of one bin, term by term over all bins with data."""
    bins = [(s, r, c) for s in range(cube.shape[0]) if s not in missing for r in range(10) for c in range(12)]
    values = np.array([cube[place] for place in bins])
    near = np.array(
        [abs(r - row) <= 1 and abs(c - column) <= 1 and t - earlier <= s <= t for s, r, c in bins], dtype=float
    )
    n, size = values.size, near.sum()
    deviation = np.sqrt((values**2).mean() - values.mean() ** 2)
    return (near @ values - values.mean() * size) / (deviation * np.sqrt((n * size - size**2) / (n - 1)))


@pytest.mark.parametrize(("row", "column", "t"), [(0, 0, 0), (5, 5, 7), (9, 11, 23), (3, 4, 8)])
def test_space_time_gi_equals_the_slow_version(cube, row, column, t):
    found = emerging_hotspots(cube, GRID, STEPS, missing=[STEPS[6]], earlier=2)
    assert found.z[t, row, column] == pytest.approx(slow_gi(cube, row, column, t, {6}, 2))


def test_planted_patterns_are_found(cube):
    found = emerging_hotspots(cube, GRID, STEPS)
    assert found.pattern[1, 1] in (
        EmergingPattern.PERSISTENT_HOT,
        EmergingPattern.INTENSIFYING_HOT,
        EmergingPattern.DIMINISHING_HOT,
    )
    assert found.pattern[8, 10] in (
        EmergingPattern.CONSECUTIVE_HOT,
        EmergingPattern.INTENSIFYING_HOT,
        EmergingPattern.SPORADIC_HOT,
    )
    assert found.pattern[6, 2] in (
        EmergingPattern.PERSISTENT_COLD,
        EmergingPattern.INTENSIFYING_COLD,
        EmergingPattern.DIMINISHING_COLD,
    )
    assert sum(found.counts().values()) == 120


def test_a_missing_month_is_no_zero(cube):
    """Whatever stands at a missing step changes nothing, and its cells are neither hot, cold nor calm there."""
    gap = [STEPS[6]]
    one = cube.copy()
    two = cube.copy()
    one[6], two[6] = 0, np.nan
    first, second = (emerging_hotspots(counts, GRID, STEPS, missing=gap) for counts in (one, two))
    assert np.array_equal(first.z, second.z, equal_nan=True)
    assert (first.pattern == second.pattern).all()
    assert np.isnan(first.z[6]).all()
    assert (first.hot_or_cold[6] == 0).all()
    assert first.missing == (STEPS[6],)
    assert "of 23 steps" in first.explain(1, 1)


def test_a_missing_month_read_as_zero_would_lie(cube):
    """As a zero, the month breaks every run and cools the city."""
    zero = cube.copy()
    zero[-1] = 0
    wrong = emerging_hotspots(zero, GRID, STEPS, earlier=0)
    right = emerging_hotspots(cube, GRID, STEPS, missing=[STEPS[-1]], earlier=0)
    assert wrong.counts()[EmergingPattern.HISTORICAL_HOT] > 0
    assert right.counts()[EmergingPattern.HISTORICAL_HOT] == 0


def test_compared_with_its_own_steps_a_rise_of_the_whole_city_is_nothing():
    rng = np.random.default_rng(6)
    rising = np.stack([rng.poisson(5 + 2 * step, GRID.shape) for step in range(24)]).astype(float)
    whole = emerging_hotspots(rising, GRID, STEPS)
    own = emerging_hotspots(rising, GRID, STEPS, compare="own steps")
    assert (whole.hot_or_cold[-1] == 1).mean() > 0.9
    assert (own.hot_or_cold[-1] == 1).mean() < 0.05


def test_own_steps_alone_are_the_plain_gi_of_each(cube):
    found = emerging_hotspots(cube, GRID, STEPS, earlier=0, compare="own steps")
    assert np.allclose(found.z[4], getis_ord(cube[4], GRID).z)


@pytest.mark.parametrize("compare", ["whole period", "own steps"])
def test_permutations_agree_with_the_curve_where_counts_are_dense(cube, compare):
    curve = emerging_hotspots(cube, GRID, STEPS, compare=compare)
    drawn = emerging_hotspots(cube, GRID, STEPS, compare=compare, permutations=1_999, seed=3)
    assert drawn.permutations == 1_999
    assert (curve.hot_or_cold == drawn.hot_or_cold).mean() > 0.9
    again = emerging_hotspots(cube, GRID, STEPS, compare=compare, permutations=1_999, seed=3)
    assert (again.hot_or_cold == drawn.hot_or_cold).all()


def test_the_trend_is_that_of_the_cells_own_gi(cube):
    found = emerging_hotspots(cube, GRID, STEPS, missing=[STEPS[3]])
    assert found.trend_z[8, 10] == float(mann_kendall(found.z[:, 8, 10]).z)


def test_sparse_counts_are_said():
    sparse = np.random.default_rng(1).poisson(0.05, (24, *GRID.shape)).astype(float)
    assert "too few for the normal curve" in emerging_hotspots(sparse, GRID, STEPS).note


def test_the_rule_of_a_cell_is_a_sentence(cube):
    inside = np.ones(GRID.shape, dtype=bool)
    inside[9, 0] = False
    found = emerging_hotspots(cube, GRID, STEPS, inside=inside)
    assert found.explain(9, 0) == "outside the study area"
    said = found.explain(1, 1)
    assert said.startswith(EmergingPattern(int(found.pattern[1, 1])).label + ": hot in ")
    assert "Mann-Kendall z" in said
    quiet = np.argwhere((found.hot_or_cold == 0).all(axis=0) & inside)[0]
    assert found.explain(*quiet) == "no pattern: neither hot nor cold in any of 24 steps"


def test_refusals(cube):
    with pytest.raises(DesignError, match="at least 10 steps with data; 9 were given"):
        emerging_hotspots(cube[:10], GRID, STEPS[:10], missing=[STEPS[2]])
    with pytest.raises(DesignError, match="at least 3 cells in the study area; it holds 0"):
        emerging_hotspots(cube, GRID, STEPS, inside=np.zeros(GRID.shape, dtype=bool))
    with pytest.raises(DesignError, match="must increase"):
        emerging_hotspots(cube, GRID, STEPS[::-1])
    with pytest.raises(DesignError, match="shape"):
        emerging_hotspots(cube[:, :3], GRID, STEPS)
    broken = cube.copy()
    broken[2, 2, 2] = np.nan
    with pytest.raises(DesignError, match="name steps without data as missing"):
        emerging_hotspots(broken, GRID, STEPS)
