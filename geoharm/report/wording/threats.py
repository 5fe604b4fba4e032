"""What could change a verdict, and what the first page must say about the data.

All sentences are chosen by rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedOperation
from geoharm.evaluation.claims import city_change_factor, is_turbulent
from geoharm.evaluation.results.diagnostics import DiagnosticKind
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.model.design import TARGET_WITH_STREET_UNPLACED, Design
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import PLACED, SPELLINGS, DefaultGeocode
from geoharm.model.period import Window
from geoharm.report import format_numbers
from geoharm.report.wording.error_rates import error_rate_sentences
from geoharm.report.wording.when import from_when, later_clause
from geoharm.report.wording.withheld import note_as_sentence, sentence_text

# The first page mentions rows without a place from this share on; the ledger always shows them.
_MIN_UNPLACED_SHARE = 0.01
_MIN_REJECTED_SHARE = 0.05
# Below this smallest detectable fall, intervals held the truth less often than 95% ("Where it is weak", ibid.).
NARROW_DETECTABLE_FALL, COVERAGE_WHEN_NARROW = 0.35, 94
# The control is the rest of the study area if it is this share of the study area without target, gap and rings. The belt around the
# rings, where displacement could still reach, is never in it.
_MIN_SHARE_OF_REST = 0.75


@dataclass(frozen=True, slots=True)
class Threat:
    """A reason why the verdict could be wrong, and the data that would settle it."""

    title: str
    text: str
    settle: str


def _calendar_months(window: Window) -> set[int]:
    """Return the calendar months that a window touches."""
    return {month.month for period in window.periods for month in period.months()}


def threats(release: Release, operation: ReleasedOperation) -> tuple[Threat, ...]:
    """Return the threats to the comparison, most general first, and what would settle each of them."""
    design, study_operation = operation.design, operation.design.operation
    effect = operation.primary.effect("target")
    listed_threats = []
    if effect.is_refused:
        listed_threats.append(
            Threat(
                "No place to compare with",
                f"{note_as_sentence(effect.note)} An interval from the noise of counting alone would be too narrow: in simulated "
                "cities such intervals held the truth about 70 times in 100, not 95.",
                "More places like the target area: a larger study area, smaller rings, or more months before.",
            )
        )
    elif not effect.ratio.calibrated:
        listed_threats.append(
            Threat(
                "The interval is too narrow",
                "It holds the noise of counting and of single months. Places also drift apart without any operation. "
                "In simulated cities, intervals of this kind held the truth about 70 times in 100, not 95.",
                "Comparison with many places of the same shape where there was no operation.",
            )
        )
    elif effect.detectable_fall < NARROW_DETECTABLE_FALL:
        listed_threats.append(
            Threat(
                "A narrow interval may be narrow by luck",
                f"How far places drift apart was estimated from few independent places. Where it was so small that the smallest "
                f"detectable fall was under {NARROW_DETECTABLE_FALL:.0%}, 95% intervals held the truth in {COVERAGE_WHEN_NARROW} of 100 simulated cities.",
                "More places like the target area, or the same question pooled over several operations.",
            )
        )
    if rates := error_rate_sentences(effect):
        listed_threats.append(
            Threat(
                "Some findings are wrong" if effect.reading.is_finding else "Some such statements are wrong",
                rates,
                "The same question at the next operation, written down before it begins.",
            )
        )
    control_change = city_change_factor(effect)
    if math.isfinite(control_change) and is_turbulent(effect):
        place = control_name(design, release.study.area)
        listed_threats.append(
            Threat(
                f"{_text.capitalised(place)} changed",
                f"Against the window before, the daily count of {place} changed by {format_numbers.percent_change_text(100 * (control_change - 1))}. "
                "When everything moves, places move by different amounts, and the busiest ones most.",
                f"A period in which {place} was steady.",
            )
        )
    if study_operation.chosen_on is None:
        listed_threats.append(
            Threat(
                "Chosen because it was high?",
                "How the target area was chosen is not stated. Places picked at a peak fall back by themselves, often by 4 to 15%.",
                "Stating which data the choice was made on (chosen_on), and a window before that does not overlap those data.",
            )
        )
    elif any(study_operation.chosen_on.overlap(period) for period in design.before.periods):
        listed_threats.append(
            Threat(
                "Chosen because it was high",
                f"The target area was chosen on {format_numbers.days_text(study_operation.chosen_on)}, which is part of the window before. "
                "Places picked at a peak fall back by themselves, often by 4 to 15%.",
                "A window before that shares no day with the choice.",
            )
        )
    if _calendar_months(design.before) != _calendar_months(design.after):
        listed_threats.append(
            Threat(
                "Different seasons",
                f"The windows before and {design.later} do not cover the same months. Only seasonal change that the control area "
                "shares is removed.",
                "The same months of two or more earlier years as the window before.",
            )
        )
    if operation.primary.measure.recorder == "public":
        listed_threats.append(
            Threat(
                "Reports follow attention",
                f"{_text.capitalised(operation.primary.measure.name)} are reported by the public. An operation, a campaign or a new "
                "way to report changes how many reports there are, not only how much harm.",
                "A comparator stream: other reports by the same route from the same place.",
            )
        )
    listed_threats += filter(None, (_unplaced_threat(release, operation), _two_names_threat(operation)))
    if design.after.days < 90:
        listed_threats.append(
            Threat(
                f"A short time {later_clause(design)}",
                f"The window {design.later} has {design.after.days} days. What fades within months can look lasting "
                f"{'in' if study_operation.ongoing else 'after'} weeks.",
                f"Data for at least half a year {from_when(design)}.",
            )
        )
    if study_operation.co_occurring:
        listed_threats.append(
            Threat(
                "Something else at the same time",
                "; ".join(study_operation.co_occurring) + ".",
                "A control area that shared it.",
            )
        )
    return tuple(listed_threats)


def control_name(design: Design, area: StudyArea) -> str:
    """Return what the control area is called: "the rest of the study area" only if it is nearly all that the operation left.

    Drawn for the operation, or cut by the surroundings of other operations, it is "the control area".
    """
    rest = area.boundary.difference(design.exposed_area)
    is_rest = design.operation.control is None and design.control_area.area >= _MIN_SHARE_OF_REST * rest.area
    return "the rest of the study area" if is_rest else "the control area"


def _unplaced_threat(release: Release, operation: ReleasedOperation) -> Threat | None:
    """Return how rows without a usable place could change the target's estimate; None if they are few."""
    primary = operation.primary
    ledgers = [ledger for ledger in release.ledgers if ledger.source == primary.measure.source]
    rows = sum(ledger.totals.known("default_geocode") + ledger.totals.known("no_place") for ledger in ledgers)
    kept = sum(ledger.totals.known("kept") for ledger in ledgers)
    if rows < max(release.threshold, _MIN_UNPLACED_SHARE * kept):
        return None
    text = (
        f"{_rows_text(release, rows)} of \u201c{primary.measure.source}\u201d ({_text.percent_text(rows / kept)}) have no usable place and "
        "are in no zone."
    )
    for effect in primary.bounds:
        counted_rows = (
            "those whose address names one of its streets"
            if effect.zone == TARGET_WITH_STREET_UNPLACED
            else "all of them"
        )
        text += f" With {counted_rows} counted in the target area the change would be {_change_text(effect)}."
    if not primary.bounds:
        text += " If their share differs between the target area and elsewhere, or changes, the comparison is biased."
    return Threat(
        "Rows without a usable place", text, "Coordinates, or located rows on the same streets, for those rows."
    )


def _two_names_threat(operation: ReleasedOperation) -> Threat | None:
    """Return that a category of the primary measure may have another name; None if none was found."""
    names = operation.primary.robustness.diagnostic(DiagnosticKind.CATEGORY_NAMES)
    if names is None:
        return None
    return Threat(
        "One category under two names?",
        sentence_text(names.sentence),
        "Whether they are one: if so, both under where.category, or one mapped to the other in the format.",
    )


def _change_text(effect: ReleasedEffect) -> str:
    if not math.isfinite(effect.change):
        return "not defined"
    return format_numbers.stated_change(effect)


def notices(release: Release) -> tuple[str, ...]:
    """Return what the first page must say about the data."""
    sentences = []
    primary_sources = {one.source for one in release.study.measures if one.name == release.study.primary}
    for source in release.ledgers:
        for geocode in source.default_geocodes:
            sentences.append(_geocode_notice(release, source.source, geocode))
        sentences += [
            f"\u201c{source.source}\u201d: {note.text()}."
            for note in source.notes
            if note.kind == PLACED or (note.kind == SPELLINGS and source.source in primary_sources)
        ]
        if source.missing_months:
            sentences.append(
                f"\u201c{source.source}\u201d has no usable row in {format_numbers.month_list(source.missing_months)}: "
                "the gap is left out everywhere and not read as zero."
            )
        rejected, read = source.totals.known("rejected"), source.totals.known("read")
        if rejected >= max(release.threshold, _MIN_REJECTED_SHARE * read):
            sentences.append(
                f"{_rows_text(release, rejected)} of the {read:,} of \u201c{source.source}\u201d could not be read and are left out; "
                "the ledger says why."
            )
        unplaced = source.totals.known("no_place")
        if unplaced >= max(release.threshold, _MIN_UNPLACED_SHARE * source.totals.known("kept")):
            sentences.append(
                f"{_rows_text(release, unplaced)} of \u201c{source.source}\u201d have no place: counted in city totals, not on maps or in zones."
            )
    sentences += [
        f"\u201c{measure.name}\u201d counts what police record of their own accord as harm, because the study says so."
        for measure in release.study.measures
        if measure.activity_as_harm
    ]
    if release.study.area.crs_note:
        sentences.append(release.study.area.crs_note)
    sentences += release.study.area_notes
    sentences += [sentence for register in release.study.registers for sentence in register.sentences]
    return tuple(sentences)


def harm_notices(assessment: HarmAssessment | None) -> tuple[str, ...]:
    """Return the notices for the first page: which harms were not measured, and whether the objective is limited."""
    if assessment is None:
        return ()
    missing = tuple(f"The picture is incomplete: there is no {text[2:]}." for text in assessment.missing)
    return (*missing, assessment.limited_objective) if assessment.limited_objective else missing


def _rows_text(release: Release, rows: int) -> str:
    """Return a number of rows in words; in a public release it is rounded to the nearest ten."""
    return f"{rows:,} rows" if release.is_internal else f"About {rows:,} rows"


def _geocode_notice(release: Release, source: str, geocode: DefaultGeocode) -> str:
    address_note = f" under {geocode.addresses:,} different address texts" if geocode.addresses else ""
    return (
        f"{_rows_text(release, geocode.events)} of \u201c{source}\u201d ({_text.percent_text(geocode.share)} of those with coordinates) sit on one point"
        f"{address_note}: a default geocode, not a place. What cannot be placed counts in city totals and is left out of maps, "
        "hotspots and zones."
    )
