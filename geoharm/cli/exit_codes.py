"""The exit codes of every verb, as `geoharm --help` lists them."""

from __future__ import annotations

DONE, MISTAKE, WRONG_COMMAND_LINE, FAULT, BUSY = 0, 1, 2, 70, 75
# What a shell reports of a program that a signal ended is 128 and the signal's number.
STOPPED = 128

# Codes as people read them, and what each means.
EXIT_CODES = (
    (str(DONE), "Done."),
    (str(MISTAKE), "A mistake in the study, the data or a file, or something to mend."),
    (str(WRONG_COMMAND_LINE), "A wrong command line."),
    (str(FAULT), "A fault of geoharm itself."),
    (str(BUSY), "The database or the folder of pages is in use; try again later."),
    (f"{STOPPED + 2}, {STOPPED + 15}", "Stopped by Ctrl-C or by SIGTERM; nothing is half-written."),
)
