"""The schema of a layout of ground files, and of a ground layer that a study describes itself."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field

from geoharm._schema import Name, OneOf, Table, Text

KIND_KEYS = ("main", "middle", "small", "railway", "water", "green", "outline", "place")
ANY = "*"

_Names: TypeAlias = Annotated[list[Name], Field(max_length=200)]
_Values: TypeAlias = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=1000)]


class GroundLayerTable(Table):
    """What the features of some layers of a ground file are."""

    model_config = ConfigDict(title="[[layer]]")

    layer: _Names = Field(
        default=[ANY],
        min_length=1,
        description="Names of the layers, in which * stands for any letters; all if left out.",
    )
    column: _Names = Field(
        default=[],
        description="The column that tells the kinds apart; of several, the first that the layer has.",
    )
    all: Annotated[str, OneOf(KIND_KEYS)] | None = Field(
        default=None, description="Without a column: what all features of the layer are, such as `water`."
    )
    main: _Values = Field(default=[], description="Values of the column for main streets; `*` is any value.")
    middle: _Values = Field(default=[], description="Values for middle streets.")
    small: _Values = Field(default=[], description="Values for small streets.")
    railway: _Values = Field(default=[], description="Values for railways.")
    water: _Values = Field(default=[], description="Values for water: rivers as lines or areas, lakes, the sea.")
    green: _Values = Field(default=[], description="Values for parks, woods and other green areas.")
    outline: _Values = Field(default=[], description="Values for areas that are drawn as outlines with their names.")
    place: _Values = Field(default=[], description="Values for names of places, the most important first.")
    name: _Names = Field(
        default=[], description="The column that names the features; of several, the first with a text in it."
    )
    names_only: bool = Field(
        default=False, description="Whether the lines only carry names, and are drawn from another layer."
    )


class AboutLayoutTable(Table):
    """Which files have the layout, and who publishes them."""

    model_config = ConfigDict(title="[layout]")

    title: Text = Field(description="Name for readers.")
    attribution: str = Field(default="", max_length=500, description="What must be shown on a map drawn from the file.")
    licence: str = Field(default="", max_length=500, description="Licence of the publisher's files.")
    documentation: str = Field(default="", max_length=500, description="Where the publisher describes them.")
    tried_on: str = Field(default="untried", max_length=500, description="The real file that it has read.")
    known_by: _Names = Field(
        default=[], description="Columns that a layer must have, all of them, to be taken for one of this layout."
    )


class LayoutFile(Table):
    """A layout of ground files."""

    model_config = ConfigDict(title="geoharm layout of ground files")

    layout: AboutLayoutTable = Field(description="About the layout.")
    layer: list[GroundLayerTable] = Field(min_length=1, max_length=100, description="Layers.")
