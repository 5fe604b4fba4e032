"""Counts to the nearest ten: rows of files, events of markets, baselines of appraisals.

They are published beside the counts of zones, in files of their own. So whatever is computed from them in a public release is
computed from the rounded counts, and tells nothing that these do not.
"""

from __future__ import annotations

import math

from geoharm.disclosure.suppression import round_to_ten
from geoharm.model.disclosure_rules import is_few
from geoharm.model.suppressed import Count, Suppressed


def count_to_ten(count: int, k: int) -> Count:
    """Return a count to the nearest ten, and one of 1 to k - 1 as suppressed; as it is if k is 1.

    Examples
    --------
    >>> [str(count_to_ten(count, 5)) for count in (0, 4, 5, 28, 1234)], count_to_ten(28, 1)
    (['0', 'under 5', '10', '30', '1230'], 28)
    """
    if k == 1:
        return count
    if is_few(count, k):
        return Suppressed(k)
    return max(round_to_ten(count), 10) if count else 0


def ends_of_tens(shown: int) -> tuple[int, int]:
    """Return the smallest and the largest count that are shown as this number of tens; halves go to even tens.

    Examples
    --------
    >>> ends_of_tens(0), ends_of_tens(10), ends_of_tens(110), ends_of_tens(120)
    ((0, 0), (1, 14), (106, 114), (115, 125))
    """
    if shown == 0:
        return 0, 0
    half = 5 if shown % 20 == 0 else 4
    return (1 if shown == 10 else shown - half), shown + half


def working_count(count: int, k: int) -> int:
    """Return the number to compute with in place of a count: to the nearest ten, and the middle of "under k" for 1 to k - 1.

    Nothing that is computed from it depends on the count more than its released form does.

    Examples
    --------
    >>> [working_count(count, 5) for count in (0, 1, 4, 5, 28)], working_count(28, 1)
    ([0, 2, 2, 10, 30], 28)
    """
    shown = count_to_ten(count, k)
    return k // 2 if isinstance(shown, Suppressed) else shown


def working_dispersion(dispersion: float, k: int) -> float:
    """Return the dispersion to compute with: rounded up to a whole number, so that errors do not tell single months apart.

    Examples
    --------
    >>> [working_dispersion(value, 5) for value in (1.0, 1.2, 3.4)], working_dispersion(1.2, 1)
    ([1.0, 2.0, 4.0], 1.2)
    """
    return dispersion if k == 1 else float(math.ceil(dispersion))
