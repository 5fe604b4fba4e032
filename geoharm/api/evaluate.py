"""Evaluate one operation from Python: the same functions that `geoharm run` calls, on events in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from geoharm.api.areas import AreaLike
from geoharm.api.counted import count_events
from geoharm.api.evaluation import Evaluation
from geoharm.api.operation import BY_KIND, After, Before, HarmLike, read_operation, study_of
from geoharm.api.source import Covers, measure_data, zones_of
from geoharm.errors import DataError
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.pipeline.analyse import evaluate_measures
from geoharm.pipeline.designs import design_operations
from geoharm.pipeline.study_data import StudyData

if TYPE_CHECKING:
    import geopandas

AUTO: Literal["auto"] = "auto"


def evaluate(
    events: geopandas.GeoDataFrame,
    *,
    target: AreaLike,
    start: date | str,
    end: date | str | None,
    rings: Sequence[float] = (250, 500, 1000),
    gap: float = 100.0,
    study_area: AreaLike | None = None,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    before: Before = None,
    after: After = None,
    control: AreaLike | Literal["auto"] = AUTO,
    covers: Covers | None = None,
    chosen_on: tuple[date | str, date | str] | None = None,
    location_error: float = 0.0,
    kind: str = "incident",
    unit: str = "events",
    recorded_by: str = "public",
    harm: HarmLike = BY_KIND,
    margin: float = DEFAULT_MARGIN,
    name: str = "the operation",
    seed: int = 0,
) -> Evaluation:
    """Evaluate an operation: whether events fell in its target area, moved into the rings, and stayed lower.

    The expected count is a forecast, learned at all places of the study area where target and rings could have lain and
    no operation was. What the forecast misses there is how wide the interval is. These are the functions of `geoharm run`;
    no database and no files are needed.

    Parameters
    ----------
    events : GeoDataFrame
        One point an event, in any known coordinate system, with a column of dates. Longitude and latitude are projected
        to the local UTM zone. An event without a place (missing, empty, NaN) is counted as such; one without a date is
        left out. Every row is one event: duplicates are yours to drop.
    target : GeoDataFrame, GeoSeries or shapely geometry
        The target area. A bare geometry is in the coordinate system of the events, a frame in its own.
    start, end : date or str
        First and last day of the operation; both count. ``end=None`` for a measure that goes on.
    rings : sequence of float
        Outer distances in metres from the target: where events could move.
    gap : float
        Metres between target and first ring that belong to neither, since places are recorded with errors.
    study_area : GeoDataFrame, GeoSeries or shapely geometry, optional
        Where the events were recorded: the city. Left out, the outline of the events is taken, and a note says so.
    date : str
        Column of the dates: dates, times (with a zone: the day on its clock), texts such as "2022-01-31", or months
        ("2022-01", periods of pandas).
    measure : str or sequence of str
        What is counted, for sentences; with `category`, the values of that column that are counted.
    category : str, optional
        Column that says what each event is. All rows then tell which months were recorded, so that a month without the
        counted values is a zero and not a gap. Prefer this to filtering the frame.
    before : (start, end) or int, optional
        First day of the window before and the first day after it; or a number of earlier years whose dates are those
        of the window after. Left out: up to two years before the operation, as far as the events reach.
    after : str or sequence of str, optional
        Phases: "during", and months after the end such as "0-3 months". Left out: those of the year after that the
        events reach.
    control : GeoDataFrame, GeoSeries, shapely geometry or "auto"
        "auto" is all of the study area beyond the rings and a belt around them.
    covers : (start, end), optional
        Days that the records cover, the end not included. Left out: from the first to the last event.
    chosen_on : (start, end), optional
        Days of the data on which the target was chosen: regression to the mean is then looked at.
    location_error : float
        Typical distance in metres between recorded and true places.
    kind : {"incident", "needle_find", "health", "treatment_entry"}
    unit : str
        What one event is, for sentences: "calls", "requests".
    recorded_by : {"public", "police", "agency"}
    harm : (str, str), "by kind" or None
        Who bears the harm ("user", "family and neighbours", "community", "institutions"), and its type ("health", "crime
        and violence", "social and nuisance", "economic", "environment"), for `net_harm`; None for what police did: activity
        is no harm.
    margin : float
        The largest change, as a share of the expected count, that a bound may leave open.
    name : str
        Of the operation, for sentences.
    seed : int
        Of all random numbers.

    Returns
    -------
    Evaluation
        ``.target``, ``.rings``, ``.total`` and ``.phases`` are effects with counts, expected count, change, interval and
        reading; ``.summary()`` is the answer in words, ``.to_frame()`` a table, ``.plot()`` a drawing.

    Raises
    ------
    DataError
        If events, areas or arguments cannot be used, in one sentence.
    DesignError
        If no valid comparison can be made around the target, in one sentence.

    Notes
    -----
    Effects with a calibrated interval hold the truth in about 95 of 100 places without an operation
    (``docs/calibration.md``). Where too little can be learned there is no interval, and the answer is "cannot tell":
    never a narrower interval. The numbers have full precision: they are for analysis, not for publication.

    Examples
    --------
    >>> import geopandas, pandas, geoharm
    >>> needles = pandas.read_csv("data/sample/needles.csv").drop_duplicates()
    >>> days = pandas.to_datetime(needles["date"], format="%Y-%m-%d", errors="coerce")
    >>> events = geoharm.events_from_xy(needles["longitude"], needles["latitude"], days, crs="EPSG:4326")
    >>> answer = geoharm.evaluate(
    ...     events,
    ...     target=geopandas.read_file("data/sample/market.geojson"),
    ...     study_area=geopandas.read_file("data/sample/city.geojson"),
    ...     start="2022-01-10",
    ...     end="2022-01-23",
    ... )
    >>> answer.statement
    'fell'
    """
    counted = count_events(
        events,
        date=date,
        measure=measure,
        category=category,
        study_area=study_area,
        covers=covers,
        location_error=location_error,
        kind=kind,
        unit=unit,
        recorded_by=recorded_by,
        harm=harm,
    )
    if isinstance(control, str) and control != AUTO:
        msg = f'control is "auto" or an area; "{control}" was given.'
        raise DataError(msg)
    area, source = counted.area, counted.source
    operation, chosen = read_operation(
        name=name,
        target=counted.shape(target, name="target"),
        start=start,
        end=end,
        rings=rings,
        gap=gap,
        control=None if isinstance(control, str) else counted.shape(control, name="control"),
        before=before,
        after=after,
        chosen_on=chosen_on,
        area=area,
        ledgers=[source.ledger],
    )
    study = study_of(
        area, sources=[source], measures=[counted.measure], operations=[operation], margin=margin, seed=seed
    )
    designs = design_operations(study, [source.ledger], {})
    data = StudyData(study, (source.ledger,), (measure_data(source, counted.measure, zones_of(designs)),), designs)
    (result,), _ = evaluate_measures(data, designs[0])
    return Evaluation(data, result, source, (*counted.notes, *chosen, *designs[0].notes))
