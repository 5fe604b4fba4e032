"""The part of ``run.json`` on clusters, emerging hotspots, predictive accuracy and pattern shift."""

from __future__ import annotations

from typing import Any

from geoharm.disclosure.released import ReleasedPatterns
from geoharm.hotspots.results.accuracy import HotspotScore
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.model.study import Study
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.patterns import cluster_method, emerging_method
from geoharm.report.wording.withheld import sentence_text


def settings_record(study: Study) -> dict[str, Any]:
    """Return the study's settings for emerging hotspots and for tests of change."""
    emerging, change = study.emerging, study.change
    return {
        "emerging": {
            "cell_m": emerging.cell,
            "band_m": emerging.band,
            "months": emerging.months,
            "earlier": emerging.earlier,
            "compare": emerging.compare,
        },
        "change": {
            "permutations": change.permutations,
            "level": change.level,
            "correction": change.correction.value,
            "block_m": change.block_metres,
            "block_days": change.block_days,
            "adaptive": change.adaptive,
            "square_m": change.square,
        },
    }


def pattern_record(patterns: ReleasedPatterns) -> dict[str, Any]:
    """Return the patterns of one measure as plain values; undefined numbers are None."""
    return {
        "measure": patterns.measure.name,
        "why_not": {part: sentence_text(reason) for part, reason in sorted(patterns.why_not.items())},
        "clusters": patterns.clusters
        and {
            "neighbours": patterns.clusters.neighbours,
            "how": cluster_method(patterns.clusters),
            "km2": {name: to_record(area_km2) for name, area_km2 in patterns.clusters.km2.items()},
            "overall": [{"statistic": name, "value": to_record(value), "p": to_record(p)} for name, value, p in patterns.clusters.global_tests],
        },
        "emerging": patterns.emerging
        and {
            "how": emerging_method(patterns.emerging),
            "steps": patterns.emerging.steps,
            "missing_steps": patterns.emerging.missing,
            "km2": {EmergingPattern(pattern).label: to_record(area_km2) for pattern, area_km2, _ in patterns.emerging.patterns},
        },
        "accuracy": patterns.predictive_accuracy
        and {
            "earlier": [{"start": str(period.start), "end": str(period.end)} for period in patterns.predictive_accuracy.earlier.periods],
            "later": [{"start": str(period.start), "end": str(period.end)} for period in patterns.predictive_accuracy.later.periods],
            "bandwidth_m": to_record(patterns.predictive_accuracy.bandwidth),
            "scores": [_score_record(score) for score in patterns.predictive_accuracy.accuracy.scores],
            "blind_pai_sd": to_record(patterns.predictive_accuracy.accuracy.random_deviation),
        },
        "shift": {
            operation: {
                "units": shift.units,
                "count": shift.count,
                "with_events": shift.held,
                "larger_share": shift.more,
                "smaller_share": shift.fewer,
                "s": to_record(shift.similarity),
                "s_robust": to_record(shift.robust),
            }
            for operation, shift in patterns.similarity.items()
        },
    }  # fmt: skip


def _score_record(score: HotspotScore) -> dict[str, Any]:
    return {
        "chosen": score.name,
        "cells": score.cells,
        "area_share": to_record(score.area_share),
        "hit_rate": to_record(score.hit_rate),
        "pai": to_record(score.pai),
        "pei": to_record(score.pei),
        "rri_levine": to_record(score.recapture_rate_index),
        "recaptured_cells": to_record(score.share_of_cells_with_later_events),
        "note": score.note,
    }
