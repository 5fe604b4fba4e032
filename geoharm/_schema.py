"""TOML files read by a pydantic schema; every mistake of a file becomes one sentence.

A schema says what one key may be. What keys must be together, and what they name, is checked by the reader of the file,
which adds its own sentences to the same `Mistakes`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import NoneType
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, core_schema

from geoharm import _limits
from geoharm._rules import choices, missing_text, options, rule_text, shortened, value_text
from geoharm._validation import nearest_hint
from geoharm.errors import StudyError

# A place in a file: the keys, and the positions in lists from 0, on the way to it.
Place: TypeAlias = tuple[str | int, ...]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Keys joined by dots, also quoted ones; texts with that many dots in a row and no comma are rare.
_DOTTED = re.compile(rf"""(?<![^.=,\n{{}}\[\]#])(?:[^.=,\n{{}}\[\]#]{{1,200}}\.){{{_limits.DOTTED_KEYS.most}}}""")
_ABSENT = object()
_CURLY_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2032\u2033"
# What TOML says of a backslash that begins no sign it knows.
_ESCAPE_FAULT = re.compile(r"hex value|Unescaped|[Ee]scape|unicode scalar")


class Table(BaseModel):
    """A table of a TOML file: no unknown key, no converted type, no number that is not finite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


TableT = TypeVar("TableT", bound=Table)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The annotation of a text that must be one of several."""

    choices: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.choices))


def _check_day(day: date) -> date:
    if not 1800 <= day.year < 2200:
        msg = "must be a day between the years 1800 and 2199."
        raise ValueError(msg)
    return day


def _check_file_name(name: str) -> str:
    if any(unicodedata.category(sign) == "Cc" for sign in name):
        msg = (
            'holds a sign that no file name has: between double quotes, TOML reads "\\" and a letter as one sign; write the '
            "path with / instead, or between single quotes."
        )
        raise ValueError(msg)
    return name


def _check_web_folder(address: str) -> str:
    """Return an address if it is that of a folder on the web: https, a host, and a slash at its end; no query."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::\d+)?/(?:[A-Za-z0-9._~%!$&'()*+,;=:@-]+/)*", address):
        msg = (
            'is no web address of a folder; write it in full, with a slash at its end: "https://city.example/reports/".'
        )
        raise ValueError(msg)
    return address


Name: TypeAlias = Annotated[str, Field(pattern=r"\S", max_length=200)]
Text: TypeAlias = Annotated[str, Field(pattern=r"\S", max_length=5000)]
FileName: TypeAlias = Annotated[str, Field(pattern=r"\S", max_length=255), AfterValidator(_check_file_name)]
WebFolder: TypeAlias = Annotated[
    str, Field(max_length=500, examples=["https://city.example/reports/"]), AfterValidator(_check_web_folder)
]
Day: TypeAlias = Annotated[date, AfterValidator(_check_day)]


class _TomlJsonSchema(GenerateJsonSchema):
    """JSON Schema of TOML: it has no null, and the names of keys need no titles."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        # The defaults of a table are those of its keys.
        if isinstance(schema.get("default"), Table | NoneType):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schema(model: Any, *, title: str = "") -> JsonSchemaValue:
    """Return the JSON Schema (draft 2020-12) of a table, or of a union of tables.

    Parameters
    ----------
    model : type
        A class of `Table`, or a union of them.
    title : str
        Title of the whole; the title of the model if empty.
    """
    schema = TypeAdapter(model).json_schema(schema_generator=_TomlJsonSchema)
    return {"$schema": _DIALECT} | ({"title": title} if title else {}) | schema


def read_tables(model: type[TableT], text: str, *, file: str) -> tuple[TableT, Mistakes]:
    """Read a TOML text by a schema.

    Where the text breaks the schema, the tables hold a permitted value in its place, so that the reader can go on and
    find further mistakes. Nothing may be used unless the mistakes are empty.

    Parameters
    ----------
    model : type
        The schema of the whole file.
    text : str
    file : str
        Name of the file, with which every sentence begins.

    Returns
    -------
    tables : instance of `model`
    mistakes : Mistakes

    Raises
    ------
    StudyError
        If the text is not TOML.
    """
    return check_tables(model, load_toml(text, file), file=file)


def check_tables(model: type[TableT], content: dict[str, Any], *, file: str) -> tuple[TableT, Mistakes]:
    """Read the content of a TOML file by a schema; see `read_tables`."""
    mistakes = Mistakes(content, file)
    # A mistake may hide others, in the same table or deeper, so that mending takes several rounds.
    while True:
        try:
            return model.model_validate(content), mistakes
        except ValidationError as error:
            errors, most = error.errors(include_url=False), _limits.LISTED_MISTAKES.most
            mended = mistakes.note(errors[:most], json_schema(model), content)
            if len(errors) > most:
                more = f"{file}: at least {len(errors) - most:,} more mistakes; {_limits.LISTED_MISTAKES.way_out}."
                raise StudyError([*mistakes.sentences, more]) from error
            if mended is content:
                raise StudyError(mistakes.sentences) from error
            content = mended


def load_toml(text: str, file: str) -> dict[str, Any]:
    """Return the content of a TOML text.

    Raises
    ------
    StudyError
        If it is not TOML, or holds a number or nested lists that no study needs.
    """
    chain = _DOTTED.search(text)
    if chain:
        # The parser goes through all beginnings of such a key, and again for each key of its table.
        at = text.count("\n", 0, chain.start()) + 1
        raise StudyError([f"{file} {_limits.DOTTED_KEYS.refusal()}; it is in line {at}."])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = _toml_problem(text, str(error))
    except RecursionError:
        problem = "nests tables or lists too deeply; a study needs five levels at most."
    except ValueError:
        # Python reads no whole number of more digits; its own message names no line.
        digits = re.search(rf"[0-9_]{{{_limits.DIGITS.most + 1},}}", text)
        line = f" in line {text.count(chr(10), 0, digits.start()) + 1}" if digits else ""
        problem = f"holds a number of more than {_limits.DIGITS.most:,} digits{line}; {_limits.DIGITS.way_out}."
    raise StudyError([f"{file} {problem}"])


def _toml_problem(text: str, message: str) -> str:
    """Return what is wrong with a text that is no TOML, and the remedy where the cause is a known one.

    Examples
    --------
    >>> _toml_problem("a = \u201cb\u201d", "Invalid value (at line 1, column 5)")
    'has a curly quote (\u201c) in line 1; TOML wants straight quotes ("), so type it again.'
    """
    place = re.search(r"at line (\d+), column (\d+)", message)
    lines = text.split("\n")
    number = int(place.group(1)) if place else len(lines)
    line = lines[min(number, len(lines)) - 1]
    curly = re.search(f"[{_CURLY_QUOTES}]", line)
    if curly:
        return (
            f'has a curly quote ({curly.group()}) in line {number}; TOML wants straight quotes ("), so type it again.'
        )
    if "\\" in line and _ESCAPE_FAULT.search(message):
        return (
            f'has a "\\" between double quotes in line {number}, where TOML takes it for the start of a sign; write a path with '
            "/ instead, or between single quotes."
        )
    wide = next((sign for sign in line if sign.isspace() and sign not in " \t"), "")
    if wide:
        return f"has a space in line {number} that is no plain one ({unicodedata.name(wide, 'unnamed').lower()}); type it again."
    return f"is not valid TOML: {shortened(message, most=200)}."


class Mistakes:
    """The mistakes of one file, as sentences.

    Parameters
    ----------
    content : dict
        The file as it was written.
    file : str
        Name of the file.

    Attributes
    ----------
    sentences : list of str
    """

    def __init__(self, content: Mapping[str, Any], file: str) -> None:
        self.file = file
        self.sentences: list[str] = []
        self._content = content
        self._mended: set[Place] = set()

    def is_sound(self, *place: str | int) -> bool:
        """Return whether the value at a place was read as it was written (or left out), and not replaced."""
        return not any(place[:length] in self._mended for length in range(len(place) + 1))

    def are_sound(self, name: str, *keys: str) -> bool:
        """Return whether these keys of every table of a [[list]] were read as written, so that names can be looked up."""
        return not any(place[0] == name and (len(place) < 3 or place[2] in keys) for place in self._mended if place)

    def refuse(self, table: Place, key: str, rule: str) -> None:
        """Add a mistake of one key: its place, its value and the rule; nothing if the value was refused before."""
        if self.is_sound(*table, key):
            self.add(table, f"{shortened(key)}{self._given(table, key)} {rule}")

    def add(self, table: Place, sentence: str) -> None:
        """Add a mistake of a table, after the name of its place."""
        self.sentences.append(f"{self._place_text(table)}: {sentence}")

    def note(self, errors: Iterable[ErrorDetails], schema: JsonSchemaValue, content: Any) -> Any:
        """Add the mistakes that pydantic found, and return the content with a permitted value in place of each."""
        mended = content
        for details in errors:
            table, key, node, siblings = _locate(schema, content, details["loc"])
            if not self.is_sound(*table, key):
                continue
            if details["type"] == "extra_forbidden":
                self.add(table, f"{shortened(key)} is not a known key; {nearest_hint(key, siblings)}")
                mended = _replaced(mended, (*table, key), _ABSENT)
                continue
            if details["type"] == "missing":
                name = key if table or node.get("type") != "object" else f"[{key}]"
                self.add(table, missing_text(name, node))
            elif details["type"] == "value_error":
                self.refuse(table, key, str(details["ctx"]["error"]))
            else:
                self.refuse(table, key, rule_text(node, _value_at(content, (*table, key))))
            self._mended.add((*table, key))
            mended = _replaced(mended, (*table, key), _permitted(node, name=f"({len(self._mended)})"))
        return mended

    def _given(self, table: Place, key: str) -> str:
        value = _value_at(self._content, (*table, key), default=_ABSENT)
        return "" if value is _ABSENT or isinstance(value, dict) else f" = {value_text(value)}"

    def _place_text(self, table: Place) -> str:
        """Return a place in words, such as ``study.toml, [[measure]] 2 "finds"``."""
        parts = [self.file]
        for depth, step in enumerate(table):
            value = _value_at(self._content, table[: depth + 1])
            if isinstance(step, int):
                name = value.get("name") if isinstance(value, dict) else None
                parts[-1] += f" {step + 1}" + (f' "{shortened(name, most=40)}"' if isinstance(name, str) else "")
            elif depth == 0:
                parts.append(f"[[{step}]]" if isinstance(value, list) else f"[{step}]")
            else:
                parts.append(step)
        return ", ".join(parts)


def growing(numbers: list[int]) -> list[int]:
    """Return numbers that grow: the validator of lists of days or distances.

    Raises
    ------
    ValueError
        Otherwise.
    """
    if numbers != sorted(set(numbers)):
        msg = "must be whole numbers above 0 that grow, such as [7, 14, 28]."
        raise ValueError(msg)
    return numbers


def _value_at(content: Any, place: Place, default: Any = None) -> Any:
    for step in place:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            return default
    return content


def _replaced(content: Any, place: Place, value: object) -> Any:
    """Return a copy of the content with another value at a place, or without it."""
    if not place:
        return value
    copy = content.copy()
    if len(place) == 1 and value is _ABSENT:
        del copy[place[0]]
    else:
        copy[place[0]] = _replaced(_value_at(content, place[:1]), place[1:], value)
    return copy


def _locate(
    schema: JsonSchemaValue, content: Any, way: Sequence[str | int]
) -> tuple[Place, str, JsonSchemaValue, Iterable[str]]:
    """Return the innermost table on the way to a mistake, its key, the key's schema, and the keys of the table.

    The steps that pydantic adds for the members of a union name no place in the file and are left out.
    """
    node = schema
    table: Place = ()
    place: Place = ()
    key, key_node, siblings = "", schema, ()
    for step in way:
        node = _member(node, content, schema)
        if "properties" in node and isinstance(content, dict):
            if step in content or step in node["properties"]:
                table, key, siblings = place, str(step), node["properties"]
                node = key_node = _member(node["properties"].get(step, {}), content.get(step), schema)
                content, place = content.get(step), (*place, step)
        elif isinstance(content, list) and isinstance(step, int) and "items" in node:
            node, content, place = node["items"], content[step], (*place, step)
    return table, key, _inlined(key_node, schema), siblings


def _member(node: JsonSchemaValue, value: object, schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema behind a reference and, of several for tables, the one that a table is read by."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", maxsplit=1)[1]]
    if isinstance(value, dict):
        for option in options(node):
            member = _member(option, value, schema)
            if "properties" in member:
                return member
    return node


def _inlined(node: JsonSchemaValue, schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return a node of the schema without references to other parts of it."""
    node = _member(node, None, schema)
    inlined = dict(node)
    if "items" in node:
        inlined["items"] = _inlined(node["items"], schema)
    if options(node):
        inlined["anyOf"] = [_inlined(option, schema) for option in options(node)]
    if "properties" in node:
        inlined["properties"] = {key: _inlined(value, schema) for key, value in node["properties"].items()}
    return inlined


def _permitted(node: JsonSchemaValue, *, name: str) -> Any:
    """Return a value that the schema permits, in place of one that it refuses; texts get a name of their own."""
    if node.get("examples"):
        return node["examples"][0]
    if options(node):
        return _permitted(options(node)[0], name=name)
    if choices(node):
        return choices(node)[0]
    if node.get("type") == "array":
        return [_permitted(node["items"], name=name)] * node.get("minItems", 0)
    if node.get("type") == "object":
        needed = node.get("required", [])
        return {key: _permitted(node["properties"][key], name=f"{name} {key}") for key in needed}
    return _permitted_scalar(node, name)


def _permitted_scalar(node: JsonSchemaValue, name: str) -> str | float | bool | date:
    if node.get("type") in ("integer", "number"):
        above = node.get("exclusiveMinimum")
        least: float = node.get("minimum", 0) if above is None else above + 1
        return max(0, least)
    if node.get("type") == "boolean":
        return False
    return date(2000, 1, 1) if node.get("format") == "date" else name[: node.get("maxLength")]
