"""Save results to the database: the estimated effects with their intervals, and the counts by zone behind them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from geoharm.engines.base import Engine
from geoharm.model.counts import ZoneCounts
from geoharm.model.effect import Effect

_EFFECT = {
    "study_hash": (pa.string(), "SHA-256 of the study file and its area files."),
    "version": (pa.string(), "Version of geoharm."),
    "seed": (pa.int64(), "Seed of the study."),
    "operation": (pa.string(), "Name of the operation."),
    "measure": (pa.string(), "Name of the measure."),
    "zone": (pa.string(), "Zone: target, a ring, all rings, or target and rings."),
    "window": (pa.string(), "Window after."),
    "before": (pa.int64(), "Events in the zone before."),
    "after": (pa.int64(), "Events in the zone after."),
    "control_before": (pa.int64(), "Events in the control before."),
    "control_after": (pa.int64(), "Events in the control after."),
    "expected": (pa.float64(), "Expected events after, without the operation; empty if undefined."),
    "change": (pa.float64(), "Observed minus expected events; below zero is fewer."),
    "change_low": (pa.float64(), "Lower end of the 95% interval of the change, calibrated at placebo places; empty if undefined."),
    "change_high": (pa.float64(), "Upper end of that interval."),
    "log_rate_ratio": (pa.float64(), "Log of the rate ratio; below zero is fewer."),
    "log_rate_ratio_se": (pa.float64(), "Its standard error."),
    "log_rate_ratio_low": (pa.float64(), "Lower end of its 95% interval."),
    "log_rate_ratio_high": (pa.float64(), "Upper end of its 95% interval."),
    "difference": (pa.float64(), "Weighted displacement difference, in events."),
    "difference_se": (pa.float64(), "Its standard error."),
    "difference_low": (pa.float64(), "Lower end of its 95% interval, with counting error only."),
    "difference_high": (pa.float64(), "Upper end of that interval."),
    "reading": (pa.string(), "What these numbers support: fell, probably fell, no rise over (a bound), cannot tell, ..."),
    "percent": (pa.int64(), "Of no rise over and no fall over: the change in percent beyond which it is ruled out; else empty."),
    "note": (pa.string(), "Why a number is undefined, or what its error leaves out."),
}  # fmt: skip
_ZONE_COUNT = {
    "operation": (pa.string(), "Name of the operation."),
    "measure": (pa.string(), "Name of the measure."),
    "zone": (pa.string(), "Zone; also: elsewhere in the study area, and rows without a usable place."),
    "day": (pa.date32(), "Day; the first of the month or year if the source has no days."),
    "events": (pa.int64(), "Events, at least 1: days without events have no row."),
}


def save_results(
    engine: Engine,
    effects: Iterable[tuple[str, str, Effect[int]]],
    counts: Iterable[tuple[str, str, ZoneCounts]],
    *,
    study_hash: str,
    version: str,
    seed: int,
) -> int:
    """Write every effect and count, in place of those saved before, and return the number of effects.

    Parameters
    ----------
    engine : Engine
    effects : iterable of (operation, measure, Effect)
    counts : iterable of (operation, measure, ZoneCounts)
    study_hash, version : str
        Of the study file, and of geoharm.
    seed : int
        Of the study.

    Notes
    -----
    An undefined number is saved as NULL with its reason in ``note``.
    """
    rows = [
        [study_hash, version, seed, operation, measure, *_numbers(effect)] for operation, measure, effect in effects
    ]
    zone_rows = [row for operation, measure, counted in counts for row in _zone_rows(operation, measure, counted)]
    with engine.swap():
        for name, columns, content, about in (
            ("effect", _EFFECT, rows, "Estimated effects. Full precision: not for publication."),
            ("zone_count", _ZONE_COUNT, zone_rows, "Counts by zone and day. Full precision: not for publication."),
        ):
            values = zip(*content, strict=True) if content else [[] for _ in columns]
            arrays = [pa.array(list(column), kind) for column, (kind, _) in zip(values, columns.values(), strict=True)]
            engine.write(name, pa.table(dict(zip(columns, arrays, strict=True))))
            engine.show(
                name, f"SELECT * FROM {engine.table(name)}", about, {key: text for key, (_, text) in columns.items()}
            )
    return len(rows)


def _numbers(effect: Effect[int]) -> list[object]:
    ratio, difference = effect.ratio.interval(), effect.difference.interval()
    numbers = [
        effect.expected, effect.change, effect.interval.low, effect.interval.high,
        effect.ratio.value, effect.ratio.standard_error, ratio.low, ratio.high,
        effect.difference.value, effect.difference.standard_error, difference.low, difference.high,
    ]  # fmt: skip
    note = effect.ratio.note or effect.difference.note
    return [
        effect.zone,
        effect.window,
        *effect.counts,
        *(value if math.isfinite(value) else None for value in numbers),
        effect.reading.value,
        effect.bound_percent,
        str(note),
    ]


def _zone_rows(operation: str, measure: str, counted: ZoneCounts) -> Sequence[tuple[object, ...]]:
    zones, dates = np.nonzero(counted.counts)
    return [
        (operation, measure, counted.zones[zone], counted.dates[date].item(), int(counted.counts[zone, date]))
        for zone, date in zip(zones.tolist(), dates.tolist(), strict=True)
    ]
