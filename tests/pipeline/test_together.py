"""What all harms together did is a finding only behind the primary measure and the rises of the family."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geoharm.model.reading import Reading
from geoharm.pipeline.net_harm import found_first
from tests.evaluation.test_family import measure


def read(result, **readings):
    """Return a measure's result with other readings by zone; without others, nothing is clear."""
    names = {"target": "target", "all rings": "rings", "target and rings": "both"}
    return replace(
        result,
        effects=tuple(
            replace(effect, reading=readings.get(names[effect.zone], Reading.NO_CLEAR_CHANGE))
            for effect in result.effects
        ),
    )


PRIMARY, OTHER = (measure(name, 0.9, 0.9, 0.9) for name in "ab")
TREATMENT = measure("treatment", 0.9, 0.9, 0.9, kind="treatment_entry")
ARRESTS = measure("arrests", 0.9, 0.9, 0.9, harm=False)


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ([read(PRIMARY), read(OTHER)], (False, False)),
        ([read(PRIMARY, target=Reading.FELL), read(OTHER)], (True, False)),
        ([read(PRIMARY, target=Reading.SIGNAL_FALL), read(OTHER)], (False, False)),
        # A fall that is not the primary's, or not in the target, was one of many looked at.
        ([read(PRIMARY, rings=Reading.FELL, both=Reading.FELL), read(OTHER, target=Reading.FELL)], (False, False)),
        # A rise in any zone has the family's error.
        ([read(PRIMARY, target=Reading.FELL, rings=Reading.ROSE), read(OTHER)], (True, True)),
        ([read(PRIMARY), read(OTHER, both=Reading.ROSE)], (False, True)),
        ([read(PRIMARY), read(OTHER, both=Reading.SIGNAL_RISE)], (False, False)),
        # What is no harm opens no gate.
        ([read(TREATMENT, target=Reading.FELL), read(OTHER)], (False, False)),
        ([read(PRIMARY), read(TREATMENT, target=Reading.ROSE), read(ARRESTS, target=Reading.ROSE)], (False, False)),
    ],
)
def test_what_opens_the_gate(results, found):
    assert found_first(results) == found


def test_without_measures_the_gate_is_closed():
    assert found_first([]) == (False, False)
