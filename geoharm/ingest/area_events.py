"""Events that have the code of an area instead of coordinates: which area each place text names, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._text import FOLDED
from geoharm.engines.base import Columns, Engine
from geoharm.errors import DataError
from geoharm.ingest.area_fields import FieldFault, clean_text, read_code
from geoharm.ingest.area_names import spellings
from geoharm.ingest.area_tables import area_rows, shapes_by_code
from geoharm.ingest.formats.tables import TableRules
from geoharm.ingest.rule import ReadRule
from geoharm.ingest.spots import INSIDE, NO_PLACE, OUTSIDE, Spots
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.model.overlap import LEAST_SHARE

BY_AREA = "by area"


@dataclass(frozen=True, slots=True)
class AreaEvents:
    """The places of a source whose events have the code of an area.

    Attributes
    ----------
    spots : Spots
        Inside or outside the study area as their area lies, without coordinates.
    outlines : pyarrow.Table
        Code, place and outline of every area of the area file.
    area_of_place : pyarrow.Table
        The code of the area of every place that has one.
    notes : tuple of QualityNote
    """

    spots: Spots
    outlines: pa.Table
    area_of_place: pa.Table
    notes: tuple[QualityNote, ...]


def read_area_codes(engine: Engine, rule: ReadRule) -> tuple[list[str], list[str]]:
    """Return the code of every place of a rule, and the reason why it has none; of each place, one of the two is empty.

    Parameters
    ----------
    engine : Engine
        It has the codes of the rule's places, which are numbered from 0.
    rule : ReadRule
        Of events that have the code of an area.
    """
    rules = _code_rules(rule)
    texts = engine.columns(f"SELECT text_1 FROM {engine.table(f'place_{rule.name}')} AS p ORDER BY place")["text_1"]
    found = [read_code(clean_text(text, rule.input_format), rules) for text in texts.tolist()]
    codes = ["" if isinstance(code, FieldFault) else code for code in found]
    return codes, [code.reason if isinstance(code, FieldFault) else "" for code in found]


def _code_rules(rule: ReadRule) -> TableRules:
    return TableRules(id_width=rule.input_format.area_id_width)


def place_by_area(
    source: str, counts: Columns, rule: ReadRule, areas: Areas | None, read: tuple[Sequence[str], Sequence[str]]
) -> AreaEvents:
    """Return the places of a source whose events have the code of an area, each in its area.

    A row without a code happened: it is kept as a row without a place. So is one with a code that the area file does not have,
    unless the areas of the file fill the study area: then it lies outside.

    Parameters
    ----------
    source : str
        Its name, for sentences.
    counts : mapping of str to ndarray
        The places of kept rows, ``place``, and the number of kept rows at each, ``n``.
    rule : ReadRule
    areas : Areas or None
        Codes and outlines of the area file; None where a file is looked at without a study.
    read : (sequence of str, sequence of str)
        What `read_area_codes` returns.

    Raises
    ------
    DataError
        If no row has a code of the area file, or none an area in the study area, or a spelling fits two areas.
    """
    places, rows = counts["place"].astype(np.int64), counts["n"].astype(np.int64)
    shapes = {} if areas is None else shapes_by_code(source, areas, _code_rules(rule))
    outlines = area_rows(shapes, rule.area)
    codes, reasons = ([texts[place] for place in places.tolist()] for texts in read)
    rows_of: dict[str, int] = {}
    for code, count in zip(codes, rows.tolist(), strict=True):
        if code:
            rows_of[code] = rows_of.get(code, 0) + count
    meant = spellings(rows_of, shapes, source) if shapes else {}
    codes = [meant.get(code, code) for code in codes]
    kind_of = {code: INSIDE if place == "inside" else OUTSIDE for code, place, _ in outlines}
    elsewhere = OUTSIDE if _fill(shapes, rule.area) else NO_PLACE
    kind = np.array([kind_of.get(code, elsewhere) if code else NO_PLACE for code in codes], dtype=np.int64)
    _refuse_other_areas(source, {meant.get(code, code): 1 for code in rows_of}, kind, kind_of)
    nowhere = np.full(rows.size, np.nan)
    spots = Spots(
        places, rows, nowhere, nowhere, np.full(rows.size, -1, dtype=np.int64), kind,
        np.zeros(rows.size, dtype=np.bool_), np.full(rows.size, "", dtype=np.object_), nowhere,
    )  # fmt: skip
    known = [(place, code) for place, code in zip(places.tolist(), codes, strict=True) if code in kind_of]
    notes = _notes(rows_of, reasons, meant, kind_of, rows, is_outside=elsewhere == OUTSIDE)
    if areas is not None:
        notes += [QualityNote("area file", 0, 0, sentence) for sentence in areas.notes]
    return AreaEvents(
        spots,
        pa.table({
            "area": pa.array([code for code, _, _ in outlines], pa.string()),
            "place": pa.array([place for _, place, _ in outlines], pa.string()),
            "shape": pa.array([shape for _, _, shape in outlines], pa.binary()),
        }),
        pa.table({
            "place": pa.array([place for place, _ in known], pa.int32()),
            "area": pa.array([code for _, code in known], pa.string()),
        }),
        tuple(notes),
    )  # fmt: skip


def _fill(shapes: Mapping[str, BaseGeometry], area: StudyArea) -> bool:
    """Return whether areas leave less than `LEAST_SHARE` of the study area free."""
    if not shapes:
        return False
    covered = shapely.intersection(shapely.union_all(list(shapes.values())), area.boundary)
    return bool(covered.area > (1 - LEAST_SHARE) * area.boundary.area)


def _refuse_other_areas(
    source: str, rows_of: Mapping[str, int], kind: NDArray[np.int64], kind_of: Mapping[str, int]
) -> None:
    """Refuse a source of which no row has an area of the area file, or none an area in the study area."""
    if not kind_of or (kind == INSIDE).any():
        return
    if not rows_of:
        msg = f'No row of "{source}" has the code of an area. Check columns.area and area.id_width in the format.'
    elif not set(rows_of) & set(kind_of):
        msg = (
            f'No area of "{source}" is in its area file: its rows have codes like "{min(rows_of)}", the file has codes like '
            f'"{min(kind_of)}". Check area_id, and area.id_width in the format.'
        )
    else:
        msg = f'No row of "{source}" has an area in the study area; check the study area and the area file.'
    raise DataError(msg)


def _codes(number: int) -> str:
    return "1 code" if number == 1 else f"{number:,} different codes"


def _notes(
    rows_of: Mapping[str, int],
    reasons: Sequence[str],
    meant: Mapping[str, str],
    kind_of: Mapping[str, int],
    rows: NDArray[np.int64],
    *,
    is_outside: bool,
) -> list[QualityNote]:
    """Return notes on how the source is counted, on rows without an area, and on areas without a row."""
    different = len({meant.get(code, code) for code in rows_of})
    sentence = (
        f"have the code of an area and no coordinates ({_codes(different)}): they are counted by whole areas, and nothing "
        "that needs points is possible: no density, no hotspots, no rings"
    )
    notes = [QualityNote(BY_AREA, sum(rows_of.values()), 0, sentence)] if rows_of else []
    for reason in sorted({*reasons} - {""}):
        count = int(rows[np.array(reasons) == reason].sum())
        notes.append(QualityNote("no area", count, 0, f'"area" {reason}: taken as without a place'))
    if not kind_of:
        return notes
    unknown = {code: count for code, count in rows_of.items() if meant.get(code, code) not in kind_of}
    if unknown:
        usual = min(unknown, key=lambda code: (-unknown[code], code))
        taken = "outside the study area, which the areas of the file fill" if is_outside else "without a place"
        sentence = (
            f'have a code that the area file does not have ({_codes(len(unknown))}, most often "{usual}"): taken as {taken}. If it is '
            "an area of the study area, as drawn in another year, give its outline too"
        )
        notes.append(QualityNote("unknown area", sum(unknown.values()), 0, sentence))
    if meant:
        written = min(meant)
        sentence = f'have a code that is another\'s but for {FOLDED}, and was read as the same: {len(meant):,}, such as "{written}" as "{meant[written]}"'
        notes.append(QualityNote("spelling", sum(rows_of[code] for code in meant), 0, sentence))
    empty = len(set(kind_of) - {meant.get(code, code) for code in rows_of})
    if empty:
        notes.append(
            QualityNote("no rows", 0, 0, f"areas of the area file without a row, which count as zero: {empty:,}")
        )
    return notes
