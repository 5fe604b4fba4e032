"""Help and the version come without the rooms of statistics and maps; verbs load what they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from geoharm.cli.lazy import lazy

# The schemas stand for pydantic: the library of the command line may itself use it for the options of a verb.
HEAVY = ("duckdb", "folium", "geoharm._schema", "geopandas", "numba", "pandas", "scipy.stats", "statsmodels")
CALL = """
import sys
from geoharm.cli.app import main
sys.argv = ["geoharm", *sys.argv[1:]]
try:
    main()
finally:
    print("loaded:", *sorted(name for name in {heavy!r} if name in sys.modules))
"""


def loaded_by(root, *arguments):
    command = [sys.executable, "-c", CALL.format(heavy=HEAVY), *arguments]
    found = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)
    assert "loaded:" in found.stdout, found.stderr
    return found.stdout.split("loaded:")[1].split()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["run", "--help"], ["formats", "--help"], ["schema", "--help"], ["no-verb"]],
)
def test_help_loads_nothing_heavy(root, arguments):
    assert loaded_by(root, *arguments) == []


def test_a_verb_loads_what_it_needs(root):
    assert "duckdb" in loaded_by(root, "formats", "list")
    assert "geoharm._schema" in loaded_by(root, "check", "pipelines/boston.toml")


def test_a_stand_in_has_what_the_room_has_and_no_other():
    import geoharm.study.read  # noqa: PLC0415

    assert lazy("study.read").read_study is geoharm.study.read.read_study
    with pytest.raises(AttributeError, match="no attribute 'read_dreams'"):
        lazy("study.read").read_dreams  # noqa: B018


def test_refuses_a_room_that_is_none():
    with pytest.raises(ModuleNotFoundError, match=r"no geoharm\.cellar"):
        lazy("cellar")
