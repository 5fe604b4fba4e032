"""The limits are those of the page, each is used, and real data stay below them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import geoharm
from geoharm import _limits
from tests.limits.bombs import BOMBS
from tests.limits.limits_page import PAGE, page

LIMITS = {name: value for name, value in vars(_limits).items() if isinstance(value, _limits.Limit)}


def test_the_page_has_the_limits():
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_used_by_a_reader(name):
    sources = [path for path in Path(geoharm.__file__).parent.rglob("*.py") if path.name != "_limits.py"]
    assert any(re.search(rf"\b_limits\.{name}\b", path.read_text(encoding="utf-8")) for path in sources)


def test_a_refusal_names_the_limit_and_the_way_out():
    assert (
        _limits.ROWS.refusal(60_000_000)
        == "has 60,000,000 rows, and at most 50,000,000 are read; divide it, such as by year"
    )
    assert _limits.ROWS.refusal() == "has too many rows: at most 50,000,000 are read; divide it, such as by year"
    assert len(BOMBS) > 40


def test_real_files_stay_far_below(shared):
    """Bytes, rows and points of the largest real files: a tenth of each limit at most."""
    files = [path for path in shared.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) * 10 < _limits.WHOLE_BYTES.most
    areas = [path.read_text(encoding="utf-8") for path in shared.rglob("*.geojson")]
    assert max(text.count("[") for text in areas) * 10 < _limits.AREA_JSON_PARTS.most
