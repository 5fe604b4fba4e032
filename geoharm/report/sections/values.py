"""Report section on values: effects in their own units, net harm under each profile, tipping points."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.harm.results.net_harm import Acceptability, MeasureHarm, NetHarm, VetoCheck
from geoharm.model.reason import Withheld
from geoharm.model.values import ValueProfile
from geoharm.report import format_numbers
from geoharm.report.charts.values import profiles_chart, weightings_chart, weightings_text
from geoharm.report.wording.withheld import note_text

_VETO_WORDS = {"hit": "broken", "kept": "kept", "unknown": "unknown"}


def values_section(operation: ReleasedOperation) -> dict[str, Any]:
    """Return the values for the template on net harm; none if no harm assessment was made."""
    assessment = operation.harm
    if assessment is None:
        return {"balance": None}
    zones = list(dict.fromkeys(net.zone for net in assessment.net_harm))
    last_zone_nets = [net for net in assessment.net_harm if net.zone == zones[-1]]
    first_profile_nets = {net.zone: net for net in assessment.net_harm if net.profile == assessment.profiles[0].name}
    measures = next(iter(first_profile_nets.values())).rows if first_profile_nets else ()
    return {
        "balance": assessment,
        "value_zones": zones,
        "value_effects": [
            {
                "measure": row.measure,
                "borne_by": row.measure.harm.borne_by if row.measure.harm else "",
                "type": row.measure.harm.type if row.measure.harm else "",
                "cells": [_effect_text(first_profile_nets[zone].rows[position]) for zone in zones],
            }
            for position, row in enumerate(measures)
        ],
        "value_notes": _measure_notes(first_profile_nets.values()),
        "value_profiles": [_profile_context(profile, assessment.net_harm, zones) for profile in assessment.profiles],
        "value_figure": profiles_chart(last_zone_nets),
        "value_zone": zones[-1] if zones else "",
        "value_weights": [
            (row.measure.name, [_weight_text(profile.weight(row.measure)) for profile in assessment.profiles])
            for row in measures
        ],
        "acceptability": [_acceptability_context(acceptability) for acceptability in assessment.acceptability],
    }


def _profile_context(profile: ValueProfile, nets: tuple[NetHarm, ...], zones: list[str]) -> dict[str, Any]:
    nets_by_zone = {net.zone: net for net in nets if net.profile == profile.name}
    holder = f"{profile.author}, {profile.date}, version {profile.version}, {profile.licence}"
    return {
        "name": profile.name,
        "about": profile.about,
        "holder": holder + ("; importer untried on an original file" if profile.untested else ""),
        "source": profile.source,
        "example": profile.example,
        "reference": profile.reference,
        "cells": [net_harm_text(nets_by_zone[zone]) for zone in zones],
        "vetoes": [f"{check.words.capitalize()}: {text}." for check, text in _veto_texts(nets_by_zone, zones).items()],
    }


def _veto_texts(nets_by_zone: dict[str, NetHarm], zones: list[str]) -> dict[VetoCheck, str]:
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


def _effect_text(row: MeasureHarm) -> str:
    if math.isnan(row.low) and math.isnan(row.high):
        return note_text(row.note) if isinstance(row.note, Withheld) else _text.UNKNOWN
    return _bounds_text(row.low, row.high, row.interval.low, row.interval.high, calibrated=row.calibrated)


def net_harm_text(net: NetHarm) -> str:
    """Return net harm with its interval, or the reason why it is unknown."""
    if not net.is_known:
        return f"unknown: {note_text(net.note)}"
    return _bounds_text(net.low, net.high, net.interval.low, net.interval.high, calibrated=net.calibrated)


def _bounds_text(low: float, high: float, interval_low: float, interval_high: float, *, calibrated: bool) -> str:
    """Return a change with its interval; the change is a range if counts are only known within bounds."""
    best_estimate = format_numbers.signed_text(low) if low == high else f"{_end_text(low)} to {_end_text(high)}"
    counting_note = "" if calibrated else ", counting only"
    if math.isinf(interval_low) and math.isinf(interval_high):
        return "unknown: nothing bounds it"
    return f"{best_estimate} ({_end_text(interval_low)} to {_end_text(interval_high)}{counting_note})"


def _end_text(value: float) -> str:
    if math.isinf(value):
        return "unbounded"
    return format_numbers.signed_text(value)


def _weight_text(weight: float) -> str:
    if weight == 0:
        return "ignored"
    return f"{abs(weight):g}" if weight > 0 else f"benefit {abs(weight):g}"


def _measure_notes(nets: Any) -> list[str]:
    """Return the notes of measures, each once, with the zones they apply to."""
    zones_by_note: dict[tuple[str, str], list[str]] = {}
    for net in nets:
        for row in net.rows:
            if row.note and not isinstance(row.note, Withheld):
                zones_by_note.setdefault((row.measure.name, row.note), []).append(net.zone)
    return [f"{name}, {format_numbers.join_with_and(zones)}: {note}." for (name, note), zones in zones_by_note.items()]


def _acceptability_context(acceptability: Acceptability) -> dict[str, Any]:
    if acceptability.note:
        return {
            "zone": acceptability.zone,
            "sentence": f"Cannot be said: {note_text(acceptability.note)}.",
            "figure": None,
        }
    fell = acceptability.clearly_fell + acceptability.fell
    neither_note = (
        f" Under {_text.percent_text(acceptability.undecided)} the counts that a source withholds leave both answers open."
        if acceptability.undecided
        else ""
    )
    return {
        "zone": acceptability.zone,
        "figure": weightings_chart(acceptability),
        "words": weightings_text(acceptability),
        "sentence": f"Net harm fell by best estimate under {_text.percent_text(fell)} of {acceptability.weightings:,} admissible weightings. "
        + (
            f"Under {_text.percent_text(acceptability.clearly_fell)} it fell and the 95% interval leaves out zero; under "
            f"{_text.percent_text(acceptability.clearly_rose)} it rose and does."
            if acceptability.calibrated
            else "At least one part has no interval but that of counting noise, so how certain this is cannot be said."
        )
        + neither_note,
        "central": [(name, *(_rate_text(value) for value in values)) for name, *values in acceptability.central_rates],
        "flips": _tipping_point_sentences(acceptability),
    }


def _tipping_point_sentences(acceptability: Acceptability) -> list[str]:
    """Return the tipping points, nearest first; one sentence if no single weight changes the answer."""
    sentences = [
        tipping_point.sentence
        for tipping_point in acceptability.tipping_points
        if 0 < tipping_point.tipping_rate < math.inf
    ]
    if acceptability.tipping_points and not sentences:
        return ["Whatever weight a single group of harms gets, the answer does not change."]
    return sentences


def _rate_text(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
