"""Rules of formats that came later: in the fingerprint, and so in the name of what is stored, only where a format states them."""

from __future__ import annotations

from dataclasses import fields

import pytest

from geoharm.ingest.formats.input_format import Format, parse_format
from geoharm.ingest.rule import ReadRule

PLAIN = """
[columns]
date = "date"
id = "id"
longitude = "longitude"
latitude = "latitude"
{columns}
[date]
formats = ["%Y-%m-%d"]
{date}
[duplicates]
rule = "id"
{duplicates}
[location]
{location}
[values]
{values}
"""
LATER = {
    "versions": ("duplicates", 'versions = "never"'),
    "extent": ("location", "extent = [-28, 44, -26, 46]"),
    "time_formats": ("date", 'precision = "moment"\ntime_formats = ["%H:%M"]'),
    "decimal": ("values", 'decimal = ","'),
    "thousands": ("values", 'thousands = ","'),
}


def a_format(**tables):
    parts = dict.fromkeys(("columns", "date", "duplicates", "location", "values"), "")
    return parse_format("own.toml", PLAIN.format(**parts | tables))


def test_the_fingerprint_of_a_format_without_them_is_that_of_before():
    """A golden value: locks of plans hold it."""
    assert a_format().fingerprint() == "own.toml 1b11e3a796fe328926c8efce1afe65f562771857f0accf5294922f9edaa4fc4c"


@pytest.mark.parametrize("key", LATER)
def test_each_of_them_changes_it_and_what_is_stored_by_it(key, area, span):
    table, line = LATER[key]
    columns = {"columns": 'time = "time"'} if key == "time_formats" else {}
    plain, stated = a_format(), a_format(**{table: line}, **columns)
    assert plain.fingerprint() != stated.fingerprint()
    names = [ReadRule(one, area, span, "h").name for one in (plain, stated)]
    assert names[0] != names[1]


def test_so_does_the_width_of_area_codes(area, span):
    """Events with the code of an area have no coordinates, so they are a format of their own."""
    text = '[columns]\ndate = "date"\narea = "ward"\n[date]\nformats = ["%Y-%m-%d"]\n[duplicates]\nrule = "none"\n'
    plain, stated = (parse_format("own.toml", text + more) for more in ("", "[area]\nid_width = 6\n"))
    assert plain.fingerprint() != stated.fingerprint()
    assert ReadRule(plain, area, span, "h").name != ReadRule(stated, area, span, "h").name


def test_no_rule_is_left_out_of_both():
    """What is not in the repr is one of them, or decides about no row of events."""
    hidden = {rule.name for rule in fields(Format) if not rule.repr}
    assert hidden == {*LATER, "area_id_width", "layer", "kind", "rules", "known_by"}
