"""What the rows of a whole source say about themselves: half-empty months, gaps, steps in recording, snapped places."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.quality_notes import save_note
from geoharm.model.ledger import QualityNote
from geoharm.model.period import month_name
from geoharm.stats.dispersion import monthly_dispersion

# A month is half empty under this share of the middle of the three months on either side, if chance is no reason.
_HALF, _EXPECTED, _SIGMAS = 0.5, 20, 4
# Days in a row without an event, where the four weeks on either side let this many be expected.
_GAP_EXPECTED, _GAP_SIDE, _GAPS = 20, 28, 5
# A step in recording: a year on either side, and three months on either side, both by these factors, beyond chance.
_YEAR_FACTOR, _QUARTER_FACTOR, _STEP_SIGMAS, _STEP_EVENTS = 1.4, 1.5, 5, 240
# A category that begins or ends inside the source by at least so many months, with so many events in the year beside it.
_LATE_MONTHS, _LATE_EVENTS = 6, 60
# Places are snapped or repeated if so many rows share a point on average; the share of unplaced rows worth a note.
_ROWS_A_POINT, _POINTS, _UNPLACED = 3, 20, 0.01

Months = NDArray[np.datetime64]


def note_source(connection: duckdb.DuckDBPyConnection, source: str, input_format: Format, *, measured: bool) -> None:
    """Add notes on a settled source's months, days, categories and places to ``tidy.note``; distances only if they can be measured."""
    found = connection.execute(
        """
        SELECT CAST(date_trunc('month', day) AS DATE) AS month, category, count(*) AS n FROM tidy.event
        WHERE source = ? GROUP BY ALL ORDER BY ALL
        """,
        [source],
    ).fetchnumpy()
    if not found["n"].size:
        return
    of_row = np.asarray(found["month"]).astype("datetime64[M]")
    months = np.arange(of_row.min(), of_row.max() + 1)
    names = sorted({str(name) for name in found["category"]})
    table = np.zeros((len(names), months.size), dtype=np.int64)
    rows = np.array([names.index(str(name)) for name in found["category"]])
    np.add.at(table, (rows, (of_row - of_row.min()).astype(np.int64)), np.asarray(found["n"], dtype=np.int64))
    notes: list[QualityNote] = []
    total = table.sum(axis=0)
    # Years without months have nothing to say about months.
    monthly = input_format.precision != "year"
    if monthly:
        notes += _half_empty(months, total)
    for name, counts in zip(names, table, strict=True) if monthly else ():
        label = f"“{name}”" if name else "the source"
        notes += [
            *_begins_or_ends(label, months, counts, total),
            *_steps(label, months, counts, total),
        ]
    if not input_format.by_month:
        notes += _gaps(connection, source)
        if input_format.duplicate_rule == "none":
            notes += _identical(connection, source)
    notes += _unplaced(connection, source)
    if measured:
        notes += _snapped(connection, source, input_format)
    for note in notes:
        save_note(connection, source, note)


def note_zeros(connection: duckdb.DuckDBPyConnection, source: str, file: str) -> None:
    """Add a note on rows of ``parsed`` at 0, 0, which are taken as rows without a place."""
    rows, line = connection.execute("SELECT count(*), coalesce(min(line), 0) FROM parsed WHERE at_zero").fetchall()[0]
    if rows:
        sentence = "the coordinates are 0, 0: taken as without a place"
        save_note(connection, source, QualityNote("zero coordinates", rows, line, sentence, file))


def note_weights(connection: duckdb.DuckDBPyConnection, source: str, file: str) -> None:
    """Add a note on rows of ``parsed`` that state no weight, which then weigh 1."""
    rows, line = connection.execute(
        "SELECT count(*), coalesce(min(line), 0) FROM parsed WHERE weight IS NULL AND fault IS NULL"
    ).fetchall()[0]
    if rows:
        save_note(connection, source, QualityNote("no weight", rows, line, "state no weight: each weighs 1", file))


def note_decimals(connection: duckdb.DuckDBPyConnection, source: str, file: str) -> None:
    """Add a note if the degrees of ``parsed`` have so few decimals that places move by ten metres or more."""
    fewest = 0
    for digits in (4, 3, 2, 1):
        rows, coarse, line = connection.execute(
            f"""
            SELECT count(*), count(*) FILTER (longitude = round(longitude, {digits}) AND latitude = round(latitude, {digits})),
                coalesce(min(line), 0)
            FROM parsed WHERE longitude IS NOT NULL AND latitude IS NOT NULL
            """
        ).fetchall()[0]
        if rows < _POINTS or coarse < 0.99 * rows:
            break
        fewest = digits
    if fewest:
        step = 111_320 * 10.0**-fewest
        sentence = (
            f"degrees have {fewest} decimal{'s' if fewest > 1 else ''}: places stand on a grid of about {step:,.0f} m"
        )
        save_note(connection, source, QualityNote("rounded coordinates", rows, line, sentence, file))


def _half_empty(months: Months, total: NDArray[np.int64]) -> Iterator[QualityNote]:
    used = np.where(total > 0, total.astype(float), np.nan)
    phi = monthly_dispersion(used.tolist()) if np.isfinite(used).sum() > 2 else 1.0
    for at in range(months.size):
        sides = np.delete(used[max(0, at - 3) : at + 4], min(at, 3))
        sides = sides[np.isfinite(sides)]
        if sides.size < 3 or not np.isfinite(used[at]):
            continue
        usual = float(np.median(sides))
        # Chance is judged by the variation of ordinary months, which half-empty ones would swell.
        noise = min(phi, 3.0) * usual
        if usual >= _EXPECTED and used[at] < _HALF * usual and usual - used[at] > _SIGMAS * np.sqrt(noise):
            sentence = (
                f"in {_name(months[at])}, where the months around it have about {_about(usual)}: it may not be complete"
            )
            yield QualityNote("half-empty month", int(total[at]), 0, sentence)


def _begins_or_ends(
    label: str, months: Months, counts: NDArray[np.int64], total: NDArray[np.int64]
) -> Iterator[QualityNote]:
    held = np.flatnonzero(counts)
    known = np.flatnonzero(total)
    first, last = int(held[0]), int(held[-1])
    if first - known[0] >= _LATE_MONTHS and counts[first : first + 12].sum() >= _LATE_EVENTS:
        sentence = f"{label} begins in {_name(months[first])}, {first - known[0]} months after the source: recording may have changed"
        yield QualityNote("category begins", 0, 0, sentence)
    if known[-1] - last >= _LATE_MONTHS and counts[max(0, last - 11) : last + 1].sum() >= _LATE_EVENTS:
        sentence = f"{label} ends in {_name(months[last])}, {known[-1] - last} months before the source: recording may have changed"
        yield QualityNote("category ends", 0, 0, sentence)


def _steps(label: str, months: Months, counts: NDArray[np.int64], total: NDArray[np.int64]) -> Iterator[QualityNote]:
    """Find the sharpest lasting step of a category's monthly counts, if there is one that chance does not explain."""
    used = np.where(total > 0, counts.astype(float), np.nan)
    best: tuple[float, int, float, float] | None = None
    for at in range(12, months.size - 11):
        early, late = used[at - 12 : at], used[at : at + 12]
        if np.isfinite(early).sum() < 10 or np.isfinite(late).sum() < 10:
            continue
        before, after = float(np.nanmean(early)), float(np.nanmean(late))
        near, far = used[at - 3 : at], used[at : at + 3]
        if np.nansum(early) + np.nansum(late) < _STEP_EVENTS or min(before, after) <= 0:
            continue
        if not np.isfinite(near).any() or not np.isfinite(far).any() or min(np.nanmean(near), np.nanmean(far)) <= 0:
            continue
        year, quarter = np.log(after / before), np.log(float(np.nanmean(far)) / float(np.nanmean(near)))
        if abs(year) < np.log(_YEAR_FACTOR) or abs(quarter) < np.log(_QUARTER_FACTOR) or year * quarter < 0:
            continue
        phi = max(float(np.nanvar(early, ddof=1)) / before, float(np.nanvar(late, ddof=1)) / after, 1.0)
        sigmas = abs(year) / np.sqrt(phi * (1 / np.nansum(early) + 1 / np.nansum(late)))
        if sigmas >= _STEP_SIGMAS and (best is None or sigmas * abs(quarter) > best[0]):
            best = (float(sigmas * abs(quarter)), at, before, after)
    if best is not None:
        _, at, before, after = best
        sentence = (
            f"{label} went from about {_about(before)} to about {_about(after)} a month in {_name(months[at])}: "
            "recording, or what happened, changed at once"
        )
        yield QualityNote("step", 0, 0, sentence)


def _gaps(connection: duckdb.DuckDBPyConnection, source: str) -> Iterator[QualityNote]:
    found = connection.execute(
        "SELECT day, count(*) AS n FROM tidy.event WHERE source = ? GROUP BY day ORDER BY day", [source]
    ).fetchnumpy()
    days = np.asarray(found["day"]).astype("datetime64[D]").astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(np.asarray(found["n"], dtype=np.int64))])
    runs = np.diff(days) - 1
    long = []
    for at in np.flatnonzero(runs >= 2):
        low = np.searchsorted(days, days[at] - _GAP_SIDE + 1)
        high = np.searchsorted(days, days[at + 1] + _GAP_SIDE)
        rate = float(sums[high] - sums[low]) / (2 * _GAP_SIDE)
        expected = float(rate * runs[at])
        whole = int(runs[at]) >= 62  # whole months without a row are named as missing months
        if expected >= _GAP_EXPECTED and not whole:
            long.append((-expected, int(days[at]) + 1, int(runs[at]), expected))
    for _, first, length, expected in sorted(long)[:_GAPS]:
        start = date(1970, 1, 1) + timedelta(days=first)
        sentence = (
            f"no row from {start} to {start + timedelta(days=length - 1)} ({length} days), where the weeks around let "
            f"about {_about(expected)} be expected"
        )
        yield QualityNote("gap", 0, 0, sentence)


def _identical(connection: duckdb.DuckDBPyConnection, source: str) -> Iterator[QualityNote]:
    rows = connection.execute(
        """
        SELECT coalesce(sum(n - 1), 0) FROM (
            SELECT count(*) AS n FROM tidy.row WHERE source = ? GROUP BY day, x, y, category, address, weight HAVING n > 1)
        """,
        [source],
    ).fetchall()[0][0]
    if rows:
        sentence = (
            "are the same as an earlier row in day, place and category: each is counted, since the format has no id"
        )
        yield QualityNote("identical rows", int(rows), 0, sentence)


def _unplaced(connection: duckdb.DuckDBPyConnection, source: str) -> Iterator[QualityNote]:
    years = connection.execute(
        """
        SELECT year(day) AS calendar_year, count(*) AS n, count(*) FILTER (place IN ('no place', 'default geocode')) AS unplaced
        FROM tidy.event WHERE source = ? GROUP BY calendar_year ORDER BY calendar_year
        """,
        [source],
    ).fetchall()
    unplaced, total = sum(row[2] for row in years), sum(row[1] for row in years)
    shares = {year: lost / rows for year, rows, lost in years if rows >= 100}
    if unplaced < _UNPLACED * total or len(shares) < 2:
        return
    least, most = min(shares, key=lambda y: (shares[y], y)), max(shares, key=lambda y: (shares[y], y))
    sentence = f"have no usable place, from {shares[least]:.0%} of the rows of {least} to {shares[most]:.0%} of those of {most}"
    yield QualityNote("no usable place by year", unplaced, 0, sentence)


def _snapped(connection: duckdb.DuckDBPyConnection, source: str, input_format: Format) -> Iterator[QualityNote]:
    found = connection.execute(
        "SELECT x, y, count(*) AS n FROM tidy.event WHERE source = ? AND place = 'inside' AND NOT recovered "
        "GROUP BY x, y ORDER BY x, y",
        [source],
    ).fetchnumpy()
    points = np.column_stack([np.asarray(found[key], dtype=np.float64) for key in ("x", "y")])
    rows = int(np.asarray(found["n"]).sum())
    if len(points) < _POINTS or rows < _ROWS_A_POINT * len(points):
        return
    apart = float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))
    said = ", though the format calls them exact" if input_format.quality == "exact" else ""
    sentence = (
        f"stand on {len(points):,} points, {rows / len(points):,.1f} a point, half of the points within {apart:,.0f} m of "
        f"the next: places are snapped or repeated{said}"
    )
    yield QualityNote("shared points", rows, 0, sentence)


def _name(month: np.datetime64) -> str:
    first: date = month.astype("datetime64[D]").item()
    return month_name(first)


def _about(value: float) -> str:
    """Return a figure to two digits; under 5 no more is said."""
    if value < 5:
        return "under 5"
    return f"{float(f'{value:.2g}'):,.0f}"
