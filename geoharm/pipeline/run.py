"""Run a study: load files, map hotspots, evaluate operations, protect the results and write pages."""

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
    """The results of a run and the files it wrote.

    Attributes
    ----------
    result : StudyResult
        Full precision: not for publication.
    published : PublishedFiles
    """

    result: StudyResult
    published: PublishedFiles

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows: the published files."""
        return self.published._repr_html_()


def map_hotspots(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = no_progress,
) -> tuple[HotspotResult, ...]:
    """Return the hotspots of each measure: over the whole period, and before and after every operation.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events.
    study : Study
    ledgers : sequence of SourceLedger
    designs : sequence of Design
    progress : callable
        Called with a step's name, the steps done and the steps in all.
    """
    maps = []
    for number, measure in enumerate(study.measures, start=1):
        ledger = next(candidate for candidate in ledgers if candidate.source == measure.source)
        windows: dict[tuple[str, str], Window] = {WHOLE: whole_period(ledger.coverage, ledger.missing_months)}
        for design in designs:
            map_windows = map_steps(design, study.publish.steps, ledger.coverage, ledger.missing_months)
            steps = (design.before, design.after, *map_windows)
            windows |= {(design.operation.name, window.name): window for window in steps}
        views = {
            view: (located_points(engine, measure, window, weighted=True), window.years)
            for view, window in windows.items()
        }
        maps.append(
            map_measure(
                measure,
                views,
                WHOLE,
                area=study.area,
                settings=study.hotspots,
                location_error=ledger.location_error,
                seed=study.seed,
                bound_weights=bool(measure.weight) and study.publish.release == "public",
            )
        )
        progress(f"density of {measure.name}", number, len(study.measures))
    return with_agreeing_sources(maps, {source.name: source.kind for source in study.sources})


def find_changes(
    engine: DuckDBEngine,
    study: Study,
    designs: Sequence[Design],
    surfaces: Sequence[HotspotResult],
    progress: Progress = no_progress,
) -> tuple[ChangeResult, ...]:
    """Return where each measure changed between every operation's windows, told apart from chance variation.

    Reports of one place and day are one unit, unless the study sets another (by month, where the source has no days).

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events.
    study : Study
    designs : sequence of Design
    surfaces : sequence of HotspotResult
        Their bandwidths are used.
    progress : callable
        Called with a step's name, the steps done and the steps in all.
    """
    changes = []
    for design in designs:
        before_and_after = Window("before and after", (*design.before.periods, *design.after.periods))
        for number, (measure, bandwidth) in enumerate(_quartic_bandwidths(surfaces), start=1):
            events = dated_points(engine, measure, before_and_after)
            changes.append(measure_change(measure, events, study=study, design=design, bandwidth=bandwidth))
            progress(f"change of {measure.name}", number, len(study.measures))
    return tuple(changes)


def find_patterns(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = no_progress,
) -> tuple[PatternResult, ...]:
    """Return clusters, emerging hotspots, predictive accuracy and pattern similarity of each measure.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events and area tables.
    study : Study
    ledgers : sequence of SourceLedger
    designs : sequence of Design
    progress : callable
        Called with a step's name, the steps done and the steps in all.
    """
    patterns = []
    for number, measure in enumerate(study.measures, start=1):
        ledger = next(candidate for candidate in ledgers if candidate.source == measure.source)
        events = dated_points(engine, measure)
        patterns.append(measure_patterns.find_patterns(measure, events, study=study, ledger=ledger, designs=designs))
        progress(f"patterns of {measure.name}", number, len(study.measures))
    for measure in study.harm.area_measures:
        tables = [area_counts(engine, measure.source, category) for category in measure.categories or ("all",)]
        patterns.append(find_area_clusters(measure, tables, study=study))
    return tuple(patterns)


def design_operations(
    study: Study, ledgers: Sequence[SourceLedger], engine: DuckDBEngine | None = None
) -> tuple[Design, ...]:
    """Return the design (zones and windows) of every operation of a study.

    Rings lie along streets where the study says so and an engine is given.

    Raises
    ------
    DesignError
        With the reason, if no valid comparison can be made.
    """
    designs = []
    for operation in study.operations:
        design = build_design(operation, study.area, other_operations(study, operation), ledgers)
        if operation.streets and engine is not None:
            design = rings_along_streets(design, source_streets(engine, operation.streets))
        designs.append(design)
    return tuple(designs)


def evaluate_operations(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    designs: Sequence[Design],
    progress: Progress = no_progress,
) -> tuple[OperationResult[MeasureResult], ...]:
    """Return the evaluation of every operation for every measure, the primary measure first.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events and tables.
    study : Study
    ledgers : sequence of SourceLedger
    designs : sequence of Design
    progress : callable
        Called with a step's name, the operations done and the operations in all.
    """
    ordered = sorted(study.measures, key=lambda measure: measure.name != study.primary)
    sources = sorted({measure.source for measure in ordered})
    results = []
    for number, design in enumerate(designs, start=1):
        reduce_zones(engine, design.operation.name, design.zones, sources)
        control = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.CONTROL)])
        rings = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.RING)])
        places = placebo_places(
            design.operation,
            study.area,
            control,
            other_operations(study, design.operation),
            rings=rings if design.operation.streets else None,
        )
        evaluated = [_evaluate_measure(engine, measure, design, places) for measure in ordered]
        measures = tuple(result for result, _ in evaluated)
        measures = add_robustness_checks(engine, study, ledgers, design, measures)
        assessment = net_harm.assess_harm(engine, study, design, measures, [placebo for _, placebo in evaluated])
        results.append(OperationResult(design, measures, assessment))
        progress(f"evaluating {design.operation.name}", number, len(designs))
    return net_harm.with_pooled_unintended_harm(results)


def run(study: Study, *, data: Path, out: Path, database: Path, progress: Progress = no_progress) -> StudyRun:
    """Run a whole study: read the files, find hotspots, evaluate every operation, and write the pages.

    Parameters
    ----------
    study : Study
    data : Path
        Folder of the study's files.
    out : Path
        Folder for the pages.
    database : Path
        Kept between runs, so that unchanged files are not read again; may be deleted at any time.
    progress : callable
        Called with a step's name, the part done and the whole.

    Raises
    ------
    StudyError, DataError, DesignError, PublishError
        With one sentence for each mistake.
    """
    check_study(study)
    check_folder(out)
    with open_engine(database, inputs=data) as engine:
        ledgers = load_sources(engine, study, data, progress)
        tables = load_tables(engine, study, data, progress)
        designs = design_operations(study, ledgers, engine)
        hotspots = map_hotspots(engine, study, ledgers, designs, progress)
        changes = find_changes(engine, study, designs, hotspots, progress)
        patterns = find_patterns(engine, study, ledgers, designs, progress)
        evaluated = evaluate_operations(engine, study, ledgers, designs, progress)
        result = StudyResult(
            study,
            ledgers,
            hotspots,
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
    """Return one SHA-256 of the study file and every area file."""
    return hashlib.sha256(repr(sorted(study.inputs.items())).encode()).hexdigest()


def _quartic_bandwidths(surfaces: Sequence[HotspotResult]) -> list[tuple[Measure, float]]:
    """Return each measure with the quartic kernel's bandwidth that smooths as much as its surface's kernel does."""
    bandwidths = []
    for surface in surfaces:
        bandwidth, cell = surface.bandwidth, next(iter(surface.views.values())).grid.cell
        equivalent = equivalent_bandwidth(bandwidth.value, kernel=bandwidth.kernel, to_kernel="quartic")
        bandwidths.append(
            (surface.measure, bandwidth.value if bandwidth.kernel == "quartic" else max(cell, equivalent))
        )
    return bandwidths


def _evaluate_measure(
    engine: DuckDBEngine, measure: Measure, design: Design, places: PlaceboPlaces
) -> tuple[MeasureResult, PlaceboData]:
    counts = zone_counts(engine, design.operation.name, measure, design.zones)
    windows = placebo_windows(counts, design)
    panel = unit_panel(engine, measure, windows, cell=places.cell, origin=places.origin)
    placebo = placebo_data(places, panel, design)
    return evaluate_measure(measure, counts, design, placebo), placebo
