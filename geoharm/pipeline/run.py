"""The order of work after the files are read: hotspots, evaluate, publish; and `run`, which does it all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from geoharm._version import __version__
from geoharm.disclosure.protect import protect
from geoharm.engines.duckdb import DuckDBEngine, open_engine
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.network_rings import rings_along_streets
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import PlaceboPlaces, placebo_places
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.hotspots import measure_patterns
from geoharm.hotspots.change.measure import measure_change
from geoharm.hotspots.clusters.area_rates import find_area_clusters
from geoharm.hotspots.density.kernels import equivalent_bandwidth
from geoharm.hotspots.measure_map import map_measure
from geoharm.hotspots.results.change import ChangeResult
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.patterns import PatternResult
from geoharm.hotspots.source_agreement import with_agreeing_sources
from geoharm.ingest.streets import source_streets
from geoharm.ingest.tables import area_counts
from geoharm.model.design import Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.map_steps import map_steps
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.study import Study
from geoharm.pipeline import net_harm
from geoharm.pipeline.composite import evaluate_composites
from geoharm.pipeline.load import Progress, check_study, load_sources, load_tables, no_progress, other_operations
from geoharm.pipeline.preregistration import preregistration_status
from geoharm.pipeline.robustness import add_robustness_checks, pool_primary_measure
from geoharm.queries.counts import dated_points, located_points, reduce_zones, whole_period, zone_counts
from geoharm.queries.panel import unit_panel
from geoharm.queries.save import save_effects
from geoharm.report.files import check_folder
from geoharm.report.write import PublishedFiles, publish_study
from geoharm.results import OperationResult, StudyResult

WHOLE = ("", "whole period")


@dataclass(frozen=True, slots=True)
class StudyRun:
    """What a run found and wrote.

    Attributes
    ----------
    result : StudyResult
        Full precision: not for publication.
    published : publish.PublishedFiles
    """

    result: StudyResult
    published: PublishedFiles

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what was published."""
        return self.published._repr_html_()


def map_hotspots(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = no_progress,
) -> tuple[HotspotResult, ...]:
    """Return where each measure concentrates, over the whole period, and before and after every operation."""
    found = []
    for number, measure in enumerate(study.measures, start=1):
        ledger = next(one for one in ledgers if one.source == measure.source)
        windows: dict[tuple[str, str], Window] = {WHOLE: whole_period(ledger.coverage, ledger.missing_months)}
        for one in designs:
            parts = map_steps(one, study.publish.steps, ledger.coverage, ledger.missing_months)
            steps = (one.before, one.after, *parts)
            windows |= {(one.operation.name, window.name): window for window in steps}
        views = {
            view: (located_points(engine, measure, window, weighed=True), window.years)
            for view, window in windows.items()
        }
        found.append(
            map_measure(
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
    return with_agreeing_sources(found, {source.name: source.kind for source in study.sources})


def find_changes(
    engine: DuckDBEngine,
    study: Study,
    designs: Sequence[Design],
    surfaces: Sequence[HotspotResult],
    progress: Progress = no_progress,
) -> tuple[ChangeResult, ...]:
    """Return where each measure changed between every operation's windows, and which of it chance explains.

    Reports of one place and day (or month, where the source knows no more) are one unit, if the study asks for no other.
    """
    found = []
    for one in designs:
        both = Window("before and after", (*one.before.periods, *one.after.periods))
        for number, (measure, bandwidth) in enumerate(_quartic_bandwidths(surfaces), start=1):
            events = dated_points(engine, measure, both)
            found.append(measure_change(measure, events, study=study, design=one, bandwidth=bandwidth))
            progress(f"change of {measure.name}", number, len(study.measures))
    return tuple(found)


def find_patterns(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = no_progress,
) -> tuple[PatternResult, ...]:
    """Return how each measure clusters, what emerged, how well its hotspots foretell, and whether its pattern shifted."""
    found = []
    for number, measure in enumerate(study.measures, start=1):
        ledger = next(one for one in ledgers if one.source == measure.source)
        events = dated_points(engine, measure)
        found.append(measure_patterns.find_patterns(measure, events, study=study, ledger=ledger, designs=designs))
        progress(f"patterns of {measure.name}", number, len(study.measures))
    for measure in study.harm.area_measures:
        tables = [area_counts(engine, measure.source, category) for category in measure.categories or ("all",)]
        found.append(find_area_clusters(measure, tables, study=study))
    return tuple(found)


def design_operations(
    study: Study, ledgers: Sequence[SourceLedger], engine: DuckDBEngine | None = None
) -> tuple[Design, ...]:
    """Return the zones and windows of every operation of a study; rings along streets where the study says so.

    Raises
    ------
    DesignError
        With the reason, if no valid comparison can be made.
    """
    found = []
    for one in study.operations:
        plan = build_design(one, study.area, other_operations(study, one), ledgers)
        if one.streets and engine is not None:
            plan = rings_along_streets(plan, source_streets(engine, one.streets))
        found.append(plan)
    return tuple(found)


def evaluate_operations(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = no_progress,
) -> tuple[OperationResult, ...]:
    """Return what changed around every operation, for every measure, the primary first."""
    ordered = sorted(study.measures, key=lambda one: one.name != study.primary)
    sources = sorted({measure.source for measure in ordered})
    results = []
    for number, one in enumerate(designs, start=1):
        reduce_zones(engine, one.operation.name, one.zones, sources)
        control = shapely.union_all([zone.geometry for zone in one.of_role(ZoneRole.CONTROL)])
        walked = shapely.union_all([zone.geometry for zone in one.of_role(ZoneRole.RING)])
        places = placebo_places(
            one.operation,
            study.area,
            control,
            other_operations(study, one.operation),
            rings=walked if one.operation.streets else None,
        )
        evaluated = [_evaluate_measure(engine, measure, one, places) for measure in ordered]
        measures = tuple(found for found, _ in evaluated)
        measures = add_robustness_checks(engine, study, ledgers, one, measures)
        balance = net_harm.assess_harm(engine, study, one, measures, [data for _, data in evaluated])
        results.append(OperationResult(one, measures, balance))
        progress(f"evaluating {one.operation.name}", number, len(designs))
    return net_harm.with_pooled_unintended_harm(results)


def run(study: Study, *, data: Path, out: Path, database: Path, progress: Progress = no_progress) -> StudyRun:
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
    check_study(study)
    check_folder(out)
    with open_engine(database, inputs=data) as engine:
        ledgers = load_sources(engine, study, data, progress)
        tables = load_tables(engine, study, data, progress)
        designs = design_operations(study, ledgers, engine)
        found = map_hotspots(engine, study, ledgers, designs, progress)
        changes = find_changes(engine, study, designs, found, progress)
        patterns = find_patterns(engine, study, ledgers, designs, progress)
        evaluated = evaluate_operations(engine, study, ledgers, designs, progress)
        result = StudyResult(
            study,
            ledgers,
            found,
            evaluated,
            tables,
            changes,
            patterns,
            pool_primary_measure(engine, study, evaluated),
            preregistration_status(study),
            evaluate_composites(engine, study, ledgers, evaluated),
        )
        effects = [
            (operation.design.operation.name, measure.measure.name, effect)
            for operation in evaluated
            for measure in operation.measures
            for effect in (*measure.effects, *measure.phases)
        ]
        save_effects(engine, effects, study_hash=study_hash(study), version=__version__, seed=study.seed)
    progress("writing pages", 0, 1)
    published = publish_study(protect(result), out)
    progress("writing pages", 1, 1)
    return StudyRun(result, published)


def study_hash(study: Study) -> str:
    """Return one fingerprint of the study file and every area file."""
    return hashlib.sha256(repr(sorted(study.inputs.items())).encode()).hexdigest()


def _quartic_bandwidths(surfaces: Sequence[HotspotResult]) -> list[tuple[Measure, float]]:
    """Return each measure with the bandwidth with which the quartic kernel of change maps smooths as its surfaces do."""
    found = []
    for one in surfaces:
        chosen, cell = one.bandwidth, next(iter(one.views.values())).grid.cell
        same = equivalent_bandwidth(chosen.value, kernel=chosen.kernel, to="quartic")
        found.append((one.measure, chosen.value if chosen.kernel == "quartic" else max(cell, same)))
    return found


def _evaluate_measure(
    engine: DuckDBEngine, measure: Measure, one: Design, places: PlaceboPlaces
) -> tuple[MeasureResult, PlaceboData]:
    counts = zone_counts(engine, one.operation.name, measure, one.zones)
    windows = placebo_windows(counts, one)
    panel = unit_panel(engine, measure, windows, cell=places.cell, origin=places.origin)
    data = placebo_data(places, panel, one)
    return evaluate_measure(measure, counts, one, data), data
