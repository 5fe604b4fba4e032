"""Loops that numba compiles, kept on the disk where a place for them can be written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function when it is first called.

    What was compiled is kept beside the program, or in the user's folder of caches; where neither can be written to (a
    read-only installation, an account without a home), it is compiled again in every run.

    Parameters
    ----------
    **options
        Of `numba.njit`, without ``cache``.
    """

    def compile_later(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # "no locator available"
            return numba.njit(**options)(function)

    return compile_later
