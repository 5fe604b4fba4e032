"""Sentences that say how density surfaces were computed."""

from __future__ import annotations

from geoharm.disclosure.released import ReleasedHotspots

_EDGES = {
    "jones-diggle": "edge correction: each event's kernel is divided by its share inside the study area (Jones\u2013Diggle)",
    "uniform": "edge correction: each cell is divided by the share of a kernel around it inside the study area (uniform)",
    "none": "no edge correction: near the study boundary the density is too low",
}
_KERNELS = {"epanechnikov": "Epanechnikov", "gaussian": "Gaussian"}
_RULES = {
    "stated": "stated in the study",
    "oversmoothing": "found by the rule of oversmoothing",
    "normal scale": "found by the normal scale rule",
    "likelihood": "found by likelihood cross-validation",
    "least squares": "found by least-squares cross-validation",
}


def density_method(hotspots: ReleasedHotspots) -> str:
    """Return how a surface was computed, in one line: kernel, bandwidth and rule, cells, edge correction, weights."""
    length_name = "standard deviation" if hotspots.kernel == "gaussian" else "bandwidth"
    kernel = _KERNELS.get(hotspots.kernel, hotspots.kernel)
    note = f" ({hotspots.bandwidth.note})" if hotspots.bandwidth.note else ""
    return (
        f"{kernel} kernel, {length_name} {hotspots.bandwidth.value:,.0f} m, {_RULES[hotspots.bandwidth.rule]}{note}; cells of "
        f"{hotspots.cell:g} m; {_EDGES[hotspots.edge]}{_weighting_text(hotspots)}"
    )


def _weighting_text(hotspots: ReleasedHotspots) -> str:
    """Return how events are weighted, and how a public release limits the weights; empty without weights."""
    weight, unit = hotspots.measure.weight, hotspots.measure.unit
    if not weight:
        return ""
    limit_text = (
        ""
        if hotspots.exact
        else "; no place weighs more than all around it together, so that no single find can be read"
    )
    return f"; weighed by {weight}, while hotspots are counted in {unit}{limit_text}"
