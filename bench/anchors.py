"""Other published methods on the same counts: WDD, nearest control, Poisson regression, synthetic control.

Each returns (estimate, low, high) on its own scale: events, or the logarithm of a ratio.
"""

from __future__ import annotations

import math

import numpy as np

Z = 1.959963984540054


def wdd(own, control, scale=1.0, phi=1.0):
    """Return the difference in differences in events, with its interval.

    Parameters
    ----------
    own, control : tuple of float
        Counts before and after, of the zone and of its control.
    scale : float
        The control's counts are divided by it.
    phi : float
        Variance of a count divided by its mean.
    """
    value = own[1] - own[0] - (control[1] - control[0]) / scale
    error = math.sqrt(phi * (own[0] + own[1] + (control[0] + control[1]) / scale**2))
    return value, value - Z * error, value + Z * error


def matched(own, candidates, half=6):
    """Return the position of the candidate whose six-month counts before are closest to the zone's."""
    blocks = own.size // half

    def by_block(table):
        return table[..., -blocks * half :].reshape(*table.shape[:-1], blocks, half).sum(axis=-1)

    return int(np.abs(by_block(candidates) - by_block(own)).sum(axis=1).argmin())


def nearest_passing(own, candidates, distance, phi):
    """Return the nearest candidate that passes four tests of noise, and its scale.

    The tests compare level, trend, months and half years with what chance variation allows. If no candidate passes, the
    one with the smallest largest ratio is returned.

    Parameters
    ----------
    own : ndarray, months
        Counts of the zone before.
    candidates : ndarray, candidates x months
        Counts of the candidates before.
    distance : ndarray, candidates
        Distance of each candidate from the zone.
    phi : float
        Variance of a count divided by its mean.
    """
    level = own.sum()
    best, least = (0, 1.0), math.inf
    time = np.arange(own.size) - (own.size - 1) / 2
    blocks = [slice(start, start + 6) for start in range(0, own.size, 6)]
    for position in np.argsort(distance, kind="stable"):
        candidate = candidates[position]
        if candidate.sum() == 0:
            continue
        scale = candidate.sum() / max(level, 1)
        gap = candidate - scale * own
        variance = phi * (scale + scale**2) * own
        block_variance = [variance[block].sum() for block in blocks]
        ratios = (
            np.abs(gap).sum() / max(np.sqrt(2 * variance / math.pi).sum(), 1e-9),
            sum(abs(gap[block].sum()) for block in blocks)
            / max(np.sqrt(2 * np.array(block_variance) / math.pi).sum(), 1e-9),
            abs(gap.sum()) / math.sqrt(max(variance.sum(), 1e-9)),
            abs((time * gap).sum()) / math.sqrt(max((time**2 * variance).sum(), 1e-9)),
        )
        worst = max(ratios)
        if worst < least:
            best, least = (int(position), scale), worst
        if worst <= 1:
            break
    return best


def poisson_did(before, after, inside, outside):
    """Return the log ratio of a Poisson regression with place and month effects, errors clustered by place.

    The closed form gives the same numbers as the regression.

    Parameters
    ----------
    before : ndarray, sites x months
        Counts before.
    after : ndarray, sites
        Counts after.
    inside, outside : ndarray of bool, sites
        Sites of the zone and of the control area.
    """
    value, variance = 0.0, 0.0
    for mask, sign in ((inside, 1), (outside, -1)):
        counts_before, counts_after = before[mask].sum(axis=1), after[mask]
        total, total_after = (counts_before + counts_after).sum(), counts_after.sum()
        if total_after in (0, total):
            return math.nan, math.nan, math.nan
        share = total_after / total
        value += sign * math.log(share / (1 - share))
        variance += ((counts_after - share * (counts_before + counts_after)) ** 2).sum() / (
            total * share * (1 - share)
        ) ** 2
    error = math.sqrt(variance)
    return value, value - Z * error, value + Z * error


class Synthetic:
    """A ridge synthetic control of a monthly series, with a moving-block interval of the log ratio after.

    Weights are fitted to the months before. The penalty is chosen by leaving out one month at a time. The test counts how
    often another window of left-out residuals, with the months placed on a circle, has as large a sum as the window after
    (as Chernozhukov, Wuthrich and Zhu 2021, https://doi.org/10.1080/01621459.2021.1920957, with weights from before only).
    """

    def __init__(self, donors, after):
        self.before, self.after = donors.shape[1] - after, after
        early = donors[:, : self.before].T
        x = donors.T - early.mean(axis=0)
        kernel = x @ x[: self.before].T
        inner = kernel[: self.before]
        size = np.trace(inner) / self.before
        self.hats = [
            kernel @ np.linalg.inv(inner + weight * size * np.eye(self.before)) for weight in (0.3, 1, 3, 10, 30)
        ]

    def interval(self, own):
        """Return the estimate and the ends of its interval. `own` holds the target's months, before and after."""
        early = own[: self.before].astype(float)
        level = early.mean()
        least, residual, fitted = math.inf, early, early
        for hat in self.hats:
            prediction = level + hat @ (early - level)
            left_out = (early - prediction[: self.before]) / (1 - np.diag(hat[: self.before]) - 1 / self.before)
            if (left_out**2).sum() < least:
                least, residual, fitted = (left_out**2).sum(), left_out, prediction
        residual_after = own[self.before :, None] / np.exp(THETAS) - fitted[self.before :, None]
        residuals = np.concatenate([np.repeat(residual[:, None], THETAS.size, axis=1), residual_after])
        sums = np.abs([np.roll(residuals, move, axis=0)[self.before :].sum(axis=0) for move in range(own.size)])
        accepted = THETAS[(sums >= sums[0] - 1e-12).mean(axis=0) > 0.05]
        expected = max(float(fitted[self.before :].sum()), 1e-3)
        value = math.log(max(float(own[self.before :].sum()), 0.5) / expected)
        return (value, float(accepted.min()), float(accepted.max())) if accepted.size else (value, value, value)


THETAS = np.linspace(-2.0, 1.5, 71)
