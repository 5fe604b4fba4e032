"""The table of keys in docs/run-json.md, from the JSON Schema; run as a module it writes the table anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geoharm.report.exports.run_json import run_schema

PAGE = Path(__file__).resolve().parents[2] / "docs" / "run-json.md"
BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"


def keys_text(schema: dict[str, Any]) -> str:
    """Return one section for the file and for each record in it, with a table of its keys."""
    named = schema["$defs"]
    sections = [_section("The file", schema, named)]
    # In the order in which a reader of the file meets them.
    order: list[str] = []
    waiting = _mentioned(schema["properties"])
    while waiting:
        name = waiting.pop(0)
        if name not in order and "properties" in named[name]:
            order.append(name)
            waiting = _mentioned(named[name]["properties"]) + waiting
    return "\n\n".join(sections + [_section(_title(name), named[name], named) for name in order])


def page_with(schema: dict[str, Any], page: str) -> str:
    """Return the page with the table of keys made anew."""
    head, tail = page.split(BEGIN, maxsplit=1)[0], page.split(END, maxsplit=1)[1]
    return f"{head}{BEGIN}\n\n{keys_text(schema)}\n\n{END}{tail}"


def _section(title: str, schema: dict[str, Any], named: dict[str, Any]) -> str:
    rows = [f"| `{name}` | {_type(key, named)} | {key['description']} |" for name, key in schema["properties"].items()]
    return "\n".join(
        [f"### {title}", "", schema["description"], "", "| key | type | meaning |", "|---|---|---|", *rows]
    )


def _title(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.removesuffix("Record"))
    return words.strip().capitalize()


def _type(key: dict[str, Any], named: dict[str, Any]) -> str:
    if "anyOf" in key:
        return " or ".join(_type(part, named) for part in key["anyOf"])
    if "$ref" in key:
        name = key["$ref"].rsplit("/", 1)[-1]
        if "enum" in named[name]:
            return _type(named[name], named)
        return f"[{_title(name).lower()}](#{_title(name).lower().replace(' ', '-')})"
    if "const" in key:
        return f"`{json.dumps(key['const'])}`"
    if "enum" in key:
        return " or ".join(f"`{value}`" for value in key["enum"])
    if key["type"] == "array":
        return f"list of {_type(key['items'], named)}"
    if key["type"] == "object":
        return f"{_type(key['additionalProperties'], named)} by name"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return "date" if key.get("format") == "date" else words.get(key["type"], key["type"])


def _mentioned(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].rsplit("/", 1)[-1]] if "$ref" in value else []
        return own + [name for item in value.values() for name in _mentioned(item)]
    return [name for item in value for name in _mentioned(item)] if isinstance(value, list) else []


if __name__ == "__main__":
    PAGE.write_text(page_with(run_schema(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
