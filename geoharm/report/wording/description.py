"""The words of the table that counts the target area in several ways."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.answer.nouns import Counted, Description

COUNTED_ROWS = {
    Counted.OWN_PLACE: "Only rows with their own place",
    Counted.PLACED_BY_ADDRESS: "+ rows whose place is inferred from their address (the study's choice)",
    Counted.UNPLACED_ON_ITS_STREETS: "+ unplaced rows of its streets",
    Counted.ALL_UNPLACED: "+ all unplaced rows",
}


def description_heading(description: Description) -> str:
    """Return what the table shows, as a sentence without a full stop."""
    return (
        "The answer turns on rows without a place"
        if description.turns
        else "Rows without a place do not turn the answer"
    )


def description_note(description: Description) -> str:
    """Return how the rows differ, and the share of rows whose place is inferred from their address."""
    text = "The same target area, counted in several ways; each row of the table lets more in. No interval is possible."
    if math.isnan(description.recovered_before) or math.isnan(description.recovered_after):
        return text
    before, after = (_text.percent_text(share) for share in (description.recovered_before, description.recovered_after))
    return f"{text} {before} of the rows before and {after} after have a place that is inferred from their address."
