"""Kernel density on a grid: kernels, bandwidth, edge correction, sums."""
