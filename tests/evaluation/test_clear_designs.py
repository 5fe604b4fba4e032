"""Designs that location error, neighbours or the calendar would spoil: noted, refused, and never double counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.windows import build_windows
from geoharm.evaluation.design.zones import build_zones
from geoharm.geo.street_ground import street_ground
from geoharm.model.geometry import StudyArea, ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period
from geoharm.model.study import BeforeRule, Operation

AREA = StudyArea(shapely.box(0, 0, 12_000, 12_000), "EPSG:27700")
DATA = Period(date(2017, 1, 1), date(2021, 1, 1))


def operation(x=6000, y=6000, **changes):
    plain = {
        "name": "X", "tactic": "crackdown", "objective": "", "period": Period(date(2020, 3, 1), date(2020, 4, 1)),
        "target": shapely.Point(x, y).buffer(200), "target_note": "", "gap": 100.0, "rings": (250.0, 500.0),
        "control": None, "before": BeforeRule(Period(date(2019, 3, 1), date(2020, 3, 1))), "after": ("0-3 months",),
    }  # fmt: skip
    return Operation(**(plain | changes))


def ledger(**changes):
    plain = {
        "source": "s", "files": (), "coverage": DATA, "precision": "day", "missing_months": (),
        "default_geocodes": (), "location_error": 0.0, "attribution": "",
    }  # fmt: skip
    return SourceLedger(**(plain | changes))


def design(error, **changes):
    return build_design(operation(**changes), AREA, [], [ledger(location_error=error)])


def test_gap_and_rings_of_twice_the_error_carry_no_note():
    assert not any("location error" in note for note in design(50).notes)
    assert not any("location error" in note for note in design(0, gap=0.0).notes)


def test_a_narrow_gap_and_a_narrow_ring_are_noted():
    notes = design(100).notes
    assert any(note.startswith("The gap of 100 m is under twice the location error of 100 m") for note in notes)
    assert any(note.startswith("The ring 100-250 m is under twice the location error of 100 m wide") for note in notes)
    assert not any("250-500" in note for note in notes)


def test_a_street_narrower_than_the_error_is_refused_and_than_twice_of_it_noted():
    line = shapely.LineString([(5000, 6000), (7000, 6000)])
    target = street_ground(line, 40)
    with pytest.raises(DesignError, match='The street of "X" is 40 m wide, less than the location error of 50 m'):
        design(50, target=target, street_width=40.0)
    assert any(note.startswith("The street of 40 m") for note in design(30, target=target, street_width=40.0).notes)
    assert not any("street" in note for note in design(20, target=target, street_width=40.0).notes)
    assert not any("street" in note for note in design(30, target=target).notes)


def test_a_ring_narrower_than_the_error_is_refused():
    with pytest.raises(DesignError, match='The ring "100-150 m" is 50 m wide, less than the location error of 60 m'):
        design(60, rings=(150.0, 500.0))


def test_rings_that_share_ground_are_noted():
    near = operation(name="Y", target=shapely.Point(7000, 6000).buffer(200))
    notes = build_design(operation(), AREA, [near], [ledger()]).notes
    assert any('km2 of the rings lie in the rings of "Y" too' in note for note in notes)
    far = operation(name="Y", target=shapely.Point(9000, 6000).buffer(200))
    assert not any("rings of" in note for note in build_design(operation(), AREA, [far], [ledger()]).notes)


@settings(max_examples=20, deadline=None)
@given(st.integers(1500, 10_500), st.integers(1500, 10_500), st.sampled_from([0.0, 50.0, 150.0]))
def test_controls_and_zones_are_clear_of_every_operation(x, y, gap):
    one, two = operation(gap=gap), operation(name="Y", target=shapely.Point(x, y).buffer(150), gap=gap)
    if one.target.buffer(500).distance(two.target) < 1:
        with pytest.raises(DesignError, match="evaluate the two as one operation"):
            build_zones(one, AREA, [two])
        return
    zones = build_zones(one, AREA, [two])
    for first, second in combinations(zones, 2):
        assert first.geometry.intersection(second.geometry).area < 1
    control = next(zone for zone in zones if zone.role is ZoneRole.CONTROL)
    for other in (one, two):
        assert control.geometry.distance(other.target) >= 500 + 250 - 1


PHASES = ("during", "0-1 months", "1-3 months", "3-6 months", "6-12 months")
ENDS = {"during": date(2020, 4, 1), "0-1 months": date(2020, 5, 1), "1-3 months": date(2020, 7, 1)}
ENDS |= {"3-6 months": date(2020, 10, 1), "6-12 months": date(2021, 4, 1)}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("short", [False, True])
def test_a_phase_needs_data_to_its_last_day(phase, short):
    end = ENDS[phase]
    coverage = Period(date(2017, 1, 1), date.fromordinal(end.toordinal() - 1) if short else end)
    one = operation(after=(phase,))
    if short:
        with pytest.raises(DesignError, match=f'The window "{phase}" .* runs past the data'):
            build_windows(one, coverage=coverage, missing=[], by_month=False)
    else:
        _, after, phases, _ = build_windows(one, coverage=coverage, missing=[], by_month=False)
        assert phases[0].end == after.end == end


@pytest.mark.parametrize("years", [1, 2, 3])
def test_several_seasons_are_longer_than_after_and_say_so_in_their_days(years):
    one = replace(operation(), before=BeforeRule(None, years, same_season=True))
    before, after, _, _ = build_windows(one, coverage=DATA, missing=[], by_month=False)
    assert before.days == years * after.days
    assert {period.start.month for period in before.periods} == {after.start.month}
