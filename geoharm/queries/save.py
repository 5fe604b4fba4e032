"""Save the estimated effects to the database, with the version and the study they come from."""

from __future__ import annotations

import math
from collections.abc import Iterable

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.model.effect import Effect


def save_effects(
    engine: DuckDBEngine, effects: Iterable[tuple[str, str, Effect[int]]], *, study_hash: str, version: str, seed: int
) -> int:
    """Write every effect into ``result.effect``, replacing those saved before, and return how many.

    Parameters
    ----------
    engine : DuckDBEngine
    effects : iterable of (operation, measure, Effect)
    study_hash, version : str
        Of the study file, and of geoharm.
    seed : int
        Of the study.

    Notes
    -----
    An undefined number is saved as NULL with its reason in ``note``.
    """

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    rows = [
        [
            study_hash, version, seed, operation, measure, effect.zone,
            effect.window, *effect.counts,
            number(effect.ratio.value), number(effect.ratio.standard_error),
            number(effect.difference.value), number(effect.difference.standard_error),
            effect.ratio.note or effect.difference.note,
        ]
        for operation, measure, effect in effects
    ]  # fmt: skip
    with engine.transaction() as connection:
        connection.execute("DELETE FROM result.effect")
        if rows:
            placeholders = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO result.effect VALUES ({placeholders})", rows)
    return len(rows)
