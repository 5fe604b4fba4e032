"""Results of this room: surfaces, hotspots, clusters, change, accuracy."""
