"""Report sections on robustness, in the order of the page."""

from __future__ import annotations

from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.document import Section
from geoharm.report.sections.composite import composite_section
from geoharm.report.sections.control_choice import control_choice_section
from geoharm.report.sections.displacement_types import displacement_types_section
from geoharm.report.sections.distance_profile import distance_profile_section
from geoharm.report.sections.effect_decay import effect_decay_section
from geoharm.report.sections.forest import forest_section
from geoharm.report.sections.other_estimators import other_estimators_section


def robustness_sections(release: Release, operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return effect decay, distance, control, displacement, other estimators, composites and pooled operations.

    What was not computed, or may not be shown at all, has no section.
    """
    return (
        *effect_decay_section(operation),
        *distance_profile_section(operation),
        *control_choice_section(operation),
        *displacement_types_section(operation),
        *other_estimators_section(operation),
        *composite_section(release),
        *forest_section(release),
    )
