"""Where harm concentrates: density, hotspots, clusters, change over time, predictive accuracy."""
