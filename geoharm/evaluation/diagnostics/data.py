"""Diagnostics of data and answer: reporting, rows without a place, many measures, power, choice of control."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_floor import why_too_few
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.reading import MAX_DETECTABLE
from geoharm.evaluation.recount import broken_claims, turns
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.evaluation.results.specification import SpecificationCurve
from geoharm.model.counts import Change
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate
from geoharm.stats.familywise import holm, step_down


def reporting_diagnostic(observed: Estimate, comparator: Estimate | None, *, recorded_by: str) -> Diagnostic:
    """Return the diagnostic for a change of reporting behaviour in the target area.

    Parameters
    ----------
    observed : Estimate
        The measure's log rate ratio in the target area.
    comparator : Estimate or None
        The log rate ratio of other reports made by the same route, which the operation should not affect.
    recorded_by : str
        "public", "police" or "agency".

    Returns
    -------
    Diagnostic
        The figure is the comparator's log rate ratio. The severity is SIGNAL if its interval excludes 0, or if
        subtracting it from the measure's log rate ratio gives 0 or the opposite sign.
    """
    kind, unit = DiagnosticKind.REPORTING, "log ratio"
    if comparator is None or not comparator.is_defined:
        if recorded_by != "public":
            recorder = "the police" if recorded_by == "police" else "an agency"
            text = f"The events are recorded by {recorder}, so reporting effort was not compared with other reports."
            return Diagnostic(kind, math.nan, unit, text, Severity.NONE)
        text = "No other reports by the same route were given, so a change in reporting cannot be told apart from one in harm."
        return Diagnostic(kind, math.nan, unit, text, Severity.SAY)
    change = f"{math.expm1(comparator.value):+.0%}"
    if comparator.interval().side == 0 and (
        not observed.is_defined or observed.value * (observed.value - comparator.value) > 0
    ):
        text = f"Other reports by the same route changed by {change} in the target area, which may be chance."
        return Diagnostic(kind, comparator.value, unit, text, Severity.SAY)
    remaining = f"{math.expm1(observed.value - comparator.value):+.0%}" if observed.is_defined else "not defined"
    text = (
        f"Other reports by the same route changed by {change} in the target area, relative to the control. "
        f"Relative to these reports, the change of the measure is {remaining}."
    )
    return Diagnostic(kind, comparator.value, unit, text, Severity.SIGNAL)


def unplaced_rows_diagnostic(effect: Effect[int], unplaced: Change, *, all_rows: int) -> Diagnostic:
    r"""Return how far the answer could change if rows without a usable place lay in the target area.

    Parameters
    ----------
    effect : Effect
        Of the target area.
    unplaced : Change
    all_rows : int
        Rows of the measure in the windows before and after, in the whole study area: every zone, the rest, and those
        without a place.

    Returns
    -------
    Diagnostic
        The figure is the share of all these rows that have no place. The sentence gives the rate ratio with none of
        these rows in the target, with all of them, and in the worst cases (all of one window and none of the other).
        The severity is SIGNAL if the effect's interval is on one side of no change and is not with all of these rows
        counted in the target. It is SAY if only a worst case moves it. Without an interval, the signs of the ratios
        decide. What else its numbers would no longer support with all of these rows is in `broken`.
    """
    kind, unit = DiagnosticKind.UNPLACED_ROWS, "share of rows"
    unplaced_rows = unplaced.before + unplaced.after
    if not unplaced_rows:
        return Diagnostic(kind, 0.0, unit, "Every row has a usable place.", Severity.NONE)

    control = Change("control", effect.control_before, effect.control_after)
    why_undefined = why_too_few(control) or "a count is 0"

    def ratio(before: int, after: int) -> float:
        if why_too_few(control):
            return math.nan
        target_with_rows = Change("target", effect.before + before, effect.after + after)
        return log_rate_ratio(target_with_rows, control).value

    ways = ((unplaced.before, unplaced.after), (unplaced.before, 0), (0, unplaced.after))
    ratio_without, (ratio_with_all, *worst_cases) = ratio(0, 0), [ratio(*way) for way in ways]
    if not all(math.isfinite(value) for value in (ratio_without, ratio_with_all, *worst_cases)):
        text = (
            f"{unplaced_rows:,} rows have no usable place, and {why_undefined}, so no range of the ratio can be given."
        )
        return Diagnostic(kind, unplaced_rows / all_rows, unit, text, Severity.SAY)
    text = (
        f"{unplaced_rows:,} rows ({unplaced_rows / all_rows:.1%}) have no usable place. With none of them in the target area, "
        f"it changed by {math.expm1(ratio_without):+.0%} relative to the control; with all of them, by "
        f"{math.expm1(ratio_with_all):+.0%}. In the worst cases (all of one window, none of the other) it changed by "
        f"{math.expm1(worst_cases[0]):+.0%} to {math.expm1(worst_cases[1]):+.0%}."
    )
    with_all, *worst = [turns(effect, before=before, after=after) for before, after in ways]
    if not effect.ratio.is_defined:
        with_all, worst = ratio_without * ratio_with_all <= 0, [worst_cases[0] * worst_cases[1] <= 0]
    severity = Severity.SAY if with_all or any(worst) else Severity.NONE
    if with_all and (effect.ratio.interval().side or not effect.ratio.is_defined):
        severity = Severity.SIGNAL
    zones = ("target", TARGET_AND_RINGS)
    broken = dict.fromkeys(zones, broken_claims(effect, ways[:1]))
    return Diagnostic(kind, unplaced_rows / all_rows, unit, text, severity, zones=zones, broken=broken)


def rejected_rows_diagnostic(effect: Effect[int], rejected: Change, *, undated: int) -> Diagnostic:
    """Return the diagnostic for rows of the target area that were rejected: events may be missing.

    Parameters
    ----------
    effect : Effect
        Of the target area.
    rejected : Change
        Rejected rows in the target area, by window.
    undated : int
        Those whose day could not be read; each may belong to either window.

    Returns
    -------
    Diagnostic
        The severity is SIGNAL if a finding is none with these rows counted, those without a day all in one of the windows.
        What else the numbers would no longer support is in `broken`. The sentence gives no count.
    """
    kind, unit = DiagnosticKind.REJECTED_ROWS, "rows"
    ways = {(rejected.before + undated, rejected.after), (rejected.before, rejected.after + undated)}
    turned = any(turns(effect, before=before, after=after) for before, after in ways)
    broken = broken_claims(effect, ways)
    text = "Rows of the target area could not be read and are not counted; the ledger says why. "
    severity = Severity.SAY if turned or broken else Severity.NONE
    if turned and effect.ratio.interval().side:
        text += "With them the change would not be read as it is."
        severity = Severity.SIGNAL
    elif turned:
        text += "With them a fall or a rise could be read."
    else:
        text += "With them less could be said." if broken else "With them the change is read in the same way."
    zones = ("target", TARGET_AND_RINGS)
    return Diagnostic(kind, math.nan, unit, text, severity, zones=zones, broken=dict.fromkeys(zones, broken))


def unplaced_in_rings_diagnostic(effect: Effect[int], unplaced: Change, *, zones: Sequence[str]) -> Diagnostic | None:
    """Return the diagnostic for rows without a usable place that may lie in the rings; None if they turn nothing there.

    Parameters
    ----------
    effect : Effect
        Of all rings.
    unplaced : Change
    zones : sequence of str
        The names of the rings, alone and together.

    Returns
    -------
    Diagnostic or None
        Of severity SIGNAL, if a finding for the rings is none with all of these rows counted there; SAY if they break
        another claim. The sentence gives no figure, since none of the rings' bounds is published.
    """
    ways = (unplaced.before, unplaced.after)
    turned = effect.ratio.interval().side and turns(effect, before=ways[0], after=ways[1])
    broken = broken_claims(effect, [ways])
    if not turned and not broken:
        return None
    text = (
        "Rows without a usable place may lie in the rings. With all of them counted there, the change in the rings would not be "
        "read as it is."
    )
    kind, unit = DiagnosticKind.UNPLACED_ROWS, "share of rows"
    severity = Severity.SIGNAL if turned else Severity.SAY
    by_zone = dict.fromkeys(zones, broken)
    return Diagnostic(kind, math.nan, unit, text, severity, zones=tuple(zones), broken=by_zone)


def multiplicity_diagnostic(
    estimates: Mapping[str, Estimate],
    *,
    primary: str,
    name: str,
    placebos: ArrayLike | None = None,
    rises_in_family: bool = False,
) -> Diagnostic:
    """Return the diagnostic for many measures: a measure's p-value, adjusted for the number of measures.

    Parameters
    ----------
    estimates : mapping of measure to Estimate
        All measures' estimates for one zone and window.
    primary : str
        The study's primary measure. Its p-value is not adjusted.
    name : str
        The measure that the diagnostic is about.
    placebos : array_like, shape (draws, measures), optional
        z values of all measures at places without an operation, drawn together, in the order of `estimates`. If given,
        Westfall and Young's step-down method is used, otherwise Holm's rule.
    rises_in_family : bool
        Whether a rise of this measure is read with all harms in all zones (`geoharm.evaluation.family`), which is stricter.

    Returns
    -------
    Diagnostic
        The figure is the adjusted p-value. The severity is SIGNAL if it is above 0.05 and the unadjusted one is not; SAY
        for a rise that is read in its family.

    Raises
    ------
    DesignError
        If `name` or `primary` is not among the measures.
    """
    if name not in estimates or primary not in estimates:
        msg = f'"{name}" or "{primary}" is not among the measures: {", ".join(estimates)}.'
        raise DesignError(msg)
    kind, doi = DiagnosticKind.MULTIPLICITY, "https://www.jstor.org/stable/4615733"
    unadjusted = estimates[name].p_value()
    if math.isnan(unadjusted):
        text = "It has no p-value, so there is nothing to adjust for the number of measures."
        return Diagnostic(kind, unadjusted, "p-value", text, Severity.NONE, doi)
    if name == primary:
        text = f"It is the study's one primary measure of {len(estimates)}, so its p-value is not adjusted."
        return Diagnostic(kind, unadjusted, "p-value", text, Severity.NONE, doi)
    secondary = [measure for measure in estimates if measure != primary]
    if placebos is not None:
        defined = [measure for measure in secondary if math.isfinite(estimates[measure].z)]
        columns = [list(estimates).index(measure) for measure in defined]
        adjusted_values = step_down([estimates[measure].z for measure in defined], np.asarray(placebos)[:, columns])
        adjusted = dict(zip(defined, adjusted_values.tolist(), strict=True))
        method = "by placebos drawn together"
    else:
        adjusted_values = holm([estimates[measure].p_value() for measure in secondary])
        adjusted = dict(zip(secondary, adjusted_values.tolist(), strict=True))
        method = "by Holm's rule"
    adjusted_p = adjusted.get(name, math.nan)
    text = f"One of {len(secondary)} secondary measures: its p-value of {unadjusted:.3f} becomes {adjusted_p:.3f} {method}."
    is_limit = unadjusted <= 0.05 < adjusted_p
    if rises_in_family and estimates[name].value > 0:
        text += " A rise is judged with all harms in all zones."
        is_limit = False
    return Diagnostic(kind, adjusted_p, "p-value", text, Severity.SIGNAL if is_limit else Severity.SAY, doi)


def power_diagnostic(detectable_fall: float, *, possible: bool = True) -> Diagnostic:
    """Return the diagnostic for power: the smallest fall that would be detected in 80% of cases.

    Parameters
    ----------
    detectable_fall : float
        Smallest detectable fall, as a share of the expected count; NaN if unknown.
    possible : bool
        Whether the headline has an interval.

    Returns
    -------
    Diagnostic
        The severity is REFUSE if the smallest detectable fall is above 1/2 or unknown: a change is then probable at most.
    """
    kind, unit = DiagnosticKind.POWER, "share of the expected count"
    if math.isnan(detectable_fall):
        reason = "a count is 0" if possible else "no 95% interval is possible here"
        text = f"How small a fall could be found is not known: {reason}."
        return Diagnostic(kind, detectable_fall, unit, text, Severity.REFUSE)
    text = f"A fall of less than {detectable_fall:.0%} would not be found reliably."
    weak = detectable_fall > MAX_DETECTABLE
    return Diagnostic(kind, detectable_fall, unit, text, Severity.REFUSE if weak else Severity.SAY)


def controls_diagnostic(curve: SpecificationCurve, observed: Estimate | None = None) -> Diagnostic:
    """Return the diagnostic for the choice of control: whether equally defensible controls agree.

    Parameters
    ----------
    curve : SpecificationCurve
        The estimates by control.
    observed : Estimate, optional
        The headline's log rate ratio.

    Returns
    -------
    Diagnostic
        The figure is the share of controls that would reverse the sign, with sampling noise removed. The severity is
        REFUSE ("controls disagree") if the controls differ in sign beyond noise, or if the headline's interval excludes
        0 and the median control has the opposite sign.
    """
    kind, unit, doi = DiagnosticKind.CONTROLS, "share of controls", "https://doi.org/10.1038/s41562-020-0912-z"
    values = curve.values
    if len(values) < 2:
        text = "Fewer than two controls gave an estimate, so the influence of the choice of control is not known."
        return Diagnostic(kind, math.nan, unit, text, Severity.SAY, doi)
    text = (
        f"{len(values)} controls give {math.expm1(values[0]):+.0%} to {math.expm1(values[-1]):+.0%}, the median "
        f"{math.expm1(curve.median):+.0%}"
    )
    share = curve.share_against
    if not math.isnan(share):
        text += f"; with sampling noise removed, about {share:.0%} of such controls would reverse the sign"
    side = observed.interval().side if observed is not None and observed.is_defined else 0
    if curve.controls_disagree or side * curve.median < 0:
        return Diagnostic(kind, share, unit, f"Controls disagree: {text}.", Severity.REFUSE, doi)
    return Diagnostic(kind, share, unit, f"{text}.", Severity.SAY, doi)
