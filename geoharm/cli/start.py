"""The first code of the program: it sees to signals before anything that takes time is imported.

Exit codes: 0 done; 1 a mistake in the study, its data, its database or a file, each said in one sentence, or a published
number that differs (`selfcheck`); 2 a wrong command line; 70 a fault of the program itself; 75 the database or the folder
of pages is in use by another program (try again later); 129, 130, 143 stopped by a signal (the terminal was closed, Ctrl-C, SIGTERM).
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from geoharm.cli.signals import until_stopped


def main() -> None:
    """Run the command line and end the process; whatever ends it early is one sentence, and sets the exit code."""

    def command_line(is_stopped: Callable[[], bool]) -> int:
        from geoharm.cli.guard import guarded  # noqa: PLC0415 -- a signal during this import is seen to

        return guarded(is_stopped)

    code, signal_number = until_stopped(command_line)
    if signal_number:
        how = "Ctrl-C" if signal_number == signal.SIGINT else signal.Signals(signal_number).name
        if sys.stderr is not None:
            print(f"Stopped by {how}.", file=sys.stderr)
    raise SystemExit(code)
