"""All located events of a source by place, day and category, with the address of each place: for a first look at files."""

from __future__ import annotations

import numpy as np

from geoharm import _crs
from geoharm.engines.base import Engine
from geoharm.model.located_events import LocatedEvents
from geoharm.queries.events import category_names, coordinates, kept_rows, spot_table
from geoharm.queries.stored import stored_source


def located_events(engine: Engine, source: str) -> LocatedEvents:
    """Return the located events of a source; none if they have the codes of areas and no coordinates.

    Parameters
    ----------
    engine : Engine
    source : str

    Raises
    ------
    DataError
        If there is no such source.
    """
    stored = stored_source(engine, source)
    spots = f"{kept_rows(engine, stored)} AS r JOIN {spot_table(engine, stored)} AS s ON s.place = r.place"
    counted = engine.columns(
        f"""
        SELECT s.point, r.day, r.category, count(*) AS n FROM {spots} WHERE s.kind = 'inside' AND s.point >= 0
        GROUP BY s.point, r.day, r.category ORDER BY s.point, r.day, r.category
        """
    )
    point, place = np.unique(counted["point"].astype(np.int64), return_inverse=True)
    x, y = coordinates(engine, stored, point)
    longitude, latitude = _crs.transform(x, y, source=stored.crs, target=_crs.LONLAT)
    names = category_names(engine, stored)
    categories = tuple(dict.fromkeys(names[code] for code in sorted(names)))
    number_of = {code: categories.index(name) for code, name in names.items()}
    codes, code = np.unique(counted["category"].astype(np.int64), return_inverse=True)
    numbers = np.array([number_of[int(one)] for one in codes], dtype=np.int64)
    addressed = engine.rows(
        f"""
        SELECT s.point, p.address, count(*) AS n FROM {spots}
        JOIN {engine.table(f"place_{stored.rule}")} AS p ON p.place = r.place
        WHERE s.kind = 'inside' AND s.point >= 0 AND p.address IS NOT NULL AND p.address <> ''
        GROUP BY s.point, p.address ORDER BY s.point, n, p.address DESC
        """
    )
    # Of the addresses of a point, the last has most events.
    address_of = {int(at): str(address) for at, address, _ in addressed}
    return LocatedEvents(
        longitude,
        latitude,
        tuple(address_of.get(int(at), "") for at in point),
        place.ravel().astype(np.int64),
        counted["day"].astype("datetime64[D]"),
        numbers[code.ravel()] if codes.size else np.zeros(0, dtype=np.int64),
        counted["n"].astype(np.float64),
        categories,
    )
