"""Help, lists, checks and refusals come without statistics and maps; verbs load what they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from geoharm.cli.app import app
from geoharm.cli.lazy import lazy
from tests.conftest import small_study

HEAVY = (
    "duckdb", "esda", "folium", "geopandas", "libpysal", "matplotlib", "numba", "numpy", "pandas", "geoharm._schema", "pyproj", "rasterio", "rich",
    "scipy", "scipy.stats", "shapely", "statsmodels",
)  # fmt: skip
# Statistics, maps and tables that take about a second each; no verb below draws, compiles or fits anything.
NEVER = {"esda", "folium", "libpysal", "matplotlib", "numba", "rasterio", "scipy.stats", "statsmodels"}
CALL = """
import sys
from geoharm.cli.start import main
sys.argv = ["geoharm", *sys.argv[1:]]
try:
    main()
finally:
    print("loaded:", len(sys.modules), *sorted(name for name in {heavy!r} if name in sys.modules))
"""
VERBS = (
    "run", "ingest", "check", "index", "purge", "simulate", "power", "appraise", "prioritise", "new", "selfcheck", "doctor", "ground",
    "schema", "formats list", "formats show", "formats guess", "formats check", "plan lock", "plan show",
    "values list", "values show", "values check", "values import",
)  # fmt: skip


def loaded_by(folder, *arguments):
    """Return how many modules a call of the program loads, and the heavy ones among them."""
    command = [sys.executable, "-c", CALL.format(heavy=HEAVY), *map(str, arguments)]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert "loaded:" in finished.stdout, finished.stderr
    count, *names = finished.stdout.split("loaded:")[1].split()
    return int(count), set(names)


def test_the_list_of_verbs_is_complete():
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    verbs = [command.name or command.callback.__name__ for command in app.registered_commands]
    verbs += [
        f"{name} {command.name or command.callback.__name__}"
        for name, group in groups.items()
        for command in group.registered_commands
    ]
    assert sorted(verbs) == sorted(VERBS)


@pytest.mark.parametrize(
    "arguments", ["--help", "--version", "no-verb", "formats --help", *(f"{verb} --help" for verb in VERBS)]
)
def test_help_loads_nothing_heavy(tmp_path, arguments):
    count, heavy = loaded_by(tmp_path, *arguments.split())
    assert heavy == set()
    assert count < 360


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Return a folder with a study, one with an unknown key, and one that is no TOML."""
    folder = tmp_path_factory.mktemp("studies")
    text = small_study(folder).read_text(encoding="utf-8")
    (folder / "unknown-key.toml").write_text(text.replace("seed    = 1", "sead = 1"), encoding="utf-8")
    (folder / "no-toml.toml").write_text("[study\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("arguments", "needed", "most"),
    [
        ("index .", set(), 400),
        ("values list", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 620),
        ("values check equal", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 620),
        ("formats list", {"numpy", "geoharm._schema", "pyproj"}, 570),
        ("formats show points-csv", {"numpy", "geoharm._schema", "pyproj"}, 570),
        ("formats guess reports.csv", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 700),
        # Arrow looks for pandas by itself when it is given arrays.
        ("formats check reports.csv --format points-csv", {"duckdb", "numpy", "pandas", "geoharm._schema", "pyproj", "scipy", "shapely"}, 1400),
        ("new new.toml --data .", {"duckdb", "numpy", "geoharm._schema", "pyproj", "scipy", "shapely"}, 1000),
        ("run absent.toml", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 600),
        ("run no-toml.toml", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 600),
        # The area file is read too, so that all mistakes are said at once.
        ("run unknown-key.toml --data .", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 1100),
        ("check study.toml", {"numpy", "geoharm._schema", "pyproj", "shapely"}, 1150),
        (
            "ingest study.toml --data . --db s.duckdb",
            {"duckdb", "numpy", "pandas", "geoharm._schema", "pyproj", "rich", "scipy", "shapely"},
            1550,
        ),
    ],
)  # fmt: skip
def test_a_verb_loads_what_it_needs(studies, arguments, needed, most):
    count, heavy = loaded_by(studies, *arguments.split())
    assert not heavy & NEVER
    assert heavy == needed
    assert count < most


def test_a_stand_in_has_what_the_room_has_and_no_other():
    import geoharm.study.read  # noqa: PLC0415

    assert lazy("study.read").read_study is geoharm.study.read.read_study
    with pytest.raises(AttributeError, match="no attribute 'read_dreams'"):
        lazy("study.read").read_dreams  # noqa: B018


def test_refuses_a_room_that_is_none():
    with pytest.raises(ModuleNotFoundError, match=r"no geoharm\.cellar"):
        lazy("cellar")
