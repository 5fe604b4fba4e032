"""docs/estimators.md says how every estimator reacts to changes of the data: each cell of its table is checked."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
import pytest
import shapely

import geoharm.evaluation
import geoharm.stats
from geoharm.evaluation.diagnostics.geocoding_error import recorded_zone_shares
from geoharm.evaluation.estimators.centroid_shift import centroid_shift
from geoharm.evaluation.estimators.cumulative_wdd import cumulative_wdd
from geoharm.evaluation.estimators.did import event_study, poisson_did
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.estimators.displacement_types import composition_shift
from geoharm.evaluation.estimators.distance_profile import distance_profile
from geoharm.evaluation.estimators.effect_decay import effect_decay
from geoharm.evaluation.estimators.interrupted_time_series import interrupted_time_series
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.synthetic_control import synthetic_control_ratio
from geoharm.evaluation.estimators.wdd import harm_weighted_wdd, net_change, wdd
from geoharm.model.counts import Change
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.points import Points

BEFORE, MONTHS = 18, 36
COLUMNS = (
    "all counts doubled", "target and control swapped", "same number added to every count", "areas renamed",
    "months shuffled inside windows", "everything moved on the map",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Monthly counts of target, ring and control; points of every month; names; how far the map is moved."""

    target: np.ndarray
    ring: np.ndarray
    control: np.ndarray
    places: np.ndarray
    names: tuple[str, str, str] = ("target", "ring", "control")
    moved: float = 0.0

    def change(self, which: str) -> Change:
        series, name = getattr(self, which), self.names[("target", "ring", "control").index(which)]
        return Change(name, int(series[:BEFORE].sum()), int(series[BEFORE:].sum()))


def world() -> World:
    rng, late = np.random.default_rng(11), np.arange(MONTHS) >= BEFORE
    fade = np.where(late, 0.4 + 0.02 * (np.arange(MONTHS) - BEFORE), 1.0)
    return World(
        rng.poisson(60 * fade) + 1, rng.poisson(40 * np.where(late, 1.1, 1)) + 1, rng.poisson(90, MONTHS) + 1,
        rng.integers(1, 9, (MONTHS, 12)),
    )  # fmt: skip


def shuffled(values: np.ndarray) -> np.ndarray:
    order = np.concatenate(
        [np.random.default_rng(1).permutation(BEFORE), BEFORE + np.random.default_rng(2).permutation(MONTHS - BEFORE)]
    )
    return values[order]


TRANSFORMED: dict[str, Callable[[World], World]] = {
    "all counts doubled": lambda w: replace(
        w, target=2 * w.target, ring=2 * w.ring, control=2 * w.control, places=2 * w.places
    ),
    "target and control swapped": lambda w: replace(w, target=w.control, control=w.target),
    "same number added to every count": lambda w: replace(
        w, target=w.target + 7, ring=w.ring + 7, control=w.control + 7, places=w.places + 7
    ),
    "areas renamed": lambda w: replace(w, names=("Mill Lane", "around", "elsewhere")),
    # Target and ring are shuffled, the control is not: otherwise pairs of months would stay together.
    "months shuffled inside windows": lambda w: replace(
        w, target=shuffled(w.target), ring=shuffled(w.ring), places=shuffled(w.places)
    ),
    "everything moved on the map": lambda w: replace(w, moved=250_000.0),
}


def indices(w: World):
    return displacement_indices(w.change("target"), w.change("ring"), w.change("control"))


def regression(w: World) -> float:
    mark = np.zeros((2, MONTHS))
    mark[0, BEFORE:] = 1
    return poisson_did([w.target, w.control], {w.names[0]: mark}).terms[0].value


def running(w: World, place: int) -> float:
    return cumulative_wdd(w.target, w.control, before=BEFORE).points[place].value


def centre(w: World) -> float:
    grid = np.array([(x, y) for x in range(4) for y in range(3)], dtype=float) * 100 + w.moved
    # Later months weigh one side more, so that there is something to move.
    weights = w.places * np.where(np.arange(MONTHS)[:, None] >= BEFORE + 9, np.arange(12), 1)
    # The sides overlap in other months than before and after, so a shuffle inside windows reaches them.
    sides = (weights[: BEFORE + 9], weights[BEFORE + 9 :])
    return centroid_shift(*(Points(grid[:, 0], grid[:, 1], side.sum(axis=0)) for side in sides)).distance


def composition(w: World) -> float:
    """Twelve categories; the control's are as good as any twelve numbers."""
    found = composition_shift(
        "x", w.places[:BEFORE].sum(axis=0), w.places[BEFORE:].sum(axis=0), labels=list("abcdefghijkl"), seed=1,
        control=(w.control[:12], w.control[BEFORE : BEFORE + 12]), draws=9,
    )  # fmt: skip
    return found.figure


def leak(w: World) -> float:
    zone = Zone(w.names[0], ZoneRole.TARGET, shapely.box(w.moved, w.moved, w.moved + 400, w.moved + 400))
    return recorded_zone_shares(zone, [zone], median_error=50)[w.names[0]]


VALUES: dict[str, Callable[[World], float]] = {
    "weighted displacement difference": lambda w: wdd(w.change("target"), w.change("control")).total.value,
    "scaled difference": lambda w: net_change(w.change("target"), w.change("control")).value,
    "harm-weighted difference": lambda w: (
        harm_weighted_wdd([(wdd(w.change("target"), w.change("control")), 5)]).total.value
    ),
    "running difference, last month": lambda w: running(w, -1),
    "running difference, first month": lambda w: running(w, 0),
    "log rate ratio": lambda w: log_rate_ratio(w.change("target"), w.change("control")).value,
    "gross effect": lambda w: indices(w).gross_effect.value,
    "net effect": lambda w: indices(w).net_effect.value,
    "buffer displacement": lambda w: indices(w).buffer_displacement.value,
    "weighted displacement quotient": lambda w: indices(w).wdq.value,
    "total net effect": lambda w: indices(w).total_net_effect.value,
    "regression": regression,
    "event study, last month": lambda w: event_study(w.target, w.control, before=BEFORE).points[-1].value,
    "interrupted time series": lambda w: interrupted_time_series(w.target, before=BEFORE, first_month=1).value,
    "synthetic control": lambda w: synthetic_control_ratio(w.target, [w.control, w.ring], before=BEFORE)[0].value,
    "distance profile": lambda w: distance_profile([(0, 250, w.change("ring"))], w.change("control")).points[0].value,
    "effect decay, initial": lambda w: (
        effect_decay(w.target, w.control, start=BEFORE, stop=MONTHS, zone=w.names[0]).initial.value
    ),
    "composition shift": composition,
    "shift of the centre": centre,
    "leak of location error": leak,
}


def table(root) -> dict[str, dict[str, str]]:
    text = (root / "docs" / "estimators.md").read_text(encoding="utf-8")
    lines = text.split("## How they react to changes of the data")[1].split("\n")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    assert tuple(rows[0][1:]) == COLUMNS
    return {row[0]: dict(zip(COLUMNS, row[1:], strict=True)) for row in rows[1 : 1 + len(VALUES)]}


def said(before: float, after: float) -> set[str]:
    """Return the words that fit what a change of the world did to a number."""
    words = set()
    if after == pytest.approx(before, rel=1e-5, abs=1e-9):
        words |= {"same", "none"}
    if after == pytest.approx(2 * before, rel=1e-5):
        words.add("double")
    if after == pytest.approx(-before, rel=1e-5):
        words.add("flips")
    return words or {"changes"}


def test_the_table_has_a_row_for_every_estimator_tried(root):
    assert set(table(root)) == set(VALUES)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("estimator", VALUES)
def test_every_cell_is_true(root, estimator, column):
    value, plain = VALUES[estimator], world()
    cell = table(root)[estimator][column]
    assert cell in said(value(plain), value(TRANSFORMED[column](plain)))


def test_functions_named_in_the_document_exist(root):
    text = (root / "docs" / "estimators.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`([a-z_]+)`", text))
    assert len(names) > 25
    functions: set[str] = set()
    for room in (geoharm.evaluation, geoharm.stats):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            module = import_module(found.name)
            functions |= {
                name for name, value in vars(module).items() if getattr(value, "__module__", "") == found.name
            }
    assert names <= functions, names - functions
