"""The plan lock: what a study will ask, fixed beside the study file before its outcomes are loaded.

The lock holds the plan itself, so that a later change can be named. What is shown and to whom (`[publish]`), and how
hotspots are drawn, is no part of the plan.
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

_ENDING = ".plan.json"


def plan_contents(study: Study) -> dict[str, Any]:
    """Return everything in a study that its answer hangs on, as plain values with stable keys.

    A study without questions has no entry for them, so that a lock from before there were any still holds. Areas are named by the SHA-256 of their shape to the centimetre, formats by that of their rules.
    """
    plan: dict[str, Any] = {
        "study": {
            "area": _shape(study.area.boundary),
            "crs": study.area.crs,
            "period": _period(study.period),
            "seed": study.seed,
            "primary": study.primary,
        },
        "sources": {one.name: _source(one, study.folder) for one in study.sources},
        "measures": {one.name: _measure(one) for one in study.measures},
        "operations": {one.name: _operation(one) for one in study.operations},
        "values": _values(study),
    }
    if study.composites:
        plan["questions"] = {
            one.name: {"measures": list(one.measures), "zones": list(one.zones), "windows": list(one.windows)}
            for one in study.composites
        }
    return plan


def plan_digest(plan: dict[str, Any]) -> str:
    """Return the SHA-256 of a plan."""
    text = json.dumps(plan, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def lock_path(study: Study) -> Path:
    """Return where a study's lock lies: beside the study file."""
    return study.folder / f"{study.slug}{_ENDING}"


def write_lock(study: Study, *, outcomes_loaded: bool, day: date, again: bool = False) -> PreregistrationStatus:
    """Write the lock and return what it says.

    Parameters
    ----------
    study : Study
    outcomes_loaded : bool
        Whether the database holds events from an operation's first day on.
    day : date
        Today.
    again : bool
        Whether a lock that is there may be replaced; the new one says what the old one was.

    Raises
    ------
    StudyError
        If there is a lock already.
    """
    path = lock_path(study)
    before = ""
    if path.is_file():
        if not again:
            raise StudyError(
                [
                    f'The plan of "{study.name}" is locked already ({path.name}); a plan is locked once. To lock another, '
                    "use --again: the new lock keeps the fingerprint of the old one."
                ]
            )
        before = str(_read(path).get("sha256", ""))
    plan = plan_contents(study)
    content = {
        "geoharm": __version__,
        "locked_on": day.isoformat(),
        "operation_begun": day >= min(one.period.start for one in study.operations),
        "outcomes_loaded": outcomes_loaded,
        "plan": plan,
        "primary": study.primary,
        "replaces": before,
        "sha256": plan_digest(plan),
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)
    return preregistration_status(study)


def preregistration_status(study: Study) -> PreregistrationStatus:
    """Return how a study stands to its lock: the changes since, if there are any; no lock is an answer too.

    Raises
    ------
    StudyError
        If the lock cannot be read, or was changed by hand.
    """
    path = lock_path(study)
    if not path.is_file():
        return PreregistrationStatus()
    content = _read(path)
    plan = content.get("plan")
    if not isinstance(plan, dict) or plan_digest(plan) != content.get("sha256"):
        raise StudyError(
            [f'The lock "{path.name}" was changed after it was written: its plan is not the one it names.']
        )
    now = plan_contents(study)
    changes = tuple(_differences(plan, now)) if plan_digest(now) != content["sha256"] else ()
    if content.get("replaces"):
        changes = (f"the lock replaced an earlier one ({str(content['replaces'])[:12]})", *changes)
    return PreregistrationStatus(
        str(content["sha256"]),
        str(content.get("locked_on", "")),
        bool(content.get("outcomes_loaded", True)),
        changes,
        bool(content.get("operation_begun", True)),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StudyError([f'The lock "{path.name}" is not valid JSON: {error}.']) from error
    if not isinstance(content, dict):
        raise StudyError([f'The lock "{path.name}" is not a plan lock.'])
    return content


def _differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Yield every value that differs, as "operations, Lantern, gap: was 50, is 100"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            place = f"{where}, {key}" if where else key
            if key not in new:
                yield f"{place}: taken out"
            elif key not in old:
                yield f"{place}: added"
            else:
                yield from _differences(old[key], new[key], place)
    elif old != new:
        yield f"{where}: was {_short(old)}, is {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    # A fingerprint says no more in full.
    return text[:12] if len(text) == 64 and set(text) <= set("0123456789abcdef") else text


def _period(period: Period | None) -> str:
    return "" if period is None else f"{period.start} to {period.last}"


def _shape(shape: BaseGeometry | None) -> str:
    if shape is None:
        return ""
    normal = shapely.normalize(shapely.set_precision(shape, 0.01))
    return hashlib.sha256(shapely.to_wkb(normal, byte_order=1)).hexdigest()


def _areas(areas: Areas | None) -> dict[str, str]:
    return {} if areas is None else {code: _shape(shape) for code, shape in zip(areas.codes, areas.shapes, strict=True)}


def _source(one: Source, folder: Path) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "format": read_format(one.format, folder).fingerprint(),
        "files": list(one.files),
        "covers": _period(one.covers),
        "areas": _areas(one.areas),
    }


def _measure(one: Measure) -> dict[str, Any]:
    return {
        "source": one.source,
        "where": list(one.categories),
        "unit": one.unit,
        "recorded_by": one.recorded_by,
        "role": one.role.value,
        "comparator": one.comparator,
    }


def _values(study: Study) -> dict[str, Any]:
    """Return whose values, by the SHA-256 of each profile, and what the watch would still accept."""
    settings = study.harm
    return {
        "profiles": {name: _text_hash(profile_text(name, study.folder)) for name in settings.profiles},
        "exchange": _text_hash(profile_text(settings.exchange, study.folder)) if settings.exchange else "",
        "market_size": settings.market_size,
        "watch": [
            settings.unintended_harm.margin,
            list(settings.unintended_harm.days),
            list(settings.unintended_harm.metres),
        ],
    }


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _operation(one: Operation) -> dict[str, Any]:
    rule = one.before
    return {
        "tactic": one.tactic,
        "period": _period(one.period),
        "target": _shape(one.target),
        "gap": one.gap,
        "rings": list(one.rings),
        "streets": one.streets,
        "control": _shape(one.control) or "auto",
        "similar": _areas(one.similar),
        "before": _period(rule.period) if rule.period else f"the same season of {rule.years} years",
        "after": list(one.after),
        "chosen_on": _period(one.chosen_on),
        "placebo": one.placebo,
        "mitigation": [f"{part.what}: {', '.join(part.holds)}" if part.holds else part.what for part in one.mitigation],
    }
