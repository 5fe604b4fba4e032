"""Reads ``pipelines/NAME.toml`` and its area files as a `Study`; every mistake is reported at once.

What is written is described by `geoharm.study.schema`. This file finds what it means: names become nouns, paths become
geometry, dates become periods.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm._rules import shortened
from geoharm._schema import Mistakes, Place, read_tables
from geoharm._text import fold_category
from geoharm._validation import decode_toml, nearest_hint
from geoharm.errors import DesignError, StudyError
from geoharm.geo.area_files import file_hash, read_area, read_areas, read_context_lines, read_place_names, read_street
from geoharm.geo.shape_files import file_of
from geoharm.model.activity import DatedActivity
from geoharm.model.area_counts import Areas
from geoharm.model.category_words import is_proactive
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, parse_phase
from geoharm.model.points import Points
from geoharm.model.register import RegisterLedger
from geoharm.model.settings import ChangeSettings
from geoharm.model.study import EVENT_KINDS, TABLE_KINDS, Operation, PublishSettings, Source, Study
from geoharm.model.tactics import TACTICS
from geoharm.study.background_tiles import background_tiles
from geoharm.study.comparisons import resolve_comparisons
from geoharm.study.composite import resolve_composites
from geoharm.study.ground import ground_files, resolve_ground
from geoharm.study.operation_dates import resolve_dates
from geoharm.study.population import load_population
from geoharm.study.register import read_register
from geoharm.study.schema import (
    AUTOMATIC,
    ActivityTable,
    ChangeTable,
    MeasureTable,
    OperationTable,
    PublishTable,
    RegisterTable,
    RingsTable,
    SourceTable,
    StreetTable,
    StudyFile,
    StudyTable,
)
from geoharm.study.settings import (
    resolve_accuracy,
    resolve_before,
    resolve_change,
    resolve_emerging,
    resolve_hotspots,
    resolve_period,
)
from geoharm.study.values import (
    MEASURE_KEYS,
    SOURCE_KEYS,
    check_source_counted,
    kind_counted,
    point_measures,
    resolve_harm_settings,
    resolve_mitigation,
    value_files,
    weight_unit,
)

_ONE_DAY = timedelta(days=1)
_NAMED = ("source", "measure", "operation", "comparison", "question", "indicator", "option")


class _Reader:
    """State of reading one study file: the mistakes, the files that were opened, the study area, and what was mended."""

    def __init__(self, path: Path, mistakes: Mistakes) -> None:
        self.folder = path.parent
        self.mistakes = mistakes
        self.inputs: dict[str, str] = {path.name: file_hash(path)}
        self.crs = ""
        self.boundary: BaseGeometry | None = None
        self.area_notes: list[str] = []
        self._drawn: list[BaseGeometry] = []

    def opened(self, *names: str) -> None:
        """Note the SHA-256 of files beside the study file."""
        self.inputs |= {name: file_hash(self.folder / file_of(name)) for name in names}

    def refuse_file(self, place: Place, key: str, error: StudyError) -> None:
        """Note the mistakes of a file that a key names."""
        for problem in error.problems:
            self.mistakes.add(place, f"{key}: {problem}")

    def area(self, place: Place, key: str, file_name: str, name: str) -> BaseGeometry | None:
        """Return the polygon of an area file, or None if it cannot be read."""
        if not self.crs or not self.mistakes.is_sound(*place, key):
            return None
        try:
            area = read_area(self.folder / file_name, self.crs, name=name, inside=self.boundary, drawn=self._drawn)
        except StudyError as error:
            self.refuse_file(place, key, error)
            return None
        self.opened(file_name)
        self.area_notes += area.notes
        self._drawn.append(area.geometry)
        return area.geometry

    def street(self, place: Place, table: StreetTable) -> BaseGeometry | None:
        """Return the ground of a street that is the target area, or None if its line cannot be read."""
        if not self.crs or not self.mistakes.is_sound(*place, "target", "line"):
            return None
        path = self.folder / table.line
        try:
            area = read_street(
                path, self.crs, width=table.width, name="street", inside=self.boundary, drawn=self._drawn
            )
        except StudyError as error:
            self.refuse_file((*place, "target"), "line", error)
            return None
        self.opened(table.line)
        self.area_notes += area.notes
        self._drawn.append(area.geometry)
        return area.geometry

    def outlines(self, place: Place, key: str, files: Sequence[str] | None, column: str | None) -> Areas | None:
        """Return the areas of files, with the codes in a column; None if there are none or they cannot be read."""
        if files is None and column is None:
            return None
        for needed, value in ((key, files), ("area_id", column)):
            if value is None:
                self.mistakes.add(place, f"{needed} is missing; {key} and area_id go together.")
        sound = self.mistakes.is_sound(*place, key) and self.mistakes.is_sound(*place, "area_id")
        if files is None or column is None or not self.crs or not sound:
            return None
        try:
            areas = read_areas([self.folder / name for name in files], self.crs, column=column, inside=self.boundary)
        except StudyError as error:
            self.refuse_file(place, key, error)
            return None
        self.opened(*files)
        return areas


def read_study(path: Path) -> Study:
    """Read and check a study file and every area file it names.

    Parameters
    ----------
    path : Path

    Raises
    ------
    StudyError
        If there are mistakes. It lists all of them with file, key, value and rule.
    """
    if not path.is_file():
        raise StudyError([f'The study file "{path}" does not exist.'])
    study, mistakes = read_tables(StudyFile, decode_toml(path), file=path.name)
    reader = _Reader(path, mistakes)
    area = _resolve_study_area(reader, study.study)
    period = _resolve_study_period(study.study, mistakes)
    sources = tuple(_resolve_source(reader, ("source", index), table) for index, table in enumerate(study.source))
    _check_addresses(study.source, mistakes)
    measures = _resolve_measures(study.measure, sources, mistakes)
    counted = point_measures(measures, sources)
    operations = [
        _resolve_operation(reader, ("operation", index), table, period) for index, table in enumerate(study.operation)
    ]
    names = [table.name for table in study.operation]
    registers: list[RegisterLedger] = []
    for index, table in enumerate(study.registers):
        register = _resolve_register(reader, ("register", index), table, area, period, names)
        if register is not None:
            operations += register[0]
            registers.append(register[1])
            names += [operation.name for operation in register[0]]
    comparisons = resolve_comparisons(study.comparison, period, names, mistakes)
    _check_names(study, mistakes)
    by_area = [measure for measure in measures if measure not in counted]
    primary = _resolve_primary(study, counted, by_area, mistakes)
    _check_undated(study, counted, mistakes)
    _check_shared_rows(measures, mistakes)
    _check_references(study, sources, counted, mistakes)
    _check_comparators_of_areas(study, [measure.name for measure in by_area], mistakes)
    harm = resolve_harm_settings(study, sources, measures, mistakes)
    composites = resolve_composites(study, sources, counted, mistakes)
    hotspots = resolve_hotspots(study.hotspots, mistakes)
    emerging = resolve_emerging(study.emerging, mistakes)
    accuracy = resolve_accuracy(study.accuracy, mistakes)
    change = _resolve_change(reader, study.change, area, hotspots.cell)
    publish = _resolve_publish(reader, study.publish, area)
    if mistakes.sentences or area is None or period is None:
        raise StudyError(mistakes.sentences)
    reader.opened(*value_files(harm, reader.folder))
    return Study(
        name=study.study.name,
        slug=path.stem,
        area=area,
        period=period,
        seed=study.study.seed,
        primary=primary,
        sources=sources,
        measures=counted,
        operations=tuple(operation for operation in operations if operation is not None),
        hotspots=hotspots,
        publish=publish,
        inputs=dict(sorted(reader.inputs.items())),
        folder=reader.folder,
        emerging=emerging,
        accuracy=accuracy,
        change=change,
        harm=harm,
        composites=composites,
        area_notes=tuple(dict.fromkeys(reader.area_notes)),
        registers=tuple(registers),
        comparisons=comparisons,
    )


def _resolve_study_area(reader: _Reader, table: StudyTable) -> StudyArea | None:
    place: Place = ("study",)
    if not reader.mistakes.is_sound(*place, "crs"):
        return None
    try:
        crs = None if table.crs is None else _crs.check_metric_crs(table.crs)
        if not reader.mistakes.is_sound(*place, "area"):
            return None
        area = read_area(reader.folder / table.area, crs, name="study area")
    except DesignError as error:
        reader.mistakes.add(place, str(error))
        return None
    except StudyError as error:
        reader.refuse_file(place, "area", error)
        return None
    reader.crs, reader.boundary = area.crs, area.geometry
    reader.opened(table.area)
    reader.area_notes += area.notes
    return StudyArea(area.geometry, area.crs, area.crs_note)


def _resolve_study_period(table: StudyTable, mistakes: Mistakes) -> Period | None:
    place = ("study", "period")
    return resolve_period(table.period, place, mistakes) if mistakes.is_sound(*place) else None


def _resolve_source(reader: _Reader, place: Place, table: SourceTable) -> Source:
    covers = None if table.covers is None else resolve_period(table.covers, (*place, "covers"), reader.mistakes)
    if table.covers is not None and table.kind in ("site", "streets"):
        rule = "is for what is counted by time; sites and streets have no dates."
        reader.mistakes.refuse(place, "covers", rule)
    areas = None
    if table.kind in ("area_table", "survey", *EVENT_KINDS):
        areas = reader.outlines(place, "areas", table.areas, table.area_id)
    elif (table.areas is not None or table.area_id is not None) and reader.mistakes.is_sound(*place, "kind"):
        key = "areas" if table.areas is not None else "area_id"
        reader.mistakes.refuse(place, key, "is for area tables, surveys, and events with the code of an area.")
    return Source(
        table.name, table.kind, table.format, tuple(table.files), covers, areas, table.oldest_first,
        tuple(table.addresses), table.match,
    )  # fmt: skip


def _check_addresses(tables: Sequence[SourceTable], mistakes: Mistakes) -> None:
    """Check that the sources by which others place their addresses are there, and are such."""
    kinds = {table.name: table.kind for table in tables}
    for index, table in enumerate(tables):
        place: Place = ("source", index)
        if table.match is not None and not table.addresses and mistakes.is_sound(*place, "addresses"):
            mistakes.refuse(place, "match", "needs addresses: the sources in which addresses are looked for.")
        if not table.addresses or not mistakes.are_sound("source", *SOURCE_KEYS):
            continue
        if table.kind in TABLE_KINDS:
            mistakes.refuse(place, "addresses", "is for dated points.")
            continue
        listed = [name for name, kind in kinds.items() if kind in ("addresses", "streets")]
        for name in table.addresses:
            if name not in listed:
                hint = nearest_hint(name, listed) if listed else 'add one, with kind = "addresses".'
                mistakes.refuse(
                    place, "addresses", f'names "{name}", which is no source of kind addresses or streets; {hint}'
                )


def _resolve_change(reader: _Reader, table: ChangeTable, area: StudyArea | None, cell: float) -> ChangeSettings:
    """Return the change settings, with the areas and the people of the files they name."""
    place: Place = ("change",)
    areas = None
    if table.areas is not None or table.people is None:
        # With people and no areas, area_id is that of a table of people alone.
        areas = reader.outlines(place, "areas", table.areas, table.area_id)
    people = None if area is None else _resolve_people(reader, table, area, areas=areas, cell=cell)
    return replace(resolve_change(table), areas=areas, people=people)


def _resolve_people(
    reader: _Reader, table: ChangeTable, area: StudyArea, *, areas: Areas | None, cell: float
) -> Points | None:
    if table.people is None or not reader.mistakes.is_sound("change", "people"):
        return None
    path = reader.folder / table.people
    try:
        people = load_population(
            path, area, count=table.people_count or "", areas=areas, area_id=table.area_id or "", cell=cell,
            on_note=reader.area_notes.append,
        )  # fmt: skip
    except StudyError as error:
        reader.refuse_file(("change",), "people", error)
        return None
    reader.opened(table.people)
    return people


def _resolve_measures(
    tables: Sequence[MeasureTable], sources: Sequence[Source], mistakes: Mistakes
) -> tuple[Measure, ...]:
    """Return the measures, and note the sources that none of them counts."""
    places: list[Place] = [("measure", index) for index in range(len(tables))]
    known = [check_source_counted(table, place, sources, mistakes) for table, place in zip(tables, places, strict=True)]
    if all(known) and mistakes.are_sound("source", *SOURCE_KEYS):
        counted = {table.source for table in tables}
        for index, source in enumerate(sources):
            if source.kind not in TABLE_KINDS and source.name not in counted:
                mistakes.add(("source", index), "no measure counts this source; add one, or take the source out.")
    return tuple(_resolve_measure(table, place, sources, mistakes) for table, place in zip(tables, places, strict=True))


def _check_undated(study: StudyFile, measures: Sequence[Measure], mistakes: Mistakes) -> None:
    """Note what a study that counts a list of places, which have no dates, cannot hold beside it."""
    undated = [measure.name for measure in measures if measure.is_undated]
    if not undated:
        return
    beside = [
        what
        for what, there in (
            ("an operation", study.operation or study.registers),
            ("a comparison", study.comparison),
            ("a measure of dated events", len(undated) < len(measures)),
        )
        if there
    ]
    if beside:
        mistakes.add(
            (),
            f'the measure "{shortened(undated[0])}" counts a list of places, which have no dates, so it can only be mapped: '
            f"take out {' and '.join(beside)}, or map the list by a study of its own.",
        )


def _check_places(table: MeasureTable, place: Place, mistakes: Mistakes) -> None:
    """Note what a measure of a list of places cannot be."""
    if table.activity or table.reporting or table.harm is not None:
        mistakes.add(
            place,
            'it counts the places of a list (kind = "site"), which are neither harm, activity nor reporting; take harm, '
            "activity and reporting out.",
        )


def _resolve_measure(table: MeasureTable, place: Place, sources: Sequence[Source], mistakes: Mistakes) -> Measure:
    harm = None if table.harm is None else Harm(table.harm.borne_by, table.harm.type)
    categories = tuple(table.where.category)
    roles_sound = all(mistakes.is_sound(*place, key) for key in ("harm", "activity", "reporting"))
    kind = kind_counted(table, place, sources, mistakes)
    if kind == "site":
        _check_places(table, place, mistakes)
    elif table.activity + table.reporting + (harm is not None) != 1 and roles_sound:
        mistakes.add(
            place,
            "a measure stands for a harm (harm = {borne_by, type}), is activity (activity = true), or only shows how much "
            "is reported (reporting = true); give one of the three.",
        )
    proactive = [name for name in categories if is_proactive(name, kind=kind)]
    if harm is not None and not table.count_as_harm and (table.recorded_by == "police" or proactive):
        subject = f'"{shortened(proactive[0])}" is' if proactive else "what police record of their own accord is"
        mistakes.add(
            place,
            f"{subject} enforcement activity, not harm; write activity = true instead of harm, or count_as_harm = true, "
            "and every report will say so.",
        )
    return Measure(
        name=table.name,
        source=table.source,
        categories=categories,
        unit=table.unit,
        recorded_by=table.recorded_by,
        harm=harm,
        activity_as_harm=table.count_as_harm,
        # A list of places is neither harm nor activity.
        reporting=table.reporting or kind == "site",
        comparator=table.comparator or "",
        kind=kind,
        checked_for_rise=table.watch,
        weight=weight_unit(table, place, sources, mistakes),
        sign_of=table.sign_of or "",
    )


def _resolve_operation(
    reader: _Reader, place: Place, table: OperationTable, study_period: Period | None
) -> Operation | None:
    mistakes, rings = reader.mistakes, table.rings
    dates = resolve_dates(table, place, study_period, mistakes)
    _check_rings_grow(rings, place, mistakes)
    control = None
    if table.control != AUTOMATIC:
        control = reader.area(place, "control", table.control, "control area")
    street = table.target if isinstance(table.target, StreetTable) else None
    target = (
        reader.area(place, "target", table.target, "target area")
        if isinstance(table.target, str)
        else reader.street(place, table.target)
    )
    chosen_on = None
    if table.chosen_on is not None and mistakes.is_sound(*place, "chosen_on"):
        chosen_on = resolve_period(table.chosen_on, (*place, "chosen_on"), mistakes)
    before = resolve_before(table.before, (*place, "before"), mistakes)
    similar = None
    if table.similar is not None and mistakes.is_sound(*place, "similar"):
        similar = _resolve_similar(reader, place, table.similar)
    activity = _resolve_activity(place, table.activity, mistakes)
    if target is None or before is None or dates is None:
        return None
    return Operation(
        name=table.name,
        tactic=table.tactic,
        objective=table.objective,
        period=dates.period,
        target=target,
        target_note=table.target_note,
        gap=rings.gap,
        rings=tuple(rings.outer),
        control=control,
        before=before,
        after=tuple(table.after),
        looks=table.looks,
        chosen_on=chosen_on,
        placebo=table.tactic == "placebo" if table.placebo is None else table.placebo,
        similar_markets=similar,
        streets=rings.along or "",
        partners=tuple(table.partners),
        mitigation=resolve_mitigation(table.mitigation),
        co_occurring=tuple(table.co_occurring),
        cost=math.nan if table.cost is None else table.cost,
        activity=activity,
        spells=dates.spells,
        ongoing=table.ongoing,
        street_width=math.nan if street is None else street.width,
    )


def _resolve_register(
    reader: _Reader,
    place: Place,
    table: RegisterTable,
    area: StudyArea | None,
    period: Period | None,
    names: Sequence[str],
) -> tuple[tuple[Operation, ...], RegisterLedger] | None:
    """Return the operations of a register and its ledger; None after a mistake."""
    mistakes, rings = reader.mistakes, table.rings
    _check_rings_grow(rings, place, mistakes)
    if (table.before.months is None) == (table.before.years is None):
        mistakes.add((*place, "before"), "give months, or years with same_season = true.")
    _check_phases(table.after, place, mistakes)
    for word, tactic in table.tactics.items():
        if tactic not in TACTICS:
            hint = nearest_hint(tactic, TACTICS)
            mistakes.add(
                place, f'tactics: "{shortened(word)}" stands for "{shortened(tactic)}", which is no tactic; {hint}'
            )
    control = None if table.control == AUTOMATIC else reader.area(place, "control", table.control, "control area")
    areas = reader.outlines(place, "areas", table.areas, table.area_id)
    if table.crs is not None:
        try:
            _crs.check_known(table.crs)
        except DesignError as error:
            mistakes.refuse(place, "crs", str(error))
    if mistakes.sentences or area is None or period is None:
        return None
    try:
        read = read_register(
            reader.folder / table.file, table, area=area, period=period, areas=areas, control=control, taken=names
        )
    except StudyError as error:
        reader.refuse_file(place, "file", error)
        return None
    reader.opened(table.file)
    return read


def _check_rings_grow(rings: RingsTable, place: Place, mistakes: Mistakes) -> None:
    if any(outer <= inner for inner, outer in itertools.pairwise((rings.gap, *rings.outer))):
        rule = f"must list distances in metres that grow from the gap of {rings.gap:g} outwards."
        mistakes.refuse((*place, "rings"), "outer", rule)


def _check_phases(phases: Sequence[str], place: Place, mistakes: Mistakes) -> None:
    for phase in phases:
        try:
            parse_phase(phase)
        except DesignError as error:
            mistakes.refuse(place, "after", str(error))


def _resolve_activity(place: Place, tables: Sequence[ActivityTable], mistakes: Mistakes) -> tuple[DatedActivity, ...]:
    """Return what was done, in the order of its dates."""
    activities = []
    for index, table in enumerate(tables):
        last = table.start if table.end is None else table.end
        if last < table.start:
            rule = f"must not be before start = {table.start}; both days are part of the period."
            mistakes.refuse((*place, "activity", index), "end", rule)
            continue
        period = Period(table.start, last + _ONE_DAY)
        activities.append(DatedActivity(table.what, table.kind, table.by, period, table.count))
    return tuple(sorted(activities, key=lambda activity: activity.period.start))


def _resolve_similar(reader: _Reader, place: Place, file_name: str) -> Areas | None:
    """Return the outlines of similar markets, named by their property "name"."""
    if not reader.crs:
        return None
    try:
        areas = read_areas([reader.folder / file_name], reader.crs, column="name", inside=reader.boundary)
    except StudyError as error:
        reader.refuse_file(place, "similar", error)
        return None
    reader.opened(file_name)
    return areas


def _resolve_publish(reader: _Reader, table: PublishTable, area: StudyArea | None) -> PublishSettings:
    place: Place = ("publish",)
    tiles = None
    if reader.mistakes.is_sound(*place, "tiles"):
        try:
            tiles = background_tiles(table.tiles, internal=table.release == "internal")
        except DesignError as error:
            reader.mistakes.refuse(place, "tiles", str(error))
    places: tuple[Site, ...] = ()
    context: list[BaseGeometry] = []
    if reader.crs:
        try:
            if table.places is not None and reader.mistakes.is_sound(*place, "places"):
                places = read_place_names(reader.folder / table.places, reader.crs)
                reader.opened(table.places)
            for name in table.context if reader.mistakes.is_sound(*place, "context") else ():
                context.append(read_context_lines(reader.folder / name, reader.crs))
                reader.opened(name)
        except StudyError as error:
            for problem in error.problems:
                reader.mistakes.add(place, problem)
    ground = resolve_ground(table, area, reader.folder, reader.mistakes) if area is not None else None
    if ground is not None:
        reader.opened(*ground_files(table))
    return PublishSettings(
        table.release,
        table.disclosure,
        places,
        tuple(context),
        tuple(table.attribution),
        tuple(table.files),
        tiles,
        table.steps,
        ground,
        table.paper,
        table.address or "",
    )


def _check_names(study: StudyFile, mistakes: Mistakes) -> None:
    """Check that no two tables of a kind have one name."""
    for key in _NAMED:
        names = [table.name for table in getattr(study, key)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            mistakes.add((), f'two [[{key}]] are called "{shortened(name)}"; each needs its own name.')


def _resolve_primary(
    study: StudyFile, points: Sequence[Measure], by_area: Sequence[Measure], mistakes: Mistakes
) -> str:
    """Return the name of the primary measure; without an operation, that of the measure that leads if none is named.

    Parameters
    ----------
    study : StudyFile
    points, by_area : sequence of Measure
        Measures of dated points, and of areas. One of areas leads only where there is none of points.
    mistakes : Mistakes
        Mistakes are added to it.
    """
    names = [measure.name for measure in (*points, *by_area)]
    harms = [measure.name for measure in (*points, *by_area) if measure.harm is not None]
    primary, place = study.study.primary, ("study",)
    may_have_operation = bool(study.operation or study.registers) or not (
        mistakes.is_sound("operation") and mistakes.is_sound("register")
    )
    eligible = harms if may_have_operation else names
    if primary is None and may_have_operation and mistakes.is_sound(*place, "primary"):
        mistakes.add(place, "primary is missing; a study with an operation names its one primary measure, a harm.")
    if primary in eligible or not mistakes.are_sound("measure", *MEASURE_KEYS):
        return primary or ""
    if primary is None:
        if not names:
            mistakes.add((), "no measure counts anything, so there is nothing to map; add one.")
        of_kind = set(names[: len(points)] or names)
        return next((name for name in (*harms, *names) if name in of_kind), "")
    if primary in names:
        mistakes.refuse(place, "primary", "is activity; the primary outcome must be a harm.")
    else:
        mistakes.refuse(place, "primary", f"is not the name of a measure; {nearest_hint(primary, eligible)}")
    return primary


def _check_shared_rows(measures: Sequence[Measure], mistakes: Mistakes) -> None:
    """Check that no two measures count the same rows."""
    if not mistakes.are_sound("measure", "name", "source", "where"):
        return
    for number, measure in enumerate(measures):
        for earlier in measures[:number]:
            shared = _shared_category(measure, earlier)
            overlap = shared or not measure.categories or not earlier.categories
            if measure.source == earlier.source and measure.name != earlier.name and overlap:
                why = ""
                if len(set(shared)) > 1:
                    why = f' ("{shortened(shared[1])}" and "{shortened(shared[0])}" are one category)'
                mistakes.add(
                    (),
                    f'the measures "{shortened(earlier.name)}" and "{shortened(measure.name)}" count the same rows of '
                    f'"{shortened(measure.source)}"{why}; give each its own categories under where.',
                )


def _shared_category(measure: Measure, other: Measure) -> tuple[str, ...]:
    """Return a category that two measures name, as each of them spells it; empty if they share none."""
    spelt = {fold_category(category): category for category in other.categories}
    folds = ((category, fold_category(category)) for category in measure.categories)
    return next(((category, spelt[folded]) for category, folded in folds if folded in spelt), ())


def _check_comparators_of_areas(study: StudyFile, by_area: Sequence[str], mistakes: Mistakes) -> None:
    """Refuse a comparator of a measure that is counted by area: it would never be used."""
    for index, measure in enumerate(study.measure):
        if measure.comparator is not None and measure.name in by_area:
            mistakes.refuse(("measure", index), "comparator", "is for measures of dated points; leave it out.")


def _check_references(
    study: StudyFile, sources: Sequence[Source], measures: Sequence[Measure], mistakes: Mistakes
) -> None:
    """Check that the comparators and street lines that are named exist."""
    reporting = [measure.name for measure in measures if measure.reporting]
    knows_measures = mistakes.are_sound("measure", *MEASURE_KEYS)
    for index, measure in enumerate(study.measure):
        if knows_measures and measure.comparator is not None and measure.comparator not in reporting:
            hint = nearest_hint(measure.comparator, reporting) if reporting else "there is none."
            rule = f"is not the name of a measure with reporting = true; {hint}"
            mistakes.refuse(("measure", index), "comparator", rule)
    streets = [source.name for source in sources if source.kind == "streets"]
    knows_sources = mistakes.are_sound("source", *SOURCE_KEYS)
    with_rings = [("operation", index, table.rings) for index, table in enumerate(study.operation)]
    with_rings += [("register", index, table.rings) for index, table in enumerate(study.registers)]
    for key, index, rings in with_rings:
        if knows_sources and rings.along is not None and rings.along not in streets:
            hint = nearest_hint(rings.along, streets) if streets else "there is none."
            rule = f"is not the name of a source of kind streets; {hint}"
            mistakes.refuse((key, index, "rings"), "along", rule)
