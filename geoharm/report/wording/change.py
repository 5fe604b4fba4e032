"""Words of the maps of change: classes, readings and method."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import ReleasedChange
from geoharm.hotspots.results.change import ChangeKind
from geoharm.report.wording.withheld import sentence_text

# In the order of the classes of `ClassScheme.CHANGE`.
CLASS_WORDS = ("chance can explain", "half or fewer", "fewer", "more", "twice or more")


def change_reading(change: ReleasedChange, kind: ChangeKind) -> str:
    """Return what a map shows in words: its question, and the area of each class."""
    areas = change.areas[kind]
    return (
        f"{kind.question} Fewer events: {_km2_text(areas.fewer)}; more events: {_km2_text(areas.more)}; "
        f"chance can explain the rest: {_km2_text(areas.chance)}."
    )


def change_note(change: ReleasedChange, *, no_effect_of: str = "the operation") -> str:
    """Return why there is no map, or how chance was judged.

    Parameters
    ----------
    change : ReleasedChange
    no_effect_of : str
        Of what the change is not an effect.
    """
    method = change.method
    if method is None:
        return sentence_text(change.note)
    return (
        f"Grey: chance can explain the difference. Chance was judged from {method.permutations:,} random reshufflings of the "
        f"data (seed {method.seed}) in which {method.block_rule}; {method.correction.value}, "
        f"{_text.percent_text(method.level)} chance of any coloured cell if nothing changed. Units are assumed to be "
        "independent of each other, so a rise or fall of a whole district or season is not taken into account. A change is "
        f"not an effect of {no_effect_of}: it may have any reason."
        + (" Every place has its own bandwidth, the same before and after." if method.adaptive else "")
    )


def _km2_text(area: float) -> str:
    if not area:
        return "none"
    return f"{_text.decimal_text(area, 2) if area >= 0.005 else 'less than 0.01'} km\u00b2"
