"""The zones of every operation with their effects, for a GIS: one row for each zone, measure and window."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas

from geoharm.answer.balance import is_counted_harm
from geoharm.disclosure.released import Release
from geoharm.model.geometry import ZoneRole
from geoharm.model.reading import Reading
from geoharm.report import format_numbers, palette
from geoharm.report.exports.effects_table import EffectRow, effect_rows
from geoharm.report.exports.qgis_styles import FillStyle
from geoharm.report.wording.states import WITHHELD

# What a zone is drawn as if it may not be coloured as a fall or rise of harm.
_NO_HARM = "{reading} (not a harm)"

MEANINGS: Mapping[str, str] = {
    "operation": "Name of the operation.",
    "zone": "The zone.",
    "zone_role": "`target`, `gap` or `ring`.",
    "measure": "Name of the measure.",
    "role": "`harm`, `activity` or `reporting effort`; activity is no harm.",
    "unit": "What is counted.",
    "window": "The window after: that of the headline, or a phase.",
    "part": "`headline` or `phase`.",
    "window_start": "First day of the window.",
    "window_end": "Last day of the window.",
    "before": "Events in the zone in the window before.",
    "after": "Events in the zone in the window.",
    "expected": "Events expected in the window without the operation.",
    "effect": "Events after minus expected; negative means fewer.",
    "low": "Lower end of the interval of the effect.",
    "high": "Upper end of the interval of the effect.",
    "level": "Share of repetitions in which the interval holds the true value.",
    "calibrated": "Whether the interval had its level at places without an operation; if not, it is too narrow for a finding.",
    "statement": "What the numbers allow to be said.",
    "drawn_as": "By which the style draws it: the reading, `withheld`, or the reading of what is not a harm.",
    "label": "What a map writes on it.",
    "withheld": "Why a number that is empty is withheld.",
    "note": "Why a number is undefined, or what the error leaves out.",
}
_COLUMNS = [*MEANINGS, "geometry"]


def effect_frame(release: Release) -> geopandas.GeoDataFrame:
    """Return every zone of every operation with its effect on every measure in every window, in the study's metres.

    Sums of zones (all rings, target and rings) have no shape of their own and are not here; they are in the table of
    effects. The columns are those of `MEANINGS`, and geometry.
    """
    places = {
        (operation.design.operation.name, zone.name): zone
        for operation in release.operations
        for zone in operation.design.zones
        if zone.role is not ZoneRole.CONTROL
    }
    harms = {
        (operation.design.operation.name, measure.measure.name)
        for operation in release.operations
        for measure in operation.measures
        if is_counted_harm(measure)
    }
    rows = []
    for row in effect_rows(release):
        zone = places.get((row.operation, row.zone))
        if zone is None or row.estimator != "change" or row.part not in ("headline", "phase"):
            continue
        drawn = _drawn_as(row, is_harm=(row.operation, row.measure) in harms)
        rows.append(
            (
                row.operation, row.zone, zone.role.value, row.measure, row.role, row.unit, row.window, row.part,
                row.window_start.isoformat(), row.window_end.isoformat(), row.before, row.after, row.expected, row.effect,
                row.low, row.high, row.level, row.calibrated, row.statement, drawn, _label(row), row.withheld, row.note,
                zone.geometry,
            )
        )  # fmt: skip
    frame = geopandas.GeoDataFrame(rows, columns=_COLUMNS, geometry="geometry", crs=release.study.area.crs)
    numbers = dict.fromkeys(("expected", "effect", "low", "high", "level"), "float64")
    return frame.astype(numbers | {"before": "Int64", "after": "Int64", "calibrated": "bool"})


def effect_styles() -> dict[str, FillStyle]:
    """Return how every value of `drawn_as` is drawn: colour says better or worse, a hatch what is only probable or not known."""
    less, more, slate, ink = palette.LESS_HARM, palette.MORE_HARM, palette.SLATE, palette.INK
    of_harms = {
        Reading.FELL: FillStyle(less, 150, outline=less),
        Reading.PROBABLY_FELL: FillStyle(less, 255, "b_diagonal", less),
        Reading.ROSE: FillStyle(more, 150, outline=more),
        Reading.PROBABLY_ROSE: FillStyle(more, 255, "f_diagonal", more),
    }
    of_others = {
        reading: FillStyle(ink, 110 if reading.is_finding else 200, "solid" if reading.is_finding else style.hatch, ink)
        for reading, style in of_harms.items()
    }
    of_both = {
        Reading.NO_RISE_OVER: FillStyle(slate, 255, "horizontal", slate),
        Reading.NO_FALL_OVER: FillStyle(slate, 255, "vertical", slate),
        Reading.CANNOT_TELL: FillStyle(slate, 50, outline=slate),
        Reading.CONTROLS_DISAGREE: FillStyle(slate, 255, "diagonal_x", slate),
    }
    styles = {reading.value: style for reading, style in (of_harms | of_both).items()}
    styles |= {_NO_HARM.format(reading=reading.value): style for reading, style in of_others.items()}
    return styles | {WITHHELD: FillStyle(palette.CONTEXT, 255, "dense6", palette.CONTEXT)}


def _drawn_as(row: EffectRow, *, is_harm: bool) -> str:
    if row.withheld:
        return WITHHELD
    return row.reading if is_harm or not Reading(row.reading).direction else _NO_HARM.format(reading=row.reading)


def _label(row: EffectRow) -> str:
    """Return the change and its interval on two lines; a bar stands for the line's end."""
    if row.withheld:
        return f"{row.zone}|{WITHHELD}"
    if row.effect is None:
        return f"{row.zone}|not known"
    ends = ""
    if row.calibrated and row.low is not None and row.high is not None:
        ends = f" ({format_numbers.signed_text(row.low)} to {format_numbers.signed_text(row.high)})"
    return f"{row.zone}|{format_numbers.signed_text(row.effect)}{ends}"
