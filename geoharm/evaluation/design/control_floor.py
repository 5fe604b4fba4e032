r"""The floor of a control: below it, a control gives no estimate.

Events: at least 100 before and 50 after. A comparison that should find a fall of one half may have a log ratio with a
variance of at most :math:`(\log 2 / 2.8)^2 = 0.061` (2.8 standard errors: 95% interval, 80% power). The control is there to
say what happened without the operation; it may take at most half of this by its own counting error,

.. math:: \phi_C (1/C_0 + 1/C_1) \le 0.03 = 1/100 + 1/50

with :math:`\phi_C = 1`, as for small counts. At the floor, the 95% interval of a ratio against the control holds a factor
of 1.4 from the control alone; with 7 events before and 3 after, it would hold a factor of 3.9.

Area: at least as large as the target area. Places drift apart without any operation, and a smaller control is one place
that drifts by more than the target does. Candidate squares are as large as the target, so for them only the events count.

Notes name the floor and not the counts, which stand beside them as far as they may be shown.
"""

from __future__ import annotations

from geoharm.model.counts import Change
from geoharm.model.design import AFTER, Design
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.reason import Reason

MIN_BEFORE, MIN_AFTER = 100, 50
MIN_AREA_RATIO = 1.0


def why_too_few_before(events: int, *, place: str) -> str:
    """Return why a control has too few events before for an estimate; empty if it has enough."""
    return f"{place} has fewer than {MIN_BEFORE} events before, too few to compare with" if events < MIN_BEFORE else ""


def why_too_few(control: Change, *, place: str = "the control area", later: str = AFTER) -> str:
    """Return why a control has too few events for an estimate; empty if it has enough.

    Parameters
    ----------
    control : Change
        Its counts in the windows before and after.
    place : str
        What it is called.
    later : str
        What the time after is called.

    Examples
    --------
    >>> why_too_few(Change("control", 7, 60)), why_too_few(Change("control", 100, 50))
    ('the control area has fewer than 100 events before, too few to compare with', '')
    """
    too_few_after = f"{place} has fewer than {MIN_AFTER} events {later}, too few to compare with"
    return why_too_few_before(control.before, place=place) or (too_few_after if control.after < MIN_AFTER else "")


def why_no_control(design: Design, control: Change) -> str:
    """Return why a design's control area gives no estimate of a measure; empty if it gives one.

    Parameters
    ----------
    design : Design
    control : Change
        The measure's counts in the control area.
    """
    if design.control_area.area < MIN_AREA_RATIO * design.area_of(ZoneRole.TARGET).area:
        return "the control area is smaller than the target area, too small to compare with"
    return why_too_few(control, later=design.later)


def no_control(name: str, note: str, *, unit: str) -> Estimate:
    """Return an undefined estimate for a control below the floor.

    Parameters
    ----------
    name : str
        Name of the estimator.
    note : str
        The result of `why_no_control` or `why_too_few`.
    unit : str
    """
    return undefined(name, unit=unit, reference="", note=note, reason=Reason.SMALL_CONTROL)
