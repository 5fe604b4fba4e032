"""What all harms together did is a finding only behind the primary measure and the rises of the family."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geoharm.model.reading import Reading
from geoharm.pipeline.net_harm import found_before_sums
from tests.evaluation.test_family import measure


def read(result, **readings):
    """Return a measure's result with other readings by zone; without others, nothing is clear."""
    names = {"target": "target", "all rings": "rings", "target and rings": "both"}
    return replace(
        result,
        effects=tuple(
            replace(effect, reading=readings.get(names[effect.zone], Reading.CANNOT_TELL)) for effect in result.effects
        ),
    )


PRIMARY, OTHER = (measure(name, 0.9, 0.9, 0.9) for name in "ab")
TREATMENT = measure("treatment", 0.9, 0.9, 0.9, kind="treatment_entry")
ARRESTS = measure("arrests", 0.9, 0.9, 0.9, harm=False)


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ([read(PRIMARY), read(OTHER)], set()),
        ([read(PRIMARY, target=Reading.FELL), read(OTHER)], {-1}),
        ([read(PRIMARY, target=Reading.PROBABLY_FELL), read(OTHER)], set()),
        # A fall that is not the primary's, or not in the target, was one of many looked at.
        ([read(PRIMARY, rings=Reading.FELL, both=Reading.FELL), read(OTHER, target=Reading.FELL)], set()),
        # A rise in any zone has the family's error.
        ([read(PRIMARY, target=Reading.FELL, rings=Reading.ROSE), read(OTHER)], {-1, 1}),
        ([read(PRIMARY), read(OTHER, both=Reading.ROSE)], {1}),
        ([read(PRIMARY), read(OTHER, both=Reading.PROBABLY_ROSE)], set()),
        # What is no harm opens no gate.
        ([read(TREATMENT, target=Reading.FELL), read(OTHER)], set()),
        ([read(PRIMARY), read(TREATMENT, target=Reading.ROSE), read(ARRESTS, target=Reading.ROSE)], set()),
    ],
)
def test_what_opens_the_gate(results, found):
    assert {direction for direction, names in found_before_sums(results).items() if names} == found


def test_the_gate_names_what_opened_it():
    results = [read(PRIMARY, target=Reading.FELL, rings=Reading.ROSE), read(OTHER, both=Reading.ROSE)]
    assert found_before_sums(results) == {-1: {"a"}, 1: {"a", "b"}}


def test_without_measures_the_gate_is_closed():
    assert not any(found_before_sums([]).values())
