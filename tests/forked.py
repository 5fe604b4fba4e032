"""Work in a forked process: what it returns comes back, and what it does to itself stays there."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from typing import Any


def in_child(work: Callable[..., Any], *given: object) -> Any:
    """Do something in a forked process and return its result.

    Raises
    ------
    RuntimeError
        If it raised something, or ended without a result.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            result = (True, work(*given))
        except BaseException as error:
            result = (False, repr(error))
        with os.fdopen(writing, "wb") as stream:
            pickle.dump(result, stream)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    done, result = pickle.loads(answer) if answer else (False, "it ended without a result")
    if not done:
        raise RuntimeError(result)
    return result


def end_of_child(work: Callable[[], object]) -> int:
    """Do something in a forked process and return the code with which it ended: 0 if it came to its end, 99 if it raised."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:
            os._exit(99)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
