"""The schema of the study file: one sentence for each mistake, JSON Schema, the tables of keys, and the plan lock."""

from __future__ import annotations

import json
import sys
import tomllib
from datetime import date, time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from geoharm._schema import Table, _inlined, _permitted, check_tables, json_schema
from geoharm.cli.app import app
from geoharm.cli.schema import FileKind
from geoharm.errors import StudyError
from geoharm.harm.offence_weights import OffenceWeight, profile_from_weights
from geoharm.ingest.formats.input_format import format_text, read_format, shipped_formats
from geoharm.ingest.formats.schema import EventFormat, TableFormat
from geoharm.pipeline.preregistration import plan_contents
from geoharm.study.evidence_cards.cards import SHIPPED_CARDS, card_text
from geoharm.study.evidence_cards.schema import CardFile
from geoharm.study.read import read_study
from geoharm.study.schema import MeasureTable, OperationTable, StudyFile, locked_keys
from geoharm.study.value_profiles.profiles import SHIPPED_PROFILES, SHIPPED_RATES, profile_text
from geoharm.study.value_profiles.schema import ExchangeFile, ProfileFile
from tests.conftest import main, small_study
from tests.study.key_tables import BLOCKS, DOCS, with_tables


def plain(value):
    """Return TOML content as JSON has it: dates as texts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def schema_faults(model, text: str) -> list[str]:
    """Return what is wrong with a TOML text by the JSON Schema of a model, according to jsonschema."""
    schema = json_schema(model)
    Draft202012Validator.check_schema(schema)
    return [fault.message for fault in Draft202012Validator(schema).iter_errors(plain(tomllib.loads(text)))]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Write the small study once; tests replace its text."""
    path = small_study(tmp_path_factory.mktemp("study"))
    return path, path.read_text(encoding="utf-8")


STUDY_TABLE = """[study]
name    = "A small study"
area    = "area.geojson"
crs     = "EPSG:32626"
period  = { start = 2020-01-01, end = 2022-01-01 }
seed    = 1
primary = "finds"
"""
SECOND_SOURCE = (
    '[[source]]\nname = "reports"\nkind = "needle_find"\nformat = "points-csv"\nfiles = ["b.csv"]\n\n[[measure]]'
)
LONG = "long text " * 100_000

MISTAKES = {
    "unknown key": ("seed    = 1", "sead    = 1", 'study.toml, [study]: sead is not a known key; did you mean "seed"?'),
    "unknown table": ("[publish]", "[publsh]", 'study.toml: publsh is not a known key; did you mean "publish"?'),
    "text for a number": ("gap = 50", 'gap = "50"', 'study.toml, [[operation]] 1 "Operation Test", rings: gap = "50" must be a number of 0 or more.'),
    "true for a number": ("gap = 50", "gap = true", "gap = true must be a number of 0 or more."),
    "a fraction for a whole number": ("seed    = 1", "seed    = 1.5", "seed = 1.5 must be a whole number of 0 or more."),
    "number for a text": ('name    = "A small study"', "name    = 7", "study.toml, [study]: name = 7 must be a text."),
    "text for a list": ('files  = ["reports.csv"]', 'files  = "reports.csv"', 'files = "reports.csv" must be a list of texts, such as ["a", "b"].'),
    "text for a table": ("rings     = { gap = 50, outer = [250, 500] }", 'rings     = "50 m"', 'rings = "50 m" must be a table with the keys gap, outer, along.'),
    "one bracket": ("[[operation]]", "[operation]", "study.toml: operation must be a list of tables: write its name in two brackets, as there may be several."),
    "missing table": (STUDY_TABLE, "", "study.toml: [study] is missing; it must be a table."),
    "missing key": ('primary = "finds"\n', "", "study.toml, [study]: primary is missing; a study with an operation names its one primary measure, a harm."),
    "no such date": ("start     = 2021-01-01", "start     = 2021-02-30", "study.toml is not valid TOML: Invalid date or datetime (at line "),
    "a date and time": ("start     = 2021-01-01", "start     = 2021-01-01T00:00:00", "start = 2021-01-01T00:00:00 must be a date without a time, such as 2019-08-01."),
    "a date in quotes": ("start     = 2021-01-01", 'start     = "2021-01-01"', 'start = "2021-01-01" must be a date without quotes, such as 2019-08-01.'),
    "a date beyond the calendar": ("end       = 2021-01-31", "end       = 9999-12-31", "end = 9999-12-31 must be a day between the years 1800 and 2199."),
    "NaN": ("gap = 50", "gap = nan", "gap = nan is not a finite number; it must be a number of 0 or more."),
    "infinity": ("gap = 50", "gap = inf", "gap = inf is not a finite number; it must be a number of 0 or more."),
    "NaN in a list": ("outer = [250, 500]", "outer = [250, nan]", "outer = [250, nan] must be a list of numbers of 0 or more"),
    "5,000 digits": ("seed    = 1", f"seed    = {'7' * 5000}", "study.toml holds a number of more than 4,300 digits in line 7; write at most 15."),
    "4,000 digits": ("seed    = 1", f"seed    = {'7' * 4000}", "seed = (a number of more than 30 digits) must be a whole number of 0 or more."),
    "a large number where metres are due": ("gap = 50", f"gap = {'7' * 400}", "gap = (a number of more than 30 digits) must be a number of 0 or more."),
    "a fraction of 5,000 digits": ("gap = 50", f"gap = {'7' * 5000}.5", "gap = inf is not a finite number"),
    "negative distance": ("gap = 50", "gap = -50", "gap = -50 must be a number of 0 or more."),
    "unknown source": ('source      = "reports"', 'source      = "report"', 'study.toml, [[measure]] 1 "finds": source = "report" is not the name of a source; did you mean "reports"?'),
    "unknown choice": ('tactic    = "crackdown"', 'tactic    = "crakdown"', 'tactic = "crakdown" is not allowed; did you mean "crackdown"?'),
    "empty list": ('files  = ["reports.csv"]', "files  = []", 'study.toml, [[source]] 1 "reports": files = [] is empty; it must be a list of texts, such as ["a", "b"].'),
    "empty text": ('name    = "A small study"', 'name    = " "', 'name = " " must be a text.'),
    "duplicate name": ("[[measure]]", SECOND_SOURCE, 'study.toml: two [[source]] are called "reports"; each needs its own name.'),
    "megabyte text": ('name    = "A small study"', f'name    = "{LONG}"', "must be a text of at most 200 characters."),
    "megabyte reference": ('source      = "reports"', f'source      = "{LONG}"', "must be a text of at most 200 characters."),
    "megabyte path": ('"target.geojson"', f'"{LONG}"', "must be a text of at most 255 characters."),
    "megabyte key": ("seed    = 1", f'"{LONG}" = 1', " is not a known key; known are: area, crs, name, period, primary, seed."),
    "deep nesting": ("seed    = 1", f"seed    = {'[' * 3000}{']' * 3000}", "study.toml nests tables or lists too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_each_mistake_alone_gets_one_sentence_and_exit_code_1(study, case, monkeypatch, capsys):
    path, text = study
    old, new, sentence = MISTAKES[case]
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["geoharm", "check", str(path)])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert stop.value.code == 1
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert len(said.err) < 600


TEN = (
    "unknown key", "text for a number", "unknown table", "missing key", "a date and time", "unknown source", "unknown choice",
    "empty list",
)  # fmt: skip


def test_ten_mistakes_of_ten_kinds_get_ten_sentences(study):
    path, text = study
    for case in TEN:
        old, new, _ = MISTAKES[case]
        text = text.replace(old, new, 1)
    text = text.replace("outer = [250, 500]", "outer = [250, inf]").replace(
        'name        = "finds"', "name        = 2021-01-01"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert len(caught.value.problems) == 10
    for case in TEN:
        key = MISTAKES[case][2].split(": ")[-1].replace('"finds": ', "")
        assert any(key in problem for problem in caught.value.problems), key
    assert any("outer = [250, inf] must be a list of numbers" in problem for problem in caught.value.problems)
    assert any("name = 2021-01-01 must be a text." in problem for problem in caught.value.problems)


def tables_below(model) -> list[type[Table]]:
    return [model, *(table for below in model.__subclasses__() for table in tables_below(below))]


@pytest.mark.parametrize(
    "model", [model for model in tables_below(Table) if model.model_fields], ids=lambda model: model.__name__
)
def test_after_a_mistake_of_any_key_reading_goes_on(model):
    """A value that no key may have is one mistake; a permitted one stands in its place."""
    schema = json_schema(model)
    for key in schema["properties"]:
        content = _permitted(_inlined(schema, schema), name="(any)") | {key: time(1)}
        _, mistakes = check_tables(model, content, file="a.toml")
        assert len(mistakes.sentences) == 1, key
        assert f"{key} = 01:00:00 " in mistakes.sentences[0]


# -- JSON Schema --------------------------------------------------------------------------------------------------------


def test_studies_fit_their_schema_and_an_unknown_key_does_not(root, study):
    for path in sorted((root / "pipelines").glob("*.toml")):
        assert schema_faults(StudyFile, path.read_text(encoding="utf-8")) == [], path
    _, text = study
    assert schema_faults(StudyFile, text) == []
    assert schema_faults(StudyFile, text.replace("seed    = 1", "sead    = 1")) != []
    assert schema_faults(StudyFile, text.replace("gap = 50", "gap = -50")) != []
    season = text.replace("{ start = 2020-01-01, end = 2021-01-01 }", "{ years = 1, same_season = true }")
    assert season != text
    assert schema_faults(StudyFile, season) == []


def test_a_made_city_fits_the_schema(tmp_path):
    assert CliRunner().invoke(app, ["simulate", "--tactic", "crackdown", "--out", str(tmp_path)]).exit_code == 0
    (path,) = tmp_path.glob("*.toml")
    assert schema_faults(StudyFile, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", shipped_formats())
def test_shipped_formats_fit_their_schema(name):
    model = EventFormat if read_format(name, Path()).kind == "event" else TableFormat
    text = format_text(name, Path())
    assert schema_faults(model, text) == []
    assert schema_faults(model, text.replace("title =", "titel =")) != []


def test_shipped_values_and_cards_fit_their_schema():
    for name in SHIPPED_PROFILES:
        assert schema_faults(ProfileFile, profile_text(name, Path())) == []
    assert schema_faults(ExchangeFile, profile_text(SHIPPED_RATES, Path())) == []
    assert schema_faults(ProfileFile, profile_from_weights([OffenceWeight("Theft", 2.0)], "chi", file="a.xlsx")) == []
    for name in SHIPPED_CARDS:
        assert schema_faults(CardFile, card_text(name, Path())) == []
        assert schema_faults(CardFile, card_text(name, Path()).replace("finding ", "findings ")) != []


@pytest.mark.parametrize("kind", FileKind)
def test_the_verb_prints_a_schema_in_which_every_key_has_a_meaning(kind):
    printed = CliRunner().invoke(app, ["schema", kind])
    assert printed.exit_code == 0
    schema = json.loads(printed.stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"].startswith("geoharm ")
    for table in (schema, *schema.get("$defs", {}).values()):
        for key, node in table.get("properties", {}).items():
            # A table's own description may stand for that of its key.
            table_node = schema["$defs"][node["$ref"].rsplit("/", maxsplit=1)[1]] if "$ref" in node else {}
            assert node.get("description", table_node.get("description", "")).endswith("."), key


def test_the_verb_has_help_with_an_example_and_refuses_other_kinds():
    shown = CliRunner().invoke(app, ["schema", "--help"])
    assert "Example: geoharm schema study > study.schema.json" in " ".join(shown.stdout.split())
    assert CliRunner().invoke(app, ["schema", "studies"]).exit_code == 2


# -- documents and lock ---------------------------------------------------------------------------------------------------


def test_the_tables_of_keys_are_those_of_the_schemas():
    """`python -m tests.study.key_tables` writes them again."""
    for document in {file for file, _ in BLOCKS.values()}:
        text = (DOCS / document).read_text(encoding="utf-8")
        assert with_tables(document, text) == text, document


def test_the_plan_holds_what_the_schema_marks(study):
    path, text = study
    path.write_text(text, encoding="utf-8")
    plan = plan_contents(read_study(path))
    always = {name for name, mark in locked_keys(OperationTable) if not mark.unless}
    assert set(plan["operations"]["Operation Test"]) == always == {
        "tactic", "period", "target", "gap", "rings", "streets", "control", "before", "after", "chosen_on", "placebo", "similar",
        "mitigation",
    }  # fmt: skip
    path.write_text(text.replace("[[operation]]", "[[operation]]\nlooks = 4"), encoding="utf-8")
    assert plan_contents(read_study(path))["operations"]["Operation Test"]["looks"] == 4
    assert plan["measures"]["finds"] == {
        "source": "reports", "where": [], "unit": "requests", "recorded_by": "public", "role": "harm", "comparator": "",
    }  # fmt: skip
    assert {name for name, mark in locked_keys(MeasureTable) if not mark.unless} == set(plan["measures"]["finds"])
    path.write_text(
        text.replace('unit        = "requests"', 'unit        = "requests"\nsign_of     = "use"'), encoding="utf-8"
    )
    assert plan_contents(read_study(path))["measures"]["finds"]["sign_of"] == "use"
    assert set(plan["sources"]["reports"]) == {"kind", "format", "files", "covers", "areas"}
    assert set(plan["study"]) == {"area", "crs", "period", "seed", "primary"}
    assert plan["values"]["watch"] == [0.25, [7, 14, 21, 28], [100, 250, 500]]
