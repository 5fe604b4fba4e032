"""Where harm concentrates: density, hotspots, clusters, change, what emerges, and how well it foretells."""

from geoharm.hotspots.accuracy import hotspot_accuracy
from geoharm.hotspots.agreement import with_sources
from geoharm.hotspots.area_clusters import area_clusters, overall_area_clusters
from geoharm.hotspots.area_patterns import find_area_patterns
from geoharm.hotspots.bandwidth import choose_bandwidth, least_squares, likelihood, normal_scale, oversmoothing
from geoharm.hotspots.change import change_surface, population_risk, tolerance_contours
from geoharm.hotspots.clusters import getis_ord, local_moran
from geoharm.hotspots.concentration import concentration, counts_inside
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density import adaptive_density, cells_within, densities, density
from geoharm.hotspots.emerging import classify_series, emerging_hotspots
from geoharm.hotspots.kernels import kernel_value, same_smoothing
from geoharm.hotspots.mapping import map_measure
from geoharm.hotspots.measure_change import measure_change
from geoharm.hotspots.overall import general_g, morans_i
from geoharm.hotspots.patterns import find_patterns
from geoharm.hotspots.people import people_of_areas
from geoharm.hotspots.shift import pattern_shift
from geoharm.hotspots.stability import under_bandwidths, with_stability
from geoharm.hotspots.windows import cell_counts

__all__ = [
    "adaptive_density",
    "area_clusters",
    "cell_counts",
    "cells_within",
    "change_surface",
    "choose_bandwidth",
    "classify_series",
    "concentration",
    "counts_inside",
    "densities",
    "density",
    "emerging_hotspots",
    "find_area_patterns",
    "find_hotspots",
    "find_patterns",
    "general_g",
    "getis_ord",
    "hotspot_accuracy",
    "kernel_value",
    "least_squares",
    "likelihood",
    "local_moran",
    "map_measure",
    "measure_change",
    "morans_i",
    "normal_scale",
    "overall_area_clusters",
    "oversmoothing",
    "pattern_shift",
    "people_of_areas",
    "percent_volume_threshold",
    "population_risk",
    "same_smoothing",
    "tolerance_contours",
    "under_bandwidths",
    "with_sources",
    "with_stability",
]
