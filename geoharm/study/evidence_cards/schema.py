"""The schema of evidence cards."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from geoharm._schema import Name, Table, Text


class CardFile(Table):
    """An evidence card of geoharm: what is known about one tactic, with its source."""

    model_config = ConfigDict(title="geoharm evidence card")

    name: Name = Field(description="Name for readers.")
    tactic: Name = Field(description="The tactic of which it speaks.")
    finding: Text = Field(description="What was found.")
    strength: Text = Field(description="How strong the evidence is, and what it rests on.")
    caution: Text = Field(description="What to take care of.")
    citation: Text = Field(description="The source.")
    url: Text = Field(description="Where the source is.")
    licence: Text = Field(description="Licence of these words.")
