"""A category under two names limits a reading only where counting both names changes it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from geoharm.evaluation.diagnostics.category_names import category_names_diagnostic
from geoharm.evaluation.reading import with_reading
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure
from geoharm.model.reading import Claim, Reading
from geoharm.model.renamed_category import RenamedCategory
from tests.evaluation.test_reading import effect

PAIRS = (RenamedCategory("ASSLT", "Assault", date(2020, 3, 1), 41.2, 38.0),)
ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS, "50-250 m")
# The log rate ratio of an effect whose interval is below, around or above zero; None: it has no interval.
NUMBERS = {-1: -0.5, 0: 0.0, 1: 0.5, None: None}


def one_effect(value, zone):
    if value is not None:
        return with_reading(effect(value, zone=zone))
    nothing = replace(effect().ratio, value=math.nan, intervals=())
    return with_reading(replace(effect(zone=zone), ratio=nothing, interval=Interval(math.nan, math.nan, 0.95)))


def result(*sides):
    effects = tuple(one_effect(NUMBERS[side], zone) for zone, side in zip(ZONES, sides, strict=True))
    return MeasureResult(Measure("m", "s", ("ASSLT",), "incidents", "public"), None, effects, ())


@pytest.mark.parametrize(("side", "other"), list(product(NUMBERS, NUMBERS)))
def test_a_reading_is_limited_where_both_names_change_it(side, other):
    stated = result(side, 0, -1, 0)
    found = category_names_diagnostic(stated, result(other, 0, -1, 0), PAIRS)
    limited = with_reading(stated.effect("target"), (found,)).reading
    as_it_was = stated.effect("target").reading
    if side == other:
        assert (found.severity, limited) == (Severity.SAY, as_it_was)
        assert found.sentence.endswith("The reading with both counted: it would be the same.")
        return
    assert found.severity is Severity.SIGNAL
    # A bound is named by the margin: its own percent would tell of the rows that are not counted.
    said = {0: "no rise over 25%"}.get(other, result(other, 0, -1, 0).effect("target").reading.value)
    assert f"for the target area it would be “{said}”" in found.sentence
    # Counting rows the other way changes it, so it is not even probable, and no bound is given.
    assert limited is Reading.CANNOT_TELL
    for zone in ZONES[1:]:
        assert with_reading(stated.effect(zone), (found,)).reading is stated.effect(zone).reading


def test_rings_are_limited_by_themselves():
    stated = result(0, 1, 0, 1)
    found = category_names_diagnostic(stated, result(0, 0, 0, 1), PAIRS)
    readings = [with_reading(stated.effect(zone), (found,)).reading for zone in ZONES]
    assert readings == [Reading.NO_RISE_OVER, Reading.CANNOT_TELL, Reading.NO_RISE_OVER, Reading.ROSE]


def test_what_only_one_name_makes_probable_is_not_said():
    """The 95% intervals hold zero both times; the 80% interval, and the bound above, are those of one name alone."""
    stated, widened = (
        MeasureResult(Measure("m", "s", ("ASSLT",), "incidents", "public"), None, (with_reading(effect(value)),), ())
        for value in (-0.15, 0.1)
    )
    found = category_names_diagnostic(stated, widened, PAIRS)
    assert stated.effect("target").reading is Reading.PROBABLY_FELL
    assert found.severity is Severity.SAY
    assert found.broken["target"] == {Claim.LEAD, Claim.NO_RISE}
    assert with_reading(stated.effect("target"), (found,)).reading is Reading.CANNOT_TELL


def test_the_sentence_names_both_the_month_and_the_counts():
    found = category_names_diagnostic(result(0, 0, 0, 0), result(0, 0, 0, 1), replace_second(PAIRS))
    assert found.sentence == (
        "“ASSLT” (about 41 rows a month) ends where “Assault” (about 38) begins, in March 2020; “A1” (under 5 rows a month) "
        "ends where “A1 theft” (under 5) begins, in March 2020. The measure counts one name and not the other. The reading "
        "with both counted: for single rings it would be another."
    )
    assert found.figure == 2


def replace_second(pairs):
    return (*pairs, replace(pairs[0], old="A1", new="A1 theft", old_rate=3.0, new_rate=4.9))
