"""Checks single values, and helps with the text of TOML files; a bad value is refused in one sentence.

- `check_*`: checks of single values, which raise `DesignError`.
- `nearest_hint`, `toml_string`, `decode_toml`, `read_named_toml`: help with TOML text.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Iterable
from importlib import resources
from pathlib import Path
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm import _limits
from geoharm.errors import DesignError, StudyError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


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
    """Return the text of a TOML file in UTF-8, or in UTF-16 with the byte order mark that Windows programs write.

    Raises
    ------
    StudyError
        If it is in another encoding.
    """
    size, limit = path.stat().st_size, _limits.TOML_BYTES
    if size > limit.most:
        raise StudyError([f'"{path}" {limit.refusal(size)}.'])
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1 if encoding == "utf-8-sig" else 1
        problem = f"the byte 0x{content[error.start]:02x}" if encoding == "utf-8-sig" else "half a character of UTF-16"
        raise StudyError(
            [f'"{path}", line {line}: {problem} is not UTF-8 text; save the file again with the encoding UTF-8.']
        ) from None
    if "\x00" in text:
        raise StudyError(
            [f'"{path}" holds zero bytes, as UTF-16 text does; save the file again with the encoding UTF-8.']
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
