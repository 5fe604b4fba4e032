"""Survey estimates: enough respondents for an answer and against it, in every cell or in the small cells together."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.disclosure.survey import has_enough_respondents, protect_indicator
from geoharm.model.period import Period
from geoharm.model.reason import Reason, Withheld
from geoharm.model.survey import SurveyEstimates
from tests.attacks.kinds_decisions import asked

NAN = math.nan


@pytest.mark.parametrize(
    ("cells", "enough"),
    [
        (((9, 81),), True), (((4, 86),), False), (((0, 7),), True), (((86, 4),), False), (((1, 2), (40, 50)), False),
        (((3, 30), (4, 40)), True), (((1, 30), (1, 40)), False), (((NAN, NAN),) * 4, False), (((NAN, NAN),) * 5, True),
    ],
)  # fmt: skip
def test_small_cells_need_others_beside_them(cells, enough):
    assert has_enough_respondents(cells, 5) is enough


def test_respondents_follow_from_an_estimate_and_its_error():
    period = Period(date(2020, 1, 1), date(2021, 1, 1))
    shares, people = np.array([0.25, 0.5, 0.0]), np.array([40.0, 8.0, 30.0])
    errors = 100 * np.sqrt(shares * (1 - shares) / people)
    errors[2] = 100 * 1.959963984540054 / (2 * (30 + 1.959963984540054**2))
    shape = shapely.box(0, 0, 1, 1)
    survey = SurveyEstimates(
        "s", "q", "percent", ("a", "b", "c"), (period,), 100 * shares[:, None], errors[:, None], (shape, None, None)
    )
    given, not_given = survey.answers()
    assert given.ravel() == pytest.approx([10, 4, 0])
    assert not_given.ravel() == pytest.approx([30, 4, 30])
    price = SurveyEstimates("s", "q", "pounds", ("a",), (period,), [[20.0]], [[2.0]], (shape,))
    assert all(np.isnan(one).all() for one in price.answers())


def test_an_estimate_of_few_is_withheld_with_every_difference_that_contains_it():
    found = protect_indicator(asked(9, 3), 5)
    withheld = Withheld(Reason.FEW_RESPONDENTS, 5)
    for estimate in (found.before, found.after, found.here, found.net):
        assert math.isnan(estimate.value)
        assert math.isnan(estimate.standard_error)
        assert estimate.note == withheld
    assert found.elsewhere.is_defined
    assert found.answers == ()


def test_estimates_of_many_are_rounded_with_their_errors_and_an_internal_release_shows_all():
    exact = asked(91, 30)
    found = protect_indicator(exact, 5)
    assert (found.after.value, found.after.standard_error) == (33.0, 4.9)
    assert protect_indicator(exact, 1) == exact
