"""What the threats call things: the control area, and who reported the events; and when an estimate is the best one."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
import shapely

from geoharm.disclosure.protect import protect
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SPELLINGS, QualityNote, SourceLedger
from geoharm.model.period import Period
from geoharm.report.charts.effects import estimate_name
from geoharm.report.wording.threats import control_name, notices, threats
from tests.disclosure.test_protect import PLENTY, result


@pytest.fixture
def release(area):
    return protect(result(area, PLENTY))


def with_control(design, geometry, **changes):
    zones = tuple(replace(zone, geometry=geometry) if zone.role is ZoneRole.CONTROL else zone for zone in design.zones)
    return replace(design, zones=zones, operation=replace(design.operation, **changes))


def test_the_control_is_the_rest_of_the_study_area_only_if_it_is(release):
    design, area = release.operations[0].design, release.study.area
    rest = area.boundary.difference(design.exposed_area)
    west, south, east, north = rest.bounds
    half = rest.intersection(shapely.box(west, south, (west + east) / 2, north))
    assert control_name(with_control(design, rest, control=None), area) == "the rest of the study area"
    assert control_name(with_control(design, half, control=None), area) == "the control area"
    assert control_name(with_control(design, rest, control=rest), area) == "the control area"


@pytest.mark.parametrize(
    ("kind", "recorded_by", "said"),
    [("needle_find", "public", True), ("health", "public", False), ("incident", "agency", False)],
)
def test_only_what_the_public_reported_is_said_to_be(release, kind, recorded_by, said):
    operation = release.operations[0]
    first = operation.measures[0]
    measure = replace(first.measure, kind=kind, recorded_by=recorded_by)
    operation = replace(operation, measures=(replace(first, measure=measure), *operation.measures[1:]))
    texts = [threat.text for threat in threats(release, operation)]
    assert any("reported by the public" in text for text in texts) is said


def test_the_best_estimate_is_one_against_a_calibrated_forecast(release):
    effect = release.operations[0].measures[0].effect("target")
    calibrated = replace(effect, ratio=replace(effect.ratio, value=-0.3, standard_error=0.1, calibrated=True))
    refused = replace(calibrated, ratio=replace(calibrated.ratio, value=math.nan), placebo=None)
    counting = replace(calibrated, ratio=replace(calibrated.ratio, calibrated=False))
    assert estimate_name(calibrated) == "best estimate"
    assert estimate_name(refused) == "against the control"
    assert estimate_name(counting) == "against the control"


def test_a_category_under_two_names_is_a_threat(release):
    operation = release.operations[0]
    first = operation.measures[0]
    assert "One category under two names?" not in [threat.title for threat in threats(release, operation)]
    found = Diagnostic(DiagnosticKind.CATEGORY_NAMES, 1.0, "pairs of names", "“A” ends where “B” begins.", Severity.SAY)
    robustness = replace(first.robustness, diagnostics=(*first.robustness.diagnostics, found))
    operation = replace(operation, measures=(replace(first, robustness=robustness), *operation.measures[1:]))
    (threat,) = (one for one in threats(release, operation) if one.title == "One category under two names?")
    assert threat.text == "“A” ends where “B” begins."


def test_joined_spellings_of_the_primary_source_are_on_the_first_page(area):
    found = result(area, PLENTY)
    note = QualityNote(SPELLINGS, 40, 0, "spell a category otherwise than most rows of it")
    ledgers = tuple(
        SourceLedger(source, (), Period(date(2020, 1, 1), date(2021, 1, 1)), (), "day", 0.0, (), "", notes=(note,))
        for source in (found.study.measures[0].source, "another")
    )
    sentences = [
        sentence for sentence in notices(protect(replace(found, ledgers=ledgers))) if "spell a category" in sentence
    ]
    assert sentences == [f"“{ledgers[0].source}”: 40 rows: spell a category otherwise than most rows of it."]
