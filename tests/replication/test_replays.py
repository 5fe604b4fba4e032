"""docs/replays.md says what the program says."""

from __future__ import annotations

import math

import pytest

from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import linear_change, wdd
from geoharm.model.counts import Change
from geoharm.replication.case import published_values
from geoharm.report.format_numbers import signed_text
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.minimum_detectable import minimum_detectable_fall

MONTHS = published_values("family")["running"]
BEFORE = [MONTHS[name][: MONTHS["before"]] for name in ("target", "control")]


def row_of(page, *words):
    return next(
        line for line in page.splitlines() if line.startswith("| " + words[0]) and all(one in line for one in words)
    )


def percent(value):
    return signed_text(100 * math.expm1(value)).replace("+0", "0")


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "replays.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["drugs", "felony", "misdemeanour", "any crime"])
def test_seattle(page, kind):
    t0, t1, c0, c1, *_ = published_values("family")["seattle"]["rows"][kind]
    target, city = Change("target", t0, t1), Change("city", c0, c1)
    found = linear_change([(target, 1), (city, -target.before / city.before)])
    ratio = log_rate_ratio(target, city)
    expected = target.before * city.after / city.before
    fall = minimum_detectable_fall(expected, other_variance=1 / target.before + 1 / city.before + 1 / city.after)
    line = row_of(page, kind)
    span, ends = found.interval(), ratio.interval()
    for text in (
        f"{target.before}, {target.after}", f"{found.value:+.1f}", f"{span.low:+.1f} to {span.high:+.1f}",
        f"{percent(ratio.value)}% ({percent(ends.low)} to {percent(ends.high)})", f"| {fall:.0%} |",
    ):  # fmt: skip
        assert text.replace("-", "−") in line


@pytest.mark.parametrize(
    ("words", "own", "other", "scale"),
    [
        (("violence", "contiguous"), (718, 540), (695, 596), 1),
        (("violence", "Queens"), (718, 540), (13989, 12879), 27.24),
        (("property", "contiguous"), (1423, 1073), (1394, 1352), 1),
        (("property", "Queens"), (1423, 1073), (57332, 55164), 48.98),
    ],
)
def test_roosevelt(page, words, own, other, scale):
    target, control = Change("target", *own), Change("control", *other)
    noise = {name: monthly_dispersion(one) for name, one in zip(("target", "control"), BEFORE, strict=True)}
    plain = wdd(target, control, area_weights={"control": scale}).total
    wide = wdd(target, control, area_weights={"control": scale}, dispersion=noise).total
    ratio = log_rate_ratio(target, control, zone_dispersion=noise["target"], control_dispersion=noise["control"])
    line = row_of(page, *words)
    for found in (plain, wide):
        span = found.interval()
        assert f"{found.value:+.0f} ({span.low:+.0f} to {span.high:+.0f})".replace("-", "−") in line
    ends = ratio.interval()
    assert f"{percent(ratio.value)}% ({percent(ends.low)} to {percent(ends.high)})" in line
