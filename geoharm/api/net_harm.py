"""Add several evaluated measures of one operation up as harm, under stated values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from geoharm._text import shown
from geoharm.api.evaluation import Evaluation
from geoharm.api.notebook import panel
from geoharm.api.operation import study_of
from geoharm.api.source import measure_data, zones_of
from geoharm.disclosure.protect import protect
from geoharm.errors import DataError
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.results.net_harm import HarmAssessment, NetHarm
from geoharm.pipeline.analyse import evaluate_operations
from geoharm.pipeline.designs import design_operations
from geoharm.pipeline.study_data import StudyData
from geoharm.report.format_numbers import signed_text
from geoharm.report.wording.value_answers import refusal_words
from geoharm.report.wording.verdict import Verdict, verdict_of
from geoharm.report.wording.withheld import note_text
from geoharm.results import OperationResult, StudyResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class NetHarmAnswer:
    """All harms of one operation together, under each set of values, at full precision: not for publication.

    Attributes
    ----------
    data : StudyData
        What the answer was computed from.
    operation : OperationResult
        The results of every measure, read together, and the harm assessment.
    notes : tuple of str
    """

    data: StudyData
    operation: OperationResult[MeasureResult]
    notes: tuple[str, ...]

    @property
    def assessment(self) -> HarmAssessment:
        """Net harm, acceptability, vetoes and unintended harm."""
        assert self.operation.harm is not None  # noqa: S101 -- `net_harm` makes no answer without one
        return self.operation.harm

    @property
    def measures(self) -> tuple[MeasureResult, ...]:
        """The results of every measure, as they are read beside the others: a rise is harder to find among several."""
        return self.operation.measures

    def summary(self) -> str:
        """Return the answer in plain sentences: those of the report of `geoharm run`."""
        verdict = self._verdict
        answers = [f"{answer.question} {answer.answer}. {answer.detail}" for answer in verdict.answers]
        notes = ["", *(f"Note: {note}" for note in self.notes)] if self.notes else []
        return "\n".join([self._title, "", verdict.headline, verdict.lead, "", *answers, *notes])

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each set of values and zone.

        Returns
        -------
        DataFrame
            profile, zone; net_harm: weighted sum of the changes, in events of `reference`, negative for less harm; low,
            high: its 95% interval; statement; calibrated; veto: the vetoes that were hit; note: why there is no sum.
        """
        import pandas as pd  # noqa: PLC0415 -- slow to import

        return pd.DataFrame(
            [
                {
                    "profile": net.profile,
                    "zone": net.zone,
                    "net_harm": (net.low + net.high) / 2,
                    "low": net.interval.low,
                    "high": net.interval.high,
                    "reference": net.reference,
                    "statement": net.reading.value,
                    "calibrated": net.calibrated,
                    "veto": "; ".join(veto.words for veto in net.vetoes if veto.state == "hit"),
                    "note": refusal_words(net) or note_text(net.note),
                }
                for net in self.assessment.net_harm
            ]
        )

    @property
    def _title(self) -> str:
        names = ", ".join(result.measure.name for result in self.measures)
        return f"{self.operation.design.operation.name}: {names}"

    @cached_property
    def _verdict(self) -> Verdict:
        release = protect(StudyResult(self.data.study, self.data.ledgers, (), (self.operation,)))
        return verdict_of(release, release.operations[0])

    def __repr__(self) -> str:
        return f"<NetHarmAnswer: {self._title}: {self._verdict.answers[0].answer}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        verdict = self._verdict
        return panel(
            self._title,
            (verdict.headline, *(f"{answer.question} {answer.answer}. {answer.detail}" for answer in verdict.answers)),
            heads=("set of values, zone", "net harm", "95% interval", "statement"),
            rows=[_cells(net) for net in self.assessment.net_harm],
            notes=self.notes,
        )


def net_harm(
    evaluations: Sequence[Evaluation], *, profiles: str | Sequence[str], seed: int | None = None
) -> NetHarmAnswer:
    """Add several measures of one operation up as harm, under one or more sets of values.

    The measures are evaluated again beside each other, as `geoharm run` does: the same days for all, one error rate for
    all rises, and their forecast errors correlated as they are at places without an operation.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        Answers of `evaluate` with the same target, dates, rings, control and study area; the first is the primary measure. A
        measure with ``harm=None`` is activity: shown, and in no sum.
    profiles : str or sequence of str
        Names of shipped sets of values ("equal", "public-health-first", ...: ``geoharm values list``), or paths of TOML
        files. They are examples to edit: no weighting is neutral.
    seed : int, optional
        Of all random numbers; that of the first evaluation if left out.

    Returns
    -------
    NetHarmAnswer

    Raises
    ------
    DataError
        If the evaluations are not of one operation, or two measures have one name.
    StudyError
        If a set of values cannot be read.

    Examples
    --------
    >>> harm = net_harm([needles, overdoses], profiles=["equal", "public-health-first"])  # doctest: +SKIP
    >>> print(harm.summary())  # doctest: +SKIP
    """
    if not evaluations:
        msg = "Net harm needs at least one evaluated measure."
        raise DataError(msg)
    first = evaluations[0]
    for other in evaluations[1:]:
        _check_same_operation(first, other)
    names = [one.measure.measure.name for one in evaluations]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        msg = f'Two of the measures are called "{shown(doubled)}"; give each a name of its own with measure=...'
        raise DataError(msg)
    study = study_of(
        first.data.study.area,
        sources=[one.source for one in evaluations],
        measures=[one.measure.measure for one in evaluations],
        operations=[first.design.operation],
        margin=first.design.margin,
        seed=first.data.study.seed if seed is None else seed,
        profiles=[profiles] if isinstance(profiles, str) else list(profiles),
    )
    ledgers = tuple(one.source.ledger for one in evaluations)
    designs = design_operations(study, ledgers, {})
    collected = tuple(measure_data(one.source, one.measure.measure, zones_of(designs)) for one in evaluations)
    data = StudyData(study, ledgers, collected, designs)
    (operation,) = evaluate_operations(data)
    return NetHarmAnswer(data, operation, (*_notes(evaluations), *designs[0].notes))


def _notes(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return the notes of the evaluations: those of all as they are, the others with the name of their measure."""
    in_all = set(evaluations[0].notes).intersection(*(one.notes for one in evaluations))
    shared = [note for note in evaluations[0].notes if note in in_all and note not in evaluations[0].design.notes]
    return shared + [
        f"{one.measure.measure.name}: {note}"
        for one in evaluations
        for note in one.notes
        if note not in in_all and note not in one.design.notes
    ]


def _check_same_operation(first: Evaluation, other: Evaluation) -> None:
    one, two = first.design.operation, other.design.operation
    area, other_area = first.data.study.area, other.data.study.area
    control_is_same = (one.control is None) == (two.control is None) and (
        one.control is None or two.control is None or one.control.equals(two.control)
    )
    same = {
        "study_area": area.crs == other_area.crs and area.boundary.equals(other_area.boundary),
        "target": one.target.equals(two.target),
        "start and end": (one.period, one.ongoing) == (two.period, two.ongoing),
        "rings and gap": (one.gap, one.rings) == (two.gap, two.rings),
        "before": one.before == two.before,
        "after": one.after == two.after,
        "control": control_is_same,
    }
    if different := [name for name, is_same in same.items() if not is_same]:
        msg = (
            f'"{first.measure.measure.name}" and "{other.measure.measure.name}" were evaluated with different '
            f"{', '.join(different)}; net harm adds up measures of one operation, so give the same to each evaluate."
        )
        raise DataError(msg)


def _cells(net: NetHarm) -> tuple[str, ...]:
    name = f"{net.profile}, {net.zone}"
    if not net.is_known:
        return name, "\u2013", "\u2013", refusal_words(net)
    interval = f"{signed_text(net.interval.low)} to {signed_text(net.interval.high)}"
    return name, f"{signed_text((net.low + net.high) / 2)} ({net.reference})", interval, net.reading.value
