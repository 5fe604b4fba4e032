"""`docs/dependencies.md` says what `pyproject.toml` asks for and what the packages state; `make lowest` tries the bounds."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.version import Version

from tests import lowest_versions
from tests.lowest_versions import PYPROJECT

TABLES = {"To run": None, "To test": "test", "To compare with others": "bench"}
# What a classifier or a line of free text calls a licence, and how the names of these licences begin in SPDX.
FAMILIES = {
    "BSD": "BSD-",
    "MIT": "MIT",
    "Apache": "Apache-",
    "Mozilla": "MPL-",
    "EUPL": "EUPL-",
    "GNU General Public": "GPL-",
}
BY_FILE = {"Permission is hereby granted, free of charge": "MIT", "Redistribution and use in source and binary": "BSD-"}
# Packages whose metadata point to something else: Leaflet's own licence; the head of its README.
STATED_ELSEWHERE = {"xstatic-leaflet": "(same as Leaflet)", "sedonadb": None}

# Imported, and a part of the other one's interface.
COMES_WITH = {"affine": "rasterio", "markupsafe": "jinja2", "pandas": "geopandas", "pydantic_core": "pydantic"}


def table_of(root, title):
    """Return the rows of the table under a heading, by name."""
    text = (root / "docs" / "dependencies.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.M)
    (found,) = [part for part in section if part.startswith(title)]
    cells = [
        [cell.strip() for cell in line.strip("|\n").split("|")] for line in found.splitlines() if line.startswith("| ")
    ]
    head, *rows = cells
    assert head == ["name", "lowest", "tried", "licence", "last release", "why it is there"]
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


def asked_for(extra):
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"][extra] if extra else project["dependencies"]


def families_of(name):
    """Return how the SPDX names of a package's licences begin, by its metadata, else by its licence file."""
    found = metadata.metadata(name)
    if expression := found.get("License-Expression"):
        return {expression}
    stated = [
        found.get("License") or "",
        *(one for one in found.get_all("Classifier") or [] if one.startswith("License")),
    ]
    known = {spdx for line in stated for word, spdx in FAMILIES.items() if word in line[:200]}
    if known:
        return known
    texts = [
        file.read_text(encoding="utf-8")
        for file in metadata.files(name) or ()
        if "LICEN" in file.name.upper() and file.suffix != ".py"
    ]
    return {spdx for text in texts for begin, spdx in BY_FILE.items() if begin in text}


@pytest.mark.parametrize(("title", "extra"), TABLES.items())
def test_names_and_bounds_are_those_that_are_asked_for(root, title, extra):
    rows = table_of(root, title)
    written = {f"{name}>={row['lowest'].replace(' to below ', ',<')}" for name, row in rows.items()}
    assert written == set(asked_for(extra))
    for name, row in rows.items():
        assert Version(row["lowest"].split()[0]) <= Version(row["tried"]), name
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", row["last release"]), name
        assert len(row["why it is there"]) > 4, name


@pytest.mark.parametrize(("title", "extra"), TABLES.items())
def test_licences_are_those_that_the_packages_state(root, title, extra):
    looked_at = 0
    for name, row in table_of(root, title).items():
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            assert extra == "bench", f"{name} is not installed"
            continue
        looked_at += 1
        if name in STATED_ELSEWHERE:
            assert metadata.metadata(name).get("License") == STATED_ELSEWHERE[name]
            continue
        families = families_of(name)
        assert families, f"{name} states no licence"
        assert any(row["licence"].startswith(family) for family in families), (name, row["licence"], families)
    assert looked_at or extra == "bench"


def test_every_library_that_the_package_imports_is_asked_for(root):
    """Whatever geoharm imports is the standard library, itself, or a dependency: nothing comes by chance with another one."""
    imported = set()
    for path in (root / "geoharm").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    others = imported - sys.stdlib_module_names - {"geoharm"}
    by_module = metadata.packages_distributions()
    asked = {re.split(r"[<>=]", line)[0].lower().replace("_", "-") for line in asked_for(None)}
    unasked = {name for name in others if not {one.lower().replace("_", "-") for one in by_module[name]} & asked}
    assert unasked == set(COMES_WITH)
    assert set(COMES_WITH.values()) <= asked


def test_lowest_versions_are_the_bounds():
    found = lowest_versions.lowest_versions()
    assert [f"{name}>={version}" for name, version in found.items()] == [
        line.split(",")[0] for line in (*asked_for(None), *asked_for("test"))
    ]


@pytest.mark.parametrize("line", ["numpy", "numpy==2.0", "numpy<3", "numpy>=2.0,!=2.1"])
def test_a_dependency_without_a_lower_bound_is_refused(monkeypatch, tmp_path, line):
    planted = tmp_path / "pyproject.toml"
    planted.write_text(
        f'[project]\ndependencies = ["{line}"]\noptional-dependencies = {{ test = [] }}\n', encoding="utf-8"
    )
    monkeypatch.setattr(lowest_versions, "PYPROJECT", planted)
    with pytest.raises(ValueError, match=re.escape(f'"{line}" in pyproject.toml has no lower bound')):
        lowest_versions.lowest_versions()
