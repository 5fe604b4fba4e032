"""Small frames of events for the tests of the calls: a made city of 6 by 6 km in the open Atlantic."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from geoharm.api.frames import events_from_xy
from geoharm.simulation.location import CENTRE, CRS

AREA = shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE))
TARGET = shapely.Point(CENTRE).buffer(300)
OPERATION = {"target": TARGET, "study_area": AREA, "start": "2022-01-10", "end": "2022-01-23"}


def few(rows: int = 6, *, crs: str = CRS, dates: object = None) -> geopandas.GeoDataFrame:
    """Return a few events in the middle of the area, one a day from 2022-01-01 on."""
    x, y = CENTRE[0] + 10.0 * np.arange(rows), CENTRE[1] + 10.0 * np.arange(rows)
    days = [f"2022-01-{day:02d}" for day in range(1, rows + 1)] if dates is None else dates
    return events_from_xy(x, y, days, crs=crs)


def scattered(rows: int, *, seed: int, start: str = "2020-01-01", days: int = 1000) -> geopandas.GeoDataFrame:
    """Return events at random places and days, all over the area."""
    rng = np.random.default_rng(seed)
    day = np.datetime64(start) + rng.integers(0, days, rows)
    x, y = CENTRE[0] + rng.uniform(-3000, 3000, rows), CENTRE[1] + rng.uniform(-3000, 3000, rows)
    return events_from_xy(x, y, day, crs=CRS)
