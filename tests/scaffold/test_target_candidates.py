"""Candidates for a target area are the hotspots of a harm before an operation, named by the streets of its addresses."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoharm.model.geometry import StudyArea
from geoharm.model.located_events import LocatedEvents
from geoharm.scaffold.target_candidates import MOST_CANDIDATES, find_candidates
from tests.scaffold.made_events import CRS, city, events_at

AREA = StudyArea(shapely.box(325_000, 4_688_000, 334_000, 4_694_000), CRS)
MARKETS = {(328_000, 4_690_000): 400, (332_000, 4_692_000): 250, (326_500, 4_693_000): 120}


@pytest.fixture(scope="module")
def made() -> LocatedEvents:
    """Three markets of known size in a city of scattered events; the second one begins in 2021."""
    draw = np.random.default_rng(3)
    x, y = city(n=600)
    days, addresses = ["2020-03-01"] * 600, [""] * 600
    for number, ((at_x, at_y), n) in enumerate(MARKETS.items()):
        x = np.append(x, at_x + draw.normal(0, 60, n))
        y = np.append(y, at_y + draw.normal(0, 60, n))
        days += ["2021-06-01" if number == 1 else "2020-06-01"] * n
        addresses += [
            f"{house} Market Street {number}, Town" if number else "On or near Parking Area" for house in range(n)
        ]
    return events_at(x, y, days=days, addresses=addresses)


def test_planted_markets_come_first_in_order_of_their_events(made):
    found = find_candidates(made, (), name="finds", area=AREA)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert len(found) <= MOST_CANDIDATES
    for one, ((x, y), n) in zip(found, MARKETS.items(), strict=False):
        assert one.outline.contains(shapely.Point(x, y))
        assert 0.8 * n <= one.events <= 1.1 * n
        assert one.share == pytest.approx(one.events / made.total)
    # The count of a candidate is that of the events in its cells.
    xs, ys = made.metres(CRS)
    assert found[0].events == int(shapely.contains_xy(found[0].outline, xs, ys).sum())


def test_what_came_after_the_first_day_chooses_no_target(made):
    before = find_candidates(made, (), name="finds", area=AREA, before=np.datetime64("2021-01-01").astype(object))
    assert not any(one.outline.contains(shapely.Point(332_000, 4_692_000)) for one in before)
    assert before[0].found_on == "finds, 2020-03-01 to 2020-06-01"


def test_streets_name_a_candidate_and_kinds_of_places_only_where_there_is_no_street(made):
    found = find_candidates(made, (), name="finds", area=AREA)
    assert [one.name for one in found[:3]] == ["Parking Area", "Market St 1", "Market St 2"]
    assert "around -" in find_candidates(events_at(*made.metres(CRS)), (), name="finds", area=AREA)[0].name
    assert found[0].line() == f"Parking Area: {found[0].events} events (29%), {found[0].km2:.2f} km2"


def test_the_file_of_a_candidate_is_its_outline(made):
    one = find_candidates(made, (), name="finds", area=AREA)[0]
    written = one.area("target.geojson", CRS)
    assert written.within(CRS).symmetric_difference(one.outline).area < 0.01 * one.outline.area
    assert written.evidence == f"hotspot 1 of {one.found_on}, {one.name}"


def test_hardly_any_event_has_no_candidate(made):
    assert find_candidates(events_at([325_500] * 9, [4_688_500] * 9), (), name="finds", area=AREA) == ()
    assert find_candidates(made, ("other",), name="finds", area=AREA) == ()
