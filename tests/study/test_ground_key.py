"""`[publish] ground`: one file or several, layers of one's own, and every mistake as a sentence."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.errors import StudyError
from geoharm.model.ground import GroundKind
from geoharm.study.read import read_study
from tests.conftest import small_study


@pytest.fixture
def study(tmp_path, root):
    """Return a small study beside the ground of the demo city, which lies around the same place."""
    path = small_study(tmp_path)
    shutil.copy(root / "data" / "sample" / "ground.geojson", tmp_path / "city.geojson")
    return path


def with_keys(path, keys):
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[publish]\n", f"[publish]\n{keys}\n"), encoding="utf-8")
    assert keys in path.read_text(encoding="utf-8")
    return path


@pytest.mark.parametrize("keys", ['ground = "city.geojson"', 'ground = ["city.geojson"]'])
def test_a_study_names_its_ground(study, keys):
    read = read_study(with_keys(study, keys))
    assert "city.geojson" in read.inputs
    ground = read.publish.ground
    assert {shape.name for shape in ground.of(GroundKind.WATER)} == {"River Wend"}
    assert ground.of(GroundKind.MAIN)
    assert ground.of(GroundKind.PLACE)


def test_without_the_key_there_is_none(study):
    assert read_study(study).publish.ground is None


def test_a_study_describes_a_layer(study):
    layer = '[[publish.ground_layer]]\nfile = "city.geojson"\ncolumn = ["ground"]\nmain = ["main street", "middle street"]\n'
    text = study.read_text(encoding="utf-8") + "\n" + layer
    study.write_text(text, encoding="utf-8")
    ground = read_study(study).publish.ground
    assert {shape.kind for shape in ground.shapes} == {GroundKind.MAIN}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('ground = "absent.gpkg"', 'the ground "absent.gpkg" cannot be used: it does not exist.'),
        ("ground = 3", "ground = 3 must be a text, or a list of texts"),
        ('ground = "area.geojson"', "it has none of the known layouts"),
        ('[[publish.ground_layer]]\nfile = "city.geojson"', "it must say what the features are"),
        ('[[publish.ground_layer]]\nfile = "city.geojson"\nall = "river"', 'all = "river" is not allowed; known are: '),
        ('[[publish.ground_layer]]\nfile = "city.geojson"\nall = "water"\nlayer = ["sea"]', 'it has no layer "sea"'),
    ],
)
def test_mistakes_are_sentences(study, keys, sentence):
    study.write_text(study.read_text(encoding="utf-8").replace("[publish]\n", f"[publish]\n{keys}\n"), encoding="utf-8")
    with pytest.raises(StudyError) as error:
        read_study(study)
    assert any(sentence in problem for problem in error.value.problems), error.value.problems


def test_the_verb_cuts_a_small_ground_file(study, tmp_path):
    out = tmp_path / "small.gpkg"
    call = ["ground", str(tmp_path / "city.geojson"), "--area", str(tmp_path / "area.geojson"), "--out", str(out)]
    result = CliRunner().invoke(app, [*call, "--json"])
    assert result.exit_code == 0, result.output
    written = json.loads(result.stdout)
    assert written["bytes"]["written"] == out.stat().st_size
    assert written["shapes"]["main street"] > 0
    assert read_study(with_keys(study, 'ground = "small.gpkg"')).publish.ground is not None
    again = CliRunner().invoke(app, call)
    assert again.exit_code == 1
    assert "exists; choose another --out." in again.output
