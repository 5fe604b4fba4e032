"""Progress of a long verb, on standard error: a bar with the time left on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from geoharm._text import shown
from geoharm.cli.time_left import TimeLeft, time_in_words
from geoharm.pipeline.progress import PlannedStep

HOW_TO_STOP = "Ctrl-C stops it; nothing is half-written."
# The work itself needs the processor more than the bar does.
_DRAWN_A_SECOND = 4
_BAR_WIDTH = 30


class ProgressDisplay:
    """Progress on standard error: a bar on a terminal, a line for each step elsewhere, and nothing if that is wanted.

    On a terminal: what is being done, the share that is done, the time since the start, the time left if the steps were
    planned, and how to stop. Elsewhere: one line a step, with its duration.

    Parameters
    ----------
    quiet : bool
    """

    def __init__(self, quiet: bool) -> None:
        self._console = error_console()
        self._bar: _StepBar | None = None
        self._lines: _StepLines | None = None
        if not quiet:
            if self._console.is_terminal:
                self._bar = _StepBar(self._console)
            else:
                self._lines = _StepLines()

    def __enter__(self) -> ProgressDisplay:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        if self._bar:
            self._bar.stop()
            if kind is None:
                print(f"done in {_clock(self._bar.elapsed)}", file=sys.stderr)
        if self._lines:
            self._lines.end()

    def plan(self, steps: Sequence[PlannedStep]) -> None:
        """Take the steps that are to come, before the first begins: from them follows the time that is left."""
        if self._bar:
            self._bar.time_left = _time_left(steps)

    def tell(self, sentence: str) -> None:
        """Print a sentence that the user should not miss."""
        if self._lines:
            self._lines.end()
        self._console.print(shown(sentence), markup=False, highlight=False, soft_wrap=True)

    def show(self, step: str, done: int, total: int) -> None:
        """Show how far a step has come (`geoharm.pipeline.progress.Progress`)."""
        display = self._bar or self._lines
        if display:
            display.show(shown(step), done / total if total else 1.0)


class StudiesDisplay:
    """Progress of several studies on standard error: one line a study, both on a terminal and elsewhere.

    Parameters
    ----------
    quiet : bool
    names : sequence of str
        One a study.
    """

    def __init__(self, quiet: bool, names: Sequence[str]) -> None:
        self._console = error_console()
        self._names = [shown(name) for name in names]
        self._lines = not quiet and not self._console.is_terminal
        self._bar: _StudyBars | None = None
        if not quiet and self._console.is_terminal:
            self._bar = _StudyBars(self._console, self._names)

    def __enter__(self) -> StudiesDisplay:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *details: object) -> None:
        if self._bar:
            self._bar.stop()

    def plan(self, study: int, steps: Sequence[PlannedStep]) -> None:
        """Take the steps of a study that begins."""
        if self._bar:
            self._bar.plan(study, steps)

    def show(self, study: int, step: str, done: int, total: int) -> None:
        """Show how far a study has come."""
        if self._bar:
            self._bar.show(study, shown(step), done / total if total else 1.0)

    def tell(self, study: int, sentence: str) -> None:
        """Print a sentence about a study that the user should not miss."""
        self._console.print(f"{self._names[study]}: {shown(sentence)}", markup=False, highlight=False, soft_wrap=True)

    def end(self, study: int, how: str, seconds: float) -> None:
        """Show that a study has ended: "done" or "failed"."""
        if self._bar:
            self._bar.end(study, how, seconds)
        elif self._lines:
            print(f"{self._names[study]}: {how} in {_clock(seconds)}", file=sys.stderr, flush=True)


def error_console() -> Console:
    """Return a console on standard error that may move the cursor, as a bar does."""
    # Past the stream that lets nothing do so; what is shown goes through `shown`.
    return Console(file=getattr(sys.stderr, "inner", sys.stderr), stderr=True)


class _StepLines:
    """One line a step: its name when it begins, its duration when it ends."""

    def __init__(self) -> None:
        self._step = ""
        self._begun = 0.0

    def show(self, step: str, part: float) -> None:
        name = _name(step)
        if name != self._step:
            if self._step:
                self._print_done()
            self._step, self._begun = name, time.monotonic()
            print(f"{name} ...", end="", file=sys.stderr, flush=True)
        if part >= 1:
            self._print_done()

    def _print_done(self) -> None:
        print(f" done in {_clock(time.monotonic() - self._begun)}", file=sys.stderr, flush=True)
        self._step = ""

    def end(self) -> None:
        """End the line of a step that has not ended."""
        if self._step:
            print(file=sys.stderr, flush=True)
            self._step = ""


class _TimedBar(Progress):
    """A bar that is drawn a few times a second, with columns that ask for the time left."""

    def __init__(self, console: Console, *columns: ProgressColumn) -> None:
        super().__init__(*columns, console=console, transient=True, refresh_per_second=_DRAWN_A_SECOND)


class _ComputedColumn(ProgressColumn):
    """A column whose text is computed whenever the bar is drawn."""

    def __init__(self, text: Callable[[Task], str], style: str = "") -> None:
        super().__init__()
        self._text, self._style = text, style

    def render(self, task: Task) -> Text:
        """Return the text."""
        return Text(self._text(task), style=self._style, no_wrap=True, overflow="ellipsis")


class _StepBar(_TimedBar):
    """What is being done, a bar with the times, and how to stop, in three lines."""

    def __init__(self, console: Console) -> None:
        self.time_left = TimeLeft(())
        self._begun = time.monotonic()
        self._step = "starting"
        super().__init__(
            console,
            BarColumn(_BAR_WIDTH),
            TextColumn("{task.percentage:>3.0f}%", markup=False),
            _ComputedColumn(lambda _: self._times()),
        )
        self._task = self.add_task("", total=None)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    def show(self, step: str, part: float) -> None:
        self._step = step
        self.time_left.report(_name(step), part, time.monotonic())

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the three lines."""
        share = self.time_left.share(time.monotonic())
        if share:
            self.tasks[0].total, self.tasks[0].completed = 1.0, min(share, 0.99)
        yield Text(self._step, no_wrap=True, overflow="ellipsis")
        yield self.make_tasks_table(self.tasks)
        yield Text(HOW_TO_STOP, style="dim", no_wrap=True, overflow="ellipsis")

    def _times(self) -> str:
        seconds = self.time_left.seconds(time.monotonic())
        left = "" if math.isnan(seconds) else f", about {time_in_words(seconds)} left"
        return f"{_clock(self.elapsed)} so far{left}"


class _StudyBars(_TimedBar):
    """One line a study, and how to stop."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._times = [TimeLeft(()) for _ in names]
        self._begun = [math.nan for _ in names]
        self._steps = ["waiting" for _ in names]
        self._ended = [False for _ in names]
        super().__init__(
            console,
            TextColumn("{task.description}", markup=False),
            BarColumn(12),
            _ComputedColumn(lambda task: self._time(int(task.id)), "cyan"),
            _ComputedColumn(lambda task: self._steps[int(task.id)]),
        )
        for name in names:
            self.add_task(name, total=1.0)

    def plan(self, study: int, steps: Sequence[PlannedStep]) -> None:
        self._times[study], self._begun[study] = _time_left(steps), time.monotonic()
        self._steps[study] = "starting"

    def show(self, study: int, step: str, part: float) -> None:
        self._steps[study] = step
        self._times[study].report(_name(step), part, time.monotonic())

    def end(self, study: int, how: str, seconds: float) -> None:
        self._ended[study] = True
        self._steps[study] = f"{how} in {_clock(seconds)}"
        self.tasks[study].completed = 1.0 if how == "done" else self.tasks[study].completed

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return one line a study, and how to stop."""
        for study, task in enumerate(self.tasks):
            if not self._ended[study]:
                task.completed = min(self._times[study].share(time.monotonic()), 0.99)
        yield self.make_tasks_table(self.tasks)
        yield Text(HOW_TO_STOP, style="dim", no_wrap=True, overflow="ellipsis")

    def _time(self, study: int) -> str:
        if self._ended[study] or math.isnan(self._begun[study]):
            return ""
        seconds = self._times[study].seconds(time.monotonic())
        return "" if math.isnan(seconds) else f"about {time_in_words(seconds)} left"


def _time_left(steps: Sequence[PlannedStep]) -> TimeLeft:
    """Return the time left of steps, whose names are those that are shown."""
    return TimeLeft([replace(step, name=_name(shown(step.name))) for step in steps])


def _name(step: str) -> str:
    """Return the name of a step, without the item at hand."""
    return step.split(": ", maxsplit=1)[0]


def _clock(seconds: float) -> str:
    """Return a duration as people read it.

    Examples
    --------
    >>> [_clock(seconds) for seconds in (0.2, 59.7, 60.2, 3723)]
    ['0 s', '1:00', '1:00', '1:02:03']
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
