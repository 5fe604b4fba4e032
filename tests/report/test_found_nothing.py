"""An analysis that found nothing is one line; one that could not be made is never read as nothing."""

from __future__ import annotations

import pytest

from geoharm.report.document import Details, Paragraph
from geoharm.report.sections.patterns import _unless_nothing

BLOCKS = [Paragraph("the table")]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({"finds": False, "calls": False}, "Finds and calls: no cluster."),
        ({"finds": False, "calls": None}, "Finds: no cluster. Calls: could not be computed."),
        ({"finds": None}, "Finds: could not be computed."),
    ],
)
def test_nothing_found_is_one_line_with_the_blocks_behind_it(found, line):
    (block,) = _unless_nothing(BLOCKS, "no cluster", found)
    assert isinstance(block, Details)
    assert (block.summary, block.blocks, block.found_nothing) == (line, tuple(BLOCKS), True)


def test_one_finding_shows_everything():
    assert _unless_nothing(BLOCKS, "no cluster", {"finds": False, "calls": True}) == BLOCKS
