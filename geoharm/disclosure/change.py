"""Maps of change that may be released: images in five classes, and the area of the classes."""

from __future__ import annotations

import numpy as np

from geoharm.disclosure.classed_images import change_classes, change_image
from geoharm.disclosure.released import ChangeAreas, ChangeMethod, ReleasedChange
from geoharm.hotspots.results.change import ChangeResult, ChangeSurface
from geoharm.model.geometry import StudyArea


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
        return ReleasedChange(result.measure, result.windows_of, {}, {}, 0.0, 0.0, None, result.note)
    first = result.surfaces[0]
    return ReleasedChange(
        measure=result.measure,
        windows_of=result.windows_of,
        pictures={surface.kind: change_image(surface, area, k) for surface in result.surfaces},
        areas={surface.kind: _class_areas(surface, k) for surface in result.surfaces},
        bandwidth=first.bandwidth,
        cell=first.grid.cell,
        method=ChangeMethod(
            first.permutations, first.seed, first.block_rule, first.correction, first.level, first.adaptive
        ),
        note="",
    )


def _class_areas(change: ChangeSurface, k: int) -> ChangeAreas:
    drawn = (change.support >= k) & (change.places >= k)
    classes = np.where(drawn, change_classes(change), 0)

    def km2(*class_numbers: int) -> float:
        return float(np.isin(classes, class_numbers).sum()) * change.grid.cell_km2

    return ChangeAreas(fewer=km2(2, 3), more=km2(4, 5), chance=km2(1))
