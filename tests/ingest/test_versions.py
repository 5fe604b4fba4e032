"""One event in several versions: the latest file's rows count, or the source is refused; rows of one file are offences."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import QualityError
from geoharm.ingest.duplicates import named_date
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from tests.ingest.test_reading import LAT, LON

FORMAT = """
[columns]
id = "id"
date = "date"
longitude = "longitude"
latitude = "latitude"
category = "category"
{columns}
[date]
formats = ["%Y-%m-%d"]
[duplicates]
rule = "id"
versions = "{versions}"
"""
BETWEEN = "between files"


def read_rows(folder, area, span, files, *, versions=BETWEEN, updated=False, order=()):
    """Read files of rows (id, day, category, day of change) and return the ledger and the kept rows (file, id, day, category)."""
    inbox = folder / "inbox"
    inbox.mkdir()
    for name, rows in files.items():
        lines = ["id,date,longitude,latitude,category,changed"]
        lines += [
            f"{key},2020-01-{day:02d},{LON},{LAT},{category},2021-01-{changed:02d}"
            for key, day, category, changed in rows
        ]
        (inbox / name).write_text("\n".join(lines) + "\n")
    columns = 'updated = "changed"' if updated else ""
    (folder / "own.toml").write_text(FORMAT.format(columns=columns, versions=versions))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=read_format("own.toml", folder), area=area, period=span, order=order,
            files=find_input_files(sorted(files), inbox, members=()),
        )  # fmt: skip
        kept = store.rows("SELECT file, line FROM main.event")
    rows = [(file, *files[file][line - 2][:3]) for file, line in kept]
    assert ledger.total("read") == sum(map(len, files.values()))
    return ledger, sorted(rows)


def test_two_exports_that_overlap_are_no_more_events(tmp_path, area, span):
    """The year in both was recoded in between: 30 ids, 40 rows, 30 events."""
    first = [(n, n % 28 + 1, "find", 1) for n in range(20)]
    second = [(n, n % 28 + 1, "needle find", 1) for n in range(10, 30)]
    ledger, kept = read_rows(tmp_path, area, span, {"export-2018-2020.csv": first, "export-2020-2021.csv": second})
    assert (ledger.total("kept"), ledger.total("duplicate")) == (30, 10)
    assert [category for *_, category in sorted(kept, key=lambda row: row[1])] == ["find"] * 10 + ["needle find"] * 20
    (note,) = [note for note in ledger.notes if note.kind == "earlier versions"]
    assert note.rows == 10


def test_several_offences_of_one_incident_stay(tmp_path, area, span):
    """Also if the incident stands in two files, with an offence more in the later one."""
    files = {"2020-01.csv": [(1, 5, "theft", 1), (1, 5, "assault", 1)], "2020-02.csv": [(1, 5, "theft", 1), (1, 5, "assault", 1), (1, 5, "arson", 1)]}  # fmt: skip
    ledger, kept = read_rows(tmp_path, area, span, files)
    assert kept == [("2020-02.csv", 1, 5, "arson"), ("2020-02.csv", 1, 5, "assault"), ("2020-02.csv", 1, 5, "theft")]
    assert ledger.total("duplicate") == 2


def test_the_same_rows_in_two_files_need_no_order(tmp_path, area, span):
    rows = [(1, 5, "theft", 1), (1, 5, "assault", 1), (2, 7, "theft", 1)]
    ledger, kept = read_rows(tmp_path, area, span, {"a.csv": rows, "b.csv": rows[::-1]})
    assert {file for file, *_ in kept} == {"a.csv"}
    assert not [note for note in ledger.notes if note.kind == "earlier versions"]


@pytest.mark.parametrize("names", [("a.csv", "b.csv"), ("2020.csv", "b.csv"), ("x-2020-05.csv", "y-202005.csv"), ("2019.csv", "2001_to_present.csv")])  # fmt: skip
def test_versions_without_an_order_are_refused(names, tmp_path, area, span):
    files = {names[0]: [(1, 5, "theft", 1), (2, 5, "theft", 1)], names[1]: [(1, 6, "theft", 1), (2, 5, "arson", 1), (3, 5, "arson", 1)]}  # fmt: skip
    with pytest.raises(QualityError, match=r'^2 ids of "s" stand in several files .* oldest_first'):
        read_rows(tmp_path, area, span, files)


def test_numbers_that_begin_anew_in_every_file_are_no_versions(tmp_path, area, span):
    """Yearly files with rows 0 to n: nothing in common but the number. An incident with an offence elsewhere, later: two events."""
    first = [(n, n % 14 + 1, f"a{n}", 1) for n in range(40)]
    second = [(n, n % 14 + 15, f"b{n}", 1) for n in range(40)]
    ledger, kept = read_rows(tmp_path, area, span, {"2019.csv": first, "2020.csv": second})
    assert len(kept) == 80
    (note,) = [note for note in ledger.notes if note.kind == "ids of different events"]
    assert note.rows == 80


def test_the_order_that_the_study_states(tmp_path, area, span):
    files = {"a.csv": [(1, 5, "theft", 1)], "b.csv": [(1, 5, "arson", 1)]}
    _, kept = read_rows(tmp_path, area, span, files, order=("b.csv", "a.csv"))
    assert kept == [("a.csv", 1, 5, "theft")]


def test_a_date_of_change_decides_before_the_names(tmp_path, area, span):
    files = {"2020.csv": [(1, 5, "theft", 9), (2, 5, "theft", 3)], "2021.csv": [(1, 5, "arson", 4), (2, 5, "arson", 3)]}
    _, kept = read_rows(tmp_path, area, span, files, updated=True)
    assert kept == [("2020.csv", 1, 5, "theft"), ("2021.csv", 2, 5, "arson")]


def test_a_later_version_outside_the_period_takes_the_event_away(tmp_path, area, span):
    """And an order is not asked for where no version lies in the period."""
    files = {"2020.csv": [(1, 5, "theft", 1), (2, 5, "theft", 1)], "2021.csv": [(1, 5, "theft", 1)]}
    inbox = tmp_path / "inbox"
    ledger, _ = read_rows(tmp_path, area, span, files)
    assert ledger.total("kept") == 2

    def again(names, order=()):
        with open_engine(tmp_path / f"{len(names)}.duckdb", inputs=inbox) as store:
            ledger = ingest_events(
                store, "s", input_format=read_format("own.toml", tmp_path), area=area, period=span, order=order,
                files=find_input_files(names, inbox, members=()),
            )  # fmt: skip
        return [ledger.total(fate) for fate in ("kept", "rejected", "duplicate")]

    moved = (inbox / "2021.csv").read_text().replace("2020-01-05", "1999-01-05")
    (inbox / "2021.csv").write_text(moved)
    assert again(["2020.csv", "2021.csv"]) == [1, 1, 1]
    for name in ("a.csv", "b.csv"):
        (inbox / name).write_text(moved.replace("theft", name))
    (inbox / "c.csv").write_text(moved.replace("1,1999", "7,2020"))
    assert again(["a.csv", "b.csv", "c.csv"]) == [1, 2, 0]


def test_a_date_of_change_that_one_file_lacks_decides_nothing(tmp_path, area, span):
    """The later file says nothing of changes; it is the later one all the same."""
    inbox = tmp_path / "inbox"
    read_rows(tmp_path, area, span, {"2020.csv": [(1, 5, "theft", 9)]}, updated=True)
    text = (inbox / "2020.csv").read_text()
    (inbox / "2021.csv").write_text(text.replace("theft", "arson").replace("2021-01-09", ""))
    with open_engine(tmp_path / "u.duckdb", inputs=inbox) as store:
        ingest_events(
            store, "s", input_format=read_format("own.toml", tmp_path), area=area, period=span,
            files=find_input_files(["2020.csv", "2021.csv"], inbox, members=()),
        )  # fmt: skip
        assert store.rows("SELECT category FROM main.event") == [("arson",)]


def test_never_and_always(tmp_path, area, span):
    files = {"a.csv": [(1, 5, "theft", 2), (1, 6, "arson", 3), (1, 7, "theft", 1)], "b.csv": [(2, 5, "theft", 1)]}
    for versions, expected in (("never", 4), (BETWEEN, 4), ("always", 2)):
        folder = tmp_path / versions.replace(" ", "")
        folder.mkdir()
        ledger, kept = read_rows(folder, area, span, files, versions=versions, updated=True)
        assert ledger.total("kept") == expected
    assert kept == [("a.csv", 1, 6, "arson"), ("b.csv", 2, 5, "theft")]
    folder = tmp_path / "lastline"
    folder.mkdir()
    assert read_rows(folder, area, span, files, versions="always")[1][0] == ("a.csv", 1, 7, "theft")


def slow_kept(files, ranks, versions, updated):
    """Every rule written out, id by id; None if it must be refused."""
    by_id = defaultdict(list)
    for position, (name, rows) in enumerate(sorted(files.items())):
        for line, (key, day, category, changed) in enumerate(rows):
            by_id[key].append((position, line, name, (day, category), changed if updated else 0))
    kept = []
    for key, rows in by_id.items():
        contents = {position: {row[3] for row in rows if row[0] == position} for position in {row[0] for row in rows}}
        differs = any(content != set.union(*contents.values()) for content in contents.values())
        # All rows lie at one place.
        days, names = ([{one[part] for one in content} for content in contents.values()] for part in (0, 1))
        differs = differs and any(
            sum(key in group for group in groups) > 1 for groups in (days, names) for key in set.union(*groups)
        )
        changed = {position: max(row[4] for row in rows if row[0] == position) for position in contents}
        current = {position for position in contents if changed[position] == max(changed.values())}
        latest = {position for position in current if ranks[position] == max(ranks[other] for other in current)}
        if versions != "never" and differs and len(latest | {p for p in current if not ranks[p]}) > 1:
            return None
        if versions == "always":
            best = max(rows, key=lambda row: (row[0] in latest, row[4], row[0], row[1]))
            kept.append((best[2], key, *best[3]))
            continue
        seen = set()
        for position, _, name, content, _ in rows:
            if content not in seen and not (versions == BETWEEN and differs and position not in latest):
                seen.add(content)
                kept.append((name, key, *content))
    return sorted(kept)


ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 2), st.sampled_from("ab"), st.integers(1, 2)), min_size=1, max_size=6
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROWS, min_size=1, max_size=3), years=st.permutations([0, 2019, 2020, 2021]),
    versions=st.sampled_from(["never", BETWEEN, "always"]), updated=st.booleans(),
)  # fmt: skip
def test_against_a_slow_referee(rows, years, versions, updated, tmp_path_factory, area, span):
    files = {f"{letter}-{year or 'x'}.csv": part for letter, year, part in zip("pqr", years, rows, strict=False)}
    expected = slow_kept(files, [max(year - 2000, 0) for year in years], versions, updated)
    folder = tmp_path_factory.mktemp("v")
    if expected is None:
        with pytest.raises(QualityError, match="which is the later version"):
            read_rows(folder, area, span, files, versions=versions, updated=updated)
    else:
        assert read_rows(folder, area, span, files, versions=versions, updated=updated)[1] == expected


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("2020-02-merseyside-street.csv", "2020-02-29"), ("calls_20210315.csv", "2021-03-15"), ("calls 2019Q3.csv", "2019-09-30"),
        ("2018-2020.csv", "2020-12-31"), ("export-2020.csv.gz", "2020-12-31"), ("a.zip/2020-05.csv", "2020-05-31"),
        ("drug_crimes_2020_2025.csv.gz", "2025-12-31"), ("202013.csv", None), ("1234567890.csv", None), ("now.csv", None),
        ("2020-to-date.csv", None), ("knowledge-2020.csv", "2020-12-31"),
    ],
)  # fmt: skip
def test_dates_in_names(name, end):
    assert str(named_date(name)) == str(end)
