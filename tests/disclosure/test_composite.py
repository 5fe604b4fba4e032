"""What of a pooled question may be published: parts shown anyhow, never one that follows from the answer."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from geoharm.disclosure.composite import protect_composites
from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary
from geoharm.model.estimate import Estimate
from geoharm.model.reading import Reading
from geoharm.model.study import CompositeOutcome
from geoharm.report.exports.run_record.record import fill, record_text
from geoharm.report.exports.run_record.run import CompositeRecord
from geoharm.report.sections.composite import composite_sentence

K = 5


def estimate(value=-0.3, error=0.1):
    return Estimate("log rate ratio", value, error, "log ratio", "", calibrated=True)


def part(zone, window="after", *, after=20, known_as=""):
    return CompositeComponent("finds", zone, window, known_as or zone, 50, after, estimate())


def shown(*withheld):
    """Return an operation whose report shows target, all rings and one ring, and the target by phase."""
    effects = [
        SimpleNamespace(zone=zone, window="after", is_withheld=zone in withheld)
        for zone in ("target", "all rings", "50-300 m")
    ]
    phases = [SimpleNamespace(zone="target", window="0-3 months", is_withheld=False)]
    measure = SimpleNamespace(measure=SimpleNamespace(name="finds"), effects=effects, phases=phases)
    return SimpleNamespace(design=SimpleNamespace(operation=SimpleNamespace(name="A"), margin=0.25), measures=[measure])


def disclosed(*parts, operation=None, k=K, detectable_fall=0.2):
    answer = CompositeResult("A", parts, estimate(), detectable_fall, "a note")
    asked = CompositeSummary(CompositeOutcome("q", ("finds",), ("target",), ("after",)), (answer,))
    (found,) = protect_composites([asked], [operation or shown()], k)
    return found.results[0]


def test_parts_that_the_report_shows_are_listed_with_their_weights():
    found = disclosed(part("target"), part("ring 1", known_as="50-300 m"), part("target", "0-3 months"))
    assert [weight for _, _, weight in found.rows] == pytest.approx([1 / 3] * 3)
    assert found.pooled == estimate()
    assert [weight for _, _, weight in disclosed(part("target")).rows] == [1.0]


def test_a_small_count_or_a_withheld_zone_takes_the_answer_with_it():
    for found in (
        disclosed(part("target"), part("all rings", after=3)),
        disclosed(part("target"), part("all rings"), operation=shown("all rings")),
    ):
        assert [label for label, _, _ in found.rows] == ["finds, target, after"]
        assert all(math.isnan(weight) for _, _, weight in found.rows)
        assert not found.pooled.is_defined
        assert found.reading is Reading.CANNOT_TELL
        assert math.isnan(found.detectable_fall)
        assert composite_sentence(found) == "Withheld: a count under 5, or a number from which one would follow."


def test_one_part_not_shown_alone_would_follow_from_the_answer_and_two_do_not():
    unseen = part("ring 1", "0-3 months", known_as="50-300 m")
    one = disclosed(part("target"), unseen)
    assert not one.pooled.is_defined
    two = disclosed(part("target"), unseen, part("all rings", "0-3 months"))
    assert two.pooled.is_defined
    assert [label for label, _, _ in two.rows] == ["finds, target, after"]
    assert math.isnan(two.rows[0][2])
    assert len(two.left_out) == 2
    assert len(disclosed(part("target"), unseen, k=1).rows) == 2


def test_a_weak_design_gives_no_finding():
    strong = disclosed(part("target"), part("all rings"))
    assert "parts: fell. A common fall of 20% or more" in composite_sentence(strong)
    assert strong.reading is Reading.FELL
    weak = disclosed(part("target"), part("all rings"), detectable_fall=0.61)
    assert weak.reading is Reading.PROBABLY_FELL
    assert "parts: probably fell. A common fall of 61% or more" in composite_sentence(weak)


def test_the_record_holds_no_count():
    answer = CompositeResult("A", (part("target"), part("all rings", after=3)), estimate(), 0.2, "")
    asked = CompositeSummary(CompositeOutcome("q", ("finds",), ("target",), ("after",)), (answer,))
    (released,) = protect_composites([asked], [shown()], K)
    record = fill(CompositeRecord, released)
    assert record.results[0].pooled.value is None
    assert record.results[0].pooled.interval.low is record.results[0].pooled.p_value is None
    assert "before" not in record_text(record)
