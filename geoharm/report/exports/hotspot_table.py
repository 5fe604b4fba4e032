"""All hotspots of a release as one table: measure, rank, count, share, area, density and middle."""

from __future__ import annotations

from dataclasses import replace

from geoharm import _crs
from geoharm.disclosure.released import Release
from geoharm.report.cells import number_cell, text_cell
from geoharm.report.document import CellStyle, Column, Row, Table

_COLUMNS = (
    Column("Measure"),
    Column("Rank"),
    Column("Events", style=CellStyle.NUMBER),
    Column("Share of all located", style=CellStyle.NUMBER),
    Column("Area, km2", style=CellStyle.NUMBER),
    Column("Mean density, {per}", style=CellStyle.NUMBER),
    Column("Stability (share)", style=CellStyle.NUMBER),
    Column("Longitude", style=CellStyle.NUMBER),
    Column("Latitude", style=CellStyle.NUMBER),
)
_DEGREE_DECIMALS = 4


def hotspot_table(release: Release) -> Table:
    """Return every hotspot that is published, by measure and rank, with the middle of its outline to about ten metres."""
    rows = []
    for found in release.hotspots:
        for hotspot in found.hotspots:
            middle = hotspot.geometry.representative_point()
            longitude, latitude = _crs.transform(
                [middle.x], [middle.y], source=release.study.area.crs, target=_crs.LONLAT
            )
            degrees = [round(float(axis[0]), _DEGREE_DECIMALS) for axis in (longitude, latitude)]
            numbers = (
                hotspot.rank, hotspot.events, round(hotspot.share, 4), round(hotspot.area_km2, 4), hotspot.density,
                hotspot.stability, *degrees,
            )  # fmt: skip
            rows.append(Row((text_cell(found.measure.name), *(number_cell(one, f"{one:g}") for one in numbers))))
    per = "per km2" if release.study.is_undated else "per km2 per year"
    columns = tuple(replace(column, head=column.head.format(per=per)) for column in _COLUMNS)
    return Table(columns, tuple(rows), "Hotspots")
