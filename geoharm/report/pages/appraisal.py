"""The page about what a planned operation and its alternatives would do to harm, and which assumption decides."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from geoharm import _text
from geoharm._text import visible_text
from geoharm._version import __version__
from geoharm.errors import PublishError
from geoharm.harm.results.appraisal import Appraisal, Baseline, OptionAppraisal, OptionUnderProfile
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.estimate import Interval
from geoharm.model.study import Study
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Scale, drawing, line, text
from geoharm.report.escape import asset, render_page, svg
from geoharm.report.files import check_folder, write_file
from geoharm.report.format_numbers import to_record

_SEAL = object()


@dataclass(frozen=True, slots=True)
class AppraisalRelease:
    """An appraisal that may be published. Made only by `protect_appraisal`."""

    study: Study
    appraisal: Appraisal
    hidden: tuple[str, ...]
    threshold: int
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.report.pages.appraisal.protect_appraisal may make a AppraisalRelease; pass it the Appraisal."
            raise PublishError(msg)

    @property
    def is_internal(self) -> bool:
        """Whether it is for the study's own team only."""
        return self.threshold == 1


def protect_appraisal(study: Study, appraisal: Appraisal) -> AppraisalRelease:
    """Return what may be published of an appraisal: a baseline of 1 to k - 1 is withheld, and every sum it enters.

    Shares of draws stay: they are made of assumptions and many counts.
    """
    k = 1 if study.publish.release == "internal" else DISCLOSURE_RULES[study.publish.disclosure].threshold
    hidden = tuple(one.measure.name for one in appraisal.baseline if 0 < one.events < k)
    if not hidden:
        return AppraisalRelease(study, appraisal, (), k, _SEAL)
    return AppraisalRelease(
        study,
        replace(
            appraisal,
            baseline=tuple(replace(one, events=0, dispersion=math.nan) if one.measure.name in hidden else one for one in appraisal.baseline),
            options=tuple(_option(one, hidden) for one in appraisal.options),
        ),
        hidden,
        k,
        _SEAL,
    )  # fmt: skip


def publish_appraisal(appraisal_release: AppraisalRelease, folder: Path) -> tuple[Path, ...]:
    """Write ``appraisal.html`` and ``appraisal.json`` into a folder; an internal release says so in the names.

    Raises
    ------
    PublishError
        If the folder cannot be written.
    """
    check_folder(folder)
    mark = "-internal" if appraisal_release.is_internal else ""
    record = json.dumps(appraisal_record(appraisal_release), indent=1, ensure_ascii=False)
    return (
        write_file(folder / f"appraisal{mark}.html", appraisal_page(appraisal_release)),
        write_file(folder / f"appraisal{mark}.json", visible_text(record) + "\n"),
    )


def appraisal_page(appraisal_release: AppraisalRelease) -> str:
    """Return the whole page, without scripts."""
    found = appraisal_release.appraisal
    profiles = [one.profile for one in found.options[0].profiles]
    return render_page(
        "appraisal.html.j2",
        style=asset("report.css"),
        version=__version__,
        study=appraisal_release.study,
        appraisal=found,
        internal=appraisal_release.is_internal,
        threshold=appraisal_release.threshold,
        profiles=[
            {
                "name": name,
                "reference": found.options[0].profiles[place].reference,
                "figure": _figure(found, place),
                "rows": [_row(one, place) for one in found.options],
            }
            for place, name in enumerate(profiles)
        ],
        summary=[
            (one.option.name, [_text.percent_text(part.reduces) for part in one.profiles]) for one in found.options
        ],
        baseline=[
            (one.measure.name, one.measure.unit, _events(one, appraisal_release), one.months) for one in found.baseline
        ],
        options=[_about(one) for one in found.options],
        hidden=appraisal_release.hidden,
    )


def appraisal_record(appraisal_release: AppraisalRelease) -> dict[str, Any]:
    """Return the appraisal as a dictionary for JSON; undefined numbers as null."""
    found = appraisal_release.appraisal
    return {
        "study": appraisal_release.study.name,
        "geoharm": __version__,
        "operation": found.operation,
        "months": found.months,
        "draws": found.draws,
        "seed": found.seed,
        "missing": list(found.missing),
        "limited": found.limited,
        "options": [
            {
                "name": one.option.name,
                "source": one.option.source,
                "cost": to_record(one.option.cost),
                "profiles": [
                    {
                        "profile": part.profile,
                        "mean": to_record(part.mean),
                        "interval": [to_record(part.interval.low), to_record(part.interval.high)],
                        "share_with_less_harm": to_record(part.reduces),
                        "decided_by": part.decides,
                        "break_even_displacement": to_record(part.break_even),
                        "vetoes": [{"words": words, "measure": name, "broken_in": to_record(share)} for words, name, share in part.vetoes],
                    }
                    for part in one.profiles
                ],
            }
            for one in found.options
        ],
    }  # fmt: skip


def _option(one: OptionAppraisal, hidden: tuple[str, ...]) -> OptionAppraisal:
    nothing = Interval(math.nan, math.nan, 0.9)
    return replace(
        one,
        changes=tuple(
            (name, nothing, math.nan) if name in hidden else (name, span, mean) for name, span, mean in one.changes
        ),
        profiles=tuple(replace(part, mean=math.nan, interval=nothing, break_even=math.nan) for part in one.profiles),
    )


def _row(one: OptionAppraisal, place: int) -> dict[str, str]:
    part = one.profiles[place]
    return {
        "name": one.option.name,
        "net": _net(part),
        "reduces": _text.percent_text(part.reduces),
        "decides": f"{part.decides} ({_text.percent_text(part.decides_share)} of the spread)" if part.decides else "nothing was assumed to vary",
        "even": _even(part),
        "vetoes": "; ".join(f"{name}: rises in {_text.percent_text(share)} of draws ({words})" for words, name, share in part.vetoes)
        or "none",
        "cost": _text.UNKNOWN if math.isnan(one.option.cost) else f"{one.option.cost:,.0f}",
    }  # fmt: skip


def _net(part: OptionUnderProfile) -> str:
    if math.isnan(part.mean):
        return "withheld"
    ends = [_tenth(value) for value in (part.mean, part.interval.low, part.interval.high)]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def _even(part: OptionUnderProfile) -> str:
    if math.isnan(part.break_even):
        return "none between 0% and 100%"
    return f"if {_text.percent_text(part.break_even)} of the local change turned up nearby, nothing would be gained"


def _events(one: Baseline, appraisal_release: AppraisalRelease) -> str:
    return f"under {appraisal_release.threshold}" if one.measure.name in appraisal_release.hidden else f"{one.events:,}"


def _about(one: OptionAppraisal) -> dict[str, Any]:
    option = one.option
    lasting = "for as long as the appraisal looks" if math.isinf(option.half_life[0]) else (
        f"half of it is gone after {option.half_life[0]:g} to {option.half_life[1]:g} months"
    )  # fmt: skip
    assumed = [
        f"local change {_share(option.local)}",
        f"{_text.percent_text(max(option.displaced[0], 0))} to {_text.percent_text(max(option.displaced[1], 0))} of it displaced",
        f"it lasts: {lasting}",
        *(f"{side.measure} {_share((side.low, side.high))}" for side in option.side),
    ]
    return {"name": option.name, "assumed": "; ".join(assumed), "source": option.source, "card": one.card,
            "changes": [(name, _net_change(mean, span)) for name, span, mean in one.changes]}  # fmt: skip


def _net_change(mean: float, span: Interval) -> str:
    if math.isnan(mean):
        return "withheld"
    ends = [_tenth(value) for value in (mean, span.low, span.high)]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def _tenth(value: float) -> str:
    """Return a number with one decimal, and never a minus before 0.0."""
    return _text.decimal_text(round(value, 1) + 0.0, 1)


def _share(pair: tuple[float, float]) -> str:
    return f"{format_numbers.signed_text(100 * pair[0])}% to {format_numbers.signed_text(100 * pair[1])}%"


def _figure(found: Appraisal, place: int) -> Markup | None:
    """Return one whisker an option under a profile; None if it is withheld."""
    rows = [(one.option.name, one.profiles[place]) for one in found.options]
    known = [value for _, part in rows for value in (part.interval.low, part.interval.high) if math.isfinite(value)]
    if not known:
        return None
    left, width, step = 250.0, 700.0, 34.0
    height = 30 + step * len(rows) + 28
    reach = max([1e-9, *map(abs, known)]) * 1.1
    scale = Scale(-reach, reach, left, width - 10)
    parts = []
    for tick in scale.ticks(5):
        parts.append(
            line(scale(tick), 22, scale(tick), height - 28, palette.INK if abs(tick) < 1e-12 else palette.LINE)
        )
        parts.append(
            text(scale(tick), height - 12, "0" if abs(tick) < 1e-12 else f"{tick:+g}".replace("-", _text.MINUS))
        )
    for index, (name, part) in enumerate(rows):
        y = 26 + step * (index + 0.5)
        parts.append(text(left - 12, y + 4, name, anchor="end", colour=palette.INK, size=13))
        low, high = scale(part.interval.low), scale(part.interval.high)
        parts.append(line(low, y, high, y, palette.SLATE, 2.4))
        parts += [line(end, y - 5, end, y + 5, palette.SLATE, 2.2) for end in (low, high)]
        parts.append(svg("circle", {"cx": scale(part.mean), "cy": y, "r": 5, "fill": palette.INK}))
    parts.append(text(scale(0) - 8, 14, "\u25c4 less harm", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(scale(0) + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    return drawing(width, height, "Net change in harm by option", "Dot: mean; line: 90% of draws.", parts)
