"""A whole study whose events have addresses and no coordinates: what is answered, what is published, what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from geoharm.errors import StudyError
from geoharm.pipeline.check import check_study
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study

FORMAT = """
[columns]
id = "id"
date = "date"
address = "where"
category = "category"
[date]
formats = ["%Y-%m-%d"]
"""
SOURCE = """
[[source]]
name   = "list"
kind   = "addresses"
format = "addresses-csv"
files  = ["list.csv"]
"""
_NAMES = ["Hawthorne", "Juniper", "Kensington", "Larkspur", "Magnolia", "Nightingale"]


def with_addresses(folder: Path, *, misspelt: int = 0, match: str = "") -> Path:
    """Write the small study with an address for each place, in a list beside it; every so many rows are misspelt."""
    path = small_study(folder)
    rows = list(csv.DictReader(io.StringIO((folder / "reports.csv").read_text(encoding="utf-8"))))
    addresses = {}
    for number, row in enumerate(rows):
        place = row.pop("longitude"), row.pop("latitude")
        street = _NAMES[number % len(_NAMES)]
        addresses.setdefault(place, f"{number // len(_NAMES) + 1} {street} Street")
        row["where"] = addresses[place].upper().replace("STREET", "ST.")
        if misspelt and number % misspelt == 0:
            row["where"] = row["where"].replace(street.upper(), street.upper()[:-2] + street.upper()[-1])
    with (folder / "reports.csv").open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, ["id", "date", "where", "category"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    with (folder / "list.csv").open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["longitude", "latitude", "address", "town"])
        writer.writerows([*place, address, "Ham"] for place, address in addresses.items())
    (folder / "where.toml").write_text(FORMAT, encoding="utf-8")
    study = path.read_text(encoding="utf-8").replace('"points-csv"', f'"where.toml"\naddresses = ["list"]\n{match}')
    path.write_text(study.replace("[[measure]]", f"{SOURCE}\n[[measure]]", 1), encoding="utf-8")
    return path


def published(folder: Path) -> str:
    """Return every published byte as text, archives unpacked."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    texts += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
            texts.append(content.decode("utf-8", "replace"))
    return "\n".join(texts)


def test_a_study_of_addresses_is_answered_and_publishes_none(tmp_path):
    path = with_addresses(tmp_path, misspelt=4, match="match = 85")
    run(read_study(path), data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    (ledger,) = record["ledgers"]
    counts = {one["how"]: one["rows"] for one in ledger["placings"]}
    assert counts == {"exact address": 1740, "matched": 580}  # 2,320 rows, to the nearest ten
    (measure,) = record["operations"][0]["measures"]
    target = next(one for one in measure["effects"] if one["zone"] == "target")
    assert target["before"] == 120
    assert measure["own_place"]["before"] < target["before"]
    text = published(tmp_path / "out").lower()
    assert "matched: by an address written much alike" in text
    for name in _NAMES:
        assert not re.search(rf"{name}", text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('addresses = ["list"]', ""), "reads no coordinates; name a source of addresses"),
        (lambda text: text.replace('["list"]', '["lisst"]'), 'names "lisst", which is no source of kind addresses'),
        (lambda text: text.replace('addresses = ["list"]', "match = 90"), "needs addresses"),
        (lambda text: text.replace('addresses = ["list"]', 'addresses = ["list"]\nmatch = 20'), "match"),
        (lambda text: text.replace("addresses-csv", "sites-csv"), "choose a format for that kind"),
        (lambda text: text.replace('"list.csv"]', '"list.csv"]\naddresses = ["list"]'), "is for dated points"),
        (
            lambda text: text.replace('"addresses"\nformat = "addresses-csv"', '"streets"\nformat = "streets"'),
            "reads no street names",
        ),
    ],
)
def test_a_study_that_cannot_place_its_rows_is_refused(tmp_path, change, sentence):
    path = with_addresses(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"kind   = \"addresses\"", 'kind   = "addresses"', change(text)), encoding="utf-8")
    with pytest.raises(StudyError, match=re.escape(sentence)):
        check_study(read_study(path))
