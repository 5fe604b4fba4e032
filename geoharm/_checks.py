"""Refuse a bad value in one sentence, or return it normalised."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError


def check_positive(value: float, name: str) -> float:
    """Return `value` as float if it is finite and above zero.

    Raises
    ------
    DesignError
        Otherwise.

    Examples
    --------
    >>> check_positive(50, "cell size")
    50.0
    """
    number = float(value)
    if not math.isfinite(number) or number <= 0:
        msg = f"The {name} must be a number above 0; {value!r} was given."
        raise DesignError(msg)
    return number


def check_count(value: float, name: str) -> int:
    """Return `value` as int if it is a whole number, zero or more.

    Raises
    ------
    DesignError
        For negative, fractional or missing counts.

    Examples
    --------
    >>> check_count(12.0, "count before")
    12
    """
    number = float(value)
    if not math.isfinite(number) or number < 0 or number != int(number):
        msg = f"The {name} must be a whole number, zero or more; {value!r} was given."
        raise DesignError(msg)
    return int(number)


def check_level(level: float) -> float:
    """Return the confidence level if it lies strictly between 0 and 1.

    Raises
    ------
    DesignError
        Otherwise.
    """
    number = float(level)
    if not 0 < number < 1:
        msg = f"A confidence level lies between 0 and 1 (0.95 for 95 %); {level!r} was given."
        raise DesignError(msg)
    return number


def check_vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as a finite, one-dimensional, read-only float array of its own.

    An array that nobody may write to (nor to what it is a view of) is kept as it is, since fresh memory costs more than
    the sums that follow.

    Raises
    ------
    DesignError
        If the shape is not (n,), or a value is missing or infinite.
    """
    array = values if _is_fixed(values) else np.array(values, dtype=np.float64)
    if array.ndim != 1:
        msg = f"{name} must have shape (n,); shape {array.shape} was given."
        raise DesignError(msg)
    if not np.isfinite(array).all():
        first = int(np.flatnonzero(~np.isfinite(array))[0])
        msg = f"{name} must be finite numbers; item {first} is {array[first]}."
        raise DesignError(msg)
    array.setflags(write=False)
    return array


def _is_fixed(values: ArrayLike) -> TypeGuard[NDArray[np.float64]]:
    array: object = values
    if not (isinstance(array, np.ndarray) and array.dtype == np.float64 and array.flags.c_contiguous):
        return False
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word nearest to `word`, or all known words.

    Examples
    --------
    >>> nearest("bandwith", ["bandwidth", "cell"])  # codespell:ignore
    'did you mean "bandwidth"?'
    """
    options = sorted(known)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    return "known are: " + ", ".join(options) + "." if options else "there is none to choose from."
