"""The time that is left: exact on a computer of known speed, within a factor of two on any, and falling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.cli.time_left import TimeLeft, time_in_words
from geoharm.pipeline.planned_steps import run_steps
from geoharm.pipeline.progress import PlannedStep
from geoharm.study.read import read_study

STEPS = st.lists(st.floats(0.5, 20), min_size=6, max_size=30)


def told(planned, taken, looks=100, *, speed_told=True):
    """Return (share of the time that is over, seconds that are left, seconds said, share said) at moments of a whole run."""
    work = TimeLeft([PlannedStep(str(number), seconds, speed_told) for number, seconds in enumerate(planned)])
    total, rows, begun, step = sum(taken), [], 0.0, -1
    for look in range(looks):
        clock = total * look / looks
        while step < 0 or (step + 1 < len(taken) and clock >= begun + taken[step]):
            if step >= 0:
                begun += taken[step]
                work.report(str(step), 1.0, begun)
            step += 1
            work.report(str(step), 0.0, begun)
        rows.append((clock / total, total - clock, work.seconds(clock), work.share(clock)))
    return rows


@settings(max_examples=50, deadline=None)
@given(STEPS)
def test_where_every_step_takes_what_was_expected_the_time_is_right(planned):
    for over, left, said, share in told(planned, planned):
        # Within the last tenth of a step it is not said to end sooner than a tenth of its time.
        assert said == pytest.approx(left, abs=0.1 * max(planned) + 1e-6)
        assert share == pytest.approx(over, abs=0.06 * max(planned) / sum(planned) + 1e-6)


@settings(max_examples=50, deadline=None)
@given(STEPS, st.floats(0.1, 10))
def test_after_a_third_it_is_within_a_factor_of_two_however_fast_the_computer_is(planned, speed):
    """With steps of which none is more than a fifth of the work: within one long step, nobody knows."""
    if max(planned) > sum(planned) / 5:
        planned = [sum(planned) / 10] * 10
    for over, left, said, _ in told(planned, [speed * seconds for seconds in planned]):
        if 1 / 3 <= over <= 0.9:
            assert left / 2 <= said <= 2 * left


@settings(max_examples=50, deadline=None)
@given(STEPS, st.floats(0.1, 10), st.lists(st.floats(0.7, 1.4), min_size=30, max_size=30))
def test_it_falls_overall_and_the_share_never_does(planned, speed, odd):
    rows = told(planned, [speed * seconds * factor for seconds, factor in zip(planned, odd, strict=False)])
    shares = [share for *_, share in rows]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    said = [seconds for _, _, seconds, _ in rows]
    # From a third on, no tenth of the run adds to what was said at its beginning by more than a fifth of the run.
    tenth = len(said) // 10
    total = rows[0][1]
    assert all(later <= now + 0.2 * total for now, later in zip(said[3 * tenth :], said[4 * tenth :], strict=False))
    assert said[-1] < total / 3


def test_files_that_were_read_before_say_nothing_about_the_speed():
    """Reading took no time; what is left is still what was expected."""
    work = TimeLeft([PlannedStep("reading", 50, tells_speed=False), PlannedStep("a", 10), PlannedStep("b", 10)])
    work.report("reading", 0, 0)
    work.report("reading", 1, 0.5)
    work.report("a", 0, 0.5)
    assert work.seconds(0.5) == pytest.approx(20)


def test_before_the_first_step_nothing_is_known():
    work = TimeLeft([PlannedStep("a", 1)])
    assert math.isnan(work.seconds(5))
    assert work.share(5) == 0


def test_a_step_that_was_not_planned_changes_nothing():
    work = TimeLeft([PlannedStep("a", 10), PlannedStep("b", 10)])
    work.report("a", 0, 0)
    work.report("something else", 0.5, 1)
    assert work.seconds(1) == pytest.approx(19, abs=0.2)


def test_a_name_that_comes_again_is_a_step_again():
    work = TimeLeft([PlannedStep("a", 10), PlannedStep("b", 10), PlannedStep("a", 10)])
    for name, clock in (("a", 0), ("b", 10), ("a", 20)):
        work.report(name, 0, clock)
        work.report(name, 1, clock + 10)
    assert work.seconds(30) == 0
    assert work.share(30) == 1


def test_a_step_that_tells_how_far_it_is_goes_by_its_own_pace():
    work = TimeLeft([PlannedStep("trying designs", 10)])
    work.report("trying designs", 0, 0)
    work.report("trying designs", 0.8, 80)
    assert 15 <= work.seconds(80) <= 40


def test_words_never_promise_seconds_that_are_not_known():
    assert time_in_words(119.9) == "2 min"
    assert time_in_words(0) == "a few seconds"


# Processor seconds of each step of a run on one core, as measured in November 2026; steps of one kind in the order of the run.
DEMO = {
    "reading": [0.58, 0.66, 0.60, 0.51, 0.59, 0.28], "counting": [0.13, 0.15, 0.13, 0.10, 0.14],
    "density": [3.28, 2.79, 2.75, 2.57, 2.28], "change": [7.03, 6.03, 4.64, 5.32, 3.40], "patterns": [0.48, 0.43, 0.35, 0.34, 0.35],
    "evaluating": [7.66], "keeping": [0.59], "checking": [19.75], "writing": [0.83],
}  # fmt: skip
BOSTON = {
    "reading": [1.76], "counting": [1.25], "density": [6.23], "change": [2.17], "patterns": [0.86], "evaluating": [1.86],
    "keeping": [0.25], "checking": [2.83], "writing": [0.44],
}  # fmt: skip


@pytest.mark.parametrize(
    ("study", "took", "speed"),
    [("demo", DEMO, 0.5), ("demo", DEMO, 1), ("demo", DEMO, 4), ("boston", BOSTON, 1), ("boston", BOSTON, 4)],
)
def test_for_real_runs_it_is_within_a_factor_of_two_after_a_third(root, study, took, speed):
    """On the computer that was measured, on one of twice its speed, and on one whose cores are busy with other work.

    Boston has one measure, so a third of the way is in the middle of its first long step: at twice the speed nothing tells it yet.
    """
    plan = run_steps(read_study(root / "pipelines" / f"{study}.toml"), root / "data" / "sample")
    kinds = [step.name.split()[0] for step in plan]
    assert list(dict.fromkeys(kinds)) == list(took)
    taken = [speed * seconds for kind in took for seconds in took[kind]]
    work, total, begun, step = TimeLeft(plan), sum(taken), 0.0, 0
    assert len(plan) == len(taken)
    work.report(plan[0].name, 0, 0)
    heard: list[float] = []
    for look in range(1, 180):
        clock = total * look / 200
        while clock >= begun + taken[step]:
            begun += taken[step]
            work.report(plan[step].name, 1, begun)
            step += 1
            work.report(plan[step].name, 0, begun)
        if look % 20 == 0 and look > 200 / 3:
            said = work.seconds(clock)
            assert (total - clock) / 2 <= said <= 2 * (total - clock), clock / total
            heard.append(said)
    assert heard[-1] < 0.6 * max(heard)
    # At the speed that was expected, it falls all the way; elsewhere it learns in the first long step.
    if speed == 1:
        assert heard == sorted(heard, reverse=True)
