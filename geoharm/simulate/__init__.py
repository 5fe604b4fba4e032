"""Made cities with a known truth: whole ones as files, and bare counts for repeating a study thousands of times."""

from geoharm.simulate.demo import CENTRE, CRS, DEMO_SEED, City, Stream, make_city, write_city
from geoharm.simulate.fields import Places, smooth_field
from geoharm.simulate.tactics import PLANTED, Planted
from geoharm.simulate.whole import CHOSEN, CityPlan, WholeCity, build_city
from geoharm.simulate.whole_files import write_whole_city
from geoharm.simulate.world import World, draw_counts, world_rates

__all__ = [
    "CENTRE",
    "CHOSEN",
    "CRS",
    "DEMO_SEED",
    "PLANTED",
    "City",
    "CityPlan",
    "Places",
    "Planted",
    "Stream",
    "WholeCity",
    "World",
    "build_city",
    "draw_counts",
    "make_city",
    "smooth_field",
    "world_rates",
    "write_city",
    "write_whole_city",
]
