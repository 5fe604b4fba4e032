"""Questions on a terminal: a bad answer is asked again with the reason, and whatever is asked fits 80 columns."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from geoharm.errors import GeoharmError, StudyError

Answer = TypeVar("Answer")
WIDTH = 80
NO_BREAK = "\u00a0"
_MOST_LISTED = 30


def is_terminal() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def say(text: str, *, indent: int = 0, hang: int = 2) -> None:
    """Print a text on standard error in lines of 80 columns; those after the first are indented further."""
    typer.echo(wrapped(text, indent=indent, hang=hang), err=True)


def wrapped(text: str, *, indent: int = 0, hang: int = 2) -> str:
    """Return a text in lines of 80 columns; those after the first are indented further.

    A no-break space is written as a space at which no line ends.
    """
    lines = textwrap.fill(
        text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return lines.replace(NO_BREAK, " ")


def ask(question: str, accept: Callable[[str], Answer], *, default: str = "") -> Answer:
    """Return an answer, asked for again until it is accepted.

    Parameters
    ----------
    question : str
    accept : callable
        Maps the text that was typed to the answer, or raises a `GeoharmError` that says why it cannot.
    default : str
        What Enter stands for, shown in brackets; empty where Enter is the empty text.

    Raises
    ------
    typer.Abort
        If the session is broken off.
    """
    while True:
        shown_default = f" [{default}]" if default else ""
        text = str(typer.prompt(f"{question}{shown_default}", default="", show_default=False, err=True)).strip()
        try:
            return accept(text or default)
        except GeoharmError as error:
            say(str(error), indent=2, hang=0)


def list_numbered(lines: Sequence[str]) -> None:
    """Print choices with their numbers; of very many, the first ones."""
    for number, line in enumerate(lines[:_MOST_LISTED], start=1):
        say(f"{number:>3}  {line}", indent=1, hang=5)
    if len(lines) > _MOST_LISTED:
        say(f"... and {len(lines) - _MOST_LISTED:,} more", indent=6)


def chosen_number(text: str, most: int) -> int:
    """Return the number that was typed, from 1 to `most`.

    Raises
    ------
    StudyError
        If it is none of them.
    """
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise StudyError([f'"{text}" is none of the choices; type a number from 1 to {most}.'])
    return int(text)


def chosen_numbers(text: str, most: int) -> list[int]:
    """Return several numbers from 1 to `most`, typed as "1,3 5-7", each once and in order; the empty text is none.

    Raises
    ------
    StudyError
        If a part is no such number.

    Examples
    --------
    >>> chosen_numbers("3, 1 5-7", 9)
    [1, 3, 5, 6, 7]
    """
    numbers: set[int] = set()
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        low = chosen_number(first, most)
        high = chosen_number(last, most) if dash else low
        if high < low:
            raise StudyError([f'"{part}" runs backwards; type the smaller number first.'])
        numbers.update(range(low, high + 1))
    return sorted(numbers)
