"""Did harm fall, did it move, will it last: evaluate police operations by harm, not by arrests."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from geoharm._version import __version__

# For type checkers. Without `typing`, the command line can see to signals some hundredths of a second earlier.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from geoharm.api.change import change
    from geoharm.api.evaluate import evaluate
    from geoharm.api.frames import events_from_xy
    from geoharm.api.hotspots import concentration, hotspots
    from geoharm.api.net_harm import net_harm
    from geoharm.api.patterns import clusters, emerging
    from geoharm.api.power import power
    from geoharm.api.pysal import from_esda, to_weights
    from geoharm.api.uncalibrated import log_rate_ratio, wdd
    from geoharm.errors import (
        DatabaseError,
        DataError,
        DesignError,
        GeoharmError,
        PublishError,
        QualityError,
        StudyError,
    )
    from geoharm.harm.weighted import weighted_sum
    from geoharm.hotspots.contours import find_hotspots
    from geoharm.hotspots.density.intensity import density
    from geoharm.hotspots.geodataframes import to_geodataframe
    from geoharm.hotspots.results.surface import Surface
    from geoharm.model.counts import Change
    from geoharm.model.estimate import Estimate, Interval
    from geoharm.model.grid import Grid, grid_over
    from geoharm.model.period import Period
    from geoharm.model.points import Points
    from geoharm.pipeline.run import run
    from geoharm.report.maps.folium_map import folium_map
    from geoharm.study.read import read_study

__all__ = [
    "Change",
    "DataError",
    "DatabaseError",
    "DesignError",
    "Estimate",
    "GeoharmError",
    "Grid",
    "Interval",
    "Period",
    "Points",
    "PublishError",
    "QualityError",
    "StudyError",
    "Surface",
    "__version__",
    "change",
    "clusters",
    "concentration",
    "density",
    "emerging",
    "evaluate",
    "events_from_xy",
    "find_hotspots",
    "folium_map",
    "from_esda",
    "grid_over",
    "hotspots",
    "log_rate_ratio",
    "net_harm",
    "power",
    "read_study",
    "run",
    "to_geodataframe",
    "to_weights",
    "wdd",
    "weighted_sum",
]

# Where each public name is defined.
_MODULES = {
    "Change": "model.counts",
    "DataError": "errors",
    "DatabaseError": "errors",
    "DesignError": "errors",
    "Estimate": "model.estimate",
    "GeoharmError": "errors",
    "Grid": "model.grid",
    "Interval": "model.estimate",
    "Period": "model.period",
    "Points": "model.points",
    "PublishError": "errors",
    "QualityError": "errors",
    "StudyError": "errors",
    "Surface": "hotspots.results.surface",
    "change": "api.change",
    "clusters": "api.patterns",
    "concentration": "api.hotspots",
    "density": "hotspots.density.intensity",
    "emerging": "api.patterns",
    "evaluate": "api.evaluate",
    "events_from_xy": "api.frames",
    "find_hotspots": "hotspots.contours",
    "folium_map": "report.maps.folium_map",
    "from_esda": "api.pysal",
    "grid_over": "model.grid",
    "hotspots": "api.hotspots",
    "log_rate_ratio": "api.uncalibrated",
    "net_harm": "api.net_harm",
    "power": "api.power",
    "read_study": "study.read",
    "run": "pipeline.run",
    "to_geodataframe": "hotspots.geodataframes",
    "to_weights": "api.pysal",
    "wdd": "api.uncalibrated",
    "weighted_sum": "harm.weighted",
}


class _Package(ModuleType):
    """The package. `hotspots` is a call and the name of a room: Python would put the room in the call's place."""

    def __setattr__(self, name: str, value: object) -> None:
        """Keep the call when Python imports the room; `from geoharm.hotspots... import` finds the room all the same."""
        if not (name == "hotspots" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def _public(name: str) -> object:
    return getattr(import_module(f"geoharm.{_MODULES[name]}"), name)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that a small script does not load every room."""
    if name in _MODULES:
        globals()[name] = value = _public(name)
        return value
    msg = f"module 'geoharm' has no attribute '{name}'"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__


sys.modules[__name__].__class__ = _Package
