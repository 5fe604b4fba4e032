"""Rows of a source by month as upper bounds: no more events lie in all zones together than rows were kept.

The number of a month would cut the time of every cell at the first of the month, and double the cells of an attack many times
over. It need not: months bind only where another number begins or ends at the same days, or together. So months are joined to
the stretches of time that the other numbers leave, and nothing is lost (`month_runs`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from geoharm.disclosure.rows import DataSet, RowSet
from geoharm.disclosure.statements import Constraints, PublishedValue, Term
from geoharm.disclosure.tens import ends_of_tens
from geoharm.model.counts import UNPLACED
from geoharm.model.period import Period, add_months

# A month of at most so many times k rows bounds single cells closely, so it cuts the time of every cell; a larger one does not.
_CLOSE_MULTIPLE = 4


def month_bounds(constraints: Constraints, k: int) -> tuple[PublishedValue, ...]:
    """Return what the rows by month of all data sets say about the counts of the other numbers.

    Parameters
    ----------
    constraints : Constraints
        The published numbers of one release, or of several releases merged.
    k : int
        Threshold of the disclosure rule.
    """
    values: list[PublishedValue] = []
    for key, data in sorted(constraints.data.items()):
        if data.months:
            values += _bounds_of(key, data, constraints, k)
    return tuple(values)


def month_runs(cuts: Iterable[date], months: Mapping[date, int]) -> tuple[tuple[Period, int], ...]:
    r"""Return the stretches of time whose events are bounded by the months that they touch, and by how many.

    Parameters
    ----------
    cuts : iterable of date
        Days on which some number begins or ends. They cut time into pieces.
    months : mapping of date to int
        The most events of each month, by its first day.

    Notes
    -----
    Let :math:`x_p` be the events of piece p and :math:`u_m` the most of month m. The events of a piece may lie in any month
    that it touches. By Hall's theorem the months can take them exactly if, for every set of pieces, the months that one of
    them touches can. A piece touches months in a row, so only sets of all pieces inside some months in a row count,

    .. math:: \sum_{p \subset [a, b]} x_p \le \sum_{m \in [a, b]} u_m,

    and of these only such that no cut inside is the first of a month; others are sums of two. Pieces that reach into a month
    without a number are not bound.

    References
    ----------
    P. Hall (1935), On representatives of subsets, https://doi.org/10.1112/jlms/s1-10.37.26

    Examples
    --------
    >>> year = {date(2020, month, 1): 10 for month in range(1, 13)}
    >>> for run, most in month_runs([date(2020, 1, 1), date(2020, 3, 1), date(2020, 6, 15)], year):
    ...     print(run.start, run.end, most)
    2020-01-01 2020-03-01 20
    2020-03-01 2020-06-15 40
    """
    found: dict[Period, int] = {}
    for stretch in _adjacent(months):
        end = add_months(stretch[-1], 1)
        firsts = [*stretch, end]
        inside = sorted({cut for cut in cuts if stretch[0] <= cut <= end})
        sums = [0]
        for month in stretch:
            sums.append(sums[-1] + months[month])
        for first, start in enumerate(inside):
            for stop in inside[first + 1 :]:
                low, high = bisect_right(firsts, start) - 1, bisect_left(firsts, stop)
                begin, last = inside[bisect_left(inside, firsts[low])], inside[bisect_right(inside, firsts[high]) - 1]
                found[Period(begin, last)] = sums[high] - sums[low]
                if stop in months:
                    break
    return tuple(found.items())


def _bounds_of(key: str, data: DataSet, constraints: Constraints, k: int) -> Iterator[PublishedValue]:
    """Return the bounds of one data set: all places of all numbers that share a row with it, and rows without a place."""
    related = {key} | {other for other, its in constraints.data.items() if set(its.files) & set(data.files)}
    terms = [term for value in constraints.values for term in value.terms if term.rows.data in related]
    if not terms:
        return
    most = {month: _most(rows, k) for month, rows in data.months}
    cuts = {edge for term in terms for period in term.periods for edge in (period.start, period.end)}
    named = {place for term in terms for place in term.places}
    places = (*sorted(named & constraints.outlines.keys()), *sorted(named & {UNPLACED}))
    for month, events in most.items():
        if events <= _CLOSE_MULTIPLE * k:
            cuts |= {month, add_months(month, 1)}
    rows = RowSet(key, data.scheme)
    for run, events in month_runs(cuts, most):
        text = f"{data.source}, rows kept from {run.start} up to {run.end}"
        yield PublishedValue(text, (Term(1.0, rows, places, (run,)),), 0.0, float(events))


def _most(rows: int, k: int) -> int:
    """Return the most rows of a month that a released number stands for; a negative one is withheld (`DataSet`)."""
    if rows >= 0:
        return ends_of_tens(rows)[1]
    return (-rows if rows < -1 else k) - 1


def _adjacent(months: Iterable[date]) -> Iterator[list[date]]:
    """Return stretches of months that follow one another."""
    stretch: list[date] = []
    for month in sorted(months):
        if stretch and add_months(stretch[-1], 1) != month:
            yield stretch
            stretch = []
        stretch.append(month)
    if stretch:
        yield stretch
