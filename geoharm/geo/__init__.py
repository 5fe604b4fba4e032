"""Area files, population rasters, grid cells in polygons, and the polygon that contains each point."""
