"""The analysis of a study with many operations: what is left out, and that it is said."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from geoharm.pipeline import analyse


@pytest.mark.parametrize("count", [1, analyse.MOST_CHANGE_MAPS, analyse.MOST_CHANGE_MAPS + 1])
def test_change_is_mapped_around_few_operations_only(count, monkeypatch):
    """Every operation and measure has a result all the same; without a map it says why."""
    monkeypatch.setattr(analyse, "measure_change", lambda *_, **more: ("mapped", more["windows"].name))
    monkeypatch.setattr(
        analyse, "_quartic_bandwidths", lambda _: [(SimpleNamespace(name=name), 250.0) for name in "ab"]
    )
    designs = [
        SimpleNamespace(operation=SimpleNamespace(name=name), windows=SimpleNamespace(name=name, both=None))
        for name in [f"O{number}" for number in range(count)]
    ]
    points = SimpleNamespace(during=lambda _: ())
    measures = [SimpleNamespace(measure=SimpleNamespace(name=name), ledger=None, points=points) for name in "ab"]
    data = SimpleNamespace(
        study=SimpleNamespace(comparisons=()), designs=designs, measures=measures, measure=lambda _: measures[0]
    )
    found = analyse.find_changes(data, [])
    assert len(found) == 2 * count
    if count <= analyse.MOST_CHANGE_MAPS:
        assert found == tuple(("mapped", design.operation.name) for design in designs for _ in "ab")
    else:
        assert {(one.windows_of, one.measure.name) for one in found} == {
            (d.operation.name, n) for d in designs for n in "ab"
        }
        assert {one.surfaces for one in found} == {()}
        assert {one.note for one in found} == {"A study of more than 12 operations maps no change around each of them."}
