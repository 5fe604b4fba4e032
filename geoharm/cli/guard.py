"""Runs a verb: whatever ends it early becomes one sentence, and nothing that is printed acts on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from geoharm._text import shown
from geoharm.cli.outcome import outcome
from geoharm.errors import GeoharmError


class ShownStream:
    """A text stream that writes signs which would act on a terminal as JSON writes them (`geoharm._text.shown`).

    Parameters
    ----------
    inner : text stream
    """

    def __init__(self, inner: TextIO) -> None:
        self.inner = inner

    def write(self, text: str) -> int:
        """Write a text and return its length."""
        self.inner.write(shown(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def guarded(is_stopped: Callable[[], bool]) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    is_stopped : callable
        Whether a signal has come. Inside an import or a library, it comes out as some other error.
    """
    with _safe_streams():
        code, sentence = _run(is_stopped)
        if sentence and not is_stopped():
            _say(sentence)
        return _flushed(code)


def _run(is_stopped: Callable[[], bool]) -> tuple[int, str]:
    """Return the exit code of a verb, and what is to be said of an error."""

    def verb() -> None:
        _prepare()
        from geoharm.cli.app import app  # noqa: PLC0415 -- the first import that takes time

        app()

    return outcome(verb, is_stopped)


def _prepare() -> None:
    """Make the surroundings such that names of any language can be read and written.

    Raises
    ------
    OSError
        If the working folder is gone.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The next file opened would take its place, and be written to as if it were the terminal.
            os.open(os.devnull, os.O_RDWR)
    try:
        Path.cwd()
    except FileNotFoundError as error:
        msg = "The working folder is gone; change to one that exists."
        raise GeoharmError(msg) from error
    if sys.getfilesystemencoding() != "utf-8" and os.name == "posix" and sys.executable and sys.orig_argv:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 -- itself, again


def _say(sentence: str) -> None:
    if sys.stderr is not None:
        print(sentence, file=sys.stderr)


@contextmanager
def _safe_streams() -> Iterator[None]:
    """Write UTF-8 whatever the surroundings say, and nothing that acts on a terminal."""
    out, error = sys.stdout, sys.stderr
    for stream in (out, error):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.stdout = None if out is None else ShownStream(out)
    sys.stderr = None if error is None else ShownStream(error)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, error


def _flushed(code: int) -> int:
    """Write what is still held back; if nobody reads it, be silent about it."""
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
            code = code or 1
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
            _say(f"What was to be printed cannot be written: {error.strerror or error}.")
            code = code or 1
    return code
