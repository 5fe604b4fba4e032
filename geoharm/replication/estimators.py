"""Published values of the other estimators: cumulative WDD, displacement indices, exact test and pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.stats import poisson_means_test

from geoharm.evaluation.estimators.cumulative_wdd import cumulative_wdd
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.estimators.wdd import harm_weighted_wdd, linear_change, wdd
from geoharm.model.counts import Change
from geoharm.replication.case import ReplicationCase, published_values, rounding_tolerance
from geoharm.stats.random_effects import random_effects_mean


def estimator_cases() -> Iterator[ReplicationCase]:
    """Yield every number of ``golden/family.json``."""
    published = published_values("family")
    yield from _harm_weighted_cases(published["harm"], "c5 harm-weighted difference, Dallas")
    yield from _harm_weighted_cases(published["harm_help"], "c5 harm-weighted difference, help page")
    case = published["seattle"]
    for name, (t0, t1, c0, c1, value, error) in case["rows"].items():
        estimate = linear_change([(Change("target", t0, t1), 1), (Change("city", c0, c1), -t0 / c0)])
        for quantity, expected, computed in (
            (name, value, estimate.value),
            (f"{name}, standard error", error, estimate.standard_error),
        ):
            yield ReplicationCase(
                "c6 Seattle Drug Market Intervention",
                case["source"],
                quantity,
                expected,
                computed,
                rounding_tolerance(6),
            )
    case = published["running"]
    curve = cumulative_wdd(case["target"], case["control"], before=case["before"])
    errors = np.sqrt(np.diag(curve.counting_covariance))
    for month, (value, error) in case["expect"].items():
        position = int(month) - 1
        name = f"after {month} months"
        for quantity, expected, computed in (
            (name, value, curve.points[position].value),
            (f"{name}, standard error", error, float(errors[position])),
        ):
            yield ReplicationCase(
                "c7 running difference, Roosevelt Avenue",
                case["source"],
                quantity,
                expected,
                computed,
                rounding_tolerance(6),
            )
    case = published["indices"]
    for number, row in enumerate(case["rows"], start=1):
        indices = displacement_indices(*(Change(name, *pair) for name, pair in zip("RDC", row["counts"], strict=True)))
        values = {
            "ge": indices.gross_effect.value,
            "ne": indices.net_effect.value,
            "sm": indices.success_measure.value,
            "bdm": indices.buffer_displacement.value,
            "wdq": indices.wdq.value,
            "tne": indices.total_net_effect.value,
        }
        for key, computed in values.items():
            if row[key] is not None:
                yield ReplicationCase(
                    f"c8 displacement quotient, {number}",
                    case["source"],
                    key.upper(),
                    row[key],
                    computed,
                    rounding_tolerance(9),
                )


def exact_test_cases() -> Iterator[ReplicationCase]:
    """Yield the exact test of two counts and the pooled mean of a published review."""
    case = published_values("exact")
    for first_count, second_count, expected in case["rows"]:
        yield ReplicationCase(
            case["case"],
            case["source"],
            f"{first_count} and {second_count}",
            expected,
            float(poisson_means_test(first_count, 1, second_count, 1).pvalue),
            case["tolerance"],
        )
    case = published_values("pooling")
    table = np.array(case["counts"], dtype=np.float64)
    rates = np.log(table[:, 0] / (table[:, 0] + table[:, 1])) - np.log(table[:, 2] / (table[:, 2] + table[:, 3]))
    variances = 1 / table[:, 0] - 1 / (table[:, 0] + table[:, 1]) + 1 / table[:, 2] - 1 / (table[:, 2] + table[:, 3])
    pooled_mean = random_effects_mean(rates, variances)
    for name, expected in case["expect"].items():
        statistic = getattr(pooled_mean, name)
        pairs = [(name, expected, statistic)]
        if isinstance(expected, list):
            pairs = [(f"{name}, low", expected[0], statistic.low), (f"{name}, high", expected[1], statistic.high)]
        for quantity, value, computed in pairs:
            yield ReplicationCase(
                "pooled mean of thirteen trials",
                case["source"],
                quantity.replace("_", " "),
                value,
                computed,
                rounding_tolerance(4),
            )


def _harm_weighted_cases(case: dict[str, Any], name: str) -> Iterator[ReplicationCase]:
    parts = [
        (wdd(Change("target", t0, t1), Change("control", c0, c1)), weight) for c0, c1, t0, t1, weight in case["rows"]
    ]
    for number, ((part, _), (value, error)) in enumerate(zip(parts, case.get("each", []), strict=False), start=1):
        for quantity, expected, computed in (
            (f"type {number}", value, part.total.value),
            (f"type {number}, standard error", error, part.total.standard_error),
        ):
            yield ReplicationCase(name, case["source"], quantity, expected, computed, rounding_tolerance(6))
    total = harm_weighted_wdd(parts).total
    interval = total.interval()
    groups = {
        "total": {"total": total.value, "total, standard error": total.standard_error},
        "z": {"z": total.z},
        "interval": {"95% interval, low": interval.low, "95% interval, high": interval.high},
    }
    for key, values in groups.items():
        if key in case:
            expected_values = case[key] if isinstance(case[key], list) else [case[key]]
            for (quantity, computed), expected in zip(values.items(), expected_values, strict=True):
                yield ReplicationCase(name, case["source"], quantity, expected, computed, rounding_tolerance(8))
