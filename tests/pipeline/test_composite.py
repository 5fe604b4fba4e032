"""Questions in a study file: read, refused, locked with the plan, answered, and asked for power beforehand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.errors import StudyError
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.results.composite import CompositeComponent, PooledLimits
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.model.design import ALL_RINGS
from geoharm.model.reading import Claim
from geoharm.model.study import CompositeOutcome
from geoharm.pipeline import collect, composite, load, preregistration
from geoharm.pipeline.placebo import placebo_around, places_around
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.evaluation.test_family import measure

ASKED = '\n[[question]]\nname = "finds near the market"\nmeasures = ["finds"]\nzones = ["target", "ring 1"]\n'


def with_question(folder, text=ASKED):
    path = small_study(folder)
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return path


def test_a_question_is_read_with_its_defaults(tmp_path):
    study = read_study(with_question(tmp_path))
    assert study.composites == (
        CompositeOutcome("finds near the market", ("finds",), ("target", "ring 1"), ("after",)),
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('["finds"]', '["fnids"]', 'measures: "fnids" is not a measure of dated points; did you mean "finds"?'),
        ('["finds"]', "[]", 'measures = [] is empty; it must be a list of texts, such as ["a", "b"].'),
        ('["finds"]', '["finds", "finds"]', "names one of them twice; each counts once."),
        ('"ring 1"', '"ring 9"', 'zones: "ring 9" is asked for, but an operation has 2 rings; rings are numbered from'),
        ('"ring 1"', '"ring one"', 'zones: "ring one" is not known;'),
        ('"ring 1"]', '"ring 1"]\nwindows = ["3-1 months"]', 'windows: "3-1 months" is not a phase;'),
        ('["target", "ring 1"]', '["target"]', "is the headline's own question; a [[question]] pools at least two."),
    ],
)
def test_refusals(tmp_path, old, new, why):
    path = with_question(tmp_path, ASKED.replace(old, new))
    with pytest.raises(StudyError) as error:
        read_study(path)
    assert why in str(error.value)


def test_activity_is_never_pooled_as_harm(tmp_path):
    path = with_question(tmp_path, ASKED.replace('["finds"]', '["finds", "arrests"]'))
    more = '[[measure]]\nname = "arrests"\nsource = "reports"\nunit = "incidents"\nrecorded_by = "police"\nactivity = true\n'
    path.write_text(path.read_text(encoding="utf-8").replace("[[operation]]", more + "\n[[operation]]", 1))
    with pytest.raises(
        StudyError, match='"arrests" is enforcement activity, not harm; a composite outcome takes measures of harm only'
    ):
        read_study(path)


def test_two_questions_of_one_name(tmp_path):
    with pytest.raises(StudyError, match=r'two \[\[question\]\] are called "finds near the market"'):
        read_study(with_question(tmp_path, ASKED + ASKED))


def test_a_question_belongs_to_the_lock_and_none_leaves_it_as_it_was(tmp_path):
    bare = read_study(small_study(tmp_path))
    assert "questions" not in preregistration.plan_contents(bare)
    path = with_question(tmp_path)
    preregistration.write_lock(read_study(path), outcomes_loaded=False, day=date(2019, 1, 1))
    assert preregistration.preregistration_status(read_study(path)).is_confirmatory
    path.write_text(path.read_text(encoding="utf-8").replace('"ring 1"', '"all rings"'), encoding="utf-8")
    state = preregistration.preregistration_status(read_study(path))
    assert state.kind == "exploratory"
    assert any("finds near the market, zones" in change for change in state.changes)


def test_without_history_there_is_no_pooled_answer_and_the_page_says_so(tmp_path):
    study = read_study(with_question(tmp_path))
    run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    (composite_outcome,) = record["composites"]
    (result,) = composite_outcome["results"]
    assert result["pooled"]["value"] is None
    assert result["pooled"]["note"] == "no pooled answer: no parts of 2 can be answered, and two are needed"
    assert {row["part"] for row in result["left_out"]} == {"finds, target, after", "finds, ring 1, after"}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Composite outcome: finds near the market" in page
    assert "No pooled answer: no parts of 2 can be answered, and two are needed." in page


def test_parts_are_the_headlines_own_answers_and_power_is_told_beforehand(demo, tmp_path):
    """The target's part is what `evaluate_operations` says of it; ring 1 is a zone of its own; nested windows are alike."""
    study = read_study(demo / "demo.toml")
    question = CompositeOutcome(
        "needles", ("needle finds",), ("target", "all rings", "ring 1"), ("after", "0-6 months")
    )
    study = replace(study, composites=(question,))
    with open_engine(tmp_path / "q.duckdb", inputs=demo) as engine:
        ledgers = load.load_sources(engine, study, demo)
        before = composite.composite_power(collect.collect_power(engine, study, ledgers))[0].results[0]
        data = collect.collect_study(engine, study, ledgers)
    (design,), (needles,) = data.designs, data.measures
    placebo = placebo_around(needles, design, places_around(study, design))
    headline = evaluate_measure(needles.measure, needles.zone_counts[design.operation.name], design, placebo)
    result = type("Result", (), {"design": design, "measures": (headline,)})()
    (found,) = composite.evaluate_composites(data, [result])
    assert found.pooled is None
    (answer,) = found.results
    by_label = {(part.zone, part.window): part for part in answer.components}
    for zone in ("target", "all rings"):
        assert by_label[zone, "after"].ratio == headline.effect(zone).ratio
        assert by_label[zone, "after"].after == headline.effect(zone).after
    assert by_label["ring 1", "after"].display_zone == design.zones[2].name
    assert by_label["ring 1", "after"].ratio != by_label["all rings", "after"].ratio
    assert len(answer.used) >= 4
    width = [part.ratio.interval().high - part.ratio.interval().low for part in answer.used]
    span = answer.pooled.interval()
    assert max(width) / len(width) < span.high - span.low < sum(width) / len(width)
    # Less what the logarithms of few events are low by.
    plain = sum(part.ratio.value for part in answer.used) / len(answer.used)
    assert plain < answer.pooled.value < plain + 0.005
    # Asked beforehand: no event after the start is read, and the figure is near the one found after.
    assert math.isfinite(before.detectable_fall)
    assert abs(before.detectable_fall - answer.detectable_fall) < 0.25


def test_what_the_diagnostics_of_one_part_say_limits_the_mean():
    """A guard on all rings weighs on ring 1; one of another measure, or of another zone, does not."""
    part = CompositeComponent(
        "finds", "ring 1", "after", "0-100 m", 30, 20, measure("finds", 0.5).effect("target").ratio
    )
    signal, refuse = Severity.SIGNAL, Severity.REFUSE
    cases = {
        "finds": [
            (DiagnosticKind.SEASON, signal, (ALL_RINGS,), PooledLimits(guarded=True)),
            (DiagnosticKind.SEASON, signal, ("target",), PooledLimits()),
            (DiagnosticKind.CONTROLS, refuse, (ALL_RINGS,), PooledLimits(controls_disagree=True)),
            (DiagnosticKind.PILES, signal, ("0-100 m",), PooledLimits(broken=frozenset({Claim.FINDING, Claim.LEAD}))),
        ],
        "calls": [(DiagnosticKind.SEASON, signal, (ALL_RINGS,), PooledLimits())],
    }
    for name, rows in cases.items():
        for kind, severity, zones, expected in rows:
            diagnostic = Diagnostic(kind, 1.0, "a figure", "a sentence", severity, zones=zones)
            result = replace(measure(name, 0.5), diagnostics=(diagnostic,))
            assert composite.diagnosed_limits([part], [result]) == expected
