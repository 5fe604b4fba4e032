"""The order of work after the files are read: hotspots, evaluate, publish; and `run`, which does it all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from geoharm import displacement, hotspots, publish, store, weighing
from geoharm._version import __version__
from geoharm.asking import answer_questions
from geoharm.beside import add_beside, pools
from geoharm.intake import Progress, check, ingest, ingest_tables, others, silent
from geoharm.model import (
    ChangeResult,
    Design,
    HotspotResult,
    Measure,
    MeasureResult,
    OperationResult,
    PatternResult,
    SourceLedger,
    Study,
    StudyResult,
    Window,
    ZoneRole,
    map_steps,
)
from geoharm.plan import plan_state
from geoharm.store import Store

WHOLE = ("", "whole period")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found and wrote.

    Attributes
    ----------
    result : StudyResult
        Full precision: not for publication.
    published : publish.Published
    """

    result: StudyResult
    published: publish.Published

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what was published."""
        return self.published._repr_html_()


def find_hotspots(
    opened: Store, study: Study, ledgers: Sequence[SourceLedger], designs: Sequence[Design], progress: Progress = silent
) -> tuple[HotspotResult, ...]:
    """Return where each measure concentrates, over the whole period, and before and after every operation."""
    found = []
    for number, measure in enumerate(study.measures, start=1):
        ledger = next(one for one in ledgers if one.source == measure.source)
        windows: dict[tuple[str, str], Window] = {WHOLE: store.whole_period(ledger.coverage, ledger.missing_months)}
        for one in designs:
            parts = map_steps(one, study.publish.steps, ledger.coverage, ledger.missing_months)
            steps = (one.before, one.after, *parts)
            windows |= {(one.operation.name, window.name): window for window in steps}
        views = {
            view: (store.points(opened, measure, window, weighed=True), window.years)
            for view, window in windows.items()
        }
        found.append(
            hotspots.map_measure(
                measure,
                views,
                WHOLE,
                area=study.area,
                settings=study.hotspots,
                location_error=ledger.location_error,
                seed=study.seed,
                shared=bool(measure.weight) and study.publish.release == "public",
            )
        )
        progress(f"density of {measure.name}", number, len(study.measures))
    return hotspots.with_sources(found, {source.name: source.kind for source in study.sources})


def find_changes(
    opened: Store,
    study: Study,
    designs: Sequence[Design],
    surfaces: Sequence[HotspotResult],
    progress: Progress = silent,
) -> tuple[ChangeResult, ...]:
    """Return where each measure changed between every operation's windows, and which of it chance explains.

    Reports of one place and day (or month, where the source knows no more) are one unit, if the study asks for no other.
    """
    found = []
    for one in designs:
        both = Window("before and after", (*one.before.periods, *one.after.periods))
        for number, (measure, bandwidth) in enumerate(_quartic_bandwidths(surfaces), start=1):
            events = store.dated_points(opened, measure, both)
            found.append(hotspots.measure_change(measure, events, study=study, design=one, bandwidth=bandwidth))
            progress(f"change of {measure.name}", number, len(study.measures))
    return tuple(found)


def find_patterns(
    opened: Store, study: Study, ledgers: Sequence[SourceLedger], designs: Sequence[Design], progress: Progress = silent
) -> tuple[PatternResult, ...]:
    """Return how each measure clusters, what emerged, how well its hotspots foretell, and whether its pattern shifted."""
    found = []
    for number, measure in enumerate(study.measures, start=1):
        ledger = next(one for one in ledgers if one.source == measure.source)
        events = store.dated_points(opened, measure)
        found.append(hotspots.find_patterns(measure, events, study=study, ledger=ledger, designs=designs))
        progress(f"patterns of {measure.name}", number, len(study.measures))
    for measure in study.harm.area_measures:
        tables = [store.area_counts(opened, measure.source, category) for category in measure.categories or ("all",)]
        found.append(hotspots.find_area_patterns(measure, tables, study=study))
    return tuple(found)


def design(study: Study, ledgers: Sequence[SourceLedger], opened: Store | None = None) -> tuple[Design, ...]:
    """Return the zones and windows of every operation of a study; rings along streets where the study says so.

    Raises
    ------
    DesignError
        With the reason, if no valid comparison can be made.
    """
    found = []
    for one in study.operations:
        plan = displacement.build_design(one, study.area, others(study, one), ledgers)
        if one.streets and opened is not None:
            plan = displacement.along_streets(plan, store.streets(opened, one.streets))
        found.append(plan)
    return tuple(found)


def evaluate(
    opened: Store,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = silent,
) -> tuple[OperationResult, ...]:
    """Return what changed around every operation, for every measure, the primary first."""
    ordered = sorted(study.measures, key=lambda one: one.name != study.primary)
    sources = sorted({measure.source for measure in ordered})
    results = []
    for number, one in enumerate(designs, start=1):
        store.reduce_zones(opened, one.operation.name, one.zones, sources)
        control = shapely.union_all([zone.geometry for zone in one.of_role(ZoneRole.CONTROL)])
        walked = shapely.union_all([zone.geometry for zone in one.of_role(ZoneRole.RING)])
        places = displacement.placebo_places(
            one.operation,
            study.area,
            control,
            others(study, one.operation),
            rings=walked if one.operation.streets else None,
        )
        evaluated = [_evaluate_measure(opened, measure, one, places) for measure in ordered]
        measures = tuple(found for found, _ in evaluated)
        measures = add_beside(opened, study, ledgers, one, measures)
        balance = weighing.weigh(opened, study, one, measures, [data for _, data in evaluated])
        results.append(OperationResult(one, measures, balance))
        progress(f"evaluating {one.operation.name}", number, len(designs))
    return weighing.with_pooled_watch(results)


def run(study: Study, *, data: Path, out: Path, database: Path, progress: Progress = silent) -> Run:
    """Do the whole job: read the files, find hotspots, evaluate every operation, publish.

    Parameters
    ----------
    study : Study
    data : Path
        Where the study's files lie.
    out : Path
        Where pages are written.
    database : Path
        Kept between runs, so that unchanged files are not read again; may be deleted at any time.
    progress : callable
        Called with a step's name and how much of it is done.
    """
    check(study)
    publish.check_folder(out)
    with store.open_store(database, inputs=data) as opened:
        ledgers = ingest(opened, study, data, progress)
        tables = ingest_tables(opened, study, data, progress)
        designs = design(study, ledgers, opened)
        found = find_hotspots(opened, study, ledgers, designs, progress)
        changes = find_changes(opened, study, designs, found, progress)
        patterns = find_patterns(opened, study, ledgers, designs, progress)
        evaluated = evaluate(opened, study, ledgers, designs, progress)
        result = StudyResult(
            study,
            ledgers,
            found,
            evaluated,
            tables,
            changes,
            patterns,
            pools(opened, study, evaluated),
            plan_state(study),
            answer_questions(opened, study, ledgers, evaluated),
        )
        store.save_effects(opened, result, study_hash=study_hash(study), version=__version__)
    progress("writing pages", 0, 1)
    published = publish.publish_study(publish.disclose(result), out)
    progress("writing pages", 1, 1)
    return Run(result, published)


def study_hash(study: Study) -> str:
    """Return one fingerprint of the study file and every area file."""
    return hashlib.sha256(repr(sorted(study.inputs.items())).encode()).hexdigest()


def _quartic_bandwidths(surfaces: Sequence[HotspotResult]) -> list[tuple[Measure, float]]:
    """Return each measure with the bandwidth with which the quartic kernel of change maps smooths as its surfaces do."""
    found = []
    for one in surfaces:
        chosen, cell = one.bandwidth, next(iter(one.views.values())).grid.cell
        same = hotspots.same_smoothing(chosen.value, kernel=chosen.kernel, to="quartic")
        found.append((one.measure, chosen.value if chosen.kernel == "quartic" else max(cell, same)))
    return found


def _evaluate_measure(
    opened: Store, measure: Measure, one: Design, places: displacement.PlaceboPlaces
) -> tuple[MeasureResult, displacement.PlaceboData]:
    counts = store.zone_counts(opened, one.operation.name, measure, one.zones)
    windows = displacement.placebo_windows(counts, one)
    panel = store.unit_panel(opened, measure, windows, cell=places.cell, origin=places.origin)
    data = displacement.placebo_data(places, panel, one)
    return displacement.evaluate_measure(measure, counts, one, data), data
