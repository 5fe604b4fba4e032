"""A category that ends where another of nearly the same name begins is found, and chance alone does not look like one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.queries.renamed_categories import _words, find_renamed, nearly_same


def months(count):
    return [date(2015 + number // 12, number % 12 + 1, 1) for number in range(count)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Assault - simple", "Simple assault"),
        ("ASSLT", "Assault"),
        ("ASSLT AGG", "AGGRAVATED ASSAULT"),
        ("3414", "3414 Larceny from a motor vehicle"),
        ("0520", "520 Burglary"),
        ("Thefts", "Theft"),
        ("Drug offences", "Drug offenses"),
        ("Drugs", "Drugs - possession"),
        ("Theft of vehicle", "Vehicle theft"),
        ("Körperverletzung, einfach", "Einfache Koerperverletzung"),
    ],
)
def test_names_are_nearly_the_same(one, other):
    assert nearly_same(_words(one), _words(other))
    assert nearly_same(_words(other), _words(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Assault - simple", "Assault - aggravated"),
        ("Violent", "Non-violent"),
        ("Theft", "Other theft"),
        ("Burglary", "Robbery"),
        ("3414", "3415"),
        ("3414 Larceny", "3415 Larceny"),
        ("Male victim", "Female victim"),
        ("Theft from a person", "Theft of a bicycle"),
        ("Vandalism", "Violence"),
        ("Drugs", "Drugs found in a school or near one"),
        ("-", "?"),
    ],
)
def test_names_are_not_nearly_the_same(one, other):
    assert not nearly_same(_words(one), _words(other))
    assert not nearly_same(_words(other), _words(one))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(24, 60),
    cut=st.floats(0.3, 0.7),
    rate=st.floats(60, 300),
    overlap=st.sampled_from([-1, 0, 1]),
    stray=st.integers(0, 2),
)
def test_a_renamed_category_is_found_in_its_month(seed, length, cut, rate, overlap, stray):
    """The new list may come a month late or early, in mid-month, and leave a few rows under the old name."""
    rng = np.random.default_rng(seed)
    month = round(cut * length)
    old, new, steady = rng.poisson(rate, length), rng.poisson(rate, length), rng.poisson(rate, length)
    old[month:] = 0
    old[length - 1] += stray * (rate >= 50)
    new[: month - overlap] = 0
    (found,) = find_renamed(["ASSLT", "Assault", "Theft"], months(length), np.stack([old, new, steady]))
    assert (found.old, found.new) == ("ASSLT", "Assault")
    assert abs(months(length).index(found.month) - month) <= 1


@pytest.mark.parametrize(
    "change",
    ["another month", "another size", "too few", "does not end", "was there before", "another name", "the last month"],
)
def test_less_is_no_renamed_category(change):
    old, new = np.full(40, 20), np.full(40, 20)
    old[20:], new[:20] = 0, 0
    names = ["ASSLT", "Assault"]
    if change == "another month":
        new[:23] = 0
    elif change == "another size":
        new *= 5
    elif change == "too few":
        old, new = old // 20, new // 20
    elif change == "does not end":
        old[30:] = 4
    elif change == "was there before":
        new[:5] = 10
    elif change == "another name":
        names = ["ASSLT", "Theft"]
    else:
        old[20:39], new[20:39] = 20, 0
    assert find_renamed(names, months(40), np.stack([old, new])) == ()


def test_chance_renames_nothing():
    """Made cities of forty categories that all have one name: seasonal, drifting, bursty, rare and frequent ones."""
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(100):
        length = int(rng.integers(12, 84))
        rate, size = np.exp(rng.normal(1.5, 1.8, 40)), rng.choice([0.3, 1, 5, 50], 40)
        season = 1 + 0.9 * np.cos(2 * np.pi * (np.arange(length) / 12 + rng.random((40, 1))))
        drift = np.exp(np.cumsum(rng.normal(0, rng.choice([0, 0.05, 0.2], 40)[:, None], (40, length)), axis=1))
        mean = rate[:, None] * season * drift
        counts = rng.poisson(rng.gamma(size[:, None], mean / size[:, None]))
        found += bool(find_renamed(["Theft"] * 40, months(length), counts))
    # Were every name nearly the same as every other, this would be 2 %; few pairs of a real list are.
    assert found <= 4
