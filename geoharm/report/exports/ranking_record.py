"""The ranking of markets as a record for JSON, and as a layer of GeoJSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import shapely

from geoharm._version import __version__
from geoharm.disclosure.ranking import RankingRelease
from geoharm.report.format_numbers import to_record
from geoharm.report.maps.lonlat import to_lonlat
from geoharm.report.wording.withheld import note_text


class CriterionRecord(TypedDict):
    """The value of one market on one criterion, in its own unit."""

    value: float | None
    standard_error: float | None
    unit: str
    note: str


class ThreatRecord(TypedDict):
    """Events a year of one threat."""

    a_year: float | None
    note: str


class MarketRecord(TypedDict):
    """One market: its rank, the ends of the 95% interval of its rank, its criteria, threats and features."""

    market: str
    rank: int
    ranks: list[float]
    score: float | None
    criteria: dict[str, CriterionRecord]
    threats: dict[str, ThreatRecord]
    features: dict[str, float | None]


class GapRecord(TypedDict):
    """The nearest service of one kind, and the share of harm beyond walking distance (0 to 1)."""

    market: str
    service: str
    nearest_m: float | None
    share_beyond: float | None


class RankingRecord(TypedDict):
    """The ranking; undefined numbers are null and have a note."""

    study: str
    geoharm: str
    markets_from: str
    profile: str
    weights: dict[str, float]
    walking_m: float
    markets: list[MarketRecord]
    gaps: list[GapRecord]
    notes: list[str]


class MarketFeature(TypedDict):
    """A market as a feature of GeoJSON."""

    type: str
    properties: dict[str, str | float | None]
    geometry: Mapping[str, object]


class MarketLayer(TypedDict):
    """The markets as GeoJSON."""

    type: str
    features: list[MarketFeature]


def ranking_record(ranking_release: RankingRelease) -> RankingRecord:
    """Return the ranking as a dictionary for JSON; undefined numbers are null and have a note."""
    ranking = ranking_release.ranking
    return {
        "study": ranking_release.study.name,
        "geoharm": __version__,
        "markets_from": ranking.hotspot_measure,
        "profile": ranking.profile,
        "weights": dict(ranking.weights),
        "walking_m": ranking.walking,
        "markets": [
            {
                "market": row.market,
                "rank": row.rank,
                "ranks": [row.ranks.low, row.ranks.high],
                "score": to_record(row.score),
                "criteria": {
                    criterion.criterion: {
                        "value": to_record(criterion.value), "standard_error": to_record(criterion.standard_error),
                        "unit": criterion.unit, "note": note_text(criterion.note),
                    }
                    for criterion in row.values
                },
                "threats": {name: {"a_year": to_record(estimate.value), "note": note_text(estimate.note)} for name, estimate in threat.threats},
                "features": {feature.name: to_record(feature.value) for feature in threat.features},
            }
            for row, threat in zip(ranking.rows, ranking.threats, strict=True)
        ],
        "gaps": [
            {"market": gap.market, "service": gap.service, "nearest_m": to_record(gap.distance), "share_beyond": to_record(gap.share)}
            for gap in ranking.gaps
        ],
        "notes": list(ranking.notes),
    }  # fmt: skip


def ranking_layer(ranking_release: RankingRelease) -> MarketLayer:
    """Return the markets as GeoJSON: outlines, ranks, and share of harm beyond walking distance of each service."""
    ranking = ranking_release.ranking
    by_name = {row.market: row for row in ranking.rows}
    features: list[MarketFeature] = []
    for market_hotspot in ranking.hotspots:
        row = by_name[f"market {market_hotspot.rank}"]
        gaps = {
            f"beyond_{gap.service.replace(' ', '_')}": to_record(gap.share)
            for gap in ranking.gaps
            if gap.market == row.market
        }
        properties: dict[str, str | float | None] = {
            "market": row.market,
            "rank": row.rank,
            "rank_low": row.ranks.low,
            "rank_high": row.ranks.high,
            **gaps,
        }
        geometry = shapely.geometry.mapping(to_lonlat(market_hotspot.geometry, ranking_release.study.area.crs))
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}
