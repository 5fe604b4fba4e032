"""Reads ``pipelines/NAME.toml`` and its area files as a `Study`; every mistake is reported at once."""

from __future__ import annotations

import itertools
import math
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm._validation import TomlTable, decode_toml, nearest_hint
from geoharm.errors import DesignError, StudyError
from geoharm.geo.area_files import file_hash, read_area, read_areas, read_context_lines, read_place_names
from geoharm.model.area_counts import Areas
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.map_steps import STEPS
from geoharm.model.measure import BORNE_BY, HARM_TYPES, RECORDERS, UNITS, Harm, Measure, is_proactive
from geoharm.model.period import Period
from geoharm.model.settings import ChangeSettings
from geoharm.model.study import (
    EVENT_KINDS,
    GIS_FILES,
    PIECES,
    TABLE_KINDS,
    Operation,
    PublishSettings,
    Source,
    Study,
)
from geoharm.model.tactics import TACTICS
from geoharm.study.background_tiles import read_background_tiles
from geoharm.study.composite import read_composites
from geoharm.study.population import named_population
from geoharm.study.settings import (
    read_accuracy,
    read_before_rule,
    read_change,
    read_emerging,
    read_hotspots,
    read_period,
)
from geoharm.study.values import (
    HARM_KEYS,
    kind_counted,
    point_measures,
    read_harm_settings,
    read_mitigation,
    source_counted,
    value_files,
    weight_unit,
)

RELEASES = ("public", "internal")
_ONE_DAY = timedelta(days=1)


class _Reader:
    """State of reading one study file: the mistakes, the files that were opened, and the coordinate system."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent
        self.problems: list[str] = []
        self.inputs: dict[str, str] = {}
        self.crs = ""

    def area(self, table: TomlTable, key: str, name: str) -> BaseGeometry | None:
        """Return the polygon of an area file named in a table, or None if it cannot be read."""
        file_name = table.text(key)
        if not file_name or not self.crs:
            return None
        try:
            geometry, _, _ = read_area(self.folder / file_name, self.crs, name=name)
        except StudyError as error:
            self.problems += [f"{table.where}: {key}: {problem}" for problem in error.problems]
            return None
        self.inputs[file_name] = file_hash(self.folder / file_name)
        return geometry


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
    try:
        content = tomllib.loads(decode_toml(path))
    except tomllib.TOMLDecodeError as error:
        raise StudyError([f"{path.name} is not valid TOML: {error}."]) from error
    reader = _Reader(path)
    reader.inputs[path.name] = file_hash(path)
    root = TomlTable(content, path.name, reader.problems)
    root.known(
        "study", "source", "measure", "operation", "hotspots", "emerging", "accuracy", "change", "publish", "question", *HARM_KEYS,
    )  # fmt: skip
    about = root.table("study").known("name", "area", "crs", "period", "seed", "primary")
    area = _read_study_area(reader, about)
    period = read_period(about.table("period"))
    sources = tuple(_read_source(reader, table) for table in root.tables("source"))
    all_measures = [_read_measure(table, sources) for table in root.tables("measure")]
    measures = point_measures(all_measures, sources)
    operations = tuple(
        operation for table in root.tables("operation") if (operation := _read_operation(reader, table)) is not None
    )
    primary = about.text("primary")
    names = [operation.name for operation in operations]
    reader.problems += [f'{path.name}: two [[operation]] are called "{name}"; each needs its own name.'
                        for name in sorted({name for name in names if names.count(name) > 1})]  # fmt: skip
    if not root.content.get("operation"):
        reader.problems.append(f"{path.name}: there is no [[operation]]; a study evaluates at least one.")
    _check_consistency(root, about, sources, measures, primary)
    _check_names(root, sources, measures, operations)
    harm = read_harm_settings(root, sources, all_measures, operations)
    composites = read_composites(root, sources, measures, operations)
    reader.inputs |= {name: file_hash(reader.folder / name) for name in value_files(harm, reader.folder)}
    hotspots = read_hotspots(root.table("hotspots", needed=False))
    emerging = read_emerging(root.table("emerging", needed=False))
    accuracy = read_accuracy(root.table("accuracy", needed=False))
    change = _read_change(reader, root.table("change", needed=False), area, hotspots.cell)
    publish = _read_publish(reader, root.table("publish", needed=False))
    name, seed = about.text("name"), about.integer("seed", 0)
    if reader.problems or area is None or period is None:
        raise StudyError(reader.problems)
    return Study(
        name=name,
        slug=path.stem,
        area=area,
        period=period,
        seed=seed,
        primary=primary,
        sources=sources,
        measures=measures,
        operations=operations,
        hotspots=hotspots,
        publish=publish,
        inputs=dict(sorted(reader.inputs.items())),
        folder=reader.folder,
        emerging=emerging,
        accuracy=accuracy,
        change=change,
        harm=harm,
        composites=composites,
    )


def _read_study_area(reader: _Reader, about: TomlTable) -> StudyArea | None:
    crs_text = about.text("crs", "-")
    file_name = about.text("area")
    try:
        crs = None if crs_text == "-" else _crs.check_metric_crs(crs_text)
        if not file_name:
            return None
        boundary, used_crs, note = read_area(reader.folder / file_name, crs, name="study area")
    except (StudyError, DesignError) as error:
        reader.problems.append(f"{about.where}: {error}")
        return None
    reader.crs = used_crs
    reader.inputs[file_name] = file_hash(reader.folder / file_name)
    return StudyArea(boundary, used_crs, note)


def _read_change(reader: _Reader, table: TomlTable, area: StudyArea | None, cell: float) -> ChangeSettings:
    """Return the change settings, with the areas and the people of the files they name."""
    settings = read_change(table)
    if "areas" in table or "area_id" in table:
        settings = replace(settings, areas=_read_outlines(reader, table))
    people = None if area is None else named_population(table, reader.folder, area, areas=settings.areas, cell=cell)
    if people is not None:
        reader.inputs[table.text("people")] = file_hash(reader.folder / table.text("people"))
    return replace(settings, people=people)


def _read_source(reader: _Reader, table: TomlTable) -> Source:
    table.known("name", "kind", "format", "files", "covers", "areas", "area_id")
    kind = table.text("kind", choices=(*EVENT_KINDS, *TABLE_KINDS))
    files = table.texts("files")
    if "files" in table and not files:
        table.refuse("files", "must name at least one file.")
    covers = read_period(table.table("covers")) if "covers" in table else None
    if covers is not None and kind in TABLE_KINDS:
        table.refuse("covers", "is for dated points; an area table or survey says itself which periods it has.")
    return Source(
        table.text("name"), kind, table.text("format"), files, covers, _read_source_areas(reader, table, kind)
    )


def _read_source_areas(reader: _Reader, table: TomlTable, kind: str) -> Areas | None:
    """Return the outlines of a source's areas, if it names files of them."""
    if "areas" not in table and "area_id" not in table:
        return None
    if kind not in ("area_table", "survey"):
        table.refuse("areas" if "areas" in table else "area_id", "is for area tables and surveys.")
        return None
    return _read_outlines(reader, table)


def _read_outlines(reader: _Reader, table: TomlTable) -> Areas | None:
    """Return the areas of the files that a table names under areas and area_id."""
    files, column = table.texts("areas"), table.text("area_id")
    if not files or not column or not reader.crs:
        return None
    try:
        areas = read_areas([reader.folder / name for name in files], reader.crs, column=column)
    except StudyError as error:
        reader.problems += [f"{table.where}: areas: {problem}" for problem in error.problems]
        return None
    reader.inputs |= {name: file_hash(reader.folder / name) for name in files}
    return areas


def _read_measure(table: TomlTable, sources: tuple[Source, ...]) -> Measure:
    table.known(
        "name", "source", "where", "unit", "harm", "activity", "count_as_harm", "recorded_by", "reporting",
        "comparator", "watch", "kind", "weight",
    )  # fmt: skip
    source = source_counted(table, sources)
    where = table.table("where", needed=False).known("category")
    categories = where.texts("category", ())
    unit = table.text("unit", choices=UNITS)
    recorded_by = table.text("recorded_by", choices=RECORDERS)
    harm = None
    if "harm" in table:
        axes = table.table("harm").known("borne_by", "type")
        harm = Harm(axes.text("borne_by", choices=BORNE_BY), axes.text("type", choices=HARM_TYPES))
    activity, reporting = table.flag("activity", default=False), table.flag("reporting", default=False)
    if activity + reporting + (harm is not None) != 1:
        table.problems.append(
            f"{table.where}: a measure stands for a harm (harm = {{borne_by, type}}), is activity (activity = true), or "
            "only shows how much is reported (reporting = true); give one of the three."
        )
    proactive = [name for name in categories if is_proactive(name)]
    counted_as_harm = table.flag("count_as_harm", default=False)
    if harm is not None and not counted_as_harm and (recorded_by == "police" or proactive):
        subject = f'"{proactive[0]}" is' if proactive else "what police record of their own accord is"
        table.problems.append(
            f"{table.where}: {subject} enforcement activity, not harm; write activity = true instead of harm, "
            "or count_as_harm = true, and every report will say so."
        )
    comparator = table.text("comparator") if "comparator" in table else ""
    kind, is_watched = kind_counted(table, sources), table.flag("watch", default=False)
    first_fields = (table.text("name"), source, categories, unit, recorded_by)
    return Measure(
        *first_fields, harm, counted_as_harm, reporting, comparator, kind, is_watched, weight_unit(table, sources)
    )


def _read_operation(reader: _Reader, table: TomlTable) -> Operation | None:
    table.known(
        "name", "tactic", "partners", "objective", "mitigation", "start", "end", "target", "target_note", "rings",
        "control", "before", "after", "chosen_on", "placebo", "co_occurring", "similar", "cost",
    )  # fmt: skip
    problems_before = len(reader.problems)
    start, end = table.day("start"), table.day("end")
    if len(reader.problems) == problems_before and end < start:
        table.refuse("end", f"must not be before start = {start}; both days are part of the operation.")
    rings = table.table("rings").known("gap", "outer", "along")
    gap, outer = rings.number("gap", 0.0), rings.numbers("outer")
    edges = (gap, *outer)
    if any(outer_edge <= inner for inner, outer_edge in itertools.pairwise(edges)) or not outer:
        rings.refuse("outer", f"must list distances in metres that grow from the gap of {gap:g} outwards.")
    control = None
    if table.content.get("control", "auto") != "auto":
        control = reader.area(table, "control", "control area")
    target = reader.area(table, "target", "target area")
    chosen_on = read_period(table.table("chosen_on")) if "chosen_on" in table else None
    before = read_before_rule(table.table("before"))
    similar = _read_similar(reader, table)
    tactic = table.text("tactic", choices=TACTICS)
    name, objective = table.text("name"), table.text("objective")
    after = table.texts("after")
    if "after" in table and not after:
        table.refuse("after", 'must list at least one phase, such as "0-3 months".')
    if len(reader.problems) > problems_before or target is None or before is None:
        return None
    return Operation(
        name=name,
        tactic=tactic,
        objective=objective,
        period=Period(start, end + _ONE_DAY),
        target=target,
        target_note=table.text("target_note", "not stated"),
        gap=gap,
        rings=outer,
        control=control,
        before=before,
        after=after,
        chosen_on=chosen_on,
        placebo=table.flag("placebo", default=tactic == "placebo"),
        similar_markets=similar,
        streets=rings.text("along") if "along" in rings else "",
        partners=table.texts("partners", ()),
        mitigation=read_mitigation(table),
        co_occurring=table.texts("co_occurring", ()),
        cost=table.number("cost", math.nan) if "cost" in table else math.nan,
    )


def _read_similar(reader: _Reader, table: TomlTable) -> Areas | None:
    """Return the outlines of similar markets, named by their property "name"."""
    if "similar" not in table or not reader.crs or not (file_name := table.text("similar")):
        return None
    try:
        areas = read_areas([reader.folder / file_name], reader.crs, column="name")
    except StudyError as error:
        reader.problems += [f"{table.where}: similar: {problem}" for problem in error.problems]
        return None
    reader.inputs[file_name] = file_hash(reader.folder / file_name)
    return areas


def _read_publish(reader: _Reader, table: TomlTable) -> PublishSettings:
    table.known("release", "disclosure", "tiles", "steps", "places", "context", "attribution", "files")
    release = table.text("release", "public", choices=RELEASES)
    disclosure = table.text("disclosure", "under-5", choices=tuple(DISCLOSURE_RULES))
    steps = table.text("steps", "phases", choices=STEPS)
    tiles = read_background_tiles(table, internal=release == "internal")
    places: tuple[Site, ...] = ()
    context: list[BaseGeometry] = []
    if reader.crs:
        try:
            if "places" in table:
                places = read_place_names(reader.folder / table.text("places"), reader.crs)
                reader.inputs[table.text("places")] = file_hash(reader.folder / table.text("places"))
            for name in table.texts("context", ()):
                context.append(read_context_lines(reader.folder / name, reader.crs))
                reader.inputs[name] = file_hash(reader.folder / name)
        except StudyError as error:
            reader.problems += [f"{table.where}: {problem}" for problem in error.problems]
    files = table.texts("files", ())
    for name in files:
        if name not in (*GIS_FILES, *PIECES):
            table.problems.append(
                f'{table.where}: files: "{name}" is not known; {nearest_hint(name, (*GIS_FILES, *PIECES))}'
            )
    return PublishSettings(
        release, disclosure, places, tuple(context), table.texts("attribution", ()), files, tiles, steps
    )


def _check_consistency(
    root: TomlTable, about: TomlTable, sources: tuple[Source, ...], measures: tuple[Measure, ...], primary: str
) -> None:
    """Check what depends on the file as a whole: names, the primary outcome, overlapping measures, unused sources."""
    for key, names in (
        ("source", [source.name for source in sources]),
        ("measure", [measure.name for measure in measures]),
    ):
        if not names:
            root.problems.append(f"{root.where}: there is no [[{key}]]; a study needs at least one.")
        for name in sorted({name for name in names if names.count(name) > 1}):
            root.problems.append(f'{root.where}: two [[{key}]] are called "{name}"; each needs its own name.')
    harms = [measure.name for measure in measures if measure.harm is not None]
    if primary and primary in [measure.name for measure in measures] and primary not in harms:
        about.refuse("primary", "is activity; the primary outcome must be a harm.")
    elif primary and primary not in harms:
        about.refuse("primary", f"is not the name of a measure; {nearest_hint(primary, harms)}")
    for number, measure in enumerate(measures):
        for earlier in measures[:number]:
            shared = set(measure.categories) & set(earlier.categories)
            if measure.source == earlier.source and (shared or not measure.categories or not earlier.categories):
                root.problems.append(
                    f'{root.where}: the measures "{earlier.name}" and "{measure.name}" count the same rows of '
                    f'"{measure.source}"; give each its own categories under where.'
                )
    unused = sorted(
        {source.name for source in sources if source.kind not in TABLE_KINDS} - {measure.source for measure in measures}
    )
    for name in unused:
        root.problems.append(f'{root.where}: no measure counts the source "{name}"; add one, or take the source out.')


def _check_names(
    root: TomlTable, sources: tuple[Source, ...], measures: tuple[Measure, ...], operations: tuple[Operation, ...]
) -> None:
    """Check that the comparators and street lines that are named exist."""
    reporting = [measure.name for measure in measures if measure.reporting]
    for measure in measures:
        if measure.comparator and measure.comparator not in reporting:
            root.problems.append(
                f'{root.where}: measure "{measure.name}": comparator = "{measure.comparator}" is not the name of a measure with '
                f"reporting = true; {nearest_hint(measure.comparator, reporting) if reporting else 'there is none.'}"
            )
    streets = [source.name for source in sources if source.kind == "streets"]
    for operation in operations:
        if operation.streets and operation.streets not in streets:
            root.problems.append(
                f'{root.where}: operation "{operation.name}": rings along = "{operation.streets}" is not the name of a source of '
                f"kind streets; {nearest_hint(operation.streets, streets) if streets else 'there is none.'}"
            )
