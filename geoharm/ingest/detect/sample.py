"""A sample of a table's rows as text, from any container: used to guess and to recognise its format."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geoharm import _crs, _limits
from geoharm._archives import ArchiveFault, opened_archive
from geoharm.dates.reading import read_date
from geoharm.errors import DataError
from geoharm.ingest.readers.cells import cell_text
from geoharm.ingest.readers.csv_files import MAX_LINE
from geoharm.ingest.readers.features import FeatureFile, lonlat_places, property_names
from geoharm.ingest.readers.input_files import InputFile, archive_error, find_input_files
from geoharm.ingest.readers.json_files import read_json
from geoharm.ingest.readers.kml import read_kml
from geoharm.ingest.readers.library_errors import reading
from geoharm.ingest.readers.recognise import is_kml, refuse_other_kind
from geoharm.ingest.readers.tabular import check_parquet, read_geoparquet, sheet_rows
from geoharm.ingest.readers.vector import (
    FLATGEOBUF_START,
    SQLITE_START,
    ZIP_START,
    read_vector,
    single_point,
    vector_layers,
)
from geoharm.ingest.readers.workbook_limits import WORKBOOK_FREE_BYTES

if TYPE_CHECKING:
    import geopandas

SAMPLE_ROWS = 2_000
# In a workbook: rows in which the column names are looked for, rows that may name groups of columns, and rows below the
# names that are looked at.
_MAX_TITLE_ROWS, _MAX_GROUP_ROWS, _ROWS_BELOW = 30, 3, 20
# Characters to read: enough to see a format change in the middle of a long file. Of a longer file, a note says so.
_MAX_CHARACTERS = 64 << 20
_MEMBERS = (
    "*.csv", "*.csv.txt", "*.tsv", "*.txt", "*.geojson", "*.json", "*.geojsonl", "*.geojsons", "*.jsonl", "*.ndjson", "*.kml",
)  # fmt: skip
PERIOD_NAME = re.compile(r"(19|20)\d\d([-_ /]?(q[1-4]|0?[1-9]|1[0-2]))?|q[1-4][-_ ]?(19|20)\d\d", re.I)
_FULL_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M")


@dataclass(frozen=True, slots=True)
class FileSample:
    """The name, the container, the header and sampled rows of a table.

    Attributes
    ----------
    name : str
        Of the file, after its archive's name if it lies in one.
    container : str
        As in a format.
    header : tuple of str
    rows : tuple of tuple of str
        Up to `SAMPLE_ROWS` rows as long as the header, from the whole file where it can be read quickly.
    delimiter, encoding : str
        Of delimited text.
    sheet : str
        Of a workbook; empty if there is only one.
    header_row : int
        Of a workbook, counted from 1.
    layer : str
        Of a geographic file with several layers; empty if there is only one.
    members : tuple of str
        In an archive with tables of several kinds: the files with this header.
    places : tuple of (float, float) or None
        Longitude and latitude of the first geometries; None if coordinates are in columns.
    notes : tuple of str
        What a person should know: other sheets, rows of another length.
    """

    name: str
    container: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str = ""
    header_row: int = 1
    layer: str = ""
    members: tuple[str, ...] = ()
    places: tuple[tuple[float, float], ...] | None = None
    notes: tuple[str, ...] = ()

    def column(self, index: int) -> list[str]:
        """Return the values of one column, without surrounding spaces."""
        return [row[index].strip() for row in self.rows]


def read_sample(source: InputFile) -> FileSample:
    """Return a sample of a file. Its container is recognised by its first bytes, not by its name.

    Raises
    ------
    DataError
        If it is not a table with column names.
    """
    if not source.path.is_file():
        msg = f'The file "{source.path}" does not exist.'
        raise DataError(msg)
    with source.open() as stream:
        start = stream.read(4096)
    if not start.strip():
        msg = f'The file "{source.name}" is empty.'
        raise DataError(msg)
    opening = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    for beginnings, read in _KINDS:
        if opening.startswith(beginnings) and (source.is_plain or beginnings != (ZIP_START,)):
            return read(source)
    refuse_other_kind(source, "")
    if is_kml(start):
        return _features(source, "kml", read_kml(source))
    if b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        msg = f'The file "{source.name}" is not text, and not a table that geoharm can read.'
        raise DataError(msg)
    return _text(source)


def _archive(source: InputFile) -> FileSample:
    try:
        with opened_archive(source.path, free=WORKBOOK_FREE_BYTES) as archive:
            entries = archive.namelist()
    except ArchiveFault as fault:
        raise archive_error(source.path, fault) from fault
    if "[Content_Types].xml" in entries or "content.xml" in entries:
        return _excel(source)
    if any(name.lower().endswith(".shp") for name in entries):
        return _vector(source)
    files = find_input_files([source.path.name], source.path.parent, members=_MEMBERS)
    first_sample = read_sample(files[0])
    same_columns: list[InputFile] = [files[0]]
    other_columns: list[InputFile] = []
    for file in files[1:]:
        (same_columns if _same_header(file, first_sample) else other_columns).append(file)
    if not other_columns:
        return first_sample
    member_names = tuple(sorted({file.member.rsplit("/", 1)[-1] for file in same_columns}))
    note = f"the archive holds {len(other_columns)} tables with other columns; only those like {member_names[0]} were looked at"
    return replace(first_sample, members=member_names, notes=(*first_sample.notes, note))


def _same_header(file: InputFile, first_sample: FileSample) -> bool:
    try:
        return read_sample(file).header == first_sample.header
    except DataError:
        return False


def _text(source: InputFile) -> FileSample:
    encoding = _encoding(source)
    csv.field_size_limit(MAX_LINE)
    with source.open() as stream, io.TextIOWrapper(stream, encoding, "replace", newline="") as text_stream:
        first_line = text_stream.readline(MAX_LINE)
        delimiter = max(",;\t|", key=first_line.count)
        if first_line.count(delimiter) == 0:
            msg = f'The first line of "{source.name}" has no delimiter ( , ; tab or | ); no format can be guessed.'
            raise DataError(msg)
        try:
            raw_header = next(csv.reader([first_line], delimiter=delimiter))
            width = len(raw_header)
            header = [name.strip() for name in raw_header]
            _check_names(source, header)
            rows, count, ragged, is_complete = _sampled_rows(text_stream, delimiter, width)
        except csv.Error as error:
            msg = f'The file "{source.name}" cannot be read as delimited text: {error}.'
            raise DataError(msg) from error
    if not rows:
        msg = f'The file "{source.name}" has no row as long as its header; no format can be guessed.'
        raise DataError(msg)
    notes = [] if is_complete else [f"the file is long: only its first {count:,} rows were looked at"]
    if ragged:
        notes.append(f"{ragged:,} of {count:,} rows are longer or shorter than the header")
    if encoding == "cp1252":
        notes.append("encoding: the file is not utf-8; cp1252 can read it, but check its accented letters")
    return FileSample(
        source.name, "csv", tuple(header), tuple(rows), delimiter, encoding.replace("-sig", ""), notes=tuple(notes)
    )


def _sampled_rows(text: io.TextIOWrapper, delimiter: str, width: int) -> tuple[list[tuple[str, ...]], int, int, bool]:
    """Return sampled rows, the number of rows, the number whose length differs, and whether all were read."""
    kept: list[tuple[str, ...]] = []
    count, ragged, characters, step = 0, 0, 0, 1
    for row in csv.reader(text, delimiter=delimiter):
        if not any(cell.strip() for cell in row):
            continue
        characters += sum(map(len, row)) + len(row)
        count += 1
        ragged += len(row) != width
        if len(row) == width and count % step == 0:
            kept.append(tuple(row))
            if len(kept) == 2 * SAMPLE_ROWS:
                kept, step = kept[::2], step * 2
        if characters > _MAX_CHARACTERS:
            return _evenly_spaced(kept), count, ragged, False
    return _evenly_spaced(kept), count, ragged, True


def _evenly_spaced(rows: Sequence[Any]) -> list[Any]:
    """Return at most `SAMPLE_ROWS` rows, evenly spaced, including the first."""
    step = max(1, -(-len(rows) // SAMPLE_ROWS))
    return list(rows[::step])


def _encoding(source: InputFile) -> str:
    """Return the encoding that decodes the beginning of a file: utf-8, utf-16 or cp1252."""
    with source.open() as stream:
        content = stream.read(4 << 20)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(content)
        except UnicodeDecodeError:
            continue
        return encoding
    msg = f'The file "{source.name}" is neither utf-8 nor cp1252 text; no format can be guessed.'
    raise DataError(msg)


def _check_names(source: InputFile, header: Sequence[str]) -> None:
    """Refuse a first line that is a row of values or a title, since columns are found by their names."""
    filled = [name for name in header if name]
    values = [name for name in filled if _is_value(name)]
    if len(filled) < 2 or values:
        shown = ", ".join(f'"{name[:30]}"' for name in filled[:4])
        problem = "looks like a row of values" if values else "names fewer than two columns"
        msg = (
            f'The first line of "{source.name}" {problem} ({shown}), and columns are found by their names; '
            "make the first line a line of column names, and save the file again."
        )
        raise DataError(msg)


def _is_value(name: str) -> bool:
    """Return whether a column name is a value: a full date or a number. Years and quarters may be names."""
    if PERIOD_NAME.fullmatch(name):
        return False
    if any(read_date(name, pattern) for pattern in _FULL_DATES):
        return True
    return bool(re.fullmatch(r"[-+]?\d+[.,]\d+(e[-+]?\d+)?|[-+]?\d{5,}", name, re.I))


def _excel(source: InputFile) -> FileSample:
    names, _ = sheet_rows(source, "")
    for sheet in names:
        rows = [[cell_text(cell) or "" for cell in row] for row in sheet_rows(source, sheet)[1]]
        number = _header_row(rows)
        if number is None:
            continue
        header = tuple(text.strip() for text in rows[number])
        rows_below = [row for row in _evenly_spaced(rows[number + 1 :]) if any(row)]
        notes = [f"the workbook has the sheets {', '.join(names)}; {sheet} was looked at"] if len(names) > 1 else []
        repeated = sorted({name for name in header if name and header.count(name) > 1})
        if repeated:
            shown = ", ".join(f'"{name}"' for name in repeated)
            notes.append(f"columns are called alike, so rename them in the file before they are used: {shown}")
        return FileSample(
            source.name, "excel", header, tuple(map(tuple, rows_below)), sheet=sheet if len(names) > 1 else "",
            header_row=number + 1, notes=tuple(notes),
        )  # fmt: skip
    msg = f'No sheet of "{source.name}" has a row of column names above rows of values; no format can be guessed.'
    raise DataError(msg)


def _header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the row with the column names, below titles and names of groups of columns."""
    for number in range(min(len(rows), _MAX_TITLE_ROWS)):
        if _may_be_header(rows, number):
            return _below_groups(rows, number)
    return None


def _may_be_header(rows: Sequence[Sequence[str]], number: int) -> bool:
    """Return whether a row has names, distinct or of columns of numbers, and rows below that fill most of its columns."""
    filled = [text for text in rows[number] if text]
    below = [row for row in _evenly_spaced(rows[number + 1 :]) if any(row)]
    if len(set(filled)) < 2 or any(map(_is_value, filled)) or len(below) < 2:
        return False
    if len(set(filled)) < len(filled) and not _names_values(rows, number):
        return False
    sampled = below[:_ROWS_BELOW]
    cells = sum(bool(row[position]) for row in sampled for position, text in enumerate(rows[number]) if text)
    return cells >= 0.5 * len(filled) * len(sampled)


def _below_groups(rows: Sequence[Sequence[str]], number: int) -> int:
    """Return the row of column names where a row names groups of columns, as merged cells do; else the row itself.

    The row of column names has more names than those of the groups, none of them a number, and stands above columns of
    numbers or dates.
    """
    for below in range(number + 1, min(number + 1 + _MAX_GROUP_ROWS, len(rows))):
        if any(map(_is_number_or_date, rows[below])):
            break
        if _names_values(rows, below) and sum(map(bool, rows[below])) > sum(map(bool, rows[number])):
            return below
    return number


def _names_values(rows: Sequence[Sequence[str]], number: int) -> bool:
    """Return whether a row has texts alone, above at least one column of nothing but numbers or dates."""
    if any(_is_number_or_date(text) for text in rows[number]):
        return False
    below = [row for row in rows[number + 1 : number + 1 + _ROWS_BELOW] if any(row)]
    return len(below) > 1 and any(
        text
        and all(_is_number_or_date(row[position]) for row in below if row[position])
        and any(row[position] for row in below)
        for position, text in enumerate(rows[number])
    )


def _is_number_or_date(text: str) -> bool:
    """Return whether a cell is a value; a year or a quarter may be the name of a column."""
    return _is_value(text) or (
        PERIOD_NAME.fullmatch(text) is None and re.fullmatch(r"[-+]?\d+([.,]\d+)?", text) is not None
    )


def _parquet(source: InputFile) -> FileSample:
    import pyarrow.parquet as pq  # noqa: PLC0415 -- only for Parquet files

    check_parquet(source)
    with reading(source, " as Parquet"):
        file = pq.ParquetFile(source.path)
        names = [str(name) for name in file.schema_arrow.names]
        rows, is_geographic = file.metadata.num_rows, b"geo" in (file.schema_arrow.metadata or {})
        batch = next(file.iter_batches(SAMPLE_ROWS), None)
        # Texts are decoded only here, and a damaged one is no text.
        values = [] if batch is None else [column.to_pylist() for column in batch.columns]
    if is_geographic:
        if rows > _limits.RECORDS.most:
            msg = f'The file "{source.name}" {_limits.RECORDS.refusal(rows)}.'
            raise DataError(msg)
        return _frame_sample(source, "parquet", read_geoparquet(source).head(SAMPLE_ROWS))
    if batch is None or not batch.num_rows:
        msg = f'The file "{source.name}" has no rows.'
        raise DataError(msg)
    columns = [[cell_text(value) or "" for value in column] for column in values]
    return FileSample(source.name, "parquet", tuple(names), tuple(zip(*columns, strict=True)))


def _vector(source: InputFile) -> FileSample:
    """Return a sample of a geographic file: of its only layer, or of the first with points."""
    layers = vector_layers(source)
    if len(layers) < 2:
        return _frame_sample(source, "vector", read_vector(source, rows=SAMPLE_ROWS))
    samples = [_frame_sample(source, "vector", read_vector(source, layer=layer, rows=SAMPLE_ROWS)) for layer in layers]
    chosen = next((position for position, sample in enumerate(samples) if sample.places), 0)
    note = f"the file has the layers {', '.join(layers)}; {layers[chosen]} was looked at"
    return replace(samples[chosen], layer=layers[chosen], notes=(note,))


def _frame_sample(source: InputFile, container: str, frame: geopandas.GeoDataFrame) -> FileSample:
    """Return a sample of a file of geometries that states its coordinate system."""
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    with reading(source):  # A damaged text is no text, and a damaged coordinate system leads nowhere.
        values = [frame[name].to_numpy(dtype=object) for name in names]
        projected = frame.geometry.to_crs(_crs.LONLAT)
    columns = [[cell_text(value) or "" for value in column] for column in values]
    rows = tuple(zip(*columns, strict=True)) or ((),) * len(frame)
    points = [point for point in map(single_point, projected) if point is not None and not isinstance(point, str)]
    places = tuple((float(point.x), float(point.y)) for point in points)
    return FileSample(source.name, container, tuple(names), rows, places=places)


def _features(source: InputFile, container: str, content: FeatureFile) -> FileSample:
    """Return a sample of a file of features or plain records."""
    if not content.features:
        msg = f'The file "{source.name}" has no features.'
        raise DataError(msg)
    features = _evenly_spaced(content.features)
    names = property_names(features)
    texts = [
        ["" if (value := feature.properties.get(name)) is None else str(value) for name in names]
        for feature in features
    ]
    sampled = FeatureFile(features, content.crs, content.has_places)
    return FileSample(
        source.name, container, names, tuple(map(tuple, texts)),
        places=lonlat_places(source, sampled) if content.has_places else None, notes=content.notes,
    )  # fmt: skip


def _json(source: InputFile) -> FileSample:
    return _features(source, *read_json(source))


# The first bytes of each kind of file, and how it is sampled.
_KINDS: tuple[tuple[tuple[bytes, ...], Callable[[InputFile], FileSample]], ...] = (
    ((ZIP_START,), _archive),
    ((b"\xd0\xcf\x11\xe0",), _excel),
    ((SQLITE_START, FLATGEOBUF_START), _vector),
    ((b"PAR1",), _parquet),
    ((b"{", b"[", b"\x1e"), _json),
)
