"""``run.json``: everything needed to run it again and to see that it came out the same; no dates of running, no paths."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import Any

from geoharm._text import visible_text
from geoharm._version import __version__
from geoharm.disclosure.released import Count, Release, ReleasedEffect, ReleasedHotspots, ReleasedOperation, Suppressed
from geoharm.model.effect import PlaceboCheck
from geoharm.report.exports.run_json_composite import composite_record
from geoharm.report.exports.run_json_patterns import pattern_record, settings_record
from geoharm.report.exports.run_json_robustness import forests_record, preregistration_record, robustness_record
from geoharm.report.exports.run_json_values import harm_record
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.verdict import Verdict

_LIBRARIES = ("duckdb", "folium", "geopandas", "numpy", "pyproj", "rasterio", "scipy", "shapely", "xstatic-leaflet")


def run_record(release: Release, verdicts: list[tuple[ReleasedOperation, Verdict]]) -> str:
    """Return the record as JSON text, keys sorted, undefined numbers as null beside their note."""
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
        "disclosure": release.rule,
        "inputs": dict(study.inputs),
        "sources": [
            {
                "name": source.source,
                "format": source.format_name,
                "coverage": {"start": str(source.coverage.start), "end": str(source.coverage.end)},
                "missing_months": [str(month)[:7] for month in source.missing_months],
                "default_geocodes": [
                    {"rows": code.events, "share": round(code.share, 6), "addresses": code.addresses, "found_by": code.reason}
                    for code in source.default_geocodes
                ],
                "notes": [note.named() for note in source.notes],
                "files": [{"file": row.file, "sha256": row.sha256, **row.balance()} for row in source.files],
            }
            for source in release.ledgers
        ]
        + [
            {
                "name": table.source,
                "kind": table.kind,
                "format": table.format_name,
                "coverage": {"start": str(table.coverage.start), "end": str(table.coverage.end)} if table.coverage else None,
                "notes": [note.named() for note in table.notes],
                "files": [{"file": row.file, "sha256": row.sha256, **row.balance()} for row in table.files],
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
        "surfaces": [_surface(one) for one in release.hotspots],
        "patterns": [pattern_record(one) for one in release.patterns],
        "operations": [_operation(operation, verdict) for operation, verdict in verdicts],
        "pooled": forests_record(release.forests),
        "questions": composite_record(release.composites),
        "plan": preregistration_record(release.preregistration),
    }  # fmt: skip
    return visible_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)) + "\n"


def _surface(one: ReleasedHotspots) -> dict[str, Any]:
    return {
        "measure": one.measure.name,
        "unit": f"{one.measure.density_unit} per km2 per year",
        "kernel": one.kernel,
        "edge": one.edge,
        "bandwidth_m": to_record(one.bandwidth.value),
        "bandwidth_rule": one.bandwidth.rule,
        "bandwidth_reference": one.bandwidth.reference,
        "bandwidth_note": one.bandwidth.note,
        "concentration": {
            "cells": one.concentration.places,
            "cells_that_hold": {f"{share:g}": cells for share, cells in one.concentration.needed},
            "gini": to_record(one.concentration.gini),
            "gini_adjusted": to_record(one.concentration.adjusted_gini),
            "note": one.concentration.note,
        },
        "variants": [
            {"bandwidth_m": to_record(v.bandwidth), "hotspots": v.hotspots, "kept": to_record(v.kept)}
            for v in one.variants
        ],
        "hotspots": [
            {
                "rank": spot.rank,
                "events": spot.events,
                "share": to_record(spot.share),
                "area_km2": to_record(spot.area_km2),
                "density": to_record(spot.density),
                "stability": to_record(spot.stability),
                "shown_by": list(spot.shown_by),
            }
            for spot in one.hotspots
        ],
    }


def _operation(operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    design = operation.design
    return {
        "name": design.operation.name,
        "placebo": design.operation.placebo,
        "verdict": {"state": verdict.state.value, "headline": verdict.headline, "sentence": verdict.sentence},
        "notices": list(verdict.notices),
        "windows": {
            window.name: [{"start": str(p.start), "end": str(p.end)} for p in window.periods]
            for window in (design.before, design.after, *design.phases)
        },
        "harm": harm_record(operation.harm),
        "measures": [
            {
                "name": one.measure.name,
                "role": one.measure.role.value,
                "unit": one.measure.unit,
                "effects": [_effect(effect) for effect in one.effects],
                "phases": [_effect(effect) for effect in one.phases],
                "bounds": [_effect(effect) for effect in one.bounds],
                **robustness_record(one.robustness),
            }
            for one in operation.measures
        ],
    }


def _effect(effect: ReleasedEffect) -> dict[str, Any]:
    return {
        "zone": effect.zone,
        "window": effect.window,
        "before": _count(effect.before),
        "after": _count(effect.after),
        "control_before": _count(effect.control_before),
        "control_after": _count(effect.control_after),
        "expected": to_record(effect.expected),
        "change": to_record(effect.change),
        "change_interval": [to_record(effect.interval.low), to_record(effect.interval.high)],
        "interval_from": "places without an operation" if effect.ratio.calibrated else "noise of counting only",
        "counting_interval": [to_record(effect.counting.low), to_record(effect.counting.high)],
        "placebo_places": _placebo(effect.placebo),
        "log_rate_ratio": to_record(effect.ratio.value),
        "log_rate_ratio_se": to_record(effect.ratio.standard_error),
        "wdd": to_record(effect.difference.value),
        "wdd_se": to_record(effect.difference.standard_error),
        "detectable_fall": to_record(effect.detectable_fall),
        "dispersion": to_record(effect.dispersion),
        "note": effect.note,
    }


def _placebo(check: PlaceboCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "months": check.months,
        "fitting": check.fitting,
        "pool": check.pool,
        "independent": to_record(check.independent),
        "as_busy": check.busy,
        "forecast": to_record(check.expected),
        "phi": to_record(check.phi),
        "tau": to_record(check.tau),
    }


def _count(value: Count) -> int | str:
    return str(value) if isinstance(value, Suppressed) else value
