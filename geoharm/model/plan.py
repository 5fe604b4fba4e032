"""Whether a result answers a question that was asked beforehand: the plan that was locked, and what differs from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanState:
    """How a result stands to its locked plan.

    Attributes
    ----------
    digest : str
        SHA-256 of the locked plan; empty if none was locked.
    locked_on : str
        Day of the lock, "2026-11-24"; empty if none was.
    outcomes_loaded : bool
        Whether events after the operation's start were in the database when it was locked.
    changes : tuple of str
        What the study file says now that the locked plan did not, one sentence part each.
    operation_begun : bool
        Whether an operation had begun by the day of the lock, so that outcomes could have been seen elsewhere.
    """

    digest: str = ""
    locked_on: str = ""
    outcomes_loaded: bool = False
    changes: tuple[str, ...] = ()
    operation_begun: bool = False

    @property
    def is_confirmatory(self) -> bool:
        """Whether the plan was locked while its database held no outcomes, and is the same today."""
        return bool(self.digest) and not self.outcomes_loaded and not self.changes

    @property
    def kind(self) -> str:
        """Return "confirmatory" or "exploratory"."""
        return "confirmatory" if self.is_confirmatory else "exploratory"

    @property
    def sentence(self) -> str:
        """For readers: what kind of result this is, and why."""
        if not self.digest:
            return "Exploratory: no plan was locked before the outcomes were seen."
        locked = f"its plan was locked on {self.locked_on}"
        if self.is_confirmatory:
            known = f"Confirmatory: {locked}, when its database held no outcomes, and has not changed since."
            if self.operation_begun:
                return f"{known} The operation had begun by then: whether its outcomes were seen elsewhere, no file can tell."
            return known
        if self.outcomes_loaded:
            return f"Exploratory: {locked}, after outcomes had been loaded."
        count = len(self.changes)
        return f"Exploratory: {locked} and differs from it in {count} {'point' if count == 1 else 'points'}."
