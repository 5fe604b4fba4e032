"""The sentence that stands at every number without an interval that holds."""

from __future__ import annotations

ORIENTATION = (
    "For orientation only. These numbers have no interval, since none is known that holds. No finding rests on them."
)
