"""``releases.json``: the numbers that earlier releases in a folder published, so that the next is attacked with them.

The file holds published numbers, outlines and hashes of files. It holds no suppressed count.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from geoharm._text import visible_text
from geoharm.disclosure.attacker import ExposedCell, attack
from geoharm.disclosure.constraints import constraints_of, control_places, without_far_hotspots
from geoharm.disclosure.escalate import refusal_message
from geoharm.disclosure.history_file import read_sealed, sealed
from geoharm.disclosure.released import Release
from geoharm.disclosure.rows import DataSet, RowSet
from geoharm.disclosure.statements import (
    NOTHING_SAID,
    Constraints,
    PublishedValue,
    Term,
    merge_constraints,
    read_as_current,
)
from geoharm.disclosure.used_counts import refuse_unknown_areas, with_known_outlines
from geoharm.errors import PublishError
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period
from geoharm.model.study import Study

_TOGETHER = "this release and those before it in this folder (releases.json)"
_ABOUT = ("study", "release", "rule", "pages", "files")


@dataclass(frozen=True, slots=True)
class ReleaseHistory:
    """The earlier releases in a folder.

    Attributes
    ----------
    files : mapping of str to str
        Names of the last release's files, with their SHA-256.
    constraints : Constraints
        The published numbers of all of them.
    about : mapping
        The study, the rule and the pages of the last run; empty if there was none.
    """

    files: Mapping[str, str]
    constraints: Constraints
    about: Mapping[str, Any] = field(default_factory=dict)


def read_history(path: Path) -> ReleaseHistory:
    """Return the history in a file; an empty one if there is no file.

    Raises
    ------
    PublishError
        If it cannot be read, because then no release can be attacked together with the earlier ones.
    """
    if not path.is_file():
        return ReleaseHistory({}, NOTHING_SAID)
    try:
        record = read_sealed(path)
        outlines = {name: shapely.from_wkt(text) for name, text in record["ground"].items()}
        data = {key: _data_set(row) for key, row in record["data"].items()}
        row_sets = {key: _row_set(row) for key, row in record["rows"].items()}
        values = tuple(_published_value(row, row_sets) for row in record["told"])
        about = {key: record[key] for key in _ABOUT}
        return ReleaseHistory(dict(record["files"]), Constraints(values, outlines, (), data), about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        msg = (
            f'"{path}" is damaged ({type(error).__name__}), so this release cannot be checked together with the last; '
            "restore it from a copy, or choose another --out."
        )
        raise PublishError(msg) from error


def attack_with_history(release: Release, earlier: ReleaseHistory) -> Constraints:
    """Return the published numbers of this release and the earlier ones, after an attack on all of them together.

    Raises
    ------
    PublishError
        If together they expose a small count that neither exposes alone.

    Notes
    -----
    Data of earlier releases that hold nearly the same rows as those of this release are read as the same rows
    (`read_as_current`). If the data were revised in between, some earlier numbers contradict the new ones. Only those are
    relaxed, by as much as they contradict, and all others are still attacked together (`reconcile`).
    """
    current = constraints_of(release)
    exposed = _exposed_together(current, earlier, release.study, apart_from=control_places(release))
    if exposed is not None:
        raise PublishError(
            refusal_message(
                exposed, _TOGETHER, way_out="use larger rings, whole months or fewer phases, or another --out"
            )
        )
    return merge_constraints(earlier.constraints, current)


def attack_decision(current: Constraints, study: Study, earlier: ReleaseHistory) -> Constraints:
    """Return the published numbers of a ranking or an appraisal and the earlier ones, after an attack on all of them together.

    Raises
    ------
    PublishError
        If it exposes a small count by itself, or together with the earlier releases.
    """
    rule = DISCLOSURE_RULES[study.publish.disclosure]
    alone = attack(with_known_outlines(current, study), rule).exposed
    if alone:
        raise PublishError(refusal_message(alone[0], "this release", way_out='release = "internal"'))
    exposed = _exposed_together(current, earlier, study)
    if exposed is not None:
        raise PublishError(refusal_message(exposed, _TOGETHER, way_out="choose another --out"))
    return merge_constraints(earlier.constraints, current)


def _exposed_together(
    current: Constraints, earlier: ReleaseHistory, study: Study, *, apart_from: Collection[str] = ()
) -> ExposedCell | None:
    """Return a count that a release exposes only together with those before it; None if there is none."""
    read = read_as_current(earlier.constraints, current)
    both = merge_constraints(read, current)
    if set(both.values) in (set(current.values), set(read.values)):
        return None
    both = without_far_hotspots(with_known_outlines(both, study), apart_from=apart_from)
    refuse_unknown_areas(both)
    exposed = attack(both, DISCLOSURE_RULES[study.publish.disclosure]).exposed
    return exposed[0] if exposed else None


def history_record(
    release: Release, constraints: Constraints, files: Mapping[str, bytes], pages: Sequence[Mapping[str, str]]
) -> str:
    """Return the history of a release as JSON text, one number a line; the same release gives the same bytes.

    Parameters
    ----------
    release : Release
    constraints : Constraints
        The published numbers of this release and the earlier ones.
    files : mapping of str to bytes
        Content of every file written, by name.
    pages : sequence of mapping of str to str
        One entry for each page, stored as it is.
    """
    about = {
        "study": release.study.name,
        "release": release.study.publish.release,
        "rule": release.rule,
        "pages": list(pages),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    return _record(about, constraints)


def decision_record(study: Study, constraints: Constraints, earlier: ReleaseHistory) -> str:
    """Return the history after a ranking or an appraisal as JSON text: the last run, its pages and its files stay as they are."""
    first = {"study": study.name, "release": "public", "rule": study.publish.disclosure, "pages": [], "files": {}}
    return _record(earlier.about or first, constraints)


def _record(about: Mapping[str, Any], constraints: Constraints) -> str:
    lines = [f"{_json(key)}: {_json(value)}" for key, value in about.items()]
    outlines = [
        f"{_json(name)}: {_json(shapely.to_wkt(shape, rounding_precision=2))}"
        for name, shape in sorted(constraints.outlines.items())
    ]
    lines.append('"ground": {\n' + ",\n".join(outlines) + "\n}")
    known = [f"{_json(key)}: {_json(_data_row(data))}" for key, data in sorted(constraints.data.items())]
    lines.append('"data": {\n' + ",\n".join(known) + "\n}")
    row_sets = sorted({term.rows for value in constraints.values for term in value.terms})
    names = {rows: f"r{number}" for number, rows in enumerate(row_sets, start=1)}
    lines.append(f'"rows": {_json({names[rows]: _row_set_row(rows) for rows in row_sets})}')
    told = sorted(_json(_value_row(value, names)) for value in constraints.values)
    lines.append('"told": [\n' + ",\n".join(told) + "\n]")
    return sealed(visible_text("{\n" + ",\n".join(lines) + "\n}\n"))


def stale_files(folder: Path, earlier: ReleaseHistory, written: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Return the files of the last release that this one does not write again and that nobody has changed since."""
    stale = []
    for name, digest in earlier.files.items():
        path = folder / name
        inside = path.resolve().is_relative_to(folder.resolve())
        if (
            inside
            and name not in written
            and path.is_file()
            and hashlib.sha256(path.read_bytes()).hexdigest() == digest
        ):
            stale.append(path)
    return tuple(stale)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _data_row(data: DataSet) -> dict[str, Any]:
    months = {f"{month:%Y-%m}": rows for month, rows in data.months}
    return {"source": data.source, "format": data.scheme, "files": list(data.files), "months": months}


def _data_set(row: Mapping[str, Any]) -> DataSet:
    months = tuple((date.fromisoformat(f"{month}-01"), int(rows)) for month, rows in row["months"].items())
    return DataSet(str(row["source"]), str(row["format"]), tuple(str(file) for file in row["files"]), months)


def _row_set_row(rows: RowSet) -> list[Any]:
    part = [rows.part] if rows.part else []
    return [rows.data, rows.scheme, rows.categories, rows.own_place, *part]


def _row_set(row: Sequence[Any]) -> RowSet:
    data, scheme, categories, own_place, *part = row
    return RowSet(
        str(data), str(scheme), tuple(str(category) for category in categories), bool(own_place), *map(str, part)
    )


def _value_row(value: PublishedValue, names: Mapping[RowSet, str]) -> list[Any]:
    terms = [
        [
            term.factor,
            names[term.rows],
            list(term.places),
            [[str(period.start), str(period.end)] for period in term.periods],
        ]
        for term in value.terms
    ]
    low, high = (float(end) if math.isfinite(end) else None for end in (value.low, value.high))
    return [value.text, low, high, value.withheld, terms]


def _published_value(row: Sequence[Any], row_sets: Mapping[str, RowSet]) -> PublishedValue:
    text, low, high, withheld, terms = row
    return PublishedValue(
        str(text),
        tuple(
            Term(
                float(factor),
                row_sets[rows],
                tuple(str(place) for place in places),
                tuple(Period(date.fromisoformat(start), date.fromisoformat(end)) for start, end in periods),
            )
            for factor, rows, places, periods in terms
        ),
        -math.inf if low is None else float(low),
        math.inf if high is None else float(high),
        bool(withheld),
    )
