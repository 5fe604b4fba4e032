"""Real data, beside the project: Boston's needle requests, Merseyside's street files."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from datetime import date

import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.geo.area_files import read_area, read_areas
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.sites import source_sites
from geoharm.ingest.tables import area_counts, ingest_table
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR
from geoharm.model.geometry import StudyArea, ZoneRole
from geoharm.model.period import Period, Window
from geoharm.model.study import Source
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.report.page_tree import page_tree

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def boston(root, shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("boston")
    study = read_study(root / "pipelines" / "boston.toml")
    return run(study, data=shared / "boston-needles", out=folder / "out", database=folder / "b.duckdb"), folder / "out"


@pytest.fixture(scope="module")
def merseyside(root, shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merseyside")
    study = read_study(root / "pipelines" / "merseyside.toml")
    data = shared / "merseyside-police"
    return run(study, data=data, out=folder / "out", database=folder / "m.duckdb"), folder / "out"


def test_yearly_totals_are_the_citys_own(boston, shared):
    with (shared / "boston-needles" / "needle_pickup_yearly.csv").open(encoding="utf-8") as stream:
        published = {row["year"]: int(row["needle_pickups"]) for row in csv.DictReader(stream)}
    ledger = boston[0].result.ledgers[0]
    assert {re.search(r"\d{4}", row.file)[0]: row.kept for row in ledger.files} == published
    for row in ledger.files:
        assert row.read == row.kept + row.rejected + row.duplicate


def test_the_default_geocode_is_found_by_rule_and_said_first(boston):
    found, out = boston
    ledger = found.result.ledgers[0]
    assert [code.events for code in ledger.default_geocodes] == [4579]
    assert ledger.total("kept") == 17081
    assert ledger.total("inside") == 17081 - 4579 + ledger.total("recovered")
    assert ledger.total("recovered") == 1924
    first_page = (out / "report.html").read_text(encoding="utf-8").split('id="threats"')[0]
    assert "4,580 rows" in first_page
    assert "default geocode, not a place" in first_page


def test_city_hall_is_no_hotspot(boston):
    found, _ = boston
    code = found.result.ledgers[0].default_geocodes[0]
    spots = found.result.hotspots[0].hotspots
    assert spots
    for spot in spots:
        assert spot.geometry.distance(shapely.Point(code.x, code.y)) > 1000
    # The market is: the first hotspots lie within a kilometre of the target.
    target = found.result.operations[0].design.operation.target
    assert spots[0].geometry.distance(target) < 500


def test_city_totals_keep_the_unplaced(boston):
    counts = boston[0].result.operations[0].measures[0].counts
    assert counts.counts.sum() == 17081
    unplaced = sum(counts.counts[counts.zones.index(name)].sum() for name in (UNPLACED, UNPLACED_NEAR))
    assert unplaced == 4579 - 1924


def test_what_cannot_be_placed_is_a_bound_on_the_target(boston):
    """A third of the market's own crossings stay on City Hall, so the answer depends on where they were."""
    measure = boston[0].result.operations[0].measures[0]
    effects = (measure.effect("target"), *measure.unplaced_bounds)
    assert [(effect.before, effect.after) for effect in effects] == [(606, 79), (874, 164), (2195, 447)]
    assert "its streets counted in the target area the change would be" in (boston[1] / "report.html").read_text(
        "utf-8"
    )


def test_the_first_screen_describes_boston_where_no_interval_is_possible(boston):
    """A target of 606 -> 79 was answered by "cannot be given"; what was counted is now said, and what it turns on."""
    verdict = boston[0].published.verdicts[0][1]
    assert [clause.text for clause in verdict.clauses] == [
        "In the target area, these data cannot tell whether needle requests fell or rose.",
        "Between 100 m and 1 km around it, needle requests a day rose to 3.6 times the level before; in the control area to "
        "1.7 times.",
        "Whether that is harm or reporting, these data cannot tell: the public reports needle requests.",
        "Only needle requests were counted; what became of other harm is not known.",
    ]
    (line,) = verdict.multiplications
    assert (line.before, line.after, line.expected, line.difference) == (606, 79, 88, -9)
    rows = [(effect.before, effect.after, round(effect.change)) for _, effect in verdict.description.rows]
    assert rows == [(498, 48, -26), (606, 79, -9), (874, 164, 37), (2195, 447, 127)]
    assert verdict.description.turns
    assert round(verdict.description.recovered_before, 2) == 0.18
    assert round(verdict.description.recovered_after, 2) == 0.39


def test_rows_with_their_own_place_are_the_others_less_those_placed_by_address(boston):
    """Each count of the target splits into rows with their own place and rows placed by address, as the table has them."""
    database, study = boston[1].parent / "b.duckdb", boston[0].result.study
    target = boston[0].result.operations[0].measures[0].effect("target")
    design = boston[0].result.operations[0].design
    shape = design.area_of(ZoneRole.TARGET)
    with open_engine(database, inputs=boston[1].parent) as engine:
        rows = engine.scratch.execute(
            "SELECT x, y, day, recovered FROM main.event WHERE source = 'needles' AND place = 'inside' AND category = 'Needle Pickup'"
        ).fetchall()
    inside = shapely.contains_xy(shape, [row[0] for row in rows], [row[1] for row in rows])
    own = boston[0].result.operations[0].measures[0].own_place
    for window, all_rows, own_rows in (
        (design.before, target.before, own.before),
        (design.after, target.after, own.after),
    ):
        counted = [
            row[3]
            for row, is_inside in zip(rows, inside, strict=True)
            if is_inside and any(period.start <= row[2] < period.end for period in window.periods)
        ]
        assert len(counted) == all_rows
        assert counted.count(False) == own_rows
    assert study.primary == "needle requests"


def test_a_rise_of_reports_is_no_finding(boston):
    """Requests rose in the whole city; ten weeks of reports cannot say that harm rose, moved or lasts."""
    verdict = boston[0].published.verdicts[0][1]
    assert not verdict.state.is_finding
    assert all(answer.state is None or not answer.state.is_finding for answer in verdict.answers)
    assert verdict.answers[2].answer == "Cannot tell"
    titles = [threat.title for threat in verdict.threats]
    assert "Reports follow attention" in titles
    # Nothing was found, so nothing is said of how often findings are wrong.
    assert "Some findings are wrong" not in titles


def test_no_place_in_boston_is_as_busy_so_no_interval_is_given(boston):
    """Mass and Cass stands alone: what such a place does without an operation cannot be learned from others."""
    result, verdict = boston[0].result, boston[0].published.verdicts[0][1]
    for zone in ("target", "all rings", "target and rings"):
        effect = result.operations[0].measures[0].effect(zone)
        assert effect.is_refused
        assert (
            "no other place was as busy before, and what such a place does without an operation is not known"
            in effect.ratio.note
        )
        assert effect.counting_ratio.is_defined
    assert verdict.state.value == "cannot tell"
    assert "It makes no finding: no 95% interval is possible here" in verdict.lead
    assert result.operations[0].measures[0].effect("target").placebo.at_least_as_busy == 0


def test_the_placebo_in_liverpool_has_a_calibrated_interval_that_holds_zero(merseyside):
    result, verdict = merseyside[0].result, merseyside[0].published.verdicts[0][1]
    for zone in ("target", "all rings", "target and rings"):
        effect = result.operations[0].measures[0].effect(zone)
        assert effect.ratio.calibrated
        assert effect.ratio.is_defined
        assert effect.interval.side == 0
        assert effect.placebo.months == 20  # January 2018 to September 2019, less the missing July
        calibrated, counting = effect.ratio.interval(), effect.counting_ratio.interval()
        assert calibrated.high - calibrated.low > counting.high - counting.low
    assert not verdict.state.is_finding


def test_merseyside_ledger_balances(merseyside):
    ledger = merseyside[0].result.ledgers[0]
    assert len(ledger.files) == 44
    assert ledger.total("read") == 627122
    for row in ledger.files:
        assert row.read == row.kept + row.rejected + row.duplicate
        assert row.kept == row.inside + row.outside + row.default_geocode + row.no_place
    # Identical rows without an id are separate calls of the public, not duplicates.
    assert ledger.total("duplicate") == 0
    assert ledger.default_geocodes == ()


def test_the_missing_month_is_said_and_not_zero(merseyside):
    found, out = merseyside
    ledger = found.result.ledgers[0]
    assert [str(month) for month in ledger.missing_months] == ["2019-07-01"]
    assert "July 2019" in (out / "report.html").read_text(encoding="utf-8").split('id="threats"')[0]
    design = found.result.operations[0].design
    assert design.before.days == 365 - 31
    monthly = found.result.operations[0].measures[0].counts.monthly("control")
    assert len(monthly) == 44
    assert min(monthly.values()) > 0


def test_drug_offences_are_beside_the_harms_and_in_no_sum(merseyside):
    found, out = merseyside
    one = found.result.operations[0]
    for net in one.harm.net_harm:
        assert {row.measure.name for row in net.rows} == {"violence and sexual offences", "anti-social behaviour"}
        if not net.refused:
            assert net.low == pytest.approx(sum(row.weight * row.low for row in net.rows))
    page = page_tree((out / "report.html").read_text(encoding="utf-8"))
    assert "drug offences" not in page.by_id("harms").text()
    assert "drug offences" in page.by_id("activity").text()


def test_net_harm_of_boston_is_its_one_measure_and_the_picture_is_incomplete(boston):
    found, out = boston
    one = found.result.operations[0]
    assert [text.split(" (")[0] for text in one.harm.missing] == ["a health measure"]
    for net in one.harm.of_profile("equal"):
        effect = one.measures[0].effect(net.zone)
        # The one measure has no 95% interval, so nothing is added up; what was counted stands in its own unit.
        assert net.refused == ("needle requests",)
        assert not net.is_known
        assert net.rows[0].low == net.rows[0].high == effect.change
    vetoes = [answer for net in one.harm.of_profile("public health first") for answer in net.vetoes]
    assert {answer.state for answer in vetoes} == {"unknown"}
    assert "The picture is incomplete: there is no health measure" in (out / "report.html").read_text(encoding="utf-8")


def test_net_harm_of_the_placebo_holds_zero_in_the_target(merseyside):
    found, _ = merseyside
    balance = found.result.operations[0].harm
    for net in (one for one in balance.net_harm if one.zone == "target" and one.is_known):
        assert "drug offences" not in [row.measure.name for row in net.rows]
        assert net.interval.low < 0 < net.interval.high


def test_the_placebo_is_labelled_on_every_page(merseyside):
    found, out = merseyside
    for name in ("report.html", "map.html"):
        assert "there was no operation" in (out / name).read_text(encoding="utf-8")
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["operations"][0]["placebo"] is True
    assert found.published.verdicts[0][1].label.startswith("Placebo")


def test_pages_are_small(boston, merseyside):
    for _, out in (boston, merseyside):
        assert (out / "map.html").stat().st_size < 500_000
        assert (out / "report.html").stat().st_size < 2_000_000


def test_seattle_blocks_by_quarter_give_the_published_totals(shared, area, tmp_path):
    """Target blocks: 74 drug incidents in quarters 1 to 12, 20 in 13 to 16; any crime 2,780 and 788."""
    input_format = read_format("seattle-dmi", shared)
    files = find_input_files(["seattledmi.csv.gz"], shared / "seattle-dmi", members=())
    with gzip.open(shared / "seattle-dmi" / "seattledmi.csv.gz", "rt") as stream:
        target = sorted(
            {row["ID"].removesuffix(".0") for row in csv.DictReader(stream) if row["Intervention"] == "1.0"}
        )
    assert len(target) == 39
    ever = Period(date(1990, 1, 1), date(2030, 1, 1))
    with open_engine(tmp_path / "s.duckdb", inputs=shared / "seattle-dmi") as store:
        source = Source("dmi", "area_table", "seattle-dmi", ("seattledmi.csv.gz",))
        ledger = ingest_table(store, source, input_format=input_format, files=files, area=area, period=ever)
        drugs, crimes = (area_counts(store, "dmi", category) for category in ("drugs", "any crime"))
    assert ledger.files[0].row_counts()["read"] == ledger.total("kept") == ledger.total("no_place") == 9642 * 16 * 10
    assert drugs.low.shape == (9642, 16)
    assert not drugs.missing.any()
    assert not drugs.suppressed.any()
    before, after = (Window(name, (Period(a.start, b.end),)) for name, a, b in (
        ("before", drugs.periods[0], drugs.periods[11]), ("after", drugs.periods[12], drugs.periods[15])))  # fmt: skip
    year = Window("year before", (Period(drugs.periods[8].start, drugs.periods[11].end),))
    assert [counts.total(window, target).low for counts in (drugs, crimes) for window in (before, after)] == [
        74,
        20,
        2780,
        788,
    ]
    rest = sorted(set(drugs.areas) - set(target))
    assert [drugs.total(window, rest).high for window in (year, after)] == [1324, 1386]


def test_bostons_city_totals_are_one_area(shared):
    found = check_file(next((shared / "boston-ems").glob("*.csv")), read_format("boston-ems-totals", shared))
    assert (found["files"][0]["read"], found["files"][0]["kept"]) == (11, 11)
    assert (found["first_day"], found["last_day"]) == ("2016-01-01", "2018-09-30")


@pytest.mark.parametrize(
    ("name", "file", "rows", "twice", "in_boston", "beyond"),
    [
        ("samhsa-treatment", "SubstanceUseTreatment_Geocoded.csv.gz", 14034, 6, 66, 327),
        ("moud-treatment", "us-wide-moudsCleaned.csv.gz", 14773, 0, 79, 113),
    ],
)
def test_treatment_lists_show_their_traps(shared, tmp_path, name, file, rows, twice, in_boston, beyond):
    """Sites of the whole country against Boston's neighbourhoods, and against the lower 48 states.

    The same numbers come from the raw rows and outlines in degrees: distinct rows in the polygons' union, and rows
    outside 24 to 50 north, 126 to 66 west.
    """
    boston = read_area(shared / "boston-boundaries" / "Boston_Neighborhoods.geojson", "EPSG:26986", name="city")
    states = StudyArea(shapely.box(-2_500_000, 100_000, 2_400_000, 3_300_000), "EPSG:5070")
    ever = Period(date(1990, 1, 1), date(2030, 1, 1))
    folder = shared / "us-treatment"
    with open_engine(tmp_path / "s.duckdb", inputs=folder) as store:

        def ledger(place):
            files = find_input_files([file], folder, members=())
            source = Source(name, "site", name, (file,))
            return ingest_table(
                store, source, input_format=read_format(name, folder), files=files, area=place, period=ever
            )

        city = ledger(StudyArea(boston.geometry, boston.crs))
        names = [site.name for site in source_sites(store, name)]
        country = ledger(states)
    balance = city.files[0].row_counts()
    assert [balance[key] for key in ("read", "rejected", "duplicate", "no_place")] == [rows, 0, twice, 0]
    assert balance["inside"] == len(names) == in_boston
    assert not any(name.startswith("NA") or name.endswith(", NA") for name in names)
    assert country.total("outside") == beyond


@pytest.mark.parametrize(
    ("file", "name", "read", "rejected", "without_place"),
    [
        ("boston-needles/Needle Pickup 2015 full schema.csv", "boston-311", 622, 5, 0),
        ("boston-needles/needle_points_2024_2026_extracted.csv.gz", "boston-needles-months", 24054, 0, 0),
        ("boston-needles/needle_markers_2025-10_2026-03_extracted.csv", "boston-needles-days", 3000, 0, 0),
        ("boston-police/drug_crimes_2020_2025.csv.gz", "boston-police", 8326, 0, 482),
        ("tempe-ems/tempe_opioid_calls_ashby.csv", "tempe-ems", 3379, 0, 0),
    ],
)
def test_formats_on_the_files_they_name(shared, file, name, read, rejected, without_place):
    found = check_file(shared / file, read_format(name, shared))["files"][0]
    assert (found["read"], found["rejected"], found["duplicate"], found["no_place"]) == (
        read,
        rejected,
        0,
        without_place,
    )


def test_counts_by_lsoa_bound_a_zone_of_whole_lsoas(shared, tmp_path):
    """Drugs by stated LSOA, small counts taken out as a publisher would: a zone's bounds hold its full count."""
    with gzip.open(next((shared / "merseyside-police").glob("2018-01*.csv.gz")), "rt", encoding="utf-8") as stream:
        codes = Counter(row["LSOA code"] for row in csv.DictReader(stream) if row["Crime type"] == "Drugs")
    rows = "".join(f"{code},2018-01,{count if count > 4 else '1-4'}\n" for code, count in sorted(codes.items()) if code)
    (tmp_path / "drugs.csv").write_text(f"area,month,count\n{rows}")
    paths = sorted((shared / "merseyside-lsoa").glob("*.json"))
    areas = read_areas(paths, "EPSG:27700", column="LSOA11CD")
    assert len(areas.codes) == 910
    assert areas.notes == ("invalid outlines in the area file, repaired: 4",)
    boundary = shapely.union_all([shape.buffer(1) for shape in areas.shapes])
    source = Source("drugs", "area_table", "area-table-csv", ("drugs.csv",), areas=areas)
    january = Period(date(2018, 1, 1), date(2018, 2, 1))
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as store:
        ledger = ingest_table(
            store, source, input_format=read_format("area-table-csv", tmp_path), files=find_input_files(["drugs.csv"], tmp_path, members=()),
            area=StudyArea(boundary, "EPSG:27700"), period=january,
        )  # fmt: skip
        counts = area_counts(store, "drugs")
    elsewhere = sum(code not in areas.codes for code in codes if code)
    assert (ledger.total("no_place"), ledger.total("rejected")) == (elsewhere, 0)
    chosen = [code for code in areas.codes if code in codes][:60]
    zone = shapely.union_all([areas.shapes[areas.codes.index(code)] for code in chosen])
    found = counts.zone_total(zone, Window("January", (january,)))
    truth = sum(codes[code] for code in chosen)
    assert found.low < truth < found.high
    assert found.low == sum(codes[code] if codes[code] > 4 else 1 for code in chosen)


def test_midnights_of_the_boston_police_are_times_that_are_not_known(shared):
    """495 of 8,326 incidents bear exactly 00:00:00; at 23:00 and at 01:00 there are far fewer."""
    input_format = read_format("boston-police", shared)
    notes = check_file(shared / "boston-police" / "drug_crimes_2020_2025.csv.gz", input_format)["notes"]
    assert [note["rows"] for note in notes if note["kind"] == "time not known"] == [495]
    assert [note["rows"] for note in notes if note["kind"] == "several date formats"] == [4548, 3778]


def test_a_two_day_sweep_tells_no_wear(boston):
    """Boston: the clock refuses, the quotient has no bounded set, and the guards say why the answer is weak."""
    operation = boston[0].result.operations[0]
    measure = operation.measures[0]
    found = other_estimators(measure, operation.design)
    for clock in found.effect_decay:
        assert {part for part, _ in clock.not_estimated} == {"wear"}
    assert not found.indices.wdq.values.is_bounded
    assert "did not credibly fall" in found.indices.wdq.note
    listed = {diagnostic.name: diagnostic for diagnostic in diagnose(measure, operation.design, found)}
    assert listed["smallest detectable fall"].severity is Severity.REFUSE
    assert listed["rows without a place"].severity is Severity.SIGNAL
