"""A study whose operations come from a register, from the files to the pages."""

from __future__ import annotations

import json

from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.study.test_register import HEAD, row

REGISTER = """[[register]]
file      = "raids.csv"
objective = "public order"
radius    = 200
rings     = { gap = 50, outer = [250, 500] }
before    = { months = 12 }
after     = ["0-6 months"]

[publish]
"""


def test_a_register_becomes_one_forest_and_one_answer_a_tactic(tmp_path):
    path = small_study(tmp_path, release="internal")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[[operation]]")] + REGISTER + text.split("[publish]")[1], encoding="utf-8")
    rows = [
        row("Lantern", "01/01/2021", "31/01/2021", 0, 0),
        row("Lantern again", "05/01/2021", "06/01/2021", 60, 0, "seizure"),
        row("Anvil", "13/01/2021", "15/01/2021", 1900, 1900),
        row("Anvil", "13/01/2021", "15/01/2021", 1900, 1900),
        row("Elsewhere", "13/01/2021", "15/01/2021", 9000, 1900),
    ]
    (tmp_path / "raids.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    found = run(read_study(path), data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    names = [one.design.operation.name for one in found.result.operations]
    assert names == ["Lantern and 1 more", "Anvil"]
    assert [zone for zone, _ in found.result.forests] == ["target", "all rings", "target and rings"]
    pages = [path.read_text(encoding="utf-8") for path in found.published.files if "report" in path.name]
    assert len(pages) == 2
    for page in pages:
        assert "raids.csv: 5 rows read = 3 kept + 1 rejected + 1 duplicate" in page
        assert "2 rows are pooled as 1 operation." in page
        assert ">several<" in page
        assert ">crackdown<" in page
    record = next(path for path in found.published.files if path.suffix == ".json" and "run" in path.name)
    assert [one["name"] for one in json.loads(record.read_text(encoding="utf-8"))["operations"]] == names
