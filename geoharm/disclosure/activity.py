"""Disclosure control of what police and partners did: small counts of dated activity are withheld."""

from __future__ import annotations

from dataclasses import replace

from geoharm.model.activity import DatedActivity
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.study import Operation
from geoharm.model.suppressed import Suppressed
from geoharm.results import StudyResult


def with_released_activity(result: StudyResult) -> StudyResult:
    """Return a result whose dated activity may be published; an internal release shows every count.

    The counts are withheld and rounded one by one, by the study's rule. No total is published, so none gives a withheld
    count back. Counts that the study enters in parts of one another, such as all referrals and those of them that were
    kept, are its own to choose.
    """
    settings = result.study.publish
    if settings.release == "internal":
        return result
    rule = DISCLOSURE_RULES[settings.disclosure]
    operations = tuple(_released(operation, rule) for operation in result.study.operations)
    return replace(
        result,
        study=replace(result.study, operations=operations),
        operations=tuple(
            replace(
                operation,
                design=replace(operation.design, operation=_released(operation.design.operation, rule)),
            )
            for operation in result.operations
        ),
    )


def _released(operation: Operation, rule: DisclosureRule) -> Operation:
    return replace(operation, activity=tuple(_released_activity(activity, rule) for activity in operation.activity))


def _released_activity(activity: DatedActivity, rule: DisclosureRule) -> DatedActivity:
    count = activity.count
    if count is None or isinstance(count, Suppressed):
        return activity
    return replace(activity, count=Suppressed(rule.threshold) if rule.suppresses(count) else rule.rounded(count))
