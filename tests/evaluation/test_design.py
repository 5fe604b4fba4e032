"""Zones are disjoint and where they should be; windows are refused where data cannot carry them."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design, check_operation
from geoharm.evaluation.design.windows import build_windows
from geoharm.evaluation.design.zones import build_zones
from geoharm.model.geometry import StudyArea, ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, parse_phase
from geoharm.model.study import BeforeRule, Operation

AREA = StudyArea(shapely.box(0, 0, 10_000, 10_000), "EPSG:27700")
DATA = Period(date(2018, 1, 1), date(2021, 1, 1))


def operation(target=None, **changes):
    plain = {
        "name": "X", "tactic": "crackdown", "objective": "", "period": Period(date(2020, 3, 1), date(2020, 4, 1)),
        "target": target or shapely.Point(5000, 5000).buffer(300), "target_note": "", "gap": 100.0,
        "rings": (250.0, 500.0), "control": None, "after": ("0-3 months",),
        "before": BeforeRule(Period(date(2019, 3, 1), date(2020, 3, 1))),
    }  # fmt: skip
    return Operation(**(plain | changes))


def windows(one, coverage=DATA, missing=(), by_month=False):
    return build_windows(one, coverage=coverage, missing=missing, by_month=by_month)


def test_zones_are_disjoint_and_bands_have_their_width():
    zones = build_zones(operation(), AREA, [])
    assert [zone.role for zone in zones] == [
        ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING, ZoneRole.RING, ZoneRole.CONTROL,
    ]  # fmt: skip
    for one, two in combinations(zones, 2):
        assert one.geometry.intersection(two.geometry).area < 1
    outer = shapely.union_all([zone.geometry for zone in zones[:4]])
    assert outer.symmetric_difference(operation().target.buffer(500)).area < 1e-3 * outer.area
    control = zones[-1].geometry
    assert control.distance(operation().target) == pytest.approx(500 + 250, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(600, 9400), st.integers(600, 9400), st.integers(0, 200))
def test_zones_stay_disjoint_anywhere(x, y, gap):
    zones = build_zones(operation(shapely.box(x - 150, y - 90, x + 150, y + 90), gap=float(gap)), AREA, [])
    together = sum(zone.geometry.area for zone in zones)
    assert shapely.union_all([zone.geometry for zone in zones]).area == pytest.approx(together, rel=1e-9)


def test_control_keeps_clear_of_other_operations():
    other = operation(shapely.Point(8000, 8000).buffer(200), name="Y")
    control = build_zones(operation(), AREA, [other])[-1].geometry
    assert control.distance(other.target) > 740


@pytest.mark.parametrize(
    ("change", "others", "why"),
    [
        ({"target": shapely.box(-500, 0, 500, 500)}, [], "50% of the target area"),
        ({"rings": (250.0, 5000.0)}, [], "Nothing is left of the zone"),
        ({"control": shapely.box(4000, 4000, 4600, 4600)}, [], "reaches into the rings"),
        ({}, [(5300, 5400)], "reach into the target area"),
    ],
)
def test_refused_zones(change, others, why):
    placed = [operation(shapely.Point(*at).buffer(50), name="Y") for at in others]
    with pytest.raises(DesignError, match=why):
        build_zones(operation(**change), AREA, placed)


def test_headline_joins_the_phases_after_and_leaves_out_during():
    _, after, phases, _ = windows(operation(after=("during", "0-1 months", "1-3 months")))
    assert [phase.name for phase in phases] == ["during", "0-1 months", "1-3 months"]
    assert (after.start, after.end) == (date(2020, 4, 1), date(2020, 7, 1))
    assert after.days == 91


def test_missing_month_is_cut_from_before_and_said():
    before, _, _, notes = windows(operation(), missing=[date(2019, 7, 1)])
    assert before.days == 366 - 31
    assert any("July 2019" in note and "not read as zero" in note for note in notes)


def test_missing_month_is_cut_from_after_and_said():
    before, after, phases, notes = windows(operation(), missing=[date(2020, 5, 1)])
    assert after.days == 91 - 31
    assert sum(phase.days for phase in phases) == 91 - 31
    # The window before stays as it would be without the gap.
    assert before == windows(operation())[0]
    assert any("May 2020" in note and "window after, not read as zero" in note for note in notes)


def test_a_window_of_missing_months_only_is_refused():
    gaps = [date(2020, month, 1) for month in (4, 5, 6)]
    with pytest.raises(DesignError, match=r"holds only months without a usable row .*April 2020.* choose another"):
        windows(operation(), missing=gaps)


def test_window_past_the_data_is_refused():
    with pytest.raises(DesignError, match="runs past the data, which cover 2018-01-01 to 2020-12-31"):
        windows(operation(after=("6-12 months",)))


def test_window_before_the_data_is_refused():
    rule = BeforeRule(Period(date(2017, 6, 1), date(2020, 1, 1)))
    with pytest.raises(DesignError, match="The window before"):
        windows(operation(before=rule))


def test_before_must_end_before_the_operation():
    rule = BeforeRule(Period(date(2019, 6, 1), date(2020, 3, 15)))
    with pytest.raises(DesignError, match="it must end before"):
        windows(operation(before=rule))


def test_same_season_takes_the_dates_of_earlier_years():
    before, after, _, _ = windows(operation(before=BeforeRule(None, 2, same_season=True)))
    assert [(p.start, p.end) for p in before.periods] == [
        (date(2018, 4, 1), date(2018, 7, 1)), (date(2019, 4, 1), date(2019, 7, 1)),
    ]  # fmt: skip
    assert before.days == 2 * after.days


def test_mid_month_operation_with_monthly_data_widens_to_whole_months_and_says_so():
    one = operation(
        period=Period(date(2020, 2, 10), date(2020, 3, 12)),
        before=BeforeRule(Period(date(2019, 1, 15), date(2020, 1, 20))),
        after=("during", "0-3 months"),
    )
    before, after, phases, notes = windows(one, by_month=True)
    assert (phases[0].start, phases[0].end) == (date(2020, 2, 1), date(2020, 4, 1))
    assert after.start == date(2020, 4, 1)
    assert (before.start, before.end) == (date(2019, 2, 1), date(2020, 1, 1))
    assert len(notes) == 2


@pytest.mark.parametrize("text", ["later", "3-1 months", "1-1 months", "0 months", ""])
def test_refused_phases(text):
    with pytest.raises(DesignError, match="is not a phase"):
        parse_phase(text)


def test_same_season_of_a_whole_year_goes_back_until_it_is_over():
    one = operation(
        before=BeforeRule(None, 1, same_season=True),
        period=Period(date(2020, 1, 1), date(2020, 1, 15)),
        after=("0-11 months",),
    )
    before, after, _, _ = windows(one)
    assert before.end <= one.period.start
    assert (before.start.month, before.start.day) == (after.start.month, after.start.day)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"after": ("0-3 months", "2-6 months")}, "share months"),
        ({"after": ("0-6 weeks",)}, "is not a phase"),
        ({"target": shapely.box(20_000, 0, 21_000, 1000)}, "100% of the target area"),
        ({"rings": (250.0, 20_000.0)}, "Nothing is left|is left as control"),
    ],
)
def test_an_impossible_operation_is_seen_without_data(change, why):
    with pytest.raises(DesignError, match=why):
        check_operation(operation(**change), AREA, [])


def yearly():
    coverage = Period(date(2015, 1, 1), date(2023, 1, 1))
    return SourceLedger("deaths", (), coverage, (), "year", 0.0, (), "")


def test_windows_that_cut_a_year_are_refused_where_a_source_knows_years_only():
    with pytest.raises(DesignError) as stop:
        build_design(operation(), AREA, [], [yearly()])
    assert str(stop.value) == (
        'The source "deaths" is dated by year; the window "before" (2019-03-01 to 2020-02-29) contains part of a year. Let '
        "every window start and end on 1 January, or use no measure of this source."
    )


def test_windows_of_whole_years_stand_where_a_source_knows_years_only():
    year = Period(date(2019, 1, 1), date(2020, 1, 1))
    before = BeforeRule(Period(date(2016, 1, 1), date(2019, 1, 1)))
    whole = build_design(operation(period=year, after=("0-24 months",), before=before), AREA, [], [yearly()])
    assert [(p.start, p.end) for p in whole.after.periods] == [(date(2020, 1, 1), date(2022, 1, 1))]
