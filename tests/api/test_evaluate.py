"""The calls on the demo's events give to the last digit what `run` gives for the same settings, in the same words."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

import geoharm
from geoharm.api.evaluation import Evaluation
from geoharm.errors import DataError
from geoharm.model.geometry import ZoneRole
from geoharm.model.reading import Reading
from geoharm.report.escape import html
from tests.api.demo import MEASURES, SETTINGS, areas, events_of, run_of

SCRIPT = "<script>alert(1)</script>"


def evaluated(root, measure: str, **more) -> Evaluation:
    return geoharm.evaluate(
        events_of(root, measure), measure=measure, **MEASURES[measure], **areas(root), **(SETTINGS | more)
    )


@pytest.fixture(scope="module")
def needles(root):
    return evaluated(root, "needle finds")


@pytest.fixture(scope="module")
def overdoses(root):
    """Of an operation whose name a page must not run."""
    return evaluated(root, "overdoses", name=SCRIPT)


def same(first: object, second: object) -> bool:
    """Return whether two values are equal; NaN is equal to NaN."""
    if isinstance(first, float) and isinstance(second, float) and math.isnan(first):
        return math.isnan(second)
    if hasattr(first, "__dataclass_fields__") and type(first) is type(second):
        return all(same(getattr(first, one.name), getattr(second, one.name)) for one in fields(first))
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    return bool(first == second)


def test_the_answer_is_that_of_run_to_the_last_digit(root, needles, tmp_path):
    """Expected count, effect, every interval, statement, placebo misses and diagnostics, in every zone and phase."""
    ran = run_of(root, tmp_path, ["needle finds"]).measures[0]
    for name in ("effects", "phases", "unplaced_bounds", "diagnostics"):
        ours, theirs = getattr(needles.measure, name), getattr(ran, name)
        assert len(ours) == len(theirs) > 0
        for one, other in zip(ours, theirs, strict=True):
            assert same(one, other), one
    assert needles.misses == ran.effect("target").placebo.distribution
    assert needles.misses.pool > 20
    ours, theirs = needles.measure.other_estimators, ran.other_estimators
    assert same(ours.running_change, theirs.running_change)
    assert needles.measure.counts.counts.tolist() == ran.counts.counts.tolist()


def test_net_harm_is_that_of_run(root, needles, overdoses, tmp_path):
    profiles = ["equal", "public-health-first"]
    ran = run_of(root, tmp_path, ["needle finds", "overdoses"], profiles=profiles)
    harm = geoharm.net_harm([needles, overdoses], profiles=profiles)
    assert [result.measure.name for result in harm.measures] == ["needle finds", "overdoses"]
    for one, other in zip(harm.measures, ran.measures, strict=True):
        assert same(one.effects, other.effects)
        assert same(one.phases, other.phases)
    for one, other in zip(harm.assessment.net_harm, ran.harm.net_harm, strict=True):
        assert same((one.profile, one.zone, one.low, one.interval, one.reading), (other.profile, other.zone, other.low, other.interval, other.reading))  # fmt: skip
    frame = harm.to_frame()
    assert len(frame) == 2 * 3
    assert "Did harm fall, taken together?" in harm.summary()
    assert "needle finds: Without a place" in harm.summary()
    assert "public health first, target and rings" in harm._repr_html_()


def test_net_harm_adds_up_measures_of_one_operation_only(needles, overdoses, root):
    with pytest.raises(DataError, match="at least one"):
        geoharm.net_harm([], profiles="equal")
    with pytest.raises(DataError, match='Two of the measures are called "needle finds"'):
        geoharm.net_harm([needles, needles], profiles="equal")
    other = evaluated(root, "overdoses", rings=(300, 600))
    with pytest.raises(DataError, match="different rings and gap"):
        geoharm.net_harm([needles, other], profiles="equal")


def test_the_properties_are_the_zones_of_the_design(needles):
    assert needles.reading is Reading.FELL
    assert needles.statement == "fell"
    assert (needles.target.before, needles.target.after) == (383, 102)
    assert [effect.zone for effect in needles.rings] == ["50-300 m", "300-600 m", "600-1000 m"]
    assert needles.total.zone == "target and rings"
    assert needles.all_rings.before == sum(effect.before for effect in needles.rings)
    assert {effect.window for effect in needles.phases} == {"during", "0-3 months", "3-6 months", "6-11 months"}
    assert needles.design.zones[0].role is ZoneRole.TARGET
    assert "fell" in repr(needles)


def test_the_summary_is_the_report_in_words(needles):
    text = needles.summary()
    assert "Needle finds fell by about 67 in the target area" in text
    assert "between 113 fewer and 33 fewer (95% interval)" in text
    assert "Did it move?" in text
    assert "Will it last?" in text
    assert "EPSG:32626" in text
    assert str(needles) == text
    for word in ("significant", "worked", "caused"):
        assert word not in text


def test_the_frame_has_one_row_a_zone_and_window(needles):
    frame = needles.to_frame()
    assert not frame.duplicated(["zone", "window"]).any()
    target = frame[(frame["zone"] == "target") & (frame["window"] == "after")].iloc[0]
    assert (target["before"], target["after"], target["statement"], target["calibrated"]) == (383, 102, "fell", True)
    assert target["after"] - target["expected"] == pytest.approx(target["change"])
    assert target["low"] < target["change"] < target["high"] < 0
    assert target["ratio_low"] < target["ratio"] == pytest.approx(102 / target["expected"], rel=1e-6)
    during = frame[(frame["zone"] == "target") & (frame["window"] == "during")].iloc[0]
    assert np.isnan(during["low"])
    assert "10 are needed" in during["note"]
    rings = frame[frame["zone"].isin([effect.zone for effect in needles.rings])]
    assert not rings["calibrated"].any()


def test_the_zones_are_a_frame_of_polygons_with_their_effects(needles):
    zones = needles.to_geodataframe()
    assert zones.crs.to_string() == "EPSG:32626"
    assert zones["zone"].tolist() == [zone.name for zone in needles.design.zones]
    assert zones.loc[0, "statement"] == "fell"
    assert zones.loc[zones["role"] == "control", "change"].isna().all()


def test_a_notebook_shows_words_table_and_drawing_and_escapes_every_text(needles, overdoses):
    shown = needles._repr_html_()
    assert "not for publication" in shown
    assert "<svg" in shown
    assert shown.count("<tr>") == 1 + len(needles.measure.effects)
    marked = overdoses._repr_html_()
    assert SCRIPT not in marked
    assert html(SCRIPT) in marked


def test_a_picture_is_svg_or_png(needles, tmp_path):
    picture = needles.plot()
    assert picture._repr_html_().startswith("<svg")
    assert picture.save(tmp_path / "zones.png").read_bytes().startswith(b"\x89PNG")
    assert picture.save(tmp_path / "zones.svg").read_text(encoding="utf-8") == picture.svg
    with pytest.raises(geoharm.PublishError, match=r"\.svg or \.png"):
        picture.save(tmp_path / "zones.gif")


def test_left_out_windows_are_as_far_as_the_events_reach_and_said(root):
    answer = geoharm.evaluate(events_of(root, "needle finds"), **areas(root), start="2022-01-10", end="2022-01-23")
    assert [window.name for window in answer.design.phases] == ["during", "0-3 months", "3-6 months", "6-11 months"]
    assert str(answer.design.before.start) == "2020-01-10"
    assert any("Window before: 2020-01-10 to 2022-01-09" in note for note in answer.notes)
    assert answer.statement == "fell"


def test_months_give_whole_months(root):
    events = events_of(root, "needle finds")
    events = events[events["date"].notna()].assign(date=lambda frame: frame["date"].dt.strftime("%Y-%m"))
    answer = geoharm.evaluate(events, **areas(root), start="2022-01-10", end="2022-01-23")
    assert all(period.is_whole_months for period in answer.design.before.periods)
    assert answer.source.ledger.precision == "month"
    assert any("dated by month" in note for note in answer.notes)


def test_power_before_an_operation_that_has_not_begun(root):
    events, shapes = events_of(root, "needle finds"), areas(root)
    found = geoharm.power(events, **shapes, start="2023-03-01", rings=(300, 600, 1000), gap=50)
    assert 0.2 < found.detectable_fall < 0.6
    frame = found.to_frame()
    longest = frame[(frame["zone"] == "target") & (frame["months"] == 18)].iloc[0]
    assert longest["detectable_fall"] < found.detectable_fall
    assert "found four times in five" in found.summary()
    # Nothing after the first day is counted: without these events the answer is the same.
    early = events[~(events["date"] >= "2022-01-10")]
    asked = {"start": "2022-01-10", "end": "2022-01-23", "rings": (300, 600, 1000), "gap": 50}
    pd.testing.assert_frame_equal(
        geoharm.power(events, **shapes, **asked, covers=SETTINGS["covers"]).to_frame(),
        geoharm.power(early, **shapes, **asked, covers=SETTINGS["covers"]).to_frame(),
    )
