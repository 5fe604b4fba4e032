"""Analyse the collected data of a study: hotspots, comparisons, changes, patterns, and the evaluation of every operation."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.family import with_family_readings
from geoharm.evaluation.looks import with_look_readings
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.hotspots import measure_patterns
from geoharm.hotspots.change.measure import measure_change
from geoharm.hotspots.clusters.area_rates import find_area_clusters, rank_areas
from geoharm.hotspots.comparison import compare_windows
from geoharm.hotspots.density.kernels import equivalent_bandwidth
from geoharm.hotspots.measure_map import map_measure
from geoharm.hotspots.results.change import ChangeResult
from geoharm.hotspots.results.comparison import MeasureComparison
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.patterns import PatternResult
from geoharm.hotspots.source_agreement import with_agreeing_sources
from geoharm.model.design import Design
from geoharm.model.measure import Measure
from geoharm.model.table_ledger import TableLedger
from geoharm.model.window_pair import WindowPair
from geoharm.pipeline import net_harm
from geoharm.pipeline.area_changes import area_outcomes
from geoharm.pipeline.composite import evaluate_composites
from geoharm.pipeline.designs import WHOLE, comparison_pairs, map_windows
from geoharm.pipeline.placebo import placebo_around, places_around, rounding_rule
from geoharm.pipeline.preregistration import preregistration_status
from geoharm.pipeline.progress import Progress, each_reported, no_progress
from geoharm.pipeline.renamed_categories import add_name_checks
from geoharm.pipeline.robustness import add_robustness_checks, pool_primary_measure
from geoharm.pipeline.study_data import MeasureData, StudyData
from geoharm.results import NOT_PREREGISTERED, OperationResult, StudyResult

# Each map of change costs seconds and megabytes; nobody reads more of them than this.
MOST_CHANGE_MAPS = 12
# Parts of an evaluation that are reported as it goes.
_EVALUATION_PARTS = 4
_MANY_OPERATIONS = f"A study of more than {MOST_CHANGE_MAPS} operations maps no change around each of them."


def analyse(data: StudyData, tables: Sequence[TableLedger], progress: Progress = no_progress) -> StudyResult:
    """Return all results of a study at full precision.

    Parameters
    ----------
    data : StudyData
    tables : sequence of TableLedger
        Of the sources that hold no events.
    progress : callable
        Called with a step's name, the part done and the whole.
    """
    hotspots = map_hotspots(data, progress)
    changes = find_changes(data, hotspots, progress)
    patterns = find_patterns(data, progress)
    evaluated = evaluate_operations(data, progress)
    return StudyResult(
        data.study,
        data.ledgers,
        hotspots,
        evaluated,
        tuple(tables),
        changes,
        patterns,
        pool_primary_measure(evaluated),
        preregistration_status(data.study) if data.study.operations else NOT_PREREGISTERED,
        evaluate_composites(data, evaluated),
        compare_measures(data),
        area_rankings=tuple(
            rank_areas(measure, data.area_tables[measure.name], study=data.study)
            for measure in data.study.harm.area_measures
        ),
        area_outcomes=area_outcomes(data.study, data.area_windows, data.area_tables),
    )


def map_hotspots(data: StudyData, progress: Progress = no_progress) -> tuple[HotspotResult, ...]:
    """Return the hotspots of each measure: over the whole period, and in the windows of operations and comparisons.

    Parameters
    ----------
    data : StudyData
    progress : callable
        Called with a step's name, the part done and the whole.
    """
    study, maps = data.study, []
    for collected in each_reported(data.measures, "density of {0.measure.name}".format, progress):
        measure, ledger = collected.measure, collected.ledger
        windows = map_windows(study, data.designs, ledger)
        if measure.is_undated:
            # Places without dates: their density is per km2, which is that of one year.
            views = {WHOLE: (collected.mapped_points(windows[WHOLE]), 1.0)}
        else:
            views = {view: (collected.mapped_points(window), window.years) for view, window in windows.items()}
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
    return with_agreeing_sources(maps, {source.name: source.kind for source in study.sources})


def find_changes(
    data: StudyData, surfaces: Sequence[HotspotResult], progress: Progress = no_progress
) -> tuple[ChangeResult, ...]:
    """Return where each measure changed between the windows of operations and comparisons, told apart from chance variation.

    Reports of one place and day are one unit, unless the study sets another (by month, where the source has no days).
    In a study of more than `MOST_CHANGE_MAPS` operations there are no surfaces around them: each would be of the whole city, and tested by
    permutations.

    Parameters
    ----------
    data : StudyData
    surfaces : sequence of HotspotResult
        Their bandwidths are used.
    progress : callable
        Called with a step's name, the part done and the whole.
    """
    bandwidths = _quartic_bandwidths(surfaces)
    pairs_of = {collected.measure.name: comparison_pairs(data.study, collected.ledger) for collected in data.measures}
    changes: list[ChangeResult] = []
    for design in data.designs:
        if len(data.designs) > MOST_CHANGE_MAPS:
            changes += [
                ChangeResult(collected.measure, design.operation.name, (), _MANY_OPERATIONS)
                for collected in data.measures
            ]
            continue
        for measure, bandwidth in each_reported(bandwidths, "change of {0[0].name}".format, progress):
            changes.append(_change(data.measure(measure.name), design.windows, data, bandwidth))
    for comparison in data.study.comparisons:
        for measure, bandwidth in each_reported(bandwidths, "change of {0[0].name}".format, progress):
            pairs = [pair for pair in pairs_of[measure.name] if pair.name == comparison.name]
            changes += [_change(data.measure(measure.name), pair, data, bandwidth) for pair in pairs]
    return tuple(changes)


def compare_measures(data: StudyData) -> tuple[MeasureComparison, ...]:
    """Return the events of each measure in the windows of every comparison, the primary measure first."""
    ordered = sorted(data.measures, key=lambda collected: collected.measure.name != data.study.primary)
    return tuple(
        compare_windows(collected.measure, collected.points, comparison, ledger=collected.ledger)
        for comparison in data.study.comparisons
        for collected in ordered
    )


def _change(collected: MeasureData, windows: WindowPair, data: StudyData, bandwidth: float) -> ChangeResult:
    events = collected.points.during(windows.both)
    return measure_change(collected.measure, events, study=data.study, windows=windows, bandwidth=bandwidth)


def find_patterns(data: StudyData, progress: Progress = no_progress) -> tuple[PatternResult, ...]:
    """Return clusters, emerging hotspots, predictive accuracy and pattern similarity of each measure.

    Parameters
    ----------
    data : StudyData
    progress : callable
        Called with a step's name, the part done and the whole.
    """
    patterns = []
    dated = [collected for collected in data.measures if not collected.measure.is_undated]
    for collected in each_reported(dated, "patterns of {0.measure.name}".format, progress):
        patterns.append(
            measure_patterns.find_patterns(
                collected.measure,
                collected.points,
                study=data.study,
                ledger=collected.ledger,
                compared=[
                    *(design.windows for design in data.designs),
                    *comparison_pairs(data.study, collected.ledger),
                ],
            )
        )
    for measure in data.study.harm.area_measures:
        patterns.append(find_area_clusters(measure, data.area_tables[measure.name], study=data.study))
    return tuple(patterns)


def evaluate_operations(
    data: StudyData, progress: Progress = no_progress
) -> tuple[OperationResult[MeasureResult], ...]:
    """Return the evaluation of every operation for every measure, the primary measure first.

    Parameters
    ----------
    data : StudyData
    progress : callable
        Called with a step's name, the part done and the whole.
    """
    results = []
    for design in data.designs:
        step = f"evaluating {design.operation.name}"
        measures, placebos = evaluate_measures(data, design, progress)
        progress(f"{step}: adding up harm", 3, _EVALUATION_PARTS)
        results.append(OperationResult(design, measures, net_harm.assess_harm(data, design, measures, placebos)))
        progress(step, _EVALUATION_PARTS, _EVALUATION_PARTS)
    return net_harm.with_pooled_unintended_harm(results)


def evaluate_measures(
    data: StudyData, design: Design, progress: Progress = no_progress
) -> tuple[tuple[MeasureResult, ...], tuple[PlaceboData, ...]]:
    """Return the results of every measure around one operation with their final readings, the primary measure first.

    Parameters
    ----------
    data : StudyData
    design : Design
        One of the data's.
    progress : callable
        Called with a step's name, the part done and the whole.

    Returns
    -------
    measures : tuple of MeasureResult
    placebos : tuple of PlaceboData
        Their counts at the design's placebo places.
    """
    step = f"evaluating {design.operation.name}"
    ordered = sorted(data.measures, key=lambda collected: collected.measure.name != data.study.primary)
    progress(f"{step}: counting at places like it", 0, _EVALUATION_PARTS)
    places, rule = places_around(data.study, design), rounding_rule(data.study)
    placebos = tuple(placebo_around(collected, design, places, rule=rule) for collected in ordered)
    progress(f"{step}: comparing with them", 1, _EVALUATION_PARTS)
    measures = tuple(
        evaluate_measure(
            collected.measure,
            collected.zone_counts[design.operation.name],
            design,
            placebo,
            own_place=collected.own_place_counts.get(design.operation.name),
        )
        for collected, placebo in zip(ordered, placebos, strict=True)
    )
    progress(f"{step}: asking other methods", 2, _EVALUATION_PARTS)
    checked = add_robustness_checks(data, design, measures, placebos)
    checked = add_name_checks(data, design, checked, places)
    read = with_look_readings(
        with_family_readings(checked, primary=data.study.primary),
        looks=design.operation.looks,
        whole=[phase.name for phase in design.phases if phase.periods == design.after.periods],
    )
    return tuple(read), placebos


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
