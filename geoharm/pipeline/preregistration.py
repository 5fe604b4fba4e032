"""Preregistration: a study's plan is written to a lock file beside the study file before outcomes are loaded.

The lock holds the plan itself, so that a later change can be named. The plan does not include how results are published
(`[publish]`) or how hotspots are drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm._version import __version__
from geoharm.errors import StudyError
from geoharm.ingest.formats.input_format import read_format
from geoharm.model.area_counts import Areas
from geoharm.model.measure import Measure
from geoharm.model.period import Period
from geoharm.model.study import Operation, Source, Study
from geoharm.results import PreregistrationStatus
from geoharm.study.value_profiles.profiles import profile_text

_LOCK_SUFFIX = ".plan.json"


def plan_contents(study: Study) -> dict[str, Any]:
    """Return everything in a study that its results depend on, as plain values with stable keys.

    A study without composite outcomes has no entry for them, so a lock from an older version stays valid. Areas are
    identified by the SHA-256 of their shape to the centimetre, formats by that of their rules.
    """
    plan: dict[str, Any] = {
        "study": {
            "area": _shape_hash(study.area.boundary),
            "crs": study.area.crs,
            "period": _period_text(study.period),
            "seed": study.seed,
            "primary": study.primary,
        },
        "sources": {source.name: _source_entry(source, study.folder) for source in study.sources},
        "measures": {measure.name: _measure_entry(measure) for measure in study.measures},
        "operations": {operation.name: _operation_entry(operation) for operation in study.operations},
        "values": _values_entry(study),
    }
    if study.composites:
        plan["questions"] = {
            outcome.name: {
                "measures": list(outcome.measures),
                "zones": list(outcome.zones),
                "windows": list(outcome.windows),
            }
            for outcome in study.composites
        }
    return plan


def plan_digest(plan: dict[str, Any]) -> str:
    """Return the SHA-256 of a plan."""
    text = json.dumps(plan, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def lock_path(study: Study) -> Path:
    """Return the path of a study's lock: beside the study file."""
    return study.folder / f"{study.slug}{_LOCK_SUFFIX}"


def write_lock(study: Study, *, outcomes_loaded: bool, day: date, again: bool = False) -> PreregistrationStatus:
    """Write the lock and return the preregistration status.

    Parameters
    ----------
    study : Study
    outcomes_loaded : bool
        Whether the database holds events from an operation's first day on.
    day : date
        Today.
    again : bool
        Whether an existing lock may be replaced; the new lock names the old one's SHA-256.

    Raises
    ------
    StudyError
        If there is a lock already.
    """
    path = lock_path(study)
    replaced = ""
    if path.is_file():
        if not again:
            raise StudyError(
                [
                    f'The plan of "{study.name}" is locked already ({path.name}); a plan is locked once. To lock another, '
                    "use --again: the new lock keeps the SHA-256 of the old one."
                ]
            )
        replaced = str(_read_lock(path).get("sha256", ""))
    plan = plan_contents(study)
    content = {
        "geoharm": __version__,
        "locked_on": day.isoformat(),
        "operation_begun": day >= min(operation.period.start for operation in study.operations),
        "outcomes_loaded": outcomes_loaded,
        "plan": plan,
        "primary": study.primary,
        "replaces": replaced,
        "sha256": plan_digest(plan),
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    partial_file = path.with_name(path.name + ".part")
    partial_file.write_text(text, encoding="utf-8", newline="\n")
    partial_file.replace(path)
    return preregistration_status(study)


def preregistration_status(study: Study) -> PreregistrationStatus:
    """Return whether a study has a lock, and what has changed in the plan since it was written.

    Raises
    ------
    StudyError
        If the lock cannot be read, or was changed by hand.
    """
    path = lock_path(study)
    if not path.is_file():
        return PreregistrationStatus()
    content = _read_lock(path)
    plan = content.get("plan")
    if not isinstance(plan, dict) or plan_digest(plan) != content.get("sha256"):
        raise StudyError(
            [f'The lock "{path.name}" was changed after it was written: its plan does not match its SHA-256.']
        )
    current_plan = plan_contents(study)
    changes = tuple(_differences(plan, current_plan)) if plan_digest(current_plan) != content["sha256"] else ()
    if content.get("replaces"):
        changes = (f"the lock replaced an earlier one ({str(content['replaces'])[:12]})", *changes)
    return PreregistrationStatus(
        str(content["sha256"]),
        str(content.get("locked_on", "")),
        bool(content.get("outcomes_loaded", True)),
        changes,
        bool(content.get("operation_begun", True)),
    )


def _read_lock(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StudyError([f'The lock "{path.name}" is not valid JSON: {error}.']) from error
    if not isinstance(content, dict):
        raise StudyError([f'The lock "{path.name}" is not a plan lock.'])
    return content


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield each value that differs, in words such as "operations, Lantern, gap: was 50, is 100"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            key_path = f"{path}, {key}" if path else key
            if key not in new:
                yield f"{key_path}: removed"
            elif key not in old:
                yield f"{key_path}: added"
            else:
                yield from _differences(old[key], new[key], key_path)
    elif old != new:
        yield f"{path}: was {_shortened(old)}, is {_shortened(new)}"


def _shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    # The first digits of a hash are enough.
    return text[:12] if len(text) == 64 and set(text) <= set("0123456789abcdef") else text


def _period_text(period: Period | None) -> str:
    return "" if period is None else f"{period.start} to {period.last}"


def _shape_hash(shape: BaseGeometry | None) -> str:
    if shape is None:
        return ""
    normal = shapely.normalize(shapely.set_precision(shape, 0.01))
    return hashlib.sha256(shapely.to_wkb(normal, byte_order=1)).hexdigest()


def _area_hashes(areas: Areas | None) -> dict[str, str]:
    return (
        {}
        if areas is None
        else {code: _shape_hash(shape) for code, shape in zip(areas.codes, areas.shapes, strict=True)}
    )


def _source_entry(source: Source, folder: Path) -> dict[str, Any]:
    return {
        "kind": source.kind,
        "format": read_format(source.format, folder).fingerprint(),
        "files": list(source.files),
        "covers": _period_text(source.covers),
        "areas": _area_hashes(source.areas),
    }


def _measure_entry(measure: Measure) -> dict[str, Any]:
    return {
        "source": measure.source,
        "where": list(measure.categories),
        "unit": measure.unit,
        "recorded_by": measure.recorded_by,
        "role": measure.role.value,
        "comparator": measure.comparator,
    }


def _values_entry(study: Study) -> dict[str, Any]:
    """Return the SHA-256 of each value profile, and the settings for unintended harm."""
    settings = study.harm
    return {
        "profiles": {name: _text_hash(profile_text(name, study.folder)) for name in settings.profiles},
        "exchange": _text_hash(profile_text(settings.exchange_rates, study.folder)) if settings.exchange_rates else "",
        "market_size": settings.market_size,
        "watch": [
            settings.unintended_harm.margin,
            list(settings.unintended_harm.days),
            list(settings.unintended_harm.metres),
        ],
    }


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _operation_entry(operation: Operation) -> dict[str, Any]:
    before_rule = operation.before
    return {
        "tactic": operation.tactic,
        "period": _period_text(operation.period),
        "target": _shape_hash(operation.target),
        "gap": operation.gap,
        "rings": list(operation.rings),
        "streets": operation.streets,
        "control": _shape_hash(operation.control) or "auto",
        "similar": _area_hashes(operation.similar_markets),
        "before": _period_text(before_rule.period)
        if before_rule.period
        else f"the same season of {before_rule.years} years",
        "after": list(operation.after),
        "chosen_on": _period_text(operation.chosen_on),
        "placebo": operation.placebo,
        "mitigation": [
            f"{mitigation.description}: {', '.join(mitigation.measures)}"
            if mitigation.measures
            else mitigation.description
            for mitigation in operation.mitigation
        ],
    }
