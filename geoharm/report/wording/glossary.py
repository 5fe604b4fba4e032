"""The ten terms that page one may use, each in one sentence."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.model.geometry import ZoneRole
from geoharm.report.wording.headline import ring_distance
from geoharm.report.wording.states import recorder_words


def page_one_terms(operation: ReleasedOperation) -> tuple[tuple[str, str], ...]:
    """Return the terms with their meanings."""
    measure = operation.primary.measure
    has_rings = bool(operation.design.of_role(ZoneRole.RING))
    around = ring_distance(operation).removesuffix(" around it") if has_rings else "none in this study"
    return (
        ("Target area", "the ground of the operation"),
        ("Rings", f"the ground around the target area: {around}"),
        ("Both together", "target area and rings added up; their counts are forecast as one"),
        (_text.capitalised(measure.name), f"counted in {measure.unit}, {recorder_words(operation.primary)}"),
        (
            "Places like it",
            "places in the same city with a third to three times as many events before, and no operation",
        ),
        ("Expected", "what would have been counted after, had this place gone as places like it did"),
        ("95% interval", "the range that holds the true change in about 95 of 100 such studies"),
        (
            "Probably",
            "the 80% interval leaves out zero, or the 95% interval does and something speaks against it: a lead, not a finding",
        ),
        ("No rise over X%", "a larger rise is ruled out, a smaller one is not (95%)"),
        ("Cannot tell", "these counts fit a fall and a rise. It never means that nothing happened"),
    )
