"""Records of hotspots, clusters, emerging hotspots, predictive accuracy and pattern similarity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoharm.disclosure.released import ReleasedPatterns
from geoharm.report.exports.run_record.estimates import PeriodRecord
from geoharm.report.exports.run_record.record import Number, Record, key
from geoharm.report.wording.patterns import cluster_method, emerging_method
from geoharm.report.wording.withheld import sentence_text


@dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthRecord(Record):
    """Bandwidth of a kernel."""

    value: float = key("Search radius in metres; for a Gaussian kernel, the standard deviation.")
    rule: str = key('The rule that chose it, or "stated".')
    reference: str = key("DOI or URL of the rule; empty if the value was stated.")
    note: str = key("Whether the value was raised to the minimum or computed from a sample, and why.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsNeededRecord(Record):
    """The smallest number of cells that hold a share of all events."""

    share: float = key("Share of all events, 0 to 1.", at="0")
    cells: int = key("Number of cells.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentrationRecord(Record):
    """Concentration of events in few cells."""

    places: int = key("Number of all cells, including those without events.")
    places_needed: tuple[CellsNeededRecord, ...] = key("The smallest numbers of cells that hold shares of all events.")
    gini: Number = key("Gini index, 0 to 1.")
    adjusted_gini: Number = key("Gini index adjusted for fewer events than cells, 0 to 1.")
    note: str = key("Why an index is undefined.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthVariantRecord(Record):
    """Hotspots of the same events with another bandwidth."""

    bandwidth: float = key("Search radius in metres.")
    hotspots: int = key("Number of hotspots.")
    kept: Number = key("Share of the hotspot area under the chosen bandwidth that is hotspot here too, 0 to 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotRecord(Record):
    """One hotspot."""

    rank: int = key("1 is the hotspot with the most events.")
    events: int = key("Located events inside.")
    share: Number = key("Share of all located events, 0 to 1.")
    area_km2: Number = key("Area in km2.")
    density: Number = key("Mean density inside, in the measure's unit per km2 and year.")
    stability: Number = key("Share of repetitions in which it is a hotspot again, 0 to 1.")
    source_kinds: tuple[str, ...] = key("Kinds of sources whose hotspots overlap this one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureHotspotsRecord(Record):
    """Density and hotspots of one measure."""

    measure: str = key("Name of the measure.", at="measure.name")
    unit: str = key("What is counted; densities are in this unit per km2 and year.", at="measure.density_unit")
    kernel: str = key("Name of the kernel.")
    edge: str = key("Correction near the boundary of the study area.")
    bandwidth: BandwidthRecord = key("The bandwidth of all views.")
    concentration: ConcentrationRecord = key("How far few cells hold most events.")
    variants: tuple[BandwidthVariantRecord, ...] = key("Hotspots with other bandwidths.")
    hotspots: tuple[HotspotRecord, ...] = key("The hotspots, the first in rank first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalTestRecord(Record):
    """A test of clustering over the whole study area."""

    statistic: str = key("Name of the statistic.", at="0")
    value: Number = key("Its value, without a unit.", at="1")
    p_value: Number = key("P-value of no clustering.", at="2")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClustersRecord(Record):
    """Clusters beyond chance."""

    neighbours: str = key("Which cells are neighbours.")
    note: str = key("How the p-values were computed.", read=cluster_method)
    km2: Mapping[str, Number] = key("Area of each class of Gi* and of local Moran's I, in km2.")
    global_tests: tuple[GlobalTestRecord, ...] = key("Tests over the whole study area.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergingPatternRecord(Record):
    """One pattern over time that was found."""

    pattern: str = key('Name of the pattern, such as "new hot spot".', at="0.label")
    area_km2: Number = key("Area of the cells with this pattern, in km2.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergingHotspotsRecord(Record):
    """Emerging hotspots."""

    how: str = key("Steps, cells and neighbours, in words.", read=emerging_method)
    steps: int = key("Number of time steps with data.")
    missing: int = key("Number of time steps without data.")
    patterns: tuple[EmergingPatternRecord, ...] = key("The patterns that were found.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotScoreRecord(Record):
    """How well chosen cells predicted later events."""

    name: str = key("How the cells were chosen.")
    cells: int = key("Number of chosen cells.")
    area_share: Number = key("Their share of the study area, 0 to 1.")
    hit_rate: Number = key("Share of the later events in the chosen cells, 0 to 1.")
    pai: Number = key("Predictive accuracy index: hit rate over area share.")
    pei: Number = key("Predictive efficiency index: hits over the most hits possible with as many cells, 0 to 1.")
    recapture_rate_index: Number = key("Levine's index: later hit rate over earlier hit rate.")
    share_of_cells_with_later_events: Number = key("Share of the chosen cells with a later event, 0 to 1.")
    note: str = key("Why a score is undefined.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveAccuracyRecord(Record):
    """Whether hotspots of one period contained the events of a later one."""

    earlier: tuple[PeriodRecord, ...] = key("Periods from which hotspots were drawn.", at="earlier.periods")
    later: tuple[PeriodRecord, ...] = key("Periods on which they were judged.", at="later.periods")
    bandwidth: float = key("Search radius in metres.")
    scores: tuple[HotspotScoreRecord, ...] = key(
        "The hotspots, and as many cells with the most earlier events.", at="accuracy.scores"
    )
    random_deviation: Number = key(
        "Standard deviation of the PAI of random choice, whose mean is 1.", at="accuracy.random_deviation"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityRecord(Record):
    """Whether the shares of areas changed around an operation."""

    units: str = key("Which areas were compared.")
    count: int = key("Number of areas.")
    with_events: int = key("Number of areas with an event.", at="held")
    larger_share: int = key("Number of areas whose share rose beyond chance.", at="more")
    smaller_share: int = key("Number of areas whose share fell beyond chance.", at="fewer")
    similarity: Number = key("S-index over all areas, 0 to 1.")
    robust_similarity: Number = key("S-index over the areas with an event, 0 to 1.", at="robust")


def _reasons(patterns: ReleasedPatterns) -> Mapping[str, str]:
    return {part: sentence_text(reason) for part, reason in patterns.why_not.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternsRecord(Record):
    """Patterns of one measure in space and time."""

    measure: str = key("Name of the measure.", at="measure.name")
    why_not: Mapping[str, str] = key("Why a part could not be computed or released, by part.", read=_reasons)
    clusters: ClustersRecord | None = key("Clusters beyond chance.")
    emerging: EmergingHotspotsRecord | None = key("Emerging hotspots.")
    predictive_accuracy: PredictiveAccuracyRecord | None = key("How well hotspots predicted later events.")
    similarity: Mapping[str, SimilarityRecord] = key("Whether the shares of areas changed, by operation.")
