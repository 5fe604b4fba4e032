"""Records of the study's settings and of the ledgers of its sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from geoharm.model.settings import Correction
from geoharm.report.exports.run_record.estimates import CountRecord, PeriodRecord
from geoharm.report.exports.run_record.record import Record, key


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotSettingsRecord(Record):
    """Settings for density and hotspots."""

    cell: float = key("Side of a cell, in metres.")
    bandwidth: float | str = key("Search radius in metres, or the name of the rule that chooses it.")
    share: float = key("Share of all density that the hotspots contain, 0 to 1.")
    kernel: str = key("Name of the kernel.")
    edge: str = key("Correction near the boundary of the study area.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergingSettingsRecord(Record):
    """Settings for clusters and emerging hotspots."""

    cell: float = key("Side of a cell, in metres.")
    band: float = key("Distance up to which cells are neighbours, in metres.")
    months: int = key("Length of a time step, in months.")
    earlier: int = key("Number of earlier steps that are neighbours of a step.")
    compare: Literal["whole period", "own steps"] = key("What the cells of a step are compared with.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSettingsRecord(Record):
    """Settings for tests of change between the windows of an operation."""

    permutations: int = key("Number of random permutations.")
    level: float = key("Adjusted p-value above which a change is taken as chance, 0 to 1.")
    correction: Correction = key("Correction for testing many cells.")
    block_metres: float = key(
        "Side of the square in which reports are permuted as one unit, in metres; 0 is one place."
    )
    block_days: int = key("Number of days in which reports are permuted as one unit.")
    adaptive: bool = key("Whether the bandwidth is shorter where there are many events.")
    square: float = key("Side of the squares whose shares are compared, in metres.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord(Record):
    """What the study file states, as far as results depend on it and it is not shown elsewhere."""

    name: str = key("Name of the study.")
    crs: str = key("Coordinate system in metres.", at="area.crs")
    period: PeriodRecord = key("The study period.")
    primary: str = key("Name of the primary measure.")
    seed: int = key("Seed of all random numbers.")
    hotspots: HotspotSettingsRecord = key("How hotspots are drawn.")
    emerging: EmergingSettingsRecord = key("How clusters and emerging hotspots are found.")
    change: ChangeSettingsRecord = key("How change is tested.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesRecord(Record):
    """Background tiles of the map."""

    name: str = key("Name of the provider.")
    hosts: tuple[str, ...] = key("Hosts from which pictures are loaded.")
    terms: str = key("Address of the terms of use.")
    note: str = key(
        "What loading tiles means for readers.",
        default="the map loads pictures from these hosts and so tells them its readers' addresses",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord(Record):
    """The ledger of one file: rows read = kept + rejected + duplicate; to the nearest ten in a public release."""

    file: str = key("File name.")
    sha256: str = key("SHA-256 of the file.")
    read: CountRecord = key("Rows read; in a public release, computed from the numbers shown.", at="rows.read")
    kept: CountRecord = key("Rows kept: inside + outside + default_geocode + no_place.", at="rows.kept")
    rejected: CountRecord = key("Rows rejected.", at="rows.rejected")
    duplicate: CountRecord = key("Rows that repeat another row.", at="rows.duplicate")
    inside: CountRecord = key(
        "Kept rows inside the study area; in a public release, computed from the numbers shown.", at="rows.inside"
    )
    outside: CountRecord = key("Kept rows outside the study area.", at="rows.outside")
    default_geocode: CountRecord = key("Kept rows at a default geocode.", at="rows.default_geocode")
    no_place: CountRecord = key("Kept rows without a place.", at="rows.no_place")
    recovered: CountRecord = key("Rows inside that were located by their address text.", at="rows.recovered")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityNoteRecord(Record):
    """A note on the quality of a source."""

    kind: str = key("Short name of the note.")
    file: str = key("File name; empty if the note concerns the whole source.")
    rows: int = key("Number of rows concerned, to the nearest ten in a public release; 0 if it does not concern rows.")
    first_line: int = key("The first such line; 0 if it does not concern a line, and in a public release.")
    sentence: str = key("The finding.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultGeocodeRecord(Record):
    """A point to which a geocoder sends addresses that it cannot find; where it lies is not published."""

    events: int = key("Rows at this point, to the nearest ten in a public release.")
    # Six decimals, as a share needs; with more the number of all rows would follow from it.
    share: float = key(
        "Share of all rows with coordinates, 0 to 1; two decimals in a public release.",
        read=lambda geocode: round(geocode.share, 6),
    )
    addresses: int = key("Number of different address texts at this point, to the nearest ten in a public release.")
    reason: str = key("The rule by which it was detected.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingRecord(Record):
    """Rows without coordinates by how they were placed by their address, or why they were not."""

    how: str = key(
        "exact address, intersection, block; matched (written much alike), same text, streets meet (inferred); ambiguous, not "
        "found, no address (not placed).",
        at="0",
    )
    rows: CountRecord = key("Rows, to the nearest ten in a public release.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLedgerRecord(Record):
    """The ledger of a source of events."""

    source: str = key("Name of the source.")
    format_name: str = key("Name and SHA-256 of the format that read the files.")
    coverage: PeriodRecord = key("From the first to the last day with a row.")
    missing_months: tuple[date, ...] = key("First days of the months inside the coverage that have no row.")
    default_geocodes: tuple[DefaultGeocodeRecord, ...] = key("Points to which unknown addresses were sent.")
    notes: tuple[QualityNoteRecord, ...] = key("Notes on the quality of the source.")
    files: tuple[FileRecord, ...] = key("Ledgers of the files.")
    placings: tuple[PlacingRecord, ...] = key(
        "How rows without coordinates were placed by their address; empty if the source names no addresses, or if withheld.",
        read=lambda ledger: tuple(ledger.placings.items()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLedgerRecord(Record):
    """The ledger of a source without events."""

    source: str = key("Name of the source.")
    kind: Literal["area_table", "survey", "site", "streets", "addresses"] = key("Kind of the source.")
    format_name: str = key("Name and SHA-256 of the format that read the files.")
    coverage: PeriodRecord | None = key("From the first to the last period with a kept row; null without dates.")
    notes: tuple[QualityNoteRecord, ...] = key("Notes on the quality of the source.")
    files: tuple[FileRecord, ...] = key("Ledgers of the files.")
