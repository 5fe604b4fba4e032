"""What net harm under one profile allows to be said, and what stands where there is no sum."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from geoharm.harm.acceptability import acceptability
from geoharm.harm.net_harm import net_harm
from geoharm.model.reading import Reading
from geoharm.model.values import ExchangeRates, ExchangeRule, MeasureSelector
from geoharm.study.value_profiles.profiles import read_profile
from tests.harm.test_net_harm import by_name
from tests.harm.worlds import calibrated_effect, joint, measure, normal_effect, refused_effect

FINDS, OVERDOSES = measure("finds"), measure("overdoses", unit="calls", borne_by="user", kind="health")


@pytest.mark.parametrize(
    ("effect", "limited", "reading"),
    [
        (calibrated_effect(400, 200, -0.9, -0.5), (), Reading.FELL),
        (calibrated_effect(200, 400, 0.5, 0.9), (), Reading.ROSE),
        (calibrated_effect(200, 200, -0.3, 0.3), (), Reading.CANNOT_TELL),
        (calibrated_effect(400, 200, -0.9, -0.5), ("finds",), Reading.PROBABLY_FELL),
        (calibrated_effect(200, 400, 0.5, 0.9), ("finds",), Reading.PROBABLY_ROSE),
        (calibrated_effect(200, 200, -0.3, 0.3), ("finds",), Reading.CANNOT_TELL),
        # The 80% interval, -0.35 to -0.05 and its mirror, leaves out zero; the 95% interval does not.
        (calibrated_effect(250, 200, -0.43, 0.03), (), Reading.PROBABLY_FELL),
        (calibrated_effect(200, 250, -0.03, 0.43), (), Reading.PROBABLY_ROSE),
        (normal_effect(-50, 1), (), Reading.PROBABLY_FELL),
        (normal_effect(50, 1), (), Reading.PROBABLY_ROSE),
        # Counting noise only: 1.6 standard errors are outside its 80% interval, which is too narrow to be read.
        (normal_effect(-8, 5), (), Reading.CANNOT_TELL),
    ],
)
def test_the_reading_of_a_sum(effect, limited, reading):
    assert net_harm(joint([(FINDS, effect)], limited=limited), by_name(finds=1.0)).reading is reading


def test_a_sum_is_no_stronger_than_its_weakest_part():
    parts = [(FINDS, calibrated_effect(4000, 1000, -1.5, -1.2)), (OVERDOSES, normal_effect(0, 1))]
    both, one = by_name(finds=1.0, overdoses=1.0), by_name(finds=1.0)
    assert net_harm(joint(parts), both).reading is Reading.PROBABLY_FELL
    assert net_harm(joint(parts), one).reading is Reading.FELL
    # A limit on a measure that weighs nothing limits nothing.
    assert net_harm(joint(parts, limited=["overdoses"]), one).reading is Reading.FELL


def test_no_sum_is_probable_with_a_part_whose_change_may_not_be_called_so():
    """A doubt bears on what is probable; a finding stands, unless a part cannot be one."""
    found, probable = calibrated_effect(400, 200, -0.9, -0.5), calibrated_effect(250, 200, -0.43, 0.03)
    one = by_name(finds=1.0)
    for effect, limited, reading in (
        (found, (), Reading.FELL),
        (found, ("finds",), Reading.CANNOT_TELL),
        (probable, (), Reading.CANNOT_TELL),
    ):
        made = joint([(FINDS, effect)], limited=limited, doubted=("finds",))
        assert net_harm(made, one).reading is reading
    assert net_harm(joint([(FINDS, probable)], doubted=("overdoses",)), one).reading is Reading.PROBABLY_FELL


def test_a_refused_part_leaves_no_sum_and_the_rest_is_named_without_it():
    parts = [(FINDS, calibrated_effect(400, 200, -0.9, -0.5)), (OVERDOSES, refused_effect(20, 100))]
    found = net_harm(joint(parts), by_name(finds=1.0, overdoses=3.0))
    assert not found.is_known
    assert found.is_refused
    assert found.refused == ("overdoses",)
    assert found.reading is Reading.CANNOT_TELL
    assert found.note == "one part has no 95% interval, so nothing is added up: overdoses"
    assert all(map(math.isnan, (found.low, found.interval.low, *found.share_fell)))
    alone = net_harm(joint(parts), by_name(finds=1.0))
    partial = found.partial
    assert (partial.without, partial.calibrated) == (("overdoses",), True)
    assert (partial.low, partial.high, partial.interval) == (alone.low, alone.high, alone.interval)
    assert (alone.refused, alone.partial) == ((), None)


def test_nothing_is_left_of_a_sum_whose_every_part_is_refused():
    parts = [(FINDS, refused_effect(30, 20)), (OVERDOSES, refused_effect(20, 100))]
    found = net_harm(joint(parts), by_name(finds=1.0, overdoses=3.0))
    assert found.refused == ("finds", "overdoses")
    assert found.note.startswith("2 parts have no 95% interval")
    assert found.partial is None


def test_a_refused_measure_counts_against_those_profiles_alone_that_weigh_it():
    parts = [
        (measure("violence", unit="incidents", kind="crime and violence"), calibrated_effect(80, 90, -0.2, 0.4)),
        (OVERDOSES, refused_effect(20, 100)),
    ]
    made = joint(parts)
    assert net_harm(made, read_profile("crime-severity", Path())).is_known
    assert net_harm(made, read_profile("equal", Path())).is_refused


RATES = ExchangeRates(
    "made", "", "a", "2026", "1", "s", "CC0-1.0", "one overdose",
    (
        ExchangeRule(MeasureSelector(type="environment"), "harm", 2.0, 100.0),
        ExchangeRule(MeasureSelector(type="health"), "harm", 1.0, 1.0),
    ),
)  # fmt: skip


def test_no_acceptability_with_a_refused_part():
    parts = [(FINDS, calibrated_effect(400, 200, -0.9, -0.5)), (OVERDOSES, refused_effect(20, 100))]
    found = acceptability(joint(parts), RATES, seed=1)
    assert found.note == "one part has no 95% interval, so nothing is added up: overdoses"
    assert all(map(math.isnan, (found.clearly_fell, found.fell, found.undecided, found.rose, found.clearly_rose)))
    assert (found.tipping_points, found.flip) == ((), None)


def test_the_flip_is_the_weight_at_which_the_sum_is_zero():
    finds, overdoses = calibrated_effect(400, 200, -0.9, -0.5), calibrated_effect(20, 40, 0.4, 0.9)
    found = acceptability(joint([(FINDS, finds), (OVERDOSES, overdoses)]), RATES, seed=1).flip
    assert (found.measures, found.other) == (("finds",), "one overdose")
    assert finds.change / found.rate + overdoses.change == pytest.approx(0)
    assert found.in_declared_range == (2.0 <= found.rate <= 100.0)
    # The group with a fixed rate is the measure of the others and is never the flip; two falls have none.
    both = acceptability(joint([(FINDS, finds), (OVERDOSES, calibrated_effect(40, 20, -0.9, -0.4))]), RATES, seed=1)
    assert both.flip is None


@pytest.mark.parametrize("effect", [calibrated_effect(400, 200, -0.9, -0.5), calibrated_effect(200, 400, 0.5, 0.9)])
@pytest.mark.parametrize("found", [set(), {-1}, {1}, {-1, 1}])
def test_a_sum_is_a_finding_only_behind_a_finding_of_its_direction(effect, found):
    whole = net_harm(joint([(FINDS, effect)]), by_name(finds=1.0))
    behind = {direction: {"finds"} for direction in found}
    gated = net_harm(joint([(FINDS, effect)]), by_name(finds=1.0), found=behind)
    leads = {Reading.FELL: Reading.PROBABLY_FELL, Reading.ROSE: Reading.PROBABLY_ROSE}
    assert gated.reading is (whole.reading if whole.reading.direction in found else leads[whole.reading])
    assert (gated.interval, gated.share_fell, gated.low) == (whole.interval, whole.share_fell, whole.low)
    doubted = net_harm(joint([(FINDS, effect)], doubted=["finds"]), by_name(finds=1.0), found=behind)
    assert doubted.reading is (whole.reading if whole.reading.direction in found else Reading.CANNOT_TELL)


def test_a_finding_without_a_weight_opens_no_gate():
    """Only overdoses are added up; that the finds fell says nothing of them."""
    parts = joint(
        [(FINDS, calibrated_effect(400, 200, -0.9, -0.5)), (OVERDOSES, calibrated_effect(80, 40, -0.9, -0.5))]
    )
    alone = by_name(finds=0.0, overdoses=1.0)
    assert net_harm(parts, alone, found={-1: {"finds"}}).reading is Reading.PROBABLY_FELL
    assert net_harm(parts, alone, found={-1: {"overdoses"}}).reading is Reading.FELL


@pytest.mark.parametrize(
    "effect", [normal_effect(-50, 1), calibrated_effect(200, 200, -0.3, 0.3), refused_effect(20, 100)]
)
def test_a_closed_gate_weakens_findings_alone(effect):
    parts = joint([(FINDS, effect)])
    assert net_harm(parts, by_name(finds=1.0), found={}).reading is net_harm(parts, by_name(finds=1.0)).reading
