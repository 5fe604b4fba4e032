"""The example of treatment in docs/study-file.md: who referred and who stayed are measures, by `where` on their columns."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources
from geoharm.study.read import read_study
from tests.conftest import small_study

REFERRALS = ("arrest referral", "self", "family", "doctor", "court")


@pytest.fixture
def study(root, tmp_path):
    """Write the small study with the documented formats and measures, and a treatment file with both columns."""
    text = (root / "docs" / "study-file.md").read_text(encoding="utf-8")
    part = text[text.index("## Treatment:") :].split("\n## ")[0]
    stayed, tables = re.findall(r"```toml\n(.*?)```", part, flags=re.DOTALL)
    (tmp_path / "treatment-stayed.toml").write_text(stayed, encoding="utf-8")
    referral = stayed.replace('"in_treatment_after_12_weeks"', '"referred_by"')
    (tmp_path / "treatment-referral.toml").write_text(re.sub(r"\[category\]\nmap.*\n", "", referral), encoding="utf-8")
    covers = "covers = { start = 2020-01-01, end = 2021-08-01 }"
    tables = tables.replace('files  = ["treatment.csv"]', f'files  = ["treatment.csv"]\n{covers}')
    path = small_study(tmp_path)
    path.write_text(
        path.read_text(encoding="utf-8").replace("[[operation]]", f"{tables}\n[[operation]]"), encoding="utf-8"
    )
    head, *rows = (tmp_path / "reports.csv").read_text(encoding="utf-8").splitlines()
    place = [head.split(",").index(name) for name in ("date", "longitude", "latitude")]
    lines = ["id,started,longitude,latitude,referred_by,in_treatment_after_12_weeks"]
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows):
        referred, kept = REFERRALS[number % 5], "YN"[number % 3 == 0]
        counts.update([referred, kept])
        lines.append(",".join([str(number), *(row.split(",")[column] for column in place), referred, kept]))
    (tmp_path / "treatment.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_study(path), counts


def test_referral_and_retention_are_measures_of_treatment(study, tmp_path):
    read, counts = study
    with open_engine(tmp_path / "c.duckdb", inputs=tmp_path) as engine:
        data = collect_study(engine, read, load_sources(engine, read, tmp_path))
    events = {collected.measure.name: int(collected.points.weight.sum()) for collected in data.measures}
    assert events["entries by arrest referral"] == counts["arrest referral"] > 0
    assert events["entries people chose"] == sum(counts[name] for name in ("self", "family", "doctor"))
    assert events["entries that lasted 12 weeks"] == counts["Y"] > 0
    roles = {measure.name: (measure.role.value, measure.kind) for measure in read.measures}
    assert roles["entries by arrest referral"] == ("activity", "treatment_entry")
    assert roles["entries that lasted 12 weeks"] == ("harm", "treatment_entry")
