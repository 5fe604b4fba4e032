"""The demo's city with harms planted in it: its counts after the operation are multiplied, zone by zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import Release
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.effects import evaluate_measure
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import ZoneRole
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources, load_tables
from geoharm.pipeline.net_harm import assess_harm
from geoharm.pipeline.placebo import placebo_around, places_around
from geoharm.results import OperationResult, StudyResult
from geoharm.study.read import read_study

Planted = Mapping[tuple[str, ZoneRole], float]


def planted_counts(counts: ZoneCounts, design: Design, factors: Mapping[ZoneRole, float]) -> ZoneCounts:
    """Return counts by zone, multiplied in some zones from the operation's start on."""
    table = counts.counts.copy()
    after = counts.dates >= np.datetime64(design.operation.period.start)
    for role, factor in factors.items():
        for zone in design.of_role(role):
            row = counts.zones.index(zone.name)
            table[row, after] = np.rint(table[row, after] * factor)
    return replace(counts, counts=table)


@pytest.fixture(scope="session")
def planted(root, tmp_path_factory) -> Callable[..., Release]:
    """Return a function that makes the internal release of the demo's city with harms planted in it.

    Robustness checks and maps are left out. Places without an operation keep their counts, so each change is known.
    """
    study = read_study(root / "pipelines" / "demo.toml")
    folder = tmp_path_factory.mktemp("planted")
    with open_engine(folder / "p.duckdb", inputs=root / "data" / "sample") as engine:
        ledgers = load_sources(engine, study, root / "data" / "sample")
        load_tables(engine, study, root / "data" / "sample")
        data = collect_study(engine, study, ledgers)
    data = replace(data, study=replace(study, publish=replace(study.publish, release="internal")))
    (design,) = data.designs
    ordered = sorted(data.measures, key=lambda collected: collected.measure.name != study.primary)
    places = places_around(data.study, design)
    placebos = [placebo_around(collected, design, places) for collected in ordered]

    made: dict[frozenset[tuple[tuple[str, ZoneRole], float]], Release] = {}

    def release(plants: Planted) -> Release:
        key = frozenset(plants.items())
        if key not in made:
            made[key] = make(plants)
        return made[key]

    def make(plants: Planted) -> Release:
        measures = tuple(
            evaluate_measure(
                collected.measure,
                planted_counts(
                    collected.zone_counts[design.operation.name],
                    design,
                    {role: factor for (name, role), factor in plants.items() if name == collected.measure.name},
                ),
                design,
                placebo,
            )
            for collected, placebo in zip(ordered, placebos, strict=True)
        )
        operation = OperationResult(design, measures, assess_harm(data, design, measures, placebos))
        return protect(StudyResult(data.study, data.ledgers, (), (operation,)))

    return release
