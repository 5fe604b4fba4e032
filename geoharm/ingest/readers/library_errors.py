"""What a library raises over a damaged file, as one sentence: GDAL, GEOS, Arrow and pandas have dozens of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from geoharm._text import shown
from geoharm.errors import DataError, GeoharmError
from geoharm.geo.outlines import ShapeFault
from geoharm.ingest.readers.input_files import InputFile

_MOST_SHOWN = 200


@contextmanager
def reading(source: InputFile, kind: str = "") -> Iterator[None]:
    """Refuse a file over which the library that reads it raises an error inside the block.

    The block holds the calls of the library and nothing else.

    Parameters
    ----------
    source : InputFile
    kind : str
        Put after "cannot be read", such as " as Parquet".

    Raises
    ------
    DataError
    """
    try:
        yield
    except (GeoharmError, MemoryError):
        raise
    except ShapeFault as fault:
        raise unusable(source, fault) from fault
    except Exception as error:
        reason = shown((str(error).strip().splitlines() or [type(error).__name__])[0], most=_MOST_SHOWN).rstrip(".")
        msg = f'The file "{source.name}" cannot be read{kind}: {reason}. It is damaged, or of another kind; fetch it again.'
        raise DataError(msg) from error


def unusable(source: InputFile, fault: ShapeFault) -> DataError:
    """Return the error for a file of events that the rules for geographic files refuse."""
    return DataError(f'The file "{source.name}" cannot be used: {fault}.')


@contextmanager
def without_panic(error_type: type[Exception]) -> Iterator[None]:
    """Turn a panic of a library in Rust, which is no `Exception` and prints a traceback of its own, into an error.

    Raises
    ------
    error_type
    """
    try:
        with _silent_stderr():
            yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise error_type(str(error)) from error


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Let nothing that is written below Python reach the terminal."""
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # There is no standard error to keep silent.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
