"""Where density changed between two windows, and where a place's share did: log ratios with the chance of each.

Kelsall and Diggle (1995), Kernel estimation of relative risk, https://doi.org/10.2307/3318678; Davies and Hazelton
(2010), Adaptive kernel estimation of spatial relative risk, https://doi.org/10.1002/sim.3995; Davies, Jones and Hazelton
(2016), Symmetric adaptive smoothing regimes, https://doi.org/10.1016/j.csda.2016.02.008
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
    r"""Return the log ratio of density after to before, with the chance of a difference as large at every cell.

    Parameters
    ----------
    events : DatedPoints
        Those outside both windows take no part.
    grid : Grid
    before, after : Window
        Must not overlap. Days without data are no part of a window, so lengths differ and are allowed for.
    bandwidth : float
        Search radius of the quartic kernel in metres, the same on both sides.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area.
    kind : ChangeKind
        `INTENSITY`: events per km2 and year, so halving everywhere shows as a fall everywhere. `SHARE`: density over
        the total of its window, the relative risk of Kelsall and Diggle, for which halving everywhere is no change.
        They answer different questions; the result says which.
    adaptive : bool
        Every place has a bandwidth of its own, by the square-root law from the density of both windows together, so
        it is the same before and after and whatever falls where (Davies, Jones and Hazelton 2016). `bandwidth` is
        then that of the pilot.
    block_metres, block_days : float, int
        Reports of one square of this side (0: of one place) and one stretch of this many days are one unit: they are
        moved together, so twenty reports of one night are not twenty pieces of evidence.
    permutations : int
        At least 99.
    seed : int
    correction : Correction
        `STEP_DOWN` keeps the chance of flagging any cell without cause at the level. `FDR` keeps the expected share
        of chance among the flagged cells there, but needs many permutations where cells are many; the note says so.
    level : float
        Adjusted p-value above which a cell is marked as explained by chance.

    Returns
    -------
    ChangeSurface

    Raises
    ------
    DesignError
        If the windows overlap, a window holds no event, or a setting is out of range.

    Notes
    -----
    .. math:: \log\frac{\lambda_1(s)}{\lambda_0(s)}, \qquad
        \rho(s) = \log\frac{\lambda_1(s) / \int \lambda_1}{\lambda_0(s) / \int \lambda_0}

    A shared, fixed bandwidth makes the edge correction of both sides the same factor, which cancels. For the
    intensity ratio each unit falls after with the probability that is the share of days after (nothing changed
    anywhere); for the share as many units as were after are chosen at random (the total may change, the pattern does
    not). The statistic is the density after less what chance gives of the density of both, so it exists where a
    side is empty and the ratio does not. Units are taken as independent of each other: what makes a whole month or
    district livelier than another is not in the p-value; longer blocks hold more of it.
    """
    bandwidth, level = check_positive(bandwidth, "bandwidth"), check_level(level)
    if kind is ChangeKind.POPULATION:
        msg = "Before and after are compared as intensity ratio or relative risk; for people see population_risk."
        raise DesignError(msg)
    early, late = events.within(before), events.within(after)
    if (early & late).any() or _overlap(before, after):
        msg = f'The windows "{before.name}" and "{after.name}" share days; a day is before or after, not both.'
        raise DesignError(msg)
    for window, part in ((before, early), (after, late)):
        if not events.weight[part].sum() > 0:
            msg = f'There are no located events in the window "{window.name}", so no ratio can be drawn.'
            raise DesignError(msg)
    used = early | late
    weight, is_late = events.weight[used], late[used]
    places, place = _distinct(events.x[used], events.y[used])
    unit = block_labels(events, before, after, metres=block_metres, days=block_days)[used]
    all_weight = np.bincount(place, weights=weight, minlength=len(places)).astype(np.float64)
    own = adaptive_bandwidths(replace(places, weight=all_weight), grid, bandwidth=bandwidth) if adaptive else bandwidth
    kernel = kernel_matrix(places, grid, bandwidth=own, inside=inside)
    units = int(unit.max()) + 1
    unit_late = np.zeros(units, dtype=np.bool_)
    unit_late[unit[is_late]] = True
    rate = after.days / (after.days + before.days)

    def excess(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the weight after at every place, less what chance gives of the weight of both."""
        mine = np.bincount(place, weights=weight * chosen[unit], minlength=len(places))
        share = rate if kind is ChangeKind.INTENSITY else float(mine.sum() / all_weight.sum())
        return np.asarray(mine - share * all_weight)

    def drawn(rng: np.random.Generator) -> NDArray[np.float64]:
        if kind is ChangeKind.INTENSITY:
            return excess(rng.random(units) < rate)
        return excess(rng.permutation(unit_late))

    observed = kernel @ excess(unit_late)
    p, adjusted = permutation_p_values(
        observed, kernel, drawn, permutations=permutations, seed=seed, correction=correction
    )
    late_weight = np.bincount(place, weights=weight * is_late, minlength=len(places))
    return _surface(
        grid,
        inside,
        kernel @ late_weight / (after.years if kind is ChangeKind.INTENSITY else late_weight.sum()),
        kernel
        @ (all_weight - late_weight)
        / (before.years if kind is ChangeKind.INTENSITY else (all_weight - late_weight).sum()),
        p=p,
        adjusted=adjusted,
        kind=kind,
        correction=correction,
        support=(kernel > 0) @ all_weight,
        places=(kernel > 0) @ np.ones(len(places)),
        bandwidth=bandwidth,
        adaptive=adaptive,
        level=level,
        totals=(float((all_weight - late_weight).sum()), float(late_weight.sum())),
        blocks=units,
        block_rule=_block_words(events.day[used], block_metres, block_days),
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
    r"""Return the log of the share of cases over the share of people at every cell, with the chance of each.

    Parameters
    ----------
    cases : DatedPoints
    people : Points
        The population at risk: where they are and how many; from points, `population_of_areas` or a raster.
    grid, bandwidth, inside, block_metres, block_days, permutations, seed, correction, level
        As in `change_surface`.

    Raises
    ------
    DesignError
        If there are no cases or no people.

    Notes
    -----
    .. math:: \rho(s) = \log\frac{\lambda_{cases}(s) / \int \lambda_{cases}}{\lambda_{people}(s) / \int \lambda_{people}}

    In each world every unit of cases, as large as it is, falls on a person drawn at random. People are taken as
    known. Residents are not those at risk where many visit: a night-time centre has high risk by residents.
    """
    bandwidth, level = check_positive(bandwidth, "bandwidth"), check_level(level)
    if not cases.weight.sum() > 0 or not people.total > 0:
        msg = "A risk surface needs at least one case and one person."
        raise DesignError(msg)
    case_places, place = _distinct(cases.x, cases.y)
    per_place = np.bincount(place, weights=cases.weight, minlength=len(case_places))
    unit = _labels(cases.x, cases.y, cases.day.astype(np.int64) // max(1, block_days), block_metres)
    sizes = np.bincount(unit, weights=cases.weight)
    of_cases = kernel_matrix(case_places, grid, bandwidth=bandwidth, inside=inside)
    of_people = kernel_matrix(people, grid, bandwidth=bandwidth, inside=inside)
    where = np.cumsum(people.weight)

    def drawn(rng: np.random.Generator) -> NDArray[np.float64]:
        at = np.searchsorted(where, rng.random(sizes.size) * where[-1], side="right")
        fallen = np.bincount(np.minimum(at, len(people) - 1), weights=sizes, minlength=len(people))
        return np.asarray(fallen, dtype=np.float64)

    density, base = of_cases @ per_place / per_place.sum(), of_people @ people.weight / people.total
    p, adjusted = permutation_p_values(
        of_cases @ per_place, of_people, drawn, permutations=permutations, seed=seed, correction=correction
    )
    return _surface(
        grid,
        inside,
        density,
        base,
        p=p,
        adjusted=adjusted,
        kind=ChangeKind.POPULATION,
        correction=correction,
        support=(of_cases > 0) @ per_place,
        places=(of_cases > 0) @ np.ones(len(case_places)),
        bandwidth=bandwidth,
        level=level,
        totals=(float(per_place.sum()), people.total),
        blocks=sizes.size,
        block_rule=_block_words(cases.day, block_metres, block_days),
        permutations=permutations,
        seed=seed,
    )


def tolerance_contours(change: ChangeSurface) -> dict[int, BaseGeometry]:
    """Return the outlines of the cells beyond chance: 1 where more, -1 where less; empty geometries where none.

    Whole cells, in metres; inside an outline every cell's adjusted p-value is at most the surface's level.
    """
    grid = change.grid
    side = np.where(change.beyond_chance, np.sign(np.nan_to_num(change.log_ratio)), 0).astype(np.int16)
    transform = Affine(grid.cell, 0, grid.x0, 0, grid.cell, grid.y0)
    found: dict[int, list[BaseGeometry]] = {1: [], -1: []}
    for outline, value in shapes(side, mask=side != 0, connectivity=4, transform=transform):
        found[int(value)].append(shapely.geometry.shape(outline))
    return {sign: shapely.union_all(parts) for sign, parts in found.items()}


def block_labels(
    events: DatedPoints, before: Window, after: Window, *, metres: float = 0.0, days: int = 1
) -> NDArray[np.int64]:
    """Return the number of each event's unit: one place (or square) and one stretch of days within one window.

    Stretches are counted from the start of each window, so no unit lies in both. Events in neither window have -1.
    """
    if days < 1 or metres < 0:
        msg = f"A block needs at least one day and a side of zero metres or more; {days}, {metres:g} were given."
        raise DesignError(msg)
    late, used = events.within(after), events.within(after) | events.within(before)
    since = np.where(late, np.datetime64(after.start, "D"), np.datetime64(before.start, "D"))
    stretch = (events.day - since).astype(np.int64) // days * 2 + late
    labels = np.full(len(events), -1, dtype=np.int64)
    labels[used] = _labels(events.x[used], events.y[used], stretch[used], metres)
    return labels


def _labels(
    x: NDArray[np.float64], y: NDArray[np.float64], stretch: NDArray[np.int64], metres: float
) -> NDArray[np.int64]:
    east, north = (x, y) if metres == 0 else (np.floor(x / metres), np.floor(y / metres))
    _, label = np.unique(np.column_stack([east, north, stretch]), axis=0, return_inverse=True)
    return np.asarray(label.ravel(), dtype=np.int64)


def _block_words(day: NDArray[np.datetime64], metres: float, days: int) -> str:
    place = "one place" if metres == 0 else f"one square of {metres:g} m"
    stretch = f"{days} day{'s' if days > 1 else ''}"
    if days < 28 and (day == day.astype("datetime64[M]")).all():
        stretch = "1 month"  # the source knows no days
    return f"reports of {place} within {stretch} count as one unit"


def _overlap(one: Window, two: Window) -> bool:
    return any(first.overlap(second) is not None for first in one.periods for second in two.periods)


def _distinct(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Points, NDArray[np.int64]]:
    places, place = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    return Points(places[:, 0], places[:, 1], np.ones(len(places))), np.asarray(place.ravel(), dtype=np.int64)


def _surface(
    grid: Grid,
    inside: NDArray[np.bool_],
    top: NDArray[np.float64],
    bottom: NDArray[np.float64],
    *,
    p: NDArray[np.float64],
    adjusted: NDArray[np.float64],
    support: NDArray[np.float64],
    places: NDArray[np.float64],
    correction: Correction,
    permutations: int,
    **about: object,
) -> ChangeSurface:
    """Put vectors over the cells inside back on the grid."""

    def spread(values: NDArray[np.float64], empty: float) -> NDArray[np.float64]:
        whole = np.full(grid.shape, empty)
        whole[inside] = values
        return whole

    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(top) - np.log(bottom)
    ratio[(top == 0) & (bottom == 0)] = np.nan
    return ChangeSurface(
        grid=grid,
        log_ratio=spread(ratio, np.nan),
        p=spread(p, np.nan),
        adjusted=spread(adjusted, np.nan),
        support=np.rint(spread(support, 0)).astype(np.int64),
        places=np.rint(spread(places, 0)).astype(np.int64),
        correction=correction,
        permutations=permutations,
        note=permutation_resolution_note(permutations, int(np.isfinite(p).sum()))
        if correction is Correction.FDR
        else "",
        **about,  # type: ignore[arg-type]
    )
