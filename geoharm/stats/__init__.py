"""What the rooms share: dispersion, detectable change, permutations, a scale of equal variance, trends, many tests."""

from geoharm.stats.detectable import detectable_fall
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.multiplicity import adjusted_p
from geoharm.stats.permutation import permutation_p_value, permuted_differences
from geoharm.stats.stabilise import fit_variance, stabilise, stabilised_bias, unstabilise
from geoharm.stats.trend import Trend, mann_kendall

__all__ = [
    "Trend",
    "adjusted_p",
    "detectable_fall",
    "fit_variance",
    "mann_kendall",
    "monthly_dispersion",
    "permutation_p_value",
    "permuted_differences",
    "stabilise",
    "stabilised_bias",
    "unstabilise",
]
