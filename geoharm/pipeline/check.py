"""Check what can be checked of a study before any data file is read."""

from __future__ import annotations

from geoharm.errors import DesignError, StudyError
from geoharm.evaluation.design.build import check_operation, check_operations_apart, check_windows
from geoharm.evaluation.design.windows import check_phases
from geoharm.ingest.formats.input_format import Format, read_format
from geoharm.ingest.formats.tables import NO_RULES, TableRules
from geoharm.model.study import Operation, Source, Study
from geoharm.study.value_profiles.profiles import read_exchange_rates, read_profile

GUESS_SENTENCE = "is a guess; check every line of it, then delete the line guessed = true."


def check_study(study: Study) -> None:
    """Check everything that needs no data: formats, phases, values and the zones of every operation.

    Raises
    ------
    StudyError
        Listing every mistake.
    """
    problems: list[str] = []
    for source in study.sources:
        try:
            input_format = checked_format(study, source)
        except StudyError as error:
            problems += [f'source "{source.name}": {problem}' for problem in error.problems]
        else:
            problems += _kind_problems(source, input_format)
            if "weight" not in input_format.columns:
                problems += [
                    f'measure "{measure.name}": weight = "{measure.weight}", but the format "{source.format}" keeps no weight; name '
                    "its column under [columns] weight in a format of your own, or take weight out."
                    for measure in study.measures_of(source.name)
                    if measure.weight
                ]
    problems += _primary_problems(study)
    problems += _street_problems(study)
    problems += _undated_problems(study)
    if study.comparisons and not study.measures:
        problems.append(
            "a [[comparison]] counts dated points, and every measure of this study is counted by area; leave it out."
        )
    problems += _value_problems(study)
    # Of an operation with a mistake in its phases, it is not known how long it reaches.
    known = [operation for operation in study.operations if _has_known_phases(operation)]
    try:
        check_operations_apart(known)
    except DesignError as error:
        problems.append(str(error))
    for operation in study.operations:
        try:
            if study.is_by_area:
                check_windows(operation)
                continue
            check_operation(operation, study.area, [other for other in known if other is not operation])
        except DesignError as error:
            problems.append(f'operation "{operation.name}": {error}')
    if problems:
        raise StudyError(problems)


def check_has_operation(study: Study, question: str) -> None:
    """Check that a study has an operation, for what asks about one.

    Parameters
    ----------
    study : Study
    question : str
        What needs one, such as "the power of a design".

    Raises
    ------
    StudyError
        If it has none.
    """
    if not study.operations:
        raise StudyError([
            f'"{study.name}" has no operation, and {question} needs one; add an [[operation]], or a [[register]] of operations.'
        ])  # fmt: skip


def _has_known_phases(operation: Operation) -> bool:
    try:
        check_phases(operation)
    except DesignError:
        return False
    return True


def checked_format(study: Study, source: Source) -> Format:
    """Return the format of a source.

    Raises
    ------
    StudyError
        If the format has mistakes, or is a guess that nobody has checked.
    """
    input_format = read_format(source.format, study.folder)
    if input_format.guessed:
        raise StudyError([f'the format "{source.format}" {GUESS_SENTENCE}'])
    return input_format


def _kind_problems(source: Source, input_format: Format) -> list[str]:
    """Return the contradictions between a source and its format about what the files hold."""
    if input_format.kind != ("event" if source.is_events else source.kind):
        return [
            f'source "{source.name}": kind = "{source.kind}", but the format "{source.format}" reads '
            f"{'dated points' if input_format.kind == 'event' else input_format.kind}; choose a format for that kind, or the kind of the "
            "format (geoharm formats list)."
        ]
    return _place_problems(source, input_format) or _table_problems(source, input_format)


def _place_problems(source: Source, input_format: Format) -> list[str]:
    """Return the contradictions about how the rows of events get a place."""
    if source.is_events and input_format.is_by_area != (source.areas is not None):
        return [
            f'source "{source.name}": the format "{source.format}" reads the code of an area and no coordinates; name the area files '
            "with the outlines under areas, and the property with the code under area_id."
            if input_format.is_by_area
            else f'source "{source.name}": areas and area_id are for events with the code of an area, and the format "{source.format}" '
            "reads coordinates; leave them out, or take a format that names the column under columns.area."
        ]
    if source.addresses and (input_format.is_by_area or not input_format.has_address):
        reads = "the code of an area" if input_format.is_by_area else "none"
        return [
            f'source "{source.name}": addresses places rows by their address text, but the format "{source.format}" reads {reads}; name its '
            "column under [columns] address, or street."
        ]
    if source.is_events and not (input_format.has_coordinates or input_format.is_by_area or source.addresses):
        return [
            f'source "{source.name}": the format "{source.format}" reads no coordinates; name a source of addresses by which its rows are '
            'placed (addresses = ["..."]), or the columns of the coordinates in the format.'
        ]
    return []


def _table_problems(source: Source, input_format: Format) -> list[str]:
    """Return the contradictions about periods and areas of a table."""
    if source.covers is not None and not source.is_events and not input_format.rules.undated:
        return [
            f'source "{source.name}": covers is for tables without a period, and the format "{source.format}" reads the periods of '
            "this one; leave it out."
        ]
    if source.areas is not None and input_format.rules.area:
        return [
            f'source "{source.name}": the format "{source.format}" holds one area for the whole table, which stands for the '
            "study area; leave areas and area_id out."
        ]
    return []


def _primary_problems(study: Study) -> list[str]:
    """Return the mistake of a primary measure that is counted by area, without outlines of the areas."""
    if not study.is_by_area:
        return []
    primary = next(measure for measure in study.harm.area_measures if measure.name == study.primary)
    source = next(source for source in study.sources if source.name == primary.source)
    problems = []
    if study.operations and _is_undated(study, source):
        problems.append(
            f'the primary measure "{study.primary}" is counted from a table without a period, "{source.name}", so there is no before '
            "and after; name its days under covers, take another measure as primary, or leave the operations out."
        )
    if source.areas is not None:
        return problems
    if _rules(study, source).area:
        return [
            *problems,
            f'the primary measure "{study.primary}" is counted for the study area as a whole, so nothing can be told of a part of it; take '
            "another measure as primary.",
        ]
    return [
        *problems,
        f'the primary measure "{study.primary}" is counted by area, and its source "{source.name}" has no outlines; name area files '
        "under areas and the property with the code under area_id.",
    ]


def _undated_problems(study: Study) -> list[str]:
    """Return a mistake for each indicator of change whose survey has no period."""
    undated = {source.name for source in study.sources if source.kind == "survey" and _is_undated(study, source)}
    return [
        f'indicator "{indicator.name}": its survey "{indicator.source}" has no period, so there is no before and after; name its days '
        'under covers, or let it stand for "priority".'
        for indicator in study.harm.indicators
        if indicator.source in undated and indicator.stands_for != "priority"
    ]


def _is_undated(study: Study, source: Source) -> bool:
    """Return whether a source has no period, by its format and the study."""
    return _rules(study, source).undated and source.covers is None


def _rules(study: Study, source: Source) -> TableRules:
    """Return the rules of a source's table; no rules of a format with mistakes, which are told elsewhere."""
    try:
        return read_format(source.format, study.folder).rules
    except StudyError:
        return NO_RULES


def check_primary_of_points(study: Study, question: str) -> None:
    """Check that the primary measure counts dated points, for what asks about one.

    Parameters
    ----------
    study : Study
    question : str
        What needs them, such as "the power of a design".

    Raises
    ------
    StudyError
        If it is counted by area.
    """
    if study.is_by_area:
        raise StudyError([
            f'the primary measure "{study.primary}" is counted by area, and {question} needs dated points; name a measure of dated '
            "points as primary."
        ])  # fmt: skip


def _street_problems(study: Study) -> list[str]:
    """Return the street files that addresses are looked for in and whose format reads no names."""
    asked = {name for source in study.sources for name in source.addresses}
    problems = []
    for source in study.sources:
        if source.name in asked and source.kind == "streets":
            try:
                columns = checked_format(study, source).columns
            except StudyError:
                continue  # said already
            if "name" not in columns:
                problems.append(
                    f'source "{source.name}": addresses are looked for in it, but its format "{source.format}" reads no street names; use '
                    '"named-streets", or name the column under [columns] name in a format of your own.'
                )
    return problems


def _value_problems(study: Study) -> list[str]:
    """Return every mistake in the study's value profiles and exchange rates."""
    problems: list[str] = []
    file_by_name: dict[str, str] = {}
    for name in study.harm.profiles:
        try:
            profile_name = read_profile(name, study.folder).name
            if profile_name in file_by_name:
                problems.append(
                    f'values: "{name}" and "{file_by_name[profile_name]}" are both called "{profile_name}"; give each its own name.'
                )
            file_by_name[profile_name] = name
        except StudyError as error:
            problems += [f"values: {problem}" for problem in error.problems]
    try:
        read_exchange_rates(study.harm.exchange_rates, study.folder)
    except StudyError as error:
        problems += [f"values: {problem}" for problem in error.problems]
    return problems
