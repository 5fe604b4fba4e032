"""Report section on robustness: other estimators, distance, choice of control, displacement."""

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
from geoharm.report.wording.withheld import PARTS, note_text, sentence_text

SpecificationTest = Callable[[Specification], bool]
_MAX_CANDIDATES = 25
# Windows that differ by less than this share are of one length (a leap day).
_SAME_LENGTH = 0.01
_ALL_CONTROLS = "all of the control area"


def robustness_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return the values for the evaluators' sections of the report.

    These are diagnostics, effect decay, pooled operations, composite outcomes, types of displacement, other estimators,
    the effect by distance, and the choice of control.
    """
    primary = operation.primary
    estimators = primary.robustness.other_estimators
    return {
        "plan": release.preregistration,
        **diagnostics_section(operation),
        **effect_decay_section(operation),
        **forest_section(release),
        **composite_section(release),
        **_displacement_context(primary.robustness.displacement_types),
        "family_rows": estimator_rows(estimators, primary) if estimators else [],
        "held": COVERAGE,
        "family_withheld": [
            *(PARTS[part] for part in primary.robustness.withheld),
            *(f"{part}: {reason.rstrip('.')}" for part, reason in estimators.left_out),
        ]
        if estimators
        else [],
        **_profile_context(estimators, operation.design),
        **_control_context(estimators, primary),
        "running": _cumulative_context(estimators.cumulative_wdd, primary.measure.unit)
        if estimators and estimators.cumulative_wdd
        else None,
    }


def estimator_rows(estimators: OtherEstimators, measure: ReleasedMeasure) -> list[tuple[str, str, str, str, str]]:
    """Return one row for each other estimator that may be shown.

    A row holds the estimator's name, its value with interval, its unit, the measured coverage of such intervals, and how
    to read it.
    """
    unit, length = measure.measure.unit, measure.effect("target").length_ratio
    difference = "Weighted displacement difference"
    rows = [(f"{difference}, target", _value_text(estimators.wdd_target), unit, "local", "below 0: fewer")]
    if estimators.wdd_rings:
        rows.append(
            (f"{difference}, all rings", _value_text(estimators.wdd_rings), unit, "displaced", "below 0: fewer")
        )
    if estimators.wdd_total:
        text = "below 0: fewer; the control enters once, with its summed weight"
        rows.append((f"{difference}, total", _value_text(estimators.wdd_total), unit, "total", text))
    if math.isfinite(estimators.exact.low):
        low, high = percent_change_interval(estimators.exact)
        span = f"{format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%"
        rows.append(("Exact interval of the rate ratio, target", span, "percent", "exact", "exact for Poisson counts"))
    if estimators.indices:
        indices, index_unit = estimators.indices, "ratio to the control"
        share_coverage = "headline share" if indices.displaced_share.values.calibrated else "quotient"
        ring_reading = "above 0: more in the rings"
        rows += [
            ("Gross effect", *_gross_effect_cells(indices.gross_effect, unit, length)),
            ("Net effect", _value_text(indices.net_effect, 3), index_unit, "net ratio", "above 0: fewer"),
            (
                "Buffer displacement measure",
                _value_text(indices.buffer_displacement, 3),
                index_unit,
                "buffer",
                ring_reading,
            ),
            (
                "Weighted displacement quotient",
                _quotient_text(indices.wdq),
                "quotient",
                "quotient",
                read_quotient(indices.wdq),
            ),
            (
                "Displaced share",
                _quotient_text(indices.displaced_share),
                "share of the fall",
                share_coverage,
                _share_reading(indices.displaced_share),
            ),
            ("Total net effect", _value_text(indices.total_net_effect), unit, "net", "above 0: fewer"),
        ]
    if math.isfinite(estimators.placebo_p):
        p = _text.decimal_text(estimators.placebo_p, 3)
        text = "the target's rank among the candidate squares of similar level"
        rows.append(("Randomisation test", p, "p-value", "placebo", text))
    if estimators.did:
        phi = estimators.did.dispersion
        text = f"errors from months, dispersion {phi:.1f}; ignores how places drift apart" if math.isfinite(phi) else ""
        name = "Poisson difference-in-differences"
        rows += [
            (f"{name}, {zone_label(term.name)}", ratio_text(term), "percent", f"regression {coverage_zone}", text)
            for term, coverage_zone in zip(estimators.did.terms, chain(["target"], repeat("ring")), strict=False)
        ]
    if estimators.event_study:
        after = [
            point
            for point, position in zip(estimators.event_study.points, estimators.event_study.positions, strict=True)
            if position > 0
        ]
        rows += [
            (f"Event study, {point.name}", ratio_text(point), "percent", "event", "against the last block before")
            for point in after
        ]
    return [
        (name, value, in_unit, _coverage_text(coverage_key), reading)
        for name, value, in_unit, coverage_key, reading in rows
    ]


def _coverage_text(coverage_key: str) -> str:
    return f"{COVERAGE[coverage_key]}%" if coverage_key else ""


def _value_text(estimate: Estimate, digits: int = 1) -> str:
    if not estimate.is_defined:
        return note_text(estimate.note) or _text.UNKNOWN
    span = estimate.interval()
    return (
        f"{_text.decimal_text(estimate.value, digits)} ({_text.decimal_text(span.low, digits)} to "
        f"{_text.decimal_text(span.high, digits)})"
    )


def _gross_effect_cells(estimate: Estimate, unit: str, length: float) -> tuple[str, str, str, str]:
    if abs(length - 1) > _SAME_LENGTH:
        return "not given", unit, "", "“before minus after” has no meaning for windows of different length"
    return _value_text(estimate), unit, "gross", "above 0: fewer; without a control"


def _quotient_text(quotient: Quotient) -> str:
    value = _text.decimal_text(quotient.value) if math.isfinite(quotient.value) else "not given"
    return f"{value}; set: {format_numbers.with_true_minus(quotient.values.text())}"


def _share_reading(quotient: Quotient) -> str:
    if not math.isfinite(quotient.value):
        return f"not given: {quotient.note}"
    if not quotient.values.is_bounded:
        return "the data do not bound it"
    reading = "above 0: turned up in the rings; below 0: the rings fell too"
    return reading if quotient.values.calibrated else f"{reading}; counting only, too narrow"


def read_quotient(quotient: Quotient) -> str:
    """Return how to read a weighted displacement quotient.

    The reading says no more than the quotient's confidence set allows. Without a quotient, it says why.

    References
    ----------
    Guerette (2009), POP Center tool guide 10, https://popcenter.org/tools/displacement
    """
    if math.isnan(quotient.value):
        return f"not given: {quotient.note}"
    if quotient.values.shape != "interval" or 0 in quotient.values:
        return "not told apart: the data fit anything from a rise to a fall around the target"
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


def _profile_context(estimators: OtherEstimators | None, design: Design) -> dict[str, Any]:
    if estimators is None or not any(point.is_defined for point in estimators.distance_profile.points):
        return {"profile_figure": None}
    curve = estimators.distance_profile
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
        "profile_note": note_text(curve.note),
    }


def _control_context(estimators: OtherEstimators | None, primary: ReleasedMeasure) -> dict[str, Any]:
    context: dict[str, Any] = {
        "controls_figure": None, "sensitivity_figure": None, "candidates": [], "candidates_note": "",
        "control_rows": [], "sensitivity_rows": [],
    }  # fmt: skip
    if estimators is None or estimators.control_choice is None:
        return context
    candidates = estimators.control_choice.candidates
    context["candidates"] = [
        _candidate_row(candidate, candidate.name == estimators.control_choice.chosen)
        for candidate in candidates[:_MAX_CANDIDATES]
    ]
    passed_count = len(estimators.control_choice.passing)
    limit_note = (
        f" The nearest {_MAX_CANDIDATES} are listed here, all of them in run.json."
        if len(candidates) > _MAX_CANDIDATES
        else ""
    )
    context["candidates_note"] = (
        f"{len(candidates):,} squares as large as the target lie in the control area; {passed_count:,} moved in parallel "
        f"with it before, within what chance allows.{limit_note}"
    )
    if estimators.by_control and len(estimators.by_control.values) > 1:
        combined_controls = ("all together", "synthetic control")
        control_names = {
            dict(specification.choices)["control"] for specification in estimators.by_control.specifications
        }
        rows: list[tuple[str, SpecificationTest]] = []
        if control_names - set(combined_controls):
            rows.append(
                ("one square", lambda specification: dict(specification.choices)["control"] not in combined_controls)
            )
        rows += [(name, _has_choice("control", name)) for name in combined_controls if name in control_names]
        context["controls_figure"] = specification_chart(estimators.by_control, [("Control", rows)])
        context["controls_finding"] = specification_caption(estimators.by_control)
        context["control_rows"] = [
            (dict(specification.choices)["control"], ratio_text(specification.estimate))
            for specification in estimators.by_control.specifications
            if specification.estimate.is_defined
        ]
    if estimators.specification_curve and estimators.specification_curve.values:
        context |= _specification_context(estimators.specification_curve, primary)
    return context


def _specification_context(curve: SpecificationCurve, primary: ReleasedMeasure) -> dict[str, Any]:
    def choices(aspect: str) -> list[str]:
        return list(dict.fromkeys(dict(specification.choices)[aspect] for specification in curve.specifications))

    window_order = [effect.window for effect in (*primary.effects[:1], *primary.phases)]
    windows = sorted(
        choices("window"), key=lambda name: window_order.index(name) if name in window_order else len(window_order)
    )
    reaches = sorted(choices("reach"), key=_reach_order)

    def ticks(aspect: str, names: Sequence[str]) -> list[tuple[str, SpecificationTest]]:
        return [(name, _has_choice(aspect, name)) for name in names]

    controls: list[tuple[str, SpecificationTest]] = [(_ALL_CONTROLS, _has_choice("control", _ALL_CONTROLS))]
    if len(choices("control")) > 1:
        controls.append(
            (
                "one of the nearest squares",
                lambda specification: dict(specification.choices)["control"] != _ALL_CONTROLS,
            )
        )
    rows = [("Reach", ticks("reach", reaches)), ("Window", ticks("window", windows)), ("Control", controls)]
    table = []
    for aspect, names in (("reach", reaches), ("window", windows)):
        ranges = {name: (low, high) for name, low, high in curve.range_of(aspect)}
        for name in names:
            if name in ranges:
                low, high = (f"{format_numbers.signed_text(percent_change_of_ratio(value))}%" for value in ranges[name])
                table.append((aspect, name, low, high))
    return {
        "sensitivity_figure": specification_chart(curve, rows),
        "sensitivity_rows": table,
        "sensitivity_finding": specification_caption(curve),
    }


def _has_choice(aspect: str, choice: str) -> SpecificationTest:
    return lambda specification: dict(specification.choices)[aspect] == choice


def _reach_order(name: str) -> tuple[int, float]:
    if name == "target":
        return 0, 0.0
    digits = "".join(character for character in name if character.isdigit() or character == ".")
    return (1, float(digits)) if digits else (2, 0.0)


def _candidate_row(candidate: ControlCandidate, chosen: bool) -> tuple[str, str, str, str, str]:  # noqa: FBT001
    worst_ratio = max(candidate.ratios.values(), default=math.nan)
    decision = "nearest that passed" if chosen else "passed" if candidate.passes else "refused"
    scale = "withheld" if math.isnan(candidate.scale) else f"{candidate.scale:.1f} \u00d7"
    worst_text = _text.UNKNOWN if not math.isfinite(worst_ratio) else _text.decimal_text(worst_ratio, 1)
    return (
        candidate.name,
        f"{candidate.distance:,.0f} m",
        scale,
        worst_text,
        f"{decision}: {note_text(candidate.reason)}",
    )


def _cumulative_context(curve: Curve, unit: str) -> dict[str, Any]:
    rows = []
    for point, span in zip(curve.points, curve.band(), strict=True):
        low, high = (_text.decimal_text(value, 1) for value in (span.low, span.high))
        rows.append((point.name, _text.decimal_text(point.value, 1), f"{low} to {high}"))
    return {"unit": unit, "rows": rows}


def _displacement_context(displacement_types: DisplacementTypes | None) -> dict[str, Any]:
    if displacement_types is None:
        return {"shifts": []}
    rows = []
    for row, adjusted in zip(displacement_types.rows, displacement_types.adjusted, strict=True):
        p_text = _text.decimal_text(adjusted, 3) if math.isfinite(adjusted) else ""
        rows.append((row.kind, format_numbers.with_true_minus(sentence_text(row.sentence)), p_text, row.tested))
    return {"shifts": rows}
