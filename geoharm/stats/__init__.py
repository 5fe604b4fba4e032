"""What the rooms share: dispersion, detectable change."""

from geoharm.stats.detectable import detectable_fall
from geoharm.stats.dispersion import monthly_dispersion

__all__ = ["detectable_fall", "monthly_dispersion"]
