"""Poisson difference-in-differences with ring terms, the event study, and placebo places where operations are few."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as t_law

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.design.series import joint_series
from geoharm.evaluation.results.curves import Curve, DidEstimates
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, Window, add_months, month_span
from geoharm.stats.poisson import poisson_fit
from geoharm.stats.simultaneous_bands import simultaneous_multiplier

REFERENCE = "https://doi.org/10.1007/s10940-021-09494-w"
NAME = "log rate ratio"
MIN_OPERATIONS = 20
LEVELS = (0.8, 0.9, 0.95, 0.99)
MIN_MONTHS = 6


def poisson_did(
    counts: ArrayLike, exposures: Mapping[str, ArrayLike], *, operations: ArrayLike | None = None
) -> DidEstimates:
    r"""Return the effect on target and rings from one regression over areas and months.

    Parameters
    ----------
    counts : array_like, shape (areas, months)
        NaN where an area has no data; areas and months without any event tell nothing and are left out.
    exposures : mapping of zone name to array_like, shape (areas, months)
        1 where an area is that zone of an operation in a month after it began, else 0. Leave out (NaN in `counts`) the
        months of the operation itself if they are no part of the question.
    operations : array_like of int, shape (areas,), optional
        Which operation an area belongs to; every control area has a number of its own. Left out: one operation.

    Returns
    -------
    DidEstimates
        A term a zone; undefined, with a note, where a zone has no event before or after.

    Raises
    ------
    DesignError
        If shapes do not fit, or zones cannot be told apart.

    Notes
    -----
    :math:`E[y_{it}] = \exp(a_i + g_t + \sum_z \delta_z x^z_{it})`. With one operation it is `log_rate_ratio` of every
    zone against all controls together, whatever the number of control areas; what the regression adds is many
    operations and dates. Errors are clustered by operation from 20 operations on, with t of
    one fewer; below, they are those of a
    quasi-Poisson model, which knows nothing of places that drift: take `leave_one_in_placebos` and `randomisation_p` then.
    It assumes parallel trends of the logs and no spill beyond the rings that are in it, and one effect for all
    operations of a zone: with different dates and effects, pool the operations' own estimates instead.

    References
    ----------
    Wilson (2022), https://doi.org/10.1007/s10940-021-09494-w; MacKinnon and Webb (2018), The wild bootstrap for few
    (treated) clusters, https://doi.org/10.1111/ectj.12107; Goodman-Bacon (2021),
    https://doi.org/10.1016/j.jeconom.2021.03.014

    Examples
    --------
    >>> found = poisson_did([[100, 60], [1000, 1000]], {"target": [[0, 1], [0, 0]]})
    >>> round(found.terms[0].value, 4)
    -0.5108
    """
    table = np.asarray(counts, dtype=np.float64)
    marks = {name: np.asarray(mark, dtype=np.float64) for name, mark in exposures.items()}
    if table.ndim != 2 or not marks or any(mark.shape != table.shape for mark in marks.values()):
        msg = f"Counts and every exposure must have shape (areas, months); counts have {table.shape}."
        raise DesignError(msg)
    groups = np.arange(table.shape[0]) if operations is None else np.asarray(operations)
    if groups.shape != (table.shape[0],):
        msg = f"Operations need one number an area, shape ({table.shape[0]},); {groups.shape} was given."
        raise DesignError(msg)
    known = np.isfinite(table)
    notes = {name: _why_undefined(np.where(known, table, 0.0), mark, name) for name, mark in marks.items()}
    for name, mark in marks.items():
        if notes[name]:
            # Its areas can only tell about the zone itself, so they leave with it.
            known &= ~np.any(mark > 0, axis=1, keepdims=True)
    known &= (np.where(known, table, 0).sum(axis=1) > 0)[:, None]
    known &= (np.where(known, table, 0).sum(axis=0) > 0)[None, :]
    named = [name for name in marks if not notes[name]]
    exposed = np.array([any((mark[i] > 0).any() for mark in marks.values()) for i in range(table.shape[0])])
    number = np.unique(groups[exposed]).size if operations is not None else 1
    clustered = operations is not None and number >= MIN_OPERATIONS
    errors = "cluster-robust" if clustered else "quasi-Poisson"
    note = (
        f"errors clustered by {number} operations"
        if clustered
        else f"{number} operation{'s' * (number > 1)}, fewer than {MIN_OPERATIONS}: the error holds counting and months, "
        "not how places drift; placebo places tell more"
    )
    terms = {name: undefined(NAME, unit="log ratio", reference=REFERENCE, note=notes[name]) for name in marks}
    dispersion = 1.0
    if named:
        area, month = np.nonzero(known)
        columns = [(area == i).astype(np.float64) for i in np.unique(area)]
        columns += [(month == t).astype(np.float64) for t in np.unique(month)[1:]]
        columns += [marks[name][area, month] for name in named]
        fit = poisson_fit(table[area, month], np.column_stack(columns), clusters=groups[area] if clustered else None)
        dispersion = fit.dispersion
        start = len(columns) - len(named)
        spread = np.sqrt(np.diag(fit.covariance))
        for place, name in enumerate(named, start):
            value, error = float(fit.coefficients[place]), float(spread[place])
            terms[name] = Estimate(NAME, value, error, "log ratio", REFERENCE, note)
            if clustered:
                terms[name] = _with_t(terms[name], number - 1)
    return DidEstimates(tuple(terms[name] for name in marks), dispersion, number, errors, note)


def operation_did(counts: ZoneCounts, design: Design) -> DidEstimates:
    r"""Return `poisson_did` of one operation: target and every ring at once, over the months of its two windows.

    Parameters
    ----------
    counts : ZoneCounts
    design : Design

    Returns
    -------
    DidEstimates
        A term for the target and every ring, called as its zone.

    Raises
    ------
    DesignError
        If the control area has no event in a window, or the windows hold fewer than 6 months with data.

    Notes
    -----
    Months are counted from each window's first day, and a shorter rest is a month of its own (every month has an effect
    of its own, so lengths need not agree). The terms are therefore the log rate ratios of the windows' whole counts; the
    gap is left out.
    """
    control = [zone.name for zone in design.of_role(ZoneRole.CONTROL)]
    treated = [zone.name for role in (ZoneRole.TARGET, ZoneRole.RING) for zone in design.of_role(role)]
    early, late = _months(design.before), _months(design.after)
    table = np.array([joint_series(counts, zones, early + late) for zones in ([one] for one in (*treated, *control))])
    known = np.isfinite(table).all(axis=0)
    later = np.arange(known.size) >= len(early)
    if known.sum() < MIN_MONTHS:
        msg = f"The windows hold {known.sum()} months with data; how counts vary by month needs at least {MIN_MONTHS}."
        raise DesignError(msg)
    for when, inside in (("before", known & ~later), ("after", known & later)):
        if table[len(treated) :, inside].sum() == 0:
            msg = f"The count {when} in control is 0, so there is nothing to compare with."
            raise DesignError(msg)
    marks = {name: np.outer(np.arange(table.shape[0]) == row, later) for row, name in enumerate(treated)}
    found = poisson_did(table, marks)
    terms = tuple(replace(term, name=name) for name, term in zip(treated, found.terms, strict=True))
    return replace(found, terms=terms)


def _months(window: Window) -> list[Period]:
    spans = []
    for period in window.periods:
        start, step = period.start, 1
        while start < period.end:
            end = min(add_months(period.start, step), period.end)
            spans.append(Period(start, end))
            start, step = end, step + 1
    return spans


def _with_t(term: Estimate, freedom: int) -> Estimate:
    """Return the estimate with intervals from t instead of the normal distribution."""
    spans = tuple(
        Interval(term.value - reach * term.standard_error, term.value + reach * term.standard_error, level)
        for level in LEVELS
        for reach in (float(t_law.ppf(0.5 + level / 2, freedom)),)
    )
    return replace(term, intervals=spans, p=2 * float(t_law.sf(abs(term.z), freedom)))


def _why_undefined(table: NDArray[np.float64], mark: NDArray[np.float64], name: str) -> str:
    rows = (mark > 0).any(axis=1)
    if not rows.any():
        return f"no area is in {name} after an operation"
    for when, inside in (("before", mark[rows] == 0), ("after", mark[rows] > 0)):
        if table[rows][inside].sum() == 0:
            return f"the count {when} in {name} is 0"
    return ""


def event_study(
    target: ArrayLike,
    control: ArrayLike,
    *,
    before: int,
    seed: int,
    block: int = 1,
    dispersion: tuple[float, float] = (1.0, 1.0),
    level: float = 0.95,
) -> Curve:
    r"""Return the log rate ratio of every block of months against the last block before the operation.

    Parameters
    ----------
    target, control : array_like, shape (months,)
        Counts; NaN in both for a month without data.
    before : int
        How many months, from the first, lie before the operation.
    seed : int
        For the band.
    block : int
        Months a block, counted from the operation to both sides; what is left over at the ends is dropped.
    dispersion : (target, control)
    level : float
        Of the band.

    Returns
    -------
    Curve
        Blocks before (but the last) and after; positions are months from the operation's start to the block's middle.
        A block without events is undefined, with a note.

    Raises
    ------
    DesignError
        If series do not fit together, or fewer than two blocks lie before or none after.

    Notes
    -----
    With b the block and 0 the reference, :math:`\theta_b = \log\frac{T_b}{C_b} - \log\frac{T_0}{C_0}`: what a
    saturated Poisson regression gives. Points share the reference, so
    :math:`cov(\theta_a, \theta_b) = \phi_T/T_0 + \phi_C/C_0`.

    References
    ----------
    Freyaldenhoven, Hansen, Perez and Shapiro (2021), Visualization, identification, and estimation in the linear panel
    event-study design, https://doi.org/10.3386/w29170

    Examples
    --------
    >>> found = event_study([50, 50, 50, 25], [80, 80, 80, 80], before=3, seed=1)
    >>> [round(point.value, 3) for point in found.points], found.positions.tolist()
    ([0.0, 0.0, -0.693], [-2.5, -1.5, 0.5])
    """
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.ndim != 1 or t.shape != c.shape or not (np.isnan(t) == np.isnan(c)).all():
        msg = f"Target and control need the same months; shapes {t.shape} and {c.shape} or their gaps differ."
        raise DesignError(msg)
    if block < 1 or not 0 < before < t.size:
        msg = f"An event study needs months before and after and blocks of at least 1; {before} of {t.size} were given."
        raise DesignError(msg)
    early, late = before // block, (t.size - before) // block
    if early < 2 or late < 1:
        msg = (
            f"An event study in blocks of {block} months needs two blocks before and one after; there are {early} and "
            f"{late}."
        )
        raise DesignError(msg)
    phi = [check_positive(value, "dispersion") for value in dispersion]
    starts = [before + block * place for place in range(-early, late)]
    sums = [(np.nansum(t[s : s + block]), np.nansum(c[s : s + block])) for s in starts]
    zero_t, zero_c = (float(value) for value in sums[early - 1])
    shared = phi[0] / zero_t + phi[1] / zero_c if zero_t and zero_c else math.nan
    points, own, positions = [], [], []
    for place, (start, (mine, others)) in enumerate(zip(starts, sums, strict=True)):
        if place == early - 1:
            continue
        name = (
            month_span(start - before + 1, start - before + block)
            if start >= before
            else _before_name(before - start, block)
        )
        positions.append(start - before + block / 2)
        if math.isnan(shared) or not mine or not others:
            which = "the reference block" if math.isnan(shared) else "the block"
            points.append(undefined(name, unit="log ratio", reference=REFERENCE, note=f"{which} has no event"))
            own.append(math.nan)
            continue
        own.append(phi[0] / mine + phi[1] / others)
        value = math.log(mine / others) - math.log(zero_t / zero_c)
        points.append(Estimate(name, value, math.sqrt(own[-1] + shared), "log ratio", REFERENCE))
    covariance = np.full((len(own), len(own)), shared) + np.diag(np.array(own))
    lost = np.isnan(np.array(own))
    covariance[lost, :] = covariance[:, lost] = math.nan
    kept = covariance[np.ix_(~lost, ~lost)]
    reach = simultaneous_multiplier(kept, seed=seed, level=level) if kept.size else math.nan
    return Curve("event study", tuple(points), np.array(positions), covariance, reach, level)


def _before_name(start: int, block: int) -> str:
    if block == 1:
        return f"month {start} before"
    return f"{start} to {start - block} months before"


def leave_one_in_placebos(counts: ArrayLike, is_after: ArrayLike) -> NDArray[np.float64]:
    r"""Return the log rate ratio of every area against all others, as if it had been the target.

    Parameters
    ----------
    counts : array_like, shape (areas, months)
        Of areas where nothing was done, and of like size as the target; NaN where there are no data.
    is_after : array_like of bool, shape (months,)

    Returns
    -------
    ndarray, shape (areas,)
        NaN where a count is 0. Hand it to `stats.randomisation_p` beside the target's own ratio against all of them.

    Examples
    --------
    >>> unit_placebos([[10, 20], [10, 10], [10, 10]], [False, True]).round(3).tolist()
    [0.693, -0.405, -0.405]
    """
    table, later = np.asarray(counts, dtype=np.float64), np.asarray(is_after, dtype=bool)
    if table.ndim != 2 or later.shape != table.shape[1:] or table.shape[0] < 2:
        msg = (
            f"Placebos need at least two areas and one flag a month; shapes {table.shape} and {later.shape} were given."
        )
        raise DesignError(msg)
    early, late = np.nansum(table[:, ~later], axis=1), np.nansum(table[:, later], axis=1)
    others = early.sum() - early, late.sum() - late
    fine = (early > 0) & (late > 0) & (others[0] > 0) & (others[1] > 0)
    found = np.full(table.shape[0], math.nan)
    found[fine] = np.log(late[fine] / early[fine]) - np.log(others[1][fine] / others[0][fine])
    return found
