"""The brief: four pages for the board. Headline and balance, harm by harm, where and when, doubts and data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from markupsafe import Markup

from geoharm import _text
from geoharm.answer.balance import (
    control_rate_ratio,
    daily_rate_ratio,
    headline_facts,
    is_counted_harm,
    profile_answers,
)
from geoharm.answer.headline import together_clause
from geoharm.answer.multiplication import compared_with
from geoharm.answer.nouns import BalanceRow, Clause, Comparison, Description, Multiplication, ProfileAnswer, Together
from geoharm.answer.questions import phase_effects
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.harm.results.net_harm import NetHarm
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import FileLedger, SourceLedger
from geoharm.model.reading import Reading
from geoharm.model.table_ledger import TableLedger
from geoharm.report import format_numbers, palette
from geoharm.report.cells import before_after_cell
from geoharm.report.charts.distance_stems import stems_charts
from geoharm.report.charts.effects import reading_colour, reading_mark, series_chart, step_name
from geoharm.report.charts.marks import Scale
from geoharm.report.charts.places import MAX_DOTS, places_charts
from geoharm.report.charts.small_multiples import axis, centred_bar, common_scale, interval_bar
from geoharm.report.document import Chart, Legend
from geoharm.report.maps.static_map import operation_map
from geoharm.report.section_html import block_html, chart_html, legend_swatch
from geoharm.report.sections.evidence import change_label, place_classes
from geoharm.report.sections.values import net_harm_text
from geoharm.report.wording.description import COUNTED_ROWS
from geoharm.report.wording.mitigation import margin_words
from geoharm.report.wording.places_like_it import class_cells, evidence_texts, rank_heading
from geoharm.report.wording.states import recorder_words, shown_reading, state_words
from geoharm.report.wording.value_answers import ANSWER_WORDS, count_of_answers, refusal_words, what_would_turn_it
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import note_text, released_total

# On page 2: with more measures, those without a finding or a lead become one line.
MAX_ROWS = 5
# On page 4: of more files, the rest are one line.
MAX_FILES = 8
MAX_DOUBTS = 3
_BAR_WIDTH, _PHASE_WIDTH = 224.0, 220.0
_MINUS = "\u2212"
_TIMES = "\u00d7"
_DIVIDED = "\u00f7"


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
        Whether the word is bold: a finding or a lead.
    """

    mark: Markup
    word: str
    tone: str
    is_strong: bool


@dataclass(frozen=True, slots=True)
class MultipleCell:
    """One measure in one zone on page 2: the bar and its numbers.

    Attributes
    ----------
    state : StateCell
    tag : str
        "largest fall" or "largest rise", on findings only; else empty.
    bar : Markup
    difference, interval, counts, note : str
        The note says why there is no interval; it may be empty.
    """

    state: StateCell
    tag: str
    bar: Markup
    difference: str
    interval: str
    counts: str
    note: str


CellT = TypeVar("CellT", StateCell, MultipleCell)


@dataclass(frozen=True, slots=True)
class ZoneLine(Generic[CellT]):
    """One measure in target, rings and both together: a row of the balance, or of page 2."""

    name: str
    who: str
    cells: tuple[CellT, ...]


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line to multiply: what it is about, and its cells of (symbol, number, meaning)."""

    name: str
    zone: str
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ValueLine:
    """What one set of values says: its bar, its sum and its answer."""

    name: str
    about: str
    bar: Markup
    total: str
    unit: str
    mark: Markup
    answer: str


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One phase of the time after, in the target area."""

    name: str
    days: str
    counted: str
    expected: str
    bar: Markup
    difference: str
    state: StateCell


@dataclass(frozen=True, slots=True)
class DistanceLine:
    """One zone without an interval: counts, what the control area suggests, and the difference."""

    name: str
    before: str
    after: str
    expected: str
    difference: str
    state: StateCell


@dataclass(frozen=True, slots=True)
class DescriptionLine:
    """The target area with some rows counted: its counts, what the control area suggests, and the difference."""

    name: str
    before: str
    after: str
    expected: str
    bar: Markup
    difference: str


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of the study, and what became of its rows."""

    name: str
    measures: str
    recorder: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What places like it did: a heading that says it, short texts, the figure in two widths, and its table."""

    heading: str
    texts: tuple[str, ...]
    charts: tuple[Chart, Chart]
    classes: tuple[tuple[str, str], ...]


FILE_HEADS = ("Read", "Kept", "Rejected", "Duplicate", "No place")
ZONES = (("target", "Target area"), (ALL_RINGS, "Rings"), (TARGET_AND_RINGS, "Both together"))


# -- Page 1 -----------------------------------------------------------------------------------------------------------


def state_cell(effect: ReleasedEffect, *, is_harm: bool) -> StateCell:
    """Return the state of an effect; entries to treatment are ink, because better or worse is for values to say."""
    reading = shown_reading(effect)
    is_finding = reading is not None and reading.is_finding
    direction = 0 if reading is None else reading.direction
    mark = reading_mark(reading, colour=palette.INK if direction and not is_harm else "")
    tone = {-1: "fell", 1: "rose"}.get(direction, "") if is_finding and is_harm else ""
    return StateCell(mark, state_words(effect), tone, is_strong=bool(direction))


def balance_lines(verdict: Verdict) -> list[ZoneLine[StateCell]]:
    """Return every harm in every zone, then entries to treatment."""
    return [
        ZoneLine(
            _text.capitalised(row.measure.measure.name),
            _who(row),
            tuple(state_cell(effect, is_harm=row.is_harm) for effect in row.effects),
        )
        for row in verdict.balance
    ]


def balance_comparison(verdict: Verdict) -> str:
    """Return what the balance is compared with; the comparison is named only if it is the same everywhere."""
    comparisons = _comparisons(verdict)
    if comparisons == {Comparison.PLACES_LIKE_IT}:
        return "Against what places like it suggest. Numbers: page 2."
    if comparisons == {Comparison.CONTROL_AREA}:
        return "Against what the control area did. No answer here is a finding."
    return "Against what places like it suggest; where none compare, the control area. Numbers: page 2."


def _comparisons(verdict: Verdict) -> set[Comparison]:
    return {compared_with(effect) for row in verdict.balance for effect in row.effects if not effect.is_withheld}


def sum_lines(lines: Sequence[Multiplication]) -> list[SumLine]:
    """Return the lines that a reader can multiply."""
    return [_sum_line(line, is_short=len(lines) > 1) for line in lines]


def _sum_line(line: Multiplication, *, is_short: bool) -> SumLine:
    measure, effect = line.change.measure.measure, line.change.effect
    by = "places like it" if line.comparison is Comparison.PLACES_LIKE_IT else "the control area"
    numbers = (
        ("", f"{line.before:,}"),
        (_TIMES, f"{line.days_after:,} {_DIVIDED} {line.days_before:,}"),
        (_TIMES, f"{line.factor:,.{line.decimals}f}"),
        ("=", f"{line.expected:,}"),
        ("", f"{line.after:,} {_MINUS} {line.expected:,}"),
        ("=", format_numbers.signed_text(line.difference)),
    )
    before, days = f"{measure.unit} before, in {line.days_before:,} days", f"days after {_DIVIDED} days before"
    meanings = (
        before,
        days,
        f"forecast from {by}" if line.comparison is Comparison.PLACES_LIKE_IT else f"what {by} did",
        "expected after",
        "counted, less expected",
        "difference",
    )
    if is_short:
        meanings = ("before", "days after, before", by, "expected", "counted, less that", "difference")
    cells = tuple((*number, meaning) for number, meaning in zip(numbers, meanings, strict=True))
    return SumLine(measure.name, zone_name(effect.zone), cells)


def zone_name(zone: str) -> str:
    """Return the name of a zone within a sentence or a cell."""
    return {"target": "target area", ALL_RINGS: "rings", TARGET_AND_RINGS: "both together"}.get(zone, zone)


def evidence(verdict: Verdict) -> Evidence | None:
    """Return what places like it did, beside the primary measure and the harms that rose; None if it is not known.

    One measure comes with the table of its classes; with several there is no room for tables, which the annex has.
    """
    shown = [
        (change, change.effect.placebo.distribution)
        for change in (line.change for line in verdict.multiplications)
        if change.effect.placebo and change.effect.placebo.distribution
    ]
    if not shown:
        return None
    is_alone = len(shown) == 1
    panels = [
        place_classes(
            _text.capitalised(zone_name(change.effect.zone)) if is_alone else change_label(change),
            distribution,
            effect_colour(change.effect, is_harm=is_counted_harm(change.measure)),
        )
        for change, distribution in shown
    ]
    heading = rank_heading([(change.measure.measure.name, distribution) for change, distribution in shown])
    charts = places_charts(panels, f"{heading}. The classes are in a table.")
    return Evidence(
        heading,
        evidence_texts(shown[0][1], is_alone=is_alone, is_dots=is_alone and shown[0][1].pool <= MAX_DOTS),
        charts,
        class_cells(shown[0][1]) if is_alone else (),
    )


def facts(release: Release, operation: ReleasedOperation) -> list[tuple[str, str]]:
    """Return the facts beside the balance."""
    design, study_operation = operation.design, operation.design.operation
    effect = operation.primary.effect("target")
    check = effect.placebo
    is_forecast = compared_with(effect) is Comparison.PLACES_LIKE_IT and check is not None
    plan = release.preregistration
    status = "a plan was locked first" if plan.is_confirmatory else "no plan was locked first"
    if plan.digest and not plan.is_confirmatory:
        status = "see the plan, page 4"
    chosen = format_numbers.days_text(study_operation.chosen_on) if study_operation.chosen_on else "not stated"
    return [
        ("Target area", f"{design.of_role(ZoneRole.TARGET)[0].area_km2:.2f} km\u00b2, {study_operation.target_note}"),
        ("Chosen on", chosen),
        ("Before", format_numbers.window_text(design.before)),
        ("After", format_numbers.window_text(design.after)),
        ("Compared with", f"{check.pool:,} places like it" if is_forecast and check else "the control area"),
        ("Status", f"{plan.kind}: {status}"),
    ]


def _who(row: BalanceRow) -> str:
    return row.measure.measure.recorded_by if row.is_harm else "not a harm"


# -- Page 2 -----------------------------------------------------------------------------------------------------------


def has_intervals(verdict: Verdict) -> bool:
    """Return whether any change has an interval that was learned at places like it."""
    return any(_span(effect) is not None for row in verdict.balance for effect in row.effects)


def primary_has_interval(operation: ReleasedOperation) -> bool:
    """Return whether the change of the primary measure in the target area has an interval learned at places like it."""
    return _span(operation.primary.effect("target")) is not None


def multiple_lines(verdict: Verdict) -> tuple[list[ZoneLine[MultipleCell]], str]:
    """Return the rows of page 2, and a sentence on the rows that page 2 has no room for; empty if it has all."""
    rows = list(verdict.balance)
    left_out: list[BalanceRow] = []
    if len(rows) > MAX_ROWS:
        quiet = [row for row in rows if not any(effect.reading.direction for effect in row.effects)]
        left_out = quiet[-(len(rows) - MAX_ROWS) :]
        rows = [row for row in rows if row not in left_out]
    effects = [effect for row in rows for effect in row.effects if not effect.is_withheld]
    scale = bars_scale(effects)
    extremes = _extremes(rows)
    lines = [
        ZoneLine(
            _text.capitalised(row.measure.measure.name),
            recorder_words(row.measure) if row.is_harm else "not a harm: a gain or a loss is for values to say",
            tuple(_multiple_cell(effect, row, scale, extremes) for effect in row.effects),
        )
        for row in rows
    ]
    names = format_numbers.join_with_and([row.measure.measure.name for row in left_out])
    return lines, f"Also cannot tell, in any zone: {names}. The counts are in the annex." if left_out else ""


def multiples_comparison(verdict: Verdict) -> str:
    """Return what page 2 compares with."""
    comparisons = _comparisons(verdict)
    if comparisons == {Comparison.PLACES_LIKE_IT}:
        return "against what places like it suggest"
    return "against what places like it suggest (without an interval: the control area)"


def key_entries() -> list[tuple[Markup, str]]:
    """Return the marks of page 2 with their meanings."""
    scale = common_scale([], [-1.0, 1.0], 46.0)
    bar = interval_bar(
        0.0, Interval(-0.8, 0.8, 0.95), Scale(-1, 1, scale.left, scale.right), palette.SLATE, height=14.0
    )
    return [
        (bar, "dot: best estimate; line: 95% interval; hollow dot: no interval is possible"),
        (reading_mark(Reading.FELL), "fell: all of the line is left of zero"),
        (reading_mark(Reading.ROSE), "rose: all of it is right of zero"),
        (reading_mark(Reading.SIGNAL_FALL), "a lead, not a finding"),
        (reading_mark(Reading.CANNOT_TELL), "cannot tell: the counts fit both"),
    ]


def bars_scale(effects: Sequence[ReleasedEffect]) -> Scale:
    """Return the common scale of page 2, in events."""
    spans = [span for effect in effects if (span := _span(effect)) is not None]
    return common_scale(spans, [effect.change for effect in effects], _BAR_WIDTH)


def scale_axis(verdict: Verdict) -> Markup:
    """Return the axis above each column of page 2."""
    effects = [effect for row in verdict.balance for effect in row.effects if not effect.is_withheld]
    return axis(bars_scale(effects))


def _span(effect: ReleasedEffect) -> Interval | None:
    """Return the 95% interval of the change, or None: noise of counting alone is never drawn in the brief."""
    is_drawn = effect.ratio.calibrated and not effect.is_refused and not effect.is_withheld
    return effect.interval if is_drawn and math.isfinite(effect.interval.low) else None


def _extremes(rows: Sequence[BalanceRow]) -> dict[int, str]:
    """Return the tags of the largest fall and the largest rise among findings on harms, by the identity of the effect."""
    found = [effect for row in rows if row.is_harm for effect in row.effects if effect.reading.is_finding]
    falls = [effect for effect in found if effect.reading is Reading.FELL]
    rises = [effect for effect in found if effect.reading is Reading.ROSE]
    tags = {}
    if falls:
        tags[id(min(falls, key=lambda effect: effect.change))] = "largest fall"
    if rises:
        tags[id(max(rises, key=lambda effect: effect.change))] = "largest rise"
    return tags


def _multiple_cell(effect: ReleasedEffect, row: BalanceRow, scale: Scale, extremes: dict[int, str]) -> MultipleCell:
    state = state_cell(effect, is_harm=row.is_harm)
    if effect.is_withheld:
        note = note_text(effect.note) if effect.note else "a count is under the limit of the release"
        return MultipleCell(state, "", Markup(""), "", "", before_after_cell(effect.before, effect.after).text, note)
    span = _span(effect)
    return MultipleCell(
        state,
        extremes.get(id(effect), ""),
        interval_bar(effect.change, span, scale, effect_colour(effect, is_harm=row.is_harm)),
        format_numbers.signed_text(effect.change),
        _interval_text(effect),
        _counts_text(effect),
        "" if span is not None else _no_interval_reason(effect),
    )


def effect_colour(effect: ReleasedEffect, *, is_harm: bool) -> str:
    """Return the colour of a bar: that of a finding, ink for entries to treatment, slate for the rest."""
    if not is_harm:
        return palette.INK if effect.reading.direction else palette.SLATE
    return reading_colour(effect.reading)


def effect_bar(effect: ReleasedEffect, scale: Scale, *, is_harm: bool) -> Markup:
    """Return the bar of a change on a common scale; nothing if it is withheld or not known."""
    if effect.is_withheld or math.isnan(effect.change):
        return Markup("")
    return interval_bar(effect.change, _span(effect), scale, effect_colour(effect, is_harm=is_harm))


def difference_text(effect: ReleasedEffect) -> str:
    """Return a change with its interval."""
    return f"{format_numbers.signed_text(effect.change)} {_interval_text(effect)}"


def _interval_text(effect: ReleasedEffect) -> str:
    span = _span(effect)
    if span is None:
        return "no interval"
    return f"({format_numbers.signed_text(span.low)} to {format_numbers.signed_text(span.high)})"


def _counts_text(effect: ReleasedEffect) -> str:
    counts = before_after_cell(effect.before, effect.after).text
    return counts if math.isnan(effect.expected) else f"{counts}, expected {round(effect.expected):,}"


def _no_interval_reason(effect: ReleasedEffect) -> str:
    if effect.is_refused or not effect.ratio.is_defined:
        return note_text(effect.note)
    return "an interval of counting noise alone is too narrow, and not drawn"


# -- Page 2: sets of values -------------------------------------------------------------------------------------------


def value_lines(operation: ReleasedOperation) -> list[ValueLine]:
    """Return what every set of values says of all harms together."""
    assessment = operation.harm
    if assessment is None:
        return []
    answers = {answer.profile: answer for answer in profile_answers(operation)}
    nets = {net.profile: net for net in assessment.in_zone(TARGET_AND_RINGS)}
    return [
        _value_line(profile.name, profile.about, nets[profile.name], answers[profile.name])
        for profile in assessment.profiles
        if profile.name in nets and profile.name in answers
    ]


def _value_line(name: str, about: str, net: NetHarm, answer: ProfileAnswer) -> ValueLine:
    reading = {Together.FELL: Reading.FELL, Together.ROSE: Reading.ROSE}.get(answer.together, Reading.CANNOT_TELL)
    refusal = refusal_words(net)
    words = ANSWER_WORDS[answer.together]
    if answer.broken:
        words += f"; its veto on {format_numbers.join_with_and(sorted(set(answer.broken)))} is broken"
    return ValueLine(
        _text.capitalised(name),
        about.split(";", maxsplit=1)[0].split(". ", maxsplit=1)[0].rstrip("."),
        centred_bar(net.low, net.high, None if refusal else net.interval, reading_colour(reading)),
        refusal or net_harm_text(net),
        "" if refusal else f"1 is {net.reference}",
        reading_mark(reading),
        words,
    )


def say_line(operation: ReleasedOperation) -> str:
    """Return the count of answers as a sentence; what is missing if there are none."""
    answers = profile_answers(operation)
    clause = together_clause(headline_facts(operation))
    if clause is None:
        return "Not added up: no sets of values, or no harm, were given."
    if clause is Clause.TOGETHER_ONE_HARM:
        return "Only one harm was counted, so there is nothing to add up: what other harms did is not known."
    return count_of_answers(answers)


def turning_line(operation: ReleasedOperation) -> str:
    """Return at which weights the answer turns."""
    return what_would_turn_it(operation.harm.acceptability_in(TARGET_AND_RINGS) if operation.harm else None)


# -- Page 2 without intervals: by distance ----------------------------------------------------------------------------


def description_lines(description: Description) -> list[DescriptionLine]:
    """Return the target area counted in several ways, each with a hollow dot: there is no interval."""
    known = [effect.change for _, effect in description.rows if math.isfinite(effect.change)]
    scale = common_scale([], known, _PHASE_WIDTH)
    lines = []
    for counted, effect in description.rows:
        is_known = math.isfinite(effect.change) and not effect.is_withheld
        share = (
            format_numbers.signed_text(100 * effect.change / effect.expected) if is_known and effect.expected else ""
        )
        lines.append(
            DescriptionLine(
                COUNTED_ROWS[counted],
                format_numbers.count_text(effect.before),
                format_numbers.count_text(effect.after),
                f"{round(effect.expected):,}" if math.isfinite(effect.expected) else "",
                interval_bar(effect.change, None, scale, palette.SLATE, height=22.0) if is_known else Markup(""),
                f"{format_numbers.signed_text(effect.change)} ({share}%)" if is_known else note_text(effect.note),
            )
        )
    return lines


def distance_charts(operation: ReleasedOperation) -> tuple[Chart, Chart]:
    """Return events a day after, as a multiple of the level before, by zone: for wide and for narrow pages."""
    zones = [effect for effect in operation.primary.effects if effect.zone in _own_zones(operation)]
    rows = [(_zone_label(effect.zone, operation), daily_rate_ratio(effect)) for effect in zones]
    return stems_charts(rows, control_rate_ratio(operation.primary.effect("target")))


def distance_lines(operation: ReleasedOperation) -> list[DistanceLine]:
    """Return the counts behind the figure: every zone, then all rings and both together."""
    wanted = (*_own_zones(operation), ALL_RINGS, TARGET_AND_RINGS)
    return [
        _distance_line(_zone_label(effect.zone, operation), operation.primary, effect)
        for effect in operation.primary.effects
        if effect.zone in wanted
    ]


def other_harm_lines(verdict: Verdict) -> list[DistanceLine]:
    """Return the counts of every other harm in the three zones."""
    return [
        _distance_line(f"{_text.capitalised(row.measure.measure.name)}, {zone_name(effect.zone)}", row.measure, effect)
        for row in verdict.balance[1:]
        for effect in row.effects
    ]


def _distance_line(name: str, measure: ReleasedMeasure, effect: ReleasedEffect) -> DistanceLine:
    return DistanceLine(
        name,
        format_numbers.count_text(effect.before),
        format_numbers.count_text(effect.after),
        "" if math.isnan(effect.expected) else f"{round(effect.expected):,}",
        "" if math.isnan(effect.change) else format_numbers.signed_text(effect.change),
        state_cell(effect, is_harm=is_counted_harm(measure)),
    )


def _own_zones(operation: ReleasedOperation) -> tuple[str, ...]:
    roles = (ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING)
    return tuple(zone.name for role in roles for zone in operation.design.of_role(role))


def _zone_label(zone: str, operation: ReleasedOperation) -> str:
    if zone in ("target", ALL_RINGS, TARGET_AND_RINGS):
        return _text.capitalised(zone_name(zone))
    gaps = {gap.name for gap in operation.design.of_role(ZoneRole.GAP)}
    label = zone.replace("-", "\u2013")
    return f"{label} (gap)" if zone in gaps else label


# -- Page 3 -----------------------------------------------------------------------------------------------------------


def map_figures(release: Release, operation: ReleasedOperation) -> list[tuple[Markup, str, str]]:
    """Return the maps before and after as (drawing, "Before", days and number of events); none without hotspots."""
    name = operation.primary.measure.name
    hotspots = next((hotspots for hotspots in release.hotspots if hotspots.measure.name == name), None)
    if hotspots is None or not hotspots.breaks:
        return []
    design = operation.design
    figures = []
    for view, (image, events) in hotspots.of(design.operation.name).items():
        if view in ("before", "after"):
            window = format_numbers.window_text(design.before if view == "before" else design.after)
            caption = f"{window}; {released_total(release, events)} located in the city"
            chart = operation_map(release, design, image, f"{_text.capitalised(name)} {view} the operation")
            figures.append((chart_html(chart), view.capitalize(), caption))
    return figures


def map_legend(release: Release, operation: ReleasedOperation) -> Markup:
    """Return the classes of both maps."""
    name = operation.primary.measure.name
    breaks = next((hotspots.breaks for hotspots in release.hotspots if hotspots.measure.name == name), ())
    entries = tuple(
        (legend_swatch(colour), f"{start:,.10g} +") for colour, start in zip(palette.DENSITY, breaks, strict=False)
    )
    return block_html(
        Legend(entries, f"{_text.capitalised(operation.primary.measure.density_unit)} per km\u00b2 per year")
    )


def series_charts(operation: ReleasedOperation) -> tuple[Chart, Chart] | None:
    """Return the series for wide and for narrow pages; None if the counts over time may not be shown."""
    primary = operation.primary
    if not primary.series.step or len(primary.series.starts) < 2:
        return None
    unit = primary.measure.unit
    wide = series_chart(primary.series, operation.design, unit, height=214)
    return wide, series_chart(primary.series, operation.design, unit, width=340, height=230)


def series_step(operation: ReleasedOperation) -> str:
    """Return "month", "quarter" or "half-year"; empty without a series."""
    return step_name(operation.primary.series.step) if operation.primary.series.step else ""


def phases_scale(operation: ReleasedOperation) -> Scale:
    """Return the common scale of the phases, in events."""
    shown = [effect for effect in phase_effects(operation.primary.phases) if not effect.is_withheld]
    spans = [span for effect in shown if (span := _span(effect)) is not None]
    return common_scale(spans, [effect.change for effect in shown], _PHASE_WIDTH)


def phase_lines(operation: ReleasedOperation) -> list[PhaseLine]:
    """Return the primary measure in the target area, phase by phase, on one scale."""
    effects = phase_effects(operation.primary.phases)
    scale = phases_scale(operation)
    days = {phase.name: format_numbers.window_text(phase) for phase in operation.design.phases}
    is_harm = is_counted_harm(operation.primary)
    return [_phase_line(effect, days[effect.window], scale, is_harm=is_harm) for effect in effects]


def _phase_line(effect: ReleasedEffect, days: str, scale: Scale, *, is_harm: bool) -> PhaseLine:
    is_known = not effect.is_withheld and math.isfinite(effect.change)
    state = state_cell(effect, is_harm=is_harm)
    expected = "" if math.isnan(effect.expected) else f"{round(effect.expected):,}"
    difference = ""
    bar = Markup("")
    if is_known:
        difference = f"{format_numbers.signed_text(effect.change)} {_interval_text(effect)}"
        bar = interval_bar(effect.change, _span(effect), scale, effect_colour(effect, is_harm=is_harm), height=22.0)
    counted = format_numbers.count_text(effect.after)
    return PhaseLine(_text.capitalised(effect.window), days, counted, expected, bar, difference, state)


# -- Page 4 -----------------------------------------------------------------------------------------------------------


def mitigation_rows(operation: ReleasedOperation) -> list[tuple[str, str, str, str]]:
    """Return what was planned to soften harm: whether it was done, the harms it was to hold, and what became of them."""
    tests = operation.harm.mitigation if operation.harm else ()
    rows = []
    for mitigation in operation.design.operation.mitigation:
        states = [
            f"{name}: {margin_words([test for test in tests if test.measure == name], reasons=False)}"
            for name in mitigation.measures
        ]
        harms = format_numbers.join_with_and(mitigation.measures) or "none named"
        rows.append(
            (_text.capitalised(mitigation.description), mitigation.delivered, harms, "; ".join(states) or "not known")
        )
    return rows


def file_lines(release: Release) -> tuple[list[FileLine], int]:
    """Return the first files of the study with what became of their rows, and how many more there are."""
    all_lines = [_file_line(release, ledger, file) for ledger in release.all_ledgers for file in ledger.files]
    return list(islice(all_lines, MAX_FILES)), max(0, len(all_lines) - MAX_FILES)


def _file_line(release: Release, ledger: SourceLedger | TableLedger, file: FileLedger) -> FileLine:
    counted = [measure for measure in release.study.measures if measure.source == ledger.source]
    names = [
        f"{measure.name} (activity)" if measure.harm is None and not measure.reporting else measure.name
        for measure in counted
    ]
    recorders = dict.fromkeys(measure.recorded_by for measure in counted)
    has_places = isinstance(ledger, SourceLedger)
    numbers = (file.read, file.kept, file.rejected, file.duplicate)
    texts = [format_numbers.count_text(number) for number in numbers]
    texts.append(format_numbers.count_text(file.no_place) if has_places else "\u2013")
    return FileLine(file.file, "; ".join(names) or ledger.source, "; ".join(recorders) or "\u2013", tuple(texts))
