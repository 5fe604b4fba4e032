"""The appraisal page: expected harm under a planned operation and its alternatives, before acting."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from geoharm import _text
from geoharm._text import visible_text
from geoharm._version import __version__
from geoharm.disclosure.appraisal import AppraisalRelease
from geoharm.harm.results.appraisal import Appraisal, Baseline, OptionAppraisal, OptionUnderProfile
from geoharm.model.estimate import Interval
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Scale, line, text
from geoharm.report.document import Chart
from geoharm.report.escape import asset, render_page, svg
from geoharm.report.files import check_folder, write_file
from geoharm.report.format_numbers import to_record


def publish_appraisal(appraisal_release: AppraisalRelease, folder: Path) -> tuple[Path, ...]:
    """Write ``appraisal.html`` and ``appraisal.json`` into a folder; an internal release says so in the names.

    Raises
    ------
    PublishError
        If the folder cannot be written.
    """
    check_folder(folder)
    suffix = "-internal" if appraisal_release.is_internal else ""
    record = json.dumps(appraisal_record(appraisal_release), indent=1, ensure_ascii=False)
    return (
        write_file(folder / f"appraisal{suffix}.html", appraisal_page(appraisal_release)),
        write_file(folder / f"appraisal{suffix}.json", visible_text(record) + "\n"),
    )


def appraisal_page(appraisal_release: AppraisalRelease) -> str:
    """Return the appraisal as a whole HTML page without scripts."""
    appraisal = appraisal_release.appraisal
    profile_names = [result.profile for result in appraisal.options[0].profiles]
    return render_page(
        "appraisal.html.j2",
        style=asset("report.css"),
        version=__version__,
        study=appraisal_release.study,
        appraisal=appraisal,
        internal=appraisal_release.is_internal,
        threshold=appraisal_release.threshold,
        profiles=[
            {
                "name": name,
                "reference": appraisal.options[0].profiles[position].reference,
                "figure": _profile_figure(appraisal, position),
                "rows": [_profile_row(option, position) for option in appraisal.options],
            }
            for position, name in enumerate(profile_names)
        ],
        summary=[
            (option.option.name, [_text.percent_text(result.share_reduced) for result in option.profiles])
            for option in appraisal.options
        ],
        baseline=[
            (baseline.measure.name, baseline.measure.unit, _baseline_text(baseline, appraisal_release), baseline.months)
            for baseline in appraisal.baseline
        ],
        options=[_option_context(option) for option in appraisal.options],
        hidden=appraisal_release.hidden,
    )


def appraisal_record(appraisal_release: AppraisalRelease) -> dict[str, Any]:
    """Return the appraisal as a dictionary for JSON; undefined numbers as null."""
    appraisal = appraisal_release.appraisal
    return {
        "study": appraisal_release.study.name,
        "geoharm": __version__,
        "operation": appraisal.operation,
        "months": appraisal.months,
        "draws": appraisal.draws,
        "seed": appraisal.seed,
        "missing": list(appraisal.missing),
        "limited": appraisal.limited_objective,
        "options": [
            {
                "name": option.option.name,
                "source": option.option.source,
                "cost": to_record(option.option.cost),
                "profiles": [
                    {
                        "profile": result.profile,
                        "mean": to_record(result.mean),
                        "interval": [to_record(result.interval.low), to_record(result.interval.high)],
                        "share_with_less_harm": to_record(result.share_reduced),
                        "decided_by": result.main_assumption,
                        "break_even_displacement": to_record(result.break_even_displacement),
                        "vetoes": [{"words": words, "measure": name, "broken_in": to_record(share)} for words, name, share in result.vetoes],
                    }
                    for result in option.profiles
                ],
            }
            for option in appraisal.options
        ],
    }  # fmt: skip


def _profile_row(option: OptionAppraisal, position: int) -> dict[str, str]:
    result = option.profiles[position]
    return {
        "name": option.option.name,
        "net": _net_harm_text(result),
        "reduces": _text.percent_text(result.share_reduced),
        "decides": f"{result.main_assumption} ({_text.percent_text(result.main_assumption_r2)} of the spread)" if result.main_assumption else "nothing was assumed to vary",
        "even": _break_even_text(result),
        "vetoes": "; ".join(f"{name}: rises in {_text.percent_text(share)} of draws ({words})" for words, name, share in result.vetoes)
        or "none",
        "cost": _text.UNKNOWN if math.isnan(option.option.cost) else f"{option.option.cost:,.0f}",
    }  # fmt: skip


def _net_harm_text(result: OptionUnderProfile) -> str:
    if math.isnan(result.mean):
        return "withheld"
    value_texts = [_one_decimal(value) for value in (result.mean, result.interval.low, result.interval.high)]
    return f"{value_texts[0]} ({value_texts[1]} to {value_texts[2]})"


def _break_even_text(result: OptionUnderProfile) -> str:
    if math.isnan(result.break_even_displacement):
        return "none between 0% and 100%"
    return f"if {_text.percent_text(result.break_even_displacement)} of the local change turned up nearby, nothing would be gained"


def _baseline_text(baseline: Baseline, appraisal_release: AppraisalRelease) -> str:
    return (
        f"under {appraisal_release.threshold}"
        if baseline.measure.name in appraisal_release.hidden
        else f"{baseline.events:,}"
    )


def _option_context(option_appraisal: OptionAppraisal) -> dict[str, Any]:
    option = option_appraisal.option
    duration = "for the whole period of the appraisal" if math.isinf(option.half_life[0]) else (
        f"half of it is gone after {option.half_life[0]:g} to {option.half_life[1]:g} months"
    )  # fmt: skip
    assumptions = [
        f"local change {_range_text(option.local_change)}",
        f"{_text.percent_text(max(option.share_displaced[0], 0))} to {_text.percent_text(max(option.share_displaced[1], 0))} of it displaced",
        f"it lasts: {duration}",
        *(f"{side.measure} {_range_text((side.low, side.high))}" for side in option.side_effects),
    ]
    return {"name": option.name, "assumed": "; ".join(assumptions), "source": option.source, "card": option_appraisal.card,
            "changes": [(name, _change_text(mean, span)) for name, span, mean in option_appraisal.changes]}  # fmt: skip


def _change_text(mean: float, span: Interval) -> str:
    if math.isnan(mean):
        return "withheld"
    value_texts = [_one_decimal(value) for value in (mean, span.low, span.high)]
    return f"{value_texts[0]} ({value_texts[1]} to {value_texts[2]})"


def _one_decimal(value: float) -> str:
    """Return a number with one decimal, without a minus sign before 0.0."""
    return _text.decimal_text(round(value, 1) + 0.0, 1)


def _range_text(share_range: tuple[float, float]) -> str:
    return f"{format_numbers.signed_text(100 * share_range[0])}% to {format_numbers.signed_text(100 * share_range[1])}%"


def _profile_figure(appraisal: Appraisal, position: int) -> Chart | None:
    """Return a chart with one interval for each option under a profile; None if all are suppressed."""
    rows = [(option.option.name, option.profiles[position]) for option in appraisal.options]
    interval_ends = [
        value for _, result in rows for value in (result.interval.low, result.interval.high) if math.isfinite(value)
    ]
    if not interval_ends:
        return None
    left, width, step = 250.0, 700.0, 34.0
    height = 30 + step * len(rows) + 28
    half_range = max([1e-9, *map(abs, interval_ends)]) * 1.1
    scale = Scale(-half_range, half_range, left, width - 10)
    parts = []
    for tick in scale.ticks(5):
        parts.append(
            line(scale(tick), 22, scale(tick), height - 28, palette.INK if abs(tick) < 1e-12 else palette.LINE)
        )
        parts.append(
            text(scale(tick), height - 12, "0" if abs(tick) < 1e-12 else f"{tick:+g}".replace("-", _text.MINUS))
        )
    for index, (name, result) in enumerate(rows):
        y = 26 + step * (index + 0.5)
        parts.append(text(left - 12, y + 4, name, anchor="end", colour=palette.INK, size=13))
        low, high = scale(result.interval.low), scale(result.interval.high)
        parts.append(line(low, y, high, y, palette.SLATE, 2.4))
        parts += [line(end_x, y - 5, end_x, y + 5, palette.SLATE, 2.2) for end_x in (low, high)]
        parts.append(svg("circle", {"cx": scale(result.mean), "cy": y, "r": 5, "fill": palette.INK}))
    parts.append(text(scale(0) - 8, 14, "\u25c4 less harm", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(scale(0) + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    return Chart(width, height, "Net change in harm by option", "Dot: mean; line: 90% of draws.", parts)
