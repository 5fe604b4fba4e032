"""The whole way, as a user walks it: commands, exit codes, sentences, pages."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from geoharm._version import __version__
from geoharm.pipeline.run import run
from geoharm.simulation.choices import DEMO_SEED
from geoharm.simulation.demo import make_demo_city, write_demo_city
from geoharm.study.read import read_study
from tests.conftest import lonlat, small_study, write_polygon

GEOHARM = [sys.executable, "-m", "geoharm"]


def call(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*GEOHARM, *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


@pytest.fixture
def demo(demo_run, pages):
    """Return the folder of the demo's pages and what was printed."""
    return pages, (demo_run / "printed.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small_runs(tmp_path_factory):
    """Run the small study twice with a database each, then again on the first; return its folder and the bytes of each."""
    folder = tmp_path_factory.mktemp("small")
    study = read_study(small_study(folder))
    written = []
    for database in ("one", "two", "one"):
        finished = run(study, data=folder, out=folder / database, database=folder / f"{database}.duckdb")
        written.append({path.name: path.read_bytes() for path in finished.published.files})
    return folder, written


def test_demo_ends_with_the_verdict_and_the_paths(demo):
    out, printed = demo
    assert "Needle finds fell by about 67 in the target area, against what places like it suggest." in printed
    for name in ("report.html", "map.html", "run.json"):
        assert f"wrote {Path('maps', 'demo', name)}" in printed
        assert (out / name).stat().st_size < 500_000


def test_a_finding_says_how_often_findings_are_wrong(demo):
    page = (demo[0] / "report.html").read_text(encoding="utf-8")
    said = page[page.index('id="threats"') :]
    assert (
        "simulated cities like this one (100 to 1,000 events expected, under 35% detectable, 15 to 50 separate places), "
        "3 of 100 places without a change were still found to have changed." in said
    )
    assert "3 of 100 findings are wrong where the others cut the count by 40%, and 6 where by 20%." in said
    assert "came out at 25 to 30%, some by luck, it was 5." in said


def test_page_one_can_be_rebuilt_from_published_numbers(demo):
    """Before times days times the steps of the factor is the expected count, from the numbers of run.json alone."""
    record = json.loads((demo[0] / "run.json").read_text(encoding="utf-8"))
    operation = record["operations"][0]
    rebuilt = 0
    for measure in operation["measures"]:
        for effect in measure["effects"]:
            factors = effect["placebo"] and effect["placebo"]["factors"]
            if not factors:
                continue
            steps = [
                step["value"] if step["feature"] is None else math.exp(step["coefficient"] * step["feature"])
                for step in factors["steps"]
            ]
            line = effect["before"] * effect["length_ratio"]
            assert line * math.prod(steps) == pytest.approx(effect["expected"], rel=0.01)
            assert line * factors["factor"] == pytest.approx(effect["expected"], rel=0.001)
            # Nor does it need the answer: without the only step that uses the count after, it is the same to 1%.
            assert line * math.prod(steps[:-1]) == pytest.approx(effect["expected"], rel=0.01)
            shown = effect["placebo"]["distribution"]
            assert sum(part["places"] for part in shown["classes"]) == shown["pool"] == effect["placebo"]["pool"]
            assert shown["change"] == pytest.approx(100 * (effect["after"] / effect["expected"] - 1), abs=0.1)
            rebuilt += 1
    assert rebuilt > 5
    target = operation["measures"][0]["effects"][0]["placebo"]
    assert target["factors"]["factor"] == pytest.approx(0.965, abs=0.001)
    assert target["distribution"]["rank"].startswith("None of 110 places like it fell as far, without an operation.")


def test_the_planted_effect_is_found(demo, root):
    """The interval of each zone holds what was planted, on this city; where there is none, the reason is said."""
    out, _ = demo
    truth = json.loads((root / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))["streams"]
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    names = {"needle finds": "needles", "violence": "violence", "overdoses": "overdoses"}
    for measure in record["operations"][0]["measures"]:
        if measure["name"] not in names:
            continue
        planted = truth[names[measure["name"]]]["target"]
        effect = next(one for one in measure["effects"] if one["zone"] == "target")
        low, high = effect["interval"]["low"], effect["interval"]["high"]
        if low is None:
            assert effect["note"].startswith("no 95% interval is possible here: only 2 other places were as busy")
            continue
        assert low <= planted["expected_with"] - planted["expected_without"] <= high


def test_net_harm_holds_what_was_planted_under_every_profile(demo, root):
    """In target, and target and rings: the weighted sum of planted changes lies in the interval, and the parts add up."""
    out, _ = demo
    truth = json.loads((root / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))["streams"]
    names = {
        "needle finds": "needles", "violence": "violence", "overdoses": "overdoses", "treatment entries": "treatment",
    }  # fmt: skip
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))["operations"][0]["harm"]
    assert len(record["profiles"]) == 5
    zones_of = {"target": ["target"], "all rings": ["ring"], "target and rings": ["target", "ring"]}
    assert len(record["net_harm"]) == len(record["profiles"]) * len(zones_of)
    for total in record["net_harm"]:
        if total["refused"]:
            # Too few places in the target's class have as many overdoses, so nothing is added up there.
            assert (total["zone"], total["refused"], total["low"]) == ("target", ["overdoses"], None)
            continue
        planted = 0.0
        for row in total["rows"]:
            change = [truth[names[row["measure"]]][zone] for zone in zones_of[total["zone"]]]
            planted += row["weight"] * sum(one["expected_with"] - one["expected_without"] for one in change)
        assert total["interval"]["low"] <= planted <= total["interval"]["high"], (total["profile"], total["zone"])
        assert total["low"] == pytest.approx(sum(row["weight"] * row["low"] for row in total["rows"]))


def test_committed_demo_pages_are_what_the_code_makes(demo, root):
    """Verdict and numbers agree; bytes are only promised for one version and platform."""
    out, _ = demo
    here = json.loads((root / "maps" / "demo" / "run.json").read_text(encoding="utf-8"))
    fresh = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert here["geoharm"] == fresh["geoharm"] == __version__
    for key in ("inputs", "ledgers", "tables", "study"):
        assert here[key] == fresh[key]
    assert here["operations"][0]["verdict"] == fresh["operations"][0]["verdict"]
    assert (root / "maps" / "demo" / "report.html").is_file()
    assert (root / "maps" / "demo" / "map.html").is_file()


def test_readme_shows_what_the_program_answers(demo, root):
    _, printed = demo
    readme = (root / "README.md").read_text(encoding="utf-8")
    for line in printed.splitlines():
        if line.strip() and not line.startswith("wrote"):
            assert line.strip() in readme


def test_two_runs_are_byte_identical(small_runs):
    first, second, _ = small_runs[1]
    assert first == second


def test_the_record_names_the_format_that_read_each_source(demo):
    out, _ = demo
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    names = [ledger["format_name"] for ledger in record["ledgers"] + record["tables"]]
    assert all(re.fullmatch(r"(points|sites|survey)-csv [0-9a-f]{64}", name) for name in names)


def test_a_second_run_on_the_same_database_is_the_same(small_runs):
    first, _, again = small_runs[1]
    assert list(first.items()) == list(again.items())


def test_pages_say_what_they_are_and_ask_for_nothing(demo):
    out, _ = demo
    for name in ("report.html", "map.html"):
        text = (out / name).read_text(encoding="utf-8")
        assert '<html lang="en">' in text
        assert re.search(r"<title>[^<]+</title>", text)
        assert "Content-Security-Policy" in text
        assert "unsafe-inline" not in text
        outside = re.findall(
            r"(?:src|href)\s*=\s*[\"'](?!data:|#|[a-z]+\.(?:html|json))[^\"']*", text.split("<script>")[0]
        )
        assert outside == []
        assert not re.search(r"\b(folium|bootstrap|jquery|cdn|unpkg|openstreetmap)\b", text, re.I)


def test_no_point_of_the_data_is_on_a_page(demo, root):
    """No published byte holds the coordinates of an event (five decimals) of the sample."""
    out, _ = demo
    rows = (root / "data" / "sample" / "overdoses.csv").read_text(encoding="utf-8").splitlines()[1:]
    places = {(row.split(",")[2], row.split(",")[3]) for row in rows if row.split(",")[2]}
    text = (out / "map.html").read_text(encoding="utf-8") + (out / "run.json").read_text(encoding="utf-8")
    pairs = set(re.findall(r"(-?\d+\.\d{4,5}),(\d+\.\d{4,5})", text))
    assert pairs
    assert not places & pairs


def test_hostile_names_are_text_on_every_page(tmp_path):
    name = "</script><img src=x onerror=alert(1)>`${alert(1)}` & \u202e"
    study = read_study(small_study(tmp_path, name=name))
    found = run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    for path in found.published.files:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            assert "<img" not in text
            assert "\u202e" not in text
            assert "onerror" in text  # it is there, as text


def test_results_are_kept_beside_the_data(small_runs):
    with duckdb.connect(str(small_runs[0] / "two.duckdb"), read_only=True) as connection:
        rows = connection.execute('SELECT measure, zone, "window", before, after, version, seed FROM effect').fetchall()
    assert ("finds", "target", "after", 120, 40, __version__, 1) in rows


# -- the command line ---------------------------------------------------------------------------------------------------


def test_formats_show_is_a_format_of_ones_own(tmp_path, root):
    (tmp_path / "mine.toml").write_text(call("formats", "show", "points-csv", folder=tmp_path).stdout, encoding="utf-8")
    found = call(
        "formats",
        "check",
        root / "data" / "sample" / "overdoses.csv",
        "--format",
        "mine.toml",
        "--json",
        folder=tmp_path,
    )
    assert json.loads(found.stdout)["files"][0]["rejected"] == 1
    assert "untried" in call("formats", "list", folder=tmp_path).stdout


def test_version(tmp_path):
    assert call("--version", folder=tmp_path).stdout.strip() == f"geoharm {__version__}"


def test_a_wrong_command_line_is_exit_2(tmp_path):
    assert call("rn", folder=tmp_path).returncode == 2
    assert call("run", "--nonsense", folder=tmp_path).returncode == 2


def test_mistakes_are_sentences_and_exit_1(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace("seed    = 1", "sead = 1").replace('"crackdown"', '"crakdown"')
    path.write_text(text.replace("end       = 2021-01-31", "end = 2020-01-31"), encoding="utf-8")
    found = call("run", "study.toml", "--data", ".", folder=tmp_path)
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.startswith("3 mistakes:\n")
    for key in ("sead", "tactic", "end"):
        assert f": {key}" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "maps").exists()


def test_a_missing_data_file_is_one_sentence(tmp_path):
    small_study(tmp_path)
    (tmp_path / "reports.csv").unlink()
    found = call("run", "study.toml", "--data", ".", "--quiet", folder=tmp_path)
    assert found.returncode == 1
    assert found.stderr.strip().count("\n") == 0
    assert 'No file matches "reports.csv"' in found.stderr
    assert not (tmp_path / "maps").exists()


def test_check_sees_what_needs_no_data(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace("0-6 months", "0-6 weeks").replace('"points-csv"', '"point-csv"')
    path.write_text(text, encoding="utf-8")
    found = call("check", "study.toml", folder=tmp_path)
    assert found.returncode == 1
    assert found.stderr.startswith("2 mistakes:")
    assert 'did you mean "points-csv"?' in found.stderr
    assert '"0-6 weeks" is not a phase' in found.stderr


def test_operations_that_overlap_are_refused_before_any_data(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    operation = text[text.index("[[operation]]") : text.index("[publish]")]
    second = operation.replace("Operation Test", "Operation Again")
    path.write_text(text.replace("[publish]", second + "[publish]"), encoding="utf-8")
    found = call("check", "study.toml", folder=tmp_path)
    assert found.returncode == 1
    assert 'The target areas of "Operation Test" and "Operation Again" overlap' in found.stderr


@pytest.mark.parametrize("database", [".", "area.geojson"])
def test_a_database_that_is_none_is_not_to_be_deleted(tmp_path, database):
    small_study(tmp_path)
    found = call("ingest", "study.toml", "--data", ".", "--db", database, "--quiet", folder=tmp_path)
    assert found.returncode == 1
    assert "choose another --db" in found.stderr
    assert "elete" not in found.stderr


def test_ingest_names_the_line_of_a_reject(root, tmp_path):
    small_study(tmp_path)
    with (tmp_path / "reports.csv").open("a", encoding="utf-8") as stream:
        stream.write("x,32/13/2020,-27,45,find\n")
    lines = len((tmp_path / "reports.csv").read_text(encoding="utf-8").splitlines())
    found = call("ingest", "study.toml", "--data", ".", "--quiet", folder=tmp_path)
    assert f"1 rejected, first in line {lines:,}:" in found.stdout


def test_two_operations_have_their_own_maps_and_files(tmp_path):
    path = small_study(tmp_path, name="\u041e\u0434\u0438\u043d")
    write_polygon(tmp_path / "other.geojson", 2200, 2200, 150)
    text = path.read_text(encoding="utf-8")
    operation = text[text.index("[[operation]]") : text.index("[publish]")]
    second = operation.replace("\u041e\u0434\u0438\u043d", "\u0414\u0432\u0430").replace(
        "target.geojson", "other.geojson"
    )
    second = second.replace("2020-01-01, end = 2021-01-01", "2020-07-01, end = 2021-01-01")
    path.write_text(text.replace("[publish]", second + "[publish]"), encoding="utf-8")
    found = run(read_study(path), data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    assert len({file.name for file in found.published.files}) == 12
    views = found.result.hotspots[0].views
    one, two = found.result.operations
    assert views[(one.design.operation.name, "before")].events > views[(two.design.operation.name, "before")].events


def test_a_category_that_no_row_has_is_refused(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        'unit        = "requests"', 'unit = "requests"\nwhere = { category = ["finds"] }'
    )
    path.write_text(text, encoding="utf-8")
    found = call("run", "study.toml", "--data", ".", "--quiet", folder=tmp_path)
    assert found.returncode == 1
    assert 'no row of "reports" has the category "finds"; did you mean "find"?' in found.stderr


def test_a_window_past_the_data_is_refused_and_writes_nothing(tmp_path):
    path = small_study(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("0-6 months", "0-12 months"), encoding="utf-8")
    found = call("run", "study.toml", "--data", ".", "--quiet", folder=tmp_path)
    assert found.returncode == 1
    assert "runs past the data" in found.stderr
    assert not (tmp_path / "maps").exists()


def test_json_output_is_json(tmp_path):
    small_study(tmp_path)
    found = call("run", "study.toml", "--data", ".", "--json", folder=tmp_path)
    answer = json.loads(found.stdout)
    assert answer["operations"][0]["state"] == "cannot tell"
    assert "the data hold 12 months before the operation, and 18 are needed" in answer["operations"][0]["lead"]
    assert "It makes no finding" in answer["operations"][0]["lead"]
    ledger = json.loads(call("ingest", "study.toml", "--data", ".", "--json", "--quiet", folder=tmp_path).stdout)
    row = ledger[0]["files"][0]
    assert row["read"] == row["kept"] + row["rejected"] + row["duplicate"]
    assert json.loads(call("check", "study.toml", "--json", folder=tmp_path).stdout)["measures"] == {"finds": "harm"}


def test_progress_goes_to_standard_error(tmp_path):
    small_study(tmp_path)
    loud = call("ingest", "study.toml", "--data", ".", folder=tmp_path)
    assert "reading reports" in loud.stderr
    assert "reading reports" not in loud.stdout
    assert call("ingest", "study.toml", "--data", ".", "--quiet", folder=tmp_path).stderr == ""


def test_a_database_in_use_is_exit_75(tmp_path):
    small_study(tmp_path)
    call("ingest", "study.toml", "--data", ".", "--db", "s.duckdb", folder=tmp_path)
    holder = f"import duckdb, sys; c = duckdb.connect({str(tmp_path / 's.duckdb')!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        timer = threading.Timer(60, process.kill)
        timer.start()
        assert process.stdout.readline().strip() == "open"
        found = call("ingest", "study.toml", "--data", ".", "--db", "s.duckdb", folder=tmp_path)
        process.communicate("")
        timer.cancel()
    assert found.returncode == 75
    assert "Another program" in found.stderr
    assert found.stderr.strip().count("\n") == 0


def test_an_output_folder_that_is_a_file_is_one_sentence(tmp_path):
    small_study(tmp_path)
    (tmp_path / "taken").write_text("x")
    found = call("run", "study.toml", "--data", ".", "--out", "taken", "--quiet", folder=tmp_path)
    assert found.returncode == 1
    assert "is a file, not a folder" in found.stderr
    assert found.stderr.strip().count("\n") == 0


# -- the made city --------------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_city(tmp_path):
    for turn in ("one", "two"):
        write_demo_city(make_demo_city(7), tmp_path / turn)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_the_committed_sample_is_that_of_the_demo_seed(root, tmp_path):
    write_demo_city(make_demo_city(DEMO_SEED), tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (root / "data" / "sample" / path.name).read_bytes(), path.name


def test_the_pipeline_never_sees_the_truth(demo_run, root):
    """The demo runs the same without truth.json: it ran where there is none, and its answers are those committed."""
    assert (root / "data" / "sample" / "truth.json").is_file()
    assert list(demo_run.rglob("truth*")) == []
    assert (demo_run / "maps" / "demo" / "run.json").is_file()


# A count of an area that no published byte may hold, and a name that none may either.
SMALL, LARGE, CLINIC = 3, 8417, "Harbour Clinic"


def study_with_tables(folder: Path) -> None:
    """Write the small study with an area table, a survey, a list of sites and streets beside its events."""
    path = small_study(folder)
    ring = [[-300, -300], [300, -300], [300, 300], [-300, 300], [-300, -300]]
    shape = {"type": "Polygon", "coordinates": [[list(lonlat(*corner)) for corner in ring]]}
    wards = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"code": "W1"}, "geometry": shape}],
    }
    (folder / "wards.geojson").write_text(json.dumps(wards))
    rows = [f"W1,2020-{month:02d},{LARGE if month > 1 else SMALL}" for month in range(1, 13)]
    (folder / "entries.csv").write_text("area,month,count\n" + "\n".join(rows) + "\nW1,2021-01,<5\nX9,2021-01,x\n")
    years = "\n".join(f"W1,{year},fear,40.25,2,,," for year in range(2020, 2022))
    (folder / "fear.csv").write_text(f"area,period,question,percent,standard_error,lower,upper,n\n{years}\n")
    services = "\n".join(f"{CLINIC} {n},detox,{n} High St,{','.join(map(str, lonlat(n, 0)))}" for n in range(6))
    (folder / "services.csv").write_text(f"name,category,address,longitude,latitude\n{services}\n")
    lines = [{"type": "LineString", "coordinates": [lonlat(0, n), lonlat(500, n)]} for n in range(6)]
    streets = [{"type": "Feature", "properties": {}, "geometry": line} for line in lines]
    (folder / "streets.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": streets}))
    tables = "".join(
        f'[[source]]\nname = "{name}"\nkind = "{kind}"\nformat = "{input_format}"\nfiles = ["{file}"]\n{more}\n'
        for name, kind, input_format, file, more in (
            ("entries", "area_table", "area-table-csv", "entries.csv", 'areas = ["wards.geojson"]\narea_id = "code"'),
            ("fear", "survey", "survey-csv", "fear.csv", 'areas = ["wards.geojson"]\narea_id = "code"'),
            ("services", "site", "sites-csv", "services.csv", ""),
            ("streets", "streets", "streets-geojson", "streets.geojson", ""),
        )
    )
    path.write_text(path.read_text(encoding="utf-8").replace("[[measure]]", f"{tables}\n[[measure]]"), encoding="utf-8")


def test_a_study_with_tables_beside_its_events_runs_and_shows_their_ledgers_only(tmp_path):
    study_with_tables(tmp_path)
    found = call("run", "study.toml", "--data", ".", "--out", "out", "--db", "s.duckdb", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "entries: 1 files, 14 read = 13 kept + 1 rejected + 0 duplicate" in found.stdout
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert [ledger["source"] for ledger in record["ledgers"]] == ["reports"]
    assert {table["source"]: table["kind"] for table in record["tables"]} == {
        "entries": "area_table",
        "fear": "survey",
        "services": "site",
        "streets": "streets",
    }
    for ledger in record["ledgers"] + record["tables"]:
        for row in ledger["files"]:
            # Few rows are a label and not a number; the rows read are the sum of the others.
            parts = (row[name] for name in ("kept", "rejected", "duplicate"))
            assert row["read"] == sum(part for part in parts if isinstance(part, int))
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for text in ("entries (area table, by value)", "services (sites): no dates", "streets (street lines)"):
        assert text in report, text
    # One suppressed value: a note on fewer rows than the threshold is not published.
    assert "the number is suppressed" not in report
    # The survey keeps two rows: under the threshold, so its file is not listed.
    assert "1 file(s) keep fewer than 5 rows" in report
    for path in (tmp_path / "out").iterdir():
        # Any four digits may stand in the hash of a file.
        text = re.sub(r"\b[0-9a-f]{64}\b", "", path.read_bytes().decode("utf-8", "ignore"))
        for secret in (str(LARGE), f"{LARGE:,}", CLINIC, "40.25"):
            assert secret not in text, (path.name, secret)
    # The program's own way to look: ingest prints every balance and note.
    again = call("ingest", "study.toml", "--data", ".", "--db", "s.duckdb", "--quiet", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    for text in (
        "entries.csv: 14 read = 13 kept + 1 rejected + 0 duplicate",
        'rejected, first in line 15: "value" is neither a whole number of zero or more nor a declared symbol for a suppressed number',
        "1 row: the number is suppressed or rounded, and kept as an interval from its lowest to its highest possible value",
        "fear.csv: 2 read = 2 kept", "services.csv: 6 read = 6 kept", "streets.geojson: 6 read = 6 kept",
    ):  # fmt: skip
        assert text in again.stdout, text
    as_json = json.loads(
        call("ingest", "study.toml", "--data", ".", "--db", "s.duckdb", "--json", folder=tmp_path).stdout
    )
    assert [one["source"] for one in as_json] == ["reports", "entries", "fear", "services", "streets"]


def test_formats_check_and_guess_know_the_other_kinds(tmp_path):
    (tmp_path / "a.csv").write_text("area,month,count\nA,2020-01,7\nA,2020-02,<5\nA,2020-02,<5\n")
    found = call("formats", "check", "a.csv", "--format", "area-table-csv", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "a.csv: 3 read = 2 kept + 0 rejected + 1 duplicate" in found.stdout
    assert "note: 1 row: the number is suppressed" in found.stdout
    guessed = call("formats", "guess", "a.csv", "--kind", "area_table", "--out", "own.toml", folder=tmp_path)
    assert 'undecided: values: "<5" are not numbers' in guessed.stdout
    checked = call("formats", "check", "a.csv", "--format", "own.toml", folder=tmp_path)
    assert checked.returncode == 1
    assert 'in 2 of 3 values (first in line 3) "count" is neither' in checked.stderr


def test_a_refused_run_leaves_no_new_database(tmp_path):
    """A refusal before anything was loaded takes away the file it made, and never one that held rows."""
    study = small_study(tmp_path)
    points, kept = tmp_path / "reports.csv", (tmp_path / "reports.csv").read_bytes()
    points.write_text("nothing,of,this\n1,2,3\n", encoding="utf-8")
    arguments = ("run", study.name, "--data", ".", "--out", "out", "--db", "s.duckdb", "--quiet")
    found = call(*arguments, folder=tmp_path)
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    assert list(tmp_path.glob("s.duckdb*")) == []
    points.write_bytes(kept)
    assert call("ingest", study.name, "--data", ".", "--db", "s.duckdb", "--quiet", folder=tmp_path).returncode == 0
    points.write_text("nothing,of,this\n1,2,3\n", encoding="utf-8")
    assert call(*arguments, folder=tmp_path).returncode == 1
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchall() == [(1,)]
