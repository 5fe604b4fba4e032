"""What the rooms share: dispersion, detectable change, permutations, a scale on which counts vary equally."""

from geoharm.stats.detectable import detectable_fall
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.permutation import permutation_p_value, permuted_differences
from geoharm.stats.stabilise import fit_variance, stabilise, stabilised_bias, unstabilise

__all__ = [
    "detectable_fall",
    "fit_variance",
    "monthly_dispersion",
    "permutation_p_value",
    "permuted_differences",
    "stabilise",
    "stabilised_bias",
    "unstabilise",
]
