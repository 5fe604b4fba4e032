"""The price of looks: several phases, and the same operation again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from geoharm.evaluation.family import with_family_readings
from geoharm.evaluation.looks import look_level, with_look_readings
from geoharm.evaluation.reading import with_reading, with_weaker_reading
from geoharm.model.design import ALL_RINGS
from geoharm.model.reading import Cap, Reading
from tests.evaluation.test_family import ZONES, effect, measure

FELL, LEAD = (Reading.FELL, None), (Reading.PROBABLY_FELL, Cap.LOOKS)


def phase(zone, p, *, number, rise=False, detectable=0.3, calibrated=True):
    """Return an effect in a phase; its number makes its count its own."""
    one = effect(zone, p, rise=rise, calibrated=calibrated)
    return with_reading(
        replace(one, window=f"phase {number}", after=one.after + 1 + number, detectable_fall=detectable)
    )


def read(phases, looks=1, whole=(0.9, 0.9, 0.9)):
    (result,) = with_look_readings([measure("a", *whole, phases=phases)], looks=looks)
    return [(one.reading, one.cap) for one in result.phases]


def test_golden_by_hand():
    """Six phases share 5% by Holm: 0.008 <= 0.05/6 = 0.00833 is named; 0.0099 <= 0.05/5 = 0.01 is named; 0.0130 > 0.05/4 =
    0.0125 is not, and so is nothing after it, though 0.0140 <= 0.05/3."""
    p_values = {"target": (0.008, 0.0130, 0.9), ALL_RINGS: (0.0140, 0.0099, 0.04)}
    phases = [
        phase(zone, p, number=number) for number in range(3) for zone in p_values for p in [p_values[zone][number]]
    ]
    assert read(phases) == [FELL, LEAD, LEAD, FELL, (Reading.CANNOT_TELL, None), LEAD]


def test_a_phase_that_can_be_no_finding_takes_no_share():
    """0.02 <= 0.05/2, with two members; a third would need 0.0167."""
    two = [phase("target", 0.02, number=1), phase(ALL_RINGS, 0.9, number=1)]
    weak = [phase("target", 0.001, number=2, detectable=0.61), phase(ALL_RINGS, 0.001, number=2, calibrated=False)]
    assert read([*two, *weak])[0] == FELL
    assert read([*two, phase("target", 0.9, number=2)])[0] == LEAD
    # They stay what their numbers say.
    assert [cap for _, cap in read([*two, *weak])[2:]] == [Cap.WEAK_DESIGN, Cap.NOT_CALIBRATED]


def test_a_phase_that_is_the_whole_window_is_the_same_look():
    """It says what the whole window says, and leaves the share to the others."""
    whole, other = effect("target", 0.04, rise=False), phase("target", 0.9, number=1)
    result = replace(measure("a", 0.9), effects=(whole,), phases=(replace(whole, window="0-6 months"), other))
    (found,) = with_look_readings([result], looks=1, whole=["0-6 months"])
    assert [one.reading for one in (*found.effects, *found.phases)] == [
        Reading.FELL,
        Reading.FELL,
        Reading.CANNOT_TELL,
    ]
    (again,) = with_look_readings([result], looks=2, whole=["0-6 months"])
    assert [one.reading for one in (*again.effects, *again.phases)][:2] == [Reading.PROBABLY_FELL] * 2


def test_the_whole_window_is_read_at_the_level_of_its_looks():
    """Four looks: 1.82% each."""
    result = measure("a", 0.018, 0.019, 0.04, rise=False)
    (once,), (four,) = (with_look_readings([result], looks=looks) for looks in (1, 4))
    assert once.effects == result.effects
    assert [(one.reading, one.cap) for one in four.effects] == [FELL, LEAD, LEAD]
    assert [one.interval for one in four.effects] == [one.interval for one in result.effects]


def test_what_is_no_finding_stays():
    undefined = replace(effect("target"), ratio=replace(effect("target").ratio, value=math.nan, calibrated=False))
    for one in (with_reading(undefined), effect("target", 0.04, calibrated=False), effect("target", 0.9)):
        result = replace(measure("a", 0.9), effects=(one,), phases=(phase("target", 0.9, number=1),))
        (found,) = with_look_readings([result], looks=12)
        assert (found.effects[0].reading, found.effects[0].cap) == (one.reading, one.cap)


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_joint_error_of_phases_and_looks(shared):
    """Without a change, any phase is named in 5% of draws at most; four looks at sums that grow, in 5%."""
    from scipy.stats import norm  # noqa: PLC0415 -- scipy.stats is slow to import

    rng, draws = np.random.default_rng(11), 1500
    z = math.sqrt(shared) * rng.normal(size=(draws, 1)) + math.sqrt(1 - shared) * rng.normal(size=(draws, 6))
    named = 0
    for p_values in 2 * norm.sf(np.abs(z)):
        phases = [phase(ZONES[place % 2], p, number=place) for place, p in enumerate(p_values)]
        named += any(reading.is_finding for reading, _ in read(phases))
    assert named / draws <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    walks = rng.normal(size=(draws, 4)).cumsum(axis=1) / np.sqrt(np.arange(1, 5))
    found = (2 * norm.sf(np.abs(walks)) <= look_level(4)).any(axis=1).mean()
    assert found <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)


def test_a_reason_of_the_family_is_kept_and_that_of_looks_survives_disclosure():
    rises = with_family_readings([measure("a", 0.9, 0.9, 0.9), measure("b", 0.02, 0.9, 0.9)], primary="a")
    looked = with_look_readings(rises, looks=4)[1].effect("target")
    assert looked.cap is Cap.FAMILY
    (primary,) = with_look_readings([measure("a", 0.04)], looks=2)
    released = with_weaker_reading(primary.effect("target"), ())
    assert (released.reading, released.cap) == (Reading.PROBABLY_ROSE, Cap.LOOKS)


def test_the_whole_window_as_a_phase_is_read_as_it_is_there():
    """A rise that misses its family is probable at most, as the whole window and as the phase that is the whole window."""
    whole = replace(measure("a", 0.02).effect("target"), reading=Reading.PROBABLY_ROSE, cap=Cap.FAMILY)
    phase = replace(whole, window="0-6 months", reading=Reading.ROSE, cap=None)
    result = replace(measure("a", 0.9), effects=(whole,), phases=(phase,))
    (found,) = with_look_readings([result], looks=1, whole=["0-6 months"])
    assert [(one.reading, one.cap) for one in found.phases] == [(Reading.PROBABLY_ROSE, Cap.FAMILY)]


def test_a_phase_with_the_same_count_and_other_days_is_another_look():
    whole = effect("target", 0.04, rise=False)
    result = replace(measure("a", 0.9), effects=(whole,), phases=(replace(whole, window="1-7 months"),))
    (found,) = with_look_readings([result], looks=2, whole=["0-6 months"])
    assert [one.reading for one in found.phases] == [Reading.PROBABLY_FELL]
    assert [one.cap for one in found.phases] == [Cap.LOOKS]
