"""Change surfaces: log ratio of density or of share between two windows, with permutation p-values.

Kelsall and Diggle (1995), Kernel estimation of relative risk, https://doi.org/10.2307/3318678; Davies and Hazelton
(2010), Adaptive kernel estimation of spatial relative risk, https://doi.org/10.1002/sim.3995; Davies, Jones and
Hazelton (2016), Symmetric adaptive smoothing regimes, https://doi.org/10.1016/j.csda.2016.02.008
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from geoharm._validation import check_level, check_positive
from geoharm.errors import DesignError
from geoharm.hotspots.change.permutation import kernel_matrix, permutation_p_values
from geoharm.hotspots.clusters.permutation import permutation_resolution_note
from geoharm.hotspots.density.intensity import adaptive_bandwidths
from geoharm.hotspots.results.change import ChangeKind, ChangeSurface
from geoharm.model.grid import Grid
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints, Points
from geoharm.model.settings import Correction


def change_surface(
    events: DatedPoints,
    grid: Grid,
    *,
    before: Window,
    after: Window,
    bandwidth: float,
    inside: NDArray[np.bool_],
    kind: ChangeKind = ChangeKind.INTENSITY,
    adaptive: bool = False,
    block_metres: float = 0.0,
    block_days: int = 1,
    permutations: int = 999,
    seed: int = 0,
    correction: Correction = Correction.STEP_DOWN,
    level: float = 0.05,
) -> ChangeSurface:
    r"""Return the log ratio of density after to before, with a p-value at every cell.

    Parameters
    ----------
    events : DatedPoints
        Events outside both windows are left out.
    grid : Grid
        Grid of the cells.
    before, after : Window
        They must not overlap. Days without data do not belong to a window. Differences in length are taken into
        account.
    bandwidth : float
        Search radius of the quartic kernel in metres, the same on both sides.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area.
    kind : ChangeKind
        `INTENSITY` compares events per km2 and year: if events halve everywhere, the surface shows a fall everywhere.
        `SHARE` compares each density over the total of its window (the relative risk of Kelsall and Diggle): if events
        halve everywhere, the surface shows no change.
    adaptive : bool
        If True, every place has its own bandwidth, by the square-root law from the density of both windows together.
        So it is the same before and after, and in all permutations (Davies, Jones and Hazelton 2016). `bandwidth` is
        then the bandwidth of the pilot surface.
    block_metres, block_days : float, int
        Size of a unit. All reports in one square with this side (0: at one place) and one span of this many days are
        one unit, and are permuted together. So twenty reports of one night do not count as twenty independent events.
    permutations : int
        At least 99.
    seed : int
        Of the permutations.
    correction : Correction
        `STEP_DOWN` limits the probability of any false positive to the level. `FDR` limits the expected share of false
        positives among the flagged cells; it needs many permutations if there are many cells, and a note says so.
    level : float
        Cells with an adjusted p-value above this level are marked as consistent with chance variation.

    Returns
    -------
    ChangeSurface

    Raises
    ------
    DesignError
        If the windows overlap, a window has no event, or a setting is out of range.

    Notes
    -----
    .. math:: \log\frac{\lambda_1(s)}{\lambda_0(s)}, \qquad
        \rho(s) = \log\frac{\lambda_1(s) / \int \lambda_1}{\lambda_0(s) / \int \lambda_0}

    With the same fixed bandwidth before and after, the edge correction of both is the same factor and cancels.

    - Null hypothesis of the intensity ratio: nothing changed anywhere. Each unit is placed after with a probability
      equal to the share of days after.
    - Null hypothesis of the share: the total may change, the pattern does not. Units are placed after at random; their
      number is the observed one.
    - Statistic: the density after minus its expectation given the density of both windows. It is defined also where
      one side is empty and the ratio is not defined.

    Units are assumed to be independent. Variation that affects a whole month or district is not included in the
    p-value; longer blocks include more of it.
    """
    bandwidth, level = check_positive(bandwidth, "bandwidth"), check_level(level)
    if kind is ChangeKind.POPULATION:
        msg = "Before and after are compared as intensity ratio or relative risk; for people see population_risk."
        raise DesignError(msg)
    is_before, is_after = events.in_window(before), events.in_window(after)
    if (is_before & is_after).any() or _overlap(before, after):
        msg = f'The windows "{before.name}" and "{after.name}" share days; a day is before or after, not both.'
        raise DesignError(msg)
    for window, in_window in ((before, is_before), (after, is_after)):
        if not events.weight[in_window].sum() > 0:
            msg = f'There are no located events in the window "{window.name}", so no ratio can be drawn.'
            raise DesignError(msg)
    in_either = is_before | is_after
    weight, used_after = events.weight[in_either], is_after[in_either]
    places, place_of_event = _distinct_places(events.x[in_either], events.y[in_either])
    unit_of_event = block_labels(events, before, after, metres=block_metres, days=block_days)[in_either]
    total_weight = np.bincount(place_of_event, weights=weight, minlength=len(places)).astype(np.float64)
    bandwidths = (
        adaptive_bandwidths(replace(places, weight=total_weight), grid, bandwidth=bandwidth) if adaptive else bandwidth
    )
    kernel = kernel_matrix(places, grid, bandwidth=bandwidths, inside=inside)
    units = int(unit_of_event.max()) + 1
    unit_after = np.zeros(units, dtype=np.bool_)
    unit_after[unit_of_event[used_after]] = True
    expected_share = after.days / (after.days + before.days)

    def excess(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the weight after at every place minus its expectation under the null hypothesis."""
        chosen_weight = np.bincount(place_of_event, weights=weight * chosen[unit_of_event], minlength=len(places))
        share = expected_share if kind is ChangeKind.INTENSITY else float(chosen_weight.sum() / total_weight.sum())
        return np.asarray(chosen_weight - share * total_weight)

    def permuted_excess(rng: np.random.Generator) -> NDArray[np.float64]:
        if kind is ChangeKind.INTENSITY:
            return excess(rng.random(units) < expected_share)
        return excess(rng.permutation(unit_after))

    observed = kernel @ excess(unit_after)
    p, adjusted = permutation_p_values(
        observed, kernel, permuted_excess, permutations=permutations, seed=seed, correction=correction
    )
    weight_after = np.bincount(place_of_event, weights=weight * used_after, minlength=len(places))
    return _make_surface(
        grid,
        inside,
        kernel @ weight_after / (after.years if kind is ChangeKind.INTENSITY else weight_after.sum()),
        kernel
        @ (total_weight - weight_after)
        / (before.years if kind is ChangeKind.INTENSITY else (total_weight - weight_after).sum()),
        p=p,
        adjusted=adjusted,
        kind=kind,
        correction=correction,
        support=(kernel > 0) @ total_weight,
        places=(kernel > 0) @ np.ones(len(places)),
        bandwidth=bandwidth,
        adaptive=adaptive,
        level=level,
        totals=(float((total_weight - weight_after).sum()), float(weight_after.sum())),
        unit_count=units,
        block_rule=_describe_units(events.day[in_either], block_metres, block_days),
        permutations=permutations,
        seed=seed,
    )


def population_risk(
    cases: DatedPoints,
    people: Points,
    grid: Grid,
    *,
    bandwidth: float,
    inside: NDArray[np.bool_],
    block_metres: float = 0.0,
    block_days: int = 1,
    permutations: int = 999,
    seed: int = 0,
    correction: Correction = Correction.STEP_DOWN,
    level: float = 0.05,
) -> ChangeSurface:
    r"""Return the log of the share of cases over the share of people at every cell, with a p-value.

    Parameters
    ----------
    cases : DatedPoints
        The events.
    people : Points
        The population at risk by place: from points, from `population_of_areas`, or from a raster.
    grid, bandwidth, inside, block_metres, block_days, permutations, seed, correction, level
        As in `change_surface`.

    Raises
    ------
    DesignError
        If there are no cases or no people.

    Notes
    -----
    .. math:: \rho(s) = \log\frac{\lambda_{cases}(s) / \int \lambda_{cases}}{\lambda_{people}(s) / \int \lambda_{people}}

    In each permutation every unit of cases, with its weight, is assigned to a person drawn at random. The population
    is assumed to be known exactly. Where many people visit, residents are not the population at risk: a night-time
    centre has a high risk per resident.
    """
    bandwidth, level = check_positive(bandwidth, "bandwidth"), check_level(level)
    if not cases.weight.sum() > 0 or not people.total > 0:
        msg = "A risk surface needs at least one case and one person."
        raise DesignError(msg)
    case_places, place_of_event = _distinct_places(cases.x, cases.y)
    case_weight = np.bincount(place_of_event, weights=cases.weight, minlength=len(case_places))
    unit_of_event = _number_units(cases.x, cases.y, cases.day.astype(np.int64) // max(1, block_days), block_metres)
    unit_weight = np.bincount(unit_of_event, weights=cases.weight)
    case_kernel = kernel_matrix(case_places, grid, bandwidth=bandwidth, inside=inside)
    people_kernel = kernel_matrix(people, grid, bandwidth=bandwidth, inside=inside)
    cumulative_people = np.cumsum(people.weight)

    def permuted_weight(rng: np.random.Generator) -> NDArray[np.float64]:
        person = np.searchsorted(cumulative_people, rng.random(unit_weight.size) * cumulative_people[-1], side="right")
        weight = np.bincount(np.minimum(person, len(people) - 1), weights=unit_weight, minlength=len(people))
        return np.asarray(weight, dtype=np.float64)

    case_density, people_density = (
        case_kernel @ case_weight / case_weight.sum(),
        people_kernel @ people.weight / people.total,
    )
    p, adjusted = permutation_p_values(
        case_kernel @ case_weight,
        people_kernel,
        permuted_weight,
        permutations=permutations,
        seed=seed,
        correction=correction,
    )
    return _make_surface(
        grid,
        inside,
        case_density,
        people_density,
        p=p,
        adjusted=adjusted,
        kind=ChangeKind.POPULATION,
        correction=correction,
        support=(case_kernel > 0) @ case_weight,
        places=(case_kernel > 0) @ np.ones(len(case_places)),
        bandwidth=bandwidth,
        level=level,
        totals=(float(case_weight.sum()), people.total),
        unit_count=unit_weight.size,
        block_rule=_describe_units(cases.day, block_metres, block_days),
        permutations=permutations,
        seed=seed,
    )


def tolerance_contours(change: ChangeSurface) -> dict[int, BaseGeometry]:
    """Return the outlines of the flagged cells by sign: 1 for more, -1 for less; empty geometries where there are none.

    A cell is flagged if its adjusted p-value is at most the level of the surface. Outlines are in metres and follow
    the edges of cells.
    """
    grid = change.grid
    side = np.where(change.flagged, np.sign(np.nan_to_num(change.log_ratio)), 0).astype(np.int16)
    transform = Affine(grid.cell, 0, grid.x0, 0, grid.cell, grid.y0)
    outlines: dict[int, list[BaseGeometry]] = {1: [], -1: []}
    for outline, value in shapes(side, mask=side != 0, connectivity=4, transform=transform):
        outlines[int(value)].append(shapely.geometry.shape(outline))
    return {sign: shapely.union_all(polygons) for sign, polygons in outlines.items()}


def block_labels(
    events: DatedPoints, before: Window, after: Window, *, metres: float = 0.0, days: int = 1
) -> NDArray[np.int64]:
    """Return the unit of each event as a number: one place (or square) and one span of days within one window.

    Spans are counted from the start of each window, so no unit lies in both windows. Events in neither window have -1.

    Parameters
    ----------
    events : DatedPoints
        Events with places and days.
    before, after : Window
        The two windows.
    metres : float
        Side of a square; 0 for single places.
    days : int
        Length of a span, at least 1.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    DesignError
        If `days` is below 1 or `metres` below 0.
    """
    if days < 1 or metres < 0:
        msg = f"A block needs at least one day and a side of zero metres or more; {days}, {metres:g} were given."
        raise DesignError(msg)
    is_after, in_either = events.in_window(after), events.in_window(after) | events.in_window(before)
    window_start = np.where(is_after, np.datetime64(after.start, "D"), np.datetime64(before.start, "D"))
    time_span = (events.day - window_start).astype(np.int64) // days * 2 + is_after
    labels = np.full(len(events), -1, dtype=np.int64)
    labels[in_either] = _number_units(events.x[in_either], events.y[in_either], time_span[in_either], metres)
    return labels


def _number_units(
    x: NDArray[np.float64], y: NDArray[np.float64], time_span: NDArray[np.int64], metres: float
) -> NDArray[np.int64]:
    east, north = (x, y) if metres == 0 else (np.floor(x / metres), np.floor(y / metres))
    _, label = np.unique(np.column_stack([east, north, time_span]), axis=0, return_inverse=True)
    return np.asarray(label.ravel(), dtype=np.int64)


def _describe_units(day: NDArray[np.datetime64], metres: float, days: int) -> str:
    place = "one place" if metres == 0 else f"one square of {metres:g} m"
    time_span = f"{days} day{'s' if days > 1 else ''}"
    if days < 28 and (day == day.astype("datetime64[M]")).all():
        time_span = "1 month"  # the source has no days
    return f"reports of {place} within {time_span} count as one unit"


def _overlap(before: Window, after: Window) -> bool:
    return any(
        before_period.overlap(after_period) is not None
        for before_period in before.periods
        for after_period in after.periods
    )


def _distinct_places(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Points, NDArray[np.int64]]:
    places, place_of_event = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    return Points(places[:, 0], places[:, 1], np.ones(len(places))), np.asarray(place_of_event.ravel(), dtype=np.int64)


def _make_surface(
    grid: Grid,
    inside: NDArray[np.bool_],
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    *,
    p: NDArray[np.float64],
    adjusted: NDArray[np.float64],
    support: NDArray[np.float64],
    places: NDArray[np.float64],
    correction: Correction,
    permutations: int,
    **fields: object,
) -> ChangeSurface:
    """Return a change surface from vectors over the cells of the study area; NaN or 0 in other cells."""

    def on_grid(values: NDArray[np.float64], empty: float) -> NDArray[np.float64]:
        array = np.full(grid.shape, empty)
        array[inside] = values
        return array

    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(numerator) - np.log(denominator)
    ratio[(numerator == 0) & (denominator == 0)] = np.nan
    return ChangeSurface(
        grid=grid,
        log_ratio=on_grid(ratio, np.nan),
        p=on_grid(p, np.nan),
        adjusted=on_grid(adjusted, np.nan),
        support=np.rint(on_grid(support, 0)).astype(np.int64),
        places=np.rint(on_grid(places, 0)).astype(np.int64),
        correction=correction,
        permutations=permutations,
        note=permutation_resolution_note(permutations, int(np.isfinite(p).sum()))
        if correction is Correction.FDR
        else "",
        **fields,  # type: ignore[arg-type]
    )
