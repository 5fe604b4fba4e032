"""The rules by which a bandwidth may be chosen from the data; without an import, so that help can name them."""

from __future__ import annotations

BANDWIDTH_RULES = ("oversmoothing", "normal scale", "likelihood", "least squares")
