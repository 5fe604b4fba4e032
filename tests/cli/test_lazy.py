"""Help, lists, checks and refusals come without statistics and maps; verbs load what they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from geoharm.cli.lazy import lazy
from tests.cli.examples import verbs
from tests.conftest import small_study

HEAVY = (
    "duckdb", "esda", "folium", "geopandas", "libpysal", "matplotlib", "numba", "numpy", "pandas", "geoharm._schema", "pyproj", "rasterio", "rich",
    "scipy", "scipy.stats", "shapely", "statsmodels",
)  # fmt: skip
# Statistics, maps and tables that take about a second each; no verb below draws, compiles or fits anything.
NEVER = {"esda", "folium", "libpysal", "matplotlib", "numba", "rasterio", "scipy.stats", "statsmodels"}
CALL = """
import sys
from geoharm.cli.guard import guarded
for line in sys.argv[1:]:
    sys.argv = ["geoharm", *line.split()]
    guarded(lambda: False)
    print("\\nloaded:", line, "|", len(sys.modules), *sorted(name for name in {heavy!r} if name in sys.modules))
"""


def loaded_by(folder, *lines):
    """Return how many modules are loaded after each call of the program in one process, and the heavy ones among them."""
    command = [sys.executable, "-c", CALL.format(heavy=HEAVY), *lines]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    found = {}
    for line in finished.stdout.splitlines():
        if line.startswith("loaded: "):
            call, loaded = line.removeprefix("loaded: ").split(" | ")
            count, *names = loaded.split()
            found[call] = int(count), set(names)
    assert list(found) == list(lines), finished.stderr
    return found


def test_help_loads_nothing_heavy(tmp_path):
    """All in one process: what the help of any verb loads would be there after it."""
    pages = ["--help", "--version", "no-verb", "formats --help", *(f"{verb} --help" for verb in verbs())]
    for call, (count, heavy) in loaded_by(tmp_path, *pages).items():
        assert heavy == set(), call
        assert count < 370, call


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
        ("new new.toml --data .", {"duckdb", "numpy", "geoharm._schema", "pyproj", "rich", "scipy", "shapely"}, 1150),
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
    ((count, heavy),) = loaded_by(studies, arguments).values()
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
