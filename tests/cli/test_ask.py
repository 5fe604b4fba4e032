"""Questions are asked again until an answer is accepted; the flags say what was answered, safely quoted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.cli.ask import WIDTH, chosen_numbers, wrapped
from geoharm.cli.new_flags import Flags, check_flags, choices_of, rings_of
from geoharm.errors import StudyError

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(st.sets(st.integers(1, 40)))
def test_numbers_come_back_as_typed(numbers):
    assert chosen_numbers(", ".join(map(str, numbers)), 40) == sorted(numbers)


@pytest.mark.parametrize("text", ["0", "10", "1-", "-3", "5-2", "one", "1;2", "²"])
def test_what_is_no_number_of_the_list_is_refused(text):
    with pytest.raises(StudyError):
        chosen_numbers(text, 9)


@given(operation=texts, primary=texts, harm=st.lists(texts, max_size=2))
def test_the_command_line_says_what_was_answered(operation, primary, harm):
    """Whatever was typed, a shell splits the line into the same words."""
    flags = Flags(Path("a b.toml"), Path("data/my files"), operation=operation, primary=primary, harm=tuple(harm))
    words = shlex.split(flags.command())
    assert words[:5] == ["geoharm", "new", "a b.toml", "--data", "data/my files"]
    said = [f"--harm={one}" for one in harm] + [f"--primary={primary}"] * bool(primary)
    assert words[5:] == said + [f"--operation={operation}"] * bool(operation)


@given(st.text("ab \u00e9", max_size=400))
def test_lines_fit_the_terminal(text):
    assert all(len(line) <= max(WIDTH, *map(len, text.split()), 0) + 4 for line in wrapped(text, indent=2).splitlines())


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"no_operation": True, "start": "2020-01-01"}, "--no-operation and --start contradict each other"),
        ({"target": "a", "target_candidate": 2}, "--target and --target-candidate are both given"),
        ({"harm": ("Removal=society/litter",)}, "write CATEGORY=BORNE BY/TYPE"),
        ({"rings": "100"}, "write the gap and one or more outer edges"),
        ({"rings": "100,250,250"}, "each further out"),
    ],
)
def test_flags_that_cannot_be_are_refused_before_a_file_is_read(flags, sentence):
    with pytest.raises(StudyError, match=sentence):
        check_flags(Flags(Path("a.toml"), Path(), **flags))


def test_categories_and_rings_are_read():
    flags = Flags(Path("a.toml"), Path(), harm=("A=B=user/health",), activity=("C",), leave_out=("D",))
    read = choices_of(flags)
    assert [(one.category, one.borne_by, one.type, one.activity) for one in read] == [
        ("A=B", "user", "health", False), ("C", "", "", True), ("D", "", "", False),
    ]  # fmt: skip
    assert rings_of("0,150,400.5") == (0, 150, 400.5)
