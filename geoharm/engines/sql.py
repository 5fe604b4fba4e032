"""Texts and names in SQL."""

from __future__ import annotations


def quote_text(text: str) -> str:
    """Return a text as an SQL string literal, for settings and options that take no bound value."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
