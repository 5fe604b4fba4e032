"""Places from address texts: what is read from a text, when located rows agree, and how far the rows left over could matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.geocoding.recover import SAME_TEXT, STREETS_MEET, LocatedRows, recover_places

TEXTS = [
    ("INTERSECTION Melnea Cass Blvd & Washington St", ("melnea cass blvd", "washington st"), -1),
    ("Washington Street / Melnea Cass Boulevard", ("melnea cass blvd", "washington st"), -1),
    ("667 Massachusetts Ave, Boston, 02118", ("massachusetts ave",), 667),
    ("667-669\u00a0Massachusetts  Ave.", ("massachusetts ave",), 667),
    ("12xx block of Main St", ("main st",), 1200),
    ("42nd St & 5th Ave", ("42nd st", "5th ave"), -1),
    ("On or near Higher Road", ("higher rd",), -1),
    ("SOUTHBOURNE RD & HYDE PARK AVE\nBOSTON  MA 02131", ("hyde park ave", "southbourne rd"), -1),
    ("Main St & Main St", ("main st",), -1),
    ("Anderson Road", ("anderson rd",), -1),
    ("", (), -1),
    (" , ", (), -1),
]


@pytest.mark.parametrize(("text", "streets", "number"), TEXTS)
def test_what_a_text_says(text, streets, number):
    found = read_address(text)
    assert (found.streets, found.number) == (streets, number)


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    found = read_address(text)
    assert found.streets == tuple(sorted(set(found.streets)))


def grid_city(streets: int = 6, block: float = 100.0):
    """Streets A0.. run east, B0.. run north; houses every 25 m on each, crossings known by coordinates."""
    texts, x, y = [], [], []
    for one in range(streets):
        for house in range(streets * 4):
            along = house * block / 4 + 12.5
            texts += [f"{house + 1} A{one} St", f"{house + 1} B{one} St"]
            x += [along, one * block]
            y += [one * block, along]
    return texts, x, y


def located(texts, x, y):
    return LocatedRows(texts, np.array(x, float), np.array(y, float), np.ones(len(texts), dtype=np.int64))


def test_a_row_goes_where_rows_of_the_same_text_are():
    found = recover_places(located(["1 A St", "1 A Street"], [10, 14], [0, 0]), ["1 a st.", "2 A St"])
    assert found.places == {"1 a st.": (12.0, 0.0, SAME_TEXT)}


def test_rows_of_one_text_that_disagree_give_no_place():
    assert not recover_places(located(["1 A St", "1 A St"], [0, 200], [0, 0]), ["1 A St"]).places


def test_a_whole_street_needs_three_rows_that_agree():
    two = located(["A St"] * 2, [0, 1], [0, 0])
    assert not recover_places(two, ["A St"]).places
    three = located(["A St"] * 3, [0, 1, 2], [0, 0, 0])
    assert recover_places(three, ["A St"]).places == {"A St": (1.0, 0.0, SAME_TEXT)}


def test_crossings_are_found_where_two_streets_meet():
    texts, x, y = grid_city()
    known = [(one, one) for one in range(6)] + [(one, one + 1) for one in range(5)]
    for one, two in known:
        texts.append(f"A{one} St & B{two} St")
        x.append(two * 100.0)
        y.append(one * 100.0)
    found = recover_places(located(texts, x, y), ["INTERSECTION B3 St & A1 St"])
    place = found.places["INTERSECTION B3 St & A1 St"]
    assert place[2] == STREETS_MEET
    assert np.hypot(place[0] - 300, place[1] - 100) <= 20
    assert found.tried.size == len(known)
    assert found.tried.max() <= 20


def test_without_known_crossings_to_try_it_on_the_rule_is_not_used():
    texts, x, y = grid_city()
    assert not recover_places(located(texts, x, y), ["A1 St & B3 St"]).places


def test_streets_that_share_a_name_with_others_stay_unknown():
    texts, x, y = grid_city()
    for one in range(6):
        for two in range(6):
            if (one, two) != (1, 3):
                texts.append(f"A{one} St & B{two} St")
                x.append(two * 100.0)
                y.append(one * 100.0)
    # A second pair of streets of the same names, far away, with as many houses.
    for house in range(24):
        texts += [f"{house + 1} A1 St", f"{house + 1} B3 St"]
        x += [5000 + house * 25.0, 5100.0]
        y += [5100.0, 5000 + house * 25.0]
    assert "A1 St & B3 St" not in recover_places(located(texts, x, y), ["A1 St & B3 St"]).places


def test_the_order_of_rows_does_not_matter():
    texts, x, y = grid_city()
    texts += [f"A{one} St & B{one} St" for one in range(6)] + [f"A{one} St & B{one + 1} St" for one in range(5)]
    x += [one * 100.0 for one in range(6)] + [one * 100.0 + 100 for one in range(5)]
    y += [one * 100.0 for one in range(6)] + [one * 100.0 for one in range(5)]
    wanted = [f"A{one} St & B{two} St" for one in range(6) for two in range(6)]
    first = recover_places(located(texts, x, y), wanted)
    order = np.random.default_rng(5).permutation(len(texts))
    again = recover_places(located([texts[i] for i in order], np.array(x)[order], np.array(y)[order]), wanted)
    assert again.places == first.places
    assert np.array_equal(again.tried, first.tried)
