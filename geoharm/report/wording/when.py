"""What the time that is compared with before is called: after an operation, while it ran, or since a measure that goes on began."""

from __future__ import annotations

from geoharm.model.design import AFTER, SINCE, Design
from geoharm.model.period import BETWEEN, DURING
from geoharm.model.study import Operation
from geoharm.report import format_numbers

_CLAUSES = {AFTER: "after", SINCE: "since it began", DURING: "while it ran", BETWEEN: "between its spells"}


def later_head(design: Design) -> str:
    """Return a heading: "After", "Since", "During" or "Between"."""
    return design.later.capitalize()


def later_clause(design: Design) -> str:
    """Return a clause: "after", "since it began", "while it ran" or "between its spells"."""
    return _CLAUSES[design.later]


def from_when(design: Design) -> str:
    """Return from when the months of its phases count: "after the operation", or "since it began"."""
    return _CLAUSES[SINCE] if design.operation.ongoing else "after the operation"


def active_text(operation: Operation) -> str:
    """Return the days on which an operation was active: one period, its spells, or from when on."""
    if operation.ongoing:
        return f"since {format_numbers.day_text(operation.period.start)}, goes on"
    return "; ".join(format_numbers.days_text(period) for period in operation.active)
