"""``python -m geoharm``."""

from geoharm.cli import main

main()
