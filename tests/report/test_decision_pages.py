"""The pages before acting: sections whose files hold the released numbers, and no number that is withheld."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from geoharm.disclosure.appraisal import protect_appraisal
from geoharm.disclosure.ranking import protect_ranking
from geoharm.harm.results.markets import CriterionValue
from geoharm.report.document import Missing
from geoharm.report.pages.appraisal import appraisal_page, assumptions_section, options_section
from geoharm.report.pages.priorities import ranking_page, ranks_section, reach_section, threats_section
from tests.disclosure.test_net_harm import appraisal, ranking
from tests.disclosure.test_protect import study
from tests.report.printed_numbers import check_printed_numbers, file_record, table_named


def test_an_appraisal_in_files_is_the_released_one(area):
    released = protect_appraisal(study(area), appraisal(30))
    section = options_section(released.appraisal)
    check_printed_numbers(section, least=15)
    result = released.appraisal.options[0].profiles[0]
    shares = file_record(section.tables[0])
    assert shares[f"{result.profile} (share)"] == pytest.approx(result.share_reduced)
    record = file_record(section.tables[1])
    assert record["Net change"] == pytest.approx(result.mean)
    assert (record["Net change, low end"], record["Net change, high end"]) == pytest.approx(
        (result.interval.low, result.interval.high), rel=1e-8
    )
    assert record["The assumption that decides"] == result.main_assumption
    assert record["Its share of the spread"] == pytest.approx(result.main_assumption_r2)
    assert record["Cost"] is Missing.NOT_KNOWN
    for words, name, share in result.vetoes:
        assert record[f"{name} rises, share of draws: {words}"] == pytest.approx(share)
    baseline = table_named(assumptions_section(released), "Baseline")
    assert baseline.file_rows()[1][2:] == (30, 24)


def test_a_withheld_baseline_is_withheld_in_files_too(area):
    released = protect_appraisal(study(area), appraisal(3))
    record = file_record(options_section(released.appraisal).tables[1])
    assert record["Net change"] is Missing.WITHHELD
    assert record["Break-even displacement (share)"] is Missing.WITHHELD
    assert table_named(assumptions_section(released), "Baseline").file_rows()[1][2] is Missing.WITHHELD
    page = appraisal_page(released)
    assert "Under 5 events of overdoses were recorded, so sums are withheld in a public release." in page
    assert "Read this first" in page
    assert "Read this first" not in appraisal_page(protect_appraisal(study(area), appraisal(30)))


def test_a_ranking_in_files_is_the_released_one(area):
    released = protect_ranking(study(area), ranking(50)).ranking
    section = ranks_section(released)
    check_printed_numbers(section, least=5)
    record = file_record(section.tables[0])
    assert (record["Rank"], record["Ranks, low end"], record["Ranks, high end"]) == (1, 1, 2)
    assert (record["Harm"], record["Harm, standard error"]) == (1.75, 0.5)
    assert record["Harm, low end"] == pytest.approx(1.75 - 1.96 * 0.5)
    assert (record["Reach"], record["Reach, note"]) == (0.5, "nearest 100 m")
    check_printed_numbers(threats_section(released), least=3)
    threat = file_record(threats_section(released).tables[0])
    assert (threat["Injury, a year"], threat["Injury, a year, standard error"]) == (0.75, 0.4)
    assert threat["Injury, a year, low end"] == 0.0
    assert threat["Night share (share)"] == 0.5
    (reach,) = reach_section(released)
    check_printed_numbers(reach, least=1)
    assert reach.tables[0].file_rows() == (("market 1", "treatment", 90.0, 0.25, 0.75),)


def test_a_trend_is_a_ratio_in_files_as_on_the_page(area):
    row = replace(ranking(50).rows[0], values=(CriterionValue("trend", math.log(1.5), 0.2, "log ratio"),))
    released = protect_ranking(study(area), replace(ranking(50), rows=(row,))).ranking
    table = ranks_section(released).tables[0]
    assert table.rows[0].cells[3].text == "\u00d71.50 (1.01 to 2.22)"
    record = file_record(table)
    assert record["Trend"] == pytest.approx(1.5)
    assert record["Trend, high end"] == pytest.approx(1.5 * math.exp(1.96 * 0.2))


def test_a_withheld_criterion_is_withheld_in_files_too(area):
    released = protect_ranking(study(area), ranking(3)).ranking
    assert file_record(ranks_section(released).tables[0])["Harm"] is Missing.WITHHELD
    assert file_record(threats_section(released).tables[0])["Injury, a year"] is Missing.WITHHELD
    (reach,) = reach_section(released)
    assert reach.tables[0].file_rows()[0][3:] == (Missing.WITHHELD, Missing.WITHHELD)


def test_without_gaps_there_is_no_section_on_reach(area):
    released = protect_ranking(study(area), replace(ranking(50), gaps=()))
    assert reach_section(released.ranking) == ()
    assert 'id="reach"' not in ranking_page(released)


def test_a_service_that_is_not_listed_has_no_number(area):
    gap = replace(ranking(50).gaps[0], distance=math.nan, share=math.nan, harm=math.nan)
    (reach,) = reach_section(protect_ranking(study(area), replace(ranking(50), gaps=(gap,))).ranking)
    assert [cell.text for cell in reach.tables[0].rows[0].cells[2:]] == [
        "none listed", "none listed or withheld", "not known"
    ]  # fmt: skip
    assert reach.tables[0].file_rows()[0][2:] == (Missing.NOT_APPLICABLE,) * 3
