"""Reads the ground that a study names: its files, and the layers that it describes itself."""

from __future__ import annotations

from pathlib import Path

from geoharm._schema import Mistakes, Place
from geoharm.errors import StudyError
from geoharm.geo.ground_layouts.layouts import layer_rule
from geoharm.geo.ground_reading import DescribedLayer, read_ground
from geoharm.model.geometry import StudyArea
from geoharm.model.ground import Ground
from geoharm.study.schema import DescribedLayerTable, PublishTable


def ground_files(table: PublishTable) -> tuple[str, ...]:
    """Return the names of the ground files, each once, as the study writes them."""
    named = [table.ground] if isinstance(table.ground, str) else table.ground
    return tuple(dict.fromkeys([*named, *(layer.file for layer in table.ground_layer)]))


def resolve_ground(table: PublishTable, area: StudyArea, folder: Path, mistakes: Mistakes) -> Ground | None:
    """Return the ground of a study; None if it names none, or there are mistakes, which are noted.

    Parameters
    ----------
    table : PublishTable
    area : StudyArea
    folder : Path
        Folder of the study file.
    mistakes : Mistakes
    """
    described = []
    for index, layer in enumerate(table.ground_layer):
        place: Place = ("publish", "ground_layer", index)
        if not all(mistakes.is_sound(*place, key) for key in DescribedLayerTable.model_fields):
            continue
        try:
            described.append(DescribedLayer(folder / layer.file, layer_rule(layer)))
        except StudyError as error:
            for problem in error.problems:
                mistakes.add(place, problem)
    paths = [folder / name for name in ground_files(table)]
    if not paths or len(described) < len(table.ground_layer) or not mistakes.is_sound("publish", "ground"):
        return None
    try:
        return read_ground(paths, area=area.boundary, crs=area.crs, described=described)
    except StudyError as error:
        for problem in error.problems:
            mistakes.add(("publish",), problem)
    return None
