"""Checks values and reads TOML: a bad value is refused in one sentence, and a table collects all its mistakes.

- `check_*`: checks of single values, which raise `DesignError`.
- `nearest_hint`, `toml_string`, `decode_toml`, `read_named_toml`: help with TOML text.
- `TomlTable`: a TOML table that adds every mistake to a list of problems.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError, StudyError


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
    """Return `values` as a finite, one-dimensional, read-only float array.

    An array that can no longer be written to (nor the array that it is a view of) is returned as it is, because a copy
    would cost more than the computations that follow. Any other array is copied.

    Parameters
    ----------
    values : array_like, shape (n,)
    name : str
        What the values are, for the error message.

    Raises
    ------
    DesignError
        If the shape is not (n,), or a value is missing or infinite.
    """
    array = values if _is_read_only(values) else np.array(values, dtype=np.float64)
    if array.ndim != 1:
        msg = f"{name} must have shape (n,); shape {array.shape} was given."
        raise DesignError(msg)
    if not np.isfinite(array).all():
        first = int(np.flatnonzero(~np.isfinite(array))[0])
        msg = f"{name} must be finite numbers; item {first} is {array[first]}."
        raise DesignError(msg)
    array.setflags(write=False)
    return array


def _is_read_only(values: ArrayLike) -> TypeGuard[NDArray[np.float64]]:
    array: object = values
    if not (isinstance(array, np.ndarray) and array.dtype == np.float64 and array.flags.c_contiguous):
        return False
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None


def nearest_hint(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word most similar to `word`, or all known words.

    Examples
    --------
    >>> nearest_hint("bandwith", ["bandwidth", "cell"])  # codespell:ignore
    'did you mean "bandwidth"?'
    """
    options = sorted(known)
    matches = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if matches:
        return f'did you mean "{matches[0]}"?'
    return "known are: " + ", ".join(options) + "." if options else "there is none to choose from."


def toml_string(text: str) -> str:
    r"""Return a text as a TOML string, whatever characters it contains.

    Examples
    --------
    >>> print(toml_string('say "b"'))
    "say \"b\""
    """
    # A JSON string is a valid TOML string, except for the delete character, which TOML refuses.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def decode_toml(path: Path) -> str:
    """Return the text of a TOML file, without the byte order mark that some Windows programs write.

    Raises
    ------
    StudyError
        If it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(
            [f'"{path}" is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8.']
        ) from error


def read_named_toml(
    name: str, folder: Path, *, package: str, shipped: Collection[str], absent: str, unknown: str
) -> str:
    """Return the TOML text that a study names: a file of its own, or one that is shipped with geoharm.

    Parameters
    ----------
    name : str
        A shipped name, or a path that ends in .toml, relative to `folder`.
    folder : Path
    package : str
        Package that contains the shipped files.
    shipped : collection of str
    absent, unknown : str
        Messages if the file, or the name, does not exist.

    Raises
    ------
    StudyError
        If there is no such text, or it is not UTF-8.
    """
    if name.endswith(".toml"):
        path = folder / name
        if not path.is_file():
            raise StudyError([absent])
        return decode_toml(path)
    if name not in shipped:
        raise StudyError([unknown])
    return resources.files(package).joinpath(f"{name}.toml").read_text(encoding="utf-8")


class TomlTable:
    """A TOML table that knows its place in the file and collects its mistakes.

    Every getter returns a value of the right type, so that reading continues after a mistake and finds the next one.
    After a mistake the value is a placeholder: nothing may be used unless `problems` is empty.

    Parameters
    ----------
    content : dict
    where : str
        Place in the file, such as "boston.toml, operation 1"; every sentence starts with it.
    problems : list of str
        Mistakes are added here.
    """

    def __init__(self, content: Any, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self.content: dict[str, Any] = content if isinstance(content, dict) else {}
        if not isinstance(content, dict):
            problems.append(f"{where} must be a table.")

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def refuse(self, key: str, why: str) -> None:
        """Add a mistake; `why` states the rule and ends the sentence."""
        value = self.content.get(key)
        given = "" if value is None or isinstance(value, dict) else f" = {_value_text(value)}"
        self.problems.append(f"{self.where}: {key}{given} {why}")

    def known(self, *keys: str) -> TomlTable:
        """Add a mistake for every key that is not listed; return the table itself."""
        for key in self.content:
            if key not in keys:
                self.problems.append(f"{self.where}: {key} is not a known key; {nearest_hint(key, keys)}")
        return self

    def text(self, key: str, default: str | None = None, *, choices: Sequence[str] = ()) -> str:
        """Return a text. It is required unless a default is given, and must be one of `choices` if there are any."""
        value = self._get(key, default)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "must be a text.")
            return ""
        if choices and value not in choices:
            self.refuse(key, f"is not allowed; {nearest_hint(value, choices)}")
        return value

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._get(key, default)
        if value is None:
            return ()
        if (
            isinstance(value, str)
            or not isinstance(value, Iterable)
            or not all(isinstance(item, str) for item in value)
        ):
            self.refuse(key, 'must be a list of texts, such as ["a", "b"].')
            return ()
        return tuple(value)

    def number(self, key: str, default: float | None = None, *, least: float = 0, most: float = float("inf")) -> float:
        """Return a number from `least` to `most`, both included."""
        value = self._get(key, default)
        if value is None:
            return least
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            limit = f"between {least:g} and {most:g}" if most < float("inf") else f"of {least:g} or more"
            self.refuse(key, f"must be a number {limit}.")
            return least
        return float(value)

    def integer(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """Return a whole number."""
        value = self.number(key, default, least=least)
        if value != int(value):
            self.refuse(key, "must be a whole number.")
        return int(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers."""
        value = self._get(key, None)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(
            isinstance(item, int | float) and not isinstance(item, bool) for item in value
        ):
            self.refuse(key, "must be a list of numbers, such as [250, 500].")
            return ()
        return tuple(float(item) for item in value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            self.refuse(key, "must be true or false.")
            return default
        return value

    def day(self, key: str) -> date:
        """Return a date."""
        value = self._get(key, None)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if value is not None:
            self.refuse(key, "must be a date without quotes, such as 2019-08-01.")
        return date(1970, 1, 1)

    def table(self, key: str, *, needed: bool = True) -> TomlTable:
        """Return a table inside this one; empty if it is missing and not needed."""
        if key not in self.content and needed:
            self.problems.append(f"{self.where}: {key} is missing.")
        return TomlTable(self.content.get(key, {}), f"{self.where}, {key}", self.problems)

    def tables(self, key: str) -> list[TomlTable]:
        """Return the tables of a [[list]], numbered from 1."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            self.problems.append(f"{self.where}: write [[{key}]] with two brackets: there may be several.")
            return []
        return [
            TomlTable(item, f"{self.where}, {key} {number}", self.problems)
            for number, item in enumerate(value, start=1)
        ]

    def _get(self, key: str, default: Any) -> Any:
        if key not in self.content:
            if default is None:
                self.problems.append(f"{self.where}: {key} is missing.")
            return default
        return self.content[key]


def _value_text(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
