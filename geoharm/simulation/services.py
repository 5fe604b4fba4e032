"""Simulate services, wards and a survey of residents for the demo city, from the same seed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm._whole_files import write_whole
from geoharm.simulation.location import CRS

WARDS = 6
_SERVICES = (("treatment centre", 4), ("needle exchange", 3), ("sharps bin", 24), ("school", 30))
# Waves of the survey: year, and the percentages afraid in wards that the operation touched and elsewhere.
_SURVEY_WAVES = ((2020, 48.0, 30.0), (2021, 50.0, 31.0), (2022, 42.0, 30.0))
_RESPONDENTS = 110


def write_services(seed: int, boundary: shapely.Geometry, target: shapely.Geometry, folder: Path) -> tuple[Path, ...]:
    """Write ``services.csv``, ``wards.geojson`` and ``survey.csv``, and return their paths.

    Parameters
    ----------
    seed : int
    boundary, target : shapely geometry
        In metres of `CRS`.
    folder : Path
    """
    rng = np.random.default_rng([seed, 2])
    wards = _wards(boundary)
    return (
        _write_sites(folder / "services.csv", rng, boundary),
        _write_wards(folder / "wards.geojson", wards),
        _write_survey(folder / "survey.csv", rng, wards, target),
    )


def _wards(boundary: shapely.Geometry) -> dict[str, shapely.Geometry]:
    west, south, east, north = boundary.bounds
    ward_width, ward_height = (east - west) / WARDS, (north - south) / WARDS
    return {
        f"W{row + 1}{column + 1}": shapely.box(west + column * ward_width, south + row * ward_height, west + (column + 1) * ward_width, south + (row + 1) * ward_height)
        for row in range(WARDS)
        for column in range(WARDS)
    }  # fmt: skip


def _degrees(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=CRS, target=_crs.LONLAT))


def _write_sites(path: Path, rng: np.random.Generator, boundary: shapely.Geometry) -> Path:
    west, south, east, north = boundary.bounds
    rows = []
    for category, number in _SERVICES:
        places = _degrees(np.column_stack([rng.uniform(west, east, number), rng.uniform(south, north, number)]))
        rows += [
            [f"{category} {index + 1}", category, "", f"{x:.5f}", f"{y:.5f}"] for index, (x, y) in enumerate(places)
        ]
    return _write_csv(path, ["name", "category", "address", "longitude", "latitude"], rows)


def _write_wards(path: Path, wards: dict[str, shapely.Geometry]) -> Path:
    features = [
        {"type": "Feature", "properties": {"code": code},
         "geometry": shapely.geometry.mapping(shapely.set_precision(shapely.transform(shape, _degrees), 1e-6))}
        for code, shape in wards.items()
    ]  # fmt: skip
    return write_whole(path, json.dumps({"type": "FeatureCollection", "features": features}) + "\n")


def _write_survey(
    path: Path, rng: np.random.Generator, wards: dict[str, shapely.Geometry], target: shapely.Geometry
) -> Path:
    """Write the percentages afraid after dark, and those who put drug markets first, by ward and year."""
    rows = []
    priority_percent = {
        code: rng.uniform(10, 40) + (25 if shape.intersects(target) else 0) for code, shape in wards.items()
    }
    for year, in_target, outside in _SURVEY_WAVES:
        for code, shape in wards.items():
            afraid = in_target if shape.intersects(target) else outside
            for question, percent in (("afraid after dark", afraid), ("drug market first", priority_percent[code])):
                observed_percent = rng.binomial(_RESPONDENTS, percent / 100) / _RESPONDENTS * 100
                rows.append([code, str(year), question, f"{observed_percent:.1f}", "", "", "", str(_RESPONDENTS)])
    return _write_csv(path, ["area", "period", "question", "percent", "standard_error", "lower", "upper", "n"], rows)


def _write_csv(path: Path, head: list[str], rows: list[list[str]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return write_whole(path, text.getvalue())
