"""Result classes of hotspots: surfaces, hotspots, clusters, change over time, predictive accuracy."""
