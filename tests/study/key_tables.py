"""The tables of keys in the documents, made from the schemas; `python -m tests.study.key_tables` writes them again."""

from __future__ import annotations

import re
from pathlib import Path

from geoharm._rules import kind_text, value_text
from geoharm._schema import json_schema
from geoharm.ingest.formats.schema import (
    AddressesFormat,
    AreaTableFormat,
    EventFormat,
    SiteFormat,
    StreetsFormat,
    SurveyFormat,
)
from geoharm.study.evidence_cards.schema import CardFile
from geoharm.study.schema import StudyFile
from geoharm.study.value_profiles.schema import ExchangeFile, ProfileFile

DOCS = Path(__file__).parents[2] / "docs"
# The document, and the schema of each marked block in it.
BLOCKS = {
    "study": ("study-file.md", StudyFile),
    "format": ("study-file.md", EventFormat),
    "area-table": ("study-file.md", AreaTableFormat),
    "survey": ("study-file.md", SurveyFormat),
    "site": ("study-file.md", SiteFormat),
    "streets": ("study-file.md", StreetsFormat),
    "addresses": ("study-file.md", AddressesFormat),
    "profile": ("values.md", ProfileFile),
    "exchange-rates": ("values.md", ExchangeFile),
    "card": ("values.md", CardFile),
}


def resolved(node: dict, schema: dict) -> dict:
    """Return a node with its references put in, its own words first."""
    if "$ref" in node:
        target = schema["$defs"][node["$ref"].rsplit("/", maxsplit=1)[1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    node = dict(node)
    for key in ("anyOf", "oneOf"):
        if key in node and "properties" not in node:
            node["anyOf"] = [resolved(option, schema) for option in node[key]]
    if "items" in node:
        node["items"] = resolved(node["items"], schema)
    return node


def rows(properties: dict, required: list[str], schema: dict, before: str = "") -> list[tuple[str, str, str]]:
    """Return key, value and meaning of every key, those of inline tables after the table's own."""
    found = []
    for key, written in properties.items():
        node = resolved(written, schema)
        value = kind_text(node).replace("|", "\\|")
        if key in required:
            value = f"**{value}**"
        elif "default" in node and not isinstance(node["default"], dict):
            value += f"; `{value_text(node['default'])}` if left out"
        found.append((f"{before}{key}", value, node.get("description", "")))
        inner = next(
            (
                part
                for part in (
                    node,
                    *node.get("anyOf", ()),
                    node.get("items", {}),
                    *node.get("items", {}).get("anyOf", ()),
                )
                if "properties" in part
            ),
            {},
        )
        if inner:
            found += rows(inner["properties"], inner.get("required", []), schema, f"{before}{key}.")
    return found


def key_table(model: type) -> str:
    """Return the table of a file's keys in Markdown; what is needed is bold."""
    schema = json_schema(model)
    lines = ["| table | key | value | meaning |", "|---|---|---|---|"]
    loose = {}
    for name, written in schema["properties"].items():
        node = resolved(written, schema)
        is_list = "properties" in node.get("items", {})
        table = node["items"] if is_list else node
        if "properties" not in table:
            loose[name] = written
            continue
        title = f"`[[{name}]]`" if is_list else f"`[{name}]`"
        for key, value, meaning in rows(table["properties"], table.get("required", []), schema):
            lines.append(f"| {title} | `{key}` | {value} | {meaning} |")
            title = ""
    top = [
        f"| | `{key}` | {value} | {meaning} |"
        for key, value, meaning in rows(loose, schema.get("required", []), schema)
    ]
    return "\n".join([*lines[:2], *top, *lines[2:]])


def with_tables(document: str, text: str) -> str:
    """Return a document's text with every marked block made anew."""
    for name, (file, model) in BLOCKS.items():
        if file == document:
            block = f"<!-- keys: {name} -->\n{key_table(model)}\n<!-- keys end -->"
            text, count = re.subn(
                rf"<!-- keys: {name} -->.*?<!-- keys end -->", lambda _, new=block: new, text, flags=re.S
            )
            assert count == 1, f"{document} has {count} blocks {name}"
    return text


if __name__ == "__main__":
    for document in sorted({file for file, _ in BLOCKS.values()}):
        path = DOCS / document
        path.write_text(with_tables(document, path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
