"""The priorities page: ranked markets with their range of ranks, threat matrix, and gaps in reach."""

from __future__ import annotations

import json
import math
from pathlib import Path

from geoharm import _text
from geoharm._text import visible_text
from geoharm.disclosure.ranking import RankingRelease
from geoharm.harm.results.markets import CriterionValue, Feature, PriorityRow, Ranking, ReachGap, ThreatMatrixRow
from geoharm.model.estimate import Estimate, Interval, ratio_of
from geoharm.report import format_numbers, palette
from geoharm.report.cells import (
    estimate_column,
    note_value,
    number_cell,
    number_value,
    ratio_column,
    spread_cell,
    text_cell,
    undefined_cell,
    undefined_reason,
    unestimated_cell,
)
from geoharm.report.charts.marks import Scale, line, text
from geoharm.report.document import (
    Cell,
    CellStyle,
    Chart,
    Column,
    Figure,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.escape import svg
from geoharm.report.exports.ranking_record import ranking_layer, ranking_record
from geoharm.report.pages.decision import decision_page
from geoharm.report.pages.publish_decision import publish_decision
from geoharm.report.wording.withheld import note_text


def publish_ranking(ranking_release: RankingRelease, folder: Path) -> tuple[Path, ...]:
    """Write ``priorities.html``, ``.json`` and ``.geojson`` (a ranked layer) into a folder.

    The files of an internal release have "internal" in their names.

    Raises
    ------
    PublishError
        If the folder cannot be written, or if the release exposes a small count, by itself or together with those before it
        in the folder.
    """
    suffix = "-internal" if ranking_release.is_internal else ""
    pages = {
        f"priorities{suffix}.html": ranking_page(ranking_release),
        f"priorities{suffix}.json": visible_text(json.dumps(ranking_record(ranking_release), indent=1)) + "\n",
        f"priorities{suffix}.geojson": visible_text(json.dumps(ranking_layer(ranking_release))) + "\n",
    }
    return publish_decision(ranking_release, pages, folder)


def ranking_page(ranking_release: RankingRelease) -> str:
    """Return the ranking as a whole HTML page without scripts."""
    ranking, threshold = ranking_release.ranking, ranking_release.threshold
    footer = (
        "Ranks reflect what was recorded and which criteria were chosen; they are no verdict on people who live there."
    )
    if threshold > 1:
        footer += (
            f" Everything is computed from counts to the nearest ten; numbers that rest on fewer than {threshold} events are "
            "withheld."
        )
    study = ranking_release.study.name
    return decision_page(
        (ranks_section(ranking), threats_section(ranking), *reach_section(ranking)),
        title=f"Which market first: {study}",
        heading="Which market first",
        kicker=f"geoharm priorities · {study}",
        lead=f"Markets are the hotspots of {ranking.hotspot_measure} over the whole period, numbered as on the map. They are "
        "ranked by several criteria side by side, with weights that anyone may change; unknown values are left out and are "
        "not read as zero.",
        skip="To the ranking",
        footer=footer,
        internal=ranking_release.is_internal,
    )


def ranks_section(ranking: Ranking) -> Section:
    """Return the order of the markets, how firm it is, every criterion, and the weights."""
    lead = (
        "Dot: the rank. Line: the ranks it takes in 95% of draws. Where lines overlap, the order between those markets is "
        "not known."
    )
    method = " ".join(
        (
            f"Harm is weighed under the profile “{ranking.profile}”. On each criterion, the score of a market is "
            "the share of markets that it comes before; ranks follow the weighted mean. Trend: last 12 months over the 12 "
            "before. Resilience: how far it came back after an earlier operation (1: all the way). Reach: share of its harm "
            f"more than {ranking.walking:g} m from drug treatment, as the crow flies. Priority: what residents said, with "
            "the survey's sampling error.",
            *ranking.notes,
        )
    )
    blocks = (
        Paragraph(lead, "how"),
        Figure(_ranks_chart(ranking.rows)),
        _criteria_table(ranking),
        _weights_table(ranking),
        Paragraph(method, "small"),
    )
    return Section("ranks", "The order, and how firm it is", "For the board", blocks)


def threats_section(ranking: Ranking) -> Section:
    """Return the threat matrix: events a year by kind of harm, and the features of every market."""
    lead = "Events a year: injury (health, violence), economic damage, and harm to the community (nuisance, litter)."
    blocks = (Paragraph(lead, "how"), Figure(_matrix_chart(ranking.threats)), _threats_table(ranking.threats))
    return Section("threats", "Threat matrix", "For all", blocks)


def reach_section(ranking: Ranking) -> tuple[Section, ...]:
    """Return the harm beyond walking distance of each service; none if no gap was computed."""
    if not ranking.gaps:
        return ()
    columns = (
        Column("Market"),
        Column("Service"),
        Column("Nearest", style=CellStyle.NUMBER, parts=("Nearest, m",)),
        Column("Share of harm beyond", "Share beyond", CellStyle.NUMBER),
        Column("Events a year beyond", "A year", CellStyle.NUMBER),
    )
    lead = f"Harm more than {ranking.walking:g} m from the nearest service, most first."
    blocks = (Paragraph(lead, "how"), Table(columns, tuple(_gap_row(gap) for gap in ranking.gaps)))
    return (Section("reach", "Gaps in reach", "For public health", blocks),)


def _criteria_table(ranking: Ranking) -> Table:
    columns = (
        Column("Rank"),
        Column("Market"),
        Column("Ranks", parts=("Ranks, low end", "Ranks, high end")),
        *(_criterion_column(criterion.criterion) for criterion in ranking.rows[0].values),
    )
    rows = tuple(
        Row(
            (
                number_cell(row.rank, str(row.rank)),
                text_cell(row.market),
                Cell(
                    f"{row.ranks.low:.0f} to {row.ranks.high:.0f}",
                    tuple(map(number_value, (row.ranks.low, row.ranks.high))),
                ),
                *(_criterion_cell(criterion) for criterion in row.values),
            )
        )
        for row in ranking.rows
    )
    return Table(columns, rows, "Every criterion (95% interval); a higher value means a higher priority")


def _criterion_column(criterion: str) -> Column:
    make_column = ratio_column if criterion == "trend" else estimate_column
    return make_column(criterion.capitalize(), style=CellStyle.TEXT)


def _criterion_cell(criterion: CriterionValue) -> Cell:
    value, error, note = criterion.value, criterion.standard_error, criterion.note
    if math.isnan(value):
        return unestimated_cell(note_text(note) or _text.UNKNOWN, reason=undefined_reason(note), note=note)
    interval = Interval(value - 1.96 * error, value + 1.96 * error, 0.95)
    if criterion.criterion == "reach":
        words = f"{_text.percent_text(value)} ({note})"
    elif criterion.criterion == "trend":
        value = ratio_of(value)
        interval = Interval(ratio_of(interval.low), ratio_of(interval.high), interval.level)
        factor, low, high = (format_numbers.factor_text(end) for end in (value, interval.low, interval.high))
        words = f"×{factor} ({low} to {high})"
    else:
        digits = 2 if abs(value) < 10 else 0
        number, low, high = (_text.decimal_text(end, digits) for end in (value, interval.low, interval.high))
        words = f"{number} ({low} to {high})"
    return spread_cell(words, value, interval, standard_error=error, note=note)


def _weights_table(ranking: Ranking) -> Table:
    units = {criterion.criterion: criterion.unit for row in reversed(ranking.rows) for criterion in row.values}
    columns = (Column("Criterion"), Column("Weight", style=CellStyle.NUMBER), Column("Unit"))
    rows = tuple(
        Row((text_cell(name), number_cell(weight, f"{weight:g}"), text_cell(units.get(name, ""))))
        for name, weight in ranking.weights
    )
    return Table(columns, rows, "Weights of the criteria, and their units", stacks=False, boxed=False)


def _threats_table(threats: tuple[ThreatMatrixRow, ...]) -> Table:
    columns = [Column("Market"), Column("km²", style=CellStyle.NUMBER)]
    for name, _ in threats[0].threats:
        head = name.capitalize()
        columns.append(estimate_column(f"{head}, a year", short=head, style=CellStyle.TEXT))
    for feature in threats[0].features:
        head = feature.name.capitalize()
        columns.append(Column(head, parts=(f"{head} ({feature.unit})", f"{head}, note")))
    rows = tuple(
        Row(
            (
                text_cell(row.market),
                number_cell(row.area_km2, f"{row.area_km2:.2f}"),
                *(_threat_cell(estimate) for _, estimate in row.threats),
                *(_feature_cell(feature) for feature in row.features),
            )
        )
        for row in threats
    )
    return Table(tuple(columns), rows)


def _threat_cell(estimate: Estimate) -> Cell:
    if not estimate.is_defined:
        return undefined_cell(estimate, note_text(estimate.note))
    span = estimate.interval()
    interval = Interval(max(0.0, span.low), span.high, span.level)
    words = f"{estimate.value:,.0f} ({interval.low:,.0f} to {interval.high:,.0f})"
    return spread_cell(words, estimate.value, interval, standard_error=estimate.standard_error)


def _feature_cell(feature: Feature) -> Cell:
    if math.isnan(feature.value):
        note = note_text(feature.note) or _text.UNKNOWN
        return Cell(note, (undefined_reason(feature.note), note))
    words = _text.percent_text(feature.value) if feature.name == "night share" else f"{feature.value:,.0f} m"
    return Cell(words, (number_value(feature.value), note_value(feature.note)))


def _gap_row(gap: ReachGap) -> Row:
    # Without a service there is no distance; with one, only disclosure control takes the share and the harm away.
    is_listed = not math.isnan(gap.distance)
    absent = Missing.WITHHELD if is_listed else Missing.NOT_APPLICABLE
    distance = number_cell(gap.distance, f"{gap.distance:,.0f} m") if is_listed else Cell("none listed", (absent,))
    share = (
        Cell("none listed or withheld", (absent,))
        if math.isnan(gap.share)
        else number_cell(gap.share, _text.percent_text(gap.share))
    )
    harm = Cell(_text.UNKNOWN, (absent,)) if math.isnan(gap.harm) else number_cell(gap.harm, f"{gap.harm:,.0f}")
    return Row((text_cell(gap.market), text_cell(gap.service), distance, share, harm))


def _ranks_chart(rows: tuple[PriorityRow, ...]) -> Chart:
    """Return a chart with the range of ranks of each market, the first market on top, rank 1 on the left."""
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
    return Chart(width, height, "Ranks each market may take", "Dot: rank; line: ranks in 95% of draws.", parts)


def _matrix_chart(threats: tuple[ThreatMatrixRow, ...]) -> Chart:
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
    return Chart(width, height, "Threat matrix", "Area of each disc: events a year; unknown is not zero.", parts)
