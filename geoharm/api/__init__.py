"""geoharm from Python: events in a GeoDataFrame go in, results that show themselves in a notebook come out."""
