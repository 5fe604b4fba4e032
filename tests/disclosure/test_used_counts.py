"""Rankings and appraisals as statements: what a reader may know of every count, and that they meet in the record."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.history import read_history
from geoharm.disclosure.statements import NOTHING_SAID
from geoharm.disclosure.tens import count_to_ten
from geoharm.disclosure.used_counts import constraints_of_counts, with_known_outlines
from geoharm.errors import PublishError
from geoharm.harm.results.used_counts import UsedCount, UsedCounts
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, is_few
from geoharm.model.period import Period
from geoharm.report.index import write_index
from tests.attacks.kinds_decision_releases import (
    INNER,
    OUTER,
    SPAN,
    appraisal_into,
    calls,
    ranking_into,
    report_into,
)
from tests.attacks.kinds_decisions import CALLS, released_study

YEAR = (Period(date(2020, 1, 1), date(2021, 1, 1)),)
SQUARE = shapely.box(0, 0, 100, 100)


def said(*counts, k=5, drawn=True, beside=(), planned=False):
    used = UsedCounts(
        "market 1, harm", SQUARE, drawn, tuple(UsedCount((CALLS,), YEAR, count) for count in counts), beside
    )
    return constraints_of_counts([used], (), k, planned=planned)


@settings(deadline=None)
@given(st.sampled_from(sorted(DISCLOSURE_RULES)), st.integers(0, 300))
def test_a_count_lies_between_the_ends_that_are_said_of_it_and_its_neighbours_say_the_same(name, count):
    """The referee: all counts that are shown alike, one by one."""
    k = DISCLOSURE_RULES[name].k
    (value,) = said(count, k=k).values
    alike = [other for other in range(400) if count_to_ten(other, k) == count_to_ten(count, k)]
    assert (value.low, value.high) == (alike[0], alike[-1])
    assert value.withheld == is_few(count, k)


def test_beside_a_small_count_no_other_is_said():
    small, large = said(3, 120).values
    assert (small.low, small.high, small.withheld) == (1, 4, True)
    assert (large.low, large.high, large.withheld) == (0, math.inf, True)
    (alone,) = said(120, beside=(3,)).values
    assert (alone.low, alone.high) == (0, math.inf)


def test_an_area_that_is_not_drawn_has_no_outline_in_the_record_until_it_is_drawn():
    hidden, drawn = said(40, drawn=False), said(40)
    assert hidden.outlines == {}
    (place,) = hidden.values[0].terms[0].places
    (name,) = drawn.outlines
    assert place == f"undrawn {name}"
    study = released_study("public")
    assert with_known_outlines(hidden, study) == hidden
    found = with_known_outlines(replace(hidden, outlines=drawn.outlines), study)
    assert found.values[0].terms[0].places == (name,)
    assert with_known_outlines(drawn, study) is drawn


def test_the_target_of_a_planned_operation_is_known_to_the_attack_only(tmp_path):
    made, data = released_study("public"), overdoses()
    appraisal_into(tmp_path, data, INNER, made)
    text = (tmp_path / "releases.json").read_text(encoding="utf-8")
    assert json.loads(text)["ground"] == {}
    assert '"planned ' in text
    assert "POLYGON" not in text


def overdoses():
    return calls([("2020-03-01", 100), ("2021-03-01", 14)], ("2020-06-01", 6), span=SPAN)


def test_an_appraisal_of_another_area_is_refused_where_the_first_is_not_known_any_more(tmp_path):
    made, data = released_study("public"), overdoses()
    appraisal_into(tmp_path, data, INNER, made)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(PublishError, match=r"area that the study has no more.*choose another --out"):
        appraisal_into(tmp_path, data, OUTER, made)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    appraisal_into(tmp_path, data, INNER, made)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_ranking_keeps_the_pages_of_the_last_run_and_the_next_run_keeps_the_ranking(tmp_path):
    folder, data = tmp_path / "study", overdoses()
    report_into(folder, 100, 14, "public")
    told = json.loads((folder / "releases.json").read_text(encoding="utf-8"))
    ranking_into(folder, data, INNER, released_study("public"))
    both = json.loads((folder / "releases.json").read_text(encoding="utf-8"))
    assert all(both[key] == told[key] for key in ("study", "release", "rule", "pages", "files"))
    assert {json.dumps(row[:4]) for row in both["told"]} > {json.dumps(row[:4]) for row in told["told"]}
    report_into(folder, 100, 14, "public")
    assert (folder / "priorities.json").is_file()
    assert "market 1" in (folder / "releases.json").read_text(encoding="utf-8")


def test_a_folder_with_a_ranking_only_is_in_no_index(tmp_path):
    ranking_into(tmp_path / "study", overdoses(), INNER, released_study("public"))
    assert "study/" not in write_index(tmp_path).read_text(encoding="utf-8")


def test_what_a_ranking_says_is_read_again(tmp_path):
    ranking_into(tmp_path, overdoses(), INNER, released_study("public"))
    found = read_history(tmp_path / "releases.json").constraints
    rows = json.loads((tmp_path / "releases.json").read_text(encoding="utf-8"))["told"]
    assert {value.text for value in found.values} == {row[0] for row in rows}
    assert len(found.outlines) == 1


def test_an_internal_ranking_or_appraisal_leaves_no_record(tmp_path):
    made, data = released_study("internal"), overdoses()
    ranking_into(tmp_path, data, INNER, made)
    appraisal_into(tmp_path, data, INNER, made)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("releases")]


def test_parts_of_rows_are_read_again_and_meet_their_like_only(tmp_path):
    """Two areas, one inside the other: 30 events at night in both; the strip between has 0 to 8 of them, and any number by day."""
    inner, outer = (
        UsedCounts(f"market {size}", shapely.box(0, 0, size, size), True, tuple(
            UsedCount((CALLS,), YEAR, events, part) for part, events in (("at night", 30), ("by day", day))
        ))
        for size, day in ((100, 10), (120, 40))
    )  # fmt: skip
    from geoharm.disclosure.attacker import attack  # noqa: PLC0415

    exposed = {
        k: attack(constraints_of_counts([inner, outer], (), DISCLOSURE_RULES[k].k), DISCLOSURE_RULES[k]).exposed
        for k in ("under-5", "under-10")
    }
    assert exposed["under-5"] == ()
    assert {(cell.low, cell.high) for cell in exposed["under-10"]} == {(0, 8)}
    assert {rows.part for cell in exposed["under-10"] for rows in cell.rows} == {"at night"}


def test_nothing_is_said_by_nothing():
    assert constraints_of_counts([], (), 5) == NOTHING_SAID
