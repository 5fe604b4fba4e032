"""Results of spatial patterns: clusters, emerging hotspots, predictive accuracy and pattern similarity."""

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
    """Local and global clustering of counts on a grid, over the whole period.

    Attributes
    ----------
    grid : Grid
        Grid of the cells.
    gi, moran : LocalClusters
        Gi* and local Moran's I.
    global_tests : tuple of GlobalClustering
        Moran's I and the general G.
    support, places : ndarray of int, shape (ny, nx)
        Events, and distinct places, in the neighbourhood of each cell, including the cell itself.
    """

    grid: Grid
    gi: LocalClusters
    moran: LocalClusters
    global_tests: tuple[GlobalClustering, ...]
    support: NDArray[np.int64]
    places: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.support, self.places):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class AreaClustering:
    """Local and global clustering of the rates of an area table, over the whole period.

    Attributes
    ----------
    grid : Grid
        On which the areas are drawn.
    label : ndarray of int, shape (ny, nx)
        The area of each cell, as its position in the other arrays; -1 for none.
    gi, moran : LocalClusters
        Gi* and local Moran's I; arrays of shape (n,).
    global_tests : tuple of GlobalClustering
        Moran's I and the general G.
    support : ndarray of int, shape (n,)
        The smallest possible count of each area, given suppressed counts.
    km2 : ndarray, shape (n,)
        Size of each area in km2.
    """

    grid: Grid
    label: NDArray[np.int64]
    gi: LocalClusters
    moran: LocalClusters
    global_tests: tuple[GlobalClustering, ...]
    support: NDArray[np.int64]
    km2: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.label, self.support, self.km2):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class EmergingHotspots:
    """Emerging hotspots of one measure, with the number of events behind each pattern.

    Attributes
    ----------
    map : EmergingHotspotMap
        Pattern of every cell.
    months : int
        Months in one step.
    support, places : ndarray of int, shape (ny, nx)
        Events, and distinct places, behind the pattern of each cell. For a hot pattern, those in the neighbourhood of
        the hot step with the fewest; otherwise those in the neighbourhood over the whole period.
    """

    map: EmergingHotspotMap
    months: int
    support: NDArray[np.int64]
    places: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.support, self.places):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class PredictiveAccuracy:
    """Accuracy of hotspots of one period on a later period.

    Attributes
    ----------
    earlier, later : Window
        The two periods, without months that have no data.
    bandwidth : float
        Metres; chosen without data of the later period.
    accuracy : HotspotAccuracy
        Scores of the hotspots and of two baselines.
    """

    earlier: Window
    later: Window
    bandwidth: float
    accuracy: HotspotAccuracy


@dataclass(frozen=True, slots=True)
class PatternSimilarity:
    """Test of whether the shares of areas, or of squares, changed between two windows.

    Attributes
    ----------
    windows_of : str
        Name of the operation or the comparison whose windows were compared.
    units : str
        The areas compared, in words: "squares of 1,000 m".
    grid : Grid
        On which the areas are drawn.
    label : ndarray of int, shape (ny, nx)
        The area of each cell, as its position in the other arrays; -1 for none.
    test : SimilarityTest
        Result of the test.
    support, places : ndarray of int, shape (n,)
        Events, and distinct places, in each area, in both windows together.
    """

    windows_of: str
    units: str
    grid: Grid
    label: NDArray[np.int64]
    test: SimilarityTest
    support: NDArray[np.int64]
    places: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.label, self.support, self.places):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class PatternResult:
    """Spatial patterns of one measure; a part that could not be computed is None, with the reason.

    Attributes
    ----------
    measure : Measure
        What is counted.
    clustering : Clustering, AreaClustering or None
    emerging : EmergingHotspots or None
    predictive_accuracy : PredictiveAccuracy or None
    similarity : tuple of PatternSimilarity
        One for each operation, then one for each comparison that can be made.
    reasons : tuple of (str, str)
        The name of every part that could not be computed ("clusters", "emerging", "accuracy", "shift"), and the reason.
    """

    measure: Measure
    clustering: Clustering | AreaClustering | None
    emerging: EmergingHotspots | None
    predictive_accuracy: PredictiveAccuracy | None
    similarity: tuple[PatternSimilarity, ...]
    reasons: tuple[tuple[str, str], ...] = ()
