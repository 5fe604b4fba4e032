"""Measures that count one of two names of a category are read again with both counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from geoharm._text import fold_category
from geoharm.evaluation.diagnostics.category_names import category_names_diagnostic
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.places import PlaceboPlaces
from geoharm.evaluation.reading import with_diagnostics
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.design import Design
from geoharm.model.measure import Measure
from geoharm.model.renamed_category import RenamedCategory
from geoharm.pipeline.placebo import placebo_around, rounding_rule
from geoharm.pipeline.study_data import StudyData


def with_both_names(measure: Measure, pairs: Sequence[RenamedCategory]) -> Measure:
    """Return a measure that also counts the other name of each pair."""
    counted = set(map(fold_category, measure.categories))
    names = dict.fromkeys(name for pair in pairs for name in (pair.old, pair.new))
    return replace(
        measure, categories=(*measure.categories, *(name for name in names if fold_category(name) not in counted))
    )


def half_counted(measure: Measure, pairs: Sequence[RenamedCategory]) -> tuple[RenamedCategory, ...]:
    """Return the pairs of names of which a measure counts exactly one; none if it counts every category."""
    counted = set(map(fold_category, measure.categories))
    return tuple(pair for pair in pairs if sum(fold_category(name) in counted for name in (pair.old, pair.new)) == 1)


def add_name_checks(
    data: StudyData, design: Design, measures: Sequence[MeasureResult], places: PlaceboPlaces
) -> tuple[MeasureResult, ...]:
    """Return the measures of one operation with the diagnostic of categories under two names, where there are any."""
    return tuple(_checked(data, design, result, places) for result in measures)


def _checked(data: StudyData, design: Design, result: MeasureResult, places: PlaceboPlaces) -> MeasureResult:
    collected = data.measure(result.measure.name)
    if collected.widened is None:
        return result
    both = collected.widened.data
    placebo = placebo_around(both, design, places, rule=rounding_rule(data.study))
    widened = evaluate_measure(both.measure, both.zone_counts[design.operation.name], design, placebo)
    diagnostic = category_names_diagnostic(result, widened, collected.widened.pairs)
    ordered = sorted((*result.diagnostics, diagnostic), key=lambda one: -one.severity)
    return with_diagnostics(result, tuple(ordered))
