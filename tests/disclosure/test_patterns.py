"""Patterns as they may be published: nothing under k, few digits, and a sentence where there is no answer."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from geoharm.disclosure.patterns import PATTERNS, protect_patterns
from geoharm.disclosure.protect import protect
from geoharm.hotspots.measure_patterns import find_patterns
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.model.reason import Reason, Withheld
from geoharm.report import palette
from geoharm.report.document import Missing
from geoharm.report.sections.patterns import pattern_meaning, patterns_section
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import MEASURE, PLENTY, design, result
from tests.disclosure.test_protect import study as made_study
from tests.hotspots.test_measure_patterns import events_of, ledger
from tests.report.printed_numbers import check_printed_numbers, file_record, table_named


@pytest.fixture(scope="module")
def found(area):
    return find_patterns(
        MEASURE, events_of(area), study=made_study(area), ledger=ledger(), compared=[design(area).windows]
    )


def cells(image):
    return set(np.unique(image.classes)) - {0}


def test_every_pattern_has_a_colour_and_a_meaning(found, area):
    shown = protect_patterns(found, area, 5)
    colours = palette.SCHEMES[shown.emerging.image.scheme]
    assert len(PATTERNS) == len(colours) == len(set(colours)) == 17
    assert len({pattern_meaning(pattern) for pattern in EmergingPattern if pattern}) == 16


@pytest.mark.parametrize("field", ["support", "places"])
def test_nothing_is_drawn_on_fewer_than_k(found, area, field):
    def thin(part):
        return replace(part, **{field: np.full(getattr(part, field).shape, 4)})

    poor = replace(
        found, clustering=thin(found.clustering), emerging=thin(found.emerging), similarity=(thin(found.similarity[0]),)
    )
    hidden, open_ = protect_patterns(poor, area, 5), protect_patterns(poor, area, 1)
    for shown in (hidden.clusters, hidden.emerging, hidden.similarity["X"]):
        assert not cells(shown.image)
    assert set(hidden.clusters.km2.values()) == {0.0}
    assert all(np.isnan(ground) for _, ground, _ in hidden.emerging.patterns)
    assert hidden.similarity["X"].more == hidden.similarity["X"].fewer == 0
    for shown in (open_.clusters, open_.emerging, open_.similarity["X"]):
        assert cells(shown.image)


def test_places_with_more_and_fewer_are_counted_where_they_are_drawn(found, area):
    """By hand: of six places two have more and one fewer; one of those with more has too few events to be drawn."""
    (first,) = found.similarity
    side = np.zeros_like(first.test.side)
    support, places = np.full(first.support.shape, 9), np.full(first.places.shape, 9)
    side[:3], support[1] = (1, 1, -1), 4
    made = replace(first, test=replace(first.test, side=side), support=support, places=places)
    shown = protect_patterns(replace(found, similarity=(made,)), area, 5).similarity["X"]
    assert (shown.more, shown.fewer, shown.held) == (1, 1, support.size)
    # In the picture 2 is fewer, 3 more, 1 neither, 0 not drawn.
    assert set(np.unique(shown.image.classes)) == {0, 1, 2, 3}
    rising = replace(made, test=replace(made.test, side=np.abs(side)))
    shown = protect_patterns(replace(found, similarity=(rising,)), area, 5).similarity["X"]
    assert set(np.unique(shown.image.classes)) == {0, 1, 3}


def test_a_withheld_pattern_says_nothing_of_its_steps(found, area):
    poor = replace(found, emerging=replace(found.emerging, support=np.full(found.emerging.support.shape, 4)))
    for _, _, why in protect_patterns(poor, area, 5).emerging.patterns:
        assert why in ("", Withheld(Reason.FEW_IN_PATTERN, 5))


@pytest.mark.parametrize("events", [3.0, None])
def test_scores_of_few_events_are_withheld(found, area, events):
    """Few inside, or few outside: either follows from the hit rate and the total."""
    judged = found.predictive_accuracy
    score = judged.accuracy.hotspots
    total = score.events / score.hit_rate
    inside = total - 3 if events is None else events
    thin = replace(score, events=inside, hit_rate=inside / total)
    poor = replace(found, predictive_accuracy=replace(judged, accuracy=replace(judged.accuracy, hotspots=thin)))
    shown = protect_patterns(poor, area, 5)
    assert shown.predictive_accuracy is None
    assert shown.why_not["accuracy"] == Withheld(Reason.FEW_IN_PERIOD, 5)
    assert protect_patterns(poor, area, 1).predictive_accuracy is not None


def test_scores_of_hotspots_drawn_from_few_events_are_withheld(found, area):
    judged = found.predictive_accuracy
    thin = replace(judged.accuracy.hotspots, predicted_over_observed=3 / judged.accuracy.hotspots.events)
    poor = replace(found, predictive_accuracy=replace(judged, accuracy=replace(judged.accuracy, hotspots=thin)))
    assert protect_patterns(poor, area, 5).predictive_accuracy is None


def test_scores_carry_no_count_and_few_digits(found, area):
    for score in protect_patterns(found, area, 5).predictive_accuracy.accuracy.scores:
        assert np.isnan(score.events)
        for value in (score.hit_rate, score.pei, score.recapture_rate_index):
            assert round(value, 2) == value


def test_ground_adds_up_to_what_is_drawn(found, area):
    shown = protect_patterns(found, area, 5)
    drawn = (found.clustering.support >= 5) & (found.clustering.places >= 5) & np.isfinite(found.clustering.gi.z)
    ground = sum(shown.clusters.km2[name] for name in ("high", "low", "chance"))
    assert ground == pytest.approx(drawn.sum() * 0.0625)
    ground = sum(ground for _, ground, _ in shown.emerging.patterns)
    inside = np.isfinite(found.emerging.map.z).any(axis=0)
    drawn = inside & (found.emerging.support >= 5) & (found.emerging.places >= 5)
    assert ground == pytest.approx(drawn.sum() * 0.0625)


def test_all_parts_are_on_the_report_and_in_the_record(found, area, tmp_path):
    publish_study(protect(replace(result(area, PLENTY), patterns=(found,))), tmp_path)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in (
        "Clusters beyond chance", "Emerging hotspots", "persistent hot spot", "Did the hotspots of one period contain",
        "those with most earlier events", "RRI (Levine)", "Did the pattern shift", "36 steps of one month",
        "drawn on January 2020 – December 2020; judged on January 2021 – December 2021",
    ):  # fmt: skip
        assert words in report
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["patterns"][0]
    assert record["predictive_accuracy"]["scores"][0]["pai"] > 1
    assert record["similarity"]["X"]["count"] == 36
    assert record["emerging"]["steps"] == 36


def test_without_an_answer_the_report_says_why(area, tmp_path):
    few = events_of(area, months=2)
    poor = find_patterns(
        MEASURE,
        few,
        study=made_study(area),
        ledger=ledger(replace(made_study(area).period)),
        compared=[design(area).windows],
    )
    disclosed = protect(replace(result(area, PLENTY), patterns=(poor,)))
    publish_study(disclosed, tmp_path)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (
        "There are no located events in the earlier period, so the accuracy of hotspots cannot be computed." in report
    )
    (section,) = patterns_section(disclosed, disclosed.operations[0])
    table = table_named(section, "Did the hotspots of one period")
    reason = dict(poor.reasons)["accuracy"]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["finds", reason]]
    record = file_record(table)
    assert (record["PAI"], record["Note"]) == (Missing.NOT_KNOWN, reason)


def test_patterns_in_files_are_the_released_numbers(found, area):
    disclosed = protect(replace(result(area, PLENTY), patterns=(found,)))
    patterns = disclosed.patterns[0]
    (section,) = patterns_section(disclosed, disclosed.operations[0])
    check_printed_numbers(section, least=15)
    clusters = file_record(table_named(section, "Clusters beyond chance"))
    assert clusters["High beside high (Gi*), km²"] == pytest.approx(patterns.clusters.km2["high"])
    statistic, value, p = patterns.clusters.global_tests[0]
    assert (clusters[statistic], clusters[f"{statistic}, p-value"]) == pytest.approx((value, p))
    accuracy = table_named(section, "Did the hotspots of one period")
    score = patterns.predictive_accuracy.accuracy.scores[0]
    first, random_choice = file_record(accuracy), file_record(accuracy, 2)
    assert (first["PAI"], first["Hit rate (share)"]) == pytest.approx((score.pai, score.hit_rate))
    assert {row[0] for row in accuracy.file_rows()} == {"finds"}
    assert random_choice["PAI, standard deviation"] == patterns.predictive_accuracy.accuracy.random_deviation
    shift = patterns.similarity["X"]
    record = file_record(table_named(section, "Did the pattern shift"))
    assert (record["In all"], record["S, alike"]) == (shift.count, shift.similarity)


def test_a_study_without_patterns_has_no_such_part(area, tmp_path):
    publish_study(protect(result(area, PLENTY)), tmp_path)
    assert 'id="patterns"' not in (tmp_path / "report.html").read_text(encoding="utf-8")
