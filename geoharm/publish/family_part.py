"""The part of the report with every other estimator, by distance, by control, and other ways to move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

from geoharm.model import (
    Candidate,
    Curve,
    Design,
    Estimate,
    Family,
    Quotient,
    ShiftTable,
    Specification,
    SpecificationCurve,
)
from geoharm.publish import numbers
from geoharm.publish.clock_part import clock_context
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.family_figures import (
    estimate_percent,
    percent,
    percent_span,
    profile_figure,
    profile_finding,
    specification_figure,
    specification_finding,
    zone_label,
)
from geoharm.publish.forest_part import forest_context
from geoharm.publish.guards_part import guards_context
from geoharm.publish.held import HELD
from geoharm.publish.questions_part import questions_context
from geoharm.publish.shown import ShownMeasure, ShownOperation

Test = Callable[[Specification], bool]
_NEAREST = 25
# Windows that differ by less than this share are of one length (a leap day).
_SAME_LENGTH = 0.01
_ALL = "all of the control area"


def evaluator_context(disclosed: DisclosedStudy, operation: ShownOperation) -> dict[str, Any]:
    """Return what the evaluators' parts of the report need: guards, family, clock, shifts and several operations."""
    primary = operation.primary
    found = primary.beside.family
    return {
        "plan": disclosed.plan,
        **guards_context(operation),
        **clock_context(operation),
        **forest_context(disclosed),
        **questions_context(disclosed),
        **_shift_context(primary.beside.shifts),
        "family_rows": family_rows(found, primary) if found else [],
        "held": HELD,
        "family_withheld": [*primary.beside.withheld, *(f"{part}: {why.rstrip('.')}" for part, why in found.left_out)]
        if found
        else [],
        **_profile_context(found, operation.design),
        **_control_context(found, primary),
        "running": _running(found.running, primary.measure.unit) if found and found.running else None,
    }


def family_rows(found: Family, measure: ShownMeasure) -> list[tuple[str, str, str, str, str]]:
    """Return (estimator, value with interval, unit, how often such intervals hold the truth, reading) of what may be shown."""
    unit, length = measure.measure.unit, measure.effect("target").length_ratio
    difference = "Weighted displacement difference"
    rows = [(f"{difference}, target", _value(found.local), unit, "local", "below 0: fewer")]
    if found.displaced:
        rows.append((f"{difference}, all rings", _value(found.displaced), unit, "displaced", "below 0: fewer"))
    if found.total:
        text = "below 0: fewer; the control enters once, with its summed weight"
        rows.append((f"{difference}, total", _value(found.total), unit, "total", text))
    if math.isfinite(found.exact.low):
        low, high = percent_span(found.exact)
        span = f"{numbers.signed(low)}% to {numbers.signed(high)}%"
        rows.append(("Exact interval of the rate ratio, target", span, "percent", "exact", "exact for Poisson counts"))
    if found.indices:
        one, against = found.indices, "ratio to the control"
        share = "headline share" if one.displaced_share.values.calibrated else "quotient"
        near = "above 0: more in the rings"
        rows += [
            ("Gross effect", *_gross(one.gross_effect, unit, length)),
            ("Net effect", _value(one.net_effect, 3), against, "net ratio", "above 0: fewer"),
            ("Buffer displacement measure", _value(one.buffer_displacement, 3), against, "buffer", near),
            ("Weighted displacement quotient", _quotient(one.wdq), "quotient", "quotient", quotient_reading(one.wdq)),
            (
                "Displaced share",
                _quotient(one.displaced_share),
                "share of the fall",
                share,
                _set_reading(one.displaced_share),
            ),
            ("Total net effect", _value(one.total_net_effect), unit, "net", "above 0: fewer"),
        ]
    if math.isfinite(found.placebo_p):
        p = numbers.decimal(found.placebo_p, 3)
        text = "the target's rank among the candidate squares of its level"
        rows.append(("Randomisation test", p, "p-value", "placebo", text))
    if found.regression:
        phi = found.regression.dispersion
        text = f"errors from months, dispersion {phi:.1f}; blind to how places drift" if math.isfinite(phi) else ""
        name = "Poisson difference-in-differences"
        rows += [
            (f"{name}, {zone_label(term.name)}", estimate_percent(term), "percent", f"regression {where}", text)
            for term, where in zip(found.regression.terms, chain(["target"], repeat("ring")), strict=False)
        ]
    if found.events:
        after = [point for point, at in zip(found.events.points, found.events.positions, strict=True) if at > 0]
        rows += [
            (f"Event study, {point.name}", estimate_percent(point), "percent", "event", "against the last block before")
            for point in after
        ]
    return [(name, value, of, _held(key), reading) for name, value, of, key, reading in rows]


def _held(key: str) -> str:
    return f"{HELD[key]}%" if key else ""


def _value(estimate: Estimate, digits: int = 1) -> str:
    if not estimate.is_defined:
        return estimate.note or numbers.UNKNOWN
    span = estimate.interval()
    return (
        f"{numbers.decimal(estimate.value, digits)} ({numbers.decimal(span.low, digits)} to "
        f"{numbers.decimal(span.high, digits)})"
    )


def _gross(estimate: Estimate, unit: str, length: float) -> tuple[str, str, str, str]:
    if abs(length - 1) > _SAME_LENGTH:
        return "not given", unit, "", "before less after means nothing for windows of different length"
    return _value(estimate), unit, "gross", "above 0: fewer; no control in it"


def _quotient(found: Quotient) -> str:
    value = numbers.decimal(found.value) if math.isfinite(found.value) else "not given"
    return f"{value}; set: {numbers.true_minus(found.values.text())}"


def _set_reading(found: Quotient) -> str:
    if not math.isfinite(found.value):
        return f"not given: {found.note}"
    if not found.values.is_bounded:
        return "the data do not bound it"
    reading = "above 0: turned up in the rings; below 0: the rings fell too"
    return reading if found.values.calibrated else f"{reading}; counting only, too narrow"


def quotient_reading(quotient: Quotient) -> str:
    """Return what a weighted displacement quotient says, only as far as its set allows, or why it says nothing.

    References
    ----------
    Guerette (2009), POP Center tool guide 10, https://popcenter.org/tools/displacement
    """
    if math.isnan(quotient.value):
        return f"not given: {quotient.note}"
    if quotient.values.shape != "interval" or 0 in quotient.values:
        return "not told apart: anything from a rise around the target to a fall around it fits"
    low, high = quotient.values.pieces[0]
    bounds = (
        (1, "the rings fell by more than the target did"),
        (0, "the rings fell with the target, by less"),
        (-1, "the rings rose by less than the target fell"),
    )
    for bound, words in bounds:
        if low >= bound:
            return words
    if high <= -1:
        return "the rings rose by more than the target fell"
    return "the rings rose as the target fell; whether by less or by more is not told apart"


def _profile_context(found: Family | None, design: Design) -> dict[str, Any]:
    if found is None or not any(point.is_defined for point in found.profile.points):
        return {"profile_figure": None}
    curve = found.profile
    rows = []
    for point, span in zip(curve.points, curve.band(), strict=True):
        band = numbers.UNKNOWN
        if point.is_defined:
            low, high = percent_span(span)
            band = f"{numbers.signed(low)}% to {numbers.signed(high)}%"
        rows.append((zone_label(point.name), estimate_percent(point), band))
    return {
        "profile_figure": profile_figure(curve, design),
        "profile_finding": profile_finding(curve),
        "profile_rows": rows,
        "profile_note": curve.note,
    }


def _control_context(found: Family | None, primary: ShownMeasure) -> dict[str, Any]:
    context: dict[str, Any] = {
        "controls_figure": None, "sensitivity_figure": None, "candidates": [], "candidates_note": "",
        "control_rows": [], "sensitivity_rows": [],
    }  # fmt: skip
    if found is None or found.choice is None:
        return context
    candidates = found.choice.candidates
    context["candidates"] = [_candidate(one, one.name == found.choice.chosen) for one in candidates[:_NEAREST]]
    passed = len(found.choice.passing)
    more = f" The nearest {_NEAREST} are listed here, all of them in run.json." if len(candidates) > _NEAREST else ""
    context["candidates_note"] = (
        f"{len(candidates):,} squares as large as the target lie in the control area; {passed:,} moved with it before "
        f"within what chance allows.{more}"
    )
    if found.controls and len(found.controls.values) > 1:
        names = ("all together", "synthetic control")
        held = {dict(one.choices)["control"] for one in found.controls.specifications}
        rows: list[tuple[str, Test]] = []
        if held - set(names):
            rows.append(("one square", lambda one: dict(one.choices)["control"] not in names))
        rows += [(name, _is("control", name)) for name in names if name in held]
        context["controls_figure"] = specification_figure(found.controls, [("Control", rows)])
        context["controls_finding"] = specification_finding(found.controls)
        context["control_rows"] = [
            (dict(one.choices)["control"], estimate_percent(one.estimate))
            for one in found.controls.specifications
            if one.estimate.is_defined
        ]
    if found.sensitivity and found.sensitivity.values:
        context |= _sensitivity(found.sensitivity, primary)
    return context


def _sensitivity(curve: SpecificationCurve, primary: ShownMeasure) -> dict[str, Any]:
    def choices(aspect: str) -> list[str]:
        return list(dict.fromkeys(dict(one.choices)[aspect] for one in curve.specifications))

    order = [effect.window for effect in (*primary.effects[:1], *primary.phases)]
    windows = sorted(choices("window"), key=lambda name: order.index(name) if name in order else len(order))
    reaches = sorted(choices("reach"), key=_reach_order)

    def ticks(aspect: str, names: Sequence[str]) -> list[tuple[str, Test]]:
        return [(name, _is(aspect, name)) for name in names]

    controls: list[tuple[str, Test]] = [(_ALL, _is("control", _ALL))]
    if len(choices("control")) > 1:
        controls.append(("one of the nearest squares", lambda one: dict(one.choices)["control"] != _ALL))
    rows = [("Reach", ticks("reach", reaches)), ("Window", ticks("window", windows)), ("Control", controls)]
    table = []
    for aspect, names in (("reach", reaches), ("window", windows)):
        found = {name: (low, high) for name, low, high in curve.range_of(aspect)}
        for name in names:
            if name in found:
                low, high = (f"{numbers.signed(percent(value))}%" for value in found[name])
                table.append((aspect, name, low, high))
    return {
        "sensitivity_figure": specification_figure(curve, rows),
        "sensitivity_rows": table,
        "sensitivity_finding": specification_finding(curve),
    }


def _is(aspect: str, choice: str) -> Test:
    return lambda one: dict(one.choices)[aspect] == choice


def _reach_order(name: str) -> tuple[int, float]:
    if name == "target":
        return 0, 0.0
    digits = "".join(sign for sign in name if sign.isdigit() or sign == ".")
    return (1, float(digits)) if digits else (2, 0.0)


def _candidate(one: Candidate, chosen: bool) -> tuple[str, str, str, str, str]:  # noqa: FBT001
    worst = max(one.ratios.values(), default=math.nan)
    state = "nearest that passed" if chosen else "passed" if one.taken else "refused"
    scale = "withheld" if math.isnan(one.scale) else f"{one.scale:.1f} \u00d7"
    rule = numbers.UNKNOWN if not math.isfinite(worst) else numbers.decimal(worst, 1)
    return one.name, f"{one.distance:,.0f} m", scale, rule, f"{state}: {one.reason}"


def _running(curve: Curve, unit: str) -> dict[str, Any]:
    rows = []
    for point, span in zip(curve.points, curve.band(), strict=True):
        low, high = (numbers.decimal(value, 1) for value in (span.low, span.high))
        rows.append((point.name, numbers.decimal(point.value, 1), f"{low} to {high}"))
    return {"unit": unit, "rows": rows}


def _shift_context(table: ShiftTable | None) -> dict[str, Any]:
    if table is None:
        return {"shifts": []}
    rows = []
    for row, adjusted in zip(table.rows, table.adjusted, strict=True):
        p = numbers.decimal(adjusted, 3) if math.isfinite(adjusted) else ""
        rows.append((row.kind, numbers.true_minus(row.sentence), p, row.tested))
    return {"shifts": rows}
