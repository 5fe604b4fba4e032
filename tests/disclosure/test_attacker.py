"""Subtraction: all numbers of a release, and of those before it, are attacked together by integer programmes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure import escalate
from geoharm.disclosure.attacker import attack
from geoharm.disclosure.constraints import constraints_of
from geoharm.disclosure.protect import protect
from geoharm.disclosure.rows import RowSet
from geoharm.disclosure.statements import Constraints, PublishedValue, Term, merge_constraints
from geoharm.errors import PublishError
from geoharm.evaluation.effects import evaluate_measure
from geoharm.model.counts import ZoneCounts
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period, Window
from geoharm.model.suppressed import Suppressed
from geoharm.report.write import publish_study
from geoharm.results import OperationResult, StudyResult
from tests.disclosure.test_protect import MEASURE, NAMES, PLENTY, design, planted, result, study

RULE = DISCLOSURE_RULES["under-5"]
M = RowSet("m")
YEAR = (Period(date(2020, 1, 1), date(2021, 1, 1)),)


def told(text, places, low, high=None, withheld=False, factors=None):
    """Return one number about abstract places "a", "b", ... that do not overlap."""
    terms = tuple(
        Term(factor, M, (place,), YEAR) for place, factor in zip(places, factors or [1] * len(places), strict=True)
    )
    return PublishedValue(text, terms, low, low if high is None else high, withheld)


def pinned(*numbers, rule=RULE):
    return {(one.low, one.high) for one in attack(Constraints(numbers, {}), rule).exposed}


def test_what_one_number_leaves_open_is_not_pinned():
    assert pinned(told("sum", "abc", 20)) == set()


def test_three_counts_and_a_difference_give_the_fourth():
    """The leak of the issue: a difference (WDD), and three of its four counts; 3 = 50 - (-9.5) ... solved exactly."""
    before, control_before, control_after = 3, 900, 600
    wdd = 50 - before * control_after / control_before
    ratio = control_after / control_before
    shown = [told("after", "a", 50), told("c0", "c", 900), told("c1", "d", 600)]
    hidden = told("before", "b", 1, 4, withheld=True)
    assert pinned(*shown, hidden) == set()
    assert pinned(*shown, hidden, told("wdd", "ab", wdd - 1e-7, wdd + 1e-7, factors=[1, -ratio])) == {(3, 3)}


def test_two_labels_under_a_tight_sum_are_both_solved():
    labels = [told("a", "a", 1, 4, withheld=True), told("b", "b", 1, 4, withheld=True)]
    assert pinned(*labels, told("sum", "ab", 8)) == {(4, 4)}
    assert pinned(*labels) == set()


def test_a_label_leaves_what_it_says_and_no_less():
    label = told("a", "a", 1, 4, withheld=True)
    assert pinned(label, told("sum", "ab", 40)) == set()
    assert pinned(label, told("sum", "ab", 40), told("b", "b", 36, 38)) == {(2, 4)}


def test_zeros_and_large_counts_may_be_known():
    assert pinned(told("a", "a", 0), told("b", "b", 5), told("sum", "abc", 11)) == set()
    assert pinned(told("a", "a", 0), rule=DISCLOSURE_RULES["threshold-10"]) == set(), (
        "a number that is told is no secret"
    )


def test_whole_numbers_are_used():
    """2a + 2b = 7 has no whole answer, and 3 < a < 5 only one: a programme over fractions sees neither."""
    assert attack(Constraints((told("x", "ab", 7, factors=[2, 2]),), {}), RULE).relaxed == ("x",)
    assert pinned(told("x", "ab", 8.5, 11.5, factors=[2, 2]), told("b", "b", 1)) == {(4, 4)}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4), st.data())
def test_ranges_are_those_of_every_table_that_fits(cells, data):
    """Referee: list all tables of four cells up to 40 that agree with the numbers."""
    sums = ["ab", "cd", "ac", "bd", "abcd", "a", "b", "c", "d"]
    chosen = data.draw(st.lists(st.sampled_from(sums), min_size=2, max_size=5, unique=True))
    value = dict(zip("abcd", cells, strict=True))
    numbers = []
    for one in chosen:
        total = sum(value[place] for place in one)
        numbers.append(told(one, one, 1, 4, withheld=True) if 0 < total < 5 else told(one, one, total))
    tables = np.indices((19,) * 4).reshape(4, -1)
    fits = np.ones(tables.shape[1], dtype=bool)
    for one in numbers:
        total = sum(tables["abcd".index(term.places[0])] for term in one.terms)
        fits &= (total >= one.low) & (total <= one.high)
    found = attack(Constraints(tuple(numbers), {}), RULE)
    told_alone = {one for one in chosen if len(one) == 1 and not 0 < value[one] < 5}
    used = {place for one in chosen for place in one}
    marks = [tuple(place in one for one in chosen) for place in "abcd"]
    slow, together_pinned = set(), False
    for index, place in enumerate("abcd"):
        values = set(tables[index, fits].tolist())
        if (
            place in used - told_alone
            and max(values) < 18
            and max(values) - min(values) + 1 < 4
            and values & {1, 2, 3, 4}
        ):
            together_pinned = True
            # Places that every number treats alike are tried as one, and that one may be pinned closer.
            if marks.count(marks[index]) == 1:
                slow.add((min(values), max(values)))
    assert slow <= {(one.low, one.high) for one in found.exposed}
    assert found.exposed or not together_pinned


def test_outlines_that_overlap_are_cut_into_pieces():
    """Last year's ring reached 300 m, this year's 310 m: the strip between holds 3."""
    ground = {name: shapely.Point(0, 0).buffer(radius) for name, radius in (("old", 300), ("new", 310))}
    old = Constraints((PublishedValue("old", (Term(1.0, M, ("old",), YEAR),), 50, 50),), {"old": ground["old"]})
    new = Constraints((PublishedValue("new", (Term(1.0, M, ("new",), YEAR),), 53, 53),), {"new": ground["new"]})
    assert attack(old, RULE).exposed == ()
    assert attack(new, RULE).exposed == ()
    assert [(one.low, one.high) for one in attack(merge_constraints(old, new), RULE).exposed] == [(3, 3)]


def test_a_release_that_was_made_carelessly_is_seen_through(area):
    """One count is withheld, as `protect` would, but the difference stays: the audit finds 3 and calls it a leak."""
    table = planted(2, 0, 3)
    open_release = protect(result(area, table, release="internal"))
    effect = open_release.operations[0].primary.effect("50-250 m")
    assert effect.before == 3
    careless = replace(effect, before=Suppressed(5))
    primary = replace(open_release.operations[0].primary, effects=(careless,), phases=(), bounds=())
    operation = replace(open_release.operations[0], measures=(primary,))
    constraints = constraints_of(replace(open_release, operations=(operation,), rule="under-5", threshold=5))
    assert constraints.leaks
    assert (3, 3) in {(one.low, one.high) for one in attack(constraints, RULE).exposed}
    safe = constraints_of(protect(result(area, table)))
    assert safe.leaks == ()
    assert attack(safe, RULE).exposed == ()


cell = st.integers(0, 30)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(cell, cell, cell), min_size=4, max_size=4), st.sampled_from(sorted(DISCLOSURE_RULES)))
def test_no_table_leaves_a_pinned_count(area, rows, rule):
    whole = result(area, [*rows, (900, 300, 300)])
    whole = replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, disclosure=rule)))
    disclosed = protect(whole)
    constraints = constraints_of(disclosed)
    assert constraints.leaks == ()
    assert attack(constraints, DISCLOSURE_RULES[rule]).exposed == ()
    for effect in (*disclosed.operations[0].primary.effects, *disclosed.operations[0].primary.phases):
        for count in (effect.before, effect.after, effect.control_before, effect.control_after):
            if not isinstance(count, Suppressed):
                assert not DISCLOSURE_RULES[rule].suppresses(count)
                assert count % DISCLOSURE_RULES[rule].step == 0


def monthly(area, counts):
    """Return a study result with a count in the target every month, 50 elsewhere, and windows that cut months."""
    dates = np.arange("2020-01-05", "2021-08-05", dtype="datetime64[D]")
    dates = dates[[int(str(day)[-2:]) in (5, 25) for day in dates]]
    table = np.full((5, dates.size), 50, dtype=np.int64)
    table[0] = counts
    span = Period(date(2020, 1, 1), date(2021, 8, 1))
    numbers = ZoneCounts("finds", NAMES, dates, table, False, span)
    plan = design(area)
    after = Window("after", (Period(date(2021, 2, 10), date(2021, 7, 10)),))
    plan = replace(plan, after=after, phases=(replace(after, name="0-5 months"),))
    return StudyResult(study(area), (), (), (OperationResult(plan, (evaluate_measure(MEASURE, numbers, plan),)),))


def test_the_series_is_given_up_where_a_window_cuts_its_months(area):
    """From months and a window from the 10th to the 10th, what fell before the 10th of both end months follows: 4."""
    found = monthly(area, 6)
    found.operations[0].measures[0].counts.counts.setflags(write=True)
    found.operations[0].measures[0].counts.counts[0][-2:] = (2, 10)
    careful = protect(found)
    assert attack(constraints_of(careful), RULE).exposed == ()


def test_a_release_that_cannot_be_made_safe_is_refused(area, monkeypatch):
    monkeypatch.setattr(
        escalate, "constraints_of", lambda disclosed: Constraints((told("a", "a", 1, 2, withheld=True),), {})
    )
    with pytest.raises(
        PublishError, match=r"together show that a withheld count .* can only be 1 to 2; use larger rings"
    ):
        protect(result(area, PLENTY))


def test_two_releases_together_are_refused_and_change_nothing(area, tmp_path):
    """The second has another ring of 250 m that is 3 events smaller: alone it is fine."""
    publish_study(protect(result(area, PLENTY)), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    whole = result(area, [[100, 30, 30], [50, 12, 12], [77, 20, 20], [93, 25, 25], [900, 300, 300]])
    operation = whole.operations[0]
    zones = list(operation.design.zones)
    middle = area.boundary.centroid
    zones[2] = replace(zones[2], geometry=middle.buffer(390).difference(middle.buffer(200)))
    zones[3] = replace(zones[3], geometry=middle.buffer(650).difference(middle.buffer(390)))
    again = replace(whole, operations=(replace(operation, design=replace(operation.design, zones=tuple(zones))),))
    with pytest.raises(PublishError, match=r"this release and those before it in this folder \(releases.json\)"):
        publish_study(protect(again), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    publish_study(protect(again), tmp_path / "elsewhere")


def test_the_same_release_again_changes_no_byte(area, tmp_path):
    for _ in range(2):
        published = publish_study(protect(result(area, PLENTY)), tmp_path)
        found = {path.name: path.read_bytes() for path in published.files}
    assert published.removed == ()
    publish_study(protect(result(area, PLENTY)), tmp_path / "new")
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == found


def test_both_numbers_of_revised_data_are_remembered(area, tmp_path):
    publish_study(protect(result(area, PLENTY)), tmp_path)
    publish_study(protect(result(area, planted(0, 0, 101))), tmp_path)
    record = json.loads((tmp_path / "releases.json").read_text(encoding="utf-8"))
    assert [row[1] for row in record["told"] if row[0] == "finds, target, before"] == [100, 101]


def test_the_record_holds_no_secret_and_a_damaged_one_stops_the_run(area, tmp_path):
    publish_study(protect(result(area, planted(2, 0, 3))), tmp_path)
    path = tmp_path / "releases.json"
    for text, low, high, withheld, _ in json.loads(path.read_text(encoding="utf-8"))["told"]:
        assert withheld == (low != high), text
        assert not (low == high and 0 < low < 5)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(PublishError, match=r"is damaged .* restore it from a copy"):
        publish_study(protect(result(area, PLENTY)), tmp_path)


def test_pages_of_the_last_run_go_unless_somebody_changed_them(area, tmp_path):
    """A study with two operations becomes one with one: the old pages would be read beside the new."""
    one = result(area, PLENTY)
    other = replace(one.operations[0], design=replace(
        one.operations[0].design, operation=replace(one.operations[0].design.operation, name="Y")))  # fmt: skip
    publish_study(protect(replace(one, operations=(*one.operations, other))), tmp_path)
    (tmp_path / "report-2-y.html").write_text("changed", encoding="utf-8")
    published = publish_study(protect(one), tmp_path)
    assert {path.name for path in published.removed} >= {"report-1-x.html", "embed-2-y.html", "summary-1-x.txt"}
    assert {path.name for path in tmp_path.glob("report*")} == {"report.html", "report-2-y.html"}


@pytest.mark.parametrize("rule", sorted(DISCLOSURE_RULES))
def test_rules_in_a_table(rule):
    one = DISCLOSURE_RULES[rule]
    for count in range(40):
        if not one.suppresses(count):
            low, high = one.possible_counts(one.rounded(count))
            assert low <= count <= high
            assert high - low < one.step
