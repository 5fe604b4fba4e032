"""Quality notes on a source: half-empty months, gaps, steps in recording, snapped or shared places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geoharm.engines.base import Engine, Scratch
from geoharm.errors import QualityError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.parse import asks_about_weights
from geoharm.ingest.spots import INSIDE, Spots
from geoharm.model.ledger import IMPOSSIBLE, QualityNote
from geoharm.model.period import month_name
from geoharm.queries.events import kept_rows
from geoharm.queries.stored import StoredSource
from geoharm.stats.dispersion import monthly_dispersion

# A month is half empty if its count is below this share of the median of the three months on either side, that median is
# at least so large, and the difference is more than so many standard deviations.
_HALF_EMPTY_SHARE, _HALF_EMPTY_MIN_COUNT, _HALF_EMPTY_SIGMAS = 0.5, 20, 4
# A gap is a run of days without an event in which at least so many events are expected, from so many days on either
# side. At most so many gaps are reported.
_GAP_MIN_EXPECTED, _GAP_SIDE_DAYS, _MAX_GAPS = 20, 28, 5
# A step in recording: the means of a year on either side and of three months on either side differ by at least these
# factors, by at least so many standard deviations, with at least so many events.
_YEAR_FACTOR, _QUARTER_FACTOR, _STEP_SIGMAS, _STEP_MIN_EVENTS = 1.4, 1.5, 5, 240
# A category begins late or ends early if the source starts or ends at least so many months away, and the category has at
# least so many events in its first or last year.
_MIN_LATE_MONTHS, _MIN_LATE_EVENTS = 6, 60
# Places are snapped or repeated if at least so many rows share a point on average, on at least so many points. Unplaced
# rows are noted from this share on.
_MIN_ROWS_PER_POINT, _MIN_POINTS, _MIN_UNPLACED_SHARE = 3, 20, 0.01
# One point has many rows from so many and this share of those in the study area on.
_MIN_PILE, _MIN_PILE_SHARE = 30, 0.05

Months = NDArray[np.datetime64]


def note_source(
    engine: Engine, source: StoredSource, input_format: Format, spots: Spots, *, measured: bool
) -> list[QualityNote]:
    """Return notes on a consolidated source's months, days, categories and places.

    Parameters
    ----------
    engine : Engine
        It has the source's ``tally`` and ``duplicate`` already.
    source : StoredSource
    input_format : Format
    spots : Spots
    measured : bool
        Whether distances can be measured: the study area's coordinate system is in metres.
    """
    tally = f"{engine.table(f'tally_{source.state}')} AS t WHERE t.fate = 'kept'"
    monthly_counts = engine.columns(
        f"""
        SELECT year(t.day) * 12 + month(t.day) - 1 AS month, t.category, CAST(sum(t.rows) AS BIGINT) AS n FROM {tally}
        GROUP BY year(t.day) * 12 + month(t.day) - 1, t.category ORDER BY 1, 2
        """
    )
    if not monthly_counts["n"].size:
        return []
    row_months = (monthly_counts["month"].astype(np.int64) - 1970 * 12).astype("datetime64[M]")
    months = np.arange(row_months.min(), row_months.max() + 1)
    categories = sorted({str(category) for category in monthly_counts["category"]})
    counts_by_category = np.zeros((len(categories), months.size), dtype=np.int64)
    position = {category: number for number, category in enumerate(categories)}
    row_categories = np.array([position[str(category)] for category in monthly_counts["category"]])
    np.add.at(
        counts_by_category,
        (row_categories, (row_months - row_months.min()).astype(np.int64)),
        np.asarray(monthly_counts["n"], dtype=np.int64),
    )
    notes: list[QualityNote] = []
    total_counts = counts_by_category.sum(axis=0)
    # A source dated by year cannot be checked by month.
    monthly = input_format.precision != "year"
    if monthly:
        notes += _half_empty_months(months, total_counts)
    for category, counts in zip(categories, counts_by_category, strict=True) if monthly else ():
        label = f"“{category}”" if category else "the source"
        notes += [
            *_category_starts_and_ends(label, months, counts, total_counts),
            *_recording_steps(label, months, counts, total_counts),
        ]
    if not input_format.by_month:
        notes += _recording_gaps(engine, tally)
        # Of two events in one area, the same day and category say little.
        if input_format.duplicate_rule == "none" and not input_format.is_by_area:
            notes += _identical_rows(engine, source)
    notes += _unplaced_by_year(engine, tally)
    if measured:
        notes += [*_shared_points(spots, input_format), *_busiest_point(spots)]
    return notes


def note_zeros(scratch: Scratch) -> list[QualityNote]:
    """Return a note on rows in ``place_rows`` at 0, 0, which are taken as rows without a place."""
    rows, line = scratch.execute(
        "SELECT CAST(coalesce(sum(n), 0) AS BIGINT), coalesce(min(first_line), 0) FROM place_rows WHERE at_zero"
    ).fetchall()[0]
    sentence = "the coordinates are 0, 0: taken as without a place"
    return [QualityNote("zero coordinates", rows, line, sentence)] if rows else []


def note_impossible_places(scratch: Scratch, reasons: Mapping[int, tuple[str, str]]) -> Iterator[QualityNote]:
    """Return a note for each reason why coordinates of rows in ``place_rows`` are no place: such a row has none.

    Parameters
    ----------
    scratch : Scratch
    reasons : mapping of number to (column, reason)
        Of the faults of places.
    """
    for fault, rows, line, first_day, last_day in scratch.execute(
        """
        SELECT fault, CAST(sum(n) AS BIGINT), min(first_line), min(first_day), max(last_day) FROM place_rows
        WHERE fault IS NOT NULL GROUP BY fault ORDER BY fault
        """
    ).fetchall():
        column, reason = reasons[fault]
        first, last = month_name(first_day), month_name(last_day)
        months = f", from {first} to {last}" if first != last else f", in {first}"
        yield QualityNote(IMPOSSIBLE, rows, line, f'"{column}" {reason}{months}: taken as without a place')


def note_weights(scratch: Scratch) -> list[QualityNote]:
    """Return a note on rows of ``parsed`` without a weight, which get the weight 1."""
    rows, line = scratch.execute(
        "SELECT count(*), coalesce(min(line), 0) FROM parsed WHERE weight IS NULL AND fault IS NULL"
    ).fetchall()[0]
    return [QualityNote("no weight", rows, line, "have no weight: each counts as 1")] if rows else []


def refuse_unclear_weights(scratch: Scratch, name: str, input_format: Format) -> None:
    """Refuse a file whose weights can be read in two ways: with three digits after each point, or with a comma.

    A point is certainly decimal if another weight of the file has one with other than three digits after it, or a zero
    before it; the format settles the rest.

    Raises
    ------
    QualityError
        With the first such weight, and the keys that decide.
    """
    if not asks_about_weights(input_format):
        return
    for sign, name_of_sign in ((",", "comma"), (".", "point")):
        unclear = f"contains(unclear_weight, '{sign}')"
        rows, line, text, decided = scratch.execute(
            f"SELECT count(*) FILTER ({unclear}), min(line) FILTER ({unclear}), min_by(unclear_weight, line) FILTER ({unclear}), "
            "coalesce(bool_or(has_decimal_point), false) FROM parsed"
        ).fetchall()[0]
        if rows and not (sign == "." and decided):
            column = input_format.columns["weight"][0]
            msg = (
                f'"{name}": in {rows:,} {"row" if rows == 1 else "rows"} (first in line {line:,}) the weight "{text}" in "{column}" can be '
                f'read in two ways. Write decimal = "{sign}" under [values] if the {name_of_sign} is the decimal sign, or thousands = "{sign}" if it '
                "separates thousands; nothing was read."
            )
            raise QualityError(msg)


def note_decimals(scratch: Scratch) -> list[QualityNote]:
    """Return a note if the degrees in ``place_rows`` have so few decimals that places move by ten metres or more."""
    decimals = 0
    for digits in (4, 3, 2, 1):
        rows, rounded_rows, line = scratch.execute(
            f"""
            SELECT CAST(coalesce(sum(n), 0) AS BIGINT),
                coalesce(sum(n) FILTER (longitude = round(longitude, {digits}) AND latitude = round(latitude, {digits})), 0),
                coalesce(min(first_line), 0)
            FROM place_rows WHERE longitude IS NOT NULL AND latitude IS NOT NULL
            """
        ).fetchall()[0]
        if rows < _MIN_POINTS or rounded_rows < 0.99 * rows:
            break
        decimals = digits
    if not decimals:
        return []
    metres = 111_320 * 10.0**-decimals
    sentence = (
        f"degrees have {decimals} decimal{'s' if decimals > 1 else ''}: places lie on a grid of about {metres:,.0f} m"
    )
    return [QualityNote("rounded coordinates", rows, line, sentence)]


def _half_empty_months(months: Months, total_counts: NDArray[np.int64]) -> Iterator[QualityNote]:
    known_counts = np.where(total_counts > 0, total_counts.astype(float), np.nan)
    dispersion = monthly_dispersion(known_counts.tolist()) if np.isfinite(known_counts).sum() > 2 else 1.0
    for index in range(months.size):
        neighbours = np.delete(known_counts[max(0, index - 3) : index + 4], min(index, 3))
        neighbours = neighbours[np.isfinite(neighbours)]
        if neighbours.size < 3 or not np.isfinite(known_counts[index]):
            continue
        median_count = float(np.median(neighbours))
        # Chance variation is that of ordinary months, so the dispersion is capped: half-empty months would inflate it.
        variance = min(dispersion, 3.0) * median_count
        if (
            median_count >= _HALF_EMPTY_MIN_COUNT
            and known_counts[index] < _HALF_EMPTY_SHARE * median_count
            and median_count - known_counts[index] > _HALF_EMPTY_SIGMAS * np.sqrt(variance)
        ):
            sentence = f"in {_month_label(months[index])}, while the months around it have about {_rounded(median_count)}: the month may be incomplete"
            yield QualityNote("half-empty month", int(total_counts[index]), 0, sentence)


def _category_starts_and_ends(
    label: str, months: Months, counts: NDArray[np.int64], total_counts: NDArray[np.int64]
) -> Iterator[QualityNote]:
    active_months = np.flatnonzero(counts)
    covered_months = np.flatnonzero(total_counts)
    first, last = int(active_months[0]), int(active_months[-1])
    if first - covered_months[0] >= _MIN_LATE_MONTHS and counts[first : first + 12].sum() >= _MIN_LATE_EVENTS:
        sentence = f"{label} begins in {_month_label(months[first])}, {first - covered_months[0]} months after the source: recording may have changed"
        yield QualityNote("category begins", 0, 0, sentence)
    if covered_months[-1] - last >= _MIN_LATE_MONTHS and counts[max(0, last - 11) : last + 1].sum() >= _MIN_LATE_EVENTS:
        sentence = f"{label} ends in {_month_label(months[last])}, {covered_months[-1] - last} months before the source: recording may have changed"
        yield QualityNote("category ends", 0, 0, sentence)


def _recording_steps(
    label: str, months: Months, counts: NDArray[np.int64], total_counts: NDArray[np.int64]
) -> Iterator[QualityNote]:
    """Return a note on the sharpest lasting step in a category's monthly counts, if one exceeds chance variation."""
    if counts.sum() < _STEP_MIN_EVENTS:
        return
    is_known = total_counts > 0
    known_counts = np.where(is_known, counts.astype(float), np.nan)
    # Running sums of counts and of months with data: those of any stretch are differences, exact for whole numbers.
    sums, known = (np.concatenate([[0], np.cumsum(row)]) for row in (np.where(is_known, counts, 0), is_known))
    sharpest: tuple[float, int, float, float] | None = None
    for index in range(12, months.size - 11):
        before, after, quarter_before, quarter_after = (
            (sums[end] - sums[start], known[end] - known[start])
            for start, end in ((index - 12, index), (index, index + 12), (index - 3, index), (index, index + 3))
        )
        if before[1] < 10 or after[1] < 10 or before[0] + after[0] < _STEP_MIN_EVENTS:
            continue
        if not all(events for events, _ in (before, after, quarter_before, quarter_after)):
            continue
        mean_before, mean_after, quarter_mean_before, quarter_mean_after = (
            float(events / number) for events, number in (before, after, quarter_before, quarter_after)
        )
        year_change = np.log(mean_after / mean_before)
        quarter_change = np.log(quarter_mean_after / quarter_mean_before)
        if (
            abs(year_change) < np.log(_YEAR_FACTOR)
            or abs(quarter_change) < np.log(_QUARTER_FACTOR)
            or year_change * quarter_change < 0
        ):
            continue
        year_before, year_after = known_counts[index - 12 : index], known_counts[index : index + 12]
        phi = max(
            float(np.nanvar(year_before, ddof=1)) / mean_before, float(np.nanvar(year_after, ddof=1)) / mean_after, 1.0
        )
        sigmas = abs(year_change) / np.sqrt(phi * (1 / np.nansum(year_before) + 1 / np.nansum(year_after)))
        if sigmas >= _STEP_SIGMAS and (sharpest is None or sigmas * abs(quarter_change) > sharpest[0]):
            sharpest = (float(sigmas * abs(quarter_change)), index, mean_before, mean_after)
    if sharpest is not None:
        _, index, mean_before, mean_after = sharpest
        sentence = (
            f"{label} went from about {_rounded(mean_before)} to about {_rounded(mean_after)} a month in {_month_label(months[index])}: "
            "recording, or the events themselves, changed suddenly"
        )
        yield QualityNote("step", 0, 0, sentence)


def _recording_gaps(engine: Engine, tally: str) -> Iterator[QualityNote]:
    daily_counts = engine.columns(
        f"SELECT t.day, CAST(sum(t.rows) AS BIGINT) AS n FROM {tally} GROUP BY t.day ORDER BY t.day"
    )
    days = daily_counts["day"].astype("datetime64[D]").astype(np.int64)
    cumulative_rows = np.concatenate([[0], np.cumsum(np.asarray(daily_counts["n"], dtype=np.int64))])
    gap_lengths = np.diff(days) - 1
    gaps = []
    for index in np.flatnonzero(gap_lengths >= 2):
        window_start = np.searchsorted(days, days[index] - _GAP_SIDE_DAYS + 1)
        window_end = np.searchsorted(days, days[index + 1] + _GAP_SIDE_DAYS)
        rate = float(cumulative_rows[window_end] - cumulative_rows[window_start]) / (2 * _GAP_SIDE_DAYS)
        expected = float(rate * gap_lengths[index])
        whole_months = int(gap_lengths[index]) >= 62  # whole months without a row are reported as missing months
        if expected >= _GAP_MIN_EXPECTED and not whole_months:
            gaps.append((-expected, int(days[index]) + 1, int(gap_lengths[index]), expected))
    for _, first_day, length, expected in sorted(gaps)[:_MAX_GAPS]:
        start_date = date(1970, 1, 1) + timedelta(days=first_day)
        sentence = (
            f"no row from {start_date} to {start_date + timedelta(days=length - 1)} ({length} days), where about "
            f"{_rounded(expected)} would be expected from the weeks around it"
        )
        yield QualityNote("gap", 0, 0, sentence)


def _identical_rows(engine: Engine, source: StoredSource) -> Iterator[QualityNote]:
    rows = engine.rows(
        f"""
        SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) FROM (
            SELECT count(*) AS n FROM {kept_rows(engine, source)} AS r
            JOIN {engine.table(f"place_{source.rule}")} AS p ON p.place = r.place
            JOIN {engine.table(f"spelling_{source.state}")} AS c ON c.category = r.category
            GROUP BY r.day, p.x, p.y, c.name, p.address, r.weight HAVING count(*) > 1
        ) AS repeated
        """
    )[0][0]
    if rows:
        sentence = (
            "are the same as an earlier row in day, place and category: each is counted, since the format has no id"
        )
        yield QualityNote("identical rows", int(rows), 0, sentence)


def _unplaced_by_year(engine: Engine, tally: str) -> Iterator[QualityNote]:
    years = engine.rows(
        f"""
        SELECT year(t.day) AS calendar_year, CAST(sum(t.rows) AS BIGINT) AS n,
            CAST(sum(CASE WHEN t.kind IN ('no place', 'default geocode') THEN t.rows ELSE 0 END) AS BIGINT) AS unplaced
        FROM {tally} GROUP BY year(t.day) ORDER BY 1
        """
    )
    unplaced, total = sum(row[2] for row in years), sum(row[1] for row in years)
    shares = {year: without_place / rows for year, rows, without_place in years if rows >= 100}
    if unplaced < _MIN_UNPLACED_SHARE * total or len(shares) < 2:
        return
    lowest, highest = (
        min(shares, key=lambda year: (shares[year], year)),
        max(shares, key=lambda year: (shares[year], year)),
    )
    sentence = f"have no usable place, from {shares[lowest]:.0%} of the rows of {lowest} to {shares[highest]:.0%} of those of {highest}"
    yield QualityNote("no usable place by year", unplaced, 0, sentence)


def _shared_points(spots: Spots, input_format: Format) -> Iterator[QualityNote]:
    used = (spots.kind == INSIDE) & ~spots.recovered
    _, first = np.unique(spots.point[used], return_index=True)
    points = np.column_stack([spots.x[used][first], spots.y[used][first]])
    rows = int(spots.rows[used].sum())
    if len(points) < _MIN_POINTS or rows < _MIN_ROWS_PER_POINT * len(points):
        return
    median_distance = float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))
    contradiction = ", though the format calls them exact" if input_format.location_quality == "exact" else ""
    sentence = (
        f"lie on {len(points):,} points, {rows / len(points):,.1f} per point, half of the points within {median_distance:,.0f} m of "
        f"the next: places are snapped or repeated{contradiction}"
    )
    yield QualityNote("shared points", rows, 0, sentence)


def _busiest_point(spots: Spots) -> Iterator[QualityNote]:
    """Return a note if one point that is no default geocode has a large share of the rows in the study area."""
    inside = spots.kind == INSIDE
    if not inside.any():
        return
    rows_at = np.bincount(spots.point[inside], weights=spots.rows[inside])
    points, busiest, total = np.count_nonzero(rows_at), int(rows_at.max()), int(rows_at.sum())
    if points < _MIN_POINTS or busiest < _MIN_PILE or busiest < _MIN_PILE_SHARE * total:
        return
    sentence = (
        f"lie on one point, {busiest / total:.0%} of those in the study area: a place, or a point that stands for places that are not "
        "known, such as a police station or the middle of a town"
    )
    yield QualityNote("one point with many rows", busiest, 0, sentence)


def _month_label(month: np.datetime64) -> str:
    first_day: date = month.astype("datetime64[D]").item()
    return month_name(first_day)


def _rounded(value: float) -> str:
    """Return a number as text with two significant digits; "under 5" below 5."""
    if value < 5:
        return "under 5"
    return f"{float(f'{value:.2g}'):,.0f}"
