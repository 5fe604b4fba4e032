"""How small a fall could be found, before an operation or before its outcomes are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from geoharm._text import percent_text
from geoharm.api.areas import AreaLike
from geoharm.api.counted import count_events
from geoharm.api.notebook import panel, plain_text
from geoharm.api.operation import read_operation, study_of
from geoharm.api.source import Covers, measure_data
from geoharm.evaluation.results.power import PowerRow, PowerTable
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.pipeline.past_designs import beside_its_neighbours, past_zones
from geoharm.pipeline.power import power_tables
from geoharm.pipeline.study_data import StudyData
from geoharm.report.wording.withheld import note_text

if TYPE_CHECKING:
    import geopandas
    import pandas as pd


@dataclass(frozen=True)
class Power:
    """The smallest fall that would be found four times in five, by zone and by time after the operation.

    Attributes
    ----------
    table : PowerTable
    notes : tuple of str
    """

    table: PowerTable
    notes: tuple[str, ...]

    @property
    def detectable_fall(self) -> float:
        """The smallest detectable fall in the target area in the asked window, as a share; NaN if none can be given."""
        return self.table.zones[0].detectable_fall

    def summary(self) -> str:
        """Return the answer in plain sentences."""
        return plain_text(self._sentences, self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each zone and length of the window after.

        Returns
        -------
        DataFrame
            zone, months; expected: events expected in it; detectable_fall: as a share, NaN if no interval is possible; note.
        """
        import pandas as pd  # noqa: PLC0415 -- slow to import

        return pd.DataFrame(
            [
                {
                    "zone": row.zone,
                    "months": row.months,
                    "expected": row.expected,
                    "detectable_fall": row.detectable_fall,
                    "note": note_text(row.note),
                }
                for row in self._rows
            ]
        )

    @property
    def _rows(self) -> tuple[PowerRow, ...]:
        return (*self.table.zones, *(row for row in self.table.by_months if row not in self.table.zones))

    @property
    def _sentences(self) -> tuple[str, ...]:
        row, measure = self.table.zones[0], self.table.measure
        if math.isnan(row.detectable_fall):
            return (
                f"{measure}: no fall in the target area could be found in {row.months} months: {note_text(row.note)}.",
            )
        found = (
            f"{measure}: in {row.months} months a fall of {percent_text(row.detectable_fall)} or more in the target area would be "
            f"found four times in five; about {row.expected:,.0f} {self.table.unit} are expected there without an operation."
        )
        basis = f"Learned in {self.table.past_windows}; nothing from the first day of the operation on was counted."
        return found, basis

    def __repr__(self) -> str:
        return f"<Power: {self._sentences[0]}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [
            (
                f"{row.zone}, {row.months} months",
                f"{row.expected:,.0f}" if math.isfinite(row.expected) else "\u2013",
                percent_text(row.detectable_fall) if math.isfinite(row.detectable_fall) else note_text(row.note),
            )
            for row in self._rows
        ]
        heads = ("zone, time after", "expected", "smallest fall that would be found")
        return panel("Power", self._sentences, heads=heads, rows=rows, notes=self.notes)


def power(
    events: geopandas.GeoDataFrame,
    *,
    target: AreaLike,
    start: date | str,
    end: date | str | None = None,
    months: int = 6,
    rings: Sequence[float] = (250, 500, 1000),
    gap: float = 100.0,
    study_area: AreaLike | None = None,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    covers: Covers | None = None,
    location_error: float = 0.0,
    kind: str = "incident",
    unit: str = "events",
    seed: int = 0,
) -> Power:
    """Return how small a fall could be found around a target, before its outcomes are looked at.

    The operation is moved back in time until its window after ends where it really begins, and the method of `evaluate` is
    run there. So no event from its first day on is counted, and a day in the future may be asked for.

    Parameters
    ----------
    events, target, rings, gap, study_area, date, measure, category, covers, location_error, kind, unit, seed
        As in `evaluate`.
    start, end : date or str
        First and last day of the operation; one day if `end` is left out.
    months : int
        Months after the operation that would be evaluated.

    Returns
    -------
    Power
        ``.detectable_fall`` is the smallest fall in the target that is found four times in five.

    Raises
    ------
    DataError, DesignError
        In one sentence, as `evaluate`.
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
    )
    area, source = counted.area, counted.source
    operation, _ = read_operation(
        name="the operation",
        target=counted.shape(target, name="target"),
        start=start,
        end=start if end is None else end,
        rings=rings,
        gap=gap,
        control=None,
        before=(source.ledger.coverage.start, start),
        after=f"0-{months} months",
        chosen_on=None,
        area=area,
        ledgers=[source.ledger],
    )
    study = study_of(
        area, sources=[source], measures=[counted.measure], operations=[operation], margin=DEFAULT_MARGIN, seed=seed
    )
    zones = past_zones(beside_its_neighbours(study, operation), [source.ledger], {}, operation)
    sets = {operation.name: zones} if zones else {}
    data = StudyData(study, (source.ledger,), (measure_data(source, counted.measure, sets),))
    (table,) = power_tables(data)
    return Power(table, counted.notes)
