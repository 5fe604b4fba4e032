"""Comparisons in a public release: rounded counts, a ratio made from them, and nothing where a count is small."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.attacker import attack
from geoharm.disclosure.comparisons import protect_comparison
from geoharm.disclosure.constraints import constraints_of
from geoharm.disclosure.hotspots import protect_hotspots
from geoharm.disclosure.protect import _disclose, protect
from geoharm.hotspots.results.comparison import MeasureComparison
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.hotspot import Hotspot
from geoharm.model.period import Period, Window
from geoharm.model.reason import Reason
from geoharm.model.study import Comparison
from geoharm.model.suppressed import Suppressed
from geoharm.model.window_pair import WindowPair
from geoharm.results import StudyResult
from geoharm.stats.exact_rates import ratio_of_two_rates
from tests.attacks.worlds import source_ledger
from tests.disclosure.test_protect import MEASURE, planted_spot, study

BEFORE, AFTER = Period(date(2020, 1, 1), date(2020, 7, 1)), Period(date(2021, 1, 1), date(2021, 7, 1))
K = DISCLOSURE_RULES["under-5"].k


def compared(before, after, *, name="halves", first=BEFORE, second=AFTER, dispersion=1.3):
    pair = WindowPair(name, Window("before", (first,)), Window("after", (second,)))
    ratio = ratio_of_two_rates((before, after), (first.days, second.days), dispersion=dispersion)
    return MeasureComparison(MEASURE, name, pair, (), (before, after), ratio, same_season=True)


def result_of(area, *comparisons, release="public", spots=()):
    """Return the result of a study without an operation."""
    named = tuple(
        Comparison(one.comparison, one.windows.before.periods[0], one.windows.after.periods[0]) for one in comparisons
    )
    made = replace(study(area, release), comparisons=named)
    return StudyResult(made, (source_ledger([]),), tuple(spots), (), comparisons=comparisons)


def test_an_internal_release_shows_everything():
    one = compared(103, 207)
    shown = protect_comparison(one, 1)
    assert shown.counts == (103, 207)
    assert shown.ratio == one.ratio


def test_a_public_release_rounds_to_ten_and_computes_from_the_rounded_counts():
    shown = protect_comparison(compared(103, 207), K)
    assert shown.counts == (100, 210)
    assert shown.ratio == ratio_of_two_rates((100, 210), (BEFORE.days, AFTER.days), dispersion=2.0)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(1, 8))
def test_ratio_and_interval_depend_on_the_released_counts_alone(before, after, dispersion):
    """Whatever counts are released alike have one ratio."""
    shown = protect_comparison(compared(before, after, dispersion=dispersion), K)
    for other in range(max(0, before - 5), before + 6):
        twin = protect_comparison(compared(other, after, dispersion=dispersion), K)
        if twin.counts == shown.counts:
            assert repr(twin.ratio) == repr(shown.ratio)


@pytest.mark.parametrize("counts", [(3, 200), (200, 1)])
def test_a_small_count_takes_the_ratio_with_it(counts):
    shown = protect_comparison(compared(*counts), K)
    assert Suppressed(5) in shown.counts
    assert math.isnan(shown.ratio.value)
    assert math.isnan(shown.ratio.interval.low)
    assert shown.ratio.note.reason is Reason.SMALL_COUNT


def test_none_is_a_number_unless_the_rule_withholds_it():
    assert protect_comparison(compared(0, 200), K).counts == (0, 200)
    assert isinstance(protect_comparison(compared(0, 200), DISCLOSURE_RULES["threshold-10"].k).counts[0], Suppressed)


def test_the_attack_knows_the_counts_of_comparisons(area):
    """A day more in one of two windows: its events have at least five possible values."""
    longer = replace(BEFORE, end=date(2020, 7, 2))
    release = protect(result_of(area, compared(102, 207), compared(105, 207, name="a day more", first=longer)))
    constraints = constraints_of(release)
    assert sum("whole study area" in value.text for value in constraints.values) == 3
    assert attack(constraints, DISCLOSURE_RULES["under-5"]).cells
    assert not attack(constraints, DISCLOSURE_RULES["under-5"]).exposed


def test_nested_windows_with_few_events_each_stay_withheld(area):
    """One inside another: what is withheld of each keeps its four values, so nothing more is given up."""
    ends = [date(2020, 2, 1), date(2020, 2, 2), date(2020, 2, 3), date(2020, 7, 1)]
    counts = [0, 4, 4, 4]
    rows = [
        compared(count, 200, name=f"until {end}", first=Period(date(2020, 1, 1), end))
        for count, end in zip(counts, ends, strict=True)
    ]
    shown = protect(result_of(area, *rows)).comparisons
    assert [one.counts[0] for one in shown] == [0, *[Suppressed(5)] * 3]
    assert all(one.counts[1] == 200 for one in shown)


def test_given_up_comparisons_leave_no_count_no_picture_and_no_outline(area):
    pair = compared(103, 207)
    spots = planted_spot(area, 40, 40)
    key = ("halves", "before")
    spot = Hotspot(1, area.boundary.centroid.buffer(300), 40, 20, 0.4, 9.0)
    spots = replace(spots, views={**spots.views, key: spots.views["", "whole period"]}, outlines={key: (spot,)})
    result = result_of(area, pair, spots=[spots])
    maps = ((protect_hotspots(spots, area, K),), ())
    shown = _disclose(result, K, maps, {})
    assert key in shown.hotspots[0].views
    gone = _disclose(result, K, maps, {}, {MEASURE.name})
    assert gone.comparisons[0].counts == (Suppressed(), Suppressed())
    assert math.isnan(gone.comparisons[0].ratio.value)
    assert gone.comparisons[0].ratio.note.reason is Reason.GIVES_BACK
    for mapping in (gone.hotspots[0].views, gone.hotspots[0].events, gone.hotspots[0].outlines):
        assert key not in mapping


def test_hotspots_of_a_study_without_an_operation_are_remembered(area):
    """A later study in the same folder may have a target in one of them."""
    spots = planted_spot(area, 40, 40)
    release = protect(result_of(area, compared(103, 207), spots=[spots]))
    texts = [value.text for value in constraints_of(release).values]
    assert sum("hotspot" in text for text in texts) == len(release.hotspots[0].hotspots) > 0
