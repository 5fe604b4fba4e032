"""How one measure's events cluster, what emerged, how well its hotspots foretell, and whether its pattern shifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.hotspots.results.accuracy import HotspotAccuracy
from geoharm.hotspots.results.change import SimilarityTest
from geoharm.hotspots.results.clusters import GlobalClustering, LocalClusters
from geoharm.hotspots.results.emerging import EmergingHotspotMap
from geoharm.model.grid import Grid
from geoharm.model.measure import Measure
from geoharm.model.period import Window


@dataclass(frozen=True, slots=True)
class Clustering:
    """Where counts lie high beside high over the whole period, on a grid.

    Attributes
    ----------
    grid : Grid
    gi, moran : LocalClusters
    global_tests : tuple of GlobalClustering
        Moran's I and the general G.
    support, places : ndarray of int, shape (ny, nx)
        Events, and distinct places by cell, in the neighbourhood of each cell, the cell itself among it.
    """

    grid: Grid
    gi: LocalClusters
    moran: LocalClusters
    global_tests: tuple[GlobalClustering, ...]
    support: NDArray[np.int64]
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AreaClustering:
    """Where the rates of an area table lie high beside high over the whole period.

    Attributes
    ----------
    grid : Grid
        On which the areas are drawn.
    label : ndarray of int, shape (ny, nx)
        The area of each cell, as its position in the other arrays; -1 for none.
    gi, moran : LocalClusters
        Arrays of shape (n,).
    global_tests : tuple of GlobalClustering
    support : ndarray of int, shape (n,)
        The least each area's count can be.
    km2 : ndarray, shape (n,)
        Ground of each area.
    """

    grid: Grid
    label: NDArray[np.int64]
    gi: LocalClusters
    moran: LocalClusters
    global_tests: tuple[GlobalClustering, ...]
    support: NDArray[np.int64]
    km2: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EmergingHotspots:
    """What emerged and what faded, step by step.

    Attributes
    ----------
    map : EmergingHotspotMap
    months : int
        Months a step.
    support, places : ndarray of int, shape (ny, nx)
        What a cell's pattern rests on. Of a hot pattern the least of any of its hot steps, events and distinct places
        in the neighbourhood of the step; otherwise of the whole period.
    """

    map: EmergingHotspotMap
    months: int
    support: NDArray[np.int64]
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PredictiveAccuracy:
    """Hotspots drawn on one period, judged on a later one.

    Attributes
    ----------
    earlier, later : Window
    bandwidth : float
        Metres, chosen without a look at the later period.
    accuracy : HotspotAccuracy
    """

    earlier: Window
    later: Window
    bandwidth: float
    accuracy: HotspotAccuracy


@dataclass(frozen=True, slots=True)
class PatternSimilarity:
    """Whether the shares of areas, or of squares of ground, changed between an operation's windows.

    Attributes
    ----------
    operation : str
    units : str
        What was compared, in words: "squares of 1,000 m".
    grid : Grid
        On which they are drawn.
    label : ndarray of int, shape (ny, nx)
        The area of each cell, as its position in the other arrays; -1 for none.
    test : SimilarityTest
    support, places : ndarray of int, shape (n,)
        Events, and distinct places, in each area, both windows together.
    """

    operation: str
    units: str
    grid: Grid
    label: NDArray[np.int64]
    test: SimilarityTest
    support: NDArray[np.int64]
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PatternResult:
    """What one measure's points, or areas, say beyond their density; None where there is no answer, with the reason.

    Attributes
    ----------
    measure : Measure
    clustering : Clustering, AreaClustering or None
    emerging : EmergingHotspots or None
    predictive_accuracy : PredictiveAccuracy or None
    similarity : tuple of PatternSimilarity
        One an operation.
    why_not : tuple of (str, str)
        For every part without an answer ("clusters", "emerging", "accuracy", "shift") one sentence.
    """

    measure: Measure
    clustering: Clustering | AreaClustering | None
    emerging: EmergingHotspots | None
    predictive_accuracy: PredictiveAccuracy | None
    similarity: tuple[PatternSimilarity, ...]
    why_not: tuple[tuple[str, str], ...] = ()
