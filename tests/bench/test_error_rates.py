"""The table of error rates: what is packaged is what the bench computes, and a study finds its own class in it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench import error_rates as bench
from bench.calibration import SCENARIOS
from bench.calibration_table import SUMMARY
from geoharm.evaluation import error_rates as error_rates_module
from geoharm.evaluation.error_rates import error_rates, own_fall_rates
from geoharm.evaluation.reading import MAX_DETECTABLE
from geoharm.model.reading import Reading
from geoharm.report.wording import error_rates as wording
from geoharm.report.wording.error_rates import error_rate_sentences


@pytest.fixture(scope="module")
def figures():
    return json.loads(SUMMARY.read_text(encoding="utf-8"))


def effect(expected, fall, places, reading=Reading.FELL):
    placebo = SimpleNamespace(effective_places=places)
    return SimpleNamespace(expected=expected, detectable_fall=fall, placebo=placebo, reading=reading)


def test_the_packaged_table_is_what_the_bench_computes(figures):
    assert bench.TABLE.read_text(encoding="utf-8") == bench.table_text(figures)


def test_every_class_by_hand(figures):
    """Every setting that a class could hold, looked up one by one: its class averages the settings that it shares it with."""
    settings = [
        (world, zone, cell[zone], cell["replications"])
        for world, cell in figures["cells"].items()
        if not SCENARIOS[world].impossible
        for zone in "TDU"
    ]
    found = [
        error_rates(
            expected=figure["expected"], detectable_fall=figure["detectable"], effective_places=figure["independent"]
        )
        for _, _, figure, _ in settings
    ]
    assert len({rates for rates in found if rates}) >= 5
    for rates in {rates for rates in found if rates}:
        members = [setting for setting, own in zip(settings, found, strict=True) if own == rates]
        assert len(members) == rates.settings >= bench.MIN_SETTINGS
        assert rates.cities >= bench.MIN_CITIES
        assert rates.cities == sum(cities for _, cities in {(world, cities) for world, _, _, cities in members})
        weights = [cities for *_, cities in members]
        wanted = np.average([figure["false_findings_of_strong"] for _, _, figure, _ in members], weights=weights)
        assert rates.false_findings == pytest.approx(wanted, abs=0.051)
        targets = [(figure, cities) for _, zone, figure, cities in members if zone == "T"]
        assert math.isnan(rates.wrong_if_40) == (not targets)
        if targets:
            false, true = (
                sum(cities * figure[key] for figure, cities in targets) for key in ("false_findings", "findings40")
            )
            assert rates.wrong_if_40 == pytest.approx(100 * false / (false + true), abs=0.051)
            assert rates.wrong_if_20 > rates.wrong_if_40


def test_a_study_unlike_any_city_is_told_so():
    assert error_rates(expected=20, detectable_fall=0.2, effective_places=30) is None
    assert error_rates(expected=math.nan, detectable_fall=math.nan, effective_places=math.nan) is None
    said = error_rate_sentences(effect(20, 0.2, 30))
    assert said.startswith(
        "No simulated city was like this one (about 20 events expected, a smallest detectable fall of 20%"
    )
    assert "Of all places whose smallest detectable fall came out at under 25%" in said


def test_the_sentences_name_the_class_and_that_cities_are_simulated():
    said = error_rate_sentences(effect(169.2, 0.283, 31.6))
    rates = error_rates(expected=169.2, detectable_fall=0.283, effective_places=31.6)
    assert said.startswith(f"In {rates.cities:,} simulated cities like this one (100 to 1,000 events expected")
    assert "15 to 50 separate places)" in said
    assert f"{rates.false_findings:.0f} of 100 places without a change" in said
    assert (
        f"{rates.wrong_if_40:.0f} of 100 findings are wrong where the others cut the count by 40%, and {rates.wrong_if_20:.0f} "
        "where by 20%" in said
    )
    # An open class says "or more".
    assert "1,000 or more events expected" in error_rate_sentences(effect(2000, 0.35, 20))


def test_a_class_without_a_target_has_no_share_of_wrong_findings(monkeypatch):
    known = error_rates(expected=169.2, detectable_fall=0.283, effective_places=31.6)
    monkeypatch.setattr(wording, "error_rates", lambda **_: replace(known, wrong_if_40=math.nan, wrong_if_20=math.nan))
    assert "findings are wrong" not in error_rate_sentences(effect(200, 0.45, 10)).partition(" Of all places")[0]


def test_own_falls_are_the_counted_ones(figures):
    for label, counted in figures["classes"]["fall"].items():
        low, high = (float(end) for end in label.split(" to "))
        rates = own_fall_rates((low + high) / 2)
        if high > MAX_DETECTABLE:
            assert rates is None
        else:
            assert (rates.zones, rates.false_findings) == (counted["n"], counted["rejects"])


@pytest.mark.parametrize(
    ("reading", "rates", "said"),
    [
        (Reading.PROBABLY_FELL, {"wrong_probably": 14.6, "bound_misses": math.nan},
         "15 of 100 statements that harm fell or rose, or probably did, were wrong where half of all operations changed nothing."),
        (Reading.PROBABLY_ROSE, {"wrong_probably": math.nan, "bound_misses": 5.2}, ""),
        (Reading.NO_RISE_OVER, {"wrong_probably": 14.6, "bound_misses": 5.2},
         "5 of 100 such bounds were passed by the true change."),
        (Reading.NO_FALL_OVER, {"wrong_probably": 14.6, "bound_misses": math.nan}, ""),
        (Reading.CANNOT_TELL, {"wrong_probably": 14.6, "bound_misses": 5.2}, ""),
    ],
)  # fmt: skip
def test_each_rung_has_its_own_rate_and_none_is_made_up(monkeypatch, reading, rates, said):
    known = replace(error_rates(expected=169.2, detectable_fall=0.283, effective_places=31.6), **rates)
    monkeypatch.setattr(wording, "error_rates", lambda **_: known)
    text = error_rate_sentences(effect(169.2, 0.283, 31.6, reading))
    assert text.endswith(said)
    assert bool(text) is bool(said)
    assert not said or text.startswith(f"In {known.cities:,} simulated cities like this one")
    monkeypatch.setattr(wording, "error_rates", lambda **_: None)
    assert error_rate_sentences(effect(169.2, 0.283, 31.6, reading)) == ""


def test_rates_that_the_table_lacks_are_not_numbers():
    """A class without the counts of the lower rungs reads them as unknown, never as 0."""
    for row in error_rates_module._table()["class"]:
        middle = {name: (row[name][0] + min(row[name][1], 1e5)) / 2 for name in error_rates_module._COLUMNS}
        rates = error_rates(**middle)
        for name in ("wrong_probably", "bound_misses"):
            assert getattr(rates, name) == pytest.approx(row.get(name, math.nan), nan_ok=True)
