"""Escalates suppression step by step until no small count follows from a public release; else the release is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum

from geoharm.disclosure.attacker import ExposedCell, attack
from geoharm.disclosure.constraints import constraints_of, without_comparisons, without_far_hotspots
from geoharm.disclosure.released import Release, ReleasedMeasure
from geoharm.disclosure.rows import RowSet, rows_of
from geoharm.disclosure.statements import Constraints
from geoharm.errors import PublishError
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.places_like_it import FactorKind


class SuppressionLevel(IntEnum):
    """How much of a measure is suppressed: detail first, the target's count last. Each level includes those before it."""

    NOTHING = 0
    STEPS = 1
    MONTHS = 2
    QUARTERS = 3
    SERIES = 4
    PHASES = 5
    RINGS = 6
    RING_SUMS = 7
    TARGET = 8


SuppressionLevels = Mapping[str, SuppressionLevel]


def suppress_until_safe(make: Callable[[SuppressionLevels, Collection[str]], Release]) -> Release:
    """Return the release with the lowest suppression levels, measure by measure, in which the attack exposes no count.

    Parameters
    ----------
    make : callable
        Returns the release under given suppression levels, which are keyed by the measure's name, and without the comparisons
        of the measures that are named second.

    Raises
    ------
    PublishError
        If a count is exposed even at the highest suppression level, or if a number is shown although a count it is made
        from is suppressed.

    Notes
    -----
    The comparisons of a measure are given up where a count is exposed with them and not without them.

    The levels suppress, in this order: the steps of the forecast's factor that tell of single months, the monthly series (quarters are shown), the quarters (half-years are shown), the
    whole series and effect decays, the phases, the gap and the single rings, the sums with rings, the target. The primary
    measure gives up a count of the headline only when no other exposed measure is left to give up more. What is suppressed
    is marked "withheld", as any other suppressed number.
    """
    suppression_levels: dict[str, SuppressionLevel] = {}
    given_up: set[str] = set()
    # Measures that were found safe are mostly safe when more is suppressed. Whether all are is tried at the end.
    rows: frozenset[RowSet] | None = None
    while True:
        release = make(suppression_levels, frozenset(given_up))
        if release.is_internal:
            return release
        constraints, rule = without_far_hotspots(constraints_of(release)), DISCLOSURE_RULES[release.rule]
        if constraints.leaks:
            msg = f"A number is shown although its count is withheld ({constraints.leaks[0]}); nothing was published."
            raise PublishError(msg)
        exposed = attack(constraints, rule, rows, every=False).exposed
        if not exposed and rows is not None:
            exposed = attack(constraints, rule, every=False).exposed
        if not exposed:
            return release
        rows = frozenset(each for cell in exposed for each in cell.rows)
        concerned = _concerned(exposed, constraints, release)
        compared = {one.measure.name for one in release.comparisons} & concerned - given_up
        if compared:
            bare = without_comparisons(constraints)
            exposed_too = attack(bare, rule, rows, every=False).exposed
            compared -= _concerned(exposed_too, bare, release)
        raised = _raised_levels(suppression_levels, concerned - compared, release)
        if not raised and not compared:
            compared = {one.measure.name for one in release.comparisons} & concerned - given_up
        given_up |= compared
        if not raised and not compared:
            raise PublishError(
                refusal_message(
                    exposed[0],
                    "this release",
                    way_out='use larger rings, whole months or fewer phases, or release = "internal"'
                    if release.operations
                    else 'use fewer comparisons, longer windows or fewer measures, or release = "internal"',
                )
            )
        suppression_levels |= raised


def _concerned(exposed: Sequence[ExposedCell], constraints: Constraints, release: Release) -> set[str]:
    """Return the names of the measures that have to give something up.

    Where several measures count the same rows, those do whose numbers expose a count by themselves. If none does, counts
    follow from several measures together, and the primary measure is spared.
    """
    names_by_rows: dict[RowSet, set[str]] = {}
    for measure in release.study.measures:
        names_by_rows.setdefault(rows_of(measure, release.data), set()).add(measure.name)
    near = [{replace(rows, own_place=False) for rows in cell.rows} & names_by_rows.keys() for cell in exposed]
    concerned = {rows for found in near if len(found) == 1 for rows in found}
    together = {rows for found in near for rows in found} - concerned
    alone = {rows for rows in together if _exposes_alone(rows, constraints, DISCLOSURE_RULES[release.rule])}
    names = {name for rows in concerned | alone for name in names_by_rows[rows]}
    if names or not together:
        return names
    everyone = {name for rows in together for name in names_by_rows[rows]}
    return everyone - {release.study.primary} or everyone


def _exposes_alone(rows: RowSet, constraints: Constraints, rule: DisclosureRule) -> bool:
    """Return whether the numbers about some rows expose a count without those about any other."""
    own = tuple(
        value
        for value in constraints.values
        if all(replace(term.rows, own_place=False) == rows for term in value.terms)
    )
    return bool(attack(replace(constraints, values=own), rule, every=False).exposed)


def _raised_levels(
    suppression_levels: SuppressionLevels, exposed: Collection[str], release: Release
) -> dict[str, SuppressionLevel]:
    """Return the next level of every exposed measure; the primary measure waits with its headline for the others."""
    raised = {
        name: _next_level(level, name, release)
        for name in exposed
        if (level := suppression_levels.get(name, SuppressionLevel.NOTHING)) != SuppressionLevel.TARGET
    }
    others = {name: level for name, level in raised.items() if name != release.study.primary}
    if others and raised.get(release.study.primary, SuppressionLevel.NOTHING) > SuppressionLevel.RINGS:
        return others
    return raised


def refusal_message(pinned: ExposedCell, where: str, *, way_out: str) -> str:
    """Return a sentence that says why a release, a ranking or an appraisal is refused, and what to do."""
    values = f"{pinned.low:,}" if pinned.low == pinned.high else f"{pinned.low:,} to {pinned.high:,}"
    return (
        f"All numbers of {where} together show that a withheld count ({pinned.text}) can only be {values}; {way_out}."
    )


def _next_level(suppression_level: SuppressionLevel, name: str, release: Release) -> SuppressionLevel:
    """Return the next suppression level that removes something from this release."""
    measures = [
        measure for operation in release.operations for measure in operation.measures if measure.measure.name == name
    ]
    if suppression_level is SuppressionLevel.NOTHING and any(map(_shows_steps, measures)):
        return SuppressionLevel.STEPS
    if not measures:
        return SuppressionLevel.TARGET
    step = min((measure.series.step for measure in measures if measure.series.step), default=0)
    level_of_series = {
        0: SuppressionLevel.SERIES,
        1: SuppressionLevel.STEPS,
        3: SuppressionLevel.MONTHS,
        6: SuppressionLevel.QUARTERS,
    }[step]
    return SuppressionLevel(min(max(suppression_level, level_of_series) + 1, SuppressionLevel.TARGET))


def _shows_steps(measure: ReleasedMeasure) -> bool:
    """Return whether the steps of a factor that are made of counts by month stand by themselves."""
    factors = [effect.placebo.factors for effect in measure.effects if effect.placebo and effect.placebo.factors]
    return any(one.step(FactorKind.RECENT) is not None for one in factors)
