"""The section on change: maps of the primary measure only, readings of all measures, and nothing without an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import ChangeAreas, ChangeKind, ClassScheme, ReleasedChange
from geoharm.report.document import Details, FigureRow, Legend, Paragraph, Table
from geoharm.report.sections.change import chance_share, change_section
from geoharm.report.wording.change import change_reading
from tests.disclosure.test_protect import PLENTY, planted_spot, result

KINDS = tuple(ChangeKind)


@pytest.fixture
def release(area):
    return protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)]))


def change(release, kinds, *, name="", note="Chance was judged by moving places."):
    operation = release.operations[0]
    measure = operation.primary.measure
    image = replace(next(iter(release.hotspots[0].views.values())), scheme=ClassScheme.CHANGE)
    areas = {kind: ChangeAreas(0.25, 0.5, 1.0 + number) for number, kind in enumerate(kinds)}
    shown = replace(measure, name=name or measure.name)
    return ReleasedChange(
        shown, operation.design.operation.name, dict.fromkeys(kinds, image), areas, 250.0, 50.0, None, note
    )


def section_of(release, *changes):
    changed = replace(release, changes=changes)
    return change_section(changed, changed.operations[0])


def test_without_an_answer_there_is_no_section(release):
    assert section_of(release) == ()
    assert section_of(release, change(release, (), note="")) == ()
    assert section_of(release, change(release, KINDS[:1], name="another")) == ()


@pytest.mark.parametrize("count", [2, 3])
def test_every_question_has_a_map_and_a_reading(release, count):
    other = change(release, KINDS[:1], name="another")
    changes = change(release, KINDS[:count])
    (section,) = section_of(release, changes, other)
    assert len(section.charts) == count
    (figures,) = [block for block in section.blocks if isinstance(block, FigureRow)]
    assert figures.three is (count == 3)
    assert [figure.caption for figure in figures.figures] == [change_reading(changes, kind) for kind in KINDS[:count]]
    assert [len(block.entries) for block in section.blocks if isinstance(block, Legend)] == [5]
    assert "Quartic kernel, bandwidth 250 m, cells of 50 m." in section.blocks[3].text
    (table,) = section.tables
    assert len(table.rows) == count + 1
    assert table.file_rows()[-1] == ("another", KINDS[0].value, change_reading(other, KINDS[0]), 0.25, 0.5, 1.0)


def test_without_a_map_the_note_says_why(release):
    (section,) = section_of(release, change(release, (), note="Too few events."))
    assert section.blocks == (Paragraph("Too few events.", "small"),)
    assert section.charts == ()


@pytest.mark.parametrize(("fewer", "collapsed"), [(0.0, True), (0.009, True), (0.02, False)])
def test_maps_that_are_grey_almost_everywhere_are_one_line_with_a_link(release, fewer, collapsed):
    """The maps stay in the section, for files and for readers who ask; the table of readings stays open."""
    grey = replace(change(release, KINDS[:1]), areas={KINDS[0]: ChangeAreas(fewer, 0.0, 10.0 - fewer)})
    (section,) = section_of(release, grey)
    assert chance_share(grey) == pytest.approx(1 - fewer / 10)
    lines = [block for block in section.blocks if isinstance(block, Details)]
    assert [line.found_nothing for line in lines] == [True] * collapsed
    if collapsed:
        beside = next(block for block in section.blocks if isinstance(block, Paragraph))
        assert 'href="map.html"' in "".join(map(str, beside.text))
        assert "100.00%" not in lines[0].summary or fewer == 0
    assert len(section.charts) == 1
    assert isinstance(section.blocks[-1], Table)
