"""Nouns of a room: its dataclasses, wherever they stand."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import numpy as np
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


def check_arrays_are_read_only(noun: object, *, least: int) -> None:
    """Assert that no array in a noun, or in the nouns, tuples and mappings inside it, can be written."""
    arrays = list(_arrays(noun, type(noun).__name__))
    assert len(arrays) >= least
    assert [where for where, array in arrays if array.flags.writeable] == []


def _arrays(value: object, where: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray):
        yield where, value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _arrays(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _arrays(item, where)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _arrays(item, where)
