"""A measure that names one of two names of a category is counted with both, and its reading is compared."""

from __future__ import annotations

import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.results.diagnostics import DiagnosticKind, Severity
from geoharm.model.reading import Reading
from geoharm.pipeline.analyse import evaluate_operations
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources
from geoharm.study.read import read_study
from tests.conftest import lonlat, small_study

OLD, NEW = "Needle, found", "Found needle"


def evaluate(folder, named, month):
    """Return the collected measure, its result and the notes, where the city has another list of codes from a month on."""
    path = small_study(folder)
    csv = folder / "reports.csv"
    header, *lines = csv.read_text(encoding="utf-8").splitlines()
    renamed = [line.replace(",find", f',"{NEW if line.split(",")[1][:7] >= month else OLD}"') for line in lines]
    csv.write_text("\n".join([header, *renamed]) + "\n", encoding="utf-8")
    where = f"where = {{ category = {named} }}\nunit " if named else "unit "
    path.write_text(path.read_text(encoding="utf-8").replace("unit ", where), encoding="utf-8")
    study = read_study(path)
    with open_engine(folder / "c.duckdb", inputs=folder) as engine:
        ledgers = load_sources(engine, study, folder)
        data = collect_study(engine, study, ledgers)
    ((result,),) = ([*operation.measures] for operation in evaluate_operations(data))
    return data.measures[0], result, [note.sentence for note in ledgers[0].notes]


@pytest.mark.parametrize("named", [[OLD], [NEW]])
def test_one_of_two_names_counted_is_said_and_limits_the_reading(tmp_path, named):
    collected, result, notes = evaluate(tmp_path, named, "2021-02")
    (pair,) = collected.widened.pairs
    assert (pair.old, pair.new, str(pair.month)) == (OLD, NEW, "2021-02-01")
    assert any(f"perhaps one category under two names: {pair.sentence}" in note for note in notes)
    # The referee: all rows of the file, whatever their name.
    assert collected.widened.data.points.weight.sum() == collected.ledger.total("inside")
    assert collected.points.weight.sum() < collected.widened.data.points.weight.sum()
    (found,) = [one for one in result.diagnostics if one.kind is DiagnosticKind.CATEGORY_NAMES]
    assert found.severity is Severity.SIGNAL
    assert result.effect("target").reading is Reading.CANNOT_TELL


@pytest.mark.parametrize("named", [[OLD, NEW], []])
def test_both_names_counted_are_no_doubt(tmp_path, named):
    collected, result, notes = evaluate(tmp_path, named, "2021-02")
    assert collected.widened is None
    assert not [one for one in result.diagnostics if one.kind is DiagnosticKind.CATEGORY_NAMES]
    assert any("perhaps one category" in note for note in notes)


def test_a_district_that_gets_another_list_of_codes_limits_the_reading(tmp_path):
    """The old name goes on in the rest of the city, so that it ends nowhere but in the target area."""
    path = small_study(tmp_path)
    csv = tmp_path / "reports.csv"
    header, *lines = csv.read_text(encoding="utf-8").splitlines()
    x, y = lonlat(0, 0)

    def name(line):
        _, day, longitude, latitude, _ = line.split(",")
        is_near = abs(float(longitude) - x) < 0.0045 and abs(float(latitude) - y) < 0.0032
        return NEW if is_near and day[:7] >= "2021-02" else OLD

    renamed = [line.replace(",find", f',"{name(line)}"') for line in lines]
    csv.write_text("\n".join([header, *renamed]) + "\n", encoding="utf-8")
    where = f"where = {{ category = {[OLD]} }}\nunit "
    path.write_text(path.read_text(encoding="utf-8").replace("unit ", where), encoding="utf-8")
    study = read_study(path)
    with open_engine(tmp_path / "c.duckdb", inputs=tmp_path) as engine:
        ledgers = load_sources(engine, study, tmp_path)
        data = collect_study(engine, study, ledgers)
    assert not any("perhaps one category" in note.sentence for note in ledgers[0].notes)
    (pair,) = data.measures[0].widened.pairs
    assert (pair.old, pair.new, str(pair.month)) == (OLD, NEW, "2021-02-01")
    assert "in the target area" in pair.sentence
    assert not any(character.isdigit() for character in pair.sentence.replace("2021", ""))
    ((result,),) = ([*operation.measures] for operation in evaluate_operations(data))
    (found,) = [one for one in result.diagnostics if one.kind is DiagnosticKind.CATEGORY_NAMES]
    assert found.severity is Severity.SIGNAL
    assert not result.effect("target").reading.is_finding
