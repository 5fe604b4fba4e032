"""The answer of each section of the annex in one line, which stands beside its heading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation, leading_measure
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.harm.results.unintended_harm import RiseState
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.measure import Role
from geoharm.report import format_numbers
from geoharm.report.document import CardRow, Section
from geoharm.report.wording.change import change_reading
from geoharm.report.wording.states import state_words

AnswerOf = Callable[[Release, ReleasedOperation], str]
AnswerOfStudy = Callable[[Release, ReleasedOperation | None], str]


def section_answer(section: Section, release: Release, operation: ReleasedOperation | None) -> str:
    """Return what a section answers, in one line; what it holds if it gives no answer.

    The operation is None in the report on a study that evaluates none.
    """
    text = ""
    if of_study := _ANSWERS_OF_STUDY.get(section.anchor):
        text = of_study(release, operation)
    elif operation is not None and (answer := _ANSWERS.get(section.anchor)):
        text = answer(release, operation)
    return text or _contents(section)


def _contents(section: Section) -> str:
    cards = sum(len(block.cards) for block in section.blocks if isinstance(block, CardRow))
    counts = [(len(section.tables), "table"), (len(section.charts), "figure"), (cards, "point")]
    listed = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count)
    return listed or section.audience.lower()


def _counted(words: Iterable[str]) -> str:
    """Return how often each word occurs, the most frequent first, such as "8 cannot tell, 1 fell"."""
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _harms(_: Release, operation: ReleasedOperation) -> str:
    harms = [
        measure
        for measure in operation.measures
        if measure.measure.role is Role.HARM and measure.measure.kind != "treatment_entry"
    ]
    zones = ("target", ALL_RINGS, TARGET_AND_RINGS)
    readings = [state_words(effect) for measure in harms for effect in measure.effects if effect.zone in zones]
    return f"{len(readings)} answers: {_counted(readings)}" if readings else ""


def _values(_: Release, operation: ReleasedOperation) -> str:
    profiles = operation.harm.profiles if operation.harm else ()
    return f"{len(profiles)} {'set' if len(profiles) == 1 else 'sets'} of values"


def _watch(_: Release, operation: ReleasedOperation) -> str:
    unintended = operation.harm.unintended_harm if operation.harm else None
    if unintended is None or not unintended.checks:
        return ""
    words = {RiseState.UNKNOWN: "cannot tell"}
    states = [words.get(check.state, check.state.value) for check in unintended.checks]
    return f"{len(states)} looks: {_counted(states)}"


def _where(release: Release, operation: ReleasedOperation | None) -> str:
    name = leading_measure(release, operation).name
    hotspots = next((hotspots for hotspots in release.hotspots if hotspots.measure.name == name), None)
    if hotspots is None or not hotspots.hotspots:
        return ""
    return f"{len(hotspots.hotspots)} {'hotspot' if len(hotspots.hotspots) == 1 else 'hotspots'} of {name}"


def _change(release: Release, operation: ReleasedOperation) -> str:
    for change in release.changes:
        is_primary = change.measure.name == operation.primary.measure.name
        if is_primary and change.windows_of == operation.design.operation.name and change.areas:
            kind = next(iter(change.areas))
            return change_reading(change, kind).removeprefix(kind.question).strip().rstrip(".")
    return ""


def _comparisons(release: Release, _: ReleasedOperation | None) -> str:
    return format_numbers.join_with_and([comparison.name for comparison in release.study.comparisons])


def _patterns(release: Release, _: ReleasedOperation | None) -> str:
    return format_numbers.join_with_and([patterns.measure.name for patterns in release.patterns])


def _activity(_: Release, operation: ReleasedOperation) -> str:
    names = [measure.measure.name for measure in operation.measures if measure.measure.role is Role.ACTIVITY]
    return format_numbers.join_with_and(names) or "not known: no measure of activity was given"


def _shifts(_: Release, operation: ReleasedOperation) -> str:
    types = operation.primary.robustness.displacement_types
    if types is None:
        return ""
    measured = sum(row.measured for row in types)
    return f"not tested; {measured} of {len(types)} kinds are measured, for orientation"


def _guards(_: Release, operation: ReleasedOperation) -> str:
    diagnostics = operation.primary.robustness.diagnostics
    limiting = sum(diagnostic.severity >= Severity.SIGNAL for diagnostic in diagnostics)
    return f"{limiting or 'none'} of {len(diagnostics)} {'limits' if limiting <= 1 else 'limit'} the answer"


def _distance(_: Release, operation: ReleasedOperation) -> str:
    target, rings = operation.primary.effect("target"), operation.primary.effect(ALL_RINGS)
    return f"target: {state_words(target)}; rings: {state_words(rings)}"


def _time(_: Release, operation: ReleasedOperation) -> str:
    phases = [effect for effect in operation.primary.phases if effect.zone == "target"]
    return "; ".join(f"{effect.window}: {state_words(effect)}" for effect in phases)


def _family(_: Release, operation: ReleasedOperation) -> str:
    return "none of them decides the answer" if operation.primary.robustness.other_estimators else ""


def _pooled(release: Release, _: ReleasedOperation) -> str:
    return f"{len(release.operations)} operations together"


def _data(release: Release, _: ReleasedOperation | None) -> str:
    files = sum(len(ledger.files) for ledger in release.all_ledgers)
    rows = sum(ledger.totals.known("read") for ledger in release.all_ledgers)
    return f"{files} {'file' if files == 1 else 'files'}, {'' if release.is_internal else 'about '}{rows:,} rows read"


def _methods(release: Release, _: ReleasedOperation | None) -> str:
    return f"geoharm {__version__}, seed {release.study.seed}"


_ANSWERS: dict[str, AnswerOf] = {
    "short": lambda _release, _operation: "for readers from about twelve years",
    "harms": _harms,
    "values": _values,
    "watch": _watch,
    "change": _change,
    "activity": _activity,
    "shifts": _shifts,
    "guards": _guards,
    "distance": _distance,
    "time": _time,
    "family": _family,
    "pooled": _pooled,
}
_ANSWERS_OF_STUDY: dict[str, AnswerOfStudy] = {
    "where": _where,
    "comparisons": _comparisons,
    "patterns": _patterns,
    "data": _data,
    "methods": _methods,
}
