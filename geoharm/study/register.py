"""Operations from a register: a table with one row an operation, in the words and dates of those who keep it.

Every row is kept, rejected with a reason, or the duplicate of an earlier row. What is kept becomes operations with one set
of rings and windows; rows that are too close to each other in space and time become one operation
(`geoharm.study.register_pooling`).
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm import _crs, _limits
from geoharm._rules import shortened
from geoharm._text import capitalised, fold_name
from geoharm.dates.detection import detect_date_patterns
from geoharm.dates.patterns import finest_unit, pattern_problem
from geoharm.dates.reading import read_date
from geoharm.errors import StudyError
from geoharm.geo.polygons import joined, polygonal
from geoharm.geo.street_ground import street_ground
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period, add_months
from geoharm.model.register import RegisterLedger
from geoharm.model.study import BeforeRule, Operation
from geoharm.model.tactics import SEVERAL, TACTICS
from geoharm.study.register_pooling import Reach, last_day, pool_close
from geoharm.study.register_rows import RegisterRows, read_register_rows
from geoharm.study.schema import REGISTER_COLUMNS, RegisterTable

_ONE_DAY = timedelta(days=1)
# The columns that say where an operation was, one of these ways.
_WAYS = (("longitude", "latitude"), ("x", "y"), ("area",), ("wkt",))
_MOST_OUTSIDE = 0.01
_MOST_UNREADABLE = 0.5
_QUADRANT_SEGMENTS = 16
_GIVEN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class _Place:
    """A target area, what it was drawn from, and its width if it is a street (else NaN)."""

    ground: BaseGeometry
    note: str
    street_width: float = math.nan


@dataclass(frozen=True, slots=True)
class _Row:
    """One row that was read: what was done, where and when."""

    line: int
    name: str
    tactic: str
    objective: str
    period: Period
    target: _Place
    cost: float

    @property
    def place(self) -> BaseGeometry:
        """The target area."""
        return self.target.ground

    @property
    def key(self) -> tuple[object, ...]:
        """What two rows share if they are one."""
        return fold_name(self.name), self.tactic, self.period, shapely.to_wkb(self.place)


class _RowFaultError(Exception):
    """The reason why a row is rejected."""


def read_register(
    path: Path,
    table: RegisterTable,
    *,
    area: StudyArea,
    period: Period,
    areas: Areas | None = None,
    control: BaseGeometry | None = None,
    taken: Collection[str] = (),
) -> tuple[tuple[Operation, ...], RegisterLedger]:
    """Return the operations of a register, and what became of its rows.

    Parameters
    ----------
    path : Path
    table : RegisterTable
        What the study file says of the register.
    area : StudyArea
        Rows whose place lies outside are rejected.
    period : Period
        The study period; rows whose windows reach beyond it are rejected.
    areas : Areas, optional
        Outlines of the areas that rows name by code.
    control : shapely geometry, optional
        The control area of all operations.
    taken : collection of str
        Names that other operations have.

    Raises
    ------
    StudyError
        If the file cannot be read, a column is missing, the dates can be read in two ways, a tactic is unknown, over half of
        the rows cannot be read, none is left, or too many operations are.
    """
    written = read_register_rows(path)
    columns = _columns(path.name, written, table)
    patterns, notes = _date_patterns(path.name, written, columns, table)
    tactics = _tactics(path.name, written, columns, table)
    reader = _RowReader(table, columns, patterns, tactics, area, areas)
    rows: list[_Row] = []
    rejects = list(written.broken)
    for line, texts in written.rows:
        try:
            rows.append(reader.row(line, texts))
        except _RowFaultError as fault:
            rejects.append((line, str(fault)))
    read = len(written.rows) + len(written.broken)
    if len(rejects) > _MOST_UNREADABLE * read:
        line, reason = min(rejects)
        raise StudyError(
            [f"{path.name}: {len(rejects):,} of {read:,} rows cannot be read; the first, in line {line:,}, because {reason}."]
        )  # fmt: skip
    rows, duplicates = _without_duplicates(rows)
    inside, outside = _parted_by_area(rows, area)
    if rows and not inside:
        raise StudyError([_nothing_inside(path.name, rows, table, columns, area)])
    rejects += outside
    reach = _reach(table)
    operations: list[tuple[Operation, tuple[int, ...]]] = []
    names = set(taken)
    groups = pool_close([row.place for row in inside], [row.period for row in inside], reach)
    for group in groups:
        of_group = [inside[position] for position in group]
        whole = Period(min(row.period.start for row in of_group), max(row.period.end for row in of_group))
        if not period.contains(reach.windows(whole)):
            rejects += [(row.line, _beyond_reason(len(of_group), period)) for row in of_group]
            continue
        operation = _operation(path.name, of_group, whole, table, control, names)
        names.add(operation.name)
        operations.append((operation, tuple(row.line for row in of_group)))
    limit = _limits.REGISTER_OPERATIONS
    if len(operations) > limit.most:
        raise StudyError([f"{path.name} {limit.refusal(len(operations))}."])
    if not operations:
        line, reason = min(rejects)
        raise StudyError([f"{path.name}: no row is left; the first, in line {line:,}, was rejected because {reason}."])
    ledger = RegisterLedger(
        table.file,
        read,
        read - len(rejects) - duplicates,
        len(rejects),
        duplicates,
        len(operations),
        _counted(rejects),
        tuple((operation.name, lines) for operation, lines in operations if len(lines) > 1),
        reach.rule,
        (*written.notes, *notes),
    )
    return tuple(operation for operation, _ in operations), ledger


def _reach(table: RegisterTable) -> Reach:
    return Reach(table.rings.outer[-1], table.before.months or 0, table.before.years or 0, tuple(table.after))


def _columns(file: str, written: RegisterRows, table: RegisterTable) -> dict[str, int]:
    """Return the position of every column in use, by what it holds."""
    positions: dict[str, int] = {}
    missing = []
    for field in REGISTER_COLUMNS:
        named = getattr(table.columns, field)
        position = written.position(named or field)
        if position >= 0:
            positions[field] = position
        elif named:
            missing.append(f'{file}: there is no column "{shortened(named)}"; {written.hint(named)}')
    if missing:
        raise StudyError(missing)
    if "start" not in positions:
        raise StudyError([f"{file}: name the column with the first day under columns.start; {written.hint('start')}"])
    ways = [way for way in _WAYS if all(field in positions for field in way)]
    named_ways = [way for way in ways if any(getattr(table.columns, field) for field in way)]
    if len(named_ways or ways) != 1:
        found = " and ".join(" with ".join(way) for way in named_ways or ways) or "none of them"
        raise StudyError(
            [f"{file}: say under columns where operations were, by longitude and latitude, x and y, area, or wkt; found: {found}."]
        )  # fmt: skip
    way = (named_ways or ways)[0]
    places = {field for each in _WAYS for field in each}
    return {field: position for field, position in positions.items() if field not in places or field in way}


def _date_patterns(
    file: str, written: RegisterRows, columns: dict[str, int], table: RegisterTable
) -> tuple[tuple[str, ...], list[str]]:
    """Return the patterns that read the dates, and what was doubtful."""
    doubts: list[str] = []
    if table.dates:
        patterns = tuple(table.dates)
        problems = [(text, pattern_problem(text)) for text in patterns]
        if any(problem for _, problem in problems):
            raise StudyError([f'{file}: dates has "{text}", which {problem}' for text, problem in problems if problem])
    else:
        texts = [row[columns[key]] for key in ("start", "end") if key in columns for _, row in written.rows]
        patterns, doubts = detect_date_patterns([text for text in texts if text])
        doubts = [doubt.removeprefix("date: ").replace("date.formats", "dates") for doubt in doubts]
        if not patterns or any("say which" in doubt for doubt in doubts):
            none = "no cell of the column with the first day is a date"
            raise StudyError([f"{file}: {doubt}." for doubt in doubts or [none]])
    coarse = [text for text in patterns if finest_unit(text) not in ("day", "moment")]
    if coarse:
        raise StudyError([f'{file}: dates of the pattern "{coarse[0]}" name no day; an operation starts on a day.'])
    return patterns, [f"{doubt}." for doubt in doubts]


def _tactics(file: str, written: RegisterRows, columns: dict[str, int], table: RegisterTable) -> dict[str, str]:
    """Return the tactic that every word of the register stands for, by the word without case, accents and blanks."""
    known = {fold_name(tactic): tactic for tactic in TACTICS}
    known |= {fold_name(word): tactic for word, tactic in table.tactics.items()}
    if "tactic" not in columns:
        if table.tactic is None:
            raise StudyError(
                [
                    f"{file}: name the column with the tactic under columns.tactic, or one tactic for all rows under tactic."
                ]
            )
        return known
    words = Counter(texts[columns["tactic"]] for _, texts in written.rows)
    unknown = [word for word in words if word and fold_name(word) not in known]
    if unknown:
        listed = "; ".join(f'"{shortened(word)}" ({words[word]:,} rows)' for word in unknown[:20])
        raise StudyError(
            [f'{file}: words of the column of tactics that are no tactic: {listed}. Say under tactics what each stands for, such as '
             f'tactics = {{ "{shortened(unknown[0])}" = "crackdown" }}; known are: {", ".join(TACTICS)}.']
        )  # fmt: skip
    return known


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Reads one row after the other."""

    table: RegisterTable
    columns: dict[str, int]
    patterns: tuple[str, ...]
    tactics: dict[str, str]
    area: StudyArea
    areas: Areas | None

    def row(self, line: int, texts: Sequence[str]) -> _Row:
        """Return what a row says.

        Raises
        ------
        _RowFaultError
            With the reason why it cannot be used.
        """
        cells = {field: texts[position] for field, position in self.columns.items()}
        period = self._period(cells)
        tactic = self._tactic(cells)
        place = self._place(cells)
        name = cells.get("name") or f"{capitalised(tactic)} of {period.start}"
        cost = self._number(cells, "cost") if cells.get("cost") else math.nan
        if cost < 0:
            msg = "its cost is below 0"
            raise _RowFaultError(msg)
        return _Row(line, name, tactic, cells.get("objective") or self.table.objective, period, place, cost)

    def _period(self, cells: dict[str, str]) -> Period:
        days = []
        for key in ("start", "end"):
            if key not in cells:
                continue
            text = cells[key]
            if not text:
                msg = f"it has no {'first' if key == 'start' else 'last'} day"
                raise _RowFaultError(msg)
            moment = next((found for pattern in self.patterns if (found := read_date(text, pattern)) is not None), None)
            if moment is None or not 1800 <= moment.year < 2200:
                msg = f"its {'first' if key == 'start' else 'last'} day cannot be read"
                raise _RowFaultError(msg)
            days.append(moment.date())
        if days[-1] < days[0]:
            msg = "its last day lies before its first"
            raise _RowFaultError(msg)
        return Period(days[0], days[-1] + _ONE_DAY)

    def _tactic(self, cells: dict[str, str]) -> str:
        word = cells.get("tactic", "")
        if word:
            return self.tactics[fold_name(word)]
        if self.table.tactic is None:
            msg = "it has no tactic"
            raise _RowFaultError(msg)
        return self.table.tactic

    def _number(self, cells: dict[str, str], field: str) -> float:
        text = cells[field].replace("\u2212", "-").replace(" ", "").replace("\u00a0", "")
        if not _GIVEN_NUMBER.fullmatch(text):
            msg = f"its {field} is no number" if cells[field] else f"it has no {field}"
            raise _RowFaultError(msg)
        return float(text.replace(",", "."))

    def _place(self, cells: dict[str, str]) -> _Place:
        """Return the target area in metres."""
        if "area" in cells:
            code = cells["area"]
            if self.areas is None or code not in self.areas.codes:
                msg = "its area is not in the area files" if code else "it names no area"
                raise _RowFaultError(msg)
            return _Place(self.areas.shapes[self.areas.codes.index(code)], f"the area {code}")
        if "wkt" in cells:
            return self._drawn(cells["wkt"])
        pair = ("longitude", "latitude") if "longitude" in cells else ("x", "y")
        numbers = [self._number(cells, field) for field in pair]
        in_degrees = _crs.is_in_degrees(self._crs(pair[0]))
        if numbers == [0, 0] or (in_degrees and (abs(numbers[0]) > 180 or abs(numbers[1]) > 90)):
            msg = "it has the coordinates 0, 0" if numbers == [0, 0] else "its coordinates are beyond the earth"
            raise _RowFaultError(msg)
        return self._around(shapely.Point(numbers), self._crs(pair[0]))

    def _drawn(self, text: str) -> _Place:
        try:
            shape = shapely.from_wkt(text) if text else None
        except shapely.errors.GEOSException:
            shape = None
        if shape is None or shape.is_empty:
            msg = "its outline cannot be read"
            raise _RowFaultError(msg)
        return self._around(shape, self._crs("wkt"))

    def _crs(self, field: str) -> str:
        return self.table.crs or (self.area.crs if field == "x" else _crs.LONLAT)

    def _around(self, shape: BaseGeometry, crs: str) -> _Place:
        """Return the ground of a shape in metres: a point with the radius, a line with the width, or what was drawn."""
        moved = shape
        if crs != self.area.crs:

            def move(points: np.ndarray) -> np.ndarray:
                return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=crs, target=self.area.crs))

            moved = shapely.transform(shapely.force_2d(shape), move)
        if not np.isfinite(moved.bounds).all():
            msg = "its place has no position in the study's coordinate system"
            raise _RowFaultError(msg)
        kind = moved.geom_type.removeprefix("Multi")
        sizes = {"Point": self.table.radius, "LineString": self.table.width}
        if kind in sizes:
            size = sizes[kind]
            if size is None:
                msg = (
                    "it is a point, and the study file gives no radius"
                    if kind == "Point"
                    else "it is a line, and the study file gives no width"
                )
                raise _RowFaultError(msg)
            if kind == "Point":
                return _Place(moved.buffer(size, quad_segs=_QUADRANT_SEGMENTS), f"a circle of {size:g} m")
            return _Place(street_ground(moved, size), f"a street of {size:g} m", size)
        ground = polygonal(moved)
        if ground is None:
            msg = "its outline encloses no ground"
            raise _RowFaultError(msg)
        return _Place(ground, "its outline")


def _without_duplicates(rows: Sequence[_Row]) -> tuple[list[_Row], int]:
    """Return the rows without those that say what an earlier one says, and the number of these."""
    first: dict[tuple[object, ...], _Row] = {}
    for row in rows:
        first.setdefault(row.key, row)
    return list(first.values()), len(rows) - len(first)


def _parted_by_area(rows: Sequence[_Row], area: StudyArea) -> tuple[list[_Row], list[tuple[int, str]]]:
    """Return the rows inside the study area, and the rejects."""
    inside, rejects = [], []
    for row in rows:
        share = row.place.difference(area.boundary).area / row.place.area
        if share > _MOST_OUTSIDE:
            part = "its place lies" if share > 1 - _MOST_OUTSIDE else "a part of its place lies"
            rejects.append((row.line, f"{part} outside the study area"))
        else:
            inside.append(row)
    return inside, rejects


def _nothing_inside(
    file: str, rows: Sequence[_Row], table: RegisterTable, columns: dict[str, int], area: StudyArea
) -> str:
    if "longitude" in columns and table.crs is None:
        middles = [row.place.centroid for row in rows]
        lon, lat = _crs.transform(
            [point.x for point in middles], [point.y for point in middles], source=area.crs, target=_crs.LONLAT
        )
        x, y = _crs.transform(lat, lon, source=_crs.LONLAT, target=area.crs)
        if shapely.contains_xy(area.boundary, x, y).any():
            return f"{file}: its places lie in the study area only with longitude and latitude exchanged; exchange the two under columns."
    return f"{file}: no place of the register lies in the study area; check the columns, and crs for coordinates that are not longitude and latitude."


def _beyond_reason(rows: int, period: Period) -> str:
    subject = "its windows reach" if rows == 1 else "it is pooled with others, and the windows of all together reach"
    return f"{subject} beyond the study period ({period.start} to {last_day(period)})"


def _counted(rejects: Sequence[tuple[int, str]]) -> tuple[tuple[str, int, int], ...]:
    """Return every reason with its number of rows and its first line, the most frequent first."""
    lines: dict[str, list[int]] = {}
    for line, reason in sorted(rejects):
        lines.setdefault(reason, []).append(line)
    counted = ((reason, len(found), found[0]) for reason, found in lines.items())
    return tuple(sorted(counted, key=lambda entry: (-entry[1], entry[2])))


def _operation(
    file: str,
    rows: Sequence[_Row],
    period: Period,
    table: RegisterTable,
    control: BaseGeometry | None,
    taken: Collection[str],
) -> Operation:
    tactics = {row.tactic for row in rows}
    tactic = tactics.pop() if len(tactics) == 1 else SEVERAL
    return Operation(
        name=_free_name(rows, period, taken),
        tactic=tactic,
        objective="; ".join(dict.fromkeys(row.objective for row in rows)),
        period=period,
        target=rows[0].place if len(rows) == 1 else joined([row.place for row in rows])[0],
        target_note=_note(file, rows),
        gap=table.rings.gap,
        rings=tuple(table.rings.outer),
        control=control,
        before=before_rule(period, months=table.before.months or 0, years=table.before.years or 0),
        after=tuple(table.after),
        placebo=tactic == "placebo",
        spells=_spells([row.period for row in rows]),
        streets=table.rings.along or "",
        cost=math.fsum(row.cost for row in rows),
        street_width=min(row.target.street_width for row in rows)
        if all(row.target.street_width > 0 for row in rows)
        else math.nan,
    )


def _spells(periods: Sequence[Period]) -> tuple[Period, ...]:
    """Return the active periods of rows that are one operation, those without a day between them as one; empty for one period."""
    spells: list[Period] = []
    for period in sorted(periods):
        if spells and period.start <= spells[-1].end:
            spells[-1] = Period(spells[-1].start, max(spells[-1].end, period.end))
        else:
            spells.append(period)
    return tuple(spells) if len(spells) > 1 else ()


def before_rule(period: Period, *, months: int, years: int) -> BeforeRule:
    """Return the window before an operation: the months that end on its first day, or the season in earlier years."""
    if months:
        return BeforeRule(Period(add_months(period.start, -months), period.start))
    return BeforeRule(None, years, same_season=True)


def _free_name(rows: Sequence[_Row], period: Period, taken: Collection[str]) -> str:
    """Return a name that no other operation has: the row's own, then with its first day, then with a number."""
    first, others = min(rows, key=lambda row: (row.period.start, row.line)), len(rows) - 1
    own = f"{first.name} and {others:,} more" if others else first.name
    dated = f"{own}, {period.start}"
    numbered = (f"{dated} ({number})" for number in itertools.count(2))
    return next(name for name in itertools.chain((own, dated), numbered) if name not in taken)


def _note(file: str, rows: Sequence[_Row]) -> str:
    """Return what the target area was drawn from."""
    kinds = " and ".join(dict.fromkeys(row.target.note for row in rows))
    lines = [f"{row.line:,}" for row in rows[:10]]
    more = f" and {len(rows) - 10:,} more" if len(rows) > 10 else ""
    if len(rows) == 1:
        return f"{file}, line {lines[0]}: {kinds}"
    return f"{file}, lines {', '.join(lines)}{more}, pooled because they are close in space and time: {kinds} each"
