"""Each guard: its figure by hand or by simulation, its consequence on both sides of the rule, its sentence."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.errors import DesignError
from geoharm.evaluation.diagnostics.data import (
    controls_diagnostic,
    multiplicity_diagnostic,
    power_diagnostic,
    reporting_diagnostic,
    unplaced_in_rings_diagnostic,
    unplaced_rows_diagnostic,
)
from geoharm.evaluation.diagnostics.design import (
    autocorrelation_diagnostic,
    pre_trend_diagnostic,
    season_diagnostic,
    selection_diagnostic,
)
from geoharm.evaluation.diagnostics.geocoding_error import (
    geocoding_error_diagnostic,
    point_spacing,
    recorded_zone_shares,
    spurious_ring_change,
)
from geoharm.evaluation.estimators.did import event_study
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.specification_curve import ratio_by_control
from geoharm.evaluation.results.curves import Curve, PointEstimate
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.model.points import Points
from geoharm.model.reason import Reason
from geoharm.stats.regression_to_mean import expected_regression
from tests.evaluation.test_recount import effect


def window(*pairs):
    return Window("w", tuple(Period(date(*one), date(*two)) for one, two in pairs))


YEAR = window(((2020, 1, 1), (2021, 1, 1)))


def ratio(value, error=0.1):
    return Estimate("log rate ratio", value, error, "log ratio", "")


def test_selection_apart_from_the_window_before_bends_nothing():
    found = selection_diagnostic(YEAR, Period(date(2018, 1, 1), date(2020, 1, 1)))
    assert (found.figure, found.severity) == (0.0, Severity.NONE)


def test_selection_on_half_of_the_window_before():
    peers = np.random.default_rng(1).poisson(10, 200)
    chosen = Period(date(2020, 7, 2), date(2021, 1, 1))
    found = selection_diagnostic(YEAR, chosen, chosen_count=25, peers=peers, observed=ratio(-0.05))
    assert found.figure == pytest.approx(0.5 * expected_regression(25, peers))
    assert found.severity is Severity.SIGNAL
    assert "from 200 places on data that make up 50% of the window before" in found.sentence
    big = selection_diagnostic(YEAR, chosen, chosen_count=25, peers=peers, observed=ratio(-1.5))
    assert big.severity is Severity.SAY


@pytest.mark.parametrize(
    ("chosen", "consequence"),
    [(None, Severity.SAY), (Period(date(2020, 7, 1), date(2021, 1, 1)), Severity.SIGNAL)],
)
def test_selection_that_cannot_be_measured(chosen, consequence):
    found = selection_diagnostic(YEAR, chosen)
    assert math.isnan(found.figure)
    assert found.severity is consequence


def test_selection_foretells_the_fall_of_real_picks():
    """Places picked as the top 10 of 500 on the window before itself, nothing done: the figure is their fall."""
    rng, figures, falls = np.random.default_rng(2), [], []
    for _ in range(60):
        means = rng.gamma(3, 4, 500)
        first, second = rng.poisson(means), rng.poisson(means)
        for place in np.argsort(-first)[:10]:
            diagnostic = selection_diagnostic(YEAR, YEAR.periods[0], chosen_count=int(first[place]), peers=first)
            figures.append(diagnostic.figure)
            falls.append(second[place] / first[place] - 1)
    assert np.mean(figures) == pytest.approx(np.mean(falls), abs=0.02)


def curve(values, errors, positions):
    points = tuple(PointEstimate("block", value, "log ratio", "") for value in values)
    return Curve("event study", points, np.array(positions, float), np.diag(np.square(errors)))


def test_trends_by_hand():
    """Breaks before: 0.1, 0.2, then 0.1 to the reference; after: -1 and -1, error 0.1 / sqrt 2 of the mean."""
    found = pre_trend_diagnostic(
        curve([0.0, 0.1, -0.1, -1, -1], [0.01, 0.01, 0.01, 0.1, 0.1], [-3.5, -2.5, -1.5, 0.5, 1.5])
    )
    slack = 1 - 1.959964 * 0.1 / math.sqrt(2)
    assert found.figure == pytest.approx(slack / (0.2 * 1.5))
    assert found.severity is Severity.SAY
    small = pre_trend_diagnostic(curve([0.0, 0.1, -0.1, -0.2, -0.2], [0.01] * 5, [-3.5, -2.5, -1.5, 0.5, 1.5]))
    assert small.figure < 1
    assert small.severity is Severity.SIGNAL
    noisy = pre_trend_diagnostic(
        curve([0.0, 0.1, -0.1, -0.2, -0.2], [0.5, 0.5, 0.5, 0.01, 0.01], [-3.5, -2.5, -1.5, 0.5, 1.5])
    )
    assert noisy.severity is Severity.SAY
    assert "weak evidence" in noisy.sentence


def test_trends_with_nothing_to_undo_or_nothing_to_hold_against():
    flat = pre_trend_diagnostic(event_study([50] * 12, [80] * 12, before=8))
    assert (flat.figure, flat.severity) == (0.0, Severity.NONE)
    short = pre_trend_diagnostic(event_study([50, 50, 20], [80, 80, 80], before=2))
    assert math.isnan(short.figure)
    steady = pre_trend_diagnostic(event_study([400] * 8 + [100] * 4, [800] * 12, before=8))
    assert steady.figure == math.inf


def test_season():
    same = season_diagnostic(
        window(((2019, 6, 1), (2019, 9, 1)), ((2020, 6, 1), (2020, 9, 1))), window(((2021, 6, 1), (2021, 9, 1)))
    )
    assert (same.figure, same.severity) == (0.0, Severity.NONE)
    other = season_diagnostic(window(((2020, 1, 1), (2020, 4, 1))), window(((2020, 7, 1), (2020, 10, 1))))
    assert other.figure == 1.0
    year = season_diagnostic(YEAR, window(((2021, 1, 1), (2021, 7, 1))))
    assert year.figure == pytest.approx(1 - 182 / 366, abs=0.01)
    assert year.severity is Severity.SAY


def test_serial_correlation_is_found_and_white_noise_is_not():
    rng, false, true = np.random.default_rng(3), [], []
    for _ in range(200):
        noise = rng.normal(size=48)
        drift = np.empty(48)
        drift[0] = noise[0]
        for month in range(1, 48):
            drift[month] = 0.7 * drift[month - 1] + math.sqrt(1 - 0.49) * noise[month]
        control = rng.poisson(500, 48)
        false.append(autocorrelation_diagnostic(rng.poisson(60, 48), control, after=6).severity is Severity.SIGNAL)
        true.append(
            autocorrelation_diagnostic(rng.poisson(60 * np.exp(0.4 * drift)), control, after=6).severity
            is Severity.SIGNAL
        )
    assert 0.01 < np.mean(false) < 0.1
    assert np.mean(true) > 0.8


def test_serial_factor_by_hand_and_too_little_to_see():
    months = np.repeat([80, 20, 80, 20], 12)
    found = autocorrelation_diagnostic(months, np.full(48, 500), after=2)
    factor = math.sqrt(1 + 2 * 0.5 * found.figure)
    assert f"a factor of about {factor:.1f}" in found.sentence
    held = autocorrelation_diagnostic(months, np.full(48, 500), after=2, calibrated=True)
    assert "interval learned" in held.sentence
    refused = autocorrelation_diagnostic(months, np.full(48, 500), after=2, calibrated=True, refused=True)
    assert refused.figure == held.figure
    assert "interval" not in refused.sentence
    assert (found.severity, held.severity) == (Severity.SIGNAL, Severity.SAY)
    assert math.isnan(autocorrelation_diagnostic([1.0] * 5, [1.0] * 5, after=1).figure)
    with pytest.raises(DesignError, match="the same months"):
        autocorrelation_diagnostic([1], [1, 2], after=1)


def test_reporting():
    assert reporting_diagnostic(ratio(-0.5), None, recorded_by="public").severity is Severity.SAY
    assert reporting_diagnostic(ratio(-0.5), None, recorded_by="agency").severity is Severity.NONE
    calm = reporting_diagnostic(ratio(-0.5), ratio(0.05), recorded_by="public")
    assert calm.severity is Severity.SAY
    moved = reporting_diagnostic(ratio(-0.5), ratio(-0.4), recorded_by="public")
    assert moved.severity is Severity.SIGNAL
    assert "-33%" in moved.sentence
    assert "the change of the measure is -10%" in moved.sentence
    # It may be chance, yet it would take the whole change with it.
    assert reporting_diagnostic(ratio(-0.1), ratio(-0.15), recorded_by="public").severity is Severity.SIGNAL


def test_rows_without_a_place():
    control = Change("C", 1000, 1000)
    fell = effect(100, 60, control=control)
    assert unplaced_rows_diagnostic(fell, Change("U", 0, 0), all_rows=2300).severity is Severity.NONE
    few = unplaced_rows_diagnostic(fell, Change("U", 5, 5), all_rows=2500)
    assert few.figure == 10 / 2500
    assert few.severity is Severity.NONE
    assert "-40%" in few.sentence
    assert "-38%" in few.sentence
    # The interval holds no change in one worst case, and with all of them.
    worst = unplaced_rows_diagnostic(fell, Change("U", 10, 20), all_rows=2500)
    assert worst.severity is Severity.SAY
    assert unplaced_rows_diagnostic(fell, Change("U", 10, 60), all_rows=2500).severity is Severity.SIGNAL
    # Nothing is found without them: no finding can turn.
    steady = effect(100, 95, control=control)
    assert unplaced_rows_diagnostic(steady, Change("U", 10, 60), all_rows=2500).severity is Severity.SAY
    nothing = unplaced_rows_diagnostic(effect(0, 4, control=control), Change("U", 1, 1), all_rows=2100)
    assert "no range of the ratio can be given" in nothing.sentence
    small = unplaced_rows_diagnostic(effect(100, 60, control=Change("C", 60, 60)), Change("U", 1, 1), all_rows=300)
    assert "fewer than 100 events before" in small.sentence


def test_rows_without_a_place_may_lie_in_the_rings():
    fell = effect(100, 60, control=Change("C", 1000, 1000))
    zones = ("all rings", "50-250 m")
    assert unplaced_in_rings_diagnostic(fell, Change("U", 5, 5), zones=zones) is None
    found = unplaced_in_rings_diagnostic(fell, Change("U", 10, 60), zones=zones)
    assert found is not None
    assert [found.limits(zone) for zone in ("all rings", "50-250 m", "target")] == [True, True, False]
    assert not any(character.isdigit() for character in found.sentence)
    steady = effect(100, 95, control=Change("C", 1000, 1000))
    assert unplaced_in_rings_diagnostic(steady, Change("U", 10, 60), zones=zones) is None


def test_what_shields_a_forecast_learned_on_the_period_chosen_on():
    """The window before is free of the choice, and the 36 months of the forecast are not."""
    chosen = Period(date(2017, 1, 1), date(2018, 1, 1))
    free = selection_diagnostic(YEAR, chosen)
    assert free.severity is Severity.NONE
    assert "does not bias" in free.sentence
    learned = selection_diagnostic(YEAR, chosen, learned_on=Period(date(2017, 1, 1), date(2020, 1, 1)))
    assert (learned.figure, learned.severity) == (0.0, Severity.SAY)
    assert "does not bias" not in learned.sentence
    assert "The 36 months from which its forecast is learned include them" in learned.sentence
    assert "What shields it" in learned.sentence
    assert "What does not" in learned.sentence
    later = selection_diagnostic(YEAR, chosen, learned_on=Period(date(2018, 1, 1), date(2020, 1, 1)))
    assert later == free


def test_who_recorded_the_events_is_said_of_them():
    assert "recorded by an agency" in reporting_diagnostic(ratio(-0.3), None, recorded_by="agency").sentence
    assert "recorded by the police" in reporting_diagnostic(ratio(-0.3), None, recorded_by="police").sentence
    for kind, recorder in (("health", "agency"), ("treatment_entry", "agency"), ("needle_find", "public")):
        found = Measure("calls", "s", (), "calls", "public", Harm("user", "health"), kind=kind)
        assert found.recorder == recorder


def test_many_measures():
    found = {"a": ratio(-0.3, 0.1), "b": ratio(-0.22, 0.1), "c": ratio(0.1, 0.1), "d": ratio(0.0, 0.1)}
    assert multiplicity_diagnostic(found, primary="a", name="a").severity is Severity.NONE
    second = multiplicity_diagnostic(found, primary="a", name="b")
    assert second.figure == pytest.approx(3 * found["b"].p_value())
    assert second.severity is Severity.SIGNAL
    draws = np.random.default_rng(1).normal(size=(999, 1)).repeat(4, axis=1)
    together = multiplicity_diagnostic(found, primary="a", name="b", placebos=draws)
    assert together.figure < 0.05
    assert together.severity is Severity.SAY
    assert "beforehand" not in multiplicity_diagnostic(found, primary="a", name="a").sentence
    rises = found | {"b": ratio(0.22, 0.1)}
    assert multiplicity_diagnostic(rises, primary="a", name="b").severity is Severity.SIGNAL
    in_family = multiplicity_diagnostic(rises, primary="a", name="b", rises_in_family=True)
    assert in_family.severity is Severity.SAY
    assert "all harms in all zones" in in_family.sentence
    assert multiplicity_diagnostic(found, primary="a", name="b", rises_in_family=True) == second
    none = multiplicity_diagnostic(found | {"e": ratio(math.nan)}, primary="a", name="e")
    assert none.severity is Severity.NONE
    with pytest.raises(DesignError, match="not among the measures"):
        multiplicity_diagnostic(found, primary="a", name="x")


def test_power_and_controls():
    assert power_diagnostic(0.6).severity is Severity.SAY
    assert power_diagnostic(0.61).severity is Severity.REFUSE
    assert power_diagnostic(math.nan).severity is Severity.REFUSE
    target = Change("T", 100, 80)
    apart = ratio_by_control(target, [Change("A", 900, 1500), Change("B", 900, 500)])
    assert controls_diagnostic(apart).severity is Severity.REFUSE
    assert controls_diagnostic(apart).sentence.startswith("Controls disagree")
    mixed = ratio_by_control(target, [Change("A", 120, 120), Change("B", 120, 100)])
    assert controls_diagnostic(mixed).severity is Severity.SAY
    against = Estimate("r", 0.4, 0.1, "log ratio", "", calibrated=True)
    same = ratio_by_control(target, [Change("A", 120, 120), Change("B", 120, 127)])
    assert controls_diagnostic(same, against).severity is Severity.REFUSE
    assert (
        controls_diagnostic(ratio_by_control(target, [Change("A", 120, 120), Change("B", 120, 127)])).severity
        is Severity.SAY
    )
    assert math.isnan(controls_diagnostic(ratio_by_control(target, [])).figure)


def test_controls_below_the_floor_do_not_disagree():
    """Two squares of a few dozen events say opposite things; two of enough events do not."""
    target = Change("T", 100, 80)
    few = [Change("A", 60, 110), Change("B", 70, 30)]
    curve = ratio_by_control(target, few)
    undefined = [one for one in curve.specifications if not one.estimate.is_defined]
    assert [one.estimate.reason for one in undefined] == [Reason.SMALL_CONTROL] * 2
    assert all("too few to compare with" in one.estimate.note for one in undefined)
    assert math.isnan(curve.heterogeneity_p)
    assert controls_diagnostic(curve).severity is Severity.SAY
    enough = ratio_by_control(target, [*few, Change("D", 400, 390), Change("E", 300, 310)])
    assert controls_diagnostic(enough).severity is Severity.SAY
    assert controls_diagnostic(enough).sentence.startswith("3 controls")  # D, E, and all together


def disc(radius, inner=0.0, name="target"):
    whole = shapely.Point(500, 500).buffer(radius, quad_segs=64)
    hole = shapely.Point(500, 500).buffer(inner, quad_segs=64) if inner else shapely.Polygon()
    return Zone(name, ZoneRole.TARGET, whole.difference(hole), inner, radius)


def test_leak_against_simulation():
    zones = [disc(200), disc(300, 200, "gap"), disc(500, 300, "ring")]
    found = recorded_zone_shares(zones[0], zones, median_error=80)
    rng = np.random.default_rng(1)
    r, a = 200 * np.sqrt(rng.random(200_000)), rng.random(200_000) * 2 * np.pi
    moved = np.hypot(
        r * np.cos(a) + rng.normal(0, 80 / 1.17741, r.size), r * np.sin(a) + rng.normal(0, 80 / 1.17741, r.size)
    )
    for name, low, high in (("target", 0, 200), ("gap", 200, 300), ("ring", 300, 500)):
        assert found[name] == pytest.approx(((moved >= low) & (moved < high)).mean(), abs=0.006), name
    assert sum(found.values()) == pytest.approx(1)


def test_leak_of_known_errors_and_of_none():
    zones = [disc(200), disc(400, 200, "ring")]
    assert recorded_zone_shares(zones[0], zones) == {"target": 1.0, "ring": 0.0, "elsewhere": 0.0}
    exact = recorded_zone_shares(zones[0], zones, errors=[0.0, 0.0])
    assert exact["target"] == pytest.approx(1, abs=1e-9)
    far = recorded_zone_shares(zones[0], zones, errors=[5000.0])
    assert far["elsewhere"] == 1
    with pytest.raises(DesignError, match="zero or more"):
        recorded_zone_shares(zones[0], zones, errors=[-1.0])


def test_leak_does_not_change_when_everything_moves():
    zones = [disc(150), disc(300, 150, "ring")]
    moved = [
        Zone(z.name, z.role, shapely.transform(z.geometry, lambda p: p + np.array([235_000.0, 900_000.0])))
        for z in zones
    ]
    one, two = (
        recorded_zone_shares(zones[0], zones, median_error=60),
        recorded_zone_shares(moved[0], moved, median_error=60),
    )
    assert one["target"] == pytest.approx(two["target"], abs=0.01)


def test_a_fall_that_location_error_carries_into_the_ring():
    """A world of even density where the target falls by 40 %: the ring's false change is as foretold."""
    zones = [disc(200), disc(400, 200, "ring"), disc(900, 400, "far")]
    shares = {zone.name: recorded_zone_shares(zone, zones, median_error=60) for zone in zones}
    area = {zone.name: zone.geometry.area for zone in zones}
    recorded = {name: sum(area[origin] * shares[origin][name] for origin in area) for name in ("target", "ring")}
    after = recorded["ring"] - 0.4 * area["target"] * shares["target"]["ring"]
    found = spurious_ring_change(
        shares["target"],
        target=round(area["target"] * shares["target"]["target"]),
        ring=round(recorded["ring"]),
        name="ring",
        fall=0.4,
    )
    assert found == pytest.approx(after / recorded["ring"] - 1, rel=1e-3)


def test_leak_guard():
    shares = [("target", 0.8)]
    assert geocoding_error_diagnostic(shares, error=0, ring=("r", 250, -0.2)).severity is Severity.NONE
    assert geocoding_error_diagnostic(shares, error=60, ring=("r", 100, -0.01)).severity is Severity.REFUSE
    assert geocoding_error_diagnostic(shares, error=60, ring=("r", 250, -0.08)).severity is Severity.SIGNAL
    mild = geocoding_error_diagnostic(shares, error=60, ring=("the first ring", 250, -0.01))
    assert mild.severity is Severity.SAY
    assert "20% of the target area's events are recorded outside it" in mild.sentence


def test_rings_below_the_spacing_of_points_are_doubted():
    """A grid of 150 m with five events a point; the same places with one event each are no shared points."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(6) * 150.0, np.arange(5) * 150.0))
    shared = Points(x, y, np.full(30, 5.0))
    assert point_spacing(shared) == 150
    assert point_spacing(Points(x, y, np.ones(30))) == 0
    assert point_spacing(Points(x[:19], y[:19], np.full(19, 5.0))) == 0
    for width, severity in ((140.0, Severity.REFUSE), (160.0, Severity.NONE)):
        found = geocoding_error_diagnostic(
            [("target", 1.0)], error=0, ring=("0-100 m", width, 0.0), spacing=point_spacing(shared)
        )
        assert found.severity is severity
    assert (
        "about 200 m apart"
        in geocoding_error_diagnostic([("target", 1.0)], error=0, ring=("0-100 m", 100.0, 0.0), spacing=151.0).sentence
    )


def test_no_sentence_claims_a_cause():
    sentences = [
        selection_diagnostic(YEAR, None).sentence,
        power_diagnostic(0.3).sentence,
        season_diagnostic(YEAR, YEAR).sentence,
        unplaced_rows_diagnostic(effect(9, 9, control=Change("C", 9, 9)), Change("U", 1, 1), all_rows=38).sentence,
        reporting_diagnostic(
            log_rate_ratio(Change("T", 9, 9), Change("C", 9, 9)), ratio(-0.9), recorded_by="public"
        ).sentence,
    ]
    for sentence in sentences:
        for word in ("significant", "worked", "caused", "success", "proven", "effective"):
            assert word not in sentence
