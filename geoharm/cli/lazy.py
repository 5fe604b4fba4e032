"""Rooms that are loaded when first used, so that help and refusals need not wait for all of statistics and maps."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """A stand-in for a room, which is imported when something in it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        # Python's own names are asked for by whoever looks at the stand-in itself.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


def lazy(room: str) -> ModuleType:
    """Return a room of the house that runs its imports when something in it is first asked for.

    For the command line alone. Type checkers and the rule of floors read the plain import beside each use.

    Raises
    ------
    ModuleNotFoundError
        If there is no such room.
    """
    name = f"geoharm.{room}"
    if find_spec(name) is None:
        msg = f"There is no {name}."
        raise ModuleNotFoundError(msg)
    return _Later(name)
