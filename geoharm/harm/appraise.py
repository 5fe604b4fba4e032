"""Appraise before acting: draw what is assumed of each way to act, and add up what it would do to harm."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from geoharm.harm.results.appraisal import Baseline, OptionAppraisal, OptionUnderProfile
from geoharm.model.estimate import Interval
from geoharm.model.harm_settings import PlannedOption
from geoharm.model.values import EvidenceCard, ValueProfile

DRAWS = 10_000
MAX_LEVEL_FACTOR = 0.9
_Z = 1.6448536269514722  # half the width of a 90% range, in standard errors
Floats = NDArray[np.float64]


def appraise_option(
    option: PlannedOption,
    baseline: Sequence[Baseline],
    profiles: Sequence[ValueProfile],
    *,
    months: int,
    seed: int,
    card: EvidenceCard | None = None,
    draws: int = DRAWS,
) -> OptionAppraisal:
    r"""Return what one way to act would do to harm, under every profile.

    Parameters
    ----------
    option : PlannedOption
    baseline : sequence of Baseline
        One a harm.
    profiles : sequence of ValueProfile
    months : int
        How long after the start to look.
    seed : int
        The same for every option, so that all meet the same baseline draws.
    card : EvidenceCard, optional
    draws : int

    Returns
    -------
    OptionAppraisal

    Notes
    -----
    For each harm that the option is aimed at, with :math:`\lambda` its events a month, T the months, :math:`\delta` the
    local change, h the half-life and s the share displaced,

    .. math:: x = \lambda T \, \delta \, D \, (1 - s), \qquad D = \frac{h}{T \ln 2} (1 - 2^{-T/h})

    and for each side harm with change c: :math:`x = \lambda T \, c \, D`. A measure named as a side harm is not aimed at.
    Every range is a 90% range: normal draws for changes (never below -1) and shares, log-normal for the half-life. The
    baseline is drawn from a gamma distribution of shape :math:`(n + 1/2) / \phi`.

    The assumption that decides is the one whose squared rank correlation with net harm is largest; break-even
    displacement solves for the s at which the mean of net harm is zero.

    References
    ----------
    A. Saltelli et al. (2008), Global Sensitivity Analysis, https://doi.org/10.1002/9780470725184
    """
    rng = np.random.default_rng(seed)
    rates = {
        one.measure.name: rng.gamma((one.events + 0.5) / one.dispersion, one.dispersion, draws) / one.months
        for one in baseline
    }
    inputs: dict[str, Floats] = {f"baseline of {name}": rate for name, rate in rates.items()}
    local = np.maximum(_normal(rng, option.local, draws), -1.0)
    displaced = _normal(rng, option.displaced, draws)
    lasting = _lasting(rng, option.half_life, months, draws)
    inputs |= {"local change": local, "share displaced": displaced, "how long it lasts": lasting}
    side = {}
    for one in option.side:
        side[one.measure] = np.maximum(_normal(rng, (one.low, one.high), draws), -1.0)
        inputs[f"change of {one.measure}"] = side[one.measure]
    aimed = {name: rate * months * local * lasting for name, rate in rates.items() if name not in side}
    change = {name: part * (1 - displaced) for name, part in aimed.items()}
    change |= {name: rates[name] * months * part * lasting for name, part in side.items() if name in rates}
    return OptionAppraisal(
        option=option,
        card=card,
        changes=tuple((one.measure.name, _span(change[one.measure.name]), float(change[one.measure.name].mean())) for one in baseline),
        profiles=tuple(_under(one, baseline, (aimed, change, rates), inputs, months) for one in profiles),
    )  # fmt: skip


def _under(
    profile: ValueProfile,
    baseline: Sequence[Baseline],
    drawn: tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats]],
    inputs: dict[str, Floats],
    months: int,
) -> OptionUnderProfile:
    aimed, change, rates = drawn
    weights = {one.measure.name: profile.weight(one.measure) for one in baseline}
    net = np.zeros(next(iter(rates.values())).size)
    moved = rest = 0.0
    for name, weight in weights.items():
        net = net + weight * change[name]
        if name in aimed:
            moved += weight * float(aimed[name].mean())
        else:
            rest += weight * float(change[name].mean())
    decides, share = _decides(inputs, net)
    even = 1 + rest / moved if moved < 0 else math.nan
    vetoes = tuple(
        (
            veto.words,
            one.measure.name,
            float((change[one.measure.name] > veto.margin * rates[one.measure.name] * months).mean()),
        )
        for veto in profile.vetoes
        for one in baseline
        if veto.selector.fits(one.measure)
        and (veto.selector.measure or veto.selector.kind or one.measure.kind != "treatment_entry")
    )
    return OptionUnderProfile(
        profile=profile.name,
        reference=profile.reference,
        mean=float(net.mean()),
        interval=_span(net),
        reduces=float((net < 0).mean()),
        decides=decides,
        decides_share=share,
        break_even=even if 0 <= even <= 1 else math.nan,
        vetoes=vetoes,
    )


def _normal(rng: np.random.Generator, ends: tuple[float, float], draws: int) -> Floats:
    """Return normal draws whose middle 90% lie between two ends."""
    low, high = ends
    return np.asarray((low + high) / 2 + (high - low) / (2 * _Z) * rng.standard_normal(draws), dtype=np.float64)


def _lasting(rng: np.random.Generator, half_life: tuple[float, float], months: int, draws: int) -> Floats:
    """Return the mean share of the first effect that is left over the months, 1 if it lasts."""
    normal = rng.standard_normal(draws)
    if math.isinf(half_life[0]):
        return np.ones(draws)
    low, high = math.log(half_life[0]), math.log(half_life[1])
    half = np.exp((low + high) / 2 + (high - low) / (2 * _Z) * normal)
    return np.asarray(half / (months * math.log(2)) * (1 - 2 ** (-months / half)), dtype=np.float64)


def _decides(inputs: dict[str, Floats], net: Floats) -> tuple[str, float]:
    """Return the input with the largest squared rank correlation with net harm, and that number."""
    target = rankdata(net)
    best, share = "", 0.0
    for name, values in inputs.items():
        if np.ptp(values) == 0 or np.ptp(net) == 0:
            continue
        found = float(np.corrcoef(rankdata(values), target)[0, 1]) ** 2
        if found > share + 1e-12:
            best, share = name, found
    return best, share


def _span(values: Floats) -> Interval:
    low, high = np.quantile(values, [(1 - MAX_LEVEL_FACTOR) / 2, (1 + MAX_LEVEL_FACTOR) / 2])
    return Interval(float(low), float(high), MAX_LEVEL_FACTOR)
