"""Maps of change that may be released: images in five classes, and the area of each class in words."""

from __future__ import annotations

import numpy as np

from geoharm import _text
from geoharm.disclosure.classed_images import change_classes, change_image
from geoharm.disclosure.released import ReleasedChange
from geoharm.hotspots.results.change import ChangeKind, ChangeResult, ChangeSurface
from geoharm.model.geometry import StudyArea

# In the order of `change_classes`.
CLASS_WORDS = ("chance can explain", "half or fewer", "fewer", "more", "twice or more")


def protect_change(result: ChangeResult, area: StudyArea, k: int) -> ReleasedChange:
    """Return one measure's change as it may be released: every drawn cell rests on at least k events and k places.

    Parameters
    ----------
    result : ChangeResult
    area : StudyArea
    k : int
        Threshold of the disclosure rule; 1 draws every cell.
    """
    if not result.surfaces:
        return ReleasedChange(result.measure, result.operation, {}, {}, 0.0, 0.0, result.note)
    first = result.surfaces[0]
    return ReleasedChange(
        measure=result.measure,
        operation=result.operation,
        pictures={surface.kind: change_image(surface, area, k) for surface in result.surfaces},
        readings={surface.kind: _reading(surface, k) for surface in result.surfaces},
        bandwidth=first.bandwidth,
        cell=first.grid.cell,
        note=_method_note(first),
    )


def _reading(change: ChangeSurface, k: int) -> str:
    """Return what the map shows in words: its question, and the area of each class."""
    drawn = (change.support >= k) & (change.places >= k)
    classes = np.where(drawn, change_classes(change), 0)

    def km2(*class_numbers: int) -> str:
        area = float(np.isin(classes, class_numbers).sum()) * change.grid.cell_km2
        if not area:
            return "none"
        return f"{_text.decimal_text(area, 2) if area >= 0.005 else 'less than 0.01'} km\u00b2"

    question = ChangeKind(change.kind).question
    return f"{question} Fewer events: {km2(2, 3)}; more events: {km2(4, 5)}; chance can explain the rest: {km2(1)}."


def _method_note(change: ChangeSurface) -> str:
    return (
        f"Grey: chance can explain the difference. Chance was judged from {change.permutations:,} random reshufflings of the "
        f"data (seed {change.seed}) in which {change.block_rule}; {change.correction.value}, "
        f"{_text.percent_text(change.level)} chance of any coloured cell if nothing changed. Units are assumed to be "
        "independent of each other, so a rise or fall of a whole district or season is not taken into account. A change is "
        "not an effect of the operation: it may have any reason."
        + (" Every place has its own bandwidth, the same before and after." if change.adaptive else "")
    )
