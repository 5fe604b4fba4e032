"""Signals end the work, and whatever is being written is taken back on the way out.

Nothing that takes time is imported here, so that a signal is seen to from the start.
"""

from __future__ import annotations

import _thread
import signal
import sys
import time
from collections.abc import Callable, Sequence

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
# Longer than taking back what is half written.
_SECONDS_BETWEEN_REMINDERS = 5.0


class Stopped(KeyboardInterrupt):
    """A signal has come. Whatever is being written is taken back on the way out.

    DuckDB ends a question for a `KeyboardInterrupt` only. Python's own would end the process by a signal where it comes up
    inside an import, and not by the exit code.
    """


class _Stop:
    """The signal that ends the program, once one has come."""

    def __init__(self) -> None:
        self.number = 0
        self.is_over = False
        self._thread = _thread.get_ident()

    def has_come(self) -> bool:
        return self.number != 0

    def come(self, number: int, frame: object) -> None:  # noqa: ARG002
        if not self.number:
            _thread.start_new_thread(self._remind, (number,))
        self.number = number
        # Imported by whoever has asked a question; this file imports nothing that takes time.
        interrupt = getattr(sys.modules.get("geoharm.engines.duckdb"), "interrupt_questions", None)
        if interrupt is not None:
            interrupt()
        raise Stopped

    def _remind(self, number: int) -> None:
        """Raise the signal again until the program ends: a library may drop an error that comes up inside it."""
        while True:
            time.sleep(_SECONDS_BETWEEN_REMINDERS)
            if self.is_over:
                return
            if sys.platform == "win32":
                signal.raise_signal(number)
            else:
                signal.pthread_kill(self._thread, number)  # Wakes the thread that waits.

    def unless_come(self, hook: object) -> object:
        """Return a hook for errors that nobody catches, which is silent about those that the signal caused."""
        return lambda *details: None if self.has_come() else hook(*details)  # type: ignore[operator]


def until_stopped(work: Callable[[Callable[[], bool]], int], *, ignored: Sequence[int] = ()) -> tuple[int, int]:
    """Do some work until it ends or a signal comes, and return the exit code and the number of the signal, 0 for none.

    No signal is answered afterwards: the work is over, and its exit code is known.

    Parameters
    ----------
    work : callable
        Called with a function that says whether a signal has come; returns the exit code.
    ignored : sequence of int
        Signals that do not end it.
    """
    stop, code = _Stop(), 0
    sys.excepthook, sys.unraisablehook = map(stop.unless_come, (sys.excepthook, sys.unraisablehook))  # type: ignore[assignment]
    try:
        for number in _SIGNALS:
            if number in ignored:
                signal.signal(number, signal.SIG_IGN)
            # What whoever started the program ignores stays ignored.
            elif signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, stop.come)
        code = work(stop.has_come)
    except BaseException as error:
        if not stop.has_come() and not isinstance(error, KeyboardInterrupt):
            raise
        stop.number = stop.number or signal.SIGINT
    finally:
        stop.is_over = True
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    return (128 + stop.number, stop.number) if stop.has_come() else (code, 0)
