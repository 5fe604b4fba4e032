"""Nouns of a room: its dataclasses, wherever they stand."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import pytest


def nouns_of(room: str) -> list[type]:
    """Return the dataclasses that a room of the package defines."""
    package = importlib.import_module(f"geoharm.{room}")
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [
        noun
        for module in modules
        for noun in vars(module).values()
        if isinstance(noun, type) and dataclasses.is_dataclass(noun) and noun.__module__ == module.__name__
    ]


def check_nouns_are_fixed(room: str, *, least: int) -> None:
    """Assert that no noun of a room can be changed or take an attribute more, and that so many were looked at."""
    nouns = nouns_of(room)
    assert len(nouns) >= least
    for noun in nouns:
        one = noun.__new__(noun)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, dataclasses.fields(noun)[0].name, None)
        with pytest.raises(AttributeError):
            object.__setattr__(one, "no_such_attribute", None)
