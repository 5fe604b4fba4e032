"""Made located events for tests of a first look."""

from __future__ import annotations

import numpy as np

from geoharm import _crs
from geoharm.model.located_events import LocatedEvents

CRS = "EPSG:32619"


def events_at(x, y, *, rows=None, days=None, addresses=None, categories=("finds",), category=None):
    """Return events at places in metres of CRS, one a place and day unless `rows` says otherwise."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    longitude, latitude = _crs.transform(x, y, source=CRS, target=_crs.LONLAT)
    days = np.full(x.size, "2020-06-01") if days is None else np.asarray(days)
    return LocatedEvents(
        longitude,
        latitude,
        tuple(addresses or [""] * x.size),
        np.arange(x.size),
        days.astype("datetime64[D]"),
        np.zeros(x.size, dtype=np.int64) if category is None else np.asarray(category),
        np.ones(x.size) if rows is None else np.asarray(rows, dtype=float),
        tuple(categories),
    )


def city(seed=1, *, n=3_000, width=9_000.0, height=6_000.0):
    """Return the coordinates of events spread over a made city, in metres of CRS."""
    draw = np.random.default_rng(seed)
    return 325_000 + draw.uniform(0, width, n), 4_688_000 + draw.uniform(0, height, n)
