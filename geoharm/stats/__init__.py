"""What the rooms share: dispersion, detectable change, exact tests, permutations, many tests, bands, pooling, trends."""

from geoharm.stats.bands import simultaneous_reach
from geoharm.stats.detectable import detectable_fall
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.familywise import holm, step_down
from geoharm.stats.fieller import fieller_set
from geoharm.stats.multiplicity import adjusted_p
from geoharm.stats.permutation import permutation_p_value, permuted_differences
from geoharm.stats.poisson import CountFit, poisson_fit, share_fit, share_fits
from geoharm.stats.pooling import pool
from geoharm.stats.randomisation import randomisation_p
from geoharm.stats.shrinkage import expected_return, noise_share
from geoharm.stats.simplex import simplex_weights
from geoharm.stats.small_counts import conditional_test, e_test, exact_rate_ratio
from geoharm.stats.stabilise import fit_variance, stabilise, stabilised_bias, unstabilise
from geoharm.stats.trend import Trend, mann_kendall

__all__ = [
    "CountFit",
    "Trend",
    "adjusted_p",
    "conditional_test",
    "detectable_fall",
    "e_test",
    "exact_rate_ratio",
    "expected_return",
    "fieller_set",
    "fit_variance",
    "holm",
    "mann_kendall",
    "monthly_dispersion",
    "noise_share",
    "permutation_p_value",
    "permuted_differences",
    "poisson_fit",
    "pool",
    "randomisation_p",
    "share_fit",
    "share_fits",
    "simplex_weights",
    "simultaneous_reach",
    "stabilise",
    "stabilised_bias",
    "step_down",
    "unstabilise",
]
