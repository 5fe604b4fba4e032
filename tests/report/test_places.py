"""The part on places says how density was made, how firm a hotspot is, and who shows it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from geoharm.disclosure.protect import protect
from geoharm.hotspots.results.surface import Bandwidth
from geoharm.report.document import Details, Missing, Table
from geoharm.report.section_html import section_html
from geoharm.report.sections.places import places_section, shown_by
from geoharm.report.wording.methods import density_method
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, planted_spot, result
from tests.report.printed_numbers import check_printed_numbers, file_record, table_named


@pytest.fixture
def shown(area):
    return protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)])).hotspots[0]


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (
            {"edge": "none"},
            "quartic kernel, bandwidth 300 m, stated in the study; cells of 50 m; no edge correction: near the study "
            "boundary the density is too low",
        ),
        (
            {"kernel": "gaussian", "bandwidth": Bandwidth(212.4, "likelihood", "gaussian"), "edge": "uniform"},
            "Gaussian kernel, standard deviation 212 m, found by likelihood cross-validation; cells of 50 m; edge "
            "correction: each cell is divided by the share of a kernel around it inside the study area (uniform)",
        ),
        (
            {"bandwidth": Bandwidth(200.0, "stated", "quartic", note="raised from 90 m"), "edge": "jones-diggle"},
            "quartic kernel, bandwidth 200 m, stated in the study (raised from 90 m); cells of 50 m; edge correction: "
            "each event's kernel is divided by its share inside the study area (Jones–Diggle)",
        ),
    ],
)
def test_the_recipe_is_one_line(shown, changed, text):
    assert density_method(replace(shown, **changed)) == text


def test_recipe_strip_and_table_are_on_the_pages(area, tmp_path):
    disclosed = protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)]))
    publish_study(disclosed, tmp_path)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Requests per km² per year; quartic kernel, bandwidth 300 m, stated in the study" in report
    assert "Does the map depend on the bandwidth?" in report
    for length in ("150 m: ", "300 m: ", "600 m: "):
        assert length in report
    assert "How few cells of 50 m hold how many" in report
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "quartic kernel, bandwidth 300 m, stated in the study" in page


def test_a_market_that_one_kind_alone_shows_is_marked(area):
    spots = planted_spot(area, 60, 6)
    first, second = spots.hotspots[:2]
    first = replace(first, source_kinds=("needle_find", "health"), stability=0.97)
    second = replace(second, source_kinds=("needle_find",), stability=0.4)
    disclosed = protect(result(area, PLENTY, spots=[replace(spots, hotspots=(first, second))]))
    (section,) = places_section(disclosed, disclosed.operations[0])
    check_printed_numbers(section, least=8)
    table = table_named(section, "Hotspots of")
    assert [(row.cells[-1].text, row.cells[-1].highlighted) for row in table.rows] == [
        ("needle finds, health", False),
        ("needle finds only", True),
    ]
    assert [row.cells[-2].text for row in table.rows] == ["97%", "40%"]
    assert "Marked: a market that only one kind of source shows" in section_html(section)


def test_hotspots_and_concentration_in_files_are_the_released_numbers(area):
    disclosed = protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)]))
    shown = disclosed.hotspots[0]
    (section,) = places_section(disclosed, disclosed.operations[0])
    hotspot = shown.hotspots[0]
    assert table_named(section, "Hotspots of").file_rows()[0] == (
        hotspot.rank, hotspot.events, hotspot.share, pytest.approx(hotspot.area_km2), hotspot.density,
        Missing.NOT_KNOWN if math.isnan(hotspot.stability) else hotspot.stability, shown_by(hotspot),
    )  # fmt: skip
    record = file_record(table_named(section, "How few cells"))
    concentration = shown.concentration
    assert record["Gini"] == concentration.gini
    needed = dict(concentration.places_needed)
    for share, head in ((0.25, "A quarter of events"), (0.5, "Half"), (0.8, "Four fifths")):
        expected = pytest.approx(100 * needed[share] / concentration.places) if share in needed else Missing.WITHHELD
        assert record[f"{head}, % of the study area"] == expected


def test_with_one_kind_of_source_nothing_can_be_confirmed_and_that_is_said(area):
    spots = planted_spot(area, 60, 6)
    alone = tuple(replace(spot, source_kinds=("needle_find",)) for spot in spots.hotspots)
    disclosed = protect(result(area, PLENTY, spots=[replace(spots, hotspots=alone)]))
    (section,) = places_section(disclosed, disclosed.operations[0])
    assert "This study has one kind of source for harm, so no hotspot could be confirmed by another." in section_html(
        section
    )
    assert not any(row.cells[-1].highlighted for row in table_named(section, "Hotspots of").rows)


def test_the_primary_measure_is_ranked_in_view_and_the_others_on_request(area):
    """The leading table has a bar beside every count; no measure's table is lost."""
    spots = planted_spot(area, 60, 6)
    other = replace(spots, measure=replace(spots.measure, name="calls"))
    disclosed = protect(result(area, PLENTY, spots=[other, spots]))
    (section,) = places_section(disclosed, disclosed.operations[0])
    (closed,) = [block for block in section.blocks if isinstance(block, Details)]
    assert closed.long
    assert str(closed.summary).startswith("Hotspots of calls, ranked: ")
    leading = next(block for block in section.blocks if isinstance(block, Table))
    assert leading.caption.startswith("Hotspots of finds")
    assert all(row.cells[1].mark for row in leading.rows)
    assert [title.split(" (")[0] for title, _ in section.titled_tables()][:2] == [
        "Hotspots of finds",
        "Hotspots of calls",
    ]
