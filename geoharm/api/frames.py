"""Read a GeoDataFrame of events: its points in metres, its days, and what became of every row.

Nothing that was given is changed. Rows keep their number: read = used + without a date, and each used row lies inside the
study area, outside it, or has no place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geoharm import _crs
from geoharm._text import shown
from geoharm.api.days import read_days
from geoharm.errors import DataError, DesignError

_MADE_BY = "geoharm.events_from_xy(x, y, dates, crs=...) makes one of columns"
# A system is wrong for its points if less than this share of them lies where it may be used.
_LEAST_IN_USE = 0.5


@dataclass(frozen=True, slots=True)
class Events:
    """Dated events in metres, as every call uses them.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Metres in `crs`; NaN for an event without a place.
    day : ndarray of datetime64[D], shape (n,)
        The first of the month or year if `precision` is "month" or "year".
    category : ndarray of object, shape (n,), or None
        Texts; None without a column of categories.
    precision : str
        "moment", "day", "month" or "year".
    crs : str
        A projected system in metres.
    undated : ndarray of bool, shape (rows,)
        Which rows of the frame have no date: they are no events here.
    undated_x, undated_y : ndarray
        Where these rows lie, in metres; NaN without a place.
    undated_category : ndarray of object or None
    notes : tuple of str
        What was chosen and left out, each as a sentence.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    day: NDArray[np.datetime64]
    category: NDArray[np.object_] | None
    precision: str
    crs: str
    undated_x: NDArray[np.float64]
    undated_y: NDArray[np.float64]
    undated_category: NDArray[np.object_] | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.x.size)


def events_from_xy(
    x: ArrayLike, y: ArrayLike, dates: ArrayLike, *, crs: str, category: Sequence[str] | None = None
) -> geopandas.GeoDataFrame:
    """Return a GeoDataFrame of events from plain arrays, lists or columns: what every other call takes.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates, x (east, longitude) first. NaN is an event without a place.
    dates : array_like, shape (n,)
        Dates, times or texts such as "2022-01-31"; see `evaluate`.
    crs : str
        Coordinate system of x and y, such as "EPSG:4326" for longitude and latitude.
    category : sequence of str, optional
        What each event is.

    Returns
    -------
    GeoDataFrame
        With the columns date, category (if given) and geometry.

    Raises
    ------
    DataError
        If the arrays differ in length, or the coordinates are no numbers.

    Examples
    --------
    >>> import geoharm
    >>> events = geoharm.events_from_xy([-2.98, -2.97], [53.40, 53.41], ["2022-01-31", "2022-02-01"], crs="EPSG:4326")
    >>> events["date"].tolist(), events.crs.to_string()
    (['2022-01-31', '2022-02-01'], 'EPSG:4326')
    """
    try:
        easting, northing = (np.asarray(values, dtype=np.float64).ravel() for values in (x, y))
    except (TypeError, ValueError) as error:
        msg = f"x and y must be numbers, with NaN for an event without a place; {error}."
        raise DataError(msg) from None
    columns: dict[str, Any] = {"date": pd.Series(dates).array}
    if category is not None:
        columns["category"] = pd.Series(category).array
    sizes = {"x": easting.size, "y": northing.size} | {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        given = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        msg = f"All columns of events must be equally long; these were given: {given}."
        raise DataError(msg)
    _crs.check_known(crs)
    placed = np.isfinite(easting) & np.isfinite(northing)
    geometry = np.full(easting.size, None, dtype=np.object_)
    geometry[placed] = shapely.points(easting[placed], northing[placed])
    return geopandas.GeoDataFrame(columns, geometry=geometry, crs=crs)


def read_events(events: geopandas.GeoDataFrame, *, date: str, category: str | None = None) -> Events:
    """Return the events of a frame in metres, with notes on what was chosen and left out.

    Parameters
    ----------
    events : GeoDataFrame
    date : str
        Column of the dates.
    category : str, optional
        Column of the categories.

    Raises
    ------
    DataError
        With one sentence on what is wrong with the frame.
    """
    check_frame(events, date=date, category=category)
    x, y = _coordinates(events)
    crs, notes = _to_metres(events, x, y)
    dates = read_days(events[date], column=date)
    notes += dates.notes
    undated = np.isnat(dates.day)
    if undated.all():
        msg = f'No row has a date in the column "{shown(date)}"; name the column of the dates with date=...'
        raise DataError(msg)
    if undated.any():
        count = int(undated.sum())
        notes.append(f"Left out: {count:,} of {len(events):,} rows, without a date.")
    names = None if category is None else _category_texts(events[category])
    unplaced = int(np.isnan(x[~undated]).sum())
    if unplaced:
        notes.append(
            f"Without a place: {unplaced:,} of {int((~undated).sum()):,} events. They lie in no zone; what they could change is tested."
        )
    used = ~undated
    return Events(
        x[used],
        y[used],
        dates.day[used],
        None if names is None else names[used],
        dates.precision,
        crs,
        x[undated],
        y[undated],
        None if names is None else names[undated],
        tuple(notes),
    )


def check_frame(events: geopandas.GeoDataFrame, *, date: str, category: str | None = None) -> None:
    """Refuse what is no GeoDataFrame of events with these columns, in one sentence.

    Raises
    ------
    DataError
    """
    if not isinstance(events, geopandas.GeoDataFrame):
        msg = f"Events are a GeoDataFrame of points; {type(events).__name__} was given. {_MADE_BY}."
        raise DataError(msg)
    if events._geometry_column_name not in events.columns:  # geopandas has no other way to ask
        msg = "The GeoDataFrame has no active geometry column; name it with set_geometry(...)."
        raise DataError(msg)
    for column in (date, *([] if category is None else [category])):
        if column not in events.columns:
            columns = ", ".join(shown(str(name)) for name in events.columns if name != events.geometry.name)
            parameter = "date" if column == date else "category"
            msg = f'The events have no column "{shown(str(column))}"; name one of theirs with {parameter}=...: {columns or "none"}.'
            raise DataError(msg)
        if isinstance(events[column], pd.DataFrame):
            msg = f'The events have several columns "{shown(column)}"; keep one.'
            raise DataError(msg)
    if not len(events):
        msg = "The events are an empty frame: there is nothing to count."
        raise DataError(msg)
    if events.crs is None:
        msg = (
            "The events have no coordinate system; say which one their coordinates are in, such as "
            'events.set_crs("EPSG:4326") for longitude and latitude.'
        )
        raise DataError(msg)


def _coordinates(events: geopandas.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of every row in the frame's own system, NaN without a place."""
    geometry = events.geometry.to_numpy()
    kinds = shapely.get_type_id(geometry)
    missing = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    multipoint = ~missing & (kinds == shapely.GeometryType.MULTIPOINT)
    if multipoint.any():
        single = shapely.get_num_geometries(geometry[multipoint]) == 1
        if not single.all():
            row = int(np.flatnonzero(multipoint)[np.flatnonzero(~single)[0]])
            msg = f"Row {row} is several points at once; an event has one place: explode() the frame, or choose one point a row."
            raise DataError(msg)
        geometry = geometry.copy()
        geometry[multipoint] = shapely.get_geometry(geometry[multipoint], 0)
        kinds = shapely.get_type_id(geometry)
    other = ~missing & (kinds != shapely.GeometryType.POINT)
    if other.any():
        row = int(np.flatnonzero(other)[0])
        msg = f"Row {row} is a {geometry[row].geom_type}; events are points (events.representative_point() makes some of areas)."
        raise DataError(msg)
    x, y = np.full(len(events), np.nan), np.full(len(events), np.nan)
    x[~missing], y[~missing] = shapely.get_x(geometry[~missing]), shapely.get_y(geometry[~missing])
    nowhere = ~(np.isfinite(x) & np.isfinite(y))
    x[nowhere] = y[nowhere] = np.nan
    if nowhere.all():
        msg = "No event has a place: every geometry is missing, empty, or has no coordinates."
        raise DataError(msg)
    return x, y


def _to_metres(events: geopandas.GeoDataFrame, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[str, list[str]]:
    """Project x and y in place to a system in metres; return that system, and a note if it is another one."""
    crs, placed = crs_name(events), np.isfinite(x)
    check_in_use(x[placed], y[placed], crs, what="the events")
    if is_metric(crs):
        return crs, []
    longitude, latitude = _crs.transform(x[placed], y[placed], source=crs, target=_crs.LONLAT)
    chosen = _crs.local_utm(float(np.median(longitude)), float(np.median(latitude)))
    x[placed], y[placed] = _crs.transform(x[placed], y[placed], source=crs, target=chosen)
    return chosen, [f"Projected from {crs} to the local UTM zone, {chosen}: distances and areas are in its metres."]


def crs_name(frame: geopandas.GeoDataFrame | geopandas.GeoSeries) -> str:
    """Return the shortest name of a frame's coordinate system."""
    return _crs.plain_name(frame.crs.to_string())


def is_metric(crs: str) -> bool:
    """Return whether a system measures metres on the ground: projected, and not Web Mercator, which stretches them."""
    if _crs.is_same(crs, _crs.MERCATOR):
        return False
    try:
        _crs.check_metric_crs(crs)
    except DesignError:
        return False
    return True


def check_in_use(x: NDArray[np.float64], y: NDArray[np.float64], crs: str, *, what: str) -> None:
    """Refuse coordinates that do not lie where their coordinate system may be used.

    Raises
    ------
    DataError
        Naming the coordinates, the system, and what may be meant.
    """
    span = f"x {x.min():,.7g} to {x.max():,.7g}, y {y.min():,.7g} to {y.max():,.7g}"
    in_degrees = _crs.is_in_degrees(crs)
    could_be_degrees = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    if in_degrees:
        fits = bool(could_be_degrees.mean() >= _LEAST_IN_USE)
        wrong = "Degrees of longitude and latitude cannot be meant"
    else:
        # No system has its origin in a city, so numbers as small as these are no metres or feet.
        fits = not could_be_degrees.all()
        wrong = "They look like longitude and latitude"
    if fits:
        wrong = "That is outside its area of use"
        fits = not _crs.share_in_use(x, y, crs) < _LEAST_IN_USE
    if fits:
        return
    meant = 'set_crs("EPSG:4326", allow_override=True)' if not in_degrees and could_be_degrees.all() else (
        "set_crs(..., allow_override=True) with the system that they are in"
    )  # fmt: skip
    msg = f"The coordinates of {what} ({span}) do not fit their coordinate system {crs}. {wrong}; correct it with {meant}."
    raise DataError(msg)


def _category_texts(column: pd.Series[Any]) -> NDArray[np.object_]:
    """Return categories as texts; a missing one is an empty text."""
    missing = column.isna().to_numpy()
    return np.array(
        ["" if is_missing else str(value) for value, is_missing in zip(column, missing, strict=True)], dtype=np.object_
    )
