"""The answer of `evaluate`: one operation, one measure, every zone and window, with what may be said of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from geoharm.api.notebook import panel
from geoharm.api.pictures import Picture
from geoharm.api.source import Source
from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import ReleasedMeasure
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.hotspots.geodataframes import to_geodataframe
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.effect import Effect
from geoharm.model.estimate import relative_change_of
from geoharm.model.geometry import ZoneRole
from geoharm.model.places_like_it import PlaceDistribution
from geoharm.model.reading import Reading
from geoharm.pipeline.study_data import StudyData
from geoharm.report.charts.effects import zones_chart
from geoharm.report.document import Chart
from geoharm.report.format_numbers import signed_text
from geoharm.report.wording.verdict import Verdict, verdict_of
from geoharm.report.wording.withheld import note_text
from geoharm.results import OperationResult, StudyResult

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

# The first question is of all harms together, which one measure cannot answer.
_OF_ONE_MEASURE = slice(1, None)


@dataclass(frozen=True)
class Evaluation:
    """What became of one measure in and around one operation, at full precision: for analysis, not for publication.

    Attributes
    ----------
    data : StudyData
        The design, the measure and its counts: what the answer was computed from.
    measure : MeasureResult
        All results: effects, phases, other estimators, diagnostics.
    source : Source
        The events as they were read.
    notes : tuple of str
        What was chosen, left out or projected, each as a sentence.
    """

    data: StudyData
    measure: MeasureResult
    source: Source
    notes: tuple[str, ...]

    @property
    def design(self) -> Design:
        """Zones and windows."""
        return self.data.designs[0]

    @property
    def crs(self) -> str:
        """The coordinate system in metres in which everything was computed."""
        return self.data.study.area.crs

    @property
    def target(self) -> Effect[int]:
        """The effect in the target area, over the whole window after: the headline."""
        return self.measure.effect("target")

    @property
    def rings(self) -> tuple[Effect[int], ...]:
        """The effect in each ring, from the inside out; their intervals hold the noise of counting only."""
        names = [zone.name for zone in self.design.of_role(ZoneRole.RING)]
        return tuple(self.measure.effect(name) for name in names)

    @property
    def all_rings(self) -> Effect[int]:
        """The effect in all rings together."""
        return self.measure.effect(ALL_RINGS)

    @property
    def total(self) -> Effect[int]:
        """The effect in target and rings together: what is left when a move into the rings is counted."""
        return self.measure.effect(TARGET_AND_RINGS)

    @property
    def phases(self) -> tuple[Effect[int], ...]:
        """The effects in target and all rings in each phase."""
        return self.measure.phases

    @property
    def reading(self) -> Reading:
        """What may be said of the target area: one step of the ladder of statements."""
        return self.target.reading

    @property
    def statement(self) -> str:
        """The reading in a word or two, such as "fell" or "no rise over 17%"."""
        return self.target.statement

    @property
    def misses(self) -> PlaceDistribution | None:
        """By how much the forecast missed at places without an operation; None where no forecast could be learned."""
        return self.target.placebo.distribution if self.target.placebo else None

    def summary(self) -> str:
        """Return the answer in plain sentences: the same that the report of `geoharm run` prints."""
        verdict = self._verdict
        lines = [self._title, "", *self._sentences, ""]
        lines += [f"{answer.question} {answer.answer}. {answer.detail}" for answer in verdict.answers[_OF_ONE_MEASURE]]
        lines += ["", *(f"Note: {note}" for note in self.notes)] if self.notes else []
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each zone and window.

        Returns
        -------
        DataFrame
            - zone, window; before, after, control_before, control_after: counts.
            - expected: events expected after without an operation; change: after minus expected; low, high: its 95%
              interval. NaN where none is possible.
            - ratio, ratio_low, ratio_high: after over expected, with its 95% interval.
            - statement: what may be said; calibrated: whether the interval was learned at places without an operation
              (if not, it holds the noise of counting only and is too narrow for a finding).
            - detectable_fall: the smallest fall, as a share, that is found four times in five.
            - places: places without an operation that were learned from; note: why there is no answer.
        """
        import pandas as pd  # noqa: PLC0415 -- slow to import

        return pd.DataFrame([_row(effect) for effect in (*self.measure.effects, *self.measure.phases)])

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return the zones as polygons with their effect over the whole window after, in `crs`."""
        zones = to_geodataframe(self.design.zones, crs=self.crs)
        frame = self.to_frame()
        headline = frame[frame["window"] == self.design.after.name].drop(columns="window")
        return zones.merge(headline, on="zone", how="left")

    def plot(self) -> Picture:
        """Return a drawing of the change by zone, in percent of the expected count, with 95% intervals."""
        return Picture(self._chart)

    @property
    def _title(self) -> str:
        operation = self.design.operation
        days = (
            f"since {operation.period.start}"
            if operation.ongoing
            else f"{operation.period.start} to {operation.period.last}"
        )
        return f"{self.measure.measure.name}: {operation.name}, {days}"

    @property
    def _sentences(self) -> tuple[str, ...]:
        return self._verdict.headline, self._verdict.lead

    @cached_property
    def _answer(self) -> tuple[Verdict, ReleasedMeasure]:
        """The words of the report: made from an internal release, in which no count is withheld."""
        result = OperationResult(self.design, (self.measure,))
        release = protect(StudyResult(self.data.study, self.data.ledgers, (), (result,)))
        return verdict_of(release, release.operations[0]), release.operations[0].primary

    @property
    def _verdict(self) -> Verdict:
        return self._answer[0]

    @property
    def _chart(self) -> Chart:
        names = ["target", *(ring.zone for ring in self.rings), ALL_RINGS, TARGET_AND_RINGS]
        measure = self._answer[1]
        return zones_chart([measure.effect(name) for name in names], names)

    def __repr__(self) -> str:
        return f"<Evaluation: {self._title}: {self.statement}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [_cells(effect) for effect in self.measure.effects]
        answers = [
            f"{answer.question} {answer.answer}. {answer.detail}" for answer in self._verdict.answers[_OF_ONE_MEASURE]
        ]
        return panel(
            self._title,
            (*self._sentences, *answers),
            heads=("zone", "before", "after", "expected", "change", "95% interval", "statement"),
            rows=rows,
            chart=self._chart,
            notes=self.notes,
        )


def _row(effect: Effect[int]) -> dict[str, Any]:
    ratio = effect.ratio
    interval = ratio.interval()
    return {
        "zone": effect.zone,
        "window": effect.window,
        "before": effect.before,
        "after": effect.after,
        "control_before": effect.control_before,
        "control_after": effect.control_after,
        "expected": effect.expected,
        "change": effect.change,
        "low": effect.interval.low,
        "high": effect.interval.high,
        "ratio": 1 + relative_change_of(ratio.value) if ratio.is_defined else math.nan,
        "ratio_low": 1 + relative_change_of(interval.low),
        "ratio_high": 1 + relative_change_of(interval.high),
        "statement": effect.statement,
        "calibrated": ratio.calibrated and ratio.is_defined,
        "detectable_fall": effect.detectable_fall,
        "places": effect.placebo.pool if effect.placebo else 0,
        "note": note_text(effect.note),
    }


def _cells(effect: Effect[int]) -> tuple[str, ...]:
    unknown = "\u2013"
    low, high = effect.interval.low, effect.interval.high
    return (
        effect.zone,
        f"{effect.before:,}",
        f"{effect.after:,}",
        f"{effect.expected:,.0f}" if math.isfinite(effect.expected) else unknown,
        signed_text(effect.change) if math.isfinite(effect.change) else unknown,
        f"{signed_text(low)} to {signed_text(high)}" if math.isfinite(low) else unknown,
        effect.statement,
    )
