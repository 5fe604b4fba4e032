"""The benches on real counts and on cities without any change: their rules, their resumption, and the program's own numbers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bench import kinds_real, null_city, placebo_real, placebo_real_table
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.places import ZONES
from geoharm.evaluation.reading import read_effect
from geoharm.model.reading import Reading
from tests.evaluation.test_reading import Z, effect


def row_of(value, error, *, detectable=0.4, expected=50.0, city=1.0, cap=""):
    """Return a row with normal intervals around a log ratio, the same for every planted fall."""
    spans = [[value - Z[level] * error, value + Z[level] * error] for level in placebo_real.LEVELS]
    return {"spans": [spans] * 4, "detectable": detectable, "expected": expected, "city": city, "cap": cap}


@pytest.mark.parametrize("value", [-0.5, -0.15, -0.1, 0.0, 0.1, 0.15, 0.5])
@pytest.mark.parametrize("error", [0.1, 0.2, 0.3])
@pytest.mark.parametrize(("detectable", "expected", "city", "cap"), [
    (0.3, 50.0, 1.0, ""), (0.51, 50.0, 1.0, ""), (0.3, 9.9, 1.0, ""), (0.3, 50.0, 1.0, "few as busy"), (0.3, 50.0, 1.3, ""),
    (0.3, 50.0, 0.79, ""), (0.51, 50.0, 1.3, ""),
])  # fmt: skip
@pytest.mark.parametrize("margin", [0.25, 0.5])
def test_the_statement_is_the_programs_own(value, error, detectable, expected, city, cap, margin):
    numbers = {
        "expected": expected,
        "detectable": detectable,
        "margin": margin,
        "control": round(1000 * city),
        "places": cap,
    }
    said = read_effect(effect(value, error, **numbers))
    row = row_of(value, error, detectable=detectable, expected=expected, city=city, cap=cap)
    assert placebo_real_table.rung(row, 0, margin=margin) is said


def test_without_an_interval_nothing_is_said():
    assert placebo_real_table.rung({"reason": "few expected", "city": 1.0}, 0, margin=0.25) is Reading.CANNOT_TELL


def test_answers_of_one_place_and_date_do_not_count_as_independent():
    """One answer a cluster has the binomial error. Copies of an answer within its cluster leave the error as it is."""
    values = [True] * 10 + [False] * 30
    alone = placebo_real_table.share(values, range(40))
    assert alone == [25.0, round(100 * math.sqrt(0.25 * 0.75 / 40), 1)]
    assert placebo_real_table.share(values * 4, [*range(40)] * 4) == alone
    assert placebo_real_table.share([], []) is None


def test_no_two_picked_places_are_near_each_other():
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 5000, (60, 2))
    picked = placebo_real_table.places_apart(places, 1000)
    # Discs of 500 m around places 1,000 m apart do not overlap and lie in a square of 6 km.
    assert 5 <= picked <= 36 / (math.pi * 0.25)
    assert placebo_real_table.places_apart(places, 0) == 60
    assert placebo_real_table.places_apart(places, 10_000) == 1


def test_right_is_the_share_of_true_falls_among_those_said():
    """85 of 100: 34% are said with a fall and 6% without one (three of twenty are wrong)."""
    assert placebo_real_table.right_of([34.0, 1.0], [6.0, 1.0]) == 85
    assert placebo_real_table.right_of([0.0, 0.0], [0.0, 0.0]) is None


def test_rates_of_a_group_are_those_of_its_rows():
    """Of four intervals, one lies below and one above zero at 95%, one more below at 80%; a fifth answer has none."""
    rows = [
        row_of(-0.5, 0.1),
        row_of(0.5, 0.1),
        row_of(-0.3, 0.2),
        row_of(0.0, 0.5),
        {"reason": "few expected", "city": 1.0},
    ]
    placed = [row | {"start": "2019-09-01", "x": 10_000.0 * number, "y": 0.0} for number, row in enumerate(rows)]
    found = placebo_real_table.figures_of(placed, "all rings")
    values = {key: value[0] for key, value in found.items() if isinstance(value, list)}
    assert values == {
        "interval": 80, "rejects_95": 50, "rejects_80": 75, "upper_wrong": 25, "lower_wrong": 25, "findings": 40, "probable": 20,
        "bounds": 0, "unusable_25": 40, "unusable_50": 40,
    }  # fmt: skip
    assert found["places_apart"] == 5
    # A fall of 20%, -0.22 as a log ratio, lies in the third and in the fourth interval alone.
    assert found["fall_0.2"]["covers_95"][0] == 50


def test_a_block_that_was_cut_off_is_run_again(tmp_path):
    path = tmp_path / "blocks.jsonl"
    whole = [json.dumps({"block": number, "per_block": 16, "operations": [{"rows": []}]}) for number in range(3)]
    path.write_text("\n".join([*whole[:2], whole[2][:-9]]))
    assert sorted(placebo_real.kept_blocks(path, 16)) == [0, 1]
    assert placebo_real.kept_blocks(path, 24) == {}
    assert placebo_real.kept_blocks(tmp_path / "none", 16) == {}


def test_three_month_windows_do_not_overlap_and_every_season_is_there():
    ends = [placebo_real.windows_after(start)[3].end for start in placebo_real.DATES]
    assert all(end <= start for end, start in zip(ends, placebo_real.DATES[1:], strict=False))
    assert {start.month for start in placebo_real.DATES} == {12, 3, 6, 9}
    assert 12 in placebo_real.windows_after(placebo_real.DATES[0])
    assert list(placebo_real.windows_after(placebo_real.DATES[-1])) == [3]


def test_a_planted_fall_removes_its_share():
    rng = np.random.default_rng(2)
    assert placebo_real.planted(rng, 77, 0.0) == 77
    left = [placebo_real.planted(rng, 1000, 0.35) for _ in range(400)]
    assert np.mean(left) == pytest.approx(650, abs=4 * math.sqrt(1000 * 0.35 * 0.65 / 400))


def test_the_docs_follow_the_summary(root):
    summary = json.loads(placebo_real_table.SUMMARY.read_text(encoding="utf-8"))
    page = (root / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert f"<!-- real -->\n{placebo_real_table.part(summary)}\n<!-- end -->" in page


def test_the_docs_follow_the_cities_without_any_change(root):
    summaries = [json.loads(line) for line in null_city.SUMMARY.read_text(encoding="utf-8").splitlines()]
    assert [figure["cities"] for figure in summaries] == [1000, 1000]
    page = (root / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert f"<!-- null city -->\n{null_city.part(summaries)}\n<!-- end -->" in page


def test_the_quarter_with_the_smallest_detectable_falls_is_counted():
    """Of eight cities, the two with falls of 10 and 11% are counted; one of them leaves out zero."""
    span = {True: [[0.1, 0.2]] * 3, False: [[-0.1, 0.2]] * 3}
    rows = [
        {"detectable": fall / 100, "spans": span[fall in (11, 15, 16)]} for fall in (17, 11, 15, 10, 16, 14, 13, 12)
    ]
    assert null_city.of_small_detectable(rows)[0] == 50


@pytest.fixture(scope="module")
def drawn():
    return null_city.redrawn(np.random.default_rng(3))


def test_a_city_is_drawn_with_its_shares(drawn):
    """About 9,000 events; the target holds a fourteenth of those of markets within 200 m and its share of the even ones."""
    assert len(drawn) == pytest.approx(9000, abs=5 * math.sqrt(9000))
    inside = (abs(drawn.x - 500_000) < 200) & (abs(drawn.y - 4_983_000) < 200)
    within = math.erf(200 / (null_city.MARKET_SPREAD * math.sqrt(2))) ** 2
    mean = 9000 * (0.6 / 14 * within + 0.4 * 400**2 / 5600**2)
    assert inside.sum() >= mean - 5 * math.sqrt(mean)
    days = np.bincount((drawn.day - drawn.day.min()).astype(int), minlength=1461)
    assert days.var() / days.mean() == pytest.approx(1, abs=5 * math.sqrt(2 / 1461))


def test_shuffling_keeps_places_and_days_and_parts_them(drawn):
    again = null_city.shuffled(drawn, np.random.default_rng(4))
    assert (again.x == drawn.x).all()
    assert (np.sort(again.day) == np.sort(drawn.day)).all()
    assert (again.day != drawn.day).mean() > 0.9


def test_the_short_way_gives_the_programs_own_intervals(drawn):
    design, places = null_city.layout()
    short = null_city.answers(drawn, design, places)
    counts, data = null_city.counted(drawn, design, places)
    for made in evaluate_measure(null_city.MEASURE, counts, design, data).effects:
        if made.zone not in ZONES:
            continue
        assert short[made.zone]["after"] == made.after
        assert ("spans" in short[made.zone]) == made.ratio.is_defined
        for ends, level in zip(short[made.zone].get("spans", ()), placebo_real.LEVELS, strict=False):
            span = made.ratio.interval(level)
            assert ends == pytest.approx([span.low, span.high], abs=1e-4)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    # https://en.wikipedia.org/wiki/Rule_of_three_(statistics): the exact one-sided bound of none in n is 1 - 0.025**(1/n).
    [(0, 10, 0.0, 100 * (1 - 0.025**0.1)), (10, 10, 100 * 0.025**0.1, 100.0)],
)
def test_the_interval_of_a_share_is_exact(hits, total, low, high):
    assert null_city.share_with_span(hits, total)[1:] == pytest.approx([low, high], abs=0.05)


def test_replications_go_on_where_they_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(null_city, "answers", lambda points, *_: {"first": float(points.x[0])})
    path = tmp_path / "rows.jsonl"
    null_city.run(path, 2, 10, None)
    first = path.read_text()
    path.write_text(first[:-8] + "\n")
    null_city.run(path, 3, 10, None)
    rows = {row["seed"]: row["zones"] for row in null_city.rows_of(path)}
    assert sorted(rows) == [0, 1, 2]
    assert json.loads(first.splitlines()[1])["zones"] == rows[1]


def test_slopes_of_squared_errors_are_found():
    """Squared errors of variance exp(0.3 + 0.5 level): 200 draws have the mean and the spread that the errors state."""
    rng, slopes, errors = np.random.default_rng(5), [], []
    level = rng.normal(size=300)
    features = np.column_stack([np.ones(300), level])
    for _ in range(200):
        values = rng.normal(size=300) ** 2 * np.exp(0.3 + 0.5 * level)
        coefficients, error = kinds_real.gamma_regression(values, features, np.full(300, 0.3), np.arange(300))
        slopes.append(coefficients)
        errors.append(error)
    spread = np.std(slopes, axis=0)
    assert np.mean(slopes, axis=0) == pytest.approx([0.3, 0.5], abs=4 * spread.max() / math.sqrt(200))
    assert np.mean(errors, axis=0) == pytest.approx(spread, rel=0.2)


def test_copies_within_a_cluster_add_no_certainty_to_a_slope():
    rng = np.random.default_rng(6)
    features = np.column_stack([np.ones(80), rng.normal(size=80)])
    values, cluster = rng.exponential(size=80), np.arange(80)
    alone = kinds_real.gamma_regression(values, features, np.ones(80), cluster)
    copied = kinds_real.gamma_regression(
        np.tile(values, 3), np.tile(features, (3, 1)), np.ones(240), np.tile(cluster, 3)
    )
    assert np.array(copied) == pytest.approx(np.array(alone))


def test_spread_between_estimates_is_what_exceeds_their_errors():
    rng = np.random.default_rng(7)
    errors = np.full(2000, 0.2)
    mean, error, between = kinds_real.random_effects(0.1 + rng.normal(0, 0.3, 2000) + rng.normal(0, errors), errors)
    assert mean == pytest.approx(0.1, abs=4 * error)
    assert between == pytest.approx(0.3, abs=0.03)
    assert kinds_real.random_effects(0.1 + rng.normal(0, 0.15, 2000), errors)[2] == 0
