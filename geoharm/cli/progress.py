"""Progress of a long verb, on standard error."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from geoharm._text import shown


class ProgressDisplay:
    """Progress on standard error: a bar on a terminal, one line for each step elsewhere."""

    def __init__(self, quiet: bool) -> None:
        # The bar moves the cursor, so it is written past the stream that lets nothing do so.
        self._console = Console(file=getattr(sys.stderr, "inner", sys.stderr), stderr=True)
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lines = not quiet and not self._console.is_terminal
        self._printed_steps: set[str] = set()
        if not quiet and self._console.is_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
            )
            self._bar = Progress(*columns, TimeElapsedColumn(), console=self._console)

    def __enter__(self) -> ProgressDisplay:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *details: object) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, sentence: str) -> None:
        """Print a sentence that the user should not miss."""
        self._console.print(shown(sentence), markup=False, highlight=False, soft_wrap=True)

    def show(self, step: str, done: int, total: int) -> None:
        """Show how far a step has come; the text after a colon is its current item."""
        step = shown(step)
        name = step.split(":", maxsplit=1)[0]
        if self._bar:
            if name not in self._tasks:
                self._tasks[name] = self._bar.add_task(name, total=total)
            self._bar.update(self._tasks[name], completed=done, description=step)
        elif self._lines and name not in self._printed_steps:
            self._printed_steps.add(name)
            print(f"{name} ...", file=sys.stderr)
