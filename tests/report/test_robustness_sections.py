"""Sections on robustness: typed values are the released numbers, and the text beside them says the same."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, replace

import pytest

from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import ReleasedCompositeResult
from geoharm.evaluation.estimators.effect_decay import effect_decay
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.evaluation.results.composite import CompositeSummary
from geoharm.evaluation.results.curves import undefined_point
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.evaluation.results.indices import Quotient
from geoharm.evaluation.results.robustness import OtherEstimate
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.design import ALL_RINGS
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason, Withheld
from geoharm.model.study import CompositeOutcome
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import percent_change_of_ratio
from geoharm.report.document import Missing
from geoharm.report.exports.run_record.effects import MeasureRecord
from geoharm.report.exports.run_record.record import fill
from geoharm.report.section_html import section_html
from geoharm.report.sections import other_estimators
from geoharm.report.sections.composite import composite_section
from geoharm.report.sections.control_choice import control_choice_section
from geoharm.report.sections.diagnostics import diagnostics_section
from geoharm.report.sections.displacement_types import displacement_types_section
from geoharm.report.sections.distance_profile import distance_profile_section
from geoharm.report.sections.effect_decay import effect_decay_section
from geoharm.report.sections.forest import forest_section
from geoharm.report.sections.other_estimators import (
    EstimatorWording,
    estimator_rows,
    other_estimators_section,
)
from geoharm.report.sections.robustness import robustness_sections
from geoharm.report.wording.coverage import COVERAGE
from geoharm.report.wording.orientation import ORIENTATION
from tests.disclosure.test_protect import PLENTY, result
from tests.disclosure.test_robustness import made

FEW_IN_A_RING = (1.0, 0.5, 0.01, 1.5, 12.0)
SECTIONS = (
    diagnostics_section, effect_decay_section, distance_profile_section, control_choice_section,
    displacement_types_section, other_estimators_section,
)  # fmt: skip


def estimate_of(value, error=0.1):
    return Estimate("r", value, error, "log ratio", "", calibrated=True)


ROWS = tuple((f"Operation {number}", estimate_of(value)) for number, value in enumerate((-0.4, -0.2, 0.1)))


def operation_of(area, **options):
    return protect(made(area, **options)[0]).operations[0]


@pytest.fixture(scope="module")
def operation(area):
    return operation_of(area)


@pytest.fixture(scope="module")
def small(area):
    """Return an operation with three events in the target after it: everything made from them is suppressed."""
    return operation_of(area, few=3)


@pytest.fixture(scope="module")
def release(area):
    return protect(result(area, PLENTY))


def sections_of(operation):
    return [section for function in SECTIONS for section in function(operation)]


def records(section, number=0):
    """Return the rows of one table of a section as mappings of file heading to value, and its cells by heading."""
    table = section.tables[number]
    return [dict(zip(table.file_heads, row, strict=True)) for row in table.file_rows()]


def numbers_in(text):
    """Return the numbers of a printed cell, such as "−45% (−60% to +1,020%)", each with half of its last digit."""
    found = re.findall(r"(?<![\w.])[+\u2212]?\d[\d,]*(?:\.\d+)?", text)
    plain = [number.replace(",", "").replace("\u2212", "-").replace("+", "") for number in found]
    return [(float(number), 0.5 * 0.1 ** len(number.partition(".")[2])) for number in plain]


def released(numbers):
    """Return what files may hold of released numbers: nine digits of them, as in run.json."""
    return pytest.approx(numbers, rel=1e-8)


def test_sections_stand_in_the_order_of_the_page_with_their_anchors(operation):
    anchors = [section.anchor for section in sections_of(operation)]
    assert anchors == ["guards", "clock", "profile", "controls", "shifts", "family"]
    assert [section.audience for section in sections_of(operation)].count("For all") == 1


def test_the_page_calls_all_of_them_in_this_order(release, operation):
    shown = replace(release, operations=(operation,), forests=(("target", pool_effects(ROWS)),))
    anchors = [section.anchor for section in robustness_sections(shown, operation)]
    assert anchors == ["clock", "profile", "controls", "shifts", "family", "pooled"]


def test_an_operation_without_robustness_checks_has_no_such_section(release):
    bare = release.operations[0]
    assert [section.anchor for section in sections_of(bare)] == ["clock"]
    assert effect_decay_section(bare)[0].tables == ()


def test_every_number_in_a_cell_of_numbers_is_among_its_values(operation):
    """What the page prints is one of the typed values, rounded as it is printed: nothing is read back from text."""
    checked = 0
    for section in sections_of(operation):
        for table in section.tables:
            for row in table.rows:
                for column, cell in table.cells_of(row):
                    if column.style.value not in ("number", "long number"):
                        continue
                    values = [value for value in cell.values if isinstance(value, int | float)]
                    values += [100 * value for value in values]
                    for number, half in numbers_in(cell.text):
                        agrees = any(abs(value - number) <= half + 1e-9 for value in values)
                        assert agrees, (section.anchor, column.head, cell.text, cell.values)
                        checked += 1
    assert checked > 100


def test_no_value_is_undefined_or_infinite(operation, small):
    for section in sections_of(operation) + sections_of(small):
        for table in section.tables:
            for row in table.file_rows():
                assert all(math.isfinite(value) for value in row if isinstance(value, float))
                assert not any(value == "" for value in row)


ORIENTING = (distance_profile_section, displacement_types_section, effect_decay_section)


def test_each_section_without_intervals_says_so_and_has_none(operation, small):
    """The fixed sentence stands in each, and no heading of a file names an end, an error or a p-value."""
    for shown in (operation, small):
        for function in ORIENTING:
            (section,) = function(shown)
            assert ORIENTATION in section_html(section)
            heads = " ".join(head for table in section.tables for head in table.file_heads)
            assert not re.search(r"low end|high end|error|p-value|band|interval", heads), (section.anchor, heads)
    (family,) = other_estimators_section(operation)
    titled = family.titled_tables()
    assert [title.endswith("; for orientation") for title, _ in titled] == [False, True, True]
    assert section_html(family).count(ORIENTATION) == 2
    for _, table in titled[1:]:
        assert not re.search(r"low end|high end|error|p-value|band|interval", " ".join(table.file_heads))


def test_no_interval_of_these_figures_is_in_the_record(operation):
    """Every number of a curve, a decay or a type of displacement stands alone in run.json."""
    record = fill(MeasureRecord, operation.primary)
    family = record.other_estimators
    points = [*family.cumulative_wdd.points, *family.event_study.points, *family.distance_profile.points]
    points += [part for decay in family.effect_decay for part in (decay.initial, decay.decay, decay.residual)]
    assert len(points) > 20
    assert {tuple(sorted(asdict(point))) for point in points} == {("name", "note", "unit", "value")}
    assert {tuple(sorted(asdict(row))) for row in record.displacement_types} == {
        ("figure", "kind", "measured", "sentence", "unit")
    }
    assert set(asdict(family.distance_profile)) == {"points"}


def test_the_running_change_has_its_band_and_no_words_of_orientation(operation):
    """Its points are judged at placebo places, so the sentence for orientation does not stand above them."""
    band = Interval(math.log(0.5), math.log(1.1), 0.95)
    point = Estimate("months 1 to 3", math.log(0.8), 0.1, "log ratio", "", calibrated=True, intervals=(band,))
    few = undefined("month 1", unit="log ratio", reference="", note="too few", reason=Reason.NO_INTERVAL)
    family = replace(operation.primary.robustness.other_estimators, running_change=(few, point), effect_decay=())
    primary = replace(operation.primary, robustness=replace(operation.primary.robustness, other_estimators=family))
    (section,) = effect_decay_section(replace(operation, measures=(primary,)))
    first, second = records(section)
    assert (first["Since the operation"], first["Change in percent"]) == ("month 1", Missing.NOT_KNOWN)
    assert first["Change in percent, note"] == "too few"
    assert second["Change in percent"] == released(-20)
    assert (second["Change in percent, low end"], second["Change in percent, high end"]) == released((-50, 10))
    page = section_html(section)
    lowest, highest = (COVERAGE[f"running change, {end}"] for end in ("lowest", "highest"))
    assert f"it held the whole curve in {lowest} to {highest} of 100" in page
    assert ORIENTATION not in page
    nothing = replace(
        primary, robustness=replace(primary.robustness, other_estimators=replace(family, running_change=(few, few)))
    )
    (section,) = effect_decay_section(replace(operation, measures=(nothing,)))
    assert section_html(section).count("Running change: too few.") == 1
    record = fill(MeasureRecord, primary).other_estimators.running_change
    assert [(row.name, row.interval.low is None, row.p_value) for row in record] == [
        ("month 1", True, None), ("months 1 to 3", False, None),
    ]  # fmt: skip


def test_the_distance_profile_holds_the_released_points(operation):
    curve = operation.primary.robustness.other_estimators.distance_profile
    (section,) = distance_profile_section(operation)
    for row, point in zip(records(section), curve.points, strict=True):
        assert row["Change in percent"] == released(100 * math.expm1(point.value))
    shown = [re.sub("\u2013", "-", row["Zone"]) for row in records(section)]
    assert shown == [point.name for point in curve.points]


def test_other_estimators_are_numbers_in_their_own_unit(operation):
    estimators = operation.primary.robustness.other_estimators
    (section,) = other_estimators_section(operation)
    rows = {row["Estimator"]: row for row in records(section)}
    for key, zone in (("wdd_target", "target"), ("wdd_rings", "all rings"), ("wdd_total", "total")):
        row, estimate = rows[f"Weighted displacement difference, {zone}"], estimators.estimate(key)
        assert row["Value"] == released(estimate.value)
        assert row["Standard error (of the log ratio, where the unit is percent)"] == released(estimate.standard_error)
        assert row["Value, low end"] == released(estimate.interval().low)
        assert row["Value, high end"] == released(estimate.interval().high)
        assert row["Unit"] == "requests"
    exact = rows["Exact interval of the rate ratio, target"]
    assert exact["Value"] is Missing.NOT_APPLICABLE
    assert exact["Value, low end"] == released(percent_change_of_ratio(estimators.exact.low))
    assert exact["Such intervals held the truth, percent"] == 50
    assert rows["Randomisation test"]["Value"] == released(estimators.placebo_p)
    first = rows["Poisson difference-in-differences, target"]
    assert first["Value"] == released(percent_change_of_ratio(estimators.did.terms[0].value))
    assert first["Unit"] == "percent"
    quotient = rows["Weighted displacement quotient"]
    assert quotient["Value"] == released(estimators.indices.wdq.value)
    assert (quotient["Value, low end"], quotient["Value, high end"]) == released(
        estimators.indices.wdq.values.pieces[0]
    )
    gross = rows["Gross effect"]
    assert gross["Value"] is Missing.NOT_APPLICABLE
    assert "no meaning for windows of different length" in gross["How to read it"]
    assert gross["Such intervals held the truth, percent"] is Missing.NOT_APPLICABLE


def test_the_monthly_curves_have_their_points_alone(operation):
    estimators = operation.primary.robustness.other_estimators
    (section,) = other_estimators_section(operation)
    (_, running), (_, events) = section.titled_tables()[1:]
    title = "Cumulated requests since the operation, net of the scaled control; for orientation"
    assert running.caption == title
    assert [row[:2] for row in running.file_rows()] == [
        (point.name, released(point.value)) for point in estimators.cumulative_wdd.points
    ]
    assert [row[:2] for row in events.file_rows()] == [
        (point.name, released(percent_change_of_ratio(point.value))) for point in estimators.event_study.points
    ]


def test_choice_of_control_names_ranges_and_candidates_as_numbers(operation):
    estimators = operation.primary.robustness.other_estimators
    (section,) = control_choice_section(operation)
    titles = [title for title, _ in section.titled_tables()]
    assert titles == [
        "The range of answers for each single choice",
        "Candidate controls, nearest first",
        "Answer by control",
    ]
    ranges = {name: (low, high) for name, low, high in estimators.specification_curve.range_of("reach")}
    for row in records(section):
        if row["Choice"] == "reach":
            low, high = (percent_change_of_ratio(value) for value in ranges[row["Option"]])
            assert (row["Lowest answer, percent"], row["Highest answer, percent"]) == released((low, high))
    for row, candidate in zip(records(section, 1), estimators.control_choice.candidates, strict=False):
        assert row["From the target, metres"] == released(candidate.distance)
        assert row["Worst rule (above 1 fails)"] == released(max(candidate.ratios.values()))
        assert row["Because"] == candidate.reason
    passed = [row["Square"] for row in records(section, 1) if "passed" in row["Passed or refused"]]
    assert set(passed) <= set(estimators.control_choice.passing)
    estimates = {dict(one.choices)["control"]: one.estimate for one in estimators.by_control.specifications}
    for row in records(section, 2):
        head = "Change in percent, counting only"
        assert row[head] == released(percent_change_of_ratio(estimates[row["Control"]].value))


def test_suppressed_numbers_are_marked_as_withheld_in_files(small):
    rows = {row["Estimator"]: row for row in records(other_estimators_section(small)[0])}
    for name in ("Weighted displacement difference, target", "Poisson difference-in-differences, target"):
        assert rows[name]["Value"] is rows[name]["Value, low end"] is Missing.WITHHELD
        assert rows[name]["Value, note"].startswith("withheld")
    assert all(row["Figure"] is Missing.WITHHELD for row in records(diagnostics_section(small)[0]))
    assert all(
        row["Worst rule (above 1 fails)"] is Missing.WITHHELD for row in records(control_choice_section(small)[0])
    )
    decay = records(effect_decay_section(small)[0])[0]
    assert decay["At first, change in percent"] is Missing.WITHHELD
    assert decay["Left, change in percent"] is Missing.WITHHELD


def test_effect_decay_gives_percents_and_reasons(operation):
    """While it ran 12 months half the fall was lost in about 6; it ended a year before the data do."""
    control = [300.0] * 48
    target = [100.0] * 24 + [40 + 2 * month for month in range(12)] + [70 + 2 * month for month in range(12)]
    decay = effect_decay(target, control, start=24, stop=36, per_month=1.0, zone="target")
    undefined_part = undefined_point("x", unit="log ratio", reference="", note="too short", reason=Reason.NO_DATA)
    refused = replace(decay, zone="all rings", decay=undefined_part, not_estimated=(("wear", "too short"),))
    estimators = replace(operation.primary.robustness.other_estimators, effect_decay=(decay, refused))
    primary = replace(operation.primary, robustness=replace(operation.primary.robustness, other_estimators=estimators))
    (section,) = effect_decay_section(replace(operation, measures=(primary,)))
    first, second = records(section)
    assert first["At first, change in percent"] == released(percent_change_of_ratio(decay.initial.value))
    assert first["Decay, percent a month"] == released(percent_change_of_ratio(decay.decay.value))
    assert first["Left, change in percent"] == released(percent_change_of_ratio(decay.residual.value))
    assert second["Decay, percent a month"] is Missing.NOT_KNOWN
    assert second["Decay, percent a month, note"] == "too short"
    page = section_html(section)
    assert "all rings: Decay while it ran: cannot be estimated, because too short." in page
    assert page.count("cannot be estimated") == 2


def test_types_of_displacement_have_their_figure_as_a_number(operation):
    types = (
        DisplacementType("hour", 0.17, "share of events moved", "17% moved by -2 hours."),
        DisplacementType("weekday", math.nan, "share of events moved", Withheld(Reason.SMALL_COUNT, 5)),
        DisplacementType("tactics", math.nan, "", "Not measured: no data.", measured=False),
    )
    primary = replace(operation.primary, robustness=replace(operation.primary.robustness, displacement_types=types))
    (section,) = displacement_types_section(replace(operation, measures=(primary,)))
    values = [row[2:] for row in section.tables[0].file_rows()]
    assert values == [
        (0.17, "share of events moved"),
        (Missing.WITHHELD, "share of events moved"),
        (Missing.NOT_APPLICABLE,) * 2,
    ]
    assert [row.style for row in section.tables[0].rows] == ["", "", "absent"]
    assert "17% moved by \u22122 hours." in section_html(section)


@pytest.mark.parametrize(
    ("pieces", "ends", "note"),
    [
        (((0.2, 0.9),), (0.2, 0.9), Missing.NOT_APPLICABLE),
        (((0.25, math.inf),), (0.25, Missing.NOT_APPLICABLE), "0.25 and more"),
        (
            ((-math.inf, -1.5), (0.25, math.inf)),
            (Missing.NOT_APPLICABLE, Missing.NOT_APPLICABLE),
            "up to \u22121.50, or 0.25 and more",
        ),
        ((), (Missing.NOT_KNOWN, Missing.NOT_KNOWN), "no set"),
    ],
)
def test_a_quotients_set_is_ends_or_words(operation, pieces, ends, note):
    quotient = Quotient("wdq", 0.5, ConfidenceSet(pieces, 0.95, "Fieller"))
    estimators = operation.primary.robustness.other_estimators
    estimators = replace(estimators, indices=replace(estimators.indices, wdq=quotient))
    rows = {row.name: row.value for row in estimator_rows(estimators, operation.primary)}
    assert rows["Weighted displacement quotient"].values == (0.5, Missing.NOT_APPLICABLE, *ends, note)


def test_an_exact_interval_without_an_upper_end_has_words(operation):
    """A count of 0 before sets no upper limit."""
    estimators = replace(operation.primary.robustness.other_estimators, exact=Interval(0.1, math.inf, 0.95))
    rows = {row.name: row.value for row in estimator_rows(estimators, operation.primary)}
    cell = rows["Exact interval of the rate ratio, target"]
    assert cell.text == "+11% or more"
    assert cell.values[2:] == (pytest.approx(100 * math.expm1(0.1)), Missing.NOT_APPLICABLE, "no upper end")


def with_new_estimate(found, *, zones, from_totals=False):
    """Return a study result with one more estimator in the common form."""
    operation = found.operations[0]
    measure = operation.measures[0]
    estimate = Estimate("log rate ratio", -0.123456, 0.054321, "log ratio", "", intervals=(Interval(-0.23456, -0.01234, 0.95),), p=0.0123)  # fmt: skip
    new = OtherEstimate("new_one", estimate, zones, from_totals=from_totals)
    estimators = measure.other_estimators
    estimators = replace(estimators, estimates=(*estimators.estimates, new))
    measure = replace(measure, other_estimators=estimators)
    return replace(found, operations=(replace(operation, measures=(measure,)),)), estimate


def row_named(name, operation):
    rows = records(other_estimators_section(operation)[0])
    return next(row for row in rows if row["Estimator"] == name)


def test_a_new_estimator_in_the_common_form_needs_only_its_wording(area, monkeypatch):
    """Registered once, it is rounded or suppressed by its zones, and stands in run.json and in the report."""
    wording = EstimatorWording("New one", "", "below 0: fewer")
    monkeypatch.setitem(other_estimators._WORDINGS, "new_one", wording)
    study = made(area)[0]
    found, whole = with_new_estimate(study, zones=("target",))
    operation = protect(found).operations[0]
    shown = operation.primary.robustness.other_estimators.estimate("new_one")
    assert (shown.value, shown.standard_error, shown.p) == (-0.12, 0.05, 0.012)
    assert shown.intervals == (Interval(-0.23, -0.01, 0.95),)
    row = row_named("New one", operation)
    assert (row["Estimator"], row["Unit"]) == ("New one", "percent")
    assert row["Value"] == pytest.approx(100 * math.expm1(-0.12))
    assert (row["Value, low end"], row["Value, high end"]) == pytest.approx((100 * math.expm1(-0.23), 100 * math.expm1(-0.01)))  # fmt: skip
    assert fill(MeasureRecord, operation.primary).other_estimators.estimates["new_one"].value == -0.12
    totals, _ = with_new_estimate(study, zones=("target",), from_totals=True)
    kept = protect(totals).operations[0].primary.robustness.other_estimators
    assert kept.estimate("new_one") == whole


@pytest.mark.parametrize(
    ("options", "zone"), [({"few": 3}, "target"), ({"rates": FEW_IN_A_RING}, "50-250 m"), ({"rates": FEW_IN_A_RING}, ALL_RINGS)]
)  # fmt: skip
def test_a_new_estimator_goes_with_its_zone(area, monkeypatch, options, zone):
    monkeypatch.setitem(other_estimators._WORDINGS, "new_one", EstimatorWording("New one", "", ""))
    found, _ = with_new_estimate(made(area, **options)[0], zones=(zone,), from_totals=True)
    operation = protect(found).operations[0]
    is_hidden = operation.primary.effect(zone).is_withheld
    shown = operation.primary.robustness.other_estimators.estimate("new_one")
    assert shown.is_defined is not is_hidden
    if is_hidden:
        assert (shown.intervals, shown.note) == ((), Withheld(Reason.SUPPRESSED, 5))
        row = row_named("New one", operation)
        assert row["Value"] is Missing.WITHHELD


def test_a_forest_has_percents_and_weights_as_shares(release):
    found = pool_effects(ROWS)
    hidden = replace(found, rows=tuple((label, estimate, math.nan) for label, estimate, _ in found.rows), pooled=None)
    shown, suppressed = forest_section(replace(release, forests=(("target", found), ("all rings", hidden))))
    assert (shown.anchor, suppressed.anchor) == ("pooled", "")
    for row, (label, estimate, weight) in zip(records(shown), found.rows, strict=True):
        assert row["Operation"] == label
        assert row["Change in percent"] == pytest.approx(100 * math.expm1(estimate.value))
        assert row["Change in percent, standard error of the log ratio"] == released(estimate.standard_error)
        assert row["Weight, share"] == released(weight)
    assert all(row["Weight, share"] is Missing.WITHHELD for row in records(suppressed))
    assert forest_section(release) == ()


def test_composites_have_a_section_each_and_a_table_for_each_operation(release):
    rows = tuple((label, estimate, 1 / 3) for label, estimate in ROWS)
    answer = ReleasedCompositeResult(
        "A", rows, (("x", "few"), ("y", "few")), estimate_of(-0.3), 0.2, 3, "a note", Reading.FELL
    )
    without = replace(answer, operation="B", rows=tuple((label, estimate, math.nan) for label, estimate, _ in rows))
    outcome = CompositeOutcome("signs of use", ("finds",), ("target",), ("after",))
    first, second = composite_section(
        replace(
            release,
            composites=(
                CompositeSummary(outcome, (answer, without), pool_effects(ROWS)),
                CompositeSummary(outcome, (answer,), None),
            ),
        )
    )
    assert (first.anchor, second.anchor) == ("questions", "")
    assert [title for title, _ in first.titled_tables()] == ["signs of use: A", "signs of use: B"]
    assert [title for title, _ in second.titled_tables()] == ["Composite outcome: signs of use"]
    assert [row["Weight, share"] for row in records(first)] == released([1 / 3] * 3)
    assert all(row["Weight, share"] is Missing.WITHHELD for row in records(first, 1))
    page = section_html(first)
    assert "x; y: few" in page
    assert "not given" in page
    assert f"{format_numbers.signed_text(100 * math.expm1(-0.3))}%" in page
    assert composite_section(release) == ()
