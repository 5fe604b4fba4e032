"""What could mislead in the data and the answer: reporting, lost places, many measures, weak designs, controls."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
from geoharm.evaluation.results.specification import SpecificationCurve
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate
from geoharm.stats.familywise import holm, step_down

WEAK = 0.5


def reporting_diagnostic(observed: Estimate, comparator: Estimate | None, *, recorded_by: str) -> Diagnostic:
    """Return whether reporting itself changed in the target area.

    Parameters
    ----------
    observed : Estimate
        The measure's log rate ratio in the target.
    comparator : Estimate or None
        The same of other reports by the same route, which the operation should not touch.
    recorded_by : str
        "public", "police" or "agency".

    Returns
    -------
    Diagnostic
        The figure is the comparator's log rate ratio. SIGNAL if its interval leaves out 0, or if the change goes to
        0 or beyond once the comparator's is taken off.
    """
    name, unit = "reporting effort", "log ratio"
    if comparator is None or not comparator.is_defined:
        if recorded_by != "public":
            text = "The events are not reported by the public, so reporting effort was not held against a comparator."
            return Diagnostic(name, math.nan, unit, text, Severity.NONE)
        text = (
            "No other reports by the same route were given, so a change in reporting cannot be told from one in harm."
        )
        return Diagnostic(name, math.nan, unit, text, Severity.SAY)
    change = f"{math.expm1(comparator.value):+.0%}"
    if comparator.interval().side == 0 and (
        not observed.is_defined or observed.value * (observed.value - comparator.value) > 0
    ):
        text = f"Other reports by the same route changed by {change} in the target area, which may be chance."
        return Diagnostic(name, comparator.value, unit, text, Severity.SAY)
    left = f"{math.expm1(observed.value - comparator.value):+.0%}" if observed.is_defined else "nothing that is defined"
    text = (
        f"Other reports by the same route changed by {change} in the target area, against the control. Taken off, "
        f"{left} is left of the change."
    )
    return Diagnostic(name, comparator.value, unit, text, Severity.SIGNAL)


def unplaced_rows_diagnostic(target: Change, control: Change, unplaced: Change) -> Diagnostic:
    r"""Return what the answer could be if rows without a usable place lay in the target area.

    Parameters
    ----------
    target, control, unplaced : Change

    Returns
    -------
    Diagnostic
        The figure is the share of all counted rows that have no place. The sentence gives the rate ratio with none and
        with all of them in the target, and at worst: all of one window and none of the other. SIGNAL if none and all
        differ in sign; SAY if only the worst case does.
    """
    name, unit = "rows without a place", "share of rows"
    rows = sum(change.before + change.after for change in (target, control, unplaced))
    lost = unplaced.before + unplaced.after
    if not lost:
        return Diagnostic(name, 0.0, unit, "Every row has a usable place.", Severity.NONE)

    def ratio(before: int, after: int) -> float:
        moved = Change(target.area, target.before + before, target.after + after)
        return log_rate_ratio(moved, control).value

    none, everything = ratio(0, 0), ratio(unplaced.before, unplaced.after)
    worst = ratio(unplaced.before, 0), ratio(0, unplaced.after)
    if not all(math.isfinite(value) for value in (none, everything, *worst)):
        text = f"{lost:,} rows have no usable place, and a count of 0 leaves no ratio to bound."
        return Diagnostic(name, lost / rows, unit, text, Severity.SAY)
    text = (
        f"{lost:,} rows ({lost / rows:.1%}) have no usable place. With none of them in the target area it changed by "
        f"{math.expm1(none):+.0%} against the control, with all by {math.expm1(everything):+.0%}; at worst (all of one "
        f"window, none of the other) anything from {math.expm1(worst[0]):+.0%} to {math.expm1(worst[1]):+.0%} fits."
    )
    consequence = Severity.NONE
    if none * everything <= 0:
        consequence = Severity.SIGNAL
    elif worst[0] * worst[1] <= 0:
        consequence = Severity.SAY
    return Diagnostic(name, lost / rows, unit, text, consequence)


def multiplicity_diagnostic(
    estimates: Mapping[str, Estimate], *, primary: str, name: str, placebos: ArrayLike | None = None
) -> Diagnostic:
    """Return a measure's p-value once all measures are counted.

    Parameters
    ----------
    estimates : mapping of measure to Estimate
        Of one zone and window.
    primary : str
        The one named beforehand; it is not adjusted.
    name : str
        The measure the guard is about.
    placebos : array_like, shape (draws, measures), optional
        z of all measures where nothing was done, drawn together, in the mapping's order; Westfall and Young's
        step-down is used then, and Holm's rule else.

    Returns
    -------
    Diagnostic
        The figure is the adjusted p-value. SIGNAL if it is above 0.05 where the plain one is not.

    Raises
    ------
    DesignError
        If a name is not among the measures.
    """
    if name not in estimates or primary not in estimates:
        msg = f'"{name}" or "{primary}" is not among the measures: {", ".join(estimates)}.'
        raise DesignError(msg)
    title, doi = "many measures", "https://www.jstor.org/stable/4615733"
    plain = estimates[name].p_value()
    if math.isnan(plain):
        text = "It has no p-value of its own, so the number of measures does not bear on it."
        return Diagnostic(title, plain, "p-value", text, Severity.NONE, doi)
    if name == primary:
        text = f"It is the one primary measure of {len(estimates)}, named beforehand, so its p-value stands as it is."
        return Diagnostic(title, plain, "p-value", text, Severity.NONE, doi)
    secondary = [key for key in estimates if key != primary]
    if placebos is not None:
        defined = [key for key in secondary if math.isfinite(estimates[key].z)]
        places = [list(estimates).index(key) for key in defined]
        values = step_down([estimates[key].z for key in defined], np.asarray(placebos)[:, places])
        adjusted = dict(zip(defined, values.tolist(), strict=True))
        how = "by placebos drawn together"
    else:
        values = holm([estimates[key].p_value() for key in secondary])
        adjusted = dict(zip(secondary, values.tolist(), strict=True))
        how = "by Holm's rule"
    figure = adjusted.get(name, math.nan)
    text = f"One of {len(secondary)} secondary measures: its p-value of {plain:.3f} becomes {figure:.3f} {how}."
    lost = plain <= 0.05 < figure
    return Diagnostic(title, figure, "p-value", text, Severity.SIGNAL if lost else Severity.SAY, doi)


def power_diagnostic(detectable_fall: float, *, possible: bool = True) -> Diagnostic:
    """Return the smallest fall that would be found four times in five, and what a weak design may say.

    Parameters
    ----------
    detectable_fall : float
        Share of the expected count; NaN where unknown.
    possible : bool
        Whether the headline has an interval.

    Returns
    -------
    Diagnostic
        REFUSE above a half or where it is unknown: an empty result says nothing then, and what leaves out zero is a
        signal at most.
    """
    name, unit = "smallest detectable fall", "share of the expected count"
    if math.isnan(detectable_fall):
        why = "a count is 0" if possible else "no 95% interval is possible here"
        text = f"How small a fall could be found is not known: {why}."
        return Diagnostic(name, detectable_fall, unit, text, Severity.REFUSE)
    text = f"A fall of less than {detectable_fall:.0%} would not be found reliably."
    weak = detectable_fall > WEAK
    return Diagnostic(name, detectable_fall, unit, text, Severity.REFUSE if weak else Severity.SAY)


def controls_diagnostic(curve: SpecificationCurve, observed: Estimate | None = None) -> Diagnostic:
    """Return whether equally defensible controls say the same.

    Parameters
    ----------
    curve : SpecificationCurve
        By control.
    observed : Estimate, optional
        The headline's log rate ratio.

    Returns
    -------
    Diagnostic
        The figure is the share of the controls that would turn the sign, noise taken off. REFUSE if they differ in sign
        beyond noise, or if the headline leaves out 0 on the other side than the middle control ("controls disagree").
    """
    name, unit, doi = "choice of control", "share of controls", "https://doi.org/10.1038/s41562-020-0912-z"
    values = curve.values
    if len(values) < 2:
        text = "Fewer than two controls gave an answer, so what the choice of control does is not known."
        return Diagnostic(name, math.nan, unit, text, Severity.SAY, doi)
    text = (
        f"{len(values)} controls say {math.expm1(values[0]):+.0%} to {math.expm1(values[-1]):+.0%}, the middle one "
        f"{math.expm1(curve.middle):+.0%}"
    )
    share = curve.share_against
    if not math.isnan(share):
        text += f"; noise taken off, about {share:.0%} of such controls would turn the sign"
    side = observed.interval().side if observed is not None and observed.is_defined else 0
    if curve.disagree or side * curve.middle < 0:
        return Diagnostic(name, share, unit, f"Controls disagree: {text}.", Severity.REFUSE, doi)
    return Diagnostic(name, share, unit, f"{text}.", Severity.SAY, doi)
