"""Small counts, and numbers that would give them back, are in no published byte."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure import rounded_dispersion
from geoharm.disclosure.count_suppression import suppress_counts
from geoharm.disclosure.differencing import is_recoverable
from geoharm.disclosure.escalate import SuppressionLevel
from geoharm.disclosure.protect import _disclose_measure, protect
from geoharm.disclosure.released import Release
from geoharm.errors import PublishError
from geoharm.evaluation import effects as effects_module
from geoharm.evaluation.effects import evaluate_measure
from geoharm.hotspots.concentration import cell_counts_inside, concentration
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import Bandwidth
from geoharm.hotspots.stability import bandwidth_variants
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.grid import grid_over
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.model.points import Points
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason, RevealedBy, Withheld
from geoharm.model.study import BeforeRule, HotspotSettings, Operation, PublishSettings, Study
from geoharm.model.suppressed import Suppressed
from geoharm.report.write import publish_study
from geoharm.results import OperationResult, StudyResult

NAMES = ("target", "0-50 m", "50-250 m", "250-500 m", "control")
MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
K = 5


def study(area, release="public"):
    return Study(
        "T", "t", area, Period(date(2019, 1, 1), date(2022, 1, 1)), 1, "finds", (), (MEASURE,), (), HotspotSettings(),
        PublishSettings(release), {}, None,
    )  # fmt: skip


def design(area):
    middle = area.boundary.centroid
    edges = [150, 200, 400, 650]
    shapes = [middle.buffer(edges[0])] + [middle.buffer(b).difference(middle.buffer(a)) for a, b in pairwise(edges)]
    shapes.append(area.boundary.difference(middle.buffer(900)))
    roles = (ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING, ZoneRole.RING, ZoneRole.CONTROL)
    zones = tuple(Zone(*row) for row in zip(NAMES, roles, shapes, strict=True))
    before, after = (
        Window("before", (Period(date(2020, 1, 1), date(2021, 1, 1)),)),
        Window("after", (Period(date(2021, 1, 2), date(2021, 7, 2)),)),
    )
    phases = (
        Window("0-3 months", (Period(date(2021, 1, 2), date(2021, 4, 2)),)),
        Window("3-6 months", (Period(date(2021, 4, 2), date(2021, 7, 2)),)),
    )
    one = Operation(
        "X", "crackdown", "", Period(date(2021, 1, 1), date(2021, 1, 2)), zones[0].geometry, "", 50.0, (250.0, 500.0), None,
        BeforeRule(before.periods[0]), ("0-3 months", "3-6 months"),
    )  # fmt: skip
    return Design(one, zones, before, after, phases)


def result(area, table, release="public", spots=()):
    """Return a study result with the given counts: five zones by (before, first phase, second phase)."""
    dates = np.array(["2020-06-15", "2021-02-15", "2021-05-15"], dtype="datetime64[D]")
    counts = ZoneCounts(
        "finds", NAMES, dates, np.array(table, dtype=np.int64), False, Period(date(2020, 1, 1), date(2021, 8, 1))
    )
    plan = design(area)
    measured = evaluate_measure(MEASURE, counts, plan)
    return StudyResult(study(area, release), (), tuple(spots), (OperationResult(plan, (measured,)),))


def shown(area, table):
    return protect(result(area, table)).operations[0]


def given_up(area, level):
    """Return the measure of a result in which nothing is small, at a suppression level."""
    whole = result(area, PLENTY)
    suppressions = suppress_counts(whole.operations, K, {MEASURE.name: level}, data={})
    one = whole.operations[0]
    return _disclose_measure(one.measures[0], one.design, suppressions[0][0], level)


def test_phases_that_are_given_up_take_the_counts_of_the_control_with_them(area):
    """Shown, the control's phases and its headline count would give the one that is withheld by subtraction.

    The counts before are the headline's own: they are shown with it, so they are shown here too.
    """
    found = given_up(area, SuppressionLevel.PHASES)
    assert found.phases
    for phase in found.phases:
        assert isinstance(phase.after, Suppressed)
        assert isinstance(phase.control_after, Suppressed)
        headline = found.effect(phase.zone)
        assert (phase.before, phase.control_before) == (headline.before, headline.control_before)
        assert phase.note == Withheld(Reason.GIVES_BACK, K, RevealedBy.ALL_NUMBERS)
    assert not any(isinstance(effect.control_after, Suppressed) for effect in found.effects)


PLENTY = [[100, 30, 30], [50, 12, 12], [80, 20, 20], [90, 25, 25], [900, 300, 300]]


def planted(zone, column, value):
    table = [list(row) for row in PLENTY]
    table[zone][column] = value
    return table


def test_nothing_is_withheld_where_nothing_is_small(area):
    for effect in shown(area, PLENTY).primary.effects:
        assert not effect.is_withheld
        assert math.isfinite(effect.change)


@pytest.mark.parametrize("zone", range(5))
@pytest.mark.parametrize("value", [1, 4])
def test_a_small_count_is_withheld_with_all_that_is_made_from_it(area, zone, value):
    operation = shown(area, planted(zone, 0, value))
    hit = [effect for effect in operation.primary.effects if effect.zone == NAMES[zone] or zone == 4]
    assert hit
    for effect in hit:
        assert effect.is_withheld
        for number in (effect.change, effect.expected, effect.ratio.value, effect.difference.value, effect.dispersion):
            assert math.isnan(number)


def test_zero_is_shown(area):
    effect = shown(area, planted(2, 0, 0)).primary.effect("50-250 m")
    assert effect.before == 0
    assert not effect.is_withheld


def attack(operation) -> list[tuple[str, int]]:
    """Solve for every count that the shown sums give back; return those from 1 to k - 1."""
    found: list[tuple[str, int]] = []
    for field in ("before", "after"):
        known = {e.zone: getattr(e, field) for e in operation.primary.effects}
        sums = [
            ("all rings", ("50-250 m", "250-500 m")), ("target and rings", ("target", "all rings")),
            ("target and rings", ("target", "50-250 m", "250-500 m")),
            ("target, gap and rings", ("target and rings", "0-50 m")),
            ("target, gap and rings", ("target", "0-50 m", "50-250 m", "250-500 m")),
        ]  # fmt: skip
        for _ in range(len(sums)):
            for total, parts in sums:
                line = [known[total], *(known[part] for part in parts)]
                hidden = [index for index, value in enumerate(line) if isinstance(value, Suppressed)]
                if len(hidden) == 1:
                    names = [total, *parts]
                    rest = sum(line[index] for index in range(1, len(line)) if index not in hidden)
                    known[names[hidden[0]]] = rest if hidden[0] == 0 else line[0] - rest
        found += [(zone, value) for zone, value in known.items() if not isinstance(value, Suppressed) and 0 < value < K]
    for zone in ("target", "all rings"):
        phases = [e.after for e in operation.primary.phases if e.zone == zone]
        total = operation.primary.effect(zone).after
        hidden = [value for value in phases if isinstance(value, Suppressed)]
        if len(hidden) == 1 and not isinstance(total, Suppressed):
            value = total - sum(value for value in phases if not isinstance(value, Suppressed))
            found += [(zone, value)] if 0 < value < K else []
    return found


cell = st.integers(0, 30)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(cell, cell, cell), min_size=4, max_size=4))
def test_no_small_count_follows_by_subtraction(area, rows):
    operation = shown(area, [*rows, (900, 300, 300)])
    assert attack(operation) == []


def test_hidden_rings_are_large_together(area):
    """A ring of 3 and one of 0 before: hiding both would give the 3 back from the sum of all rings."""
    table = [[100, 30, 30], [50, 12, 12], [3, 15, 15], [0, 15, 15], [900, 300, 300]]
    operation = shown(area, table)
    assert operation.primary.effect("all rings").is_withheld


def test_windows_and_series_together_give_no_month_back(area):
    """From quarters, the window after and its phases, a month of 3 could be solved for: then no series is drawn."""
    dates = np.arange("2020-01", "2021-08", dtype="datetime64[M]").astype("datetime64[D]")
    table = np.full((5, dates.size), 50, dtype=np.int64)
    table[0] = 10
    table[0, -1] = 3
    counts = ZoneCounts("finds", NAMES, dates, table, False, Period(date(2020, 1, 1), date(2021, 8, 1)))
    plan = design(area)
    after = Window("after", (Period(date(2021, 2, 1), date(2021, 8, 1)),))
    plan = replace(plan, after=after, phases=(replace(after, name="0-6 months"),))
    measured = evaluate_measure(MEASURE, counts, plan)
    spans = [[Period(date(2021, m, 1), date(2021, m + 3, 1))] for m in (1, 4)] + [
        [Period(date(2021, 1, 1), date(2021, 2, 1))],
        list(after.periods),
    ]
    assert is_recoverable(counts, "target", spans, K)
    assert not is_recoverable(counts, "target", spans[:2], K)
    found = protect(StudyResult(study(area), (), (), (OperationResult(plan, (measured,)),)))
    series = found.operations[0].primary.series
    boundaries = [[Period(s, add_months(s, series.step))] for s in series.starts]
    assert series.step == 0 or not is_recoverable(counts, "target", [*boundaries, list(after.periods)], K)


def test_the_attack_does_find_what_is_not_hidden(area):
    """The referee of the test above: with plain suppression only, the ring follows from the sum."""
    operation = protect(result(area, planted(2, 0, 3))).operations[0]
    table = {effect.zone: effect for effect in operation.primary.effects}
    careless = [
        replace(effect, before=effect.before if not isinstance(effect.before, Suppressed) else 93 if zone == "all rings" else 90, after=50)
        if zone in ("all rings", "250-500 m") else effect
        for zone, effect in table.items()
    ]  # fmt: skip
    leaking = replace(operation, measures=(replace(operation.primary, effects=tuple(careless)),))
    assert ("50-250 m", 3) in attack(leaking)


def test_series_goes_to_coarser_steps_until_nothing_is_small(area):
    dates = np.arange("2020-01", "2021-08", dtype="datetime64[M]").astype("datetime64[D]")
    table = np.full((5, dates.size), 50, dtype=np.int64)
    plan = design(area)
    for monthly, step in ((9, 1), (2, 3), (1, 6)):
        table[0] = monthly
        counts = ZoneCounts("finds", NAMES, dates, table.copy(), False, Period(date(2020, 1, 1), date(2021, 8, 1)))
        measured = evaluate_measure(MEASURE, counts, plan)
        found = protect(StudyResult(study(area), (), (), (OperationResult(plan, (measured,)),)))
        series = found.operations[0].primary.series
        assert series.step == step
        assert all(value == 0 or value >= K for value in series.target)


def planted_spot(area, events, places):
    """Return hotspots of a crowd, and of one lonely place with few events."""
    rng = np.random.default_rng(0)
    x0, y0, *_ = area.boundary.bounds
    x = np.concatenate([x0 + 1500 + rng.normal(0, 80, 200), np.full(places, x0 + 4500) + np.arange(places)])
    y = np.concatenate([y0 + 1500 + rng.normal(0, 80, 200), np.full(places, y0 + 4500)])
    some = Points(x, y, np.concatenate([np.ones(200), np.full(places, events / places)]))
    grid = grid_over(area.boundary, cell=50)
    surface = density(some, grid, bandwidth=300, years=1, within=area.boundary)
    spots = find_hotspots(surface, some, share=0.99)
    variants = bandwidth_variants(surface, some, share=0.99, within=area.boundary)
    spread = concentration(cell_counts_inside(some, grid, area.boundary))
    whole = {("", "whole period"): surface}
    return HotspotResult(MEASURE, whole, spots, Bandwidth(300.0, "stated", "quartic"), variants, spread)


@pytest.mark.parametrize(("events", "places", "drawn"), [(4, 4, False), (60, 1, False), (60, 6, True)])
def test_a_place_of_few_events_or_few_addresses_is_not_drawn(area, events, places, drawn):
    spots = planted_spot(area, events, places)
    found = protect(result(area, PLENTY, spots=[spots])).hotspots[0]
    image = found.views["", "whole period"]
    rows, columns = image.classes.shape
    lonely = image.classes[: int(rows * 0.35), int(columns * 0.65) :]
    assert bool(lonely.any()) is drawn
    assert len(found.hotspots) == (2 if drawn else 1)
    for variant in found.variants:
        high, wide = variant.image.classes.shape
        alone = variant.image.classes[: int(high * 0.35), int(wide * 0.65) :]
        assert drawn or not alone.any()


def test_no_number_of_a_surface_gives_the_exact_total_back(area):
    """Totals are shown to the nearest ten; a share to nine digits beside its count, or both Ginis, would undo that."""
    spots = planted_spot(area, 60, 6)
    exact = spots.concentration
    assert exact.places * (exact.gini - 1) / (exact.adjusted_gini - 1) == pytest.approx(exact.events)
    found = protect(result(area, PLENTY, spots=[spots])).hotspots[0]
    assert found.exact == {}
    for spot in found.hotspots:
        low, high = spot.events / (spot.share + 0.005), spot.events / (spot.share - 0.005)
        assert high - low > 1
    assert found.concentration.events % 10 == 0
    assert found.concentration.gini == round(exact.gini, 2)
    assert all(cells >= K for _, cells in found.concentration.places_needed)
    internal = protect(result(area, PLENTY, spots=[spots], release="internal")).hotspots[0]
    assert internal.exact == spots.views
    assert internal.concentration == exact


def test_internal_release_withholds_nothing_and_says_so_everywhere(area, tmp_path):
    disclosed = protect(result(area, planted(2, 0, 3), release="internal"))
    published = publish_study(disclosed, tmp_path)
    assert all("internal" in path.name for path in published.files)
    for path in published.files:
        text = path.read_text(encoding="utf-8")
        assert "nternal" in text


def test_only_disclosure_makes_what_may_be_published(area):
    with pytest.raises(PublishError, match="Only geoharm"):
        Release(study(area), (), (), (), (), "under-5", 5, object())


def test_planted_counts_are_in_no_published_byte(area, tmp_path):
    """Counts of 1 to 4 in every zone and phase: no number of any page or record is one of them, or an estimate."""
    table = [[4, 1, 2], [3, 1, 2], [2, 1, 1], [1, 2, 2], [900, 300, 300]]
    published = publish_study(protect(result(area, table)), tmp_path)
    for path in published.files:
        text = path.read_text(encoding="utf-8")
        if path.name not in ("run.json", "report.html"):
            continue
        if path.suffix == ".json":
            for effect in json.loads(text)["operations"][0]["measures"][0]["effects"]:
                if effect["zone"] in NAMES:
                    assert effect["before"] in ({"suppressed": True, "below": 5}, {"suppressed": True, "below": 0})
                    assert effect["change"] is None
                    assert effect["difference"]["standard_error"] is None
        else:
            cells = re.findall(r'data-head="(?:Before → after|Target|Rings)">([^<]*)<', text)
            assert cells
            for shown_cell in cells[:8]:
                for number in re.findall(r"\b\d+\b", shown_cell.replace("under 5", "")):
                    assert int(number) >= K or int(number) == 0


# -- readings -----------------------------------------------------------------------------------------------------------


def reread(area, table, reading, **publish):
    """Return a released operation whose effects had one reading at full precision, whatever their numbers say."""
    found = result(area, table)
    one = found.operations[0].measures[0]
    # With this ratio of lengths the control area stays as it was, so that the window is not turbulent.
    effects = tuple(replace(effect, reading=reading, length_ratio=2 / 3) for effect in one.effects)
    measure = replace(one, effects=effects)
    settings = replace(found.study.publish, **publish)
    operation = replace(found.operations[0], measures=(measure,))
    return protect(replace(found, study=replace(found.study, publish=settings), operations=(operation,))).operations[0]


@pytest.mark.parametrize("rule", ["under-5", "1-7-round-5"])
def test_a_reading_is_the_weaker_of_exact_and_shown(area, rule, monkeypatch):
    """The numbers support a probable fall. A finding is lowered to it; "cannot tell" is not raised to it."""
    for module in (effects_module, rounded_dispersion):
        monkeypatch.setattr(module, "history_dispersion", lambda *_: 1.0)
    fall = [[400, 60, 60], *PLENTY[1:]]
    for exact, released in (
        (Reading.FELL, Reading.PROBABLY_FELL),
        (Reading.PROBABLY_FELL, Reading.PROBABLY_FELL),
        (Reading.CANNOT_TELL, Reading.CANNOT_TELL),
        (Reading.ROSE, Reading.CANNOT_TELL),
    ):
        assert reread(area, fall, exact, disclosure=rule).primary.effect("target").reading is released


def test_a_suppressed_effect_is_read_as_cannot_tell(area):
    released = reread(area, planted(0, 0, 3), Reading.ROSE).primary
    hidden = [effect for effect in released.effects if effect.is_withheld]
    assert hidden
    assert all(effect.reading is Reading.CANNOT_TELL and effect.cap is None for effect in hidden)
