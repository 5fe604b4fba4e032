"""The verbs of the program and their examples, as the program itself lists them in its help."""

from __future__ import annotations

import shlex
from typing import Any

import typer

from geoharm.cli.app import app

_START = "Example:"


def verbs() -> dict[str, Any]:
    """Return every verb that does something, by its words, such as "formats list"."""
    found: dict[str, Any] = {}

    def walk(command: Any, words: tuple[str, ...]) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found[" ".join(words)] = command
        for name, one in (inner or {}).items():
            walk(one, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


def example_text(command: Any) -> str:
    """Return the example of a verb on one line, with what the shell does; empty if it has none."""
    text = (command.epilog or "").replace("\b", "").strip()
    return " ".join(text.removeprefix(_START).replace("\\\n", " ").split()) if text.startswith(_START) else ""


def examples() -> dict[str, list[str]]:
    """Return the words of every verb's example, from "geoharm" on."""
    return {name: shlex.split(example_text(command)) for name, command in verbs().items()}
