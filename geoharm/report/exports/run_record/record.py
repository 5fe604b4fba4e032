"""Records: typed classes that list what a JSON file may hold, filled from nouns field by field."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, field, fields, is_dataclass
from datetime import date
from enum import Enum, IntEnum
from functools import cache
from numbers import Integral, Real
from types import MethodType, NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from geoharm._text import visible_text
from geoharm.model.reason import Withheld
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.withheld import note_text

Number: TypeAlias = float | None
"""A number rounded to nine digits; None (null) if it is undefined, suppressed or infinite."""

_Record = TypeVar("_Record", bound="Record")
_LINE_LENGTH = 240
_SCALARS: Mapping[object, type] = {int: Integral, float: Real, str: str}


class Record:
    """Base of all records. What a record does not name is not published, and its JSON Schema allows no other key."""

    __slots__ = ()
    # Read by pydantic when the JSON Schema is made; pydantic itself is not needed to write a record.
    __pydantic_config__: ClassVar = {"extra": "forbid", "json_schema_serialization_defaults_required": True}


def key(
    description: str, *, at: str = "", read: Callable[[Any], object] | None = None, default: object = MISSING
) -> Any:
    """Return a field of a record.

    Parameters
    ----------
    description : str
        What it is and its unit, for the JSON Schema and the documents.
    at : str
        Path to the value from the noun, such as "design.operation.name"; a number is a position in a tuple. Empty if the
        noun's attribute or method has the field's name.
    read : function, optional
        Returns the value from the noun, where no path leads to it.
    default : object, optional
        A constant, the same in every record.
    """
    metadata = {"description": description, "at": at, "read": read}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def fill(record: type[_Record], noun: object) -> _Record:
    """Return a record filled from a noun, and so for the records inside it.

    Enums become their value, or the lower-case name of a number; NaN and infinity become None; a note in place of a
    withheld number becomes its words.

    Raises
    ------
    AttributeError
        If the noun lacks a value that the record names.
    TypeError
        If a value has another type than the record's field.
    """
    values = {}
    for name, kind, read in _readers(record):  # type: ignore[arg-type]  # a class is hashable
        try:
            values[name] = _converted(kind, read(noun))
        except TypeError as error:
            msg = f"{record.__name__}.{name}: {error}"
            raise TypeError(msg) from error
    return record(**values)


def record_text(record: Record) -> str:
    """Return a record as the text of a JSON file; dates are ISO dates, and a part that fits on a line stands on one."""
    return visible_text(_laid_out(asdict(record))) + "\n"  # type: ignore[call-overload]


def _laid_out(value: object, indent: str = "") -> str:
    line = json.dumps(value, ensure_ascii=False, allow_nan=False, default=date.isoformat)
    if len(indent) + len(line) <= _LINE_LENGTH or not isinstance(value, dict | tuple):
        return line
    deeper = indent + " "
    if isinstance(value, dict):
        items = [f"{json.dumps(name, ensure_ascii=False)}: {_laid_out(item, deeper)}" for name, item in value.items()]
    else:
        items = [_laid_out(item, deeper) for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{last}"


@cache
def _readers(record: type[Record]) -> tuple[tuple[str, Any, Callable[[Any], object]], ...]:
    """Return name, type and reader of each field that is not a constant."""
    kinds = get_type_hints(record)
    return tuple(
        (item.name, kinds[item.name], item.metadata["read"] or _path_reader(item.metadata["at"] or item.name))
        for item in fields(record)  # type: ignore[arg-type]
        if item.default is MISSING
    )


def _path_reader(path: str) -> Callable[[Any], object]:
    steps = path.split(".")

    def read(noun: Any) -> object:
        for step in steps:
            if noun is None:
                return None
            noun = noun[int(step)] if step.isdigit() else getattr(noun, step)
            if isinstance(noun, MethodType):
                noun = noun()
        return noun

    return read


def _converted(kind: Any, value: Any) -> object:
    """Return a value as the type of a field."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return _converted_union(arguments, value)
    if value is None:
        msg = "a value is missing"
        raise TypeError(msg)
    if is_dataclass(kind):
        return fill(kind, value)  # type: ignore[type-var, arg-type]
    if origin is tuple:
        return tuple(_converted(arguments[0], item) for item in value)
    if origin is Mapping:
        return {str(name): _converted(arguments[1], item) for name, item in sorted(dict(value).items())}
    return _scalar(kind, value)


def _converted_union(kinds: tuple[Any, ...], value: Any) -> object:
    is_undefined = isinstance(value, Real) and not isinstance(value, Integral) and to_record(float(value)) is None
    if NoneType in kinds and (value is None or is_undefined):
        return None
    for kind in kinds:
        if kind is not NoneType and isinstance(value, _SCALARS.get(kind, object)):
            return _converted(kind, value)
    msg = f"{value!r} has none of the types {kinds}"
    raise TypeError(msg)


def _scalar(kind: Any, value: Any) -> object:
    if kind is float:
        return _defined(value)
    if kind is int:
        return operator.index(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if isinstance(value, Withheld):
        value = note_text(value)
    if isinstance(value, Enum):
        value = value.name.lower() if isinstance(value, IntEnum) else value.value
    allowed = get_args(kind) if get_origin(kind) is Literal else ()
    if value in allowed or (not allowed and isinstance(value, kind)):
        return value
    msg = f"{value!r} is not {' or '.join(map(repr, allowed)) if allowed else kind.__name__}"
    raise TypeError(msg)


def _defined(value: float) -> float:
    number = to_record(value)
    if number is None:
        msg = f"{value} is not a finite number"
        raise TypeError(msg)
    return number
