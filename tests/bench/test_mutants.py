"""Faults are planted where code runs, a sample is a part of a larger one, and a test that fails is noticed."""

from __future__ import annotations

import pytest

from bench.mutants import (
    Coverage,
    NamedTests,
    judge,
    mutated,
    places_outside_annotations,
    read_rows,
    report,
    sample_of,
    wilson,
)

SOURCE = '''"""A made file."""

from __future__ import annotations

LEAST = 3


def larger(first: int | None, *, second: int = 2) -> int | None:
    """Return the larger one, 1 to 9."""
    if first is None or first < second:
        return second
    return first
'''
TESTS = """
from made import larger


def test_first():
    assert larger(3, second=2) == 3


def test_second():
    assert larger(1, second=2) == 2
"""

pytest.importorskip("cosmic_ray", reason="cosmic-ray is not installed (pip install geoharm[bench])")


@pytest.fixture
def made(tmp_path):
    file = tmp_path / "made.py"
    file.write_text(SOURCE, encoding="utf-8")
    (tmp_path / "test_made.py").write_text(TESTS, encoding="utf-8")
    return file


def sample(made, seed=1):
    return [fault for fault in sample_of(made.parent, 99, seed, root=made.parent) if fault.file == "made.py"]


def test_annotations_docstrings_and_the_star_before_keywords_have_no_faults(made):
    found = [mutant for seed in range(30) for mutant in sample(made, seed)]
    assert {mutant.line for mutant in found} == {5, 8, 10}
    # Of the line of the function: its default alone.
    assert {mutant.column for mutant in found if mutant.line == 8} == {SOURCE.splitlines()[7].index("2")}
    assert len({mutant.operator for mutant in found}) > 8


def test_a_fault_lies_where_it_is_said(made):
    for mutant in sample(made, 3):
        before, after = SOURCE.splitlines(), mutated(SOURCE, mutant).splitlines()
        assert [number for number, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new] == [
            mutant.line
        ]


def test_types_that_are_read_by_checkers_alone_are_left_out():
    runs = places_outside_annotations("if TYPE_CHECKING:\n    LIMIT = 3\nLIMIT = 4\nwidth: 5 = 6\n")
    assert [runs(2, 12), runs(3, 8), runs(4, 7), runs(4, 11)] == [False, True, False, True]


def test_a_place_keeps_its_fault_when_other_lines_change(made):
    before = {mutant.drawn: mutant.operator for mutant in sample(made)}
    made.write_text(SOURCE.replace("LEAST = 3", "LEAST = 3\nMOST = 9"), encoding="utf-8")
    after = {mutant.drawn: mutant.operator for mutant in sample(made)}
    assert before.items() < after.items()


@pytest.mark.parametrize(
    ("line", "expected"),
    [("    if first is None or first < second:", "killed"), ("LEAST = 3", "survived")],
)
def test_a_fault_is_noticed_by_a_test_that_runs_it_and_is_taken_out_again(made, line, expected):
    """No test looks at the constant."""
    faults = [mutant for mutant in sample(made) if mutant.text == line.strip()]
    coverage = Coverage({}, {}, {"test_made.py::test_first": 0.01, "test_made.py::test_second": 0.02})
    assert faults
    for mutant in faults:
        row = judge(made.parent, mutant, coverage, 60)
        assert row["outcome"] == expected, row
        assert made.read_text(encoding="utf-8") == SOURCE
        assert bool(row["by"]) == (expected == "killed")


def test_a_test_that_takes_too_long_is_ended(made):
    (made.parent / "test_made.py").write_text("def test_long():\n    while True:\n        pass\n", encoding="utf-8")
    mutant = sample(made)[0]
    row = judge(made.parent, mutant, Coverage({}, {}, {"test_made.py::test_long": 0.01}), 3)
    assert row["outcome"] == "time out"


def test_the_quickest_tests_of_a_line_are_chosen():
    seconds = {"a": 3.0, "b": 1.0, "c": 2.0, "d": 50.0}
    coverage = Coverage({("x.py", 4): {"a", "b", "d"}}, {"x.py": {"a", "b", "c"}}, seconds)
    assert coverage.tests_for("x.py", 4, 30) == ["b", "a"]
    assert coverage.tests_for("x.py", 5, 60) == ["b", "c", "a", "d"]
    assert coverage.tests_for("y.py", 1, 4) == ["b", "c"]
    # One at least, however long it takes.
    assert Coverage({}, {}, {"d": 50.0}).tests_for("y.py", 1, 4) == ["d"]


def test_the_last_row_of_a_fault_counts(tmp_path, capsys):
    row = '{{"room": "harm", "seed": 1, "drawn": "{}", "outcome": "{}", "file": "x.py", "line": 1, "before": "b", "after": "a", "operator": "o", "run": true}}\n'
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(
            row.format(*fault) for fault in (("1", "survived"), ("2", "killed"), ("1", "killed"), ("3", "survived"))
        )
    )
    found = read_rows([rows, tmp_path / "absent.jsonl"])
    assert [one["outcome"] for one in found] == ["killed", "killed", "survived"]
    report(found)
    assert "harm: 2 of 3 noticed (67%, 95% interval 21% to 94%)" in capsys.readouterr().out


def test_the_interval_of_a_share_is_wilsons():
    """R. G. Newcombe (1998), table I: 81 of 263 have 0.2553 to 0.3662."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_tests_are_found_by_what_they_import(tmp_path):
    folder = tmp_path / "harm"
    folder.mkdir()
    for name, line in (("test_one", "from geoharm.harm.markets import reach_gap"), ("test_two", "from geoharm.harm import markets"),
                       ("test_nouns", "from tests.nouns import check_nouns_are_fixed"), ("test_other", "from geoharm.harm.results.markets import Ranking")):  # fmt: skip
        (folder / f"{name}.py").write_text(line, encoding="utf-8")
    found = NamedTests(folder)
    own = "geoharm/harm/markets.py"
    assert found.tests_for(own, 3, 60) == [
        "tests/harm/test_one.py",
        "tests/harm/test_two.py",
        "tests/harm/test_nouns.py",
        own,
    ]
    assert len(found.tests_for("geoharm/harm/weighted.py", 3, 60)) == 5
