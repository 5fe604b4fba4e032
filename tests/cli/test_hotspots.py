"""`geoharm hotspots FILE...` maps events and lists of places without a study file, and says every default aloud."""

from __future__ import annotations

import csv
import json
import tomllib

import pytest
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.errors import StudyError

MARKETS = {(-71.07, 42.33): 60, (-71.05, 42.35): 40}


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=True)


def rows_of(places=MARKETS, scattered=200):
    """Return longitude and latitude of events: two markets, and others spread over some kilometres."""
    at = [(lon + n % 7 / 20_000, lat + n % 5 / 20_000) for (lon, lat), count in places.items() for n in range(count)]
    return at + [(-71.1 + n * 37 % 101 / 1_500, 42.31 + n * 53 % 97 / 1_700) for n in range(scattered)]


def table(path, head, row):
    lines = [head, *(row(n, lon, lat) for n, (lon, lat) in enumerate(rows_of()))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def dated(path, category=lambda n: "needle find"):
    return table(
        path, "id,date,longitude,latitude,category",
        lambda n, lon, lat: f"{n},2021-{1 + n % 12:02d}-{1 + n % 28:02d},{lon:.6f},{lat:.6f},{category(n)}",
    )  # fmt: skip


def refusal(result):
    assert isinstance(result.exception, StudyError), result.output
    return " ".join(str(result.exception).split())


@pytest.mark.slow
def test_a_map_and_a_table_come_from_one_file(tmp_path):
    file, out, study = dated(tmp_path / "needles.csv"), tmp_path / "out", tmp_path / "mine" / "needles.toml"
    result = call("hotspots", file, "--out", out, "--cell", 100, "--study", study)
    assert result.exit_code == 0, result.output
    said = " ".join(result.stderr.split())
    for default in ("Study area: drawn around the events in squares of", "Coordinate system: EPSG:32619", "Days: 2021-01-01 to 2021-12-28",
                    "Counted: needles: every row, 300 rows", "bandwidth 300 m", "holds 25% of all density", "Release: internal"):  # fmt: skip
        assert default in said
    assert result.stdout.rstrip().endswith("internal: not for publication")
    assert (out / "map-internal.html").is_file()
    with (out / "hotspots-internal.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [int(one["Rank"]) for one in found] == list(range(1, len(found) + 1))
    assert int(found[0]["Events"]) >= 60
    assert float(found[0]["Longitude"]) == pytest.approx(-71.07, abs=0.005)
    assert float(found[0]["Latitude"]) == pytest.approx(42.33, abs=0.005)
    # The study file that was used makes the same map.
    assert tomllib.loads(study.read_text())["hotspots"] == {"cell": 100, "bandwidth": 300, "share": 0.25}
    assert call("check", study).exit_code == 0


@pytest.mark.slow
def test_a_public_map_has_no_small_count_and_is_not_called_internal(tmp_path):
    file, out = dated(tmp_path / "needles.csv"), tmp_path / "out"
    result = call(
        "hotspots", file, "--out", out, "--cell", 100, "--share", 0.6, "--release", "public", "--json", "--quiet"
    )
    assert result.exit_code == 0, result.output
    assert all(one["events"] >= 5 for one in json.loads(result.stdout)["hotspots"])
    assert (out / "map.html").is_file()


@pytest.mark.slow
def test_places_without_dates_are_mapped_per_km2(tmp_path):
    file = table(
        tmp_path / "clinics.csv", "name1,name2,street1,zip4,county,latitude,longitude",
        lambda n, lon, lat: f"Clinic {n},,{n} High Street,,Suffolk,{lat:.6f},{lon:.6f}",
    )  # fmt: skip
    out = tmp_path / "out"
    result = call("hotspots", file, "--out", out, "--cell", 100)
    assert result.exit_code == 0, result.output
    assert "they have no dates, so the map is per km2, not per year" in " ".join(result.stderr.split())
    for page in ("map-internal.html", "report-internal.html"):
        text = (out / page).read_text(encoding="utf-8")
        assert "per km² per year" not in text.replace("events per km² per year", "")
    assert "per km2" in (out / "hotspots-internal.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert "year" not in (out / "hotspots-internal.csv").read_text(encoding="utf-8-sig").splitlines()[0]


@pytest.mark.slow
def test_a_guess_is_used_and_said_loudly_and_stays_a_guess_in_a_study(tmp_path):
    file = table(
        tmp_path / "own.csv", "case number,reported date,lat,lon,offence",
        lambda n, lon, lat: f"R{n},2021-{1 + n % 12:02d}-{1 + n % 28:02d},{lat:.6f},{lon:.6f},assault",
    )  # fmt: skip
    study = tmp_path / "own.toml"
    result = call("hotspots", file, "--out", tmp_path / "out", "--cell", 100, "--study", study)
    assert result.exit_code == 0, result.output
    assert "GUESSED: how to read own.csv: no shipped format fits; guessed from its columns: " in " ".join(
        result.stderr.split()
    )
    checked = call("check", study)
    assert "is a guess; check every line of it" in str(checked.exception)


@pytest.mark.parametrize(
    ("write", "arguments", "sentence"),
    [
        (lambda path: path.write_text("area,2019,2020,2021\nA,1,2,3\nB,4,5,6\n"), (), "cannot be mapped: no dated points were found"),
        (lambda path: table(path, "id,when,lat,lon", lambda n, lon, lat: f"{n},{1 + n % 12:02d}/{1 + n % 12:02d}/2021,{lat:.5f},{lon:.5f}"), (),
         "cannot be mapped before this is decided"),
        (dated, ("--where", "joy"), '--where is "joy", which is no category of these files'),
        (dated, ("--bandwidth", "wide"), '--bandwidth is "wide"; write metres above 0, or one of the rules'),
        (dated, ("--release", "secret"), "it must be internal or public"),
        (dated, ("--period", "2030-01-01..2030-02-01"), "holds no day of file.csv"),
        (dated, ("--area", "nowhere.geojson"), "does not exist"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_one_sentence_and_nothing_is_written(tmp_path, write, arguments, sentence):
    write(tmp_path / "file.csv")
    out = tmp_path / "out"
    assert sentence in refusal(call("hotspots", tmp_path / "file.csv", "--out", out, *arguments))
    assert not out.exists()


def test_a_file_that_is_not_there(tmp_path):
    assert "does not exist" in refusal(call("hotspots", tmp_path / "none.csv"))
