"""The part of the report with every other estimator, by distance, by control, and other ways to move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedMeasure, ReleasedOperation
from geoharm.evaluation.results.curves import Curve
from geoharm.evaluation.results.displacement_types import DisplacementTypes
from geoharm.evaluation.results.indices import Quotient
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.evaluation.results.specification import ControlCandidate, Specification, SpecificationCurve
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import (
    distance_profile_caption,
    distance_profile_chart,
    percent_change_interval,
    percent_change_of_ratio,
    ratio_text,
    specification_caption,
    specification_chart,
    zone_label,
)
from geoharm.report.sections.composite import composite_section
from geoharm.report.sections.diagnostics import diagnostics_section
from geoharm.report.sections.effect_decay import effect_decay_section
from geoharm.report.sections.forest import forest_section
from geoharm.report.wording.coverage import COVERAGE

Test = Callable[[Specification], bool]
_NEAREST = 25
# Windows that differ by less than this share are of one length (a leap day).
_SAME_LENGTH = 0.01
_ALL = "all of the control area"


def robustness_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return what the evaluators' parts of the report need: guards, family, clock, shifts and several operations."""
    primary = operation.primary
    found = primary.robustness.other_estimators
    return {
        "plan": release.preregistration,
        **diagnostics_section(operation),
        **effect_decay_section(operation),
        **forest_section(release),
        **composite_section(release),
        **_shift_context(primary.robustness.displacement_types),
        "family_rows": estimator_rows(found, primary) if found else [],
        "held": COVERAGE,
        "family_withheld": [
            *primary.robustness.withheld,
            *(f"{part}: {why.rstrip('.')}" for part, why in found.left_out),
        ]
        if found
        else [],
        **_profile_context(found, operation.design),
        **_control_context(found, primary),
        "running": _running(found.cumulative_wdd, primary.measure.unit) if found and found.cumulative_wdd else None,
    }


def estimator_rows(found: OtherEstimators, measure: ReleasedMeasure) -> list[tuple[str, str, str, str, str]]:
    """Return (estimator, value with interval, unit, how often such intervals hold the truth, reading) of what may be shown."""
    unit, length = measure.measure.unit, measure.effect("target").length_ratio
    difference = "Weighted displacement difference"
    rows = [(f"{difference}, target", _value(found.wdd_target), unit, "local", "below 0: fewer")]
    if found.wdd_rings:
        rows.append((f"{difference}, all rings", _value(found.wdd_rings), unit, "displaced", "below 0: fewer"))
    if found.wdd_total:
        text = "below 0: fewer; the control enters once, with its summed weight"
        rows.append((f"{difference}, total", _value(found.wdd_total), unit, "total", text))
    if math.isfinite(found.exact.low):
        low, high = percent_change_interval(found.exact)
        span = f"{format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%"
        rows.append(("Exact interval of the rate ratio, target", span, "percent", "exact", "exact for Poisson counts"))
    if found.indices:
        one, against = found.indices, "ratio to the control"
        share = "headline share" if one.displaced_share.values.calibrated else "quotient"
        near = "above 0: more in the rings"
        rows += [
            ("Gross effect", *_gross(one.gross_effect, unit, length)),
            ("Net effect", _value(one.net_effect, 3), against, "net ratio", "above 0: fewer"),
            ("Buffer displacement measure", _value(one.buffer_displacement, 3), against, "buffer", near),
            ("Weighted displacement quotient", _quotient(one.wdq), "quotient", "quotient", read_quotient(one.wdq)),
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
        p = _text.decimal_text(found.placebo_p, 3)
        text = "the target's rank among the candidate squares of its level"
        rows.append(("Randomisation test", p, "p-value", "placebo", text))
    if found.did:
        phi = found.did.dispersion
        text = f"errors from months, dispersion {phi:.1f}; blind to how places drift" if math.isfinite(phi) else ""
        name = "Poisson difference-in-differences"
        rows += [
            (f"{name}, {zone_label(term.name)}", ratio_text(term), "percent", f"regression {where}", text)
            for term, where in zip(found.did.terms, chain(["target"], repeat("ring")), strict=False)
        ]
    if found.event_study:
        after = [
            point for point, at in zip(found.event_study.points, found.event_study.positions, strict=True) if at > 0
        ]
        rows += [
            (f"Event study, {point.name}", ratio_text(point), "percent", "event", "against the last block before")
            for point in after
        ]
    return [(name, value, of, _held(key), reading) for name, value, of, key, reading in rows]


def _held(key: str) -> str:
    return f"{COVERAGE[key]}%" if key else ""


def _value(estimate: Estimate, digits: int = 1) -> str:
    if not estimate.is_defined:
        return estimate.note or _text.UNKNOWN
    span = estimate.interval()
    return (
        f"{_text.decimal_text(estimate.value, digits)} ({_text.decimal_text(span.low, digits)} to "
        f"{_text.decimal_text(span.high, digits)})"
    )


def _gross(estimate: Estimate, unit: str, length: float) -> tuple[str, str, str, str]:
    if abs(length - 1) > _SAME_LENGTH:
        return "not given", unit, "", "before less after means nothing for windows of different length"
    return _value(estimate), unit, "gross", "above 0: fewer; no control in it"


def _quotient(found: Quotient) -> str:
    value = _text.decimal_text(found.value) if math.isfinite(found.value) else "not given"
    return f"{value}; set: {format_numbers.with_true_minus(found.values.text())}"


def _set_reading(found: Quotient) -> str:
    if not math.isfinite(found.value):
        return f"not given: {found.note}"
    if not found.values.is_bounded:
        return "the data do not bound it"
    reading = "above 0: turned up in the rings; below 0: the rings fell too"
    return reading if found.values.calibrated else f"{reading}; counting only, too narrow"


def read_quotient(quotient: Quotient) -> str:
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


def _profile_context(found: OtherEstimators | None, design: Design) -> dict[str, Any]:
    if found is None or not any(point.is_defined for point in found.distance_profile.points):
        return {"profile_figure": None}
    curve = found.distance_profile
    rows = []
    for point, span in zip(curve.points, curve.band(), strict=True):
        band = _text.UNKNOWN
        if point.is_defined:
            low, high = percent_change_interval(span)
            band = f"{format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%"
        rows.append((zone_label(point.name), ratio_text(point), band))
    return {
        "profile_figure": distance_profile_chart(curve, design),
        "profile_finding": distance_profile_caption(curve),
        "profile_rows": rows,
        "profile_note": curve.note,
    }


def _control_context(found: OtherEstimators | None, primary: ReleasedMeasure) -> dict[str, Any]:
    context: dict[str, Any] = {
        "controls_figure": None, "sensitivity_figure": None, "candidates": [], "candidates_note": "",
        "control_rows": [], "sensitivity_rows": [],
    }  # fmt: skip
    if found is None or found.control_choice is None:
        return context
    candidates = found.control_choice.candidates
    context["candidates"] = [_candidate(one, one.name == found.control_choice.chosen) for one in candidates[:_NEAREST]]
    passed = len(found.control_choice.passing)
    more = f" The nearest {_NEAREST} are listed here, all of them in run.json." if len(candidates) > _NEAREST else ""
    context["candidates_note"] = (
        f"{len(candidates):,} squares as large as the target lie in the control area; {passed:,} moved with it before "
        f"within what chance allows.{more}"
    )
    if found.by_control and len(found.by_control.values) > 1:
        names = ("all together", "synthetic control")
        held = {dict(one.choices)["control"] for one in found.by_control.specifications}
        rows: list[tuple[str, Test]] = []
        if held - set(names):
            rows.append(("one square", lambda one: dict(one.choices)["control"] not in names))
        rows += [(name, _is("control", name)) for name in names if name in held]
        context["controls_figure"] = specification_chart(found.by_control, [("Control", rows)])
        context["controls_finding"] = specification_caption(found.by_control)
        context["control_rows"] = [
            (dict(one.choices)["control"], ratio_text(one.estimate))
            for one in found.by_control.specifications
            if one.estimate.is_defined
        ]
    if found.specification_curve and found.specification_curve.values:
        context |= _sensitivity(found.specification_curve, primary)
    return context


def _sensitivity(curve: SpecificationCurve, primary: ReleasedMeasure) -> dict[str, Any]:
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
                low, high = (f"{format_numbers.signed_text(percent_change_of_ratio(value))}%" for value in found[name])
                table.append((aspect, name, low, high))
    return {
        "sensitivity_figure": specification_chart(curve, rows),
        "sensitivity_rows": table,
        "sensitivity_finding": specification_caption(curve),
    }


def _is(aspect: str, choice: str) -> Test:
    return lambda one: dict(one.choices)[aspect] == choice


def _reach_order(name: str) -> tuple[int, float]:
    if name == "target":
        return 0, 0.0
    digits = "".join(sign for sign in name if sign.isdigit() or sign == ".")
    return (1, float(digits)) if digits else (2, 0.0)


def _candidate(one: ControlCandidate, chosen: bool) -> tuple[str, str, str, str, str]:  # noqa: FBT001
    worst = max(one.ratios.values(), default=math.nan)
    state = "nearest that passed" if chosen else "passed" if one.taken else "refused"
    scale = "withheld" if math.isnan(one.scale) else f"{one.scale:.1f} \u00d7"
    rule = _text.UNKNOWN if not math.isfinite(worst) else _text.decimal_text(worst, 1)
    return one.name, f"{one.distance:,.0f} m", scale, rule, f"{state}: {one.reason}"


def _running(curve: Curve, unit: str) -> dict[str, Any]:
    rows = []
    for point, span in zip(curve.points, curve.band(), strict=True):
        low, high = (_text.decimal_text(value, 1) for value in (span.low, span.high))
        rows.append((point.name, _text.decimal_text(point.value, 1), f"{low} to {high}"))
    return {"unit": unit, "rows": rows}


def _shift_context(table: DisplacementTypes | None) -> dict[str, Any]:
    if table is None:
        return {"shifts": []}
    rows = []
    for row, adjusted in zip(table.rows, table.adjusted, strict=True):
        p = _text.decimal_text(adjusted, 3) if math.isfinite(adjusted) else ""
        rows.append((row.kind, format_numbers.with_true_minus(row.sentence), p, row.tested))
    return {"shifts": rows}
