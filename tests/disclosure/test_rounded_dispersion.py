"""Under a rule that rounds, dispersions are those of rounded months: golden numbers, and what they no longer depend on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from geoharm.disclosure.dispersion_attack import dispersion_reveals_month
from geoharm.disclosure.rounded_dispersion import with_rounded_dispersions
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.model.counts import Change
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.stats.dispersion import monthly_dispersion
from tests.attacks.kinds_counts import MONTH_WINDOWS
from tests.attacks.worlds import MONTHS, one_operation, plan

RULE = DISCLOSURE_RULES["1-7-round-5"]
UNEVEN = [13, 58, 17, 62, 12, 60, 14, 61, 13, 59, 16, 57]


def made(months):
    table = np.full((5, MONTHS.size), 50, dtype=np.int64)
    table[0, :12], table[4] = months, np.resize([88, 133], MONTHS.size)
    return one_operation(table, dates=MONTHS, planned=plan(**MONTH_WINDOWS))


def effect(result, zone="target"):
    return result.operations[0].measures[0].effect(zone)


def test_the_dispersion_is_that_of_rounded_months():
    found = effect(with_rounded_dispersions(made(UNEVEN), RULE))
    rounded = [15, 60, 15, 60, 10, 60, 15, 60, 15, 60, 15, 55]
    assert found.dispersion == pytest.approx(math.ceil(monthly_dispersion(rounded) * 10 - 1e-9) / 10)
    assert found.dispersion != effect(made(UNEVEN)).dispersion


def test_months_that_round_alike_give_one_dispersion_of_zone_and_control():
    other = [14, 59, 16, 61, 11, 62, 13, 60, 17, 58, 15, 56]
    assert [RULE.working_count(one) for one in other] == [RULE.working_count(one) for one in UNEVEN]
    one, two = (effect(with_rounded_dispersions(made(months), RULE)) for months in (UNEVEN, other))
    assert one.dispersion == two.dispersion
    zone, control = Change("z", one.before, one.after), Change("c", one.control_before, one.control_after)
    months = [RULE.working_count(count) for count in np.resize([88, 133], 12)]
    of_control = math.ceil(monthly_dispersion(months) * 10 - 1e-9) / 10
    again = net_change(zone, control, zone_dispersion=one.dispersion, control_dispersion=of_control)
    assert one.difference.standard_error == pytest.approx(again.standard_error)


def test_what_has_no_error_gets_none():
    whole = made(UNEVEN)
    measure = whole.operations[0].measures[0]
    without = replace(measure.effects[0], difference=replace(measure.effects[0].difference, standard_error=math.nan))
    measure = replace(measure, effects=(without, *measure.effects[1:]))
    operation = replace(whole.operations[0], measures=(measure,))
    found = effect(with_rounded_dispersions(replace(whole, operations=(operation,)), RULE))
    assert math.isnan(found.difference.standard_error)


def test_rounded_months_reveal_no_exact_one():
    whole = made([0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    counts, design = whole.operations[0].measures[0].counts, whole.operations[0].design
    assert dispersion_reveals_month(counts, ["target"], design, DISCLOSURE_RULES["under-10"].k)
    assert not dispersion_reveals_month(counts, ["target"], design, RULE.k)
