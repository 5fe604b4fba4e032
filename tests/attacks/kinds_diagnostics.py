"""Diagnostics of a target with few events: what their severities, their order and their number tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np

from geoharm.evaluation.reading import with_diagnostics
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.period import Period
from tests.attacks.attack import Attack, replayed
from tests.attacks.worlds import counted, plan, publish, table_with, whole


@cache
def diagnosed(count, release):
    """Publish a target that was chosen on its 14 events before, from 60 places of about eight; after, it has the planted count.

    A fall by more than twice that of such a choice alone weighs less: three events after are one too many for it.
    """
    planned = plan()
    planned = replace(
        planned, operation=replace(planned.operation, chosen_on=Period(date(2020, 1, 1), date(2021, 1, 1)))
    )
    table = table_with("target", 1, count)
    table[0][0], table[0][2] = 14, 0
    one = counted(table, planned=planned)
    estimators = other_estimators(one, planned)
    peers = np.random.default_rng(0).poisson(8, 60)
    found = diagnose(one, planned, estimators, peers=peers, location_error=30.0)
    checked = with_diagnostics(replace(one, other_estimators=estimators), found)
    return publish(whole((planned, (checked,))), release, files=("tables",))


DIAGNOSTICS = (Attack("the severities of diagnostics, by trial", diagnosed, replayed(diagnosed), planted=(2, 3)),)
