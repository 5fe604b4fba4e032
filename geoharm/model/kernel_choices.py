"""The names of kernels, edge corrections and bandwidth rules."""

from __future__ import annotations

KERNELS = ("quartic", "epanechnikov", "triweight", "triangular", "uniform", "gaussian")
EDGES = ("jones-diggle", "uniform", "none")
BANDWIDTH_RULES = ("oversmoothing", "normal scale", "likelihood", "least squares")
