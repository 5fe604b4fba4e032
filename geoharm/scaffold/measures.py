"""Proposes measures: which categories could stand for which harm, and which are activity, each with its count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from geoharm._validation import nearest_hint
from geoharm.errors import StudyError
from geoharm.model.measure import is_proactive
from geoharm.scaffold.sources import SourceMatch

# (pattern in a category, name of the measure, borne by, type); the first line that matches is used.
_HARM_PATTERNS = (
    (r"needle|syringe|sharps", "needles", "community", "environment"),
    (r"overdose|opioid|naloxone|narcan|\bems\b|ambulance|poison|drug related illness", "overdoses", "user", "health"),
    (r"violen|assault|robber|homicide|murder|manslaughter|weapon|shoot|sex|rape|stab|batter|kidnap|harass", "violence",
     "community", "crime and violence"),
    (r"anti.?social|nuisance|disorder|public order|beg|noise|vagran|loiter|disturb|mischief|damage|vandal|arson|graffiti|trespass",
     "disorder", "community", "social and nuisance"),
    (r"burglar|theft|larceny|shoplift|steal|stolen|vehicle|fraud|bicycle|property", "theft and burglary", "community", "economic"),
)  # fmt: skip
# The measure of a whole source, where its categories match no line above.
_MEASURE_BY_KIND = {
    "needle_find": ("needles", "community", "environment"),
    "health": ("health calls", "user", "health"),
    "incident": ("incidents", "community", "crime and violence"),
}
_UNIT_BY_KIND = {"needle_find": "requests", "health": "calls", "treatment_entry": "admissions", "incident": "incidents"}
_RECORDER_BY_KIND = {"needle_find": "public", "health": "agency", "treatment_entry": "agency", "incident": "public"}


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


def propose_measures(sources: Sequence[SourceMatch]) -> tuple[tuple[ProposedMeasure, ...], dict[str, tuple[str, ...]]]:
    """Return the proposed measures, and by source the categories that none of them counts."""
    measures: list[ProposedMeasure] = []
    uncounted: dict[str, tuple[str, ...]] = {}
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


def choose_primary(measures: Sequence[ProposedMeasure], wanted: str) -> tuple[tuple[ProposedMeasure, ...], str]:
    """Return the measures, with the primary one among them, and its name.

    Parameters
    ----------
    measures : sequence of ProposedMeasure
    wanted : str
        A measure, or a category of one, which then becomes a measure of its own. Empty chooses the harm with the most
        rows.

    Raises
    ------
    StudyError
        If there is no such measure or category, or no harm to choose from.
    """
    harms = [measure for measure in measures if measure.is_harm]
    if not wanted:
        if not harms:
            category_list = ", ".join(f'"{text}"' for measure in measures for text in measure.categories[:6])
            raise StudyError(
                [f"Everything in these files is enforcement activity ({category_list}), and a study needs a harm as its primary outcome; "
                 "add a file of what others reported, or name a category with --primary: it is then counted as harm, and every "
                 "report says so."]
            )  # fmt: skip
        return tuple(measures), max(harms, key=lambda measure: measure.rows).name
    by_name = {measure.name.lower(): measure for measure in measures if measure.is_harm}
    if wanted.lower() in by_name:
        return tuple(measures), by_name[wanted.lower()].name
    for position, measure in enumerate(measures):
        category = next((text for text in measure.categories if text.lower() == wanted.lower()), None)
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


def _measures_of_source(source: SourceMatch) -> tuple[list[ProposedMeasure], tuple[str, ...]]:
    unit, recorded_by = _UNIT_BY_KIND[source.kind], _RECORDER_BY_KIND[source.kind]
    total = sum(source.categories.values())
    if source.kind == "treatment_entry":
        # Entering treatment is not a harm; whether it is a gain depends on the study's values.
        return [ProposedMeasure("treatment entries", source.name, (), unit, recorded_by, "", "", total)], ()
    categories = [category for category in source.categories if category and category != "None"]
    activity = tuple(category for category in categories if is_proactive(category))
    groups: dict[tuple[str, str, str], list[str]] = {}
    not_counted = []
    for category in categories:
        if category in activity:
            continue
        category_words = category.lower().replace("-", " ")
        group = next((tuple(line[1:]) for line in _HARM_PATTERNS if re.search(line[0], category_words)), None)
        if group is None and (source.kind != "incident" or len(categories) == 1):
            group = _MEASURE_BY_KIND[source.kind]
        if group is None:
            not_counted.append(category)
        else:
            groups.setdefault(group, []).append(category)  # type: ignore[arg-type]
    if not categories:
        groups[_MEASURE_BY_KIND[source.kind]] = []
    is_single_category = len(categories) <= 1
    measures = [
        ProposedMeasure(
            name, source.name, () if is_single_category else tuple(group_categories), unit,
            "agency" if harm_type == "health" else recorded_by, borne_by, harm_type,
            sum(source.categories[category] for category in group_categories) if group_categories else total,
        )
        for (name, borne_by, harm_type), group_categories in groups.items()
    ]  # fmt: skip
    measures.sort(key=lambda measure: -measure.rows)
    if activity:
        rows = sum(source.categories[category] for category in activity)
        measures.append(ProposedMeasure("police activity", source.name, activity, unit, "police", "", "", rows))
    return measures, tuple(not_counted)
