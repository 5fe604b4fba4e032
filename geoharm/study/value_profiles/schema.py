"""The schemas of value profiles and of declared exchange rates: every key with its type, limits, default and meaning."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field

from geoharm._schema import Name, OneOf, Table, Text
from geoharm.model.measure import BORNE_BY, HARM_TYPES, SIGNS_OF, UNITS
from geoharm.model.study import EVENT_KINDS
from geoharm.model.values import SIGNS, USE_OR_DEALING

_Rate: TypeAlias = Annotated[float, Field(gt=0)]


class AboutTable(Table):
    """What every file of values says about itself."""

    name: Name = Field(description="Name for readers.")
    about: Text = Field(description="The values in a sentence.")
    author: Name = Field(description="Whose values these are.")
    date: Name = Field(description="Since when.")
    version: Name = Field(description="Version of the file.")
    source: Text = Field(description="Where the numbers come from.")
    licence: Name = Field(description="Licence of the file.")
    reference: Name = Field(description='The event that weighs 1, such as "one violent incident".')
    example: bool = Field(default=False, description="`true` marks an example, nobody's values, on every page.")


class SelectorTable(Table):
    """The measures to which a rule applies; a key that is left out fits all."""

    measure: Name | None = Field(default=None, description="Name of the measure.")
    kind: Annotated[str, OneOf((*EVENT_KINDS, "area_table"))] | None = Field(
        default=None, description="Kind of the measure's source."
    )
    borne_by: Annotated[str, OneOf(BORNE_BY)] | None = Field(default=None, description="Who bears its harm.")
    type: Annotated[str, OneOf(HARM_TYPES)] | None = Field(default=None, description="Type of its harm.")
    unit: Annotated[str, OneOf(UNITS)] | None = Field(default=None, description="Its unit.")
    sign_of: Annotated[str, OneOf((*SIGNS_OF, USE_OR_DEALING))] | None = Field(
        default=None,
        description="Only measures whose events are signs of it, from sources other than police activity: finds of needles show use; others say so in the study file.",
    )
    police_activity: bool = Field(
        default=False, description="`true`: only police activity that a study counts as harm (`count_as_harm`)."
    )


class WeightTable(SelectorTable):
    """The weight of one event of the selected measures; the first rule that fits a measure counts."""

    model_config = ConfigDict(title="[[weight]]")

    sign: Annotated[str, OneOf(tuple(SIGNS))] = Field(default="harm", description="What an event is.")
    weight: float | None = Field(
        default=None,
        ge=0,
        description='How many reference events weigh as much as one event; needed unless the sign is "ignored".',
    )


class VetoTable(SelectorTable):
    """A harm that must not rise."""

    model_config = ConfigDict(title="[[veto]]")

    margin: float = Field(default=0.0, ge=0, description="The accepted rise as a share of the expected count.")
    words: Text = Field(description="The veto in the words of its holder.")


class RequiredTable(SelectorTable):
    """A measure without which there is no sum."""

    model_config = ConfigDict(title="[[required]]")

    words: Text = Field(description='What is required, to be read after "this profile needs".')


class ProfileFile(AboutTable):
    """A value profile of geoharm: one author's weights, signs and vetoes."""

    model_config = ConfigDict(title="geoharm value profile")

    untried: bool = Field(
        default=False,
        description="`true` marks a profile whose importer was not tried on an original file, on every page.",
    )
    weight: list[WeightTable] = Field(
        min_length=1, description="Weights; a measure without a rule that fits is ignored."
    )
    veto: list[VetoTable] = Field(default=[], description="Vetoes.")
    required: list[RequiredTable] = Field(
        default=[],
        description="Without a measure of the study that fits, the answer is that it cannot be told, and never a sum of the rest alone.",
    )


class ExchangeTable(SelectorTable):
    """The range of exchange rates of the selected measures; the first rule that fits a measure counts."""

    model_config = ConfigDict(title="[[exchange]]")

    sign: Annotated[str, OneOf(tuple(SIGNS))] = Field(default="harm", description="What an event is.")
    as_much_as_one: Annotated[list[_Rate], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        examples=[[2, 50]],
        description='How many events weigh as much as one reference event, from few to many; needed unless the sign is "ignored".',
    )


class ExchangeFile(AboutTable):
    """Declared ranges of exchange rates of geoharm: the admissible weightings."""

    model_config = ConfigDict(title="geoharm exchange rates")

    exchange: list[ExchangeTable] = Field(
        min_length=1, description="Ranges; a measure without a rule that fits is ignored."
    )
