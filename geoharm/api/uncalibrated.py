"""Estimators whose intervals hold the noise of counting only: they say so in their type, their text and their summary.

At places without an operation their 95% intervals hold the truth in half to three quarters of cases
(``docs/calibration.md``); the calibrated answer is that of `geoharm.evaluate`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from geoharm.evaluation.estimators import rate_ratio
from geoharm.evaluation.estimators import wdd as differences
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate

UNCALIBRATED = (
    "Uncalibrated: the interval holds the noise of counting only. At places without an operation such 95% intervals hold "
    "the truth in half to three quarters of cases; geoharm.evaluate gives the calibrated answer."
)


@dataclass(frozen=True, slots=True)
class UncalibratedEstimate(Estimate):
    """An `Estimate` whose interval leaves out how far places drift apart without an operation: it is too narrow."""

    def summary(self) -> str:
        """Return value and interval, and what the interval leaves out."""
        if not self.is_defined:
            return f"{self.name}: undefined, since {self.note}."
        interval = self.interval()
        text = f"{self.name}: {self.value:.4g} {self.unit} ({interval.low:.4g} to {interval.high:.4g}, uncalibrated)."
        return f"{text} {UNCALIBRATED}"

    def __str__(self) -> str:
        return self.summary()


@dataclass(frozen=True, slots=True)
class UncalibratedWdd:
    """The three weighted displacement differences; negative means fewer events than the controls suggest.

    Attributes
    ----------
    local : UncalibratedEstimate
        Target minus its control.
    displacement : UncalibratedEstimate or None
        Ring minus its control; None if no ring was given.
    total : UncalibratedEstimate
        Both together. If they share a control, its error takes this into account.
    """

    local: UncalibratedEstimate
    displacement: UncalibratedEstimate | None
    total: UncalibratedEstimate

    def summary(self) -> str:
        """Return the three differences with their intervals, and what these leave out."""
        parts = [("local", self.local), ("displacement", self.displacement), ("total", self.total)]
        lines = [f"{name}: {_short(estimate)}" for name, estimate in parts if estimate is not None]
        return "\n".join([*lines, UNCALIBRATED])

    def __str__(self) -> str:
        return self.summary()


def log_rate_ratio(
    zone: Change, control: Change, *, zone_dispersion: float = 1.0, control_dispersion: float = 1.0
) -> UncalibratedEstimate:
    r"""Return the log rate ratio of a zone to its control area, uncalibrated; negative means fewer than the control suggests.

    Parameters
    ----------
    zone, control : Change
        Counts in the same two windows. The lengths of the windows cancel and may differ.
    zone_dispersion, control_dispersion : float
        Variance over mean of each area's counts; an estimated value is at least 1.

    Returns
    -------
    UncalibratedEstimate
        Undefined, with a note, if any of the four counts is 0.

    Notes
    -----
    .. math:: \theta = \log\frac{Z_1 / Z_0}{C_1 / C_0}, \qquad
        se^2 = \phi_Z (1/Z_0 + 1/Z_1) + \phi_C (1/C_0 + 1/C_1)

    Wilson (2022), Journal of Quantitative Criminology 38:323-341, https://doi.org/10.1007/s10940-021-09494-w

    Examples
    --------
    >>> from geoharm import Change, log_rate_ratio
    >>> ratio = log_rate_ratio(Change("target", 100, 60), Change("control", 1000, 1000))
    >>> round(ratio.value, 4), type(ratio).__name__
    (-0.5108, 'UncalibratedEstimate')
    """
    return _uncalibrated(
        rate_ratio.log_rate_ratio(zone, control, zone_dispersion=zone_dispersion, control_dispersion=control_dispersion)
    )


def wdd(
    target: Change,
    control: Change,
    *,
    ring: Change | None = None,
    ring_control: Change | None = None,
    time_weights: tuple[float, float] = (1.0, 1.0),
    area_weights: Mapping[str, float] | None = None,
    dispersion: Mapping[str, float] | None = None,
    unit: str = "events",
) -> UncalibratedWdd:
    """Return the weighted displacement difference of Wheeler and Ratcliffe (2018), uncalibrated.

    Parameters
    ----------
    target, control : Change
    ring, ring_control : Change, optional
        Give both or neither. If one area is the control for both, pass the same `Change` as `control` and `ring_control`: its
        counts then have weight 2, and their variance weight 4.
    time_weights : (before, after)
        Lengths of the windows; counts are divided by them.
    area_weights : mapping of area name to number, optional
        Sizes of the areas; counts are divided by them. 1 for a missing name.
    dispersion : mapping of area name to number, optional
        Variance over mean of an area's counts; 1 (Poisson) for a missing name.
    unit : str
        Unit of the events.

    Returns
    -------
    UncalibratedWdd

    Raises
    ------
    DesignError
        If a ring has no control, a weight is not above 0, or one name has two different counts.

    Notes
    -----
    https://doi.org/10.1186/s40163-018-0085-5; the formula stands in ``geoharm.evaluation.estimators.wdd``.

    Examples
    --------
    The worked example of the paper:

    >>> from geoharm import Change, wdd
    >>> differences = wdd(Change("T", 207, 110), Change("C", 308, 318),
    ...                   ring=Change("D", 178, 157), ring_control=Change("CD", 150, 140))
    >>> print(differences.summary().splitlines()[0])
    local: -107 events (-167.2 to -46.81, uncalibrated)
    """
    found = differences.wdd(
        target,
        control,
        ring=ring,
        ring_control=ring_control,
        time_weights=time_weights,
        area_weights=area_weights,
        dispersion=dispersion,
        unit=unit,
    )
    displaced = None if found.displacement is None else _uncalibrated(found.displacement)
    return UncalibratedWdd(_uncalibrated(found.local), displaced, _uncalibrated(found.total))


def _uncalibrated(estimate: Estimate) -> UncalibratedEstimate:
    return UncalibratedEstimate(**{field.name: getattr(estimate, field.name) for field in fields(Estimate)})


def _short(estimate: UncalibratedEstimate) -> str:
    if not estimate.is_defined or math.isnan(estimate.value):
        return f"undefined, since {estimate.note}"
    interval = estimate.interval()
    return f"{estimate.value:.4g} {estimate.unit} ({interval.low:.4g} to {interval.high:.4g}, uncalibrated)"
