"""The plan lock: what it holds, what it notices, and what a result is called because of it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.errors import StudyError
from geoharm.pipeline import preregistration
from geoharm.pipeline.run import run
from geoharm.results import PreregistrationStatus
from geoharm.study.read import read_study
from geoharm.study.value_profiles.profiles import profile_text
from tests.cli.test_run import call
from tests.conftest import small_study, write_polygon

TODAY = date(2026, 11, 24)


def edit(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return read_study(path)


def test_without_a_lock_everything_is_exploratory(tmp_path):
    state = preregistration.preregistration_status(read_study(small_study(tmp_path)))
    assert state == PreregistrationStatus()
    assert state.kind == "exploratory"
    assert state.sentence == "Exploratory: no plan was locked before the outcomes were seen."


def test_a_lock_before_outcomes_makes_a_result_confirmatory(tmp_path):
    study = read_study(small_study(tmp_path))
    state = preregistration.write_lock(study, outcomes_loaded=False, day=TODAY)
    assert state.kind == "confirmatory"
    assert state.locked_on == "2026-11-24"
    assert state == preregistration.preregistration_status(read_study(tmp_path / "study.toml"))
    held = json.loads((tmp_path / "study.plan.json").read_text(encoding="utf-8"))
    assert held["primary"] == "finds"
    assert held["sha256"] == preregistration.plan_digest(held["plan"]) == state.digest
    assert set(held["plan"]) == {"study", "sources", "measures", "operations", "values"}


def test_a_lock_after_the_operation_began_says_what_it_cannot_know(tmp_path):
    study = read_study(small_study(tmp_path))
    first = min(one.period.start for one in study.operations)
    late = preregistration.write_lock(study, outcomes_loaded=False, day=first)
    assert late.sentence.endswith(
        "The operation had begun by then: no file can show whether its outcomes were seen elsewhere."
    )
    early = preregistration.write_lock(study, outcomes_loaded=False, day=first - timedelta(days=1), again=True)
    assert not early.operation_begun
    assert "begun" not in early.sentence


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gap = 50", "gap = 60", "operations, Operation Test, gap: was 50.0, is 60.0"),
        (
            '"0-6 months"]',
            '"0-5 months"]',
            'operations, Operation Test, after: was ["during", "0-6 months"], is ["during", "0-5 months"]',
        ),
        ("seed    = 1", "seed    = 2", "study, seed: was 1, is 2"),
        ('recorded_by = "public"', 'recorded_by = "agency"', "measures, finds, recorded_by: was public, is agency"),
        ('name      = "Operation Test"', 'name      = "Other"', "operations, Operation Test: removed"),
    ],
)
def test_a_changed_plan_says_what_changed(tmp_path, old, new, said):
    path = small_study(tmp_path)
    preregistration.write_lock(read_study(path), outcomes_loaded=False, day=TODAY)
    state = preregistration.preregistration_status(edit(path, (old, new)))
    assert state.kind == "exploratory"
    assert said in state.changes
    assert "differs from it in" in state.sentence


def test_a_moved_target_is_noticed_and_a_mended_page_is_not(tmp_path):
    path = small_study(tmp_path)
    preregistration.write_lock(read_study(path), outcomes_loaded=False, day=TODAY)
    assert (
        preregistration.preregistration_status(edit(path, ('release = "public"', 'release = "internal"'))).kind
        == "confirmatory"
    )
    assert (
        preregistration.preregistration_status(
            edit(path, ('name    = "A small study"', 'name    = "Another name"'))
        ).kind
        == "confirmatory"
    )
    write_polygon(tmp_path / "target.geojson", 5, 0, 200)
    (change,) = preregistration.preregistration_status(read_study(path)).changes
    assert change.startswith("operations, Operation Test, target: was ")


def test_a_lock_after_outcomes_is_exploratory_whatever_the_plan(tmp_path):
    state = preregistration.write_lock(read_study(small_study(tmp_path)), outcomes_loaded=True, day=TODAY)
    assert state.kind == "exploratory"
    assert state.sentence == "Exploratory: its plan was locked on 2026-11-24, after outcomes had been loaded."


def test_a_second_lock_is_refused_and_again_keeps_the_first_ones_fingerprint(tmp_path):
    study = read_study(small_study(tmp_path))
    first = preregistration.write_lock(study, outcomes_loaded=False, day=TODAY)
    with pytest.raises(StudyError, match="is locked already"):
        preregistration.write_lock(study, outcomes_loaded=False, day=TODAY)
    again = preregistration.write_lock(study, outcomes_loaded=False, day=TODAY, again=True)
    assert again.kind == "exploratory"
    assert again.changes == (f"the lock replaced an earlier one ({first.digest[:12]})",)


def test_a_lock_that_was_tampered_with_is_refused(tmp_path):
    path = small_study(tmp_path)
    study = read_study(path)
    preregistration.write_lock(study, outcomes_loaded=False, day=TODAY)
    lock = tmp_path / "study.plan.json"
    lock.write_text(lock.read_text(encoding="utf-8").replace('"seed": 1', '"seed": 7'), encoding="utf-8")
    with pytest.raises(StudyError, match="was changed after it was written"):
        preregistration.preregistration_status(study)
    lock.write_text("{", encoding="utf-8")
    with pytest.raises(StudyError, match="is not valid JSON"):
        preregistration.preregistration_status(study)
    lock.write_text("[]", encoding="utf-8")
    with pytest.raises(StudyError, match="is not a plan lock"):
        preregistration.preregistration_status(study)


def test_the_pages_and_the_record_say_which_it_is(tmp_path):
    study = read_study(small_study(tmp_path))
    state = preregistration.write_lock(study, outcomes_loaded=False, day=TODAY)
    found = run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    assert found.result.preregistration == state
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<strong>Confirmatory:</strong> its plan was locked on 2026-11-24" in text
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["preregistration"]
    assert record == {
        "kind": "confirmatory", "digest": state.digest, "locked_on": "2026-11-24", "outcomes_loaded": False,
        "operation_begun": True, "changes": [],
    }  # fmt: skip


def test_the_command_line_sees_loaded_outcomes(tmp_path, monkeypatch):
    small_study(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["plan", "show", "study.toml"])
    assert (found.exit_code, found.stdout.strip()) == (
        0, "Exploratory: no plan was locked before the outcomes were seen.",
    )  # fmt: skip
    assert CliRunner().invoke(app, ["ingest", "study.toml", "--data", ".", "--quiet"]).exit_code == 0
    found = CliRunner().invoke(app, ["plan", "lock", "study.toml", "--json"])
    assert found.exit_code == 0
    about = json.loads(found.stdout)
    assert about["outcomes_loaded"]
    assert about["kind"] == "exploratory"
    assert about["file"] == "study.plan.json"
    refused = call("plan", "lock", "study.toml", folder=tmp_path)
    assert refused.returncode == 1
    assert "is locked already" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_data_that_end_before_the_operation_are_no_outcomes(tmp_path, monkeypatch):
    small_study(tmp_path)
    reports = tmp_path / "reports.csv"
    lines = reports.read_text(encoding="utf-8").splitlines()
    reports.write_text("\n".join(line for line in lines if ",2021-" not in line) + "\n", encoding="utf-8")
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text.replace("end = 2021-08-01", "end = 2021-01-01"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["ingest", "study.toml", "--data", ".", "--quiet"]).exit_code == 0
    found = CliRunner().invoke(app, ["plan", "lock", "study.toml"])
    assert found.exit_code == 0
    assert found.stdout.startswith("Confirmatory: its plan was locked on ")


@pytest.mark.parametrize("verb", ["lock", "show"])
def test_every_plan_verb_has_help_with_an_example(verb):
    found = CliRunner().invoke(app, ["plan", verb, "--help"])
    assert f"Example: geoharm plan {verb}" in " ".join(found.stdout.split())


def test_mitigation_and_values_are_part_of_the_plan(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    preregistration.write_lock(read_study(path), outcomes_loaded=False, day=TODAY)
    planned = 'mitigation = [{ what = "bins", holds = ["finds"] }]\nafter     = '
    path.write_text(text.replace("after     = ", planned) + '\n[values]\nprofiles = ["equal"]\n', encoding="utf-8")
    said = " ".join(preregistration.preregistration_status(read_study(path)).changes)
    assert "mitigation: was [], is" in said
    assert "values, profiles, crime-severity: removed" in said


# -- values ---------------------------------------------------------------------------------------------------------------


def test_the_set_of_profiles_is_in_the_plan_by_name_and_content(tmp_path):
    path = small_study(tmp_path)
    shipped = profile_text("equal", tmp_path)
    (tmp_path / "mine.toml").write_text(shipped.replace('"equal"', '"mine"'), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    path.write_text(text + '\n[values]\nprofiles = ["equal", "mine.toml"]\n', encoding="utf-8")
    preregistration.write_lock(read_study(path), outcomes_loaded=False, day=TODAY)
    assert set(json.loads((tmp_path / "study.plan.json").read_text())["plan"]["values"]["profiles"]) == {
        "equal",
        "mine.toml",
    }
    assert preregistration.preregistration_status(read_study(path)).kind == "confirmatory"
    (tmp_path / "mine.toml").write_text(shipped.replace("weight = 1", "weight = 2"), encoding="utf-8")
    (change,) = preregistration.preregistration_status(read_study(path)).changes
    assert change.startswith("values, profiles, mine.toml: was ")
    wider = edit(path, ('["equal", "mine.toml"]', '["equal", "zero-tolerance"]'))
    assert set(preregistration.preregistration_status(wider).changes) == {
        "values, profiles, mine.toml: removed", "values, profiles, zero-tolerance: added",
    }  # fmt: skip
