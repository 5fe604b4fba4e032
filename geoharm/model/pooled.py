"""Pooled estimates: how far true values differ, and the rows of a forest plot with their mean."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """The mean of several estimates whose true values may differ.

    Attributes
    ----------
    mean : float
        The pooled mean.
    standard_error : float
        Standard error by DerSimonian and Laird.
    hartung_knapp_error : float
        Standard error by Hartung and Knapp; never below `standard_error`.
    between_variance : float
        Variance of the true values between the estimates; NaN with one estimate.
    heterogeneity, heterogeneity_p : float
        Cochran's Q and its p-value.
    count : int
        Number of estimates, k.
    interval, hartung_knapp_interval : Interval
        Intervals of the mean: from the normal distribution and `standard_error`; from the t distribution with k - 1
        degrees of freedom and `hartung_knapp_error`.
    prediction_interval : Interval
        Prediction interval for the true value of the next operation; NaN with fewer than three estimates.
    """

    mean: float
    standard_error: float
    hartung_knapp_error: float
    between_variance: float
    heterogeneity: float
    heterogeneity_p: float
    count: int
    interval: Interval
    hartung_knapp_interval: Interval
    prediction_interval: Interval


@dataclass(frozen=True, slots=True)
class Forest:
    """The data of a forest plot.

    Attributes
    ----------
    rows : tuple of (label, Estimate, weight)
        The weight is the row's share in the pooled mean.
    left_out : tuple of (label, reason)
        Rows without a defined estimate.
    pooled : Estimate or None
        The mean of the rows; None if there are fewer than two, or if it is withheld. `note` or `left_out` says why.
    note : str
        How the dependence between the rows was treated.
    spread : PooledEstimate or None
        How far the true values of the rows differ, by random effects; None without a mean, and if the rows are not
        operations.
    clustered : Estimate or None
        For comparison with the mean: one regression over the operations of all rows. None if the rows are not
        operations, or if there are too few.
    """

    rows: tuple[tuple[str, Estimate, float], ...]
    left_out: tuple[tuple[str, Note], ...]
    pooled: Estimate | None
    note: Note
    spread: PooledEstimate | None = None
    clustered: Estimate | None = None
