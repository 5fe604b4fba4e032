"""The files of a search over designs: record, table, figure and outlines. They are internal: exact and not protected."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm._text import visible_text
from geoharm._version import __version__
from geoharm.evaluation.results.design_search import DesignRow, DesignSearch, TogetherRow
from geoharm.evaluation.results.power import PowerRow
from geoharm.report.charts.designs import designs_chart
from geoharm.report.document import Cell, Column, Missing, Row, Table, Value
from geoharm.report.exports.pictures import picture_svg
from geoharm.report.exports.tables import table_csv
from geoharm.report.format_numbers import to_record
from geoharm.report.publication import open_folder, publish_files

NAMES = ("designs-internal.json", "designs-internal.csv", "designs-internal.svg", "markets-internal.geojson")
_FALLS = (0.5, 0.3, 0.2)
# A study that takes an outline as its target gets the figures of the search: cells on its border lie on the same side.
_DECIMALS = 10
_HEADS = (
    "measure", "market", "near", "gap_m", "rings_m", "start", "months_after", "tried_until", "months_of_past", "expected",
    "detectable_fall", "detectable_fall_rings", "detectable_fall_target_and_rings", "months_for_50", "months_for_30",
    "months_for_20", "operations_for_30", "operations_for_20", "reason",
)  # fmt: skip


def write_designs(search: DesignSearch, crs: str, folder: Path) -> tuple[Path, ...]:
    """Write ``designs-internal.json``, ``.csv``, ``.svg`` and ``markets-internal.geojson`` into a folder, as one thing.

    Parameters
    ----------
    search : DesignSearch
    crs : str
        The study's coordinate system.
    folder : Path

    Raises
    ------
    PublishError
        If the folder cannot be written.
    """
    contents = (
        visible_text(json.dumps(search_record(search), indent=1, allow_nan=False)) + "\n",
        table_csv(designs_table(search)),
        picture_svg(designs_chart(search)),
        visible_text(json.dumps(markets_layer(search, crs))) + "\n",
    )
    with open_folder(folder) as into:
        return publish_files(into, dict(zip(NAMES, contents, strict=True)))


def search_record(search: DesignSearch) -> dict[str, Any]:
    """Return a search as a record for JSON: every design, the best of each market, and markets pooled."""
    return {
        "study": search.study,
        "geoharm": __version__,
        "release": "internal: not for publication",
        "primary": search.primary,
        "nothing_counted_from": str(search.cut_off),
        "days_of_operation": search.days,
        "complete": search.is_complete,
        "designs_in_all": search.total,
        "weak_above": search.weak_above,
        "notes": list(search.notes),
        "enough_past_from": {str(months): str(day) for months, day in search.too_early},
        "markets": [
            {"market": market.name, "near": market.near, "outline": market.source} for market in search.markets
        ],
        "best": {measure: [_design_record(row) for row in search.best(measure)] for measure in search.measures},
        "together": [_together_record(row) for row in search.together],
        "designs": [_design_record(row) for row in search.rows],
    }


def designs_table(search: DesignSearch) -> Table:
    """Return every design as a row: measures in order, each with the smallest detectable fall first, refusals last."""
    near = {market.name: market.near for market in search.markets}
    rows = [_table_row(row, near[row.market]) for measure in search.measures for row in search.rows_of(measure)]
    return Table(tuple(map(Column, _HEADS)), tuple(rows), title="designs")


def markets_layer(search: DesignSearch, crs: str) -> dict[str, Any]:
    """Return the markets as GeoJSON, to look at, or to give to a study file as target areas."""
    best = {row.market: row.detectable_fall for row in search.best(search.primary)}

    def move(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = _crs.transform(coordinates[:, 0], coordinates[:, 1], source=crs, target=_crs.LONLAT)
        return np.asarray(np.round(np.column_stack(columns), _DECIMALS), dtype=np.float64)

    features = [
        {
            "type": "Feature",
            "properties": {
                "name": market.name,
                "near": market.near,
                "outline": market.source,
                "detectable_fall": to_record(best.get(market.name, math.nan)),
            },
            "geometry": shapely.geometry.mapping(shapely.transform(market.geometry, move)),
        }
        for market in search.markets
    ]
    return {"type": "FeatureCollection", "features": features}


def _design_record(row: DesignRow) -> dict[str, Any]:
    return {
        "measure": row.table.measure,
        "market": row.market,
        "rings": {"gap": row.rings.gap, "outer": list(row.rings.outer)},
        "start": str(row.start),
        "months_after": row.months,
        "tried_until": str(row.tried_until),
        "months_of_past": to_record(round(row.past_months, 1)),
        "zones": [
            {
                "zone": zone.zone,
                "expected": to_record(zone.expected),
                "detectable_fall": to_record(zone.detectable_fall),
                "note": str(zone.note),
            }
            for zone in row.table.zones
        ],
        "months_for": {f"{fall:g}": to_record(row.table.months_for(fall)) for fall in _FALLS},
        "operations_for": {f"{fall:g}": to_record(count) for fall, count in row.operations},
    }


def _together_record(row: TogetherRow) -> dict[str, Any]:
    return {
        "measure": row.measure,
        "rings": {"gap": row.rings.gap, "outer": list(row.rings.outer)},
        "start": str(row.start),
        "months_after": row.months,
        "markets": list(row.markets),
        "detectable_fall": {str(count): to_record(fall) for count, fall in row.falls},
    }


def _table_row(row: DesignRow, near: str) -> Row:
    falls = {zone.zone: zone for zone in row.table.zones}
    values: tuple[Value, ...] = (
        row.table.measure,
        row.market,
        near,
        row.rings.gap,
        " ".join(f"{outer:g}" for outer in row.rings.outer),
        str(row.start),
        row.months,
        str(row.tried_until),
        _value(round(row.past_months, 1)),
        _value(row.target.expected),
        _value(row.detectable_fall),
        _fall(falls.get("all rings")),
        _fall(falls.get("target and rings")),
        *(_value(row.table.months_for(fall)) for fall in _FALLS),
        *(_value(row.operations_for(fall)) for fall in _FALLS[1:]),
        str(row.target.note),
    )
    return Row(tuple(Cell(str(value), (value,)) for value in values))


def _fall(zone: PowerRow | None) -> Value:
    return Missing.NOT_APPLICABLE if zone is None else _value(zone.detectable_fall)


def _value(value: float) -> Value:
    number = to_record(value)
    return Missing.NOT_APPLICABLE if number is None else number
