"""The figure and the files of a search: every market once, its best design, its range, and no answer as such."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace

import pytest
import shapely

from geoharm.evaluation.results.design_search import CandidateMarket
from geoharm.report.charts.designs import designs_chart
from geoharm.report.exports.design_files import designs_table, markets_layer, search_record
from geoharm.report.exports.pictures import picture_png, picture_svg
from geoharm.report.exports.tables import table_csv
from geoharm.simulation.location import CENTRE, CRS
from tests.evaluation.test_design_search import NONE, row_of, search_of

SEARCH = search_of(
    row_of("a", 0.2),
    row_of("a", 0.5, months=9),
    row_of("a", 0.05, rings=NONE),
    row_of("=b <&>", 0.7),
    row_of("c", math.nan),
)


def test_a_dot_for_each_best_design_and_a_line_over_its_range():
    marks = "".join(designs_chart(SEARCH).marks)
    dots = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', marks)]
    assert dots == pytest.approx([230 + 0.2 * 330, 230 + 0.7 * 330])
    ranges = [
        (float(low), float(high))
        for low, high in re.findall(
            r'<line x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)" y2="[\d.]+" stroke="#8b959e"', marks
        )
    ]
    assert ranges[0] == pytest.approx((230 + 0.2 * 330, 230 + 0.5 * 330))
    assert marks.count("no answer") == 1
    assert "Internal: not for release." in marks
    assert "=b &lt;&amp;&gt;" in marks
    assert picture_svg(designs_chart(SEARCH)).startswith("<svg xmlns=")
    assert picture_png(designs_chart(SEARCH)).startswith(b"\x89PNG")


def test_the_table_has_every_design_and_no_formula():
    rows = list(csv.DictReader(io.StringIO(table_csv(designs_table(SEARCH)))))
    assert [row["detectable_fall"] for row in rows] == ["0.05", "0.2", "0.5", "0.7", ""]
    assert [row["reason"] for row in rows] == ["", "", "", "", "a reason"]
    assert rows[3]["market"] == "'=b <&>"
    assert rows[0]["rings_m"] == ""


def test_the_record_has_null_for_what_is_undefined():
    record = json.loads(json.dumps(search_record(SEARCH), allow_nan=False))
    assert record["designs"][-1]["zones"][0] == {
        "zone": "target", "expected": 50.0, "detectable_fall": None, "note": "a reason",
    }  # fmt: skip
    assert record["best"]["finds"][0]["market"] == "a"
    assert record["release"] == "internal: not for publication"


def test_the_outlines_are_those_of_the_markets():
    """Back in metres, no corner has moved by more than a tenth of a millimetre."""
    from geoharm import _crs  # noqa: PLC0415

    outline = shapely.Point(CENTRE).buffer(200)
    search = replace(SEARCH, markets=(CandidateMarket("a", outline, "drawn"), *SEARCH.markets[1:]))
    feature = markets_layer(search, CRS)["features"][0]
    corners = shapely.get_coordinates(shapely.geometry.shape(feature["geometry"]))
    x, y = _crs.transform(corners[:, 0], corners[:, 1], source=_crs.LONLAT, target=CRS)
    moved = abs(shapely.get_coordinates(outline) - list(zip(x, y, strict=True)))
    assert moved.max() < 1e-4
    assert feature["properties"]["detectable_fall"] == 0.2
