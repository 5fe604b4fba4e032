"""Every count of a release, walked: by measure, place and time, whatever the effect, phase, bound or series shows it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from geoharm.disclosure.cells import Cells
from geoharm.disclosure.constraints import _effects_with_windows, _places, constraints_of, counted_rows
from geoharm.model.suppressed import Suppressed

_TOLERANCE = 1e-6


def released_counts(release):
    """Return all that is shown of each count: a set of numbers and Suppressed, by (measure, places, periods)."""
    shown = defaultdict(set)
    for operation in release.operations:
        places = _places(operation.design, {})
        for measure in operation.measures:
            for effect, window in _effects_with_windows(measure, operation.design):
                key = counted_rows(measure.measure, effect, release.data)
                for zone, before, after in (
                    (effect.zone, effect.before, effect.after),
                    ("control", effect.control_before, effect.control_after),
                ):
                    for count, span in ((before, operation.design.before), (after, window)):
                        shown[key, frozenset(places[zone]), span.periods].add(count)
    return dict(shown)


def assert_one_decision_a_count(release):
    """Assert that no count is withheld in one place and printed in another, or printed as two numbers."""
    counts = released_counts(release)
    assert counts
    assert {key: shown for key, shown in counts.items() if len(shown) != 1} == {}
    return {key: next(iter(shown)) for key, shown in counts.items()}


def recoverable_sums(release):
    """Return the withheld counts that follow by addition and subtraction from the numbers shown beside them."""
    constraints = constraints_of(release)
    cells = Cells(constraints)
    exact = [value for value in constraints.values if value.low == value.high]
    wide = ~cells.on_sliver
    rows = np.unique(cells.matrix([value.terms for value in exact]).toarray()[:, wide], axis=0)
    basis = np.linalg.svd(rows, full_matrices=False)
    row_space = basis.Vh[_TOLERANCE * basis.S.max() < basis.S]
    found = []
    for value in constraints.values:
        if value.withheld and len(value.terms) == 1:
            row = cells.matrix([value.terms]).toarray()[0, wide]
            if np.abs(row - row_space.T @ (row_space @ row)).max() < _TOLERANCE:
                found.append(value.text)
    return found


def is_shown(*counts):
    return not any(isinstance(count, Suppressed) for count in counts)
