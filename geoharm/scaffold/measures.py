"""Which categories could stand for which harm, and which are activity; proposals, each with its count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from geoharm._validation import nearest_hint
from geoharm.errors import StudyError
from geoharm.model.measure import is_proactive
from geoharm.scaffold.sources import SourceMatch

# (words of a category, name of the measure, borne by, type); the first line that fits is taken.
_GROUPS = (
    (r"needle|syringe|sharps", "needles", "community", "environment"),
    (r"overdose|opioid|naloxone|narcan|\bems\b|ambulance|poison|drug related illness", "overdoses", "user", "health"),
    (r"violen|assault|robber|homicide|murder|manslaughter|weapon|shoot|sex|rape|stab|batter|kidnap|harass", "violence",
     "community", "crime and violence"),
    (r"anti.?social|nuisance|disorder|public order|beg|noise|vagran|loiter|disturb|mischief|damage|vandal|arson|graffiti|trespass",
     "disorder", "community", "social and nuisance"),
    (r"burglar|theft|larceny|shoplift|steal|stolen|vehicle|fraud|bicycle|property", "theft and burglary", "community", "economic"),
)  # fmt: skip
# What a whole source stands for where its categories do not tell.
_OF_KIND = {
    "needle_find": ("needles", "community", "environment"),
    "health": ("health calls", "user", "health"),
    "incident": ("incidents", "community", "crime and violence"),
}
_UNITS = {"needle_find": "requests", "health": "calls", "treatment_entry": "admissions", "incident": "incidents"}
_RECORDED_BY = {"needle_find": "public", "health": "agency", "treatment_entry": "agency", "incident": "public"}


@dataclass(frozen=True, slots=True)
class ProposedMeasure:
    """A measure to propose.

    Attributes
    ----------
    name, source : str
    categories : tuple of str
        Empty: every row of the source.
    unit, recorded_by : str
    borne_by, type : str
        Empty: activity.
    rows : int
        In the files.
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
        """Whether it stands for a harm."""
        return bool(self.type)


def propose_measures(sources: Sequence[SourceMatch]) -> tuple[tuple[ProposedMeasure, ...], dict[str, tuple[str, ...]]]:
    """Return the proposed measures, and by source the categories that none of them counts."""
    measures: list[ProposedMeasure] = []
    uncounted: dict[str, tuple[str, ...]] = {}
    for one in sources:
        found, left = _of_source(one)
        uncounted[one.name] = left
        measures += found
    names = [one.name for one in measures]
    apart = (replace(one, name=f"{one.name} ({one.source})") if names.count(one.name) > 1 else one for one in measures)
    return tuple(apart), {name: left for name, left in uncounted.items() if left}


def choose_primary(measures: Sequence[ProposedMeasure], wanted: str) -> tuple[tuple[ProposedMeasure, ...], str]:
    """Return the measures with the primary one among them, and its name.

    Parameters
    ----------
    measures : sequence of ProposedMeasure
    wanted : str
        A measure or a category of one, which then becomes a measure of its own; empty takes the harm with most rows.

    Raises
    ------
    StudyError
        If there is no such measure or category, or no harm to choose from.
    """
    harms = [one for one in measures if one.is_harm]
    if not wanted:
        if not harms:
            held = ", ".join(f'"{text}"' for one in measures for text in one.categories[:6])
            raise StudyError(
                [f"Everything in these files is enforcement activity ({held}), and a study needs a harm as its primary outcome; "
                 "add a file of what others reported, or name a category with --primary: it is then counted as harm, and every "
                 "report says so."]
            )  # fmt: skip
        return tuple(measures), max(harms, key=lambda one: one.rows).name
    by_name = {one.name.lower(): one for one in measures if one.is_harm}
    if wanted.lower() in by_name:
        return tuple(measures), by_name[wanted.lower()].name
    for position, one in enumerate(measures):
        category = next((text for text in one.categories if text.lower() == wanted.lower()), None)
        if category is None:
            continue
        rest = tuple(text for text in one.categories if text != category)
        borne_by, kind = (one.borne_by, one.type) if one.is_harm else ("community", "crime and violence")
        own = replace(
            one, name=category.lower(), categories=(category,), borne_by=borne_by, type=kind, counted_as_harm=not one.is_harm
        )  # fmt: skip
        others = [replace(one, categories=rest)] if rest else []
        return (*measures[:position], own, *others, *measures[position + 1 :]), own.name
    known = [*(one.name for one in harms), *(text for one in measures for text in one.categories)]
    raise StudyError(
        [f'--primary is "{wanted}", which is no measure and no category of the files; {nearest_hint(wanted, known)}']
    )


def _of_source(one: SourceMatch) -> tuple[list[ProposedMeasure], tuple[str, ...]]:
    unit, recorded_by = _UNITS[one.kind], _RECORDED_BY[one.kind]
    total = sum(one.categories.values())
    if one.kind == "treatment_entry":
        # Entering treatment is no harm; whether it is a gain is for the study's values to say.
        return [ProposedMeasure("treatment entries", one.name, (), unit, recorded_by, "", "", total)], ()
    kinds = [text for text in one.categories if text and text != "None"]
    activity = tuple(text for text in kinds if is_proactive(text))
    groups: dict[tuple[str, str, str], list[str]] = {}
    left = []
    for text in kinds:
        if text in activity:
            continue
        words = text.lower().replace("-", " ")
        group = next((tuple(line[1:]) for line in _GROUPS if re.search(line[0], words)), None)
        if group is None and (one.kind != "incident" or len(kinds) == 1):
            group = _OF_KIND[one.kind]
        if group is None:
            left.append(text)
        else:
            groups.setdefault(group, []).append(text)  # type: ignore[arg-type]
    if not kinds:
        groups[_OF_KIND[one.kind]] = []
    alone = len(kinds) <= 1
    found = [
        ProposedMeasure(
            name, one.name, () if alone else tuple(texts), unit, recorded_by, borne_by, kind,
            sum(one.categories[text] for text in texts) if texts else total,
        )
        for (name, borne_by, kind), texts in groups.items()
    ]  # fmt: skip
    found.sort(key=lambda measure: -measure.rows)
    if activity:
        rows = sum(one.categories[text] for text in activity)
        found.append(ProposedMeasure("police activity", one.name, activity, unit, "police", "", "", rows))
    return found, tuple(left)
