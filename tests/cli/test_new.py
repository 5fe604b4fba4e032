"""`geoharm new` writes a study that passes its own check and runs; it asks or refuses, and never ingests on a guess."""

from __future__ import annotations

import json
import math
import os
import shlex
import tomllib
from datetime import date
from types import SimpleNamespace

import pytest
import shapely
from typer.testing import CliRunner

from geoharm import _crs
from geoharm.cli.app import app
from geoharm.errors import DesignError, StudyError
from geoharm.scaffold import sources as scaffold_sources
from geoharm.scaffold.areas import circle_from_flag
from geoharm.scaffold.measures import UncountedCategory, choose_primary, propose_measures
from geoharm.scaffold.sources import SourceMatch, find_sources
from geoharm.study.schema import StudyFile
from tests.conftest import ROOT
from tests.study.test_schema import schema_faults

SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(autouse=True)
def read_once(monkeypatch):
    """Read the sample's files once for all tests that ask for the same of them."""
    read = scaffold_sources.find_sources

    def remembered(data, study_file, given, on_file=lambda _: None):
        if data != SAMPLE:
            return read(data, study_file, given, on_file)
        asked = (study_file.stem, tuple(sorted(given.items())))
        if asked not in _READ:
            _READ[asked] = read(data, study_file, given)
        return _READ[asked]

    monkeypatch.setattr(scaffold_sources, "find_sources", remembered)


_READ = {}
AREA = ["--area", SAMPLE / "city.geojson", "--target", SAMPLE / "market.geojson"]
WHEN = ["--operation", "Lantern", "--start", "2022-01-10", "--end", "2022-01-23"]
FILES = ["--file", "needles.csv", "--file", "police.csv=points-csv"]


def call(*arguments, **more):
    """Run a verb; what the program prints as a sentence is an exception here."""
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=True, **more)


def refusal(result) -> str:
    assert isinstance(result.exception, (StudyError, DesignError)), result.output
    return str(result.exception)


def new(path, *more):
    return call("new", path, "--data", SAMPLE, *FILES, *AREA, *WHEN, "--yes", *more)


def toml(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lantern(tmp_path_factory):
    """Write the study once; return its path and what was printed for machines."""
    path = tmp_path_factory.mktemp("new") / "mine.toml"
    result = new(path, "--json")
    assert result.exit_code == 0, result.output
    return path, json.loads(result.stdout)


def test_what_it_writes_passes_its_check_and_names_the_next_command(lantern):
    path, said = lantern
    assert said["next"] == [f"geoharm check {path}", f"geoharm run {path} --data {SAMPLE}"]
    assert call("check", path).exit_code == 0
    assert said["wrote"] == [str(path)]
    assert schema_faults(StudyFile, path.read_text(encoding="utf-8")) == []


def test_harm_and_activity_are_told_apart(lantern):
    path, said = lantern
    roles = {one["name"]: one["role"] for one in said["measures"]}
    assert roles == {"needles": "harm", "violence": "harm", "police activity": "activity"}
    measures = {one["name"]: one for one in toml(path)["measure"]}
    assert measures["police activity"]["where"]["category"] == ["drug offence"]
    assert [one["kind"] for one in toml(path)["source"]] == ["needle_find", "incident"]


def test_windows_and_rings_are_those_that_fit(lantern):
    operation = toml(lantern[0])["operation"][0]
    assert operation["before"] == {"start": date(2020, 1, 10), "end": date(2022, 1, 10)}
    assert operation["after"] == ["during", "0-3 months", "3-6 months", "6-11 months"]
    assert operation["rings"] == {"gap": 100, "outer": [250, 500, 1000]}


def test_every_guess_is_marked_with_its_evidence(lantern):
    path, said = lantern
    text = path.read_text(encoding="utf-8")
    assert {one["what"] for one in said["guesses"]} == {
        "crs", "period", "primary", "tactic", "rings", "before", "after",
    }  # fmt: skip
    for one in said["guesses"]:
        assert f"# guessed: {one['why']}" in text


def test_the_release_is_internal_with_the_way_to_a_public_one_and_changing_it_breaks_no_lock(tmp_path):
    path = tmp_path / "mine.toml"
    assert new(path).exit_code == 0
    text = path.read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("release")]
    assert line.startswith('release    = "internal"   # "internal": full counts, not for publication; "public": ')
    assert call("plan", "lock", path, "--db", tmp_path / "d.duckdb").exit_code == 0
    locked = json.loads(call("plan", "show", path, "--json").stdout)
    path.write_text(text.replace('release    = "internal"', 'release    = "public"'), encoding="utf-8")
    after = json.loads(call("plan", "show", path, "--json").stdout)
    assert after["changes"] == []
    assert (after["kind"], after["sha256"]) == (locked["kind"], locked["sha256"])


def test_what_it_writes_runs_to_the_report(lantern, tmp_path):
    ran = call("run", lantern[0], "--data", SAMPLE, "--out", tmp_path / "out", "--db", tmp_path / "d.duckdb", "--quiet")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.rstrip().endswith("internal: not for publication")
    assert (tmp_path / "out" / "report-internal.html").is_file()


@pytest.mark.parametrize("silent", [["--yes"], []])
def test_all_that_is_missing_is_named_at_once_where_nobody_can_be_asked(silent, tmp_path):
    result = call("new", tmp_path / "mine.toml", "--data", SAMPLE, *FILES, *silent)
    said = refusal(result)
    assert said.startswith("Nothing was written, for this is missing:")
    assert [line.split()[0] for line in said.splitlines()[1:]] == ["--operation", "--start", "--target"]
    assert "--target-candidate N (1 to 9, listed above)" in said
    assert "Hotspots of needles, 2019-01-01 to 2022-12-31:" in result.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_given_is_not_missing(tmp_path):
    said = refusal(call("new", tmp_path / "mine.toml", "--data", SAMPLE, *FILES, *AREA, *WHEN[:2], "--yes"))
    assert [line.split()[0] for line in said.splitlines()[1:]] == ["--start"]


# -- the dialogue ------------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr("geoharm.cli.new.is_terminal", lambda: True)


def talk(path, *answers, more=()):
    return call("new", path, "--data", SAMPLE, *FILES, *more, input="\n".join(answers) + "\n")


def test_it_shows_the_files_first_and_asks_again_after_a_bad_answer(tmp_path, terminal):
    path = tmp_path / "mine.toml"
    answers = ["0,0", "", "8", "1", "Lantern", "2022-01-40", "2022-01-10", "2021-01-01", "2022-01-23", "99", "nowhere.geojson",
               "1", "crack", "4", "500,100", ""]  # fmt: skip
    result = talk(path, *answers)
    assert result.exit_code == 0, result.output
    said = result.stderr
    order = ["Files in", "Study area: drawn around the events", "Primary outcome", "Name of the operation", "first day",
             "last day", "Target area", "What kind of operation", "Gap and outer edges"]  # fmt: skip
    assert [said.index(text) for text in order] == sorted(said.index(text) for text in order)
    reasons = [
        'The file "0,0" does not exist',
        '"8" is none of the choices; type a number from 1 to 2',
        'The first day is "2022-01-40"; write a day',
        "--end is 2021-01-01, before --start",
        '"99" is none of the choices; type a number from 1 to 9',
        'The file "nowhere.geojson" does not exist',
        '"crack" is none of the choices',
        "each further out",
    ]
    flat = " ".join(said.split())
    assert [reason for reason in reasons if reason not in flat] == []
    assert max(len(line) for line in result.output.split("\ncrs: ")[0].splitlines() if str(SAMPLE) not in line) <= 80
    study, (operation,) = toml(path)["study"], toml(path)["operation"]
    assert (study["area"], study["primary"]) == ("mine_area.geojson", "needles")
    assert operation["target"] == "mine_target.geojson"
    assert operation["chosen_on"] == {"start": date(2019, 1, 1), "end": date(2022, 1, 10)}
    assert call("check", path).exit_code == 0
    city = shapely.from_geojson((SAMPLE / "city.geojson").read_text())
    target = shapely.from_geojson((tmp_path / "mine_target.geojson").read_text())
    assert city.buffer(0.001).contains(target)


def test_a_dialogue_that_is_broken_off_says_how_to_go_on_with_every_answer(tmp_path, terminal):
    path = tmp_path / "mine.toml"
    result = talk(path, "", "violence", 'Lantern\'s "$(x)"', "2022-01-10")
    assert result.exit_code == 1
    assert not list(tmp_path.iterdir())
    command = result.stderr.rstrip().splitlines()[-1]
    assert result.stderr.rstrip().splitlines()[-2] == "Nothing was written. To go on from here:"
    words = shlex.split(command)
    assert words[:2] == ["geoharm", "new"]
    for flag in ("--area=auto", "--primary=violence", '--operation=Lantern\'s "$(x)"', "--start=2022-01-10"):
        assert flag in words
    went_on = call(*words[1:], "--target-candidate", 1, "--yes")
    assert went_on.exit_code == 0, went_on.output
    assert toml(path)["operation"][0]["name"] == 'Lantern\'s "$(x)"'
    assert call("check", path).exit_code == 0


def test_without_an_operation_it_maps_where_harm_concentrates(tmp_path, terminal):
    path = tmp_path / "mine.toml"
    result = talk(path, "", "2", "")
    assert result.exit_code == 0, result.output
    study = toml(path)
    assert "operation" not in study
    assert study["study"]["primary"] == "violence"
    assert study["comparison"][0]["after"] == {"start": date(2022, 1, 1), "end": date(2023, 1, 1)}
    assert call("check", path).exit_code == 0
    by_flags = tmp_path / "flags.toml"
    said = call(
        "new", by_flags, "--data", SAMPLE, *FILES, "--area", "auto", "--primary", "violence", "--no-operation", "--yes"
    )
    assert said.exit_code == 0, said.output
    assert toml(by_flags)["measure"] == study["measure"]


def test_none_as_target_goes_back_to_a_study_without_an_operation(tmp_path, terminal):
    path = tmp_path / "mine.toml"
    result = talk(path, "", "1", "Lantern", "2022-01-10", "", "none")
    assert result.exit_code == 0, result.output
    assert "operation" not in toml(path)


def test_categories_that_no_word_says_are_chosen_by_number(tmp_path, terminal):
    data = tmp_path / "data"
    data.mkdir()
    kinds = ["Maintenance", "Removal", "Posting", "Other"]
    rows = "".join(
        f"{n},{2019 + n // 300}-{n % 12 + 1:02d}-03,{-122.44 + n % 40 / 1000:.4f},{47.25 + n % 37 / 1000:.4f},{kinds[n % 4]}\n"
        for n in range(900)
    )
    (data / "cleanups.csv").write_text("id,date,longitude,latitude,category\n" + rows)
    path = tmp_path / "mine.toml"
    flags = ["new", path, "--data", data]
    answers = ["", "9", "2,3", "3", "5", "3", "", "1", ""]
    result = call(*flags, input="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    flat = " ".join(result.stderr.split())
    assert "Number 3 was chosen before" in flat
    measures = {one["name"]: one for one in toml(path)["measure"]}
    assert measures["environment, borne by community"]["where"]["category"] == ["Other", "Posting"]
    assert measures["police activity"]["where"]["category"] == ["Maintenance"]
    assert call("check", path).exit_code == 0
    again = call(
        *flags[:1],
        tmp_path / "again.toml",
        *flags[2:],
        "--harm",
        "Removal=community/environment",
        "--no-operation",
        "--yes",
    )
    assert again.exit_code == 0, again.output
    assert toml(tmp_path / "again.toml")["study"]["primary"] == "removal"


def test_tables_that_look_the_same_are_a_source_for_each_subject(tmp_path):
    head = "id,date,longitude,latitude,category,address\n"
    for name, kinds in {
        "needles.csv": ["needle find"],
        "police north.csv": ["violence", "theft", "burglary"],
        "police south.csv": ["violence", "theft", "arson"],
        "overdoses-2021.csv": ["overdose"],
        "overdoses-2022.csv": ["overdose", "poisoning"],
    }.items():
        rows = [
            f"{name}{row},2021-0{1 + row % 9}-11,-27.0{row},45.0{row},{kinds[row % len(kinds)]},\n" for row in range(9)
        ]
        (tmp_path / name).write_text(head + "".join(rows), encoding="utf-8")
    found, left = find_sources(tmp_path, tmp_path / "study.toml", {})
    assert {one.files: one.kind for one in found} == {
        ("needles.csv",): "needle_find",
        ("overdoses-2021.csv", "overdoses-2022.csv"): "health",
        ("police north.csv", "police south.csv"): "incident",
    }
    assert {one.name: sum(one.categories.values()) for one in found} == {
        "needles": 9, "overdoses": 18, "police-north": 18,
    }  # fmt: skip
    assert not left


def test_what_holds_no_data_is_named_and_one_guess_reads_one_kind_of_container(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    rows = [{"when": f"2020-01-{day:02d}", "what": "find"} for day in range(1, 9)]
    features = [
        {"type": "Feature", "properties": row, "geometry": {"type": "Point", "coordinates": [-71.1, 42.3]}}
        for row in rows
    ]
    (data / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    esri = [{"attributes": row, "geometry": {"x": -71.1, "y": 42.3}} for row in rows]
    (data / "b.json").write_text(json.dumps({"spatialReference": {"wkid": 4326}, "features": esri}))
    (data / "page.csv").write_text("<html><title>Sign in</title></html>")
    (data / "link.csv").symlink_to("nothing")
    os.mkfifo(data / "pipe.csv")
    sources, unused = find_sources(data, tmp_path / "s.toml", {})
    assert sorted(source.files for source in sources) == [("a.geojson",), ("b.json",)]
    assert {file.what: file.why.split(",")[0] for file in unused} == {
        "link.csv": "it is a link that leads nowhere",
        "pipe.csv": "it is a pipe",
        "page.csv": 'The file "page.csv" is a web page ("Sign in")',
    }
    with pytest.raises(StudyError, match=r'called like that in .* holds no data \("pipe.csv": it is a pipe\)'):
        find_sources(data, tmp_path / "s.toml", {"pipe.csv": ""})


def test_files_that_exist_are_kept(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    assert "exists; choose another name, or add --force" in refusal(new(path))
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["mine.toml"]
    assert new(path, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--crs", "EPSG:4326"], "measured in degree"),
        (["--crs", "EPSG:27700"], "is made for United Kingdom"),
        (["--period", "2022-01-20..2022-12-31"], "at least a month before the operation of 2022-01-10 is needed"),
        (["--period", "2019-01-01..2022-02-01"], "runs past the data"),
        (["--period", "2019"], "write a day such as"),
        (["--primary", "joy"], "which is no measure and no category of the files"),
        (["--file", "=x"], "write PATTERN=FORMAT"),
        (["--file", "none.csv"], 'no file in'),
        (["--file", "needles.csv=point-csv"], 'did you mean "points-csv"?'),
        (["--end", "2022-01-01"], "before --start 2022-01-10"),
        (["--start", "2030-01-01", "--end", "2030-02-01"], "not a month before and after the operation"),
        (["--tactic", "magic"], "--tactic is"),
        (["--area-around", "-27,45,3"], "are both given"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_nothing_is_written(more, sentence, tmp_path):
    assert sentence in refusal(new(tmp_path / "mine.toml", *more))
    assert not list(tmp_path.iterdir())


def test_months_that_the_files_leave_out_of_a_window_are_named(tmp_path):
    rows = (SAMPLE / "needles.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    lost = ("2021-03", "2022-01", "2022-02")
    (tmp_path / "needles.csv").write_text("".join(row for row in rows if row.split(",")[1][:7] not in lost))
    result = call(
        "new", tmp_path / "mine.toml", "--data", tmp_path, "--file", "needles.csv", *AREA, *WHEN, "--yes", "--json"
    )
    why = {one["what"]: one["why"] for one in json.loads(result.stdout)["guesses"]}
    unusable = "in which no usable row is dated"
    assert why["before"].endswith(f"(to 2019-01-01); without March 2021, January 2022, {unusable}")
    assert why["after"].endswith(f"; without January 2022, February 2022, {unusable}")


def test_the_reasons_why_no_file_can_be_used_are_one_sentence(tmp_path):
    for name in ("page.csv", "other.csv"):
        (tmp_path / name).write_text("<html><title>Sign in</title></html>")
    said = refusal(call("new", tmp_path / "mine.toml", "--data", tmp_path, *AREA, *WHEN, "--yes"))
    assert said.count("is a web page") == 2
    assert said.endswith(".")
    assert not any(mark in said for mark in (".;", ".."))


def test_an_area_somewhere_else_is_said(tmp_path):
    around = ["--area-around=-20,45,3", "--target-around=-20,45,300"]
    result = call("new", tmp_path / "mine.toml", "--data", SAMPLE, *FILES, *around, *WHEN, "--yes")
    assert "half of its rows lie around longitude -27" in refusal(result)
    assert not list(tmp_path.iterdir())


# -- guessed formats ---------------------------------------------------------------------------------------------------


def own_table(folder, when):
    data = folder / "data"
    data.mkdir()
    rows = "".join(f"R{n},{when(n)},{45 + n % 31 / 9000:.5f},{-27 + n % 37 / 9000:.5f},assault\n" for n in range(500))
    (data / "own.csv").write_text("case number,reported date,lat,lon,offence\n" + rows)
    return data


def own(folder, data, *more):
    around = ["--area-around=-27,45,5", "--target-around=-27,45,300"]
    return call(
        "new",
        folder / "mine.toml",
        "--data",
        data,
        *around,
        "--operation",
        "X",
        "--start",
        "2021-05-15",
        "--yes",
        *more,
    )


def test_a_study_refuses_to_run_until_its_guessed_format_is_checked(tmp_path):
    data = own_table(tmp_path, lambda n: f"{2020 + n // 250}-{n % 12 + 1:02d}-{n % 28 + 1:02d}")
    result = own(tmp_path, data)
    assert result.exit_code == 0, result.output
    path, input_format = tmp_path / "mine.toml", tmp_path / "mine_own.toml"
    assert "# UNDECIDED category: which of these are harm" in input_format.read_text(encoding="utf-8")
    database = tmp_path / "d.duckdb"
    for verb in (
        ("check", path),
        ("ingest", path, "--data", data, "--db", database),
        ("run", path, "--data", data, "--db", database),
    ):
        assert 'the format "mine_own.toml" is a guess; check every line of it' in refusal(call(*verb))
    assert not database.exists()
    checked = [
        line for line in input_format.read_text(encoding="utf-8").splitlines() if not line.startswith("guessed = true")
    ]
    input_format.write_text("\n".join(checked), encoding="utf-8")
    assert call("check", path).exit_code == 0
    ran = call("run", path, "--data", data, "--db", database, "--out", tmp_path / "out", "--quiet")
    assert ran.exit_code == 0, ran.output


def test_a_guess_that_leaves_the_dates_open_comes_without_a_study(tmp_path):
    """What reads two ways is for a person to settle; then the same command makes the study."""
    data = own_table(
        tmp_path,
        lambda n: (
            f"{n % 12 + 1:02d}/{n % 12 + 1:02d}/{2020 + n // 250}"
            if n % 3
            else f"{n % 11 + 1:02d}/03/{2020 + n // 250}"
        ),
    )
    result = own(tmp_path, data, "--json")
    assert result.exit_code == 0, result.output
    input_format = tmp_path / "mine_own.toml"
    said = json.loads(result.stdout)
    assert said["wrote"] == [str(input_format)]
    assert any("say which is meant" in line for line in said["sources"][0]["undecided"])
    assert not (tmp_path / "mine.toml").exists()
    text = (
        input_format.read_text(encoding="utf-8")
        .replace("formats = []", 'formats = ["%d/%m/%Y"]\norder_checked = true')
        .replace("guessed = true", "")
    )
    input_format.write_text(text, encoding="utf-8")
    again = own(tmp_path, data, "--file", "own.csv=mine_own.toml")
    assert again.exit_code == 0, again.output
    assert call("check", tmp_path / "mine.toml").exit_code == 0


def test_no_ring_is_proposed_before_the_error_of_inexact_places_is_known(tmp_path):
    """Once a person has written the error down, the same command makes the study, with a gap of twice the error."""
    data = own_table(tmp_path, lambda n: f"{2020 + n // 250}-{n % 12 + 1:02d}-{n % 28 + 1:02d}")
    table = data / "own.csv"
    table.write_text(table.read_text().replace("lat,lon", "lat_random,lon_random", 1))
    result = own(tmp_path, data)
    assert result.exit_code == 0, result.output
    assert "no ring can be proposed or judged before" in result.stdout
    assert not (tmp_path / "mine.toml").exists()
    input_format = tmp_path / "mine_own.toml"
    text = input_format.read_text(encoding="utf-8")
    input_format.write_text(text.replace("# typical_error_m =  ", "typical_error_m = 80"), encoding="utf-8")
    again = own(tmp_path, data, "--file", "own.csv=mine_own.toml")
    assert again.exit_code == 0, again.output
    assert toml(tmp_path / "mine.toml")["operation"][0]["rings"]["gap"] == 160


def test_a_column_named_like_a_date_that_cannot_be_read_is_shown(tmp_path):
    data = own_table(tmp_path, lambda n: f"week {n % 50 + 1}")
    said = refusal(own(tmp_path, data))
    assert '"reported date" is named like a date and holds texts such as "week 1", which fit no known pattern' in said


# -- proposals ---------------------------------------------------------------------------------------------------------


def found(kind, **categories):
    return SourceMatch(
        "s",
        kind,
        ("a.csv",),
        "f",
        "",
        "",
        None,
        {name.replace("_", " "): n for name, n in categories.items()},
        (0.0, 0.0),
    )


def test_what_police_find_by_looking_is_activity():
    kinds = {
        "Drugs": 40,
        "Possession_of_weapons": 3,
        "Stop_and_search": 9,
        "Violence_and_sexual_offences": 90,
        "Other_crime": 5,
        "Burglary": 7,
    }
    measures, uncounted = propose_measures([found("incident", **kinds)])
    activity = [one for one in measures if not one.is_harm]
    assert [set(one.categories) for one in activity] == [{"Drugs", "Possession of weapons", "Stop and search"}]
    assert {one.name for one in measures if one.is_harm} == {"violence", "theft and burglary"}
    assert uncounted == {"s": (UncountedCategory("Other crime", 5, doubtful=False),)}
    counted = [text for one in measures for text in one.categories]
    assert len(counted) == len(set(counted))


def test_what_may_be_no_offence_is_counted_nowhere_and_named_with_its_rows():
    kinds = {"TOWED_VEHICLE": 240, "ASSAULT": 90, "FIRES_NOT_ARSON": 60, "Permits": 7, "Theft": 5}
    measures, uncounted = propose_measures([found("incident", **kinds)])
    assert {one.name: one.categories for one in measures} == {
        "violence": ("ASSAULT",), "theft and burglary": ("Theft",),
    }  # fmt: skip
    assert uncounted == {
        "s": (
            UncountedCategory("TOWED VEHICLE", 240, doubtful=True),
            UncountedCategory("FIRES NOT ARSON", 60, doubtful=True),
            UncountedCategory("Permits", 7, doubtful=False),
        )
    }


def test_categories_that_nobody_knows_are_listed_and_not_called_enforcement():
    measures, uncounted = propose_measures([found("incident", Removal=20, Maintenance=1200)])
    with pytest.raises(StudyError) as caught:
        choose_primary(measures, "", uncounted)
    (sentence,) = caught.value.problems
    assert sentence.startswith(
        'No category of these files was recognised as a harm: "Maintenance" (1,200), "Removal" (20). A study needs a harm'
    )
    assert "enforcement" not in sentence
    measures, uncounted = propose_measures(
        [found("incident", Removal=20, Drugs=3, **{f"Kind_{n:02d}": n for n in range(1, 20)})]
    )
    with pytest.raises(
        StudyError, match=r'"Removal" \(20\), .* and 8 more, and the rest is enforcement activity \("Drugs"\)'
    ):
        choose_primary(measures, "", uncounted)


def test_a_source_of_one_kind_counts_what_no_word_says_only_where_none_is_known():
    measures, uncounted = propose_measures([found("health", Fall=20, Chest_pain=9)])
    assert [(one.name, one.categories, one.rows) for one in measures] == [("health calls", (), 29)]
    assert not uncounted
    measures, uncounted = propose_measures([found("health", Fall=20, Overdose=9)])
    assert [(one.name, one.categories) for one in measures] == [("overdoses", ("Overdose",))]
    assert [one.category for one in uncounted["s"]] == ["Fall"]


def test_entering_treatment_is_no_harm():
    measures, _ = propose_measures([found("treatment_entry", opioids=50)])
    assert [one.is_harm for one in measures] == [False]


def test_only_activity_makes_no_study_unless_the_user_says_so():
    measures, _ = propose_measures([found("incident", DRUGS=40, ARRESTS=3)])
    with pytest.raises(StudyError, match="Everything in these files is enforcement activity"):
        choose_primary(measures, "")
    chosen, name = choose_primary(measures, "drugs")
    primary = next(one for one in chosen if one.name == name)
    assert (primary.counted_as_harm, primary.categories) == (True, ("DRUGS",))
    assert [one.categories for one in chosen if not one.is_harm] == [("ARRESTS",)]


def test_a_category_named_as_primary_leaves_its_group():
    measures, _ = propose_measures([found("incident", Assault=40, Robbery=3)])
    chosen, name = choose_primary(measures, "robbery")
    assert name == "robbery"
    assert [one.categories for one in chosen] == [("Robbery",), ("Assault",)]


@pytest.mark.parametrize("radius", [50, 320, 20_000])
def test_a_circle_has_its_area(radius):
    shape = circle_from_flag(f"-71.07,42.33,{radius}", "--target-around", "t.geojson", unit=1).within(
        _crs.local_utm(-71.07, 42.33)
    )
    # A polygon of 64 corners holds a little less than its circle.
    assert shape.area == pytest.approx(math.pi * radius**2, rel=0.01)
    assert shape.area < math.pi * radius**2 * 1.001
    assert shapely.is_valid(shape)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("42.3", "write longitude,latitude,radius"),
        ("42.3,-171,1", "longitude comes first"),
        ("1,2,-3", "above 0"),
        ("1,2,300", "at most 200 km"),
        ("nan,2,3", "longitude comes first"),
    ],
)
def test_a_circle_that_is_none(text, why):
    with pytest.raises(StudyError, match=why):
        circle_from_flag(text, "--area-around", "a.geojson", unit=1000)


def test_names_cannot_break_out_of_the_study_file(tmp_path):
    name = 'x"\n[study]\nprimary = "y'
    path = tmp_path / "mine.toml"
    result = new(path, "--operation", name)
    assert result.exit_code == 0, result.output
    assert toml(path)["operation"][0]["name"] == name


# -- real folders ------------------------------------------------------------------------------------------------------


BOSTON = ["--area-around=-71.07,42.33,9", "--target-around=-71.073,42.332,400"]
REAL = {
    "boston-needles": SimpleNamespace(
        flags=[*BOSTON, "--start", "2019-08-01", "--end", "2019-08-02"], sources=["boston-311-needles"],
        crs="EPSG:32619", after=["during", "0-1 months", "1-2 months"], harms=["needles"],
    ),
    "boston-police": SimpleNamespace(
        flags=[*BOSTON, "--start", "2022-01-12", "--primary", "DRUGS - POSSESSION/ SALE/ MANUFACTURING/ USE"],
        sources=["boston-police"], crs="EPSG:32619", after=["during", "0-3 months", "3-6 months", "6-12 months"],
        harms=["drugs - possession/ sale/ manufacturing/ use"],
    ),
    "tempe-ems": SimpleNamespace(
        flags=["--area-around=-111.93,33.39,11", "--target-around=-111.93,33.425,1000", "--start", "2021-05-01"],
        sources=["tempe-ems"], crs="EPSG:32612", after=["during", "0-3 months", "3-6 months", "6-12 months"], harms=["overdoses"],
    ),
    "merseyside-police": SimpleNamespace(
        flags=["--area-around=-2.95,53.42,6", "--target-around=-2.97,53.41,800", "--start", "2020-03-10"],
        sources=["police-uk-street"], crs="EPSG:27700", after=["during", "0-3 months", "3-6 months", "6-12 months"],
        harms=["disorder", "violence", "theft and burglary"],
    ),
}  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("folder", REAL)
def test_real_folders_make_studies_that_run(shared, tmp_path, folder):
    path, expected = tmp_path / "mine.toml", REAL[folder]
    result = call("new", path, "--data", shared / folder, *expected.flags, "--operation", "X", "--yes", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert [one["format"] for one in said["sources"]] == expected.sources
    assert (said["crs"], said["after"]) == (expected.crs, expected.after)
    assert [one["name"] for one in said["measures"] if one["role"] == "harm"] == expected.harms
    assert call("check", path).exit_code == 0
    ran = call(
        "run", path, "--data", shared / folder, "--out", tmp_path / "out", "--db", tmp_path / "d.duckdb", "--quiet"
    )
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "out" / "report-internal.html").is_file()


@pytest.mark.real
def test_drug_offences_alone_make_no_study(shared, tmp_path):
    result = call("new", tmp_path / "mine.toml", "--data", shared / "boston-police", *BOSTON, "--start", "2022-01-12",
                  "--operation", "X", "--yes")  # fmt: skip
    assert "Everything in these files is enforcement activity" in refusal(result)
    assert not list(tmp_path.iterdir())
