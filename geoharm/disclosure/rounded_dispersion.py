"""Dispersions under a rule that rounds counts: those of rounded months, so that no error tells of an exact month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from geoharm.disclosure.count_suppression import zone_members
from geoharm.evaluation.effects import history_dispersion
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import Change
from geoharm.model.design import Design
from geoharm.model.disclosure_rules import DisclosureRule
from geoharm.model.effect import Effect
from geoharm.results import OperationResult, StudyResult


def with_rounded_dispersions(result: StudyResult, rule: DisclosureRule) -> StudyResult:
    """Return a result whose dispersions are computed from counts by month as the rule rounds them.

    A month from 1 to k - 1 is computed with as the middle of these. Every other number that depends on a dispersion is computed
    again from it (`round_effect`); only the error of the difference, from which that follows for the control, is made here.
    """
    operations = tuple(
        OperationResult(
            operation.design,
            tuple(_with_dispersions(measure, operation.design, rule) for measure in operation.measures),
            operation.harm,
        )
        for operation in result.operations
    )
    return replace(result, operations=operations)


def _with_dispersions(result: MeasureResult, design: Design, rule: DisclosureRule) -> MeasureResult:
    members = zone_members(result, design)
    zones = {effect.zone for effect in (*result.effects, *result.phases, *result.unplaced_bounds)} | {"control"}
    dispersions = {
        zone: history_dispersion(result.counts, members[zone], design, rule.working_count) for zone in sorted(zones)
    }

    def changed(effects: tuple[Effect[int], ...]) -> tuple[Effect[int], ...]:
        return tuple(_with_dispersion(effect, dispersions) for effect in effects)

    own = result.own_place
    return replace(
        result,
        effects=changed(result.effects),
        phases=changed(result.phases),
        unplaced_bounds=changed(result.unplaced_bounds),
        own_place=own and _with_dispersion(own, dispersions | {own.zone: dispersions["target"]}),
    )


def _with_dispersion(effect: Effect[int], dispersions: Mapping[str, float]) -> Effect[int]:
    dispersion = dispersions[effect.zone]
    if not math.isfinite(effect.difference.standard_error):
        return replace(effect, dispersion=dispersion)
    difference = net_change(
        Change(effect.zone, effect.before, effect.after),
        Change("control", effect.control_before, effect.control_after),
        zone_dispersion=dispersion,
        control_dispersion=dispersions["control"],
    )
    return replace(
        effect,
        dispersion=dispersion,
        difference=replace(effect.difference, standard_error=difference.standard_error),
    )
