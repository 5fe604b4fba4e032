"""Reads layouts, and finds the one that fits a file."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from geoharm._schema import read_tables
from geoharm.errors import StudyError
from geoharm.geo.ground_layouts.schema import ANY, KIND_KEYS, GroundLayerTable, LayoutFile
from geoharm.model.ground import GroundKind

_KINDS = dict(zip(KIND_KEYS, GroundKind, strict=True))


@dataclass(frozen=True, slots=True)
class LayerRule:
    """What the features of some layers are.

    Attributes
    ----------
    layers : tuple of str
        Names of the layers in small letters; * stands for any letters.
    columns : tuple of str
        Columns that may tell the kinds apart; the first that a layer has does. Empty if all features are of one kind.
    kinds : mapping of str to (GroundKind, int)
        Kind and rank by value, in small letters; "*" is any value.
    names : tuple of str
        Columns with names; the first with a text names a feature.
    names_only : bool
        Whether its lines only carry names.
    """

    layers: tuple[str, ...]
    columns: tuple[str, ...]
    kinds: Mapping[str, tuple[GroundKind, int]]
    names: tuple[str, ...]
    names_only: bool

    def fits(self, layer: str, columns: Sequence[str]) -> bool:
        """Return whether a layer is one of these, and has a column that tells the kinds apart."""
        return self.is_for(layer) and (not self.columns or self.column_of(columns) != "")

    def is_for(self, layer: str) -> bool:
        """Return whether a layer has one of the names."""
        return any(fnmatch.fnmatchcase(layer.lower(), name) for name in self.layers)

    def column_of(self, columns: Sequence[str]) -> str:
        """Return the column of a layer that tells the kinds apart, as the layer spells it; empty if it has none."""
        spelt = {column.lower(): column for column in reversed(columns)}
        return next((spelt[column.lower()] for column in self.columns if column.lower() in spelt), "")


@dataclass(frozen=True, slots=True)
class Layout:
    """A publisher's layout of ground files.

    Attributes
    ----------
    title, attribution : str
    known_by : tuple of str
        Columns that a layer must have to be one of the layout.
    rules : tuple of LayerRule
    """

    title: str
    attribution: str
    known_by: tuple[str, ...]
    rules: tuple[LayerRule, ...]

    def rules_for(self, layer: str, columns: Sequence[str]) -> tuple[LayerRule, ...]:
        """Return the rules that a layer fits."""
        has = {column.lower() for column in columns}
        if not all(column.lower() in has for column in self.known_by):
            return ()
        return tuple(rule for rule in self.rules if rule.fits(layer, columns))


def layer_rule(table: GroundLayerTable) -> LayerRule:
    """Return the rule of a table.

    Raises
    ------
    StudyError
        If it says neither what all features are nor which values of a column are of a kind.
    """
    kinds = {
        value.lower(): (_KINDS[key], rank if key == "place" else 0)
        for key in KIND_KEYS
        for rank, value in enumerate(getattr(table, key))
    }
    if bool(table.all) == bool(table.column) or bool(table.all) == bool(kinds):
        msg = (
            "it must say what the features are: by column and the values of main, middle, small, railway, water, green, "
            "outline or place; or by all."
        )
        raise StudyError([msg])
    if table.all:
        kinds = {ANY: (_KINDS[table.all], 0)}
    layers = tuple(name.lower() for name in table.layer)
    return LayerRule(layers, tuple(table.column), kinds, tuple(table.name), table.names_only)


@functools.cache
def shipped_layouts() -> tuple[Layout, ...]:
    """Return the layouts that are shipped with geoharm, in the order of their file names."""
    files = sorted(
        (file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(_read(file.read_text(encoding="utf-8"), file.name) for file in files)


def layout_of(layers: Mapping[str, Sequence[str]]) -> Layout | None:
    """Return the shipped layout that most layers of a file fit; None if none does.

    Parameters
    ----------
    layers : mapping of str to sequence of str
        Columns of every layer by its name.
    """
    fitting = [
        sum(bool(layout.rules_for(layer, columns)) for layer, columns in layers.items()) for layout in shipped_layouts()
    ]
    return shipped_layouts()[fitting.index(max(fitting))] if any(fitting) else None


def _read(text: str, file: str) -> Layout:
    content, mistakes = read_tables(LayoutFile, text, file=file)
    if mistakes.sentences:
        raise StudyError(mistakes.sentences)
    about = content.layout
    return Layout(
        about.title, about.attribution, tuple(about.known_by), tuple(layer_rule(table) for table in content.layer)
    )
