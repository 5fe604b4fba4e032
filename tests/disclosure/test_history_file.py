"""A record of earlier releases is as it was written, or it is refused: a changed number would mislead every later audit."""

from __future__ import annotations

import json
import random

import pytest

from geoharm.disclosure.history import read_history
from geoharm.disclosure.protect import protect
from geoharm.errors import PublishError
from geoharm.report.index import write_index
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, result


@pytest.fixture(scope="module")
def record(area, tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("released")
    publish_study(protect(result(area, PLENTY)), folder)
    return (folder / "releases.json").read_bytes()


def test_a_whole_record_is_read(record, tmp_path):
    path = tmp_path / "releases.json"
    for content in (record, record.replace(b"\n", b"\r\n")):
        path.write_bytes(content)
        assert len(read_history(path).constraints.values) == len(json.loads(record)["told"])


def test_every_changed_bit_and_every_cut_is_refused(record, tmp_path):
    """In random places, and in each byte of the seal."""
    path, rng = tmp_path / "releases.json", random.Random(1)
    for position in (*range(90), *(rng.randrange(len(record)) for _ in range(200))):
        changed = bytearray(record)
        changed[position] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(PublishError) as said:
            read_history(path)
        assert "\n" not in str(said.value)
    for cut in (*range(0, 90, 7), *(rng.randrange(len(record)) for _ in range(30))):
        path.write_bytes(record[:cut])
        with pytest.raises(PublishError):
            read_history(path)


def test_a_record_without_a_seal_is_not_read(record, tmp_path):
    content = json.loads(record)
    content.pop("sha256")
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "releases.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    for read in (lambda: read_history(path), lambda: write_index(tmp_path)):
        with pytest.raises(PublishError, match=r"has no valid seal: an earlier version wrote it, or it was changed"):
            read()
