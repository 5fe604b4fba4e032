"""Value profiles (weights, signs and vetoes of an author), exchange rates and evidence cards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geoharm.errors import DesignError
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class EvidenceCard:
    """An evidence card: what is known about one tactic, with its source.

    Attributes
    ----------
    name, tactic, finding, strength, caution, citation, url, licence : str
    """

    name: str
    tactic: str
    finding: str
    strength: str
    caution: str
    citation: str
    url: str
    licence: str


USE_OR_DEALING = "use or dealing"
SIGNS = {"harm": 1.0, "benefit": -1.0, "ignored": 0.0}


@dataclass(frozen=True, slots=True)
class MeasureSelector:
    """Selects the measures to which a rule or veto applies; an empty text matches every measure.

    Attributes
    ----------
    measure, kind, borne_by, type, unit : str
        Name of the measure, kind of its source, who bears its harm, type of its harm, and its unit.
    sign_of : str
        "use", "dealing" or "use or dealing": only measures whose events are signs of it, from sources other than
        police activity (`Measure.shows`).
    police_activity : bool
        True selects only the police activity that a study counts as harm.
    """

    measure: str = ""
    kind: str = ""
    borne_by: str = ""
    type: str = ""
    unit: str = ""
    sign_of: str = ""
    police_activity: bool = False

    def matches(self, measure: Measure) -> bool:
        """Return whether a measure matches the selector; activity measures never do."""
        if measure.harm is None:
            return False
        criteria = (
            (self.measure, measure.name),
            (self.kind, measure.kind),
            (self.borne_by, measure.harm.borne_by),
            (self.type, measure.harm.type),
            (self.unit, measure.unit),
        )
        if self.police_activity and not measure.activity_as_harm:
            return False
        if self.sign_of and not (measure.shows and measure.shows in self.sign_of):
            return False
        return all(selected in ("", actual) for selected, actual in criteria)

    def description(self) -> str:
        """Return a description of the selected measures for readers."""
        descriptions = [text for text in (self.measure, self.kind.replace("_", " "), self.type, self.unit) if text]
        if self.sign_of:
            descriptions.append(f"signs of {self.sign_of}")
        if self.police_activity:
            descriptions.append("police activity")
        if self.borne_by:
            descriptions.append(f"borne by {self.borne_by}")
        return ", ".join(descriptions) or "everything else"


@dataclass(frozen=True, slots=True)
class ValueRule:
    """The weight of one event of the selected measures.

    Attributes
    ----------
    selector : MeasureSelector
    sign : str
        One of `SIGNS`.
    weight : float
        Number of reference events that weigh as much as one event; 0 or more.
    """

    selector: MeasureSelector
    sign: str
    weight: float

    @property
    def signed(self) -> float:
        """The signed weight in net harm: negative for a benefit, 0 if ignored."""
        return SIGNS[self.sign] * self.weight if self.sign != "ignored" else 0.0


@dataclass(frozen=True, slots=True)
class Veto:
    """A veto: a harm that must not rise by more than a margin.

    Attributes
    ----------
    selector : MeasureSelector
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    words : str
        The veto in the words of the profile's author.
    """

    selector: MeasureSelector
    margin: float
    words: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A measure without which a profile gives no sum: its author would not accept a sum of the rest alone.

    Attributes
    ----------
    selector : MeasureSelector
        At least one measure of harm of the study must fit.
    words : str
        What is required, in the words of the profile's author.
    """

    selector: MeasureSelector
    words: str


@dataclass(frozen=True, slots=True)
class ValueProfile:
    """A value profile: one author's weights, signs and vetoes.

    Attributes
    ----------
    name, about, author, date, version, source, licence : str
    reference : str
        The event that weighs 1, e.g. "one violent incident".
    rules : tuple of ValueRule
        The first rule that matches a measure applies. A measure without a matching rule is ignored.
    vetoes : tuple of Veto
    required : tuple of Requirement
        Without a measure for each of them there is no sum.
    example : bool
        Whether it is a shipped example to edit, which states nobody's values.
    untested : bool
        Whether it was made by an importer that was not tested on an original file.
    """

    name: str
    about: str
    author: str
    date: str
    version: str
    source: str
    licence: str
    reference: str
    rules: tuple[ValueRule, ...]
    vetoes: tuple[Veto, ...] = ()
    required: tuple[Requirement, ...] = ()
    example: bool = False
    untested: bool = False

    def weight(self, measure: Measure) -> float:
        """Return the signed weight of a measure; 0 for activity and for measures without a matching rule."""
        return next((rule.signed for rule in self.rules if rule.selector.matches(measure)), 0.0)

    def unmet(self, measures: Sequence[Measure]) -> tuple[Requirement, ...]:
        """Return the requirements that none of the measures meets."""
        return tuple(
            requirement
            for requirement in self.required
            if not any(requirement.selector.matches(measure) for measure in measures)
        )


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """A range of exchange rates: how many events of the selected measures weigh as much as one reference event.

    Attributes
    ----------
    selector : MeasureSelector
    sign : str
    lowest_rate, highest_rate : float
        Lower and upper end of the range; above 0.
    """

    selector: MeasureSelector
    sign: str
    lowest_rate: float
    highest_rate: float

    def __post_init__(self) -> None:
        if self.sign != "ignored" and not (0 < self.lowest_rate <= self.highest_rate < math.inf):
            msg = (
                f"An exchange rate for {self.selector.description()} needs two numbers above 0, the smaller first; "
                f"{self.lowest_rate:g} and {self.highest_rate:g} were given."
            )
            raise DesignError(msg)


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """Declared ranges of exchange rates, which define the admissible weightings.

    Attributes
    ----------
    name, about, author, date, version, source, licence, reference : str
    rules : tuple of ExchangeRule
        The first rule that matches a measure applies. A measure without a matching rule is ignored.
    example : bool
        Whether it is a shipped example to edit, which states nobody's values.
    """

    name: str
    about: str
    author: str
    date: str
    version: str
    source: str
    licence: str
    reference: str
    rules: tuple[ExchangeRule, ...]
    example: bool = False

    def rule(self, measure: Measure) -> ExchangeRule | None:
        """Return the rule of a measure; None if it has no rule or is ignored."""
        matching_rule = next((rule for rule in self.rules if rule.selector.matches(measure)), None)
        return None if matching_rule is None or matching_rule.sign == "ignored" else matching_rule
