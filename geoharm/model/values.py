"""Whose values: what weighs how much, what is a benefit, what nobody may make worse, and who holds that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.errors import DesignError
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class EvidenceCard:
    """What is known of one way to act, in words, with where it is from.

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


SIGNS = {"harm": 1.0, "benefit": -1.0, "ignored": 0.0}


@dataclass(frozen=True, slots=True)
class MeasureSelector:
    """Which measures a value speaks of; an empty text fits every measure.

    Attributes
    ----------
    measure, kind, borne_by, type, unit : str
        A measure's name, its source's kind, the two axes of its harm, its unit.
    """

    measure: str = ""
    kind: str = ""
    borne_by: str = ""
    type: str = ""
    unit: str = ""

    def fits(self, measure: Measure) -> bool:
        """Return whether it speaks of a measure."""
        if measure.harm is None:
            return False
        pairs = (
            (self.measure, measure.name),
            (self.kind, measure.kind),
            (self.borne_by, measure.harm.borne_by),
            (self.type, measure.harm.type),
            (self.unit, measure.unit),
        )
        return all(wanted in ("", has) for wanted, has in pairs)

    def words(self) -> str:
        """Return what it speaks of, for readers."""
        found = [text for text in (self.measure, self.kind.replace("_", " "), self.type, self.unit) if text]
        if self.borne_by:
            found.append(f"borne by {self.borne_by}")
        return ", ".join(found) or "everything else"


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What one event of some measures weighs.

    Attributes
    ----------
    selector : MeasureSelector
    sign : str
        One of `SIGNS`.
    weight : float
        How many reference events one event weighs as much as; 0 or more.
    """

    selector: MeasureSelector
    sign: str
    weight: float

    @property
    def signed(self) -> float:
        """The weight as it enters a sum of harm: negative for a benefit, 0 for what is ignored."""
        return SIGNS[self.sign] * self.weight if self.sign != "ignored" else 0.0


@dataclass(frozen=True, slots=True)
class Veto:
    """What may not get worse, whatever else gets better.

    Attributes
    ----------
    selector : MeasureSelector
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    words : str
        As the holder says it.
    """

    selector: MeasureSelector
    margin: float
    words: str


@dataclass(frozen=True, slots=True)
class ValueProfile:
    """Somebody's weights, signs and vetoes.

    Attributes
    ----------
    name, about, author, date, version, source, licence : str
    reference : str
        The event that weighs 1: "one violent incident".
    rules : tuple of ValueRule
        The first that fits a measure counts; a measure that none fits is ignored.
    vetoes : tuple of Veto
    example : bool
        Whether it is shipped to be edited: nobody's values.
    untried : bool
        Whether it was made by an importer that no original file was at hand for.
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
    example: bool = False
    untried: bool = False

    def weight(self, measure: Measure) -> float:
        """Return the signed weight of a measure; 0 for activity and for what no rule speaks of."""
        return next((rule.signed for rule in self.rules if rule.selector.fits(measure)), 0.0)


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """How many events of some measures weigh as much as one reference event: from few to many.

    Attributes
    ----------
    selector : MeasureSelector
    sign : str
    few, many : float
        Above 0, few not above many.
    """

    selector: MeasureSelector
    sign: str
    few: float
    many: float

    def __post_init__(self) -> None:
        if self.sign != "ignored" and not (0 < self.few <= self.many < math.inf):
            msg = (
                f"An exchange rate for {self.selector.words()} needs two numbers above 0, the smaller first; "
                f"{self.few:g} and {self.many:g} were given."
            )
            raise DesignError(msg)


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """The weightings that are admissible: declared ranges of exchange rates.

    Attributes
    ----------
    name, about, author, date, version, source, licence, reference : str
    rules : tuple of ExchangeRule
        The first that fits a measure counts; a measure that none fits is ignored.
    example : bool
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
        """Return the rule that speaks of a measure; None if it takes no part."""
        found = next((rule for rule in self.rules if rule.selector.fits(measure)), None)
        return None if found is None or found.sign == "ignored" else found
