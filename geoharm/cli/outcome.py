"""How work ended: its exit code, and one sentence on what ended it early."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from geoharm.cli.exit_codes import BUSY, DONE, FAULT, MISTAKE
from geoharm.errors import DatabaseBusyError, GeoharmError, PublishBusyError

TRACEBACK_VARIABLE = "GEOHARM_TRACEBACK"


def outcome(work: Callable[[], object], is_stopped: Callable[[], bool]) -> tuple[int, str]:
    """Return the exit code of some work, and the sentence to be said of what ended it early; empty if there is none.

    Parameters
    ----------
    work : callable
    is_stopped : callable
        Whether a signal has come: what comes up then is raised.
    """
    code, sentence = MISTAKE, ""
    try:
        work()
        code = DONE
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except GeoharmError as error:
        code, sentence = BUSY if isinstance(error, DatabaseBusyError | PublishBusyError) else MISTAKE, str(error)
    except BrokenPipeError:
        pass  # Nobody reads any more.
    except OSError as error:
        location = f'"{error.filename}"' if error.filename else "A file"
        sentence = f"{location} cannot be used: {error.strerror or error}."
    except MemoryError:
        sentence = "The computer has too little free memory for this. Close other programs, or take a smaller study, and run again."
    except BaseException as error:  # A library in Rust raises what is no `Exception`.
        if is_stopped() or isinstance(error, KeyboardInterrupt):
            raise
        code, sentence = FAULT, _fault(error)
    return code, sentence


def _fault(error: BaseException) -> str:
    """Return where the program failed and how to see more; all of it, if that is wanted."""
    if os.environ.get(TRACEBACK_VARIABLE):
        import traceback  # noqa: PLC0415 -- only needed here

        return "".join(traceback.format_exception(error)).rstrip()
    return (
        f"geoharm failed by a fault of its own ({type(error).__name__} in {_place(error.__traceback__)}). Set "
        f"{TRACEBACK_VARIABLE}=1 and run again to see all of it; it may quote your data, so look through it before you "
        "report it."
    )


def _place(trace: TracebackType | None) -> str:
    """Return the last line of the program's own that an error came through."""
    package = Path(__file__).parents[1]
    place = "an unknown place"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(package):
            place = f"{file.relative_to(package).as_posix()}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
