"""How often findings are wrong in simulated cities that are like the study: by expected count, detectable fall, places.

The table `error_rates.toml` is written by the bench (docs/calibration.md says how the cities are made).
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_COLUMNS = ("expected", "detectable_fall", "effective_places")
_OPTIONAL = ("wrong_if_40", "wrong_if_20", "wrong_probably", "bound_misses")


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Error rates in the simulated cities of one class of studies, in percent.

    Attributes
    ----------
    expected, detectable_fall, effective_places : (low, high)
        The class: expected count after, smallest detectable fall (a share), independent places; from `low` up to, not
        including, `high`.
    settings : int
        Number of worlds and zones whose typical values lie in the class.
    cities : int
        Number of simulated cities in them.
    false_findings : float
        Of zones without a change in which a finding was possible: how many were found to have fallen or risen.
    coverage : float
        Share of the 95% intervals that held the true value.
    wrong_if_40, wrong_if_20 : float
        Of the findings in targets: how many are wrong if half of all operations change nothing and the others cut the count
        by 40%, or by 20%; NaN if the class holds no target.
    wrong_probably : float
        Of the statements "fell", "rose", "probably fell" and "probably rose" together: how many are wrong if half of all
        operations change nothing and the others cut the count by 40%; NaN if it was not counted.
    bound_misses : float
        Of the one-sided 95% bounds ("no rise over", "no fall over"): how many the truth lies beyond; NaN if it was not
        counted.
    """

    expected: tuple[float, float]
    detectable_fall: tuple[float, float]
    effective_places: tuple[float, float]
    settings: int
    cities: int
    false_findings: float
    coverage: float
    wrong_if_40: float
    wrong_if_20: float
    wrong_probably: float = math.nan
    bound_misses: float = math.nan


@dataclass(frozen=True, slots=True)
class OwnFallRates:
    """Error rates of all simulated zones by the smallest detectable fall that they themselves gave, in percent.

    A small one can be small by luck, so these rates are higher than those of cities where it is typically small.

    Attributes
    ----------
    detectable_fall : (low, high)
    zones : int
        Number of zones without a change.
    false_findings, coverage : float
        As in `ErrorRates`.
    """

    detectable_fall: tuple[float, float]
    zones: int
    false_findings: float
    coverage: float


def error_rates(*, expected: float, detectable_fall: float, effective_places: float) -> ErrorRates | None:
    """Return the error rates of the class that a study is in; None if too few simulated cities were like it.

    Parameters
    ----------
    expected : float
        Expected count after.
    detectable_fall : float
        Smallest detectable fall, as a share.
    effective_places : float
        Effective number of independent places in the pool.

    Examples
    --------
    >>> error_rates(expected=3.0, detectable_fall=0.1, effective_places=5.0) is None
    True
    """
    values = (expected, detectable_fall, effective_places)
    for row in _table()["class"]:
        if all(row[name][0] <= value < row[name][1] for name, value in zip(_COLUMNS, values, strict=True)):
            ranges = {name: tuple(row[name]) for name in _COLUMNS}
            rates = {name: row.get(name, math.nan) for name in _OPTIONAL}
            return ErrorRates(**(row | ranges | rates))
    return None


def own_fall_rates(detectable_fall: float) -> OwnFallRates | None:
    """Return the error rates of all simulated zones with about this smallest detectable fall; None above 60%."""
    for row in _table()["own_fall"]:
        if row["detectable_fall"][0] <= detectable_fall < row["detectable_fall"][1]:
            return OwnFallRates(**(row | {"detectable_fall": tuple(row["detectable_fall"])}))
    return None


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(resources.files("geoharm.evaluation").joinpath("error_rates.toml").read_text(encoding="utf-8"))
