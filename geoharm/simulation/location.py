"""Where simulated cities lie: in the open Atlantic, so that none is mistaken for a real place."""

from __future__ import annotations

CRS = "EPSG:32626"
# Metres east and north of the middle of a city.
CENTRE = (500_000.0, 4_983_000.0)
