"""Proposes measures: which categories could stand for which harm, and which are activity, each with its count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from geoharm._text import fold_category
from geoharm._validation import nearest_hint
from geoharm.errors import StudyError
from geoharm.model.category_words import HarmGroup, Sense, category_sense
from geoharm.scaffold.sources import SourceMatch

# The measure of a whole source, where no category has a word that is known.
_MEASURE_BY_KIND = {
    "needle_find": HarmGroup("needles", "community", "environment"),
    "health": HarmGroup("health calls", "user", "health"),
    "incident": HarmGroup("incidents", "community", "crime and violence"),
}
_MAX_SHOWN = 12
_UNIT_BY_KIND = {"needle_find": "requests", "health": "calls", "treatment_entry": "admissions", "incident": "incidents"}
_RECORDER_BY_KIND = {"needle_find": "public", "health": "agency", "treatment_entry": "agency", "incident": "public"}


@dataclass(frozen=True, slots=True)
class UncountedCategory:
    """A category that no proposed measure counts.

    Attributes
    ----------
    category : str
    rows : int
        Number of rows in the files.
    doubtful : bool
        Whether its words are known, but may say the opposite or something else: "non-violent", "lost property".
    """

    category: str
    rows: int
    doubtful: bool


@dataclass(frozen=True, slots=True)
class ProposedMeasure:
    """A proposed measure.

    Attributes
    ----------
    name, source : str
    categories : tuple of str
        Empty for every row of the source.
    unit, recorded_by : str
    borne_by, type : str
        Empty for activity.
    rows : int
        Number of rows in the files.
    counted_as_harm : bool
        Whether police activity is counted as harm because the user named it as the primary outcome.
    undated : bool
        Whether it counts the places of a list, which have no dates.
    """

    name: str
    source: str
    categories: tuple[str, ...]
    unit: str
    recorded_by: str
    borne_by: str
    type: str
    rows: int
    counted_as_harm: bool = False
    undated: bool = False

    @property
    def is_harm(self) -> bool:
        """Whether the measure stands for a harm."""
        return bool(self.type)


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """What the user said of a category: a harm, enforcement activity, or neither (it is then counted nowhere).

    Attributes
    ----------
    category : str
    borne_by, type : str
        Of a harm; else empty.
    activity : bool
    """

    category: str
    borne_by: str = ""
    type: str = ""
    activity: bool = False


Uncounted = Mapping[str, tuple[UncountedCategory, ...]]


def propose_measures(
    sources: Sequence[SourceMatch], choices: Sequence[CategoryChoice] = ()
) -> tuple[tuple[ProposedMeasure, ...], Uncounted]:
    """Return the proposed measures, and by source the categories that none of them counts, the most frequent first.

    Parameters
    ----------
    sources : sequence of SourceMatch
    choices : sequence of CategoryChoice
        What the user said of categories; it goes before what their words say.

    Raises
    ------
    StudyError
        If a choice names a category that no source has.
    """
    _check_choices(sources, choices)
    chosen = {fold_category(choice.category): choice for choice in choices}
    measures: list[ProposedMeasure] = []
    uncounted: dict[str, tuple[UncountedCategory, ...]] = {}
    for source in sources:
        proposed, not_counted = _measures_of_source(source, chosen)
        uncounted[source.name] = not_counted
        measures += proposed
    names = [measure.name for measure in measures]
    renamed = (
        replace(measure, name=f"{measure.name} ({measure.source})") if names.count(measure.name) > 1 else measure
        for measure in measures
    )
    return tuple(renamed), {name: categories for name, categories in uncounted.items() if categories}


def whole_source(
    source: SourceMatch, categories: Sequence[str], groups: Sequence[HarmGroup], *, is_activity: bool
) -> ProposedMeasure:
    """Return one measure of a source, or of some of its categories, named after the source.

    Parameters
    ----------
    source : SourceMatch
    categories : sequence of str
        Empty for every row.
    groups : sequence of HarmGroup
        What the counted categories stand for, as far as their words say; the first decides, else the kind of the source.
    is_activity : bool
    """
    group = groups[0] if groups else _MEASURE_BY_KIND.get(source.kind, _MEASURE_BY_KIND["incident"])
    rows = sum(source.categories[one] for one in categories or source.categories)
    recorded_by = "agency" if group.type == "health" else _RECORDER_BY_KIND[source.kind]
    return ProposedMeasure(
        source.name.replace("-", " "), source.name, tuple(categories), _UNIT_BY_KIND[source.kind],
        "police" if is_activity and source.kind == "incident" else recorded_by,
        "" if is_activity else group.borne_by, "" if is_activity else group.type, rows,
    )  # fmt: skip


def default_harm(kind: str) -> tuple[str, str]:
    """Return who bears the harm that a source of a kind records, and its type, where no word says it."""
    group = _MEASURE_BY_KIND[kind]
    return group.borne_by, group.type


def categories_of(sources: Sequence[SourceMatch]) -> list[str]:
    """Return all categories of sources that are words, each once, the most frequent first."""
    rows: dict[str, int] = {}
    for source in sources:
        for category, count in source.categories.items():
            if category and category != "None":
                rows[category] = rows.get(category, 0) + count
    return sorted(rows, key=lambda category: (-rows[category], category))


def _check_choices(sources: Sequence[SourceMatch], choices: Sequence[CategoryChoice]) -> None:
    known = categories_of(sources)
    folded = set(map(fold_category, known))
    problems = [
        f'"{choice.category}" is no category of these files; {nearest_hint(choice.category, known)}'
        for choice in choices
        if fold_category(choice.category) not in folded
    ]
    if problems:
        raise StudyError(problems)


def choose_primary(
    measures: Sequence[ProposedMeasure],
    wanted: str,
    uncounted: Uncounted | None = None,
    *,
    sources: Sequence[SourceMatch] = (),
    evaluated: bool = True,
) -> tuple[tuple[ProposedMeasure, ...], str]:
    """Return the measures, with the primary one among them, and its name.

    Parameters
    ----------
    measures : sequence of ProposedMeasure
    wanted : str
        A measure, or any category of the files, which then becomes a measure of its own. Empty chooses the harm with the
        most rows.
    uncounted : mapping of source to tuple of UncountedCategory
        The categories that no measure counts; they are named where there is no harm to choose from.
    sources : sequence of SourceMatch
        Of a category that no measure counts, what harm it stands for is guessed from the kind of its source.
    evaluated : bool
        Whether the study evaluates an operation. If not, any measure may lead, and activity stays activity.

    Raises
    ------
    StudyError
        If there is no such measure or category, or no harm to choose from.
    """
    harms = [measure for measure in measures if measure.is_harm]
    if not wanted:
        if not harms and measures and not evaluated:
            return tuple(measures), max(measures, key=lambda measure: measure.rows).name
        if not harms:
            raise StudyError([_no_harm_sentence(measures, uncounted or {})])
        return tuple(measures), max(harms, key=lambda measure: measure.rows).name
    eligible = [measure for measure in measures if measure.is_harm or not evaluated]
    # A measure whose name needed its source beside another may be named so where the other is gone.
    by_name = {fold_category(f"{measure.name} ({measure.source})"): measure for measure in eligible}
    by_name |= {fold_category(measure.name): measure for measure in eligible}
    asked = fold_category(wanted)
    if asked in by_name:
        return tuple(measures), by_name[asked].name
    for position, measure in enumerate(measures):
        category = next((text for text in measure.categories if fold_category(text) == asked), None)
        if category is None:
            continue
        rest = tuple(text for text in measure.categories if text != category)
        own = replace(measure, name=_own_name(category, measures), categories=(category,))
        if evaluated and not measure.is_harm:
            own = replace(own, borne_by="community", type="crime and violence", counted_as_harm=True)
        others = [replace(measure, categories=rest)] if rest else []
        return (*measures[:position], own, *others, *measures[position + 1 :]), own.name
    kinds = {source.name: source.kind for source in sources}
    for source_name, not_counted in (uncounted or {}).items():
        for one in not_counted:
            if fold_category(one.category) == asked:
                return _with_own_measure(measures, source_name, one, kinds.get(source_name, "incident"))
    holding = {source.name for source in sources if asked in map(fold_category, source.categories)}
    for measure in measures:
        if measure.source in holding and not measure.categories and (measure.is_harm or not evaluated):
            return tuple(measures), measure.name
    known = [
        *(measure.name for measure in harms),
        *(text for measure in measures for text in measure.categories),
        *(one.category for categories in (uncounted or {}).values() for one in categories),
    ]
    raise StudyError(
        [f'--primary is "{wanted}", which is no measure and no category of the files; {nearest_hint(wanted, known)}']
    )


def _own_name(category: str, measures: Sequence[ProposedMeasure]) -> str:
    """Return a name for the measure of one category that no other measure has."""
    name = category.lower()
    return f"{name} (category)" if name in {measure.name for measure in measures} else name


def _with_own_measure(
    measures: Sequence[ProposedMeasure], source: str, category: UncountedCategory, kind: str
) -> tuple[tuple[ProposedMeasure, ...], str]:
    """Return the measures with one of a category that none of them counts, as a harm of its source's kind, and its name."""
    borne_by, harm_type = default_harm(kind)
    own = ProposedMeasure(
        _own_name(category.category, measures), source, (category.category,), _UNIT_BY_KIND[kind], _RECORDER_BY_KIND[kind],
        borne_by, harm_type, category.rows,
    )  # fmt: skip
    return (*measures, own), own.name


def _no_harm_sentence(measures: Sequence[ProposedMeasure], uncounted: Uncounted) -> str:
    """Return why there is no primary outcome: nothing but activity, or categories that no word list knows."""
    activity = ", ".join(f'"{text}"' for measure in measures for text in measure.categories[:_MAX_SHOWN])
    unknown = listed_categories([category for categories in uncounted.values() for category in categories])
    if not unknown:
        return (
            f"Everything in these files is enforcement activity ({activity}), and a study needs a harm as its primary outcome; "
            "add a file of what others reported, or name a category with --primary: it is then counted as harm, and every "
            "report says so."
        )
    beside = f", and the rest is enforcement activity ({activity})" if activity else ""
    return (
        f"No category of these files was recognised as a harm: {unknown}{beside}. A study needs a harm as its primary "
        "outcome: name one of these categories with --primary."
    )


def listed_categories(categories: Sequence[UncountedCategory]) -> str:
    """Return categories with their numbers of rows, the most frequent first; only the first few of many."""
    ordered = sorted(categories, key=lambda one: (-one.rows, one.category))
    listed = ", ".join(f'"{one.category}" ({one.rows:,})' for one in ordered[:_MAX_SHOWN])
    return listed + (f" and {len(ordered) - _MAX_SHOWN:,} more" if len(ordered) > _MAX_SHOWN else "")


def _measures_of_source(
    source: SourceMatch, chosen: Mapping[str, CategoryChoice]
) -> tuple[list[ProposedMeasure], tuple[UncountedCategory, ...]]:
    unit, recorded_by = _UNIT_BY_KIND[source.kind], _RECORDER_BY_KIND[source.kind]
    total = sum(source.categories.values())
    if source.kind == "treatment_entry":
        # Entering treatment is not a harm; whether it is a gain depends on the study's values.
        return [ProposedMeasure("treatment entries", source.name, (), unit, recorded_by, "", "", total)], ()
    known = [category for category in source.categories if category and category != "None"]
    named = {category: chosen[folded] for category in known if (folded := fold_category(category)) in chosen}
    categories = [category for category in known if category not in named]
    senses = {category: category_sense(category, kind=source.kind) for category in categories}
    activity = tuple(category for category, found in senses.items() if found.sense is Sense.ACTIVITY)
    groups: dict[HarmGroup, list[str]] = {}
    for category, found in senses.items():
        if found.group is not None:
            groups.setdefault(found.group, []).append(category)
    # A source of one kind of events needs no words: all its categories are of that kind, unless some are known.
    whole = not any(found.sense is not Sense.UNKNOWN for found in senses.values()) and (
        source.kind != "incident" or len(categories) <= 1
    )
    if whole:
        groups[_MEASURE_BY_KIND[source.kind]] = categories
    counted = {*activity, *(category for names in groups.values() for category in names)}
    is_single_category = len(known) <= 1
    measures = [
        ProposedMeasure(
            group.name, source.name, () if is_single_category or (whole and not named) else tuple(names), unit,
            "agency" if group.type == "health" else recorded_by, group.borne_by, group.type,
            sum(source.categories[category] for category in names) if names else total,
        )
        for group, names in groups.items()
        if names or not named
    ]  # fmt: skip
    measures += _chosen_harms(source, named, {measure.name for measure in measures})
    measures.sort(key=lambda measure: -measure.rows)
    activity += tuple(category for category, choice in named.items() if choice.activity)
    if activity:
        rows = sum(source.categories[category] for category in activity)
        measures.append(ProposedMeasure("police activity", source.name, activity, unit, "police", "", "", rows))
    uncounted = (
        UncountedCategory(category, source.categories[category], senses[category].sense is Sense.DOUBTFUL)
        for category in categories
        if category not in counted
    )
    return measures, tuple(sorted(uncounted, key=lambda one: (-one.rows, one.category)))


def _chosen_harms(
    source: SourceMatch, named: Mapping[str, CategoryChoice], taken: Collection[str]
) -> list[ProposedMeasure]:
    """Return one measure for each harm that the user named: those borne by the same, of the same type, are one."""
    together: dict[tuple[str, str], list[str]] = {}
    for category, choice in named.items():
        if choice.type:
            together.setdefault((choice.borne_by, choice.type), []).append(category)
    measures = []
    for (borne_by, harm_type), categories in together.items():
        name = categories[0].lower() if len(categories) == 1 else f"{harm_type}, borne by {borne_by}"
        measures.append(
            ProposedMeasure(
                f"{name} (as you said)" if name in taken else name, source.name, tuple(categories),
                _UNIT_BY_KIND[source.kind], "agency" if harm_type == "health" else _RECORDER_BY_KIND[source.kind], borne_by,
                harm_type, sum(source.categories[category] for category in categories),
            )
        )  # fmt: skip
    return measures
