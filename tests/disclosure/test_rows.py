"""Two ways of naming or cutting the same rows meet in one attack, within a release and across releases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from geoharm.disclosure.attacker import attack
from geoharm.disclosure.cells import Cells
from geoharm.disclosure.constraints import constraints_of
from geoharm.disclosure.history import read_history
from geoharm.disclosure.ledgers import protect_ledger
from geoharm.disclosure.protect import protect
from geoharm.disclosure.rows import DataSet, RowSet, data_sets, nearest, rows_of
from geoharm.disclosure.statements import Constraints, PublishedValue, Term, merge_constraints, read_as_current
from geoharm.errors import PublishError
from geoharm.evaluation.effects import evaluate_measure
from geoharm.model.counts import ZoneCounts
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.ledger import FileLedger, MonthLedger, SourceLedger
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period
from geoharm.report.write import publish_study
from geoharm.results import OperationResult
from tests.disclosure.test_attacker import RULE
from tests.disclosure.test_protect import MEASURE, NAMES, PLENTY, result

YEAR = (Period(date(2020, 1, 1), date(2021, 1, 1)),)
MONTHS = [date(2020, month, 1) for month in range(1, 13)]


def count(rows, low, high=None, *, places=("a",), withheld=False):
    return PublishedValue(str(rows), (Term(1.0, rows, places, YEAR),), low, low if high is None else high, withheld)


def exposed(*values, data=()):
    known = {one.key: one for one in data}
    return {(cell.low, cell.high) for cell in attack(Constraints(values, {}, (), known), RULE).exposed}


# -- one release -----------------------------------------------------------------------------------------------------------


def test_overlapping_sets_of_categories_are_solved_together():
    """Heroin 44, heroin and fentanyl 47: fentanyl is 3. And all calls less those two are 2."""
    a, both, every = (RowSet("f", categories=names) for names in (("heroin",), ("fentanyl", "heroin"), ()))
    assert exposed(count(a, 44), count(both, 47)) == {(3, 3)}
    assert exposed(count(both, 47), count(every, 49)) == {(2, 2)}
    assert exposed(count(a, 44), count(RowSet("f", categories=("fentanyl",)), 47)) == set()
    assert exposed(count(a, 44), count(replace(every, data="other"), 47)) == set()


def test_only_counts_of_the_rows_asked_for_are_tested():
    """Each of the two is given back by the sum of its places; of the numbers of one, nothing is said of the other."""
    values = []
    for name in ("calls", "finds"):
        rows = RowSet(name)
        values += [count(rows, 12, places=("a", "b")), count(rows, 10), count(rows, 1, 4, places=("b",), withheld=True)]
    for name in ("calls", "finds"):
        found = attack(Constraints(tuple(values), {}), RULE, only=frozenset({RowSet(name)})).exposed
        assert [(one.low, one.high) for one in found] == [(2, 2)]
        assert [one.rows for one in found] == [(RowSet(name),)]


def test_sources_that_share_a_file_share_its_rows():
    """Two years in one source, the second year alone in another: the first year's file holds 3."""
    two, one = DataSet("two years", files=("f1", "f2")), DataSet("one year", files=("f2",))
    assert exposed(count(RowSet(two.key), 50), count(RowSet(one.key), 47), data=(two, one)) == {(3, 3)}


def test_one_file_under_two_columns_of_categories():
    """Opioids are 50 by one column, and heroin by another is 47: nobody says that it is a part of them, so no count follows.

    A category of the same name has the same rows under both columns.
    """
    by_type, by_drug = (RowSet("f", scheme, (name,)) for scheme, name in (("type", "opioid"), ("drug", "heroin")))
    assert exposed(count(by_type, 50), count(by_drug, 47)) == set()
    every = RowSet("f")
    # All less opioids, all less heroin; heroin that is no opioid, an opioid that is not heroin.
    assert exposed(count(every, 50), count(by_type, 47), count(by_drug, 48)) == {(3, 3), (2, 2), (1, 3), (0, 2)}
    same = RowSet("f", "drug", ("opioid",))
    assert exposed(count(same, 47), count(every, 50), count(by_type, 47)) == {(3, 3)}


def test_rows_with_their_own_place_are_a_part_of_all_rows():
    rows = RowSet("f")
    assert exposed(count(rows, 50), count(replace(rows, own_place=True), 47)) == {(3, 3)}


def test_a_count_concerns_every_measure_from_which_it_follows():
    every, some, other = RowSet("f"), RowSet("f", categories=("a",)), RowSet("g")
    values = (count(every, 50), count(some, 47), count(other, 9))
    (cell,) = attack(Constraints(values, {}), RULE).exposed
    assert set(cell.rows) == {every, some}
    cells = Cells(Constraints(values, {}))
    assert cells.overlapping([other]) == (other,)


def test_names_of_measures_and_units_are_no_part_of_the_rows():
    one = Measure("finds", "s", ("Needles",), "requests", "public", Harm("community", "environment"))
    other = Measure("syringes", "s", ("needles ",), "needles", "agency", Harm("user", "health"))
    assert rows_of(one, {}) == rows_of(other, {})
    assert rows_of(replace(one, source="t"), {}) != rows_of(one, {})
    same = {"s": DataSet("s", files=("f",)), "t": DataSet("t", files=("f",))}
    assert rows_of(replace(one, source="t"), same) == rows_of(one, same)


def ledger(source, sha256, kept):
    """Return the ledger of a source of one file, with a number of rows kept in every month of 2020."""
    total = sum(kept)
    file = FileLedger(source, f"{source}.csv", sha256, total, total, 0, 0, total, 0, 0, 0)
    months = tuple(MonthLedger(month, rows, 0, 0) for month, rows in zip(MONTHS, kept, strict=True))
    return SourceLedger(
        source, (file,), Period(MONTHS[0], date(2021, 1, 1)), (), "day", 0.0, (), "", "format", (), months
    )


def test_the_same_rows_in_another_container_are_one_data_set():
    kept = [31, 28, 40, 35, 22, 41, 30, 29, 33, 36, 27, 25]
    ledgers = [ledger("csv", "c", kept), ledger("xlsx", "x", kept), ledger("other", "o", kept[::-1])]
    found = data_sets(ledgers, [protect_ledger(one, 5) for one in ledgers])
    assert found["csv"].key == found["xlsx"].key
    assert found["csv"].key != found["other"].key
    assert found["xlsx"].files == ("c",)


def test_a_release_with_one_file_as_two_sources_keeps_the_primary_measure(area):
    """80 and 78 before, 50 and 47 after: 2 and 3 calls of the other kind. The secondary measure goes, the primary stays."""
    whole = result(area, PLENTY)
    plan = whole.operations[0].design
    every = replace(MEASURE, source="calls")
    some = Measure("heroin", "log", ("heroin",), "calls", "agency", Harm("user", "health"))
    one = whole.operations[0].measures[0].counts
    table = one.counts.copy()
    table[0] -= [2, 3, 0]
    counts = ZoneCounts("heroin", NAMES, one.dates, table, False, one.coverage)
    measures = tuple(evaluate_measure(measure, numbers, plan) for measure, numbers in ((every, one), (some, counts)))
    kept = [200, 210, 250, 190, 280, 260, 300, 220, 180, 240, 270, 230]
    ledgers = (ledger("calls", "f", kept), ledger("log", "f", kept))
    both = replace(
        whole,
        study=replace(whole.study, measures=(every, some)),
        ledgers=ledgers,
        operations=(OperationResult(plan, measures),),
    )
    release = protect(both)
    primary, secondary = release.operations[0].measures
    assert not primary.effect("target").is_withheld
    assert secondary.effect("target").is_withheld
    assert attack(constraints_of(release), RULE).exposed == ()
    apart = protect(replace(both, ledgers=(ledgers[0], ledger("log", "g", kept[::-1]))))
    assert not apart.operations[0].measures[1].effect("target").is_withheld


# -- across releases -------------------------------------------------------------------------------------------------------


def shown(*rows):
    return tuple(zip(MONTHS, rows, strict=True))


def test_nearly_the_same_data_are_known_again():
    months = shown(30, 30, 40, 30, 20, 40, 30, 30, 30, 40, 30, 20)
    old = DataSet("calls", "points-csv", ("f1",), months)
    late = DataSet("renamed", "points-csv", ("f2",), (*months[:11], (MONTHS[11], 30), (date(2021, 1, 1), 40)))
    other = DataSet("calls", "points-csv", ("f3",), shown(*range(10, 130, 10)))
    assert nearest(old, [other, late]) is late
    assert nearest(old, [other]) is None
    more = DataSet("more", "points-csv", ("f1", "f4"), other.months)
    assert nearest(old, [late, more]) is more, "a file in common says more than a number"
    assert nearest(replace(old, months=months[:2]), [late]) is None, "two months may agree by chance"
    assert nearest(replace(old, months=months[:3]), [late]) is late
    assert nearest(DataSet("bare"), [DataSet("bare")]) is not None


def test_earlier_values_are_read_as_values_of_the_current_data():
    months = shown(30, 30, 40, 30, 20, 40, 30, 30, 30, 40, 30, 20)
    old, new = DataSet("calls", files=("f1",), months=months), DataSet("log", files=("f2",), months=months)
    ring = count(RowSet(old.key), 55, places=("ring",))
    wider = count(RowSet(new.key), 58, places=("ring", "strip"))
    earlier, current = (Constraints((one,), {}, (), {data.key: data}) for one, data in ((ring, old), (wider, new)))
    assert attack(merge_constraints(earlier, current), RULE).exposed == ()
    together = merge_constraints(read_as_current(earlier, current), current)
    assert {(cell.low, cell.high) for cell in attack(together, RULE).exposed} == {(3, 3)}


def grown(area, *, late=0, name="finds", source="s", sha256="f", ring=77):
    """Return a result whose first ring is ten metres narrower and holds `ring` events before; PLENTY holds 80."""
    table = [row.copy() for row in PLENTY]
    table[2][0], table[3][0], table[0][0] = ring, 170 - ring, 100 + late
    whole = result(area, table)
    operation, measure = whole.operations[0], replace(MEASURE, name=name, source=source)
    zones, middle = list(operation.design.zones), area.boundary.centroid
    if ring != 80:
        zones[2] = replace(zones[2], geometry=middle.buffer(390).difference(middle.buffer(200)))
        zones[3] = replace(zones[3], geometry=middle.buffer(650).difference(middle.buffer(390)))
    plan = replace(operation.design, zones=tuple(zones))
    measured = evaluate_measure(measure, operation.measures[0].counts, plan)
    kept = [20, 21, 25, 19, 28, 26 + late, 30, 22, 18, 24, 27, 23]
    return replace(
        whole,
        study=replace(whole.study, measures=(measure,), primary=name),
        ledgers=(ledger(source, sha256, kept),),
        operations=(OperationResult(plan, (measured,)),),
    )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"late": 1, "sha256": "g"},
        {"late": 1, "sha256": "g", "source": "calls"},
        {"name": "needles", "source": "calls", "sha256": "g"},
        {"name": "needles", "source": "calls"},
    ],
    ids=["same file", "late row", "late row, source renamed", "saved anew, both renamed", "both renamed"],
)
def test_a_ring_that_grew_is_refused_whatever_was_renamed_or_revised(area, tmp_path, change):
    publish_study(protect(grown(area, ring=80)), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(PublishError, match=r"this release and those before it .* can only be .* or another --out"):
        publish_study(protect(grown(area, **change)), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_a_new_file_adds_is_known_to_be_a_difference():
    """The old file holds 50. With a second file of other months it is 50 again, or 53 with three rows that came late."""
    old, new = DataSet("calls", files=("f1",)), DataSet("calls", files=("f1", "f2"))

    def together(*values, rule=RULE):
        earlier = Constraints((count(RowSet(old.key), 50),), {}, (), {old.key: old})
        current = Constraints(values, {}, (), {new.key: new})
        return attack(merge_constraints(read_as_current(earlier, current), current), rule)

    late = together(count(RowSet(new.key), 53))
    assert {(cell.low, cell.high) for cell in late.exposed} == {(3, 3)}
    assert late.relaxed == ()
    for rule in DISCLOSURE_RULES.values():
        assert together(count(RowSet(new.key), 50), rule=rule).exposed == (), rule.name


def test_a_late_row_alone_is_published(area, tmp_path):
    publish_study(protect(grown(area, ring=80)), tmp_path)
    release = protect(grown(area, ring=80, late=1, sha256="g"))
    publish_study(release, tmp_path)
    history = read_history(tmp_path / "releases.json")
    told = {value.low for value in history.constraints.values if value.text == "finds, target, before"}
    assert told == {100, 101}
    assert set(history.constraints.data) == {constraints_of(protect(grown(area, ring=80))).data.popitem()[0]} | set(
        constraints_of(release).data
    )
    publish_study(release, tmp_path)


def test_what_is_written_is_read_again(area, tmp_path):
    release = protect(grown(area, ring=80))
    publish_study(release, tmp_path)
    constraints, read = constraints_of(release), read_history(tmp_path / "releases.json").constraints
    assert set(read.values) == set(constraints.values)
    assert dict(read.data) == dict(constraints.data)
    for name, shape in constraints.outlines.items():
        assert read.outlines[name].equals_exact(shape, 0.011)


def test_a_withheld_month_is_known_to_be_withheld():
    one = ledger("s", "f", [3] * 12)
    found = data_sets([one], [protect_ledger(one, 5)])
    assert found["s"].months == shown(*[-5] * 12)
