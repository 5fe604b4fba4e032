"""Where harm concentrates: density, hotspots, clusters, change, what emerges, and how well it foretells."""

from geoharm.hotspots.accuracy import hotspot_accuracy
from geoharm.hotspots.area_clusters import area_clusters
from geoharm.hotspots.change import change_surface, population_risk, tolerance_contours
from geoharm.hotspots.clusters import getis_ord, local_moran
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density import cells_within, quartic_density, quartic_kernel
from geoharm.hotspots.emerging import classify_series, emerging_hotspots
from geoharm.hotspots.overall import general_g, morans_i
from geoharm.hotspots.people import people_of_areas
from geoharm.hotspots.shift import pattern_shift
from geoharm.hotspots.windows import cell_counts

__all__ = [
    "area_clusters",
    "cell_counts",
    "cells_within",
    "change_surface",
    "classify_series",
    "emerging_hotspots",
    "find_hotspots",
    "general_g",
    "getis_ord",
    "hotspot_accuracy",
    "local_moran",
    "morans_i",
    "pattern_shift",
    "people_of_areas",
    "percent_volume_threshold",
    "population_risk",
    "quartic_density",
    "quartic_kernel",
    "tolerance_contours",
]
