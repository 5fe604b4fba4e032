"""Where harm concentrates: density in real units, and the hotspots that hold a stated share of it."""

from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density import quartic_density, quartic_kernel

__all__ = ["find_hotspots", "percent_volume_threshold", "quartic_density", "quartic_kernel"]
