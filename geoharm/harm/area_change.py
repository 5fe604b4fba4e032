"""Counts of whole areas at and beside a target area, before and after an operation: descriptive bounds, no estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.harm.results.area_change import AreaChange, AreaGroup
from geoharm.model.area_counts import AreaCounts, Bounds
from geoharm.model.measure import Measure
from geoharm.model.overlap import shared_ground, whole_and_cut
from geoharm.model.period import Period, Window, join_adjacent

# An area belongs to the study area if more than this share of it lies inside.
_LEAST_SHARE_INSIDE = 0.5
# Less than this share of a target area without a counted area is a matter of how outlines were drawn.
_GROUND_NOISE = 0.01


def area_change(
    tables: Sequence[AreaCounts],
    measure: Measure,
    operation: str,
    *,
    target: BaseGeometry,
    before: Window,
    after: Window,
    boundary: BaseGeometry,
    notes: Sequence[str] = (),
) -> AreaChange:
    """Return what was counted in whole areas at a target area and in the rest of the study area, before and after.

    Parameters
    ----------
    tables : sequence of AreaCounts
        One for each category of the measure; their sum is counted.
    measure : Measure
    operation : str
    target : shapely geometry
        The target area, in metres.
    before, after : Window
        Of the study. Only whole periods of the tables inside them are counted.
    boundary : shapely geometry
        The study area, in metres.
    notes : sequence of str
        What was left out of the windows, in whole sentences.

    Returns
    -------
    AreaChange

    Raises
    ------
    DesignError
        If no whole period of the tables lies in a window, or no area with a count touches the target area.
    """
    if not all(table.is_dated for table in tables):
        msg = f'"{measure.source}" has no period, so there is no before and after; name its days under covers of the source.'
        raise DesignError(msg)
    windows = (_counted_window(tables, before), _counted_window(tables, after))
    shapes = {
        code: shape
        for table in tables
        for code, shape in zip(table.areas, table.shapes, strict=True)
        if shape is not None
    }
    codes = sorted(shapes)
    drawn = [shapes[code] for code in codes]
    whole, cut, noise = whole_and_cut(drawn, target) if drawn else (np.zeros(0, dtype=np.bool_),) * 3
    touching = [code for code, flag in zip(codes, whole | cut, strict=True) if flag]
    if not touching:
        msg = f'No area of "{measure.source}" that has a count touches the target area of "{operation}"; check the area file.'
        raise DesignError(msg)
    inside = [code for code, flag in zip(codes, whole, strict=True) if flag]
    share = shared_ground(drawn, boundary) / np.array([shape.area for shape in drawn])
    others = [
        code for code, part in zip(codes, share, strict=True) if part > _LEAST_SHARE_INSIDE and code not in touching
    ]
    rest = [code for code in others if not any(_sum(tables, [code], window).high == math.inf for window in windows)]
    said = [note.removesuffix(".") for note in notes]
    said += [_left_out_days(*pair) for pair in zip((before, after), windows, strict=True)]
    covered = float(shapely.union_all(drawn).intersection(target).area) / float(target.area)
    if covered < 1 - _GROUND_NOISE:
        said.append(f"areas with a count cover {math.floor(100 * covered)} % of the target area")
    if noise.any():
        said.append(
            f"areas whose edges nearly coincide with the target area's, counted as wholly inside or outside: {int(noise.sum()):,}"
        )
    if len(rest) < len(others):
        said.append(f"areas of the rest without a number in some period, left out: {len(others) - len(rest):,}")
    at_inside, at_touching, at_rest = (
        AreaGroup(len(group), *(_sum(tables, group, window) for window in windows))
        for group in (inside, touching, rest)
    )
    said += [bounds.note for bounds in (at_touching.before, at_touching.after)]
    return AreaChange(
        measure,
        operation,
        before=windows[0],
        after=windows[1],
        inside=at_inside,
        touching=at_touching,
        rest=at_rest,
        notes=tuple(dict.fromkeys(filter(None, said))),
    )


def whole_periods(tables: Sequence[AreaCounts], window: Window) -> tuple[Period, ...]:
    """Return the periods that all tables have and that lie whole inside a window, in order of time.

    Parameters
    ----------
    tables : sequence of AreaCounts
    window : Window
    """
    common = set(tables[0].periods).intersection(*(table.periods for table in tables[1:]))
    return tuple(period for period in sorted(common) if any(part.contains(period) for part in window.periods))


def _counted_window(tables: Sequence[AreaCounts], window: Window) -> Window:
    periods = whole_periods(tables, window)
    if not periods:
        msg = (
            f'No whole period of "{tables[0].source}" lies in the window "{window.name}" ({window.start} to '
            f"{window.periods[-1].last}); let the window start and end where a period of the source does."
        )
        raise DesignError(msg)
    return Window(window.name, join_adjacent(periods))


def _sum(tables: Sequence[AreaCounts], codes: Sequence[str], window: Window) -> Bounds:
    """Return the bounds of the sum over areas and tables; without an upper bound if a table has no such area."""
    low = high = 0.0
    notes = []
    for table in tables:
        known = [code for code in codes if code in table.areas]
        bounds = table.total(window, known)
        low, high = low + bounds.low, high + bounds.high
        notes.append(bounds.note)
        if len(known) < len(codes):
            high = math.inf
            notes.append(f"areas without any count of \u201c{table.category}\u201d: {len(codes) - len(known):,}")
    return Bounds(low, high, "; ".join(dict.fromkeys(filter(None, notes))))


def _left_out_days(window: Window, counted: Window) -> str:
    if counted.days == window.days:
        return ""
    return f"of the {window.days:,} days of the window {window.name}, {counted.days:,} lie in whole periods of the source and are counted"
