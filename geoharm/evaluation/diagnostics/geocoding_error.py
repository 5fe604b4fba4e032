"""How much of a target's change shows up in the rings only because places are recorded imprecisely."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
from geoharm.model.geometry import Zone

ELSEWHERE = "elsewhere"
TOMPSON = "https://doi.org/10.1080/15230406.2014.972456"
_POINTS, _STEPS = 400, 24
_GOLDEN = math.pi * (3 - math.sqrt(5))


def recorded_zone_shares(
    origin: Zone, zones: Sequence[Zone], *, median_error: float = 0.0, errors: ArrayLike | None = None
) -> dict[str, float]:
    r"""Return where events that happened in a zone are recorded.

    Parameters
    ----------
    origin : Zone
        Its events are taken as spread evenly.
    zones : sequence of Zone
        Disjoint; the origin among them.
    median_error : float
        Metres between true and recorded place in half of the cases, in any direction alike (a circular normal
        distribution); 0 for none.
    errors : array_like, shape (n,), optional
        Known errors in metres instead, such as distances between snapped and true places.

    Returns
    -------
    dict
        Share of the origin's events by zone's name, and "elsewhere"; they add up to 1.

    Raises
    ------
    DesignError
        If errors are negative or missing.

    Notes
    -----
    :math:`\int_{origin} P(x + e \in zone)\,dx / |origin|` by an even set of about 400 places, 24 equally likely
    distances and 24 directions each, turned from place to place: no chance is in it. The share is right to about half
    a percentage point.

    References
    ----------
    Tompson, Johnson, Ashby, Perkins and Edwards (2015), UK open source crime data: accuracy and possibilities for
    research, Cartography and Geographic Information Science 42:97-111, https://doi.org/10.1080/15230406.2014.972456

    Examples
    --------
    >>> from geoharm.evaluation.results.diagnostics import Severity, Diagnostic
    >>> from geoharm.model.geometry import ZoneRole
    >>> square = Zone("target", ZoneRole.TARGET, shapely.box(0, 0, 400, 400))
    >>> leak_shares(square, [square], median_error=0)
    {'target': 1.0, 'elsewhere': 0.0}
    """
    names = [zone.name for zone in zones]
    if errors is None and median_error == 0:
        return {**{name: float(name == origin.name) for name in names}, ELSEWHERE: float(origin.name not in names)}
    ranks = (np.arange(_STEPS) + 0.5) / _STEPS
    if errors is None:
        spread = check_positive(median_error, "location error") / math.sqrt(2 * math.log(2))
        radii = spread * np.sqrt(-2 * np.log1p(-ranks))
    else:
        known = np.asarray(errors, dtype=np.float64)
        if known.ndim != 1 or not known.size or not np.isfinite(known).all() or (known < 0).any():
            msg = "Location errors must be a list of finite distances in metres, zero or more."
            raise DesignError(msg)
        radii = np.quantile(known, ranks)
    x, y = _even_places(origin)
    turn = np.arange(x.size)[:, None, None] * _GOLDEN + np.arange(_STEPS)[None, :, None] * _GOLDEN * 0.5
    angle = turn + 2 * math.pi * ranks[None, None, :]
    east = (x[:, None, None] + radii[None, :, None] * np.cos(angle)).ravel()
    north = (y[:, None, None] + radii[None, :, None] * np.sin(angle)).ravel()
    shares = {}
    for zone in zones:
        shapely.prepare(zone.geometry)
        shares[zone.name] = float(shapely.contains_xy(zone.geometry, east, north).mean())
    return {**shares, ELSEWHERE: max(0.0, 1 - math.fsum(shares.values()))}


def _even_places(origin: Zone) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    west, south, east, north = origin.geometry.bounds
    step = math.sqrt(origin.geometry.area / _POINTS)
    x = np.arange(west + step / 2, east + step, step)
    y = np.arange(south + step / 2, north + step, step)
    places = np.meshgrid(x, y)
    inside = shapely.contains_xy(origin.geometry, places[0].ravel(), places[1].ravel())
    if not inside.any():
        point = origin.geometry.representative_point()
        return np.array([point.x]), np.array([point.y])
    return places[0].ravel()[inside], places[1].ravel()[inside]


def spurious_ring_change(shares: dict[str, float], *, target: int, ring: int, name: str, fall: float) -> float:
    """Return the change of a ring, as a share of its count, that a fall of the target alone would show there.

    Parameters
    ----------
    shares : dict
        Of `recorded_zone_shares` from the target.
    target, ring : int
        Recorded counts before.
    name : str
        The ring's.
    fall : float
        Of the target, as a share: 0.4.

    Returns
    -------
    float
        Negative; NaN where the ring has no event, or nothing of the target is recorded in it.

    Examples
    --------
    >>> false_ring_change({"target": 0.8, "ring": 0.1, "elsewhere": 0.1}, target=80, ring=40, name="ring", fall=0.5)
    -0.125
    """
    kept = next(iter(shares.values()))
    if not ring or not kept:
        return math.nan
    return -fall * shares[name] * (target / kept) / ring


def geocoding_error_diagnostic(
    shares: Sequence[tuple[str, float]], *, error: float, ring: tuple[str, float, float]
) -> Diagnostic:
    """Return what location error alone would show in the first ring.

    Parameters
    ----------
    shares : sequence of (zone, share)
        Where the target's events are recorded, of `recorded_zone_shares`.
    error : float
        Median location error in metres.
    ring : (name, width, false change)
        The first ring, its width in metres, and `spurious_ring_change` for a fall by half.

    Returns
    -------
    Diagnostic
        The figure is the share of the target's events recorded outside it. REFUSE for the ring if it is narrower than
        twice the error; SIGNAL if a fall of the target by half would show as 5 % of the ring or more.
    """
    name, unit = "location error", "share of the target's events"
    if error == 0:
        return Diagnostic(name, 0.0, unit, "No location error is known of.", Severity.NONE)
    outside = 1 - dict(shares).get("target", 1.0)
    label, width, false = ring
    text = (
        f"With a location error of {error:,.0f} m, {outside:.0%} of the target area's events are recorded outside it. "
        f"If they fell by half and nothing else changed, {label} would show {_shown(false)}."
    )
    if width < 2 * error:
        text += " The ring is narrower than twice the error, so it measures little of its own."
        return Diagnostic(name, outside, unit, text, Severity.REFUSE)
    bent = math.isfinite(false) and false <= -0.05
    return Diagnostic(name, outside, unit, text, Severity.SIGNAL if bent else Severity.SAY)


def _shown(change: float) -> str:
    return f"{change:+.1%}" if abs(change) >= 0.0005 else "no change"
