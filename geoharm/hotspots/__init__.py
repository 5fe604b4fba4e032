"""Spatial concentration of harm: density, hotspots, clusters, change over time, predictive accuracy."""
