"""Kernel density on a grid: kernels, bandwidth, edge correction and exact kernel sums."""
