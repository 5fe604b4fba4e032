"""All replication cases in one table, in a fixed order."""

from __future__ import annotations

from geoharm.replication.case import ReplicationCase
from geoharm.replication.estimators import estimator_cases, exact_test_cases
from geoharm.replication.hotspots import hotspot_cases
from geoharm.replication.wdd import wdd_cases

_GROUPS = (wdd_cases, estimator_cases, exact_test_cases, hotspot_cases)


def replicate_all() -> tuple[ReplicationCase, ...]:
    """Return every published number with the value computed from the same counts; no file or network is needed."""
    return tuple(row for group in _GROUPS for row in group())
