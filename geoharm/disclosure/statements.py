"""Statements: each published number as a linear statement about counts by rows, place and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.rows import DataSet, RowSet, nearest
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class Term:
    """A factor times one count: the events among some rows, at any of some places, in any of some periods."""

    factor: float
    rows: RowSet
    places: tuple[str, ...]
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """One published number: a weighted sum of counts that lies between `low` and `high`.

    Attributes
    ----------
    text : str
        Which number, in words.
    terms : tuple of Term
    low, high : float
        Infinite where there is no bound.
    withheld : bool
        Whether the number itself is suppressed.
    """

    text: str
    terms: tuple[Term, ...]
    low: float
    high: float
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Constraints:
    """All numbers that a release publishes, and what the places and rows are that they refer to.

    Attributes
    ----------
    values : tuple of PublishedValue
    outlines : mapping of str to shapely geometry
        Outlines of the places, in metres. A place without an outline overlaps no other.
    leaks : tuple of str
        Numbers that are shown although they are made from a suppressed count.
    data : mapping of str to DataSet
        The data sets of the rows, by `DataSet.key`. Rows of a key that is not here share no row with others.
    """

    values: tuple[PublishedValue, ...]
    outlines: Mapping[str, BaseGeometry]
    leaks: tuple[str, ...] = ()
    data: Mapping[str, DataSet] = field(default_factory=dict)


NOTHING_SAID = Constraints((), {})


def distinct(values: tuple[PublishedValue, ...]) -> tuple[PublishedValue, ...]:
    """Return the values without those that say the same as one before them."""
    first: dict[tuple[object, ...], PublishedValue] = {}
    for value in values:
        first.setdefault((value.terms, value.low, value.high, value.withheld), value)
    return tuple(first.values())


def merge_constraints(*tellings: Constraints) -> Constraints:
    """Return the published values of several releases together; a value in more than one of them is kept once."""
    outlines: dict[str, BaseGeometry] = {}
    data: dict[str, DataSet] = {}
    for constraints in tellings:
        outlines |= constraints.outlines
        data |= constraints.data
    values = tuple(value for constraints in tellings for value in constraints.values)
    leaks = tuple(leak for constraints in tellings for leak in constraints.leaks)
    return Constraints(distinct(values), outlines, leaks, data)


def read_as_current(earlier: Constraints, current: Constraints) -> Constraints:
    """Return earlier values with every data set replaced by that of the current release with nearly the same rows.

    Values of data that resemble none of the current data stay as they are. So do those of data to which only files were
    added since: what the added files hold is known to be the difference.
    """
    replaced = {
        key: found.key
        for key, data in earlier.data.items()
        if (found := nearest(data, current.data.values())) is not None and not set(data.files) < set(found.files)
    }
    values = tuple(
        replace(
            value,
            terms=tuple(
                replace(term, rows=replace(term.rows, data=replaced.get(term.rows.data, term.rows.data)))
                for term in value.terms
            ),
        )
        for value in earlier.values
    )
    kept = {key: data for key, data in earlier.data.items() if replaced.get(key, key) == key}
    return Constraints(values, earlier.outlines, earlier.leaks, kept)
