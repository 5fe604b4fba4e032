"""The priorities page: ranked markets with their range of ranks, threat matrix, and gaps in reach."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from markupsafe import Markup

from geoharm import _text
from geoharm._text import visible_text
from geoharm._version import __version__
from geoharm.disclosure.ranking import RankingRelease
from geoharm.harm.results.markets import CriterionValue, ThreatMatrixRow
from geoharm.model.estimate import Estimate
from geoharm.model.reason import Note
from geoharm.report import palette
from geoharm.report.charts.marks import Scale, drawing, line, text
from geoharm.report.escape import asset, render_page, svg
from geoharm.report.files import check_folder, write_file
from geoharm.report.format_numbers import to_record
from geoharm.report.maps.layers import to_lonlat
from geoharm.report.wording.withheld import note_text


def publish_ranking(ranking_release: RankingRelease, folder: Path) -> tuple[Path, ...]:
    """Write ``priorities.html``, ``.json`` and ``.geojson`` (a ranked layer) into a folder.

    The files of an internal release have "internal" in their names.

    Raises
    ------
    PublishError
        If the folder cannot be written.
    """
    check_folder(folder)
    suffix = "-internal" if ranking_release.is_internal else ""
    return (
        write_file(folder / f"priorities{suffix}.html", ranking_page(ranking_release)),
        write_file(
            folder / f"priorities{suffix}.json",
            visible_text(json.dumps(ranking_record(ranking_release), indent=1)) + "\n",
        ),
        write_file(
            folder / f"priorities{suffix}.geojson", visible_text(json.dumps(ranking_layer(ranking_release))) + "\n"
        ),
    )


def ranking_page(ranking_release: RankingRelease) -> str:
    """Return the ranking as a whole HTML page without scripts."""
    ranking = ranking_release.ranking
    return render_page(
        "priorities.html.j2",
        style=asset("report.css"),
        version=__version__,
        study=ranking_release.study,
        ranking=ranking,
        internal=ranking_release.is_internal,
        ranks=_ranks_figure(ranking_release),
        rows=[
            {
                "rank": row.rank,
                "market": row.market,
                "ranks": f"{row.ranks.low:.0f} to {row.ranks.high:.0f}",
                "cells": [_criterion_text(criterion) for criterion in row.values],
            }
            for row in ranking.rows
        ],
        criteria=[(name, weight, _criterion_unit(ranking_release, name)) for name, weight in ranking.weights],
        heads=[criterion.criterion for criterion in ranking.rows[0].values],
        matrix=_matrix_figure(ranking.threats),
        threats=[
            {
                "market": row.market,
                "area": f"{row.area_km2:.2f}",
                "cells": [(name, _threat_text(estimate)) for name, estimate in row.threats],
                "features": [
                    (feature.name, _feature_text(feature.name, feature.value, feature.note)) for feature in row.features
                ],
            }
            for row in ranking.threats
        ],
        gaps=[
            {
                "market": gap.market,
                "service": gap.service,
                "distance": "none listed" if math.isnan(gap.distance) else f"{gap.distance:,.0f} m",
                "share": "none listed or withheld" if math.isnan(gap.share) else _text.percent_text(gap.share),
                "harm": _text.UNKNOWN if math.isnan(gap.harm) else f"{gap.harm:,.0f}",
            }
            for gap in ranking.gaps
        ],
        threshold=ranking_release.threshold,
    )


def ranking_record(ranking_release: RankingRelease) -> dict[str, Any]:
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


def ranking_layer(ranking_release: RankingRelease) -> dict[str, Any]:
    """Return the markets as GeoJSON: outlines, ranks, and share of harm beyond walking distance of each service."""
    ranking = ranking_release.ranking
    by_name = {row.market: row for row in ranking.rows}
    features = []
    for market_hotspot in ranking.hotspots:
        row = by_name[f"market {market_hotspot.rank}"]
        gaps = {
            f"beyond_{gap.service.replace(' ', '_')}": to_record(gap.share)
            for gap in ranking.gaps
            if gap.market == row.market
        }
        properties = {
            "market": row.market,
            "rank": row.rank,
            "rank_low": row.ranks.low,
            "rank_high": row.ranks.high,
            **gaps,
        }
        geometry = to_lonlat(market_hotspot.geometry, ranking_release.study.area.crs)
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def _criterion_unit(ranking_release: RankingRelease, name: str) -> str:
    return next(
        (
            criterion.unit
            for row in ranking_release.ranking.rows
            for criterion in row.values
            if criterion.criterion == name
        ),
        "",
    )


def _criterion_text(criterion: CriterionValue) -> str:
    if math.isnan(criterion.value):
        return note_text(criterion.note) or _text.UNKNOWN
    if criterion.criterion == "reach":
        return f"{_text.percent_text(criterion.value)} ({criterion.note})"
    if criterion.criterion == "trend":
        half_width = 1.96 * criterion.standard_error
        return f"×{math.exp(criterion.value):.2f} ({math.exp(criterion.value - half_width):.2f} to {math.exp(criterion.value + half_width):.2f})"
    digits = 2 if abs(criterion.value) < 10 else 0
    half_width = 1.96 * criterion.standard_error
    end_texts = [
        _text.decimal_text(value, digits) for value in (criterion.value - half_width, criterion.value + half_width)
    ]
    return f"{_text.decimal_text(criterion.value, digits)} ({end_texts[0]} to {end_texts[1]})"


def _threat_text(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return note_text(estimate.note)
    span = estimate.interval()
    return f"{estimate.value:,.0f} ({max(0.0, span.low):,.0f} to {span.high:,.0f})"


def _feature_text(name: str, value: float, note: Note) -> str:
    if math.isnan(value):
        return note_text(note) or _text.UNKNOWN
    return _text.percent_text(value) if name == "night share" else f"{value:,.0f} m"


def _ranks_figure(ranking_release: RankingRelease) -> Markup:
    """Return a chart with the range of ranks of each market, the first market on top, rank 1 on the left."""
    rows = ranking_release.ranking.rows
    left, width, step = 110.0, 700.0, 28.0
    height = 30 + step * len(rows) + 26
    scale = Scale(0.5, len(rows) + 0.5, left, width - 20)
    parts = []
    for rank in range(1, len(rows) + 1):
        parts.append(line(scale(rank), 22, scale(rank), height - 26, palette.LINE))
        parts.append(text(scale(rank), height - 10, str(rank)))
    for index, row in enumerate(rows):
        y = 26 + step * (index + 0.5)
        parts.append(text(left - 12, y + 4, row.market, anchor="end", colour=palette.INK, size=13))
        parts.append(line(scale(row.ranks.low), y, scale(row.ranks.high), y, palette.SLATE, 3))
        parts.append(svg("circle", {"cx": scale(row.rank), "cy": y, "r": 5, "fill": palette.INK}))
    parts.append(text(left, 14, "◄ first", anchor="start"))
    return drawing(width, height, "Ranks each market may take", "Dot: rank; line: ranks in 95% of draws.", parts)


def _matrix_figure(threats: tuple[ThreatMatrixRow, ...]) -> Markup:
    """Return the threat matrix: one disc for each market and threat, with an area in proportion to events per year."""
    names = [name for name, _ in threats[0].threats]
    left, width, step = 110.0, 700.0, 46.0
    height = 34 + step * len(threats)
    column = (width - left) / len(names)
    largest = (
        max((estimate.value for row in threats for _, estimate in row.threats if estimate.is_defined), default=1.0)
        or 1.0
    )
    parts = [text(left + column * (position + 0.5), 18, name, weight=600) for position, name in enumerate(names)]
    for index, row in enumerate(threats):
        y = 34 + step * (index + 0.5)
        parts.append(line(left, y + step / 2, width, y + step / 2, palette.LINE))
        parts.append(text(left - 12, y + 4, row.market, anchor="end", colour=palette.INK, size=13))
        for position, (_, estimate) in enumerate(row.threats):
            x = left + column * (position + 0.5)
            if not estimate.is_defined:
                parts.append(text(x, y + 4, "unknown", colour=palette.MUTED))
                continue
            radius = 18 * math.sqrt(estimate.value / largest)
            parts.append(svg("circle", {"cx": x - 22, "cy": y, "r": max(radius, 1.0), "fill": palette.SLATE}))
            parts.append(text(x + 6, y + 4, f"{estimate.value:,.0f}", anchor="start", colour=palette.INK))
    return drawing(width, height, "Threat matrix", "Area of each disc: events a year; unknown is not zero.", parts)
