"""``python -m geoharm``."""

from __future__ import annotations

from geoharm.cli.start import main

main()
