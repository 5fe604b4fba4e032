"""``python -m geoharm``."""

from __future__ import annotations

from geoharm.cli.app import main

main()
