"""Published differences of differences: Wheeler and Ratcliffe's example, weights of time and area, case studies."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

from geoharm.evaluation.estimators.wdd import wdd
from geoharm.model.counts import Change
from geoharm.replication.case import ReplicationCase, published_values, relative_tolerance, rounding_tolerance

_AREAS = ("target", "control", "ring", "ring_control")


def wdd_cases() -> Iterator[ReplicationCase]:
    """Yield every number of the published differences (``golden/wdd.json``)."""
    for case in published_values("wdd"):
        yield from _difference(case)


def _difference(case: dict[str, Any]) -> Iterator[ReplicationCase]:
    given = {name: Change(name, *case[name]) for name in _AREAS if name in case}
    found = wdd(
        given["target"],
        given["control"],
        ring=given.get("ring"),
        ring_control=given.get("ring_control"),
        time_weights=tuple(case.get("time_weights", (1, 1))),
        area_weights=case.get("area_weights"),
        dispersion=dict.fromkeys(given, case["dispersion"]) if "dispersion" in case else None,
    )
    expect, digits = case["expect"], case.get("digits")

    def row(quantity: str, expected: float, got: float, digits: int | None = digits) -> ReplicationCase:
        tolerance = relative_tolerance(expected) if digits is None else rounding_tolerance(digits)
        return ReplicationCase(case["case"], case["source"], quantity, expected, got, tolerance)

    for part in ("local", "displacement", "total"):
        if part in expect:
            estimate = getattr(found, part)
            yield row(part, expect[part][0], estimate.value)
            yield row(f"{part}, standard error", expect[part][1], estimate.standard_error)
    if "z" in expect:
        yield row("z", expect["z"], found.total.z)
    if "one_tailed_p" in expect:
        yield row("one-tailed p", expect["one_tailed_p"], NormalDist().cdf(found.total.z))
    if "interval" in expect:
        span = found.total.interval(case["level"])
        places = case.get("interval_digits", digits)
        yield row(f"{case['level']:.0%} interval, low", expect["interval"][0], span.low, places)
        yield row(f"{case['level']:.0%} interval, high", expect["interval"][1], span.high, places)
