"""Running change: its points are the headline's forecasts over longer and longer windows, its band is one for all."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy import stats

from bench import calibration_table, running_change
from bench.calibration import SCENARIOS, replicate, seed_of
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, fit_forecast_and_pool
from geoharm.evaluation.placebo.running_change import running_change as curve_of
from geoharm.evaluation.placebo.running_change import running_windows, with_running_windows
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, add_months
from geoharm.stats.variance_stabilising import stabilise_variance

BASE = "base: local, v 2"


@pytest.fixture(scope="module")
def city():
    """Return counts, placebo data, design and the monthly counts of one made city without an effect."""
    kept = {}

    def keep(_rng, _cell, where, monthly, late):
        setup = where[1]
        counts, data = running_change.placebo_table(setup, monthly, late[2])
        kept["city"] = counts, data, setup.design
        return {}

    replicate(SCENARIOS[BASE], seed_of(BASE, 0), keep)
    return kept["city"]


def test_windows_begin_with_the_first_whole_month_and_grow(city):
    counts, _, design = city
    windows = running_windows(counts, design)
    first = add_months(design.operation.period.start, 1)
    assert [window.name for window in windows[:2]] == ["month 1", "months 1 to 2"]
    assert all(window.periods[0].start == first for window in windows)
    assert [window.end for window in windows] == [add_months(first, length) for length in range(1, 12)]


def test_windows_are_at_most_twelve_and_stop_before_a_month_without_data(city):
    counts, _, design = city
    start = design.after.start
    longer = replace(design, after=Window("after", (Period(start, add_months(start, 31)),)))
    covered = replace(counts, coverage=Period(counts.coverage.start, longer.after.end))
    windows = running_windows(covered, longer)
    assert [window.name for window in windows] == [f"months 1 to {length}" for length in range(3, 31, 3)]
    gap = replace(covered, missing_months=(add_months(start, 4),))
    assert [window.name for window in running_windows(gap, longer)] == ["month 1", "months 1 to 2", "months 1 to 3"]
    assert running_windows(replace(counts, coverage=Period(counts.coverage.start, add_months(start, 1))), design) == ()


def test_other_windows_take_the_place_of_those_after(city):
    _, data, _ = city
    window = Window("one", (Period(date(2030, 1, 1), date(2030, 2, 1)),))
    place = data.places.row[0], data.places.column[0]
    panel = UnitPanel("m", (window,), np.array([place[0]]), np.array([place[1]]), np.array([[7]]))
    found = with_running_windows(data, panel)
    assert found.windows == (*data.windows[: data.months], window)
    assert np.array_equal(found.counts.target[:, :-1], data.counts.target[:, : data.months])
    # The event lies in the middle of the first place's target, and in no target that does not reach it.
    assert found.counts.target[0, -1] == 7
    assert set(found.counts.target[:, -1]) == {0.0, 7.0}


def test_each_point_is_the_calibrated_ratio_of_its_window_and_the_band_is_wider_by_one_factor(city):
    counts, data, design = city
    points, factors = curve_of(data, counts, design, seed=1), []
    for window, point in zip(data.windows[data.months :], points, strict=True):
        forecast, _, reason, _ = fit_forecast_and_pool(data, counts, design, zone="target", after=window)
        assert reason == ""
        alone = calibrated_ratio(forecast, counts.total("target", window))
        assert (point.name, point.value, point.calibrated) == (window.name, alone.value, True)
        low, high = (
            float(stabilise_variance(math.exp(end) * forecast.mean, phi=forecast.phi, tau2=forecast.tau2))
            for end in (point.interval().low, point.interval().high)
        )
        factors.append((high - low) / 2 / forecast.scale)
        assert point.interval().low < alone.interval().low < alone.interval().high < point.interval().high
        assert len(point.intervals) == 1
        assert math.isnan(point.p_value())
    assert factors == pytest.approx([factors[0]] * len(factors))
    # Between one test and as many independent ones (Bonferroni).
    freedom = forecast.degrees_of_freedom
    single, union = stats.t.ppf([0.975, 1 - 0.025 / len(points)], freedom)
    assert single < factors[0] < union


def test_a_curve_of_one_point_has_the_headlines_interval(city):
    counts, data, design = city
    last = data.windows[-1]
    single = replace(
        data,
        windows=(*data.windows[: data.months], last),
        counts=type(data.counts)(
            *(
                np.delete(getattr(data.counts, name), slice(data.months, -1), axis=-1)
                for name in ("target", "rings", "in_control", "belt", "operation_belt")
            )
        ),
    )
    (point,) = curve_of(single, counts, design, seed=1)
    forecast = fit_forecast_and_pool(single, counts, design, zone="target", after=last)[0]
    alone = calibrated_ratio(forecast, counts.total("target", last)).interval()
    assert (point.interval().low, point.interval().high) == pytest.approx((alone.low, alone.high), abs=0.02)


def test_a_month_with_few_expected_events_is_undefined_and_leaves_the_others(city):
    """The target's and the places' counts a twentieth of what they were: the first months expect under ten events."""
    counts, data, design = city
    thin = replace(
        data.counts, **{name: np.floor(getattr(data.counts, name) / 20) for name in ("target", "rings", "belt")}
    )
    table = counts.counts.copy()
    row = counts.zones.index("target")
    table[row] //= 20
    points = curve_of(replace(data, counts=thin), replace(counts, counts=table), design, seed=1)
    assert not points[0].is_defined
    assert "events are expected after, and 10 are needed" in points[0].note
    assert points[0].name == "month 1"


def test_too_short_a_history_gives_the_reason_at_every_point(city):
    counts, data, design = city
    short = replace(
        data,
        months=12,
        windows=data.windows[data.months - 12 :],
        counts=type(data.counts)(
            *(
                getattr(data.counts, name)[..., data.months - 12 :]
                for name in ("target", "rings", "in_control", "belt", "operation_belt")
            )
        ),
    )
    points = curve_of(short, counts, design, seed=1)
    assert not any(point.is_defined for point in points)
    assert all("12 months before the operation, and 18 are needed" in point.note for point in points)


def test_the_docs_say_what_was_measured():
    held = json.loads(running_change.SUMMARY.read_text(encoding="utf-8"))
    page = calibration_table.PAGE.read_text(encoding="utf-8")
    assert f"<!-- running -->\n{running_change.rows_of_table(held)}\n<!-- end -->" in page


def test_curves_are_counted_as_they_should():
    rows = [
        {"without": [None, [0.1, -0.2, 0.3, 0.0], [0.2, 0.1, 0.3, 0.0]]},
        {"without": [[0.1, -0.2, 0.3, 0.0], [0.0, -0.1, 0.3, 0.0]]},
        {"without": [None]},
    ]
    assert running_change.figures(rows, "without") == {"n": 2, "holds": 50.0, "sees": 50.0, "sees last": 50.0}
