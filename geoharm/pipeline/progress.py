"""How the work tells how far it has come: whoever runs it decides what is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

# Called with a step, the part of it that is done, and the whole. The text after ": " is the item at hand; the text before it
# names the step, and is the same from the step's first call to its last.
Progress = Callable[[str, int, int], None]

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step that is to come.

    Attributes
    ----------
    name : str
        As the work reports it.
    seconds : float
        Expected, on a computer of known speed; above 0.
    tells_speed : bool
        Whether its duration tells how fast this computer computes. Reading files does not: what was read before is not
        read again.
    """

    name: str
    seconds: float
    tells_speed: bool = True


def no_progress(step: str, done: int, total: int) -> None:
    """Report no progress."""


def tell_nobody(sentence: str) -> None:
    """Tell nothing."""


def each_reported(
    items: Collection[ItemT], name: Callable[[ItemT], str], progress: Progress = no_progress
) -> Iterator[ItemT]:
    """Go through items of which each is a step of its own: reported when it begins and when it is done.

    Parameters
    ----------
    items : collection
    name : callable
        Returns the step's name.
    progress : callable

    Examples
    --------
    >>> for word in each_reported(["a", "b"], "step {}".format, lambda *told: print(*told)):
    ...     print("working on", word)
    step a 0 1
    working on a
    step a 1 1
    step b 0 1
    working on b
    step b 1 1
    """
    for item in items:
        progress(name(item), 0, 1)
        yield item
        progress(name(item), 1, 1)
