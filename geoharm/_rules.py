"""The rules of a JSON Schema in words: what a key may be, and what is wrong with a value that is given."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

from geoharm._validation import nearest_hint

# One node of a JSON Schema, without references.
Node: TypeAlias = Mapping[str, Any]

_MOST_SHOWN = 80
_MOST_ITEMS_SHOWN = 20
# A larger limit only keeps a number within what a computer counts; no one needs to read it.
_LARGEST_SHOWN = 2**53


def shortened(text: str, *, most: int = _MOST_SHOWN) -> str:
    """Return a text, or its beginning and end if it has more than `most` characters.

    Examples
    --------
    >>> shortened("a" * 1000, most=10)
    'aaaa...aaa'
    """
    if len(text) <= most:
        return text
    tail = (most - 3) // 2
    return f"{text[: most - 3 - tail]}...{text[len(text) - tail :]}"


def value_text(value: object) -> str:
    """Return a value as it stands in a TOML file, cut short if it is long.

    Examples
    --------
    >>> value_text([250, "a", True])
    '[250, "a", true]'
    """
    if isinstance(value, list):
        items = [value_text(item) if not isinstance(item, list) else "[...]" for item in value[:_MOST_ITEMS_SHOWN]]
        return shortened(f"[{', '.join([*items, '...'] if len(value) > len(items) else items)}]")
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**30:
        return "(a number of more than 30 digits)"
    if isinstance(value, str):
        on_one_line = value.replace("\n", "\\n").replace("\r", "\\r")
        return f'"{shortened(on_one_line)}"'
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def options(node: Node) -> list[dict[str, Any]]:
    """Return the members of a union; none if the node is no union."""
    members: list[dict[str, Any]] = node.get("anyOf", node.get("oneOf", []) if "properties" not in node else [])
    return members


def choices(node: Node) -> list[str]:
    """Return the texts of which one must be chosen; none if any value of the type will do."""
    texts: list[str] = node.get("enum", [node["const"]] if "const" in node else [])
    return texts


def missing_text(key: str, node: Node) -> str:
    """Return the sentence about a key that is missing."""
    if node.get("type") == "array" and "properties" in node["items"]:
        return f"there is no [[{key}]]; at least one is needed."
    return f"{key} is missing; it must be {kind_text(node)}."


def rule_text(node: Node, value: object) -> str:
    """Return the rule that a value breaks, as the end of a sentence."""
    faults = [_value_fault(one, value) for one in (node, *options(node))]
    if fault := next(filter(None, faults), ""):
        return fault
    known = choices(node) or next((choices(option) for option in options(node) if len(choices(option)) > 1), [])
    if known and isinstance(value, str):
        return f"is not allowed; {nearest_hint(value, known)}"
    known_items = choices(node.get("items", {}))
    if known_items and isinstance(value, list):
        for item in value:
            if isinstance(item, str) and item not in known_items:
                return f'has "{shortened(item)}", which is not known; {nearest_hint(item, known_items)}'
    return f"must be {kind_text(node)}."


def _value_fault(node: Node, value: object) -> str:
    """Return what is wrong with a value of the right kind; empty if only its kind is wrong."""
    if isinstance(value, list) and not value and node.get("type") == "array":
        return f"is empty; it must be {kind_text(node)}."
    if isinstance(value, dict) and "properties" in node.get("items", {}):
        return "must be a list of tables: write its name in two brackets, as there may be several."
    if isinstance(value, float) and not math.isfinite(value):
        return f"is not a finite number; it must be {kind_text(node)}."
    if isinstance(value, datetime) and node.get("format") == "date":
        return "must be a date without a time, such as 2019-08-01."
    if isinstance(value, str) and len(value) > node.get("maxLength", len(value)):
        return f"must be a text of at most {node['maxLength']:,} characters."
    return ""


def kind_text(node: Node) -> str:
    """Return what a value of a node is, in words.

    Examples
    --------
    >>> kind_text({"type": "integer", "minimum": 1})
    'a whole number of 1 or more'
    """
    if options(node):
        return ", or ".join(kind_text(option) for option in options(node))
    if texts := choices(node):
        listed = ", ".join(value_text(text) for text in texts)
        return listed if len(texts) == 1 else f"one of {listed}"
    example = f", such as {_toml_text(node['examples'][0])}" if node.get("examples") else ""
    if node.get("type") == "array":
        return _list_text(node) + example
    if node.get("type") == "object":
        keys = f" with the keys {', '.join(node['properties'])}" if 0 < len(node.get("properties", {})) < 6 else ""
        return f"a table{keys}{example}"
    return _scalar_text(node) + example


def _scalar_text(node: Node) -> str:
    if node.get("type") in ("integer", "number"):
        return ("a whole number" if node["type"] == "integer" else "a number") + _limits_text(node)
    if node.get("type") == "boolean":
        return "true or false"
    if node.get("format") == "date":
        return "a date without quotes, such as 2019-08-01"
    return "a text"


def _list_text(node: Node) -> str:
    items = node["items"]
    if "properties" in items:
        return "a list of tables"
    if texts := choices(items):
        return f"a list of some of {', '.join(map(value_text, texts))}"
    least, most = node.get("minItems", 0), node.get("maxItems")
    plural = {"number": "numbers", "integer": "whole numbers"}.get(items.get("type"), "texts")
    if options(items):
        plural = "texts or tables"
    example = {"numbers": "[250, 500]", "whole numbers": "[7, 14]"}.get(plural, '["a", "b"]')
    if least and least == most:
        return f"a list of {least} {plural}{_limits_text(items)}"
    shown = "" if node.get("examples") else f", such as {example}"
    return f"a list of {plural}{_limits_text(items)}{shown}"


def _limits_text(node: Node) -> str:
    least, above, most = node.get("minimum"), node.get("exclusiveMinimum"), node.get("maximum")
    if least is not None and most is not None and most < _LARGEST_SHOWN:
        return f" between {_number_text(least)} and {_number_text(most)}"
    if least is not None:
        return f" of {_number_text(least)} or more"
    return f" above {_number_text(above)}" if above is not None else ""


def _number_text(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:g}"


def _toml_text(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{_key_text(key)} = {_toml_text(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_text, value))}]"
    return value_text(value)


def _key_text(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else value_text(key)
