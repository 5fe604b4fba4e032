"""A study of where events concentrate, made from files alone: every setting is a default that is said, or the user's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from geoharm._text import fold_category
from geoharm._validation import nearest_hint, toml_string
from geoharm.errors import StudyError
from geoharm.model.category_words import Sense, category_sense
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.model.study import HotspotSettings
from geoharm.scaffold.first_look import FirstLook
from geoharm.scaffold.measures import ProposedMeasure, UncountedCategory, categories_of, listed_categories, whole_source
from geoharm.scaffold.proposal import Proposal, ProposedStudy, last_two_years, period_text
from geoharm.scaffold.sources import SourceMatch

# Written as the period of a study of places without dates.
NO_DATES = Period(date(2000, 1, 1), date(2001, 1, 1))
_MOST_CELLS = 1_000_000
_SIDES = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
# A bandwidth is so many cells where the usual one would be narrower.
_CELLS_PER_BANDWIDTH = 6


@dataclass(frozen=True, slots=True)
class MapSettings:
    """Settings of a hotspot map, as far as the user gave them.

    Attributes
    ----------
    bandwidth : float or str
        Metres, or a rule; empty for the default.
    cell, share : float
        0 for the default.
    """

    bandwidth: float | str = ""
    cell: float = 0.0
    share: float = 0.0


def settings_for(area: StudyArea, wanted: MapSettings) -> HotspotSettings:
    """Return the settings of a hotspot map: those of a study by default, with larger cells for a larger area."""
    usual = HotspotSettings()
    west, south, east, north = area.boundary.bounds
    extent = (east - west) * (north - south)
    needed = next((float(side) for side in _SIDES if extent / side**2 <= _MOST_CELLS), float(_SIDES[-1]))
    cell = wanted.cell or needed
    least = wanted.cell or (_CELLS_PER_BANDWIDTH * needed if needed > usual.cell else 0.0)
    bandwidth = wanted.bandwidth or max(float(usual.bandwidth), least)
    return HotspotSettings(cell, bandwidth, wanted.share or usual.share, usual.kernel, usual.edge)


def settings_text(settings: HotspotSettings) -> str:
    """Return the settings as a table of the study file."""
    bandwidth = settings.bandwidth
    written = toml_string(bandwidth) if isinstance(bandwidth, str) else f"{bandwidth:g}"
    return f"[hotspots]\ncell      = {settings.cell:g}\nbandwidth = {written}\nshare     = {settings.share:g}\n\n"


def hotspot_study(
    look: FirstLook, categories: Sequence[str], *, period: Period | None
) -> tuple[ProposedStudy, tuple[str, ...]]:
    """Return a study that maps one measure of every source, and what a reader should know of what is counted.

    Parameters
    ----------
    look : FirstLook
    categories : sequence of str
        Those that are counted. Empty: all but enforcement activity, or all of a source that holds nothing else.
    period : Period or None
        None: as far as the files reach.

    Raises
    ------
    StudyError
        If no source has one of the categories, or the period holds no day of the files.
    """
    known = categories_of(look.sources)
    folded = set(map(fold_category, known))
    unknown = [name for name in categories if fold_category(name) not in folded]
    if unknown:
        raise StudyError(
            [
                f'--where is "{name}", which is no category of these files; {nearest_hint(name, known)}'
                for name in unknown
            ]
        )
    wanted = set(map(fold_category, categories))
    sources = [one for one in look.sources if not wanted or wanted & set(map(fold_category, one.categories))]
    measures, said = [], []
    for source in sources:
        measure, sentence = _measure(source, wanted)
        measures.append(measure)
        said.append(sentence)
    lists = [source for source in sources if source.places is not None]
    if lists:
        return _study_of_places(look, lists, measures, said)
    spans = [source.ledger.coverage for source in sources if source.ledger is not None]
    whole = period or Period(min(span.start for span in spans), max(span.end for span in spans))
    for span, source in zip(spans, sources, strict=True):
        if span.overlap(whole) is None:
            msg = f"The period {whole.start} to {whole.last} holds no day of {', '.join(source.files[:3])} ({span.start} to {span.last})."
            raise StudyError([msg])
    ledgers = [source.ledger for source in sources if source.ledger is not None]
    leading = max(measures, key=lambda measure: (measure.is_harm, measure.rows))
    reasons = {} if period else {"period": Proposal("period", period_text(whole), "the days that the files cover")}
    if look.crs_why:
        reasons["crs"] = Proposal("crs", look.crs, look.crs_why)
    plan = ProposedStudy(
        look.area, look.crs, leading.name, whole, tuple(sources), tuple(measures), {}, None,
        None if period else last_two_years(ledgers), reasons, look.left_out,
    )  # fmt: skip
    return plan, tuple(said)


def _study_of_places(
    look: FirstLook, sources: Sequence[SourceMatch], measures: Sequence[ProposedMeasure], said: Sequence[str]
) -> tuple[ProposedStudy, tuple[str, ...]]:
    """Return the study of lists of places: they have no dates, so the period says nothing."""
    reasons = {"crs": Proposal("crs", look.crs, look.crs_why)} if look.crs_why else {}
    reasons["period"] = Proposal("period", period_text(NO_DATES), "the places have no dates, so no day counts")
    leading = max(measures, key=lambda measure: measure.rows)
    plan = ProposedStudy(
        look.area,
        look.crs,
        leading.name,
        NO_DATES,
        tuple(sources),
        tuple(measures),
        {},
        None,
        None,
        reasons,
        look.left_out,
    )
    return plan, tuple(said)


def _measure(source: SourceMatch, wanted: Collection[str]) -> tuple[ProposedMeasure, str]:
    """Return the measure of a source, and a sentence on what it counts."""
    if source.places is not None:
        return _places_measure(source, wanted)
    known = [category for category in source.categories if category and category != "None"]
    senses = {category: category_sense(category, kind=source.kind) for category in known}
    activity = [category for category in known if senses[category].sense is Sense.ACTIVITY]
    if wanted:
        counted = [category for category in known if fold_category(category) in wanted]
    else:
        counted = [category for category in known if category not in activity] or known
    left_out = [category for category in known if category not in counted]
    is_activity = source.kind == "treatment_entry" or (bool(counted) and set(counted) <= set(activity))
    is_mixed = bool(set(counted) & set(activity)) and not is_activity
    groups = [group for category in counted if (group := senses[category].group) is not None]
    measure = whole_source(source, counted if left_out else (), groups, is_activity=is_activity or is_mixed)
    rows = sum(source.categories[category] for category in counted) if counted else measure.rows
    what = (
        "every row"
        if not left_out
        else listed_categories(
            [UncountedCategory(category, source.categories[category], doubtful=False) for category in counted]
        )
    )
    sentence = f"{measure.name}: {what}, {rows:,} rows"
    if left_out:
        listed = listed_categories(
            [UncountedCategory(category, source.categories[category], doubtful=False) for category in left_out]
        )
        why = "" if wanted else ", which police record by their own activity (--where CATEGORY counts it)"
        sentence += f"; not {listed}{why}"
    if is_activity or is_mixed:
        sentence += "; this follows where police or services are active, and is no harm"
    return measure, sentence


def _places_measure(source: SourceMatch, wanted: Collection[str]) -> tuple[ProposedMeasure, str]:
    counted = [category for category in source.categories if fold_category(category) in wanted] if wanted else []
    rows = sum(source.categories[one] for one in counted or source.categories)
    measure = ProposedMeasure(
        source.name.replace("-", " "), source.name, tuple(counted), "places", "agency", "", "", rows, undated=True
    )
    what = f"places that are {' or '.join(counted)}" if counted else "every place"
    return (
        measure,
        f"{measure.name}: {what}, {rows:,} with coordinates; they have no dates, so the map is per km2, not per year",
    )
