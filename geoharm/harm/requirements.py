"""The measures that a value profile requires: what is said where a study does not have them."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm.errors import DesignError
from geoharm.model.measure import Measure
from geoharm.model.values import Requirement, ValueProfile


def unmet_note(requirements: Sequence[Requirement]) -> str:
    """Return why there is no sum, with what the profile needs and the study does not have."""
    words = " and ".join(requirement.words for requirement in requirements)
    return f"this profile needs {words}, and the study has none; it does not add up the rest alone"


def check_requirements(profiles: Sequence[ValueProfile], measures: Sequence[Measure]) -> None:
    """Refuse to weigh a plan under a profile that requires a measure which the study does not have.

    Raises
    ------
    DesignError
        Naming the profile and what it needs.
    """
    for profile in profiles:
        unmet = profile.unmet(measures)
        if unmet:
            words = " and ".join(requirement.words for requirement in unmet)
            msg = (
                f'The value profile "{profile.name}" needs {words}, and the study has none; add such a measure, or take '
                "the profile out of [values]."
            )
            raise DesignError(msg)
