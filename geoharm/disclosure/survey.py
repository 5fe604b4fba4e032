"""Disclosure control of survey estimates: enough respondents behind each, and a standard error that is no denominator.

A percentage and its standard error give the number of respondents back, and so how many gave an answer: +33.4 points with an
error of 38.48 are one and two of three people. So an estimate needs k respondents for the answer and k against it (or none), in
every cell of area and period that it is the mean of. Cells that have fewer must be several and have as many together. Of a mean,
such as a price, the respondents are not known; it needs k cells, because each has one at least.
"""

from __future__ import annotations

import math
from dataclasses import replace

from geoharm.disclosure.suppression import round_to_two_digits, suppress_estimate
from geoharm.harm.results.perception import AnswerCounts, IndicatorChange
from geoharm.model.disclosure_rules import is_few
from geoharm.model.estimate import Estimate
from geoharm.model.reason import Reason, Withheld

_DECIMALS = {"percent": 1, "proportion": 3}


def has_enough_respondents(cells: AnswerCounts, k: int) -> bool:
    """Return whether the mean of some cells may be published.

    Parameters
    ----------
    cells : sequence of (float, float)
        Respondents of each cell who gave the answer, and who did not; NaN if not known.
    k : int
        Threshold of the disclosure rule.

    Examples
    --------
    >>> has_enough_respondents(((18, 72),), 5), has_enough_respondents(((1, 2),), 5), has_enough_respondents((), 5)
    (True, False, True)
    >>> has_enough_respondents(((3, 30), (4, 40), (40, 80)), 5), has_enough_respondents(((math.nan, math.nan),) * 5, 5)
    (True, True)
    """
    if any(math.isnan(given) for given, _ in cells):
        return len(cells) >= k
    few = [cell for cell in cells if any(is_few(round(answers), k) for answers in cell)]
    together = [round(sum(cell[side] for cell in few)) for side in (0, 1)]
    return not few or (len(few) > 1 and not any(is_few(answers, k) for answers in together))


def protect_indicator(change: IndicatorChange, k: int) -> IndicatorChange:
    """Return the change of a survey indicator as it may be released; an internal release (k = 1) shows everything.

    What rests on too few respondents is withheld, with every difference that contains it. Other estimates have one decimal (of
    a percentage), and their errors two digits.
    """
    if k == 1:
        return change
    here = all(has_enough_respondents(cells, k) for cells in change.answers[:2])
    elsewhere = all(has_enough_respondents(cells, k) for cells in change.answers[2:])
    note = Withheld(Reason.FEW_RESPONDENTS, k)

    def released(estimate: Estimate, *, is_safe: bool) -> Estimate:
        if not estimate.is_defined:
            return estimate
        return _round(estimate) if is_safe else suppress_estimate(estimate, note)

    return replace(
        change,
        before=released(change.before, is_safe=here),
        after=released(change.after, is_safe=here),
        here=released(change.here, is_safe=here),
        elsewhere=released(change.elsewhere, is_safe=elsewhere),
        net=released(change.net, is_safe=here and elsewhere),
        answers=(),
    )


def _round(estimate: Estimate) -> Estimate:
    decimals = _DECIMALS.get(estimate.unit)
    value = round_to_two_digits(estimate.value) if decimals is None else round(estimate.value, decimals)
    return replace(estimate, value=value, standard_error=round_to_two_digits(estimate.standard_error))
