"""``releases.json``: what a folder's releases have told so far, so that the next one is audited together with them.

It holds published numbers, outlines and the hashes of files; no count that was withheld.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from geoharm._text import visible_text
from geoharm.disclosure.attacker import attack, merge_constraints
from geoharm.disclosure.constraints import Constraints, PublishedValue, Term, constraints_of
from geoharm.disclosure.escalate import refusal_message
from geoharm.disclosure.released import Release
from geoharm.errors import PublishError
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period

_EMPTY = Constraints((), {})


@dataclass(frozen=True, slots=True)
class ReleaseHistory:
    """What is known of the releases in a folder.

    Attributes
    ----------
    files : mapping of str to str
        Names of the last release's files, with their sha256.
    constraints : Constraints
        What all of them told.
    """

    files: Mapping[str, str]
    constraints: Constraints


def history_file_name(*, internal: bool) -> str:
    """Return the name of the record; an internal one remembers files only, and says in its name that it is internal."""
    return "releases-internal.json" if internal else "releases.json"


def read_history(path: Path) -> ReleaseHistory:
    """Return what a record says; nothing where there is none.

    Raises
    ------
    PublishError
        If it cannot be read: then no release can be audited against the last.
    """
    if not path.is_file():
        return ReleaseHistory({}, _EMPTY)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        ground = {name: shapely.from_wkt(text) for name, text in record["ground"].items()}
        told = tuple(_read_told(row) for row in record["told"])
        return ReleaseHistory(dict(record["files"]), Constraints(told, ground))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        msg = (
            f'"{path}" is damaged ({type(error).__name__}), so this release cannot be audited against the last; bring it '
            "back from a copy, or choose another --out."
        )
        raise PublishError(msg) from error


def attack_with_history(release: Release, earlier: ReleaseHistory) -> Constraints:
    """Return what this release and those before it tell together.

    Raises
    ------
    PublishError
        If together they pin a small count that neither gives away alone.

    Notes
    -----
    Where no counts agree with all numbers, the data were revised in between: then the earlier numbers say nothing about
    these data, and only the new ones are kept.
    """
    now = constraints_of(release)
    both = merge_constraints(earlier.constraints, now)
    if set(both.values) == set(now.values) or set(both.values) == set(earlier.constraints.values):
        return both
    found = attack(both, DISCLOSURE_RULES[release.rule])
    if not found.possible:
        return now
    if found.exposed:
        raise PublishError(
            refusal_message(found.exposed[0], "this release and those before it in this folder (releases.json)")
        )
    return both


def history_record(
    release: Release, constraints: Constraints, files: Mapping[str, bytes], pages: Sequence[Mapping[str, str]]
) -> str:
    """Return the record as JSON text: one line a number, the same bytes for the same release."""
    about = {
        "study": release.study.name,
        "release": release.study.publish.release,
        "rule": release.rule,
        "pages": list(pages),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    lines = [f"{_json(key)}: {_json(value)}" for key, value in about.items()]
    ground = [
        f"{_json(name)}: {_json(shapely.to_wkt(shape, rounding_precision=0))}"
        for name, shape in sorted(constraints.outlines.items())
    ]
    lines.append('"ground": {\n' + ",\n".join(ground) + "\n}")
    lines.append('"told": [\n' + ",\n".join(sorted(_json(_told_row(one)) for one in constraints.values)) + "\n]")
    return visible_text("{\n" + ",\n".join(lines) + "\n}\n")


def stale_files(folder: Path, earlier: ReleaseHistory, written: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Return files of the last release that this one does not write again, and that nobody has changed since."""
    found = []
    for name, digest in earlier.files.items():
        path = folder / name
        inside = path.resolve().is_relative_to(folder.resolve())
        if (
            inside
            and name not in written
            and path.is_file()
            and hashlib.sha256(path.read_bytes()).hexdigest() == digest
        ):
            found.append(path)
    return tuple(found)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _told_row(one: PublishedValue) -> list[Any]:
    terms = [
        [term.factor, term.measure, list(term.places), [[str(p.start), str(p.end)] for p in term.periods]]
        for term in one.terms
    ]
    return [one.text, one.low, one.high if math.isfinite(one.high) else None, one.withheld, terms]


def _read_told(row: Sequence[Any]) -> PublishedValue:
    text, low, high, withheld, terms = row
    return PublishedValue(
        str(text),
        tuple(
            Term(
                float(factor),
                str(measure),
                tuple(str(place) for place in places),
                tuple(Period(date.fromisoformat(start), date.fromisoformat(end)) for start, end in periods),
            )
            for factor, measure, places, periods in terms
        ),
        float(low),
        math.inf if high is None else float(high),
        bool(withheld),
    )
