"""Small made effects for tests of what harm adds up to."""

from __future__ import annotations

import math

from geoharm.evaluation.effects import build_effect
from geoharm.harm.joint_draws import MeasureCorrelation, draw_joint_effects
from geoharm.model.counts import Change
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.measure import Harm, Measure

LEVELS = (0.8, 0.9, 0.95, 0.99)


def measure(name="finds", *, unit="requests", borne_by="community", kind="environment", source_kind="incident"):
    return Measure(name, "s", (), unit, "public", Harm(borne_by, kind), kind=source_kind)


def normal_effect(value, error, *, name="", note=""):
    """Return an effect of which only a difference with a normal error is known."""
    nothing = Estimate("log rate ratio", math.nan, math.nan, "log ratio", "", "the count before is 0")
    return build_effect(
        "target", "after", Change("t", 100, 50), Change("c", 1000, 1000), length_ratio=1.0, ratio=nothing,
        counting_ratio=nothing, difference=Estimate("wdd", value, error, "events", "", note), dispersion=1.0,
        detectable_fall=math.nan,
    )  # fmt: skip


def calibrated_effect(before, after, low, high, *, control=(1000, 1000)):
    """Return an effect with a calibrated log ratio whose 95% interval is (low, high)."""
    middle = (low + high) / 2
    step = (high - low) / 2 / 1.959963984540054
    spans = tuple(
        Interval(middle - z * step, middle + z * step, level)
        for level, z in zip(
            LEVELS, (1.2815515655446004, 1.6448536269514722, 1.959963984540054, 2.5758293035489004), strict=True
        )
    )
    ratio = Estimate("log rate ratio", middle, step, "log ratio", "", calibrated=True, intervals=spans, p=0.5)
    counting = Estimate("log rate ratio", middle, step / 2, "log ratio", "")
    difference = Estimate("wdd", after - before, math.sqrt(after + before), "events", "")
    check = PlaceboCheck(24, 100, 100, 50.0, 20, after * math.exp(-middle), 1.0, 0.1, 0.2)
    return build_effect(
        "target", "after", Change("t", before, after), Change("c", *control), length_ratio=1.0, ratio=ratio,
        counting_ratio=counting, difference=difference, dispersion=1.0, detectable_fall=0.2, placebo=check,
    )  # fmt: skip


def refused_effect(before, after, *, control=(1000, 1000)):
    """Return an effect for which calibration was tried and was not possible: it has counts, and no 95% interval."""
    ratio = Estimate(
        "log rate ratio", math.nan, math.nan, "log ratio", "", "no 95% interval is possible here", calibrated=True
    )
    growth = math.log(after / before)
    counting = Estimate("log rate ratio", growth, math.sqrt(1 / before + 1 / after), "log ratio", "")
    difference = Estimate("wdd", after - before, math.sqrt(after + before), "events", "")
    return build_effect(
        "target", "after", Change("t", before, after), Change("c", *control), length_ratio=1.0, ratio=ratio,
        counting_ratio=counting, difference=difference, dispersion=1.0, detectable_fall=math.nan,
    )  # fmt: skip


def joint(parts, *, correlation=None, seed=1, draws=8192, bounded=(), limited=(), doubted=()):
    """Return joint effects of (measure, effect) parts."""
    found = None if correlation is None else MeasureCorrelation(correlation, 100)
    return draw_joint_effects(
        "target", parts, bounded, correlation=found, limited=limited, doubted=doubted, seed=seed, draws=draws
    )
