"""The part of the report about values: effects in their own units, net harm under each profile, and where it turns."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.harm.results.net_harm import Acceptability, MeasureHarm, NetHarm, VetoCheck
from geoharm.model.values import ValueProfile
from geoharm.report import format_numbers
from geoharm.report.charts.values import profiles_chart, weightings_chart, weightings_text

_VETO = {"hit": "broken", "kept": "kept", "unknown": "unknown"}


def values_section(operation: ReleasedOperation) -> dict[str, Any]:
    """Return what the template about values needs; nothing where harm was not added up."""
    balance = operation.harm
    if balance is None:
        return {"balance": None}
    zones = list(dict.fromkeys(one.zone for one in balance.net_harm))
    last = [one for one in balance.net_harm if one.zone == zones[-1]]
    first = {one.zone: one for one in balance.net_harm if one.profile == balance.values[0].name}
    measures = next(iter(first.values())).rows if first else ()
    return {
        "balance": balance,
        "value_zones": zones,
        "value_effects": [
            {
                "measure": row.measure,
                "borne_by": row.measure.harm.borne_by if row.measure.harm else "",
                "type": row.measure.harm.type if row.measure.harm else "",
                "cells": [_effect(first[zone].rows[position]) for zone in zones],
            }
            for position, row in enumerate(measures)
        ],
        "value_notes": _notes(first.values()),
        "value_profiles": [_profile(one, balance.net_harm, zones) for one in balance.values],
        "value_figure": profiles_chart(last),
        "value_zone": zones[-1] if zones else "",
        "value_weights": [
            (row.measure.name, [_weight(profile.weight(row.measure)) for profile in balance.values]) for row in measures
        ],
        "acceptability": [_acceptability(one) for one in balance.acceptability],
    }


def _profile(profile: ValueProfile, nets: tuple[NetHarm, ...], zones: list[str]) -> dict[str, Any]:
    mine = {one.zone: one for one in nets if one.profile == profile.name}
    holder = f"{profile.author}, {profile.date}, version {profile.version}, {profile.licence}"
    return {
        "name": profile.name,
        "about": profile.about,
        "holder": holder + ("; importer untried on an original file" if profile.untried else ""),
        "source": profile.source,
        "example": profile.example,
        "reference": profile.reference,
        "cells": [net_harm_text(mine[zone]) for zone in zones],
        "vetoes": [f"{answer.words.capitalize()}: {text}." for answer, text in _vetoes(mine, zones).items()],
    }


def _vetoes(mine: dict[str, NetHarm], zones: list[str]) -> dict[VetoCheck, str]:
    """Return the first answer of every veto and measure, and what was answered in each zone."""
    found: dict[tuple[str, str], list[tuple[str, VetoCheck]]] = {}
    for zone in zones:
        for answer in mine[zone].vetoes:
            found.setdefault((answer.words, answer.measure), []).append((zone, answer))
    texts = {}
    for (_, measure), answers in found.items():
        alike: dict[tuple[str, str], list[str]] = {}
        for zone, answer in answers:
            alike.setdefault((_VETO[answer.state], answer.why), []).append(zone)
        said = "; ".join(
            f"{state} in {format_numbers.join_with_and(where)} ({why})" for (state, why), where in alike.items()
        )
        texts[answers[0][1]] = f"{measure}: {said}" if measure else said
    return texts


def _effect(row: MeasureHarm) -> str:
    if math.isnan(row.low) and math.isnan(row.high):
        return row.note if row.note.startswith("withheld") else _text.UNKNOWN
    return _bounded(row.low, row.high, row.interval.low, row.interval.high, calibrated=row.calibrated)


def net_harm_text(net: NetHarm) -> str:
    """Return net harm with its interval, or why it is unknown."""
    if not net.is_known:
        return f"unknown: {net.note}"
    return _bounded(net.low, net.high, net.interval.low, net.interval.high, calibrated=net.calibrated)


def _bounded(low: float, high: float, least: float, most: float, *, calibrated: bool) -> str:
    """Return a change with its interval; between two ends where counts are only known within bounds."""
    best = format_numbers.signed_text(low) if low == high else f"{_end(low)} to {_end(high)}"
    mark = "" if calibrated else ", counting only"
    if math.isinf(least) and math.isinf(most):
        return "unknown: nothing bounds it"
    return f"{best} ({_end(least)} to {_end(most)}{mark})"


def _end(value: float) -> str:
    if math.isinf(value):
        return "unbounded"
    return format_numbers.signed_text(value)


def _weight(weight: float) -> str:
    if weight == 0:
        return "ignored"
    return f"{abs(weight):g}" if weight > 0 else f"benefit {abs(weight):g}"


def _notes(nets: Any) -> list[str]:
    """Return the notes of measures, each once, with the zones they speak of."""
    found: dict[tuple[str, str], list[str]] = {}
    for net in nets:
        for row in net.rows:
            if row.note and not row.note.startswith("withheld"):
                found.setdefault((row.measure.name, row.note), []).append(net.zone)
    return [f"{name}, {format_numbers.join_with_and(zones)}: {note}." for (name, note), zones in found.items()]


def _acceptability(one: Acceptability) -> dict[str, Any]:
    if one.note:
        return {"zone": one.zone, "sentence": f"Cannot be said: {one.note}.", "figure": None}
    fell = one.clearly_fell + one.fell
    both = (
        f" Under {_text.percent_text(one.neither)} the counts that a source withholds leave both answers open."
        if one.neither
        else ""
    )
    return {
        "zone": one.zone,
        "figure": weightings_chart(one),
        "words": weightings_text(one),
        "sentence": f"Net harm fell by best estimate under {_text.percent_text(fell)} of {one.weightings:,} admissible weightings. "
        + (
            f"Under {_text.percent_text(one.clearly_fell)} it fell and the 95% interval leaves out zero; under "
            f"{_text.percent_text(one.clearly_rose)} it rose and does."
            if one.calibrated
            else "At least one part has no interval but that of counting noise, so how firm this is cannot be said."
        )
        + both,
        "central": [(name, *(_rate(value) for value in values)) for name, *values in one.central],
        "flips": _flips(one),
    }


def _flips(one: Acceptability) -> list[str]:
    """Return where the answer turns, the nearest first; one sentence where no single weight turns it."""
    turning = [flip.sentence for flip in one.tipping_points if 0 < flip.at < math.inf]
    if one.tipping_points and not turning:
        return ["No weight of a single group of harms turns the answer, whatever it weighs."]
    return turning


def _rate(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
