"""Modules that are imported at first use, so that help and error messages need not load statistics and maps."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _LazyModule(ModuleType):
    """A placeholder for a module, which is imported when one of its attributes is first used."""

    def __getattr__(self, name: str) -> Any:
        # Python looks up its own names on the placeholder itself; they must not import the module.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


def lazy(module_path: str) -> ModuleType:
    """Return a module of geoharm that is imported when one of its attributes is first used.

    Only for the command line. Type checkers and import-linter read the plain import under `TYPE_CHECKING`.

    Raises
    ------
    ModuleNotFoundError
        If there is no such module.
    """
    name = f"geoharm.{module_path}"
    if find_spec(name) is None:
        msg = f"There is no {name}."
        raise ModuleNotFoundError(msg)
    return _LazyModule(name)
