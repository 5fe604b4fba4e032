"""Area files, rasters, cells and people, and which polygon holds each point."""
