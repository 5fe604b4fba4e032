"""``run.json``: everything needed to repeat a run and to check that its results are the same.

It holds no date of the run and no paths.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import Any

from geoharm._text import visible_text
from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedHotspots, ReleasedOperation
from geoharm.model.effect import PlaceboCheck
from geoharm.model.suppressed import Count, Suppressed
from geoharm.report.exports.run_json_composite import composite_record
from geoharm.report.exports.run_json_patterns import pattern_record, settings_record
from geoharm.report.exports.run_json_robustness import forests_record, preregistration_record, robustness_record
from geoharm.report.exports.run_json_values import harm_record
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import note_text, rule_text

_LIBRARIES = ("duckdb", "folium", "geopandas", "numpy", "pyproj", "rasterio", "scipy", "shapely", "xstatic-leaflet")


def run_record(release: Release, verdicts: list[tuple[ReleasedOperation, Verdict]]) -> str:
    """Return ``run.json`` as text with sorted keys; undefined numbers are null and have a note."""
    study = release.study
    record = {
        "geoharm": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "study": {
            "name": study.name,
            "crs": study.area.crs,
            "period": {"start": str(study.period.start), "end": str(study.period.end)},
            "primary": study.primary,
            "seed": study.seed,
            "hotspots": {
                "cell_m": study.hotspots.cell, "bandwidth": study.hotspots.bandwidth, "share": study.hotspots.share,
                "kernel": study.hotspots.kernel, "edge": study.hotspots.edge,
            },
            **settings_record(study),
        },
        "release": study.publish.release,
        "disclosure": rule_text(release),
        "inputs": dict(study.inputs),
        "sources": [
            {
                "name": source.source,
                "format": source.format_name,
                "coverage": {"start": str(source.coverage.start), "end": str(source.coverage.end)},
                "missing_months": [str(month)[:7] for month in source.missing_months],
                "default_geocodes": [
                    {"rows": geocode.events, "share": round(geocode.share, 6), "addresses": geocode.addresses, "found_by": geocode.reason}
                    for geocode in source.default_geocodes
                ],
                "notes": [note.record() for note in source.notes],
                "files": [{"file": row.file, "sha256": row.sha256, **row.row_counts()} for row in source.files],
            }
            for source in release.ledgers
        ]
        + [
            {
                "name": table.source,
                "kind": table.kind,
                "format": table.format_name,
                "coverage": {"start": str(table.coverage.start), "end": str(table.coverage.end)} if table.coverage else None,
                "notes": [note.record() for note in table.notes],
                "files": [{"file": row.file, "sha256": row.sha256, **row.row_counts()} for row in table.files],
            }
            for table in release.tables
        ],
        "tiles": None
        if study.publish.tiles is None
        else {
            "provider": study.publish.tiles.name,
            "hosts": list(study.publish.tiles.hosts),
            "terms": study.publish.tiles.terms,
            "note": "the map loads pictures from these hosts and so tells them its readers' addresses",
        },
        "surfaces": [_surface_record(measure_hotspots) for measure_hotspots in release.hotspots],
        "patterns": [pattern_record(measure_patterns) for measure_patterns in release.patterns],
        "operations": [_operation_record(operation, verdict) for operation, verdict in verdicts],
        "pooled": forests_record(release.forests),
        "questions": composite_record(release.composites),
        "plan": preregistration_record(release.preregistration),
    }  # fmt: skip
    return visible_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)) + "\n"


def _surface_record(measure_hotspots: ReleasedHotspots) -> dict[str, Any]:
    return {
        "measure": measure_hotspots.measure.name,
        "unit": f"{measure_hotspots.measure.density_unit} per km2 per year",
        "kernel": measure_hotspots.kernel,
        "edge": measure_hotspots.edge,
        "bandwidth_m": to_record(measure_hotspots.bandwidth.value),
        "bandwidth_rule": measure_hotspots.bandwidth.rule,
        "bandwidth_reference": measure_hotspots.bandwidth.reference,
        "bandwidth_note": measure_hotspots.bandwidth.note,
        "concentration": {
            "cells": measure_hotspots.concentration.places,
            "cells_that_hold": {f"{share:g}": cells for share, cells in measure_hotspots.concentration.places_needed},
            "gini": to_record(measure_hotspots.concentration.gini),
            "gini_adjusted": to_record(measure_hotspots.concentration.adjusted_gini),
            "note": note_text(measure_hotspots.concentration.note),
        },
        "variants": [
            {"bandwidth_m": to_record(variant.bandwidth), "hotspots": variant.hotspots, "kept": to_record(variant.kept)}
            for variant in measure_hotspots.variants
        ],
        "hotspots": [
            {
                "rank": hotspot.rank,
                "events": hotspot.events,
                "share": to_record(hotspot.share),
                "area_km2": to_record(hotspot.area_km2),
                "density": to_record(hotspot.density),
                "stability": to_record(hotspot.stability),
                "shown_by": list(hotspot.source_kinds),
            }
            for hotspot in measure_hotspots.hotspots
        ],
    }


def _operation_record(operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    design = operation.design
    return {
        "name": design.operation.name,
        "placebo": design.operation.placebo,
        "verdict": {"state": verdict.state.value, "headline": verdict.headline, "sentence": verdict.sentence},
        "notices": list(verdict.notices),
        "windows": {
            window.name: [{"start": str(period.start), "end": str(period.end)} for period in window.periods]
            for window in (design.before, design.after, *design.phases)
        },
        "harm": harm_record(operation.harm),
        "measures": [
            {
                "name": measure.measure.name,
                "role": measure.measure.role.value,
                "unit": measure.measure.unit,
                "effects": [_effect_record(effect) for effect in measure.effects],
                "phases": [_effect_record(effect) for effect in measure.phases],
                "bounds": [_effect_record(effect) for effect in measure.bounds],
                **robustness_record(measure.robustness),
            }
            for measure in operation.measures
        ],
    }


def _effect_record(effect: ReleasedEffect) -> dict[str, Any]:
    return {
        "zone": effect.zone,
        "window": effect.window,
        "before": _count_value(effect.before),
        "after": _count_value(effect.after),
        "control_before": _count_value(effect.control_before),
        "control_after": _count_value(effect.control_after),
        "expected": to_record(effect.expected),
        "change": to_record(effect.change),
        "change_interval": [to_record(effect.interval.low), to_record(effect.interval.high)],
        "interval_from": "places without an operation" if effect.ratio.calibrated else "noise of counting only",
        "counting_interval": [to_record(effect.counting.low), to_record(effect.counting.high)],
        "placebo_places": _placebo_record(effect.placebo),
        "log_rate_ratio": to_record(effect.ratio.value),
        "log_rate_ratio_se": to_record(effect.ratio.standard_error),
        "wdd": to_record(effect.difference.value),
        "wdd_se": to_record(effect.difference.standard_error),
        "detectable_fall": to_record(effect.detectable_fall),
        "dispersion": to_record(effect.dispersion),
        "note": note_text(effect.note),
    }


def _placebo_record(check: PlaceboCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "months": check.months,
        "fitting": check.candidates,
        "pool": check.pool,
        "independent": to_record(check.effective_places),
        "as_busy": check.at_least_as_busy,
        "forecast": to_record(check.expected),
        "phi": to_record(check.phi),
        "tau": to_record(check.tau),
    }


def _count_value(value: Count) -> int | str:
    return str(value) if isinstance(value, Suppressed) else value
