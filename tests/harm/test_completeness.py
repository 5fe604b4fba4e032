"""What a study leaves out: health, or harm to the community."""

from __future__ import annotations

import pytest

from geoharm.harm.completeness import COMMUNITY, HEALTH, missing_harms
from geoharm.model.measure import Measure
from tests.harm.worlds import measure

ARRESTS = Measure("arrests", "s", (), "incidents", "police")
CALLS = measure("calls", borne_by="user", kind="health")
NEEDLES = measure("needles", borne_by="community", kind="environment")
ASSAULTS_ON_STAFF = measure("assaults", borne_by="community", kind="health")


@pytest.mark.parametrize(
    ("measures", "missing"),
    [
        ((), (HEALTH, COMMUNITY)),
        ((ARRESTS,), (HEALTH, COMMUNITY)),
        ((ARRESTS, CALLS), (COMMUNITY,)),
        ((NEEDLES,), (HEALTH,)),
        ((CALLS, NEEDLES), ()),
        ((ASSAULTS_ON_STAFF,), ()),
    ],
)
def test_kinds_of_harm_that_no_measure_covers(measures, missing):
    assert missing_harms(measures) == missing
