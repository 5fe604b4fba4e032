"""Values, unintended harm and tactics: the page's words and the files' numbers are the released ones."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from geoharm.disclosure.net_harm import protect_harm_assessment
from geoharm.disclosure.protect import protect
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.mitigation import MarginState, MarginTest
from geoharm.harm.results.net_harm import Flip, PartialSum
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.harm_settings import Indicator, Mitigation
from geoharm.model.reason import Reason, Withheld
from geoharm.report.document import ActivityBox, CellStyle, Details, Missing, Paragraph
from geoharm.report.section_html import section_html
from geoharm.report.sections.tactics import tactics_section
from geoharm.report.sections.unintended_harm import unintended_harm_section
from geoharm.report.sections.values import values_section
from tests.disclosure.test_net_harm import balance
from tests.disclosure.test_protect import PLENTY, result
from tests.harm.worlds import measure
from tests.report.printed_numbers import cell_of, check_printed_numbers, file_record, table_named

NO_INTERVAL = Interval(math.nan, math.nan, 0.95)
RATIO = Estimate("log rate ratio", math.log(0.8), 0.1, "log ratio", "", "counting only")
NO_RATIO = undefined(
    "log rate ratio", unit="log ratio", reference="", note="no market activity before", reason=Reason.ZERO_COUNT
)
LEVEL = Estimate("level", 31.25, 2.0, "percent", "")


def rise(days, metres, state, after=50, expected=40.25):
    interval = Interval(0.9, 1.6, 0.95)
    return RiseCheck(
        "overdoses", days, metres, after, expected, after / expected, interval, 0.25, state, "of few events"
    )


UNINTENDED = UnintendedHarm(
    (
        rise(14, 100, RiseState.ROSE),
        rise(7, 100, RiseState.WITHIN),
        rise(7, 250, RiseState.UNKNOWN, 0, math.nan),
        rise(14, 250, RiseState.ROSE),
    ),
    (
        FindDispersion("finds", "spread around their middle", "m", 100.4, 120.9, Interval(1.25, 40.5, 0.95), (60, 50)),
        FindDispersion("finds", "share outside", "share", 0.35, 0.5, Interval(0.1, 0.2, 0.95), (60, 50)),
        FindDispersion("needles", "share outside", "share", math.nan, math.nan, NO_INTERVAL, (3, 5), "too few finds"),
    ),
)
NOXIOUSNESS = (
    Noxiousness("target", "overdoses", "finds", 12.5, 9.25, RATIO, "shrank", "it does less harm for its size"),
    Noxiousness("target and rings", "overdoses", "finds", math.nan, 9.25, NO_RATIO, "cannot tell", "cannot tell"),
)


def indicator(stands_for):
    fell = replace(LEVEL, value=-3.04)
    question = Indicator(f"afraid, {stands_for}", "survey", "q", stands_for)
    return IndicatorChange(question, "percent", LEVEL, LEVEL, fell, NO_RATIO, replace(LEVEL, value=1.0), (3, 33))


def assessment(**more):
    return balance(
        unintended_harm=UNINTENDED, noxiousness=NOXIOUSNESS,
        reporting_corrected=(CorrectedEffect("target", "finds", "all calls", RATIO, RATIO, NO_RATIO),),
        indicators=tuple(map(indicator, ("outcome", "market", "priority"))), **more,
    )  # fmt: skip


@pytest.fixture
def release(area):
    return protect(result(area, PLENTY))


def with_harm(release, harm):
    return replace(release.operations[0], harm=harm)


def test_without_a_harm_assessment_there_is_no_such_section(release):
    assert values_section(release.operations[0]) == ()
    assert unintended_harm_section(release, release.operations[0]) == ()
    assert unintended_harm_section(release, with_harm(release, balance())) == ()


def test_net_harm_in_files_is_the_released_number(release):
    harm = assessment()
    (section,) = values_section(with_harm(release, harm))
    check_printed_numbers(section, least=20)
    table = table_named(section, "Added up under each profile")
    for row, net in enumerate(harm.net_harm):
        record = file_record(table, row)
        assert record["Profile"].removesuffix(" (example)") == net.profile
        if not net.is_known:
            assert record["Target, lowest estimate"] is Missing.NOT_KNOWN
            assert record["Target, note"] == net.note
            continue
        assert record["Target, lowest estimate"] == pytest.approx(net.low)
        assert record["Target, highest estimate"] == pytest.approx(net.high)
        assert (record["Target, low end"], record["Target, high end"]) == pytest.approx(
            (net.interval.low, net.interval.high)
        )
    weights = table_named(section, "What one event weighs")
    row = harm.net_harm[0].rows[0]
    for profile in harm.profiles:
        assert cell_of(weights, row.measure.name, profile.name).values == pytest.approx((profile.weight(row.measure),))


def test_bounds_and_open_ends_have_columns_of_their_own(release):
    harm = assessment()
    bounded = replace(harm.net_harm[0], low=-3.0, high=3.0, interval=Interval(-5.0, math.inf, 0.95), calibrated=False)
    unknown = replace(harm.net_harm[1], low=math.nan, high=math.nan, note="a part is unknown")
    (section,) = values_section(with_harm(release, replace(harm, net_harm=(bounded, unknown, *harm.net_harm[2:]))))
    table = table_named(section, "Added up under each profile")
    cells = [row.cells[2] for row in table.rows]
    assert cells[0].text == "\u22123 to +3 (\u22125 to unbounded, counting only)"
    assert cells[0].style is CellStyle.TEXT  # too long for one line
    assert cells[0].values == (-3.0, 3.0, -5.0, Missing.NOT_KNOWN, "counting only")
    assert cells[1].text == "cannot tell: a part is unknown"
    assert cells[1].values == (*[Missing.NOT_KNOWN] * 4, "a part is unknown")
    assert cells[2].style is CellStyle.NUMBER


def test_a_refused_part_is_named_and_the_rest_is_said_to_be_without_it(release):
    harm = assessment()
    partial = PartialSum(("overdoses",), -9.0, -9.0, Interval(-20.0, -2.0, 0.95), calibrated=True)
    note = "one part has no 95% interval, so nothing is added up: overdoses"
    refused = replace(harm.net_harm[0], low=math.nan, high=math.nan, note=note, refused=("overdoses",), partial=partial)
    (section,) = values_section(with_harm(release, replace(harm, net_harm=(refused, *harm.net_harm[1:]))))
    cell = table_named(section, "Added up under each profile").rows[0].cells[2]
    assert cell.text == f"cannot tell: {note}; without overdoses: \u22129 (\u221220 to \u22122)"
    assert cell.values == (*[Missing.NOT_KNOWN] * 4, note)


def test_the_weight_that_turns_the_answer_is_said_in_a_sentence(release):
    harm = assessment()
    flip = Flip(("finds",), 12.4, "one violent incident", in_declared_range=True)
    (section,) = values_section(
        with_harm(release, replace(harm, acceptability=(replace(harm.acceptability[0], flip=flip),)))
    )
    assert "Only if 12 of finds weighed as much as one violent incident would the sum come out at zero" in section_html(
        section
    )


def test_weightings_that_suppressed_counts_leave_open_are_said(release):
    harm = assessment()
    half = replace(harm.acceptability[0], undecided=0.95, fell=0.05, clearly_fell=0.0, rose=0.0, clearly_rose=0.0)
    (section,) = values_section(with_harm(release, replace(harm, acceptability=(half,))))
    assert "Under 95% the counts that a source withholds leave both answers open." in section_html(section)


def test_entries_into_treatment_are_marked_as_no_harm(release):
    entries = measure("entries", unit="people", borne_by="user", kind="health", source_kind="treatment_entry")
    harm = assessment()
    nets = tuple(replace(net, rows=(replace(net.rows[0], measure=entries), *net.rows[1:])) for net in harm.net_harm)
    (section,) = values_section(with_harm(release, replace(harm, net_harm=nets)))
    for caption in ("Without weights", "What one event weighs"):
        assert table_named(section, caption).rows[0].cells[0].text == "entries (not a harm)"


def test_what_is_withheld_is_withheld_in_files_too(release):
    harm = protect_harm_assessment(assessment(), {("overdoses", "target")}, 5)
    (section,) = values_section(with_harm(release, harm))
    effects = table_named(section, "Without weights")
    cell = cell_of(effects, "overdoses", "Target")
    assert cell.text.startswith("withheld")
    assert cell.values[:4] == (Missing.WITHHELD,) * 4
    profiles = table_named(section, "Added up")
    withheld = [row.cells[2] for row in profiles.rows if row.cells[2].text.startswith("cannot tell: withheld")]
    assert withheld
    assert all(cell.values[:4] == (Missing.WITHHELD,) * 4 for cell in withheld)
    assert "Cannot be said: withheld" in section_html(section)
    assert len(section.charts) <= 1


def test_checks_for_a_rise_are_words_and_counts_only_inside(release):
    operation = with_harm(release, assessment())
    (public,) = unintended_harm_section(release, operation)
    table = table_named(public, "After the operation began")
    assert table.file_heads == ("Harm", "Where", "7 days", "14 days")
    assert table.file_rows() == (
        ("overdoses", "within 100 m", "no rise beyond the margin", "rose"),
        ("overdoses", "within 250 m", "cannot tell", "rose"),
    )
    html = section_html(public)
    assert "2 of 4 looks: rose; 1 of 4 looks: no rise beyond the margin; 1 of 4 looks: cannot tell." in html
    assert "overdoses rose: within 100 m in 14 days and within 250 m in 14 days." in html
    inside = replace_publish(release, "internal")
    (internal,) = unintended_harm_section(inside, operation)
    record = file_record(table_named(internal, "After the operation began"))
    assert (record["14 days"], record["14 days, after"], record["14 days, expected"]) == ("rose", 50, 40.25)
    cell = table_named(internal, "After the operation began").rows[0].cells[3]
    assert cell.text == "rose (50 against 40.2)"


def test_looks_that_all_cannot_tell_are_one_line_and_a_table_behind_it(release):
    checks = tuple(rise(days, metres, RiseState.UNKNOWN) for days in (7, 14) for metres in (100, 250))
    harm = replace(assessment(), unintended_harm=UnintendedHarm(checks, ()))
    (section,) = unintended_harm_section(release, with_harm(release, harm))
    line = next(block for block in section.blocks if isinstance(block, Paragraph) and "looks cannot tell" in block.text)
    assert line.text == "4 of 4 looks cannot tell: of few events."
    (details,) = (block for block in section.blocks if isinstance(block, Details))
    assert table_named(section, "After the operation began") in details.blocks


def held(zone, state, reason="made"):
    return MarginTest("finds", zone, 0.25, state, reason)


def test_mitigation_says_whether_the_harm_stayed_within_its_margin(release):
    operation = with_harm(
        release,
        assessment(mitigation=(
            held("target", MarginState.WITHIN), held("all rings", MarginState.ROSE),
            held("target and rings", MarginState.UNKNOWN, Withheld(Reason.SUPPRESSED, 5)),
        )),
    )  # fmt: skip
    planned = (Mitigation("more bins", "yes", ("finds",)), Mitigation("a leaflet"))
    design = replace(operation.design, operation=replace(operation.design.operation, mitigation=planned))
    (section,) = unintended_harm_section(release, replace(operation, design=design))
    table = table_named(section, "What was done to limit unintended harm")
    first, second = (row.cells[2].text for row in table.rows)
    assert first.startswith("finds: stayed within its margin in target (made), rose in all rings (made), not known in ")
    assert "withheld" in first
    assert second == "no harm named that it was to hold"
    nothing = unintended_harm_section(release, with_harm(release, assessment()))[0]
    assert "Nothing was entered. That does not mean that nothing was done." in section_html(nothing)


def test_a_hidden_effect_leaves_its_margin_test_not_known():
    found = protect_harm_assessment(
        assessment(mitigation=(held("target", MarginState.ROSE), held("all rings", MarginState.ROSE))),
        {("finds", "target")}, 5,
    ).mitigation  # fmt: skip
    assert [one.state for one in found] == [MarginState.UNKNOWN, MarginState.ROSE]
    assert found[0].reason == Withheld(Reason.SUPPRESSED, 5)


def replace_publish(release, kind):
    study = replace(release.study, publish=replace(release.study.publish, release=kind))
    return replace(release, study=study)


def test_unintended_harm_in_files_is_the_released_number(release):
    (section,) = unintended_harm_section(release, with_harm(release, assessment()))
    check_printed_numbers(section, least=15)
    spread = file_record(table_named(section, "How finds are spread"))
    assert (spread["Before"], spread["After"], spread["Unit"]) == (100, 121, "m")
    assert spread["Change"] == round(120.9 - 100.4)
    assert (spread["Change, low end"], spread["Change, high end"]) == (round(1.25), round(40.5))
    assert file_record(table_named(section, "How finds are spread"), 2)["Note"] == "too few finds"
    noxious = table_named(section, "Harm relative to the market's size")
    record = file_record(noxious)
    assert record["Ratio"] == pytest.approx(0.8)
    assert record["Ratio, standard error of the log ratio"] == 0.1
    assert record["Ratio, high end"] == pytest.approx(math.exp(RATIO.interval().high))
    assert file_record(noxious, 1)["Ratio, note"] == NO_RATIO.note
    assert file_record(noxious, 1)["Before"] is Missing.NOT_KNOWN
    survey = file_record(table_named(section, "Confidence, fear"))
    assert (survey["Before, here"], survey["Before, here, standard error"]) == (31.25, 2.0)
    assert (survey["Areas here"], survey["Areas elsewhere"]) == (3, 33)
    assert survey["Change elsewhere"] is Missing.NOT_KNOWN
    boxes = [block for block in section.blocks if isinstance(block, ActivityBox)]
    assert [box.tag for box in boxes] == ["Market indicators, not outcomes"]
    assert "afraid, priority" not in section_html(section)


def test_tactics_need_two_operations(release):
    assert tactics_section(release) == ()


def test_a_tactic_of_one_operation_has_its_own_interval(release):
    first = with_harm(release, assessment())
    operation = replace(first.design.operation, name="second", tactic="seizure")
    second = replace(first, design=replace(first.design, operation=operation))
    (section,) = tactics_section(replace(release, operations=(first, second)))
    ratio = first.primary.effect("target").ratio
    for number in range(2):
        row = file_record(section.tables[1], number)
        assert row["Target"] == pytest.approx(math.exp(ratio.value))
        assert row["Target, low end"] == pytest.approx(math.exp(ratio.interval(0.95).low))


def test_pooled_tactics_in_files_are_the_pooled_numbers(release):
    first = with_harm(release, assessment())
    design = first.design
    second = replace(first, design=replace(design, operation=replace(design.operation, name="second", cost=1200.4)))
    (section,) = tactics_section(replace(release, operations=(first, second)))
    check_printed_numbers(section, least=6)
    single, pooled = section.tables
    assert cell_of(single, "second", "Cost").values == (1200.4,)
    assert cell_of(single, design.operation.name, "Cost").values == (Missing.NOT_KNOWN,)
    ratio = first.primary.effect("target").ratio
    assert cell_of(single, "second", "Target").values[0] == pytest.approx(math.exp(ratio.value))
    record = file_record(pooled)
    # As the forest pools the same two.
    expected = pool_effects([("first", ratio), ("second", ratio)]).pooled
    ends = expected.interval(0.95)
    assert record["Target"] == pytest.approx(math.exp(expected.value))
    assert record["Target, low end"] == pytest.approx(math.exp(ends.low))
    assert record["Target, high end"] == pytest.approx(math.exp(ends.high))
    assert ratio.interval(0.95).low < ends.low < ends.high < ratio.interval(0.95).high
    assert record["Target, operations"] == record["Operations"] == 2
    assert (record["Cost together"], record["Operations with a stated cost"]) == (1200.4, 1)
    assert pooled.rows[0].cells[-1].text == "1,200 (1 of 2 stated)"
