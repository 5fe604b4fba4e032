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
        yield from _difference_cases(case)


def _difference_cases(case: dict[str, Any]) -> Iterator[ReplicationCase]:
    changes = {name: Change(name, *case[name]) for name in _AREAS if name in case}
    result = wdd(
        changes["target"],
        changes["control"],
        ring=changes.get("ring"),
        ring_control=changes.get("ring_control"),
        time_weights=tuple(case.get("time_weights", (1, 1))),
        area_weights=case.get("area_weights"),
        dispersion=dict.fromkeys(changes, case["dispersion"]) if "dispersion" in case else None,
    )
    published, digits = case["expect"], case.get("digits")

    def replication_case(
        quantity: str, expected: float, computed: float, digits: int | None = digits
    ) -> ReplicationCase:
        tolerance = relative_tolerance(expected) if digits is None else rounding_tolerance(digits)
        return ReplicationCase(case["case"], case["source"], quantity, expected, computed, tolerance)

    for part in ("local", "displacement", "total"):
        if part in published:
            estimate = getattr(result, part)
            yield replication_case(part, published[part][0], estimate.value)
            yield replication_case(f"{part}, standard error", published[part][1], estimate.standard_error)
    if "z" in published:
        yield replication_case("z", published["z"], result.total.z)
    if "one_tailed_p" in published:
        yield replication_case("one-tailed p", published["one_tailed_p"], NormalDist().cdf(result.total.z))
    if "interval" in published:
        interval = result.total.interval(case["level"])
        interval_digits = case.get("interval_digits", digits)
        yield replication_case(
            f"{case['level']:.0%} interval, low", published["interval"][0], interval.low, interval_digits
        )
        yield replication_case(
            f"{case['level']:.0%} interval, high", published["interval"][1], interval.high, interval_digits
        )
