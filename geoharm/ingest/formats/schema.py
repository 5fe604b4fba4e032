"""The schemas of input formats: every key of a format file with its type, its limits, its default and its meaning.

There is one for dated points and one for each kind of table: area tables, surveys, sites, streets and addresses.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from geoharm._schema import Day, Name, OneOf, Table
from geoharm.dates.patterns import PRECISIONS
from geoharm.ingest.formats.tables import ESTIMATE_KINDS, UNITS_OF_TIME

LOCATION_QUALITIES = ("exact", "snapped", "block", "randomised")
DUPLICATE_RULES = ("none", "id")
DUPLICATE_VERSIONS = ("between files", "always", "never")
_NO_SIGNS = "\r\n\x00"


def _bounds(symbols: dict[str, list[int]]) -> dict[str, list[int]]:
    if any(lowest > highest for lowest, highest in symbols.values()):
        msg = (
            "must give each symbol the lowest and highest number it can stand for, the smaller first, such as "
            '{ "*" = [1, 4] }.'
        )
        raise ValueError(msg)
    return symbols


def _extent(bounds: list[float]) -> list[float]:
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        msg = "must be west, south, east and north in degrees, west below east and south below north, such as [-0.6, 51.2, 0.4, 51.8]."
        raise ValueError(msg)
    return bounds


def _delimiter(text: str) -> str:
    if len(text) != 1 or text in _NO_SIGNS:
        msg = 'must be one sign, such as ";", "|" or "\\t"; a file with another separator must be saved again.'
        raise ValueError(msg)
    return text


def _quote(text: str) -> str:
    if len(text) != 1 or text in _NO_SIGNS or text.isspace():
        msg = "must be one sign, such as '; for a file without quotes, leave it out or name a sign that the file does not have."
        raise ValueError(msg)
    return text


# A text that may be empty, as in a guess that somebody has still to fill in.
_Note: TypeAlias = Annotated[str, Field(max_length=5000)]
_Cell: TypeAlias = Annotated[str, Field(max_length=500)]
_Header: TypeAlias = Name | Annotated[list[Name], Field(min_length=1)]
_Count: TypeAlias = Annotated[int, Field(ge=0, le=10**12)]
_Suppressed: TypeAlias = Annotated[
    dict[str, Annotated[list[_Count], Field(min_length=2, max_length=2)]], AfterValidator(_bounds)
]

_Extent: TypeAlias = Annotated[list[float], Field(min_length=4, max_length=4), AfterValidator(_extent)]


class _AboutTable(Table):
    """What the format reads, and who publishes it."""

    model_config = ConfigDict(title="[format]")

    name: _Note = Field(default="", description="Not used; the file name is the name.")
    title: _Note | None = Field(default=None, description="Shown with the data; the name of the format if left out.")
    publisher: _Note = Field(default="", description="Shown with the data.")
    licence: _Note = Field(default="", description="Shown with the data.")
    attribution: _Note = Field(default="", description="Shown with the data.")
    documentation: _Note = Field(default="", description="Shown with the data.")
    tried_on: _Note = Field(default="untried", description="The real file that it has read.")
    known_by: list[Name] = Field(
        default=[],
        description="Further columns of the publisher's file: `geoharm new` uses this format only for files that have them.",
    )
    guessed: bool = Field(
        default=False, description="`true` until somebody has checked the format: until then no study uses it."
    )


class EventAbout(_AboutTable):
    """What a format of dated points reads, and who publishes it."""

    kind: Literal["event"] = Field(default="event", description="Dated points.")
    container: Literal["csv", "geojson", "esri-json", "json", "kml", "parquet", "excel", "vector"] = Field(
        default="csv",
        description="Kind of file: `csv` also gzipped, or inside a zip archive; `geojson` also with one feature a line; `esri-json` as ArcGIS servers send it; `json` records without geometries, as a list or one a line; `kml` also in its `.kmz`; `vector` is GeoPackage, FlatGeobuf, or Shapefile in its zip.",
    )


class CsvTable(Table):
    """The dialect of CSV files; it is never guessed."""

    model_config = ConfigDict(title="[csv]")

    delimiter: Annotated[str, AfterValidator(_delimiter)] = Field(
        default=",", examples=[";"], description="The one sign between two cells."
    )
    quote: Annotated[str, AfterValidator(_quote)] = Field(
        default='"', examples=["'"], description="The one sign around a cell that has delimiters in it."
    )
    encoding: Name = Field(default="utf-8", description='Encoding, such as "utf-8" or "cp1252".')


class ZipTable(Table):
    """What is read in an archive."""

    model_config = ConfigDict(title="[zip]")

    members: list[Name] | None = Field(
        default=None, description="Patterns of the files to read in an archive; if left out, those of the container."
    )


class ExcelTable(Table):
    """What is read in a workbook."""

    model_config = ConfigDict(title="[excel]")

    sheet: Annotated[str, Field(max_length=200)] = Field(
        default="", description="Name of the sheet; the first if left out."
    )
    header_row: int = Field(default=1, ge=1, le=1_048_576, description="The row with the headers, counted from 1.")


class VectorTable(Table):
    """What is read in a geographic file."""

    model_config = ConfigDict(title="[vector]")

    layer: Annotated[str, Field(max_length=200)] = Field(
        default="",
        description="Name of the layer, or of one Shapefile of several in a zip, without its ending; needed if there are several.",
    )


class ColumnsTable(Table):
    """The headers of the columns; each may be a list of accepted headers."""

    model_config = ConfigDict(title="[columns]")

    _order: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _keep_order(cls, content: Any, handler: ModelWrapValidatorHandler[ColumnsTable]) -> ColumnsTable:
        columns = handler(content)
        columns._order = tuple(content) if isinstance(content, dict) else ()
        return columns

    def headers(self) -> dict[str, tuple[str, ...]]:
        """Return the accepted headers of each field, in the order of the file, which is part of a format's fingerprint."""
        found = {key: getattr(self, key) for key in self._order}
        return {key: (names,) if isinstance(names, str) else tuple(names) for key, names in found.items()}


_ID_WIDTH = (
    "Number of digits, if codes are whole numbers: `1001.0` becomes `1001`, and lost leading zeros are restored, also in the area "
    "file. With 0, codes stay as they are."
)
_BOTH_IN_ONE = (
    "Both in one column: `lat, lon`, also in brackets after a text or in degrees, minutes and seconds with letters; or a point, "
    "whose own rules put x (longitude, easting) first: WKT `POINT (x y)`, EWKT, hexadecimal WKB, the coordinates of GeoJSON."
)


class EventColumns(ColumnsTable):
    """The headers of the columns of dated points; each may be a list of accepted headers."""

    id: _Header | None = Field(default=None, description="Identifier; needed if the rule of duplicates is `id`.")
    date: _Header | None = Field(default=None, description="Date, or date and time; needed unless there is a `year`.")
    end: _Header | None = Field(
        default=None, description="With `date`, the end of a span of time: the event is dated at its middle."
    )
    time: _Header | None = Field(
        default=None,
        description="With `date`, the time of day if it has a column of its own; needs `time_formats`. Where it is blank or cannot be read, the row counts on its day, without an hour.",
    )
    year: _Header | None = Field(default=None, description="Year, with `month`, instead of `date`.")
    month: _Header | None = Field(default=None, description="Month, with `year`.")
    day: _Header | None = Field(default=None, description="Day, with `year` and `month`.")
    longitude: _Header | None = Field(
        default=None,
        description="Longitude or easting; geometry files need none. Degrees may be written with minutes and seconds.",
    )
    latitude: _Header | None = Field(
        default=None,
        description="Latitude or northing; geometry files need none. Degrees may be written with minutes and seconds.",
    )
    latlon: _Header | None = Field(default=None, description=_BOTH_IN_ONE)
    area: _Header | None = Field(
        default=None,
        description="Instead of coordinates, the code of the area in which the event lies; the study names the outlines under `areas` and `area_id` of the source. Such events are counted by area, never as points.",
    )
    category: _Header | None = Field(default=None, description="Category, which measures name.")
    address: _Header | None = Field(
        default=None,
        description="Address text. A format without coordinates needs it, or `street`; its source then names `addresses`.",
    )
    number: _Header | None = Field(default=None, description="With `street`, the house number.")
    street: _Header | None = Field(
        default=None, description="Street, or the two streets of a crossing, instead of `address`."
    )
    town: _Header | None = Field(
        default=None, description="With `address` or `street`, the town or district, which tells equal addresses apart."
    )
    weight: _Header | None = Field(default=None, description="A number that weighs the event, such as needles found.")
    updated: _Header | None = Field(
        default=None,
        description="Date of the last change of the row, written like `date`: of several versions the latest counts.",
    )
    remark: _Header | None = Field(default=None, description="Used only to find test rows, never stored.")


class CategoryTable(Table):
    """The categories of rows."""

    model_config = ConfigDict(title="[category]")

    constant: Annotated[str, Field(max_length=200)] = Field(default="", description="One category for every row.")
    map: dict[str, str] = Field(
        default={},
        examples=[{"THEFT": "theft"}],
        description="From the publisher's words to yours; others stay as they are.",
    )


class EventDateTable(Table):
    """How the dates of events are read."""

    model_config = ConfigDict(title="[date]")

    formats: list[Name] = Field(
        default=[],
        description="All patterns that occur in the column, tried in order, in the letters of strptime; fixed text, such as `+00`, `Uhr` or `de`, is written as it is. `%b` or `%B` reads a month's name or abbreviation in English, German, Dutch, French or Spanish, and the day beside it may be an ordinal (`3rd`, `1er`); `%a` or `%A` a weekday, which has to be that of the day; `%p` also `p. m.`; `%f` up to nine digits; `%q` the quarter. `excel-serial` reads day numbers, `epoch-ms` milliseconds since 1970 (also `/Date(...)/`), `epoch-s` seconds. At least one is needed.",
    )
    time_formats: list[Name] = Field(
        default=[],
        description="All patterns that occur in `columns.time`, such as `%H:%M` or `%I:%M %p`. `%H%M` also reads numbers that have lost zeros at the front (`905`), `excel-serial` fractions of a day; of a pattern with a date only the time counts.",
    )
    zone: Annotated[str, Field(max_length=200)] = Field(
        default="",
        description='The time zone whose days are counted, such as "America/New_York". Needed if the texts have an offset (`%z`, `Z`, `+00`, `epoch-ms`, `epoch-s`); these times are converted to the zone. Times without an offset are local and stay as they are.',
    )
    utc: bool = Field(default=False, description="`true` if times without an offset are UTC.")
    trust_offset: bool = Field(default=True, description="`false` if times are local although they end in an offset.")
    order_checked: bool = Field(
        default=False,
        description="`true` after a person has checked the order of day and month; it is then no longer questioned.",
    )
    precision: Annotated[str, OneOf(PRECISIONS)] = Field(
        default="day",
        description="`moment`: the hour is known. With `year`, only windows of whole years can be counted.",
    )
    longest_span_days: int = Field(
        default=31, ge=0, le=36500, description="Longer spans are rejected, since the date of the event is not known."
    )


class LocationTable(Table):
    """Where events are, and how exactly."""

    model_config = ConfigDict(title="[location]")

    crs: Name = Field(
        default="EPSG:4326",
        description="Coordinate system: for eastings and northings for example `EPSG:27700`, for feet for example `EPSG:2249`.",
    )
    quality: Annotated[str, OneOf(LOCATION_QUALITIES)] = Field(
        default="exact", description="What the publisher does to places."
    )
    typical_error_m: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="Typical distance in metres between a published and the true place; decides how close to the target a ring can be evaluated. Needed unless places are `exact`; 0 if left out then.",
    )
    error_source: _Note = Field(default="", description="Where this distance is stated.")
    extent: _Extent | None = Field(
        default=None,
        examples=[[-0.6, 51.2, 0.4, 51.8]],
        description="West, south, east and north of the region that the publisher reports on, in degrees, with a margin: no row can lie beyond it.",
    )


class DuplicatesTable(Table):
    """Which rows are one event."""

    model_config = ConfigDict(title="[duplicates]")

    rule: Annotated[str, OneOf(DUPLICATE_RULES)] = Field(
        default="none", description="With `id`, rows with the same id, date, place and category are one event."
    )
    versions: Annotated[str, OneOf(DUPLICATE_VERSIONS)] = Field(
        default="between files",
        description="With the rule `id`, rows of one id that differ. `between files`: rows of one file are several offences, and of several files the latest one's rows count. `always`: an id is one event, and its latest row counts. `never`: all count.",
    )


class RejectTable(Table):
    """Which rows are tests."""

    model_config = ConfigDict(title="[reject]")

    remark_contains: list[Name] = Field(default=[], description="Texts in the remark that mark a row as a test.")


class BlankTable(Table):
    """Texts with a special meaning."""

    model_config = ConfigDict(title="[values]")

    blank: list[_Cell] = Field(default=[""], description='Texts that mean nothing, such as `["", "NA"]`.')


class NumbersTable(BlankTable):
    """Texts with a special meaning, and the signs of numbers."""

    decimal: Annotated[str, OneOf((".", ","))] | None = Field(
        default=None,
        description='The decimal sign; a point if left out. A file with weights such as "1.000", which can be a thousand, is refused until this or `thousands` says what they are.',
    )
    thousands: Annotated[str, OneOf(("", ".", ",", " ", "'"))] = Field(
        default="", description='The separator of thousands, such as "."; none if left out.'
    )


class EventAreaTable(Table):
    """The areas of events that have the code of an area instead of coordinates."""

    model_config = ConfigDict(title="[area]")

    id_width: int = Field(default=0, ge=0, le=100, description=_ID_WIDTH)


class EventFormat(Table):
    """An input format of geoharm for dated points: what a publisher's columns mean."""

    model_config = ConfigDict(title="geoharm format of dated points")

    format: EventAbout = Field(default=EventAbout(), description="What the format reads.")
    csv: CsvTable = Field(default=CsvTable(), description="The dialect of CSV files.")
    zip: ZipTable = Field(default=ZipTable(), description="What is read in an archive.")
    excel: ExcelTable = Field(default=ExcelTable(), description="What is read in a workbook.")
    vector: VectorTable = Field(default=VectorTable(), description="What is read in a geographic file.")
    columns: EventColumns = Field(default=EventColumns(), description="The headers of the columns.")
    category: CategoryTable = Field(default=CategoryTable(), description="The categories of rows.")
    date: EventDateTable = Field(default=EventDateTable(), description="How dates are read.")
    location: LocationTable = Field(default=LocationTable(), description="Where events are.")
    area: EventAreaTable = Field(default=EventAreaTable(), description="Codes of areas, with `columns.area`.")
    duplicates: DuplicatesTable = Field(default=DuplicatesTable(), description="Which rows are one event.")
    reject: RejectTable = Field(default=RejectTable(), description="Which rows are tests.")
    values: NumbersTable = Field(
        default=NumbersTable(), description="Texts with a special meaning, and the signs of numbers."
    )


class AreaTable(Table):
    """The areas of a table."""

    model_config = ConfigDict(title="[area]")

    constant: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="The one area of a table without a column of areas; it represents the study area."
    )
    id_width: int = Field(
        default=0,
        ge=0,
        le=100,
        description=_ID_WIDTH,
    )
    totals: list[Name] = Field(
        default=[], description='Codes of sums of areas, such as `["Total"]`; their rows are rejected.'
    )


class OnePeriod(Table):
    """The one period of a table, half-open."""

    model_config = ConfigDict(title="{ start, end }")

    start: Day = Field(description="The first day.")
    end: Day = Field(description="The first day after the period: the end is not included.")


class SurveyDateTable(Table):
    """How the periods of a survey are read."""

    model_config = ConfigDict(title="[date]")

    formats: list[Name] = Field(
        default=[],
        description='Patterns as for events; `%q` is the quarter: `"%Y Q%q"`. Needed unless periods are numbered.',
    )
    unit: Annotated[str, OneOf(UNITS_OF_TIME)] = Field(
        default="month", description="A date means the period of this length that contains it; a week begins with it."
    )
    numbered_from: Day | None = Field(
        default=None, description="First day of period 1, if periods are numbered 1, 2, 3."
    )
    period: OnePeriod | None = Field(
        default=None, description="The one period of a table without a column of periods, half-open."
    )
    file_name: Name | None = Field(
        default=None,
        examples=["calls-([0-9]{4})"],
        description="A regular expression for the name of each file, whose first group is the date of all its rows, read by `formats`; for one file a year or month.",
    )
    undated: bool = Field(
        default=False,
        description="`true` for a table without any period: it can be mapped, and is in no comparison of before and after. A study that knows its days writes them as `covers` of the source.",
    )


class AreaDateTable(SurveyDateTable):
    """How the periods of an area table are read."""

    headers: Name | None = Field(
        default=None,
        description="For a wide table: a regular expression that finds the columns with values; the header, or its first group, is the date.",
    )


class _PeriodColumns(ColumnsTable):
    """The columns of area and period."""

    area: _Header | None = Field(default=None, description="The code of the area; or `constant` under `[area]`.")
    date: _Header | None = Field(default=None, description="The period of each row.")
    year: _Header | None = Field(default=None, description="Year, with `month` or `quarter`, instead of `date`.")
    month: _Header | None = Field(default=None, description="Month, with `year`.")
    quarter: _Header | None = Field(default=None, description="Quarter, with `year`.")
    category: _Header | None = Field(default=None, description="What is counted, or the question of a survey.")


class AreaColumns(_PeriodColumns):
    """The headers of the columns of an area table."""

    value: _Header | None = Field(default=None, description="The count; a table with many values on one line has none.")
    low: _Header | None = Field(
        default=None,
        description="With `high` instead of `value`: the smallest number that the count can be, kept as its bound.",
    )
    high: _Header | None = Field(default=None, description="The largest number that the count can be.")


class SurveyColumns(_PeriodColumns):
    """The headers of the columns of a survey."""

    estimate: _Header = Field(description="The estimate.")
    standard_error: _Header | None = Field(default=None, description="Its standard error, used first if a row has it.")
    low: _Header | None = Field(default=None, description="Lower end of its interval, used with `high` next.")
    high: _Header | None = Field(default=None, description="Upper end of its interval.")
    n: _Header | None = Field(default=None, description="Number of people asked, used last.")


class AreaValuesTable(BlankTable):
    """The values of an area table."""

    suppressed: _Suppressed = Field(
        default={},
        examples=[{"*": [1, 4]}],
        description="Symbols of a suppressed number, with its smallest and largest possible value.",
    )
    thousands: Annotated[str, Field(max_length=1)] = Field(
        default="", description='The separator of thousands, such as `","`.'
    )
    rounded_to: int = Field(
        default=1,
        ge=1,
        le=10**9,
        description="Numbers were rounded to the nearest multiple of this; each is kept as the interval of all values that round to it.",
    )
    columns: dict[Name, Name] | None = Field(
        default=None, examples=[{"drug_n": "drug incidents"}], description="A column for each category."
    )


class SurveyTable(Table):
    """What a survey estimates."""

    model_config = ConfigDict(title="[survey]")

    measured: Annotated[str, OneOf(ESTIMATE_KINDS)] = Field(default="percent", description="What the estimates are.")
    unit: Name | None = Field(default=None, description="Their unit; as `measured` if left out.")
    level: float = Field(default=0.95, ge=0.5, le=0.999, description="Level of the intervals.")
    design_effect: float = Field(
        default=1.0,
        ge=1,
        description="The number of people asked is divided by this; used if only that number is known.",
    )


class AreaAbout(_AboutTable):
    """What a format of area tables reads, and who publishes it."""

    kind: Literal["area_table"] = Field(description="Counts by area and period.")
    container: Literal["csv", "excel", "parquet"] = Field(default="csv", description="Kind of file.")


class SurveyAbout(_AboutTable):
    """What a format of surveys reads, and who publishes it."""

    kind: Literal["survey"] = Field(description="Estimates by area and period, with their error.")
    container: Literal["csv", "excel", "parquet"] = Field(default="csv", description="Kind of file.")


class SiteAbout(_AboutTable):
    """What a format of sites reads, and who publishes it."""

    kind: Literal["site"] = Field(description="Services without a date.")
    container: Literal["csv", "excel", "parquet", "geojson", "esri-json", "json", "kml", "vector"] = Field(
        default="csv", description="Kind of file; see the formats of dated points."
    )


class StreetsAbout(_AboutTable):
    """What a format of street lines reads, and who publishes it."""

    kind: Literal["streets"] = Field(description="Lines in any coordinate system.")
    container: Literal["geojson", "vector"] = Field(description="Kind of file.")


class AreaTableFormat(Table):
    """An input format of geoharm for area tables: counts by area and period."""

    model_config = ConfigDict(title="geoharm format of area tables")

    format: AreaAbout = Field(description="What the format reads.")
    csv: CsvTable = Field(default=CsvTable(), description="The dialect of CSV files.")
    zip: ZipTable = Field(default=ZipTable(), description="What is read in an archive.")
    excel: ExcelTable = Field(default=ExcelTable(), description="What is read in a workbook.")
    columns: AreaColumns = Field(default=AreaColumns(), description="The headers of the columns.")
    category: CategoryTable = Field(default=CategoryTable(), description="The categories of rows.")
    area: AreaTable = Field(default=AreaTable(), description="The areas.")
    date: AreaDateTable = Field(default=AreaDateTable(), description="How periods are read.")
    values: AreaValuesTable = Field(default=AreaValuesTable(), description="The values.")


class SurveyFormat(Table):
    """An input format of geoharm for surveys: estimates by area and period, with their error."""

    model_config = ConfigDict(title="geoharm format of surveys")

    format: SurveyAbout = Field(description="What the format reads.")
    csv: CsvTable = Field(default=CsvTable(), description="The dialect of CSV files.")
    zip: ZipTable = Field(default=ZipTable(), description="What is read in an archive.")
    excel: ExcelTable = Field(default=ExcelTable(), description="What is read in a workbook.")
    columns: SurveyColumns = Field(description="The headers of the columns.")
    category: CategoryTable = Field(default=CategoryTable(), description="The questions.")
    area: AreaTable = Field(default=AreaTable(), description="The areas.")
    date: SurveyDateTable = Field(default=SurveyDateTable(), description="How periods are read.")
    values: BlankTable = Field(default=BlankTable(), description="Texts with a special meaning.")
    survey: SurveyTable = Field(default=SurveyTable(), description="What is estimated.")


class SiteColumns(ColumnsTable):
    """The headers of the columns of a list of sites."""

    name: _Header | None = Field(
        default=None, description="Name of the organisation; without it, the address or the identifier is the name."
    )
    id: _Header | None = Field(
        default=None, description="Identifier; rows of different identifiers are different sites."
    )
    part: _Header | None = Field(default=None, description="Part of the organisation.")
    category: _Header | None = Field(default=None, description="Category of the service.")
    address: _Header | None = Field(default=None, description="Address text.")
    longitude: _Header | None = Field(
        default=None,
        description="Longitude or easting; geometry files need none. Degrees may be written with minutes and seconds.",
    )
    latitude: _Header | None = Field(
        default=None,
        description="Latitude or northing; geometry files need none. Degrees may be written with minutes and seconds.",
    )
    latlon: _Header | None = Field(default=None, description=_BOTH_IN_ONE)


class SiteFormat(Table):
    """An input format of geoharm for sites: services without a date."""

    model_config = ConfigDict(title="geoharm format of sites")

    format: SiteAbout = Field(description="What the format reads.")
    csv: CsvTable = Field(default=CsvTable(), description="The dialect of CSV files.")
    zip: ZipTable = Field(default=ZipTable(), description="What is read in an archive.")
    excel: ExcelTable = Field(default=ExcelTable(), description="What is read in a workbook.")
    vector: VectorTable = Field(default=VectorTable(), description="What is read in a geographic file.")
    columns: SiteColumns = Field(description="The headers of the columns.")
    category: CategoryTable = Field(default=CategoryTable(), description="The categories of sites.")
    location: LocationTable = Field(default=LocationTable(), description="Where sites are.")
    values: NumbersTable = Field(
        default=NumbersTable(), description="Texts with a special meaning, and the signs of numbers."
    )


class StreetColumns(ColumnsTable):
    """The headers of the columns of street lines; they are needed only to place addresses."""

    name: _Header | None = Field(default=None, description="Name of the street, with its type and direction.")
    left_from: _Header | None = Field(
        default=None, description="First house number on the left side; the four go together, and need `name`."
    )
    left_to: _Header | None = Field(default=None, description="Last house number on the left side.")
    right_from: _Header | None = Field(default=None, description="First house number on the right side.")
    right_to: _Header | None = Field(default=None, description="Last house number on the right side.")


class StreetsFormat(Table):
    """An input format of geoharm for street lines."""

    model_config = ConfigDict(title="geoharm format of street lines")

    format: StreetsAbout = Field(description="What the format reads.")
    columns: StreetColumns = Field(default=StreetColumns(), description="The headers of the columns.")
    zip: ZipTable = Field(default=ZipTable(), description="What is read in an archive.")
    vector: VectorTable = Field(default=VectorTable(), description="What is read in a geographic file.")


class AddressesAbout(_AboutTable):
    """What a format of addresses reads, and who publishes it."""

    kind: Literal["addresses"] = Field(description="Points with an address, by which events are placed.")
    container: Literal["csv", "excel", "parquet", "geojson", "esri-json", "json", "kml", "vector"] = Field(
        default="csv", description="Kind of file; see the formats of dated points."
    )


class AddressColumns(ColumnsTable):
    """The headers of the columns of a list of addresses."""

    address: _Header | None = Field(default=None, description="Address text, or the name of a place.")
    number: _Header | None = Field(default=None, description="With `street`, the house number.")
    street: _Header | None = Field(default=None, description="Street, instead of `address`.")
    town: _Header | None = Field(
        default=None, description="Town or district: an event that names another one is not placed here."
    )
    longitude: _Header | None = Field(default=None, description="Longitude or easting; geometry files need none.")
    latitude: _Header | None = Field(default=None, description="Latitude or northing; geometry files need none.")
    latlon: _Header | None = Field(default=None, description=_BOTH_IN_ONE)


class AddressesFormat(Table):
    """An input format of geoharm for addresses with coordinates, by which events without coordinates are placed."""

    model_config = ConfigDict(title="geoharm format of addresses")

    format: AddressesAbout = Field(description="What the format reads.")
    csv: CsvTable = Field(default=CsvTable(), description="The dialect of CSV files.")
    zip: ZipTable = Field(default=ZipTable(), description="What is read in an archive.")
    excel: ExcelTable = Field(default=ExcelTable(), description="What is read in a workbook.")
    vector: VectorTable = Field(default=VectorTable(), description="What is read in a geographic file.")
    columns: AddressColumns = Field(description="The headers of the columns.")
    location: LocationTable = Field(default=LocationTable(), description="Where addresses are, and how exactly.")
    values: NumbersTable = Field(
        default=NumbersTable(), description="Texts with a special meaning, and the signs of numbers."
    )


TableFormat: TypeAlias = AreaTableFormat | SurveyFormat | SiteFormat | StreetsFormat | AddressesFormat
TABLE_FORMATS: dict[str, type[TableFormat]] = {
    "area_table": AreaTableFormat,
    "survey": SurveyFormat,
    "site": SiteFormat,
    "streets": StreetsFormat,
    "addresses": AddressesFormat,
}
