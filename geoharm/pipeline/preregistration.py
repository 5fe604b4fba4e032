"""Preregistration: a study's plan is written to a lock file beside the study file before outcomes are loaded.

The lock holds the plan itself, so that a later change can be named. The plan does not include how results are published
(`[publish]`) or how hotspots are drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm._schema import Table
from geoharm._version import __version__
from geoharm._whole_files import write_whole
from geoharm.errors import StudyError
from geoharm.ingest.formats.input_format import read_format
from geoharm.model.area_counts import Areas
from geoharm.model.harm_settings import Mitigation
from geoharm.model.period import Period
from geoharm.model.study import BeforeRule, Study
from geoharm.results import PreregistrationStatus
from geoharm.study.schema import (
    MeasureTable,
    OperationTable,
    QuestionTable,
    SourceTable,
    StudyTable,
    ValuesTable,
    WatchTable,
    locked_keys,
)
from geoharm.study.value_profiles.profiles import profile_text

Json: TypeAlias = "str | float | bool | list[Json] | dict[str, Json] | None"

_LOCK_SUFFIX = ".plan.json"


def plan_contents(study: Study) -> dict[str, Json]:
    """Return everything in a study that its results depend on, as plain values with stable keys.

    Which keys of the study file these are, the schema says (`geoharm.study.schema.Locked`). A study without composite
    outcomes has no entry for them, so a lock from an older version stays valid; nor has a key that was added
    later and has its default. Areas are identified by the SHA-256 of
    their shape to the centimetre, formats by that of their rules.
    """
    folder = study.folder
    watched: list[Json] = [*_entry(WatchTable, study.harm.unintended_harm, folder).values()]
    plan: dict[str, Json] = {
        "study": _entry(StudyTable, study, folder),
        "sources": {source.name: _entry(SourceTable, source, folder) for source in study.sources},
        "measures": {measure.name: _entry(MeasureTable, measure, folder) for measure in study.measures},
        "operations": {operation.name: _entry(OperationTable, operation, folder) for operation in study.operations},
        "values": {**_entry(ValuesTable, study.harm, folder), "watch": watched},
    }
    if study.composites:
        plan["questions"] = {outcome.name: _entry(QuestionTable, outcome, folder) for outcome in study.composites}
    return plan


def plan_digest(plan: dict[str, Json]) -> str:
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
    write_whole(path, text)
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


def _read_lock(path: Path) -> dict[str, Json]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StudyError([f'The lock "{path.name}" is not valid JSON: {error}.']) from error
    if not isinstance(content, dict):
        raise StudyError([f'The lock "{path.name}" is not a plan lock.'])
    return content


def _differences(old: Json, new: Json, path: str = "") -> Iterator[str]:
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


def _shortened(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    # The first digits of a hash are enough.
    return text[:12] if len(text) == 64 and set(text) <= set("0123456789abcdef") else text


def _entry(model: type[Table], noun: object, folder: Path) -> dict[str, Json]:
    """Return the entry of one table: every key that the schema marks as part of the plan, from the noun read from it."""
    values = {name: (mark, attrgetter(mark.attribute)(noun)) for name, mark in locked_keys(model)}
    return {name: FORMS[mark.form](value, folder) for name, (mark, value) in values.items() if value not in mark.unless}


def _plain(value: str | float | tuple[str | float, ...], _: Path) -> Json:
    if isinstance(value, tuple):
        return [*value]
    return str(value) if isinstance(value, str) else value


def _period_text(period: Period | None, _: Path) -> str:
    return "" if period is None else f"{period.start} to {period.last}"


def _before_text(rule: BeforeRule, folder: Path) -> str:
    return _period_text(rule.period, folder) if rule.period else f"the same season of {rule.years} years"


def _shape_hash(shape: BaseGeometry) -> str:
    normal = shapely.normalize(shapely.set_precision(shape, 0.01))
    return hashlib.sha256(shapely.to_wkb(normal, byte_order=1)).hexdigest()


def _area_hashes(areas: Areas | None, _: Path) -> dict[str, Json]:
    if areas is None:
        return {}
    return {code: _shape_hash(shape) for code, shape in zip(areas.codes, areas.shapes, strict=True)}


def _mitigation_texts(planned: tuple[Mitigation, ...], _: Path) -> list[Json]:
    return [
        f"{mitigation.description}: {', '.join(mitigation.measures)}" if mitigation.measures else mitigation.description
        for mitigation in planned
    ]


def _profile_hash(name: str, folder: Path) -> str:
    return hashlib.sha256(profile_text(name, folder).encode()).hexdigest()


# How a value is written in a lock, by the form that the schema states.
FORMS: dict[str, Callable[[Any, Path], Json]] = {
    "plain": _plain,
    "period": _period_text,
    "periods": lambda periods, folder: [_period_text(period, folder) for period in periods],
    "before rule": _before_text,
    "shape": lambda shape, _: _shape_hash(shape),
    "shape or auto": lambda shape, _: "auto" if shape is None else _shape_hash(shape),
    "areas": _area_hashes,
    "format": lambda name, folder: read_format(name, folder).fingerprint(),
    "mitigation": _mitigation_texts,
    "profile": _profile_hash,
    "profiles": lambda names, folder: {name: _profile_hash(name, folder) for name in names},
}
