"""Results beside the data they came from: what was estimated, by which version, from which study."""

from __future__ import annotations

import math

from geoharm.model import StudyResult
from geoharm.store.connection import Store


def save_effects(store: Store, result: StudyResult, *, study_hash: str, version: str) -> int:
    """Write every effect into ``result.effect``, replacing those saved before, and return how many.

    An undefined number is saved as NULL with its reason in ``note``.
    """

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    rows = [
        [
            study_hash, version, result.study.seed, found.design.operation.name, one.measure.name, effect.zone,
            effect.window, effect.counts.before, effect.counts.after, effect.control.before, effect.control.after,
            number(effect.ratio.value), number(effect.ratio.standard_error),
            number(effect.difference.value), number(effect.difference.standard_error),
            effect.ratio.note or effect.difference.note,
        ]
        for found in result.operations
        for one in found.measures
        for effect in (*one.effects, *one.phases)
    ]  # fmt: skip
    with store.transaction() as connection:
        connection.execute("DELETE FROM result.effect")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO result.effect VALUES ({marks})", rows)
    return len(rows)
