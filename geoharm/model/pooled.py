"""Several estimates together: the rows of a forest plot and what they come to."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """The mean of several estimates whose true values may differ.

    Attributes
    ----------
    mean : float
    standard_error : float
        DerSimonian and Laird's.
    careful_error : float
        Hartung and Knapp's, never below the plain one.
    between : float
        Variance of the true values; NaN with one estimate.
    heterogeneity, heterogeneity_p : float
        Cochran's Q and its p-value.
    count : int
    interval, careful_interval : Interval
        Normal; t with k - 1.
    following : Interval
        Where the next operation's true value should lie; NaN below three estimates.
    """

    mean: float
    standard_error: float
    careful_error: float
    between: float
    heterogeneity: float
    heterogeneity_p: float
    count: int
    interval: Interval
    careful_interval: Interval
    following: Interval


@dataclass(frozen=True, slots=True)
class Forest:
    """A forest plot as data.

    Attributes
    ----------
    rows : tuple of (label, Estimate, weight)
        Weights are shares of the pooled mean.
    left_out : tuple of (label, reason)
    pooled : PooledEstimate or None
        None if no row is defined; `left_out` says why.
    note : str
        Where the dependence between the rows came from.
    clustered : Estimate or None
        One regression over all rows' operations beside the mean; None where rows are no operations, or too few.
    """

    rows: tuple[tuple[str, Estimate, float], ...]
    left_out: tuple[tuple[str, str], ...]
    pooled: PooledEstimate | None
    note: str
    clustered: Estimate | None = None
