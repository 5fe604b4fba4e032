"""Appraisal of planned options: the expected net harm of each, simulated from its assumptions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.results.appraisal import Baseline, OptionAppraisal, OptionUnderProfile
from geoharm.model.estimate import Interval
from geoharm.model.harm_settings import PlannedOption
from geoharm.model.values import EvidenceCard, ValueProfile

DRAWS = 10_000
INTERVAL_LEVEL = 0.9
_Z = 1.6448536269514722  # half the width of a 90% interval, in standard errors
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
    r"""Return the expected effect of one option on harm, under every value profile.

    Parameters
    ----------
    option : PlannedOption
        The option and its assumed ranges.
    baseline : sequence of Baseline
        One for each harm.
    profiles : sequence of ValueProfile
    months : int
        How many months after the start are appraised.
    seed : int
        The same for every option, so that all options use the same baseline draws.
    card : EvidenceCard, optional
        The evidence card of the option, passed through to the result.
    draws : int
        Number of random draws.

    Returns
    -------
    OptionAppraisal

    Notes ----- For each harm that the option is aimed at, let :math:`\lambda` be its events a month, T the months,
    :math:`\delta` the local change, h the half-life and s the share displaced. Then

    .. math:: x = \lambda T \, \delta \, D \, (1 - s), \qquad D = \frac{h}{T \ln 2} (1 - 2^{-T/h})

    and for each side effect with change c: :math:`x = \lambda T \, c \, D`. A measure with a side effect is not one
    that the option is aimed at. Every range is a 90% interval. Changes (never below -1) and shares are drawn from
    normal distributions, the half-life from a log-normal one. The baseline is drawn from a gamma distribution of shape
    :math:`(n + 1/2) / \phi`.

    The most influential assumption is the one with the largest squared rank correlation with net harm. Break-even
    displacement is the s at which the mean of net harm is zero.

    References
    ----------
    A. Saltelli et al. (2008), Global Sensitivity Analysis, https://doi.org/10.1002/9780470725184
    """
    rng = np.random.default_rng(seed)
    rates = {
        row.measure.name: rng.gamma((row.events + 0.5) / row.dispersion, row.dispersion, draws) / row.months
        for row in baseline
    }
    inputs: dict[str, Floats] = {f"baseline of {name}": rate for name, rate in rates.items()}
    local = np.maximum(_draw_normal(rng, option.local_change, draws), -1.0)
    displaced = _draw_normal(rng, option.share_displaced, draws)
    lasting = _draw_remaining_share(rng, option.half_life, months, draws)
    inputs |= {"local change": local, "share displaced": displaced, "how long it lasts": lasting}
    side_changes = {}
    for effect in option.side_effects:
        side_changes[effect.measure] = np.maximum(_draw_normal(rng, (effect.low, effect.high), draws), -1.0)
        inputs[f"change of {effect.measure}"] = side_changes[effect.measure]
    aimed = {name: rate * months * local * lasting for name, rate in rates.items() if name not in side_changes}
    change = {name: local_change * (1 - displaced) for name, local_change in aimed.items()}
    change |= {
        name: rates[name] * months * side_change * lasting
        for name, side_change in side_changes.items()
        if name in rates
    }
    return OptionAppraisal(
        option=option,
        card=card,
        changes=tuple(
            (row.measure.name, _interval(change[row.measure.name]), float(change[row.measure.name].mean()))
            for row in baseline
        ),
        profiles=tuple(
            _appraise_under_profile(profile, baseline, (aimed, change, rates), inputs, months) for profile in profiles
        ),
    )


def _appraise_under_profile(
    profile: ValueProfile,
    baseline: Sequence[Baseline],
    drawn: tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats]],
    inputs: dict[str, Floats],
    months: int,
) -> OptionUnderProfile:
    # By measure: draws of the local change it is aimed at, of the net change, and of the monthly rate.
    aimed, change, rates = drawn
    weights = {row.measure.name: profile.weight(row.measure) for row in baseline}
    net = np.zeros(next(iter(rates.values())).size)
    aimed_harm = side_harm = 0.0
    for name, weight in weights.items():
        net = net + weight * change[name]
        if name in aimed:
            aimed_harm += weight * float(aimed[name].mean())
        else:
            side_harm += weight * float(change[name].mean())
    main_input, explained = _most_influential_input(inputs, net)
    break_even = 1 + side_harm / aimed_harm if aimed_harm < 0 else math.nan
    vetoes = tuple(
        (
            veto.words,
            row.measure.name,
            float((change[row.measure.name] > veto.margin * rates[row.measure.name] * months).mean()),
        )
        for veto in profile.vetoes
        for row in baseline
        if veto.selector.matches(row.measure)
        and (veto.selector.measure or veto.selector.kind or row.measure.kind != "treatment_entry")
    )
    return OptionUnderProfile(
        profile=profile.name,
        reference=profile.reference,
        mean=float(net.mean()),
        interval=_interval(net),
        share_reduced=float((net < 0).mean()),
        main_assumption=main_input,
        main_assumption_r2=explained,
        break_even_displacement=break_even if 0 <= break_even <= 1 else math.nan,
        vetoes=vetoes,
    )


def _draw_normal(rng: np.random.Generator, limits: tuple[float, float], draws: int) -> Floats:
    """Return draws from the normal distribution whose central 90% interval is `limits`."""
    low, high = limits
    return np.asarray((low + high) / 2 + (high - low) / (2 * _Z) * rng.standard_normal(draws), dtype=np.float64)


def _draw_remaining_share(rng: np.random.Generator, half_life: tuple[float, float], months: int, draws: int) -> Floats:
    """Return draws of the mean share of the initial effect that remains over the months; 1 without decay."""
    normal = rng.standard_normal(draws)
    if math.isinf(half_life[0]):
        return np.ones(draws)
    low, high = math.log(half_life[0]), math.log(half_life[1])
    half_lives = np.exp((low + high) / 2 + (high - low) / (2 * _Z) * normal)
    return np.asarray(half_lives / (months * math.log(2)) * (1 - 2 ** (-months / half_lives)), dtype=np.float64)


def _most_influential_input(inputs: dict[str, Floats], net: Floats) -> tuple[str, float]:
    """Return the name of the input with the largest squared rank correlation with net harm, and that correlation."""
    from scipy.stats import rankdata  # noqa: PLC0415 -- scipy.stats is slow to import

    target = rankdata(net)
    main_input, largest = "", 0.0
    for name, values in inputs.items():
        if np.ptp(values) == 0 or np.ptp(net) == 0:
            continue
        explained = float(np.corrcoef(rankdata(values), target)[0, 1]) ** 2
        if explained > largest + 1e-12:
            main_input, largest = name, explained
    return main_input, largest


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values, [(1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2])
    return Interval(float(low), float(high), INTERVAL_LEVEL)
