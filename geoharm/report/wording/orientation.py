"""The sentence that stands at every number without an interval that holds."""

from __future__ import annotations

ORIENTATION = (
    "For orientation only. These numbers have no interval, since none that was tried held often enough. No finding rests on "
    "them."
)
