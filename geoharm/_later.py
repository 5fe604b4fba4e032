"""Rooms that are loaded when first used, so that help and refusals need not wait for all of statistics and maps."""

from __future__ import annotations

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType


def later(room: str) -> ModuleType:
    """Return a room of the house that runs its imports when something in it is first asked for.

    For the command line alone. Type checkers and the rule of floors read the plain import beside each use.

    Raises
    ------
    ModuleNotFoundError
        If there is no such room.
    """
    name = f"geoharm.{room}"
    if name in sys.modules:
        return sys.modules[name]
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        msg = f"There is no {name}."
        raise ModuleNotFoundError(msg)
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    # As every import does, so that `import geoharm.ROOM` finds it there.
    setattr(sys.modules["geoharm"], room, module)
    spec.loader.exec_module(module)
    return module
