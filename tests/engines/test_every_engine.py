"""Every engine reads the same files into the same tables, and answers every question alike, and as a slow count does."""

from __future__ import annotations

import ast
import shutil

import numpy as np
import pytest

from geoharm.errors import QualityError
from tests.engines import slow
from tests.engines.made import (
    ENGINES,
    NAMES,
    PERIOD,
    SPRINGS,
    TABLES,
    everything_stored,
    plain,
    read_events,
    read_table,
)

OTHERS = [name for name in ENGINES if name != "duckdb"]


# -- alike ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("what", ["ledgers", "answers", "stored"])
def test_all_that_is_found_is_equal(found, other, what):
    ours, theirs = getattr(found["duckdb"], what), getattr(found[other], what)
    assert list(map(sorted, (ours, theirs))) == [sorted(ours)] * 2
    for name, value in ours.items():
        assert plain(theirs[name]) == plain(value), name


def test_the_made_sources_have_every_kind_of_row(found):
    """The comparison would say little about what no row shows."""
    ledger = found["duckdb"].ledgers["ledger of nasty"]
    for kind in ("kept", "rejected", "duplicate", "inside", "outside", "default_geocode", "no_place", "recovered"):
        assert ledger.total(kind), kind
    assert sum(len(file.reasons) for file in ledger.files) == 11
    assert {"placed by address", "impossible place", "time not known", "zero coordinates", "no weight"} <= {
        note.kind for note in ledger.notes
    }
    answers = found["duckdb"].answers
    assert all(answers["own place counts of nasty"].counts.sum(axis=1))
    assert answers["own place counts of months"] is None
    assert [answers[f"coverage of {source}"][2] for source in NAMES] == ["moment", "month", "year", "day", "day", "day"]
    by_area = found["duckdb"].ledgers["ledger of wards"]
    assert all(by_area.total(kind) for kind in ("kept", "rejected", "duplicate", "inside", "outside", "no_place"))
    assert answers["events by area"].low.sum() > 5
    assert answers["coverage of months"][1]
    assert np.isnan(answers["hours of days"]).all()
    assert not answers["nothing of nasty"].counts.any()
    for source in TABLES:
        assert found["duckdb"].ledgers[f"ledger of {source}"].total("kept"), source


def test_every_question_is_put_to_every_engine(root):
    """A function of `queries` that is given an engine is asked in `made.answers`, or serves one that is."""
    questions = {
        path: ast.parse(path.read_text(encoding="utf-8")) for path in (root / "geoharm" / "queries").glob("*.py")
    }
    functions = [node for tree in questions.values() for node in tree.body if isinstance(node, ast.FunctionDef)]
    asking = {
        node.name
        for node in functions
        if not node.name.startswith("_") and [arg.arg for arg in node.args.args][:1] == ["engine"]
    }
    assert {"zone_counts", "night_counts", "save_results", "coverage"} <= asking
    trees = [*questions.values(), ast.parse((root / "tests" / "engines" / "made.py").read_text(encoding="utf-8"))]
    trees += [ast.parse(path.read_text(encoding="utf-8")) for path in (root / "geoharm" / "ingest").glob("*.py")]
    called = {ast.unparse(node.func) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert asking - called == set()


# -- as counted slowly ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def events(folder):
    return slow.read_slowly(folder / "inbox", NAMES["nasty"])


@pytest.fixture(params=ENGINES)
def answers(request, found):
    return found[request.param].answers


def listed(counts):
    """Return {(zone, day): events} of a table of counts."""
    return {
        (zone, day.item()): events
        for zone, row in zip(counts.zones, counts.counts, strict=True)
        for day, events in zip(counts.dates, row.tolist(), strict=True)
        if events
    }


def in_zones(events):
    return slow.count(
        (event for event in events if slow.zone_of(event)), lambda event: (slow.zone_of(event), event.day)
    )


def in_springs(event):
    return any(period.start <= event.day < period.end for period in SPRINGS.periods)


def at(x, y):
    """Return a place to the centimetre, to which the fast projection is exact."""
    return round(x, 2), round(y, 2)


@pytest.mark.parametrize("name", ENGINES)
def test_the_ledger_is_the_slow_count(found, events, name):
    for file in found[name].ledgers["ledger of nasty"].files:
        mine = [event for event in events if event.file == file.file]
        kinds = slow.count(mine, lambda event: event.kind.replace(" ", "_"))
        assert (file.kept, file.recovered) == (len(mine), sum(event.recovered for event in mine))
        assert {kind: getattr(file, kind) for kind in kinds} == kinds


def test_counts_by_zone_are_the_slow_count(answers, events):
    assert listed(answers["zone counts of nasty"]) == in_zones(events)
    finds = [event for event in events if event.category == "find"]
    assert listed(answers["zone counts of the finds of nasty"]) == in_zones(finds)
    assert listed(answers["own place counts of nasty"]) == in_zones(event for event in events if not event.recovered)
    by_category = answers["category counts of nasty"]
    assert set(by_category) == {event.category for event in events}
    for category, counts in by_category.items():
        assert listed(counts) == in_zones(event for event in events if event.category == category), category
    sizes = slow.count(events, lambda event: event.category)
    assert answers["categories of nasty"] == sizes
    assert list(answers["categories of nasty"].values()) == sorted(sizes.values(), reverse=True)


def test_points_are_the_slow_count(answers, events):
    inside = [event for event in events if event.kind == "inside"]

    def place(event):
        return at(event.x, event.y)

    def by_place(points, values=None):
        return {
            at(x, y): value
            for x, y, value in zip(points.x, points.y, points.weight if values is None else values, strict=True)
        }

    located = answers["located events of nasty"]
    assert sorted(located.at_places().tolist()) == sorted(slow.count(inside, place).values())
    assert located.total == len(inside)
    assert by_place(answers["points of nasty"]) == slow.count(filter(in_springs, inside), place)
    finds = [event for event in inside if event.category == "find"]
    weights = slow.count(finds, place, lambda event: 1.0 if event.weight is None else event.weight)
    assert by_place(answers["weighted points of nasty"]) == pytest.approx(weights)
    stated = [event for event in events if event.category == "find" and event.weight is not None]
    assert answers["weights of nasty"] == (sum(event.category == "find" for event in events), len(stated))
    dated = answers["dated points of nasty"]
    by_day = {
        (*at(x, y), day.item()): weight
        for x, y, day, weight in zip(dated.x, dated.y, dated.day, dated.weight, strict=True)
    }
    assert by_day == slow.count(inside, lambda event: (*place(event), event.day))
    panel = answers["panel of nasty"]
    cells = slow.count(inside, lambda event: (int(event.y // 40), int(event.x // 40)))
    assert dict(zip(zip(panel.row.tolist(), panel.column.tolist(), strict=True), panel.counts[:, 0].tolist(), strict=True)) == cells  # fmt: skip


def test_times_of_day_are_the_slow_count(answers, events):
    inside = [event for event in events if event.kind == "inside" and event.hour is not None]
    points, hours = answers["timed points of nasty"]
    timed = slow.count(inside, lambda event: (*at(event.x, event.y), event.day, event.hour))
    found = zip(points.x, points.y, points.day, hours.tolist(), points.weight, strict=True)
    assert {(*at(x, y), day.item(), hour): weight for x, y, day, hour, weight in found} == timed
    nights = answers["nights of nasty"]
    assert (nights.events.sum(), nights.at_night.sum()) == (
        len(inside),
        sum(event.hour >= 22 or event.hour < 6 for event in inside),
    )
    near = [event for event in events if event.kind != "outside"]
    assert answers["hours of nasty"] == pytest.approx(slow.week_of(near), abs=1e-9)
    finds = [event for event in near if event.category == "find" and in_springs(event)]
    assert answers["hours of nasty in spring"] == pytest.approx(slow.week_of(finds), abs=1e-9)


def test_coverage_is_that_of_the_slow_count(answers, events):
    span, missing, _ = answers["coverage of nasty"]
    days = sorted(event.day for event in events)
    assert (span.start, (span.end - days[-1]).days) == (days[0], 1)
    months = {day.replace(day=1) for day in days}
    assert set(missing) == {month for month in span.months() if month not in months}
    assert PERIOD.start <= span.start


# -- again ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_folder(folder, tmp_path):
    """Return a copy of the made files that a test may change."""
    shutil.copytree(folder, tmp_path / "own")
    return tmp_path / "own"


def test_reading_again_is_the_same_on_every_engine(own_folder, tmp_path):
    """Once more; a file that was written anew; a file that is gone; a file that is refused; and the first state again."""
    inbox = own_folder / "inbox"
    original = (inbox / "b-2021.csv").read_bytes()
    steps = {}
    for name, open_one in ENGINES.items():
        (tmp_path / name).mkdir()
        (inbox / "b-2021.csv").write_bytes(original)
        with open_one(tmp_path / name, inbox) as one:
            first = read_events(one, own_folder, "nasty"), everything_stored(one)
            assert (read_events(one, own_folder, "nasty"), everything_stored(one)) == first
            (inbox / "b-2021.csv").write_bytes(original[: original.index(b"\n9001")] + b"\n")
            anew = read_events(one, own_folder, "nasty"), everything_stored(one)
            gone: list[str] = []
            fewer = (
                read_events(one, own_folder, "nasty", ["a-2020.csv"], on_gone=gone.append),
                everything_stored(one),
                gone,
            )
            (inbox / "b-2021.csv").write_bytes(original.splitlines(keepends=True)[0] + b"1,never,,,,,,,\n" * 9)
            with pytest.raises(QualityError, match="in 9 of 9 rows"):
                read_events(one, own_folder, "nasty")
            assert everything_stored(one) == fewer[1]
            read_table(one, own_folder, "table")
            (inbox / "b-2021.csv").write_bytes(original)
            last = read_events(one, own_folder, "nasty")
            one.verify()
            steps[name] = [first, anew, fewer, last, everything_stored(one)]
    ours = steps.pop("duckdb")
    assert ours[3] == ours[0][0]
    assert len(ours[2][2]) == 1
    for theirs in steps.values():
        assert theirs == ours
