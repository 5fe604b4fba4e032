"""The words of the headline: one sentence for each clause that the rule of the answer states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from geoharm import _text
from geoharm.answer import balance
from geoharm.answer.headline import clause_tone, headline_clauses
from geoharm.answer.nouns import Change, Clause, Together, Tone
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.geometry import ZoneRole
from geoharm.report import format_numbers
from geoharm.report.wording.states import ZONE_WORDS, about, bound_clause, comparison_words, state_sentence

_TOGETHER_VERBS = {Together.FELL: "fell", Together.ROSE: "rose"}
_PROBABLE_VERBS = {Together.PROBABLY_FELL: "probably fell", Together.PROBABLY_ROSE: "probably rose"}
# With more harms than these, the headline names them without numbers.
_MAX_WITH_NUMBERS = 2
_NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class HeadlineClause:
    """One clause of the headline, in words; every clause is shown in the same size."""

    text: str
    tone: Tone


def headline(operation: ReleasedOperation) -> tuple[HeadlineClause, ...]:
    """Return the headline of an operation, in words."""
    facts = balance.headline_facts(operation)
    return tuple(
        HeadlineClause(_WORDS[clause](operation), clause_tone(clause, primary_is_harm=facts.primary_is_harm))
        for clause in headline_clauses(facts)
    )


def number_word(value: int) -> str:
    """Return a number up to ten as a word.

    Examples
    --------
    >>> number_word(3), number_word(12)
    ('three', '12')
    """
    return _NUMBER_WORDS[value] if 0 <= value < len(_NUMBER_WORDS) else f"{value:,}"


def sets_of_values(count: int, total: int) -> str:
    """Return how many sets of values say something.

    Examples
    --------
    >>> sets_of_values(2, 5), sets_of_values(5, 5), sets_of_values(1, 1)
    ('two of five sets of values', 'all five sets of values', 'the one set of values')
    """
    if total == 1:
        return "the one set of values"
    if count == total == 2:
        return "both sets of values"
    if count == total:
        return f"all {number_word(total)} sets of values"
    return f"{number_word(count)} of {number_word(total)} sets of values"


def ring_distance(operation: ReleasedOperation) -> str:
    """Return where the rings lie: "between 100 m and 1 km around it".

    Examples
    --------
    >>> from geoharm.report.wording.headline import _distance
    >>> _distance(250.0), _distance(1000.0), _distance(1609.0)
    ('250 m', '1 km', '1,609 m')
    """
    rings = operation.design.of_role(ZoneRole.RING)
    return f"between {_distance(rings[0].inner)} and {_distance(rings[-1].outer)} around it"


def _distance(metres: float) -> str:
    kilometres = metres / 1000
    return f"{kilometres:g} km" if kilometres >= 1 and kilometres == round(kilometres, 1) else f"{metres:,.0f} m"


def _primary(operation: ReleasedOperation) -> tuple[str, ReleasedEffect]:
    return operation.primary.measure.name, operation.primary.effect("target")


def _state(operation: ReleasedOperation) -> str:
    return state_sentence(*_primary(operation))


def _fell_and_rose_nearby(operation: ReleasedOperation) -> str:
    name, effect = _primary(operation)
    rings = operation.primary.effect(ALL_RINGS)
    return (
        f"{_text.capitalised(name)} fell by {about(effect)} in the target area and rose by {about(rings)} in the rings, "
        f"{comparison_words(effect)}."
    )


def _bounded(operation: ReleasedOperation) -> str:
    return bound_clause(*_primary(operation))


def _cannot_tell(operation: ReleasedOperation) -> str:
    return f"In the target area, these data cannot tell whether {operation.primary.measure.name} fell or rose."


def _withheld(operation: ReleasedOperation) -> str:
    return f"In the target area, the counts of {operation.primary.measure.name} are withheld."


def _activity_only(operation: ReleasedOperation) -> str:
    changes = balance.changed_activities(operation)
    parts = [f"{change.measure.measure.name} {change.effect.reading.value}" for change in changes]
    return (
        f"{_text.capitalised(format_numbers.join_with_and(parts))}. That is what police did, not harm. "
        "Whether harm changed, these data cannot tell."
    )


def _described_nearby(operation: ReleasedOperation) -> str:
    rings = operation.primary.effect(ALL_RINGS)
    ratio, control = balance.daily_rate_ratio(rings), balance.control_rate_ratio(rings)
    verb = "rose" if ratio > 1 else "fell"
    return (
        f"{_text.capitalised(ring_distance(operation))}, {operation.primary.measure.name} a day {verb} to {ratio:.1f} times "
        f"the level before; in the control area to {control:.1f} times."
    )


def _harm_or_reporting(operation: ReleasedOperation) -> str:
    return f"Whether that is harm or reporting, these data cannot tell: the public reports {operation.primary.measure.name}."


def _harms_rose(operation: ReleasedOperation) -> str:
    changes = balance.risen_harms(operation)
    names = [change.measure.measure.name for change in changes]
    if len(changes) > _MAX_WITH_NUMBERS:
        return f"{_text.capitalised(format_numbers.join_with_and(names))} rose. The numbers are on page 2."
    zones = {change.effect.zone for change in changes}
    if len(zones) == 1:
        risen = [f"{name} {'rose ' * (not position)}by {about(change.effect)}" for position, (name, change)
                 in enumerate(zip(names, changes, strict=True))]  # fmt: skip
        return f"{_text.capitalised(format_numbers.join_with_and(risen))} {ZONE_WORDS[changes[0].effect.zone]}."
    return f"{_text.capitalised('; '.join(rise_words(change) for change in changes))}."


def rise_words(change: Change) -> str:
    """Return a rise with its size and zone: "overdoses rose by about 143 in target and rings"."""
    return f"{change.measure.measure.name} rose by {about(change.effect)} {ZONE_WORDS[change.effect.zone]}"


def _profile_count(operation: ReleasedOperation, together: Together) -> str:
    answers = balance.profile_answers(operation)
    return sets_of_values(sum(answer.together is together for answer in answers), len(answers))


def _together_all(operation: ReleasedOperation) -> str:
    (together,) = {answer.together for answer in balance.profile_answers(operation)}
    return f"Taken together, harm {_TOGETHER_VERBS[together]} under {_profile_count(operation, together)}."


def _together_disagree(operation: ReleasedOperation) -> str:
    answers = balance.profile_answers(operation)
    rose = sum(answer.together is Together.ROSE for answer in answers)
    return f"Taken together, harm fell under {_profile_count(operation, Together.FELL)} and rose under {number_word(rose)}."


def _together_some(operation: ReleasedOperation) -> str:
    """Return under how many sets of values harm fell, or rose: some state the one, and none the other."""
    stated = {answer.together for answer in balance.profile_answers(operation)}
    (together,) = stated & set(_TOGETHER_VERBS)
    return (
        f"Taken together, harm {_TOGETHER_VERBS[together]} under {_profile_count(operation, together)}; "
        f"{_others(operation)}."
    )


def _together_probably(operation: ReleasedOperation) -> str:
    """Return that harm probably fell, or rose, under all sets of values: some find it, the others call it probable."""
    answers = balance.profile_answers(operation)
    (verb,) = {_PROBABLE_VERBS[answer.together] for answer in answers if answer.together in _PROBABLE_VERBS}
    return f"Taken together, harm {verb} under {sets_of_values(len(answers), len(answers))}."


def _others(operation: ReleasedOperation) -> str:
    """Return what the sets of values say that state neither a fall nor a rise."""
    answers = balance.profile_answers(operation)
    broken = [f"\u201c{answer.profile}\u201d" for answer in answers if answer.together is Together.RULED_OUT]
    silent = [answer for answer in answers if answer.together in (Together.CANNOT_TELL, Together.REFUSED)]
    parts = []
    for together, verb in _PROBABLE_VERBS.items():
        if leads := sum(answer.together is together for answer in answers):
            parts.append(f"it {verb} under {number_word(leads)}")
    if broken:
        verb = "has" if len(broken) == 1 else "have"
        parts.append(f"{format_numbers.join_with_and(broken)} {verb} a veto that is broken")
    if silent:
        parts.append("the others state neither a fall nor a rise")
    return "; ".join(parts)


def _together_not_clear(operation: ReleasedOperation) -> str:
    answers = {answer.together for answer in balance.profile_answers(operation)}
    is_lead = Together.PROBABLY_FELL in answers and Together.PROBABLY_ROSE not in answers
    return f"Taken together, whether harm fell {'' if is_lead else 'or rose '}is not clear."


def _together_refused(operation: ReleasedOperation) -> str:
    names = refused_measures(operation)
    reason = f"{format_numbers.join_with_and(names)} {'has' if len(names) == 1 else 'have'} no interval"
    return f"Taken together, harm cannot be added up{f': {reason}' if names else ''}."


def refused_measures(operation: ReleasedOperation) -> list[str]:
    """Return the names of the weighted harms without a 95% interval in target and rings, so that no sum can be given."""
    if operation.harm is None:
        return []
    nets = operation.harm.in_zone(TARGET_AND_RINGS)
    return list(dict.fromkeys(name for net in nets for name in net.refused))


def _together_one_harm(operation: ReleasedOperation) -> str:
    row = next(row for row in balance.balance_rows(operation) if row.is_harm)
    return f"Only {row.measure.measure.name} were counted; what became of other harm is not known."


_WORDS: dict[Clause, Callable[[ReleasedOperation], str]] = {
    Clause.FELL: _state,
    Clause.FELL_AND_ROSE_NEARBY: _fell_and_rose_nearby,
    Clause.ROSE: _state,
    Clause.PROBABLY_FELL: _state,
    Clause.PROBABLY_ROSE: _state,
    Clause.BOUNDED: _bounded,
    Clause.CANNOT_TELL: _cannot_tell,
    Clause.CONTROLS_DISAGREE: _state,
    Clause.WITHHELD: _withheld,
    Clause.ACTIVITY_ONLY: _activity_only,
    Clause.DESCRIBED_NEARBY: _described_nearby,
    Clause.HARM_OR_REPORTING: _harm_or_reporting,
    Clause.HARMS_ROSE: _harms_rose,
    Clause.TOGETHER_FELL: _together_all,
    Clause.TOGETHER_ROSE: _together_all,
    Clause.TOGETHER_PROBABLY_FELL: _together_probably,
    Clause.TOGETHER_PROBABLY_ROSE: _together_probably,
    Clause.TOGETHER_DISAGREE: _together_disagree,
    Clause.TOGETHER_SOME_FELL: _together_some,
    Clause.TOGETHER_SOME_ROSE: _together_some,
    Clause.TOGETHER_NOT_CLEAR: _together_not_clear,
    Clause.TOGETHER_REFUSED: _together_refused,
    Clause.TOGETHER_ONE_HARM: _together_one_harm,
}
