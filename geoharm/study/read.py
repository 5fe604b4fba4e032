"""From ``pipelines/NAME.toml`` and its area files to a `Study`; every mistake is reported at once."""

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
    GIS_FILES,
    PIECES,
    TABLE_KINDS,
    TACTICS,
    UNTESTED_REASONS,
    Operation,
    PublishSettings,
    Source,
    Study,
)
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
    """Reads one study file; holds the mistakes, the files it opened, and the coordinate system."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent
        self.problems: list[str] = []
        self.inputs: dict[str, str] = {}
        self.crs = ""

    def area(self, table: TomlTable, key: str, name: str) -> BaseGeometry | None:
        """Return the polygon of an area file named in a table, or None if it cannot be had."""
        relative = table.text(key)
        if not relative or not self.crs:
            return None
        try:
            geometry, _, _ = read_area(self.folder / relative, self.crs, name=name)
        except StudyError as error:
            self.problems += [f"{table.where}: {key}: {problem}" for problem in error.problems]
            return None
        self.inputs[relative] = file_hash(self.folder / relative)
        return geometry


def read_study(path: Path) -> Study:
    """Read and check a study file and every area file it names.

    Parameters
    ----------
    path : Path

    Raises
    ------
    StudyError
        Listing every mistake with file, key, value and rule.
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
    area = _study_area(reader, about)
    period = read_period(about.table("period"))
    sources = tuple(_source(reader, table) for table in root.tables("source"))
    every = [_measure(table, sources) for table in root.tables("measure")]
    measures = point_measures(every, sources)
    operations = tuple(one for table in root.tables("operation") if (one := _operation(reader, table)) is not None)
    primary = about.text("primary")
    names = [one.name for one in operations]
    reader.problems += [f'{path.name}: two [[operation]] are called "{name}"; each needs its own name.'
                        for name in sorted({name for name in names if names.count(name) > 1})]  # fmt: skip
    if not root.content.get("operation"):
        reader.problems.append(f"{path.name}: there is no [[operation]]; a study evaluates at least one.")
    _check_whole(root, about, sources, measures, primary)
    _check_names(root, sources, measures, operations)
    harm = read_harm_settings(root, sources, every, operations)
    questions = read_composites(root, sources, measures, operations)
    reader.inputs |= {name: file_hash(reader.folder / name) for name in value_files(harm, reader.folder)}
    hotspots = read_hotspots(root.table("hotspots", needed=False))
    emerging = read_emerging(root.table("emerging", needed=False))
    accuracy = read_accuracy(root.table("accuracy", needed=False))
    change = _change(reader, root.table("change", needed=False), area, hotspots.cell)
    publish = _publish(reader, root.table("publish", needed=False))
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
        composites=questions,
    )


def _study_area(reader: _Reader, about: TomlTable) -> StudyArea | None:
    given = about.text("crs", "-")
    relative = about.text("area")
    try:
        crs = None if given == "-" else _crs.check_metric_crs(given)
        if not relative:
            return None
        boundary, used, note = read_area(reader.folder / relative, crs, name="study area")
    except (StudyError, DesignError) as error:
        reader.problems.append(f"{about.where}: {error}")
        return None
    reader.crs = used
    reader.inputs[relative] = file_hash(reader.folder / relative)
    return StudyArea(boundary, used, note)


def _change(reader: _Reader, table: TomlTable, area: StudyArea | None, cell: float) -> ChangeSettings:
    """Return how change is judged, with the areas and the people of the files it names."""
    settings = read_change(table)
    if "areas" in table or "area_id" in table:
        settings = replace(settings, areas=_outlines(reader, table))
    people = None if area is None else named_population(table, reader.folder, area, areas=settings.areas, cell=cell)
    if people is not None:
        reader.inputs[table.text("people")] = file_hash(reader.folder / table.text("people"))
    return replace(settings, people=people)


def _source(reader: _Reader, table: TomlTable) -> Source:
    table.known("name", "kind", "format", "files", "covers", "areas", "area_id")
    kind = table.text("kind", choices=(*UNTESTED_REASONS, *TABLE_KINDS))
    files = table.texts("files")
    if "files" in table and not files:
        table.refuse("files", "must name at least one file.")
    covers = read_period(table.table("covers")) if "covers" in table else None
    if covers is not None and kind in TABLE_KINDS:
        table.refuse("covers", "is for dated points; an area table or survey says itself which periods it has.")
    return Source(table.text("name"), kind, table.text("format"), files, covers, _areas(reader, table, kind))


def _areas(reader: _Reader, table: TomlTable, kind: str) -> Areas | None:
    """Return the outlines of a source's areas, where it names files of them."""
    if "areas" not in table and "area_id" not in table:
        return None
    if kind not in ("area_table", "survey"):
        table.refuse("areas" if "areas" in table else "area_id", "is for area tables and surveys.")
        return None
    return _outlines(reader, table)


def _outlines(reader: _Reader, table: TomlTable) -> Areas | None:
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


def _measure(table: TomlTable, sources: tuple[Source, ...]) -> Measure:
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
    found = [name for name in categories if is_proactive(name)]
    overridden = table.flag("count_as_harm", default=False)
    if harm is not None and not overridden and (recorded_by == "police" or found):
        what = f'"{found[0]}" is' if found else "what police record of their own accord is"
        table.problems.append(
            f"{table.where}: {what} enforcement activity, not harm; write activity = true instead of harm, "
            "or count_as_harm = true, and every report will say so."
        )
    comparator = table.text("comparator") if "comparator" in table else ""
    kind, watched = kind_counted(table, sources), table.flag("watch", default=False)
    about = (table.text("name"), source, categories, unit, recorded_by)
    return Measure(*about, harm, overridden, reporting, comparator, kind, watched, weight_unit(table, sources))


def _operation(reader: _Reader, table: TomlTable) -> Operation | None:
    table.known(
        "name", "tactic", "partners", "objective", "mitigation", "start", "end", "target", "target_note", "rings",
        "control", "before", "after", "chosen_on", "placebo", "co_occurring", "similar", "cost",
    )  # fmt: skip
    count = len(reader.problems)
    start, end = table.day("start"), table.day("end")
    if len(reader.problems) == count and end < start:
        table.refuse("end", f"must not be before start = {start}; both days are part of the operation.")
    rings = table.table("rings").known("gap", "outer", "along")
    gap, outer = rings.number("gap", 0.0), rings.numbers("outer")
    edges = (gap, *outer)
    if any(two <= one for one, two in itertools.pairwise(edges)) or not outer:
        rings.refuse("outer", f"must list distances in metres that grow from the gap of {gap:g} outwards.")
    control = None
    if table.content.get("control", "auto") != "auto":
        control = reader.area(table, "control", "control area")
    target = reader.area(table, "target", "target area")
    chosen = read_period(table.table("chosen_on")) if "chosen_on" in table else None
    before = read_before_rule(table.table("before"))
    similar = _similar(reader, table)
    tactic = table.text("tactic", choices=TACTICS)
    name, objective = table.text("name"), table.text("objective")
    after = table.texts("after")
    if "after" in table and not after:
        table.refuse("after", 'must list at least one phase, such as "0-3 months".')
    if len(reader.problems) > count or target is None or before is None:
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
        chosen_on=chosen,
        placebo=table.flag("placebo", default=tactic == "placebo"),
        similar=similar,
        streets=rings.text("along") if "along" in rings else "",
        partners=table.texts("partners", ()),
        mitigation=read_mitigation(table),
        co_occurring=table.texts("co_occurring", ()),
        cost=table.number("cost", math.nan) if "cost" in table else math.nan,
    )


def _similar(reader: _Reader, table: TomlTable) -> Areas | None:
    """Return the outlines of similar markets, by their property "name"."""
    if "similar" not in table or not reader.crs or not (relative := table.text("similar")):
        return None
    try:
        areas = read_areas([reader.folder / relative], reader.crs, column="name")
    except StudyError as error:
        reader.problems += [f"{table.where}: similar: {problem}" for problem in error.problems]
        return None
    reader.inputs[relative] = file_hash(reader.folder / relative)
    return areas


def _publish(reader: _Reader, table: TomlTable) -> PublishSettings:
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


def _check_whole(
    root: TomlTable, about: TomlTable, sources: tuple[Source, ...], measures: tuple[Measure, ...], primary: str
) -> None:
    """Check what only the file as a whole can tell."""
    for key, names in (("source", [one.name for one in sources]), ("measure", [one.name for one in measures])):
        if not names:
            root.problems.append(f"{root.where}: there is no [[{key}]]; a study needs at least one.")
        for name in sorted({name for name in names if names.count(name) > 1}):
            root.problems.append(f'{root.where}: two [[{key}]] are called "{name}"; each needs its own name.')
    harms = [one.name for one in measures if one.harm is not None]
    if primary and primary in [one.name for one in measures] and primary not in harms:
        about.refuse("primary", "is activity; the primary outcome must be a harm.")
    elif primary and primary not in harms:
        about.refuse("primary", f"is not the name of a measure; {nearest_hint(primary, harms)}")
    for number, one in enumerate(measures):
        for other in measures[:number]:
            shared = set(one.categories) & set(other.categories)
            if one.source == other.source and (shared or not one.categories or not other.categories):
                root.problems.append(
                    f'{root.where}: the measures "{other.name}" and "{one.name}" count the same rows of '
                    f'"{one.source}"; give each its own categories under where.'
                )
    unused = sorted({one.name for one in sources if one.kind not in TABLE_KINDS} - {one.source for one in measures})
    for name in unused:
        root.problems.append(f'{root.where}: no measure counts the source "{name}"; add one, or take the source out.')


def _check_names(
    root: TomlTable, sources: tuple[Source, ...], measures: tuple[Measure, ...], operations: tuple[Operation, ...]
) -> None:
    """Check that comparators and street lines are there under the names given."""
    reporting = [one.name for one in measures if one.reporting]
    for one in measures:
        if one.comparator and one.comparator not in reporting:
            root.problems.append(
                f'{root.where}: measure "{one.name}": comparator = "{one.comparator}" is not the name of a measure with '
                f"reporting = true; {nearest_hint(one.comparator, reporting) if reporting else 'there is none.'}"
            )
    streets = [one.name for one in sources if one.kind == "streets"]
    for other in operations:
        if other.streets and other.streets not in streets:
            root.problems.append(
                f'{root.where}: operation "{other.name}": rings along = "{other.streets}" is not the name of a source of '
                f"kind streets; {nearest_hint(other.streets, streets) if streets else 'there is none.'}"
            )
