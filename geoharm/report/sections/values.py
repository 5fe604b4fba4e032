"""Report section on values: effects in their own units, net harm under each profile, tipping points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.harm.results.net_harm import (
    Acceptability,
    Flip,
    HarmAssessment,
    MeasureHarm,
    NetHarm,
    PartialSum,
    VetoCheck,
)
from geoharm.model.estimate import Interval
from geoharm.model.reason import Note, Withheld
from geoharm.model.values import ValueProfile
from geoharm.report import format_numbers
from geoharm.report.cells import measure_cell, note_value, number_value, text_cell, undefined_reason
from geoharm.report.charts.values import profiles_chart, weightings_chart, weightings_text
from geoharm.report.document import (
    Block,
    BulletList,
    Cell,
    CellStyle,
    Column,
    Figure,
    Missing,
    Notice,
    Paragraph,
    RichText,
    Row,
    Section,
    Subheading,
    Table,
)
from geoharm.report.section_html import strong
from geoharm.report.wording.withheld import note_text

_VETO_WORDS = {"hit": "broken", "kept": "kept", "unknown": "unknown"}
# A longer text is set as text, so that it may break over several lines.
_LONGEST_NUMBER = 35


def values_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return effects without weights, net harm under each profile, and tipping points; none without a harm assessment."""
    assessment = operation.harm
    if assessment is None:
        return ()
    zones = tuple(dict.fromkeys(net.zone for net in assessment.net_harm))
    first_profile_nets = {net.zone: net for net in assessment.net_harm if net.profile == assessment.profiles[0].name}
    lead = (
        "First without weights: each harm's change against what was expected, in its own unit. Then added up. Weights are values, not "
        "facts; activity is in no sum. Left of zero is less harm."
    )
    blocks: list[Block] = [Paragraph(lead, "how"), *_notices(assessment), _effects_table(first_profile_nets, zones)]
    blocks += [Paragraph(note, "small") for note in _measure_notes(first_profile_nets.values())]
    last_zone = zones[-1] if zones else ""
    chart = profiles_chart([net for net in assessment.net_harm if net.zone == last_zone])
    if chart:
        caption = (
            f"All harms added up in {last_zone}, 95% interval, under each profile. Each line has its own scale, because each "
            "profile has its own reference event. Dashed: at least one part includes the noise of counting only, which is "
            "too narrow for a finding."
        )
        blocks.append(Figure(chart, caption))
    blocks.append(_profiles_table(assessment, zones))
    blocks.append(
        BulletList(tuple(_profile_item(profile, assessment, zones) for profile in assessment.profiles), "small")
    )
    blocks.append(_weights_table(assessment, first_profile_nets))
    blocks += _tipping_point_blocks(assessment)
    closing = (
        f"Correlation between measures: {assessment.correlation}. Each measure keeps its own interval; sums are taken over "
        "joint draws. Numbers that a source withholds enter every sum as a range, from the lowest to the highest possible "
        "value."
    )
    blocks.append(Paragraph(closing, "small"))
    return (Section("values", "Net harm, under different values", "For all", tuple(blocks)),)


def bounds_column(head: str, *, short: str = "", name: str = "") -> Column:
    """Return a column of changes that are numbers or ranges; files have both ends of the range and of the interval."""
    base = name or head
    ends = ("lowest estimate", "highest estimate", "low end", "high end", "note")
    return Column(head, short, CellStyle.NUMBER, tuple(f"{base}, {end}" for end in ends))


def net_harm_cell(net: NetHarm, *, style: CellStyle | None = None) -> Cell:
    """Return a cell of a `bounds_column` with net harm in reference events."""
    text = net_harm_text(net)
    if not net.is_known:
        return _unknown_cell(text, net.note, style=style or _style(text))
    return _bounds_cell(text, net.low, net.high, net.interval, calibrated=net.calibrated, style=style or _style(text))


def net_harm_text(net: NetHarm) -> str:
    """Return net harm with its interval, or the reason why it is unknown."""
    if not net.is_known:
        return f"cannot tell: {note_text(net.note)}{_partial_text(net.partial)}"
    return _bounds_text(net.low, net.high, net.interval, calibrated=net.calibrated)


def _partial_text(partial: PartialSum | None) -> str:
    """Return the sum of the parts that have an interval, said to be without the others; empty if there is none."""
    if partial is None:
        return ""
    text = _bounds_text(partial.low, partial.high, partial.interval, calibrated=partial.calibrated)
    return f"; without {format_numbers.join_with_and(partial.without)}: {text}"


def _notices(assessment: HarmAssessment) -> Iterable[Notice]:
    if assessment.missing:
        items = tuple(
            f"There is no {text[2:]}: what happened there is unknown, and no sum includes it."
            for text in assessment.missing
        )
        yield Notice("The picture is incomplete.", items, "incomplete")
    if assessment.limited_objective:
        yield Notice(assessment.limited_objective)


def _effects_table(nets: dict[str, NetHarm], zones: Sequence[str]) -> Table:
    columns = (
        *(Column(head) for head in ("Harm", "Borne by", "Type", "Recorded by", "Unit")),
        *(bounds_column(zone.capitalize()) for zone in zones),
    )
    rows = []
    for position, row in enumerate(_weighted_measures(nets)):
        harm = row.measure.harm
        texts = (
            harm.borne_by if harm else "",
            harm.type if harm else "",
            row.measure.recorder,
            row.measure.unit,
        )
        rows.append(
            Row(
                (
                    measure_cell(row.measure),
                    *map(text_cell, texts),
                    *(_effect_cell(nets[zone].rows[position]) for zone in zones),
                )
            )
        )
    return Table(columns, tuple(rows), "Without weights: change in events (95% interval)")


def _weighted_measures(nets: dict[str, NetHarm]) -> tuple[MeasureHarm, ...]:
    return next(iter(nets.values())).rows if nets else ()


def _effect_cell(row: MeasureHarm) -> Cell:
    if math.isnan(row.low) and math.isnan(row.high):
        text = note_text(row.note) if isinstance(row.note, Withheld) else _text.UNKNOWN
        return _unknown_cell(text, row.note, style=_style(text))
    text = _bounds_text(row.low, row.high, row.interval, calibrated=row.calibrated)
    return _bounds_cell(text, row.low, row.high, row.interval, calibrated=row.calibrated, style=_style(text))


def _style(text: str) -> CellStyle:
    return CellStyle.NUMBER if len(text) <= _LONGEST_NUMBER else CellStyle.TEXT


def _unknown_cell(text: str, note: Note, *, style: CellStyle) -> Cell:
    return Cell(text, (*[undefined_reason(note)] * 4, note_value(note)), style)


def _bounds_cell(text: str, low: float, high: float, interval: Interval, *, calibrated: bool, style: CellStyle) -> Cell:
    note = Missing.NOT_APPLICABLE if calibrated else "counting only"
    numbers = map(number_value, (low, high, interval.low, interval.high))
    return Cell(text, (*numbers, note), style)


def _bounds_text(low: float, high: float, interval: Interval, *, calibrated: bool) -> str:
    """Return a change with its interval; the change is a range if counts are only known within bounds."""
    best_estimate = format_numbers.signed_text(low) if low == high else f"{_end_text(low)} to {_end_text(high)}"
    counting_note = "" if calibrated else ", counting only"
    if math.isinf(interval.low) and math.isinf(interval.high):
        return "unknown: nothing bounds it"
    return f"{best_estimate} ({_end_text(interval.low)} to {_end_text(interval.high)}{counting_note})"


def _end_text(value: float) -> str:
    if math.isinf(value):
        return "unbounded"
    return format_numbers.signed_text(value)


def _measure_notes(nets: Iterable[NetHarm]) -> list[str]:
    """Return the notes of measures, each once, with the zones they apply to."""
    zones_by_note: dict[tuple[str, str], list[str]] = {}
    for net in nets:
        for row in net.rows:
            if row.note and not isinstance(row.note, Withheld):
                zones_by_note.setdefault((row.measure.name, row.note), []).append(net.zone)
    return [f"{name}, {format_numbers.join_with_and(zones)}: {note}." for (name, note), zones in zones_by_note.items()]


def _profiles_table(assessment: HarmAssessment, zones: Sequence[str]) -> Table:
    columns = (Column("Profile"), Column("One is"), *(bounds_column(zone.capitalize()) for zone in zones))
    rows = []
    for profile in assessment.profiles:
        nets = {net.zone: net for net in assessment.of_profile(profile.name)}
        name = text_cell(profile.name + (" (example)" if profile.example else ""))
        rows.append(Row((name, text_cell(profile.reference), *(net_harm_cell(nets[zone]) for zone in zones))))
    return Table(columns, tuple(rows), "Added up under each profile, in the profile's reference events")


def _profile_item(profile: ValueProfile, assessment: HarmAssessment, zones: Sequence[str]) -> RichText:
    """Return what a profile is, who holds it, and its vetoes with their results."""
    nets = {net.zone: net for net in assessment.of_profile(profile.name)}
    holder = f"{profile.author}, {profile.date}, version {profile.version}, {profile.licence}"
    holder += "; importer untried on an original file" if profile.untested else ""
    parts: list[str | Markup] = [strong(f"{profile.name}."), f" {profile.about} {holder}. Source: {profile.source}."]
    for check, text in _veto_texts(nets, zones).items():
        parts += [" ", strong("Veto."), f" {check.words.capitalize()}: {text}."]
    return tuple(parts)


def _veto_texts(nets_by_zone: dict[str, NetHarm], zones: Sequence[str]) -> dict[VetoCheck, str]:
    """Return, for every veto and measure, its first check and a text with the results in all zones."""
    checks_by_veto: dict[tuple[str, str], list[tuple[str, VetoCheck]]] = {}
    for zone in zones:
        for check in nets_by_zone[zone].vetoes:
            checks_by_veto.setdefault((check.words, check.measure), []).append((zone, check))
    texts = {}
    for (_, measure), zone_checks in checks_by_veto.items():
        zones_by_state: dict[tuple[str, str], list[str]] = {}
        for zone, check in zone_checks:
            zones_by_state.setdefault((_VETO_WORDS[check.state], note_text(check.reason)), []).append(zone)
        text = "; ".join(
            f"{state} in {format_numbers.join_with_and(state_zones)} ({reason})"
            for (state, reason), state_zones in zones_by_state.items()
        )
        texts[zone_checks[0][1]] = f"{measure}: {text}" if measure else text
    return texts


def _weights_table(assessment: HarmAssessment, nets: dict[str, NetHarm]) -> Table:
    columns = (
        Column("Harm"),
        *(Column(profile.name, style=CellStyle.NUMBER) for profile in assessment.profiles),
    )
    rows = []
    for row in _weighted_measures(nets):
        weights = [profile.weight(row.measure) for profile in assessment.profiles]
        cells = (Cell(_weight_text(weight), (number_value(weight),)) for weight in weights)
        rows.append(Row((measure_cell(row.measure), *cells)))
    return Table(columns, tuple(rows), "What one event weighs")


def _weight_text(weight: float) -> str:
    if weight == 0:
        return "ignored"
    return f"{abs(weight):g}" if weight > 0 else f"benefit {abs(weight):g}"


def _tipping_point_blocks(assessment: HarmAssessment) -> list[Block]:
    rates = assessment.rates
    lead = (
        f"Admissible weightings: {rates.name} ({rates.author}, {rates.date}, {rates.licence}). {rates.about} One number is "
        "drawn for each group of harms, evenly on the log scale."
    )
    blocks: list[Block] = [Subheading("At which weights the answer changes"), Paragraph(lead, "small")]
    for acceptability in assessment.acceptability:
        sentence = _acceptability_sentence(acceptability)
        if acceptability.flip is not None:
            sentence += f" {flip_sentence(acceptability.flip)}"
        blocks.append(Paragraph((strong(f"{acceptability.zone.capitalize()}."), f" {sentence}")))
        if not acceptability.note:
            caption = f"{weightings_text(acceptability).capitalize()}."
            blocks.append(Figure(weightings_chart(acceptability), caption))
            blocks.append(BulletList(_tipping_point_sentences(acceptability), "small"))
            blocks.append(_central_rates_table(acceptability, rates.reference))
    return blocks


def _acceptability_sentence(acceptability: Acceptability) -> str:
    if acceptability.note:
        return f"Cannot be said: {note_text(acceptability.note)}."
    fell = acceptability.clearly_fell + acceptability.fell
    neither_note = (
        f" Under {_text.percent_text(acceptability.undecided)} the counts that a source withholds leave both answers open."
        if acceptability.undecided
        else ""
    )
    return (
        f"Net harm fell{' by best estimate' if acceptability.calibrated else ''} under {_text.percent_text(fell)} of {acceptability.weightings:,} admissible weightings. "
        + (
            f"Under {_text.percent_text(acceptability.clearly_fell)} it fell and the interval leaves out zero; under "
            f"{_text.percent_text(acceptability.clearly_rose)} it rose and does. The intervals of all weightings hold together with 95%."
            if acceptability.calibrated
            else "At least one part has no interval but that of counting noise, so how certain this is cannot be said."
        )
        + neither_note
    )


def flip_sentence(flip: Flip) -> str:
    """Return at which weight the sum comes out at zero.

    Examples
    --------
    >>> flip_sentence(Flip(("needle finds",), 12.4, "one violent incident", True))
    'Only if 12 of needle finds weighed as much as one violent incident would the sum come out at zero (inside the declared range).'
    """
    declared = "inside" if flip.in_declared_range else "outside"
    return (
        f"Only if {format_numbers.rate_text(flip.rate)} of {format_numbers.join_with_and(flip.measures)} weighed as much as {flip.other} "
        f"would the sum come out at zero ({declared} the declared range)."
    )


def _tipping_point_sentences(acceptability: Acceptability) -> tuple[str, ...]:
    """Return the tipping points, nearest first; one sentence if no single weight changes the answer."""
    sentences = tuple(
        tipping_point.sentence
        for tipping_point in acceptability.tipping_points
        if 0 < tipping_point.tipping_rate < math.inf
    )
    if acceptability.tipping_points and not sentences:
        return ("Whatever weight a single group of harms gets, the answer does not change.",)
    return sentences


def _central_rates_table(acceptability: Acceptability, reference: str) -> Table:
    heads = ("All", "Where it fell", "Where it rose")
    caption = (
        f"How many events weigh as much as {reference}: the middle of the weightings behind each answer, "
        f"{acceptability.zone}"
    )
    rows = tuple(
        Row((text_cell(name), *(Cell(format_numbers.rate_text(rate), (number_value(rate),)) for rate in rates)))
        for name, *rates in acceptability.central_rates
    )
    return Table((Column("Group of harms"), *(Column(head, style=CellStyle.NUMBER) for head in heads)), rows, caption)
