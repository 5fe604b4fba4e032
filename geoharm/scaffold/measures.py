"""Proposes measures: which categories could stand for which harm, and which are activity, each with its count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    @property
    def is_harm(self) -> bool:
        """Whether the measure stands for a harm."""
        return bool(self.type)


Uncounted = Mapping[str, tuple[UncountedCategory, ...]]


def propose_measures(sources: Sequence[SourceMatch]) -> tuple[tuple[ProposedMeasure, ...], Uncounted]:
    """Return the proposed measures, and by source the categories that none of them counts, the most frequent first."""
    measures: list[ProposedMeasure] = []
    uncounted: dict[str, tuple[UncountedCategory, ...]] = {}
    for source in sources:
        proposed, not_counted = _measures_of_source(source)
        uncounted[source.name] = not_counted
        measures += proposed
    names = [measure.name for measure in measures]
    renamed = (
        replace(measure, name=f"{measure.name} ({measure.source})") if names.count(measure.name) > 1 else measure
        for measure in measures
    )
    return tuple(renamed), {name: categories for name, categories in uncounted.items() if categories}


def choose_primary(
    measures: Sequence[ProposedMeasure], wanted: str, uncounted: Uncounted | None = None
) -> tuple[tuple[ProposedMeasure, ...], str]:
    """Return the measures, with the primary one among them, and its name.

    Parameters
    ----------
    measures : sequence of ProposedMeasure
    wanted : str
        A measure, or a category of one, which then becomes a measure of its own. Empty chooses the harm with the most
        rows.
    uncounted : mapping of source to tuple of UncountedCategory
        The categories that no measure counts; they are named where there is no harm to choose from.

    Raises
    ------
    StudyError
        If there is no such measure or category, or no harm to choose from.
    """
    harms = [measure for measure in measures if measure.is_harm]
    if not wanted:
        if not harms:
            raise StudyError([_no_harm_sentence(measures, uncounted or {})])
        return tuple(measures), max(harms, key=lambda measure: measure.rows).name
    by_name = {fold_category(measure.name): measure for measure in measures if measure.is_harm}
    asked = fold_category(wanted)
    if asked in by_name:
        return tuple(measures), by_name[asked].name
    for position, measure in enumerate(measures):
        category = next((text for text in measure.categories if fold_category(text) == asked), None)
        if category is None:
            continue
        rest = tuple(text for text in measure.categories if text != category)
        borne_by, harm_type = (
            (measure.borne_by, measure.type) if measure.is_harm else ("community", "crime and violence")
        )
        own = replace(
            measure, name=category.lower(), categories=(category,), borne_by=borne_by, type=harm_type, counted_as_harm=not measure.is_harm
        )  # fmt: skip
        others = [replace(measure, categories=rest)] if rest else []
        return (*measures[:position], own, *others, *measures[position + 1 :]), own.name
    known = [*(measure.name for measure in harms), *(text for measure in measures for text in measure.categories)]
    raise StudyError(
        [f'--primary is "{wanted}", which is no measure and no category of the files; {nearest_hint(wanted, known)}']
    )


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
        "outcome: write a study file whose measures name the categories that are harms (docs/study-file.md)."
    )


def listed_categories(categories: Sequence[UncountedCategory]) -> str:
    """Return categories with their numbers of rows, the most frequent first; only the first few of many."""
    ordered = sorted(categories, key=lambda one: (-one.rows, one.category))
    listed = ", ".join(f'"{one.category}" ({one.rows:,})' for one in ordered[:_MAX_SHOWN])
    return listed + (f" and {len(ordered) - _MAX_SHOWN:,} more" if len(ordered) > _MAX_SHOWN else "")


def _measures_of_source(source: SourceMatch) -> tuple[list[ProposedMeasure], tuple[UncountedCategory, ...]]:
    unit, recorded_by = _UNIT_BY_KIND[source.kind], _RECORDER_BY_KIND[source.kind]
    total = sum(source.categories.values())
    if source.kind == "treatment_entry":
        # Entering treatment is not a harm; whether it is a gain depends on the study's values.
        return [ProposedMeasure("treatment entries", source.name, (), unit, recorded_by, "", "", total)], ()
    categories = [category for category in source.categories if category and category != "None"]
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
    is_single_category = len(categories) <= 1
    measures = [
        ProposedMeasure(
            group.name, source.name, () if is_single_category or whole else tuple(names), unit,
            "agency" if group.type == "health" else recorded_by, group.borne_by, group.type,
            sum(source.categories[category] for category in names) if names else total,
        )
        for group, names in groups.items()
    ]  # fmt: skip
    measures.sort(key=lambda measure: -measure.rows)
    if activity:
        rows = sum(source.categories[category] for category in activity)
        measures.append(ProposedMeasure("police activity", source.name, activity, unit, "police", "", "", rows))
    uncounted = (
        UncountedCategory(category, source.categories[category], senses[category].sense is Sense.DOUBTFUL)
        for category in categories
        if category not in counted
    )
    return measures, tuple(sorted(uncounted, key=lambda one: (-one.rows, one.category)))
