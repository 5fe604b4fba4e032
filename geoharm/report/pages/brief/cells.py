"""Parts that several pages of the brief share: the state of an effect, its bar and its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from markupsafe import Markup

from geoharm.answer.multiplication import compared_with
from geoharm.answer.nouns import Comparison
from geoharm.disclosure.released import ReleasedEffect
from geoharm.evaluation.claims import LEAD_LEVEL
from geoharm.evaluation.effects import change_interval
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.estimate import Interval
from geoharm.model.suppressed import Suppressed
from geoharm.report import format_numbers, palette
from geoharm.report.charts.effects import reading_mark
from geoharm.report.charts.marks import Scale
from geoharm.report.charts.small_multiples import common_scale, interval_bar
from geoharm.report.wording.states import shown_reading, state_words
from geoharm.report.wording.verdict import Verdict

BAR_WIDTH = 224.0
# Of bars that stand in a table with a row each.
ROW_BAR_WIDTH = 220.0
ZONES = (("target", "Target area"), (ALL_RINGS, "Rings"), (TARGET_AND_RINGS, "Both together"))
CellT = TypeVar("CellT")


@dataclass(frozen=True, slots=True)
class StateCell:
    """One measure in one zone: its state as mark, word and colour.

    Attributes
    ----------
    mark : Markup
    word : str
    tone : str
        Class of the cell's ground: "fell" or "rose" for a finding on a harm, else empty.
    is_strong : bool
        Whether the word is bold: a change that is found or probable.
    """

    mark: Markup
    word: str
    tone: str
    is_strong: bool


@dataclass(frozen=True, slots=True)
class ZoneLine(Generic[CellT]):
    """One measure in target, rings and both together: a row of the balance, or of page 2."""

    name: str
    who: str
    cells: tuple[CellT, ...]


def state_cell(effect: ReleasedEffect, *, is_harm: bool) -> StateCell:
    """Return the state of an effect; entries to treatment are ink, because better or worse is for values to say."""
    reading = shown_reading(effect)
    is_finding = reading is not None and reading.is_finding
    direction = 0 if reading is None else reading.direction
    mark = reading_mark(reading, colour=palette.INK if direction and not is_harm else "")
    tone = {-1: "fell", 1: "rose"}.get(direction, "") if is_finding and is_harm else ""
    return StateCell(mark, state_words(effect), tone, is_strong=bool(direction))


def zone_name(zone: str) -> str:
    """Return the name of a zone within a sentence or a cell."""
    return {"target": "target area", ALL_RINGS: "rings", TARGET_AND_RINGS: "both together"}.get(zone, zone)


def drawn_interval(effect: ReleasedEffect) -> Interval | None:
    """Return the 95% interval of the change, or None: noise of counting alone is never drawn in the brief."""
    is_drawn = effect.ratio.calibrated and not effect.is_refused and not effect.is_withheld
    return effect.interval if is_drawn and math.isfinite(effect.interval.low) else None


def narrow_interval(effect: ReleasedEffect) -> Interval | None:
    """Return the 80% interval of the change, on which "probably" rests; None where no interval is drawn."""
    after, wide = effect.after, drawn_interval(effect)
    if wide is None or isinstance(after, Suppressed):
        return None
    narrow = change_interval(after, effect.expected, effect.ratio, effect.difference, LEAD_LEVEL)
    # Rounding in a release may move the one past the other.
    return Interval(max(narrow.low, wide.low), min(narrow.high, wide.high), LEAD_LEVEL)


def bars_scale(effects: Sequence[ReleasedEffect]) -> Scale:
    """Return the common scale of page 2, in events."""
    spans = [span for effect in effects if (span := drawn_interval(effect)) is not None]
    return common_scale(spans, [effect.change for effect in effects], BAR_WIDTH)


def effect_colour(effect: ReleasedEffect, *, is_harm: bool) -> str:
    """Return the colour of a bar: that of a change, found or probable, ink for entries to treatment, slate for the rest."""
    direction = effect.reading.direction
    if not is_harm:
        return palette.INK if direction else palette.SLATE
    return {-1: palette.LESS_HARM, 1: palette.MORE_HARM}.get(direction, palette.SLATE)


def effect_bar(effect: ReleasedEffect, scale: Scale, *, is_harm: bool, height: float = 28.0) -> Markup:
    """Return the bar of a change on a common scale; nothing if it is withheld or not known."""
    if effect.is_withheld or math.isnan(effect.change):
        return Markup("")
    return interval_bar(
        effect.change,
        drawn_interval(effect),
        scale,
        effect_colour(effect, is_harm=is_harm),
        narrow=narrow_interval(effect),
        is_hollow=effect.reading.is_probable,
        height=height,
    )


def difference_text(effect: ReleasedEffect) -> str:
    """Return a change with its interval."""
    return f"{format_numbers.signed_text(effect.change)} {interval_text(effect)}"


def interval_text(effect: ReleasedEffect) -> str:
    """Return the 95% interval of a change, or that there is none."""
    span = drawn_interval(effect)
    if span is None:
        return "no interval"
    return f"({format_numbers.signed_text(span.low)} to {format_numbers.signed_text(span.high)})"


def expected_text(effect: ReleasedEffect) -> str:
    """Return an expected count; nothing if it is not known."""
    return "" if math.isnan(effect.expected) else f"{round(effect.expected):,}"


def comparisons(verdict: Verdict) -> set[Comparison]:
    """Return what the counts that are shown in the balance are compared with."""
    return {compared_with(effect) for row in verdict.balance for effect in row.effects if not effect.is_withheld}
