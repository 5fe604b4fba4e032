"""Disclosure of an appraisal: small baseline counts, and the sums that contain them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from geoharm.disclosure.ranking import threshold_of
from geoharm.disclosure.statements import NOTHING_SAID, Constraints
from geoharm.disclosure.used_counts import constraints_of_counts
from geoharm.errors import PublishError
from geoharm.harm.results.appraisal import Appraisal, OptionAppraisal
from geoharm.model.estimate import Interval
from geoharm.model.study import Study

_SEAL = object()


@dataclass(frozen=True, slots=True)
class AppraisalRelease:
    """An appraisal that may be published. Made only by `protect_appraisal`.

    Attributes
    ----------
    study : Study
    appraisal : Appraisal
        Without the exact counts of its baseline.
    hidden : tuple of str
        Names of the measures whose baseline is withheld.
    threshold : int
        k of the disclosure rule; 1 in an internal release.
    seal : object
        Proof that `protect_appraisal` made it.
    constraints : Constraints
        What it says about counts; nothing in an internal release.
    """

    study: Study
    appraisal: Appraisal
    hidden: tuple[str, ...]
    threshold: int
    seal: object
    constraints: Constraints = NOTHING_SAID

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.disclosure.appraisal.protect_appraisal may make an AppraisalRelease; pass it the Appraisal."
            raise PublishError(msg)

    @property
    def is_internal(self) -> bool:
        """Whether it is for the study's own team only."""
        return self.threshold == 1


def protect_appraisal(study: Study, appraisal: Appraisal) -> AppraisalRelease:
    """Return what may be published of an appraisal.

    The appraisal must be computed from a baseline to the nearest ten, so its draws tell no more than that. A baseline count
    from 1 to k - 1 is suppressed, and so is every sum that contains it; it was computed with one number for all of them, so
    shares of draws tell nothing of it and are kept.

    Raises
    ------
    PublishError
        If a public release would show an appraisal that was computed from an exact baseline.
    """
    k = threshold_of(study)
    if appraisal.threshold < k:
        msg = (
            "A public appraisal is computed from a baseline to the nearest ten; this one is from exact counts. Compute it "
            f"with threshold = {k}."
        )
        raise PublishError(msg)
    said = NOTHING_SAID if k == 1 else constraints_of_counts(appraisal.used, appraisal.ledgers, k, planned=True)
    appraisal = replace(appraisal, used=(), ledgers=())
    hidden = tuple(baseline.measure.name for baseline in appraisal.baseline if baseline.below)
    if not hidden:
        return AppraisalRelease(study, appraisal, (), k, _SEAL, said)
    return AppraisalRelease(
        study,
        replace(
            appraisal,
            baseline=tuple(
                replace(baseline, events=0, dispersion=math.nan) if baseline.measure.name in hidden else baseline
                for baseline in appraisal.baseline
            ),
            options=tuple(_suppress_sums(option, hidden) for option in appraisal.options),
        ),
        hidden,
        k,
        _SEAL,
        said,
    )  # fmt: skip


def _suppress_sums(option: OptionAppraisal, hidden: tuple[str, ...]) -> OptionAppraisal:
    no_interval = Interval(math.nan, math.nan, 0.9)
    return replace(
        option,
        changes=tuple(
            (name, no_interval, math.nan) if name in hidden else (name, span, mean)
            for name, span, mean in option.changes
        ),
        profiles=tuple(
            replace(result, mean=math.nan, interval=no_interval, break_even_displacement=math.nan)
            for result in option.profiles
        ),
    )
