"""How surfaces were made, in words."""

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


def density_method(shown: ReleasedHotspots) -> str:
    """Return how a surface was made, in one line: kernel, bandwidth and rule, cells, edge correction."""
    length = "standard deviation" if shown.kernel == "gaussian" else "bandwidth"
    kernel = _KERNELS.get(shown.kernel, shown.kernel)
    note = f" ({shown.bandwidth.note})" if shown.bandwidth.note else ""
    return (
        f"{kernel} kernel, {length} {shown.bandwidth.value:,.0f} m, {_RULES[shown.bandwidth.rule]}{note}; cells of "
        f"{shown.cell:g} m; {_EDGES[shown.edge]}{_weighed(shown)}"
    )


def _weighed(shown: ReleasedHotspots) -> str:
    """Return what is weighed and what is not, and what a public release gives up of it."""
    weight, unit = shown.measure.weight, shown.measure.unit
    if not weight:
        return ""
    public = (
        "" if shown.exact else "; no place weighs more than all around it together, so that no single find can be read"
    )
    return f"; weighed by {weight}, while hotspots are counted in {unit}{public}"
