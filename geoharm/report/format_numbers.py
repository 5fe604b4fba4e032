"""Numbers and dates as text for readers: true minus signs, thousands commas, no false precision."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, timedelta

from geoharm._text import MINUS, UNKNOWN
from geoharm.disclosure.released import ReleasedEffect
from geoharm.model.estimate import Interval
from geoharm.model.period import Period, Window, month_name
from geoharm.model.suppressed import Count, Suppressed

# A change beyond this is an interval without an end: no city has as many events, and no count grows by as many percent.
_LARGEST = 1e8


def count_text(value: Count) -> str:
    """Return a count with thousands commas, or the text that replaces a suppressed count.

    Examples
    --------
    >>> count_text(1234)
    '1,234'
    """
    return str(value) if isinstance(value, Suppressed) else f"{value:,}"


def to_record(value: float) -> float | None:
    """Return a number rounded to nine digits; None if it is undefined or infinite.

    Nine digits are the same in every run on one platform.

    Examples
    --------
    >>> to_record(2 / 3), to_record(math.nan)
    (0.666666667, None)
    """
    return float(f"{value:.9g}") if math.isfinite(value) else None


def signed_text(value: float) -> str:
    """Return a change in whole events with its sign; a value that would round to 0 is shown with one decimal.

    Examples
    --------
    >>> signed_text(-57.2), signed_text(0.3), signed_text(1234.0), signed_text(math.inf)
    ('−57', '+0.3', '+1,234', 'no upper end')
    """
    if math.isnan(value):
        return UNKNOWN
    if abs(value) > _LARGEST:
        return "no upper end" if value > 0 else "no lower end"
    rounded = round(value)
    size = f"{abs(rounded):,}" if rounded else f"{abs(value):.1f}"
    if size == "0.0":
        return "0"
    return (MINUS if value < 0 else "+") + size


def percent_change_text(value: float) -> str:
    """Return a change in percent with its sign.

    Examples
    --------
    >>> percent_change_text(-45.2), percent_change_text(math.inf), percent_change_text(math.nan)
    ('−45%', 'no upper end', 'not known')
    """
    text = signed_text(value)
    return f"{text}%" if abs(value) <= _LARGEST else text


def factor_text(value: float) -> str:
    """Return a ratio with two decimals, such as "0.85".

    Examples
    --------
    >>> factor_text(0.8512), factor_text(math.inf)
    ('0.85', 'no upper end')
    """
    return f"{value:,.2f}" if value <= _LARGEST else "no upper end"


def change_text(value: float, span: Interval) -> str:
    """Return a change with its interval, such as "−57 (−165 to +51)".

    Examples
    --------
    >>> change_text(-57.0, Interval(-165.0, 51.0, 0.95))
    '−57 (−165 to +51)'
    """
    if math.isnan(value):
        return UNKNOWN
    if math.isnan(span.low):
        return f"{signed_text(value)} (no interval)"
    return f"{signed_text(value)} ({signed_text(span.low)} to {signed_text(span.high)})"


def stated_change(effect: ReleasedEffect) -> str:
    """Return a change with its 95% interval.

    If no 95% interval is possible, the counting interval is given and said to be too narrow. An interval that holds
    only the noise of counting is marked "counting only".
    """
    if effect.is_refused:
        if math.isnan(effect.counting.low):
            return f"{signed_text(effect.change)} (no 95% interval)"
        span = f"{signed_text(effect.counting.low)} to {signed_text(effect.counting.high)}"
        return f"{signed_text(effect.change)} (no 95% interval; counting only, too narrow: {span})"
    text = change_text(effect.change, effect.interval)
    if effect.ratio.calibrated or math.isnan(effect.interval.low):
        return text
    return text.removesuffix(")") + ", counting only)"


def ground_km2_text(km2: float) -> str:
    """Return an area in km2: two decimals for what lies in a city, whole numbers for regions.

    Examples
    --------
    >>> ground_km2_text(0.345), ground_km2_text(5675.0)
    ('0.34', '5,675')
    """
    return f"{km2:.2f}" if km2 < 100 else f"{km2:,.0f}"


def rate_text(rate: float) -> str:
    """Return an exchange rate: how many events weigh as much as another one; "none" if there is none.

    Examples
    --------
    >>> rate_text(1430.2), rate_text(14.3), rate_text(0.0931)
    ('1,430', '14', '0.093')
    """
    if math.isnan(rate):
        return "none"
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def fewer_or_more(value: float) -> str:
    """Return a change in words: "57 fewer", "3 more" or "no more and no fewer".

    Examples
    --------
    >>> fewer_or_more(-57.2)
    '57 fewer'
    """
    if abs(value) > _LARGEST:
        return signed_text(value)
    size = signed_text(value).lstrip("+" + MINUS)
    if size == "0":
        return "no more and no fewer"
    return f"{size} {'fewer' if value < 0 else 'more'}"


def with_true_minus(text: str) -> str:
    """Return a sentence with true minus signs before its numbers.

    Examples
    --------
    >>> with_true_minus("-45% at 300-600 m, or (-0.2 to 3)")
    '−45% at 300-600 m, or (−0.2 to 3)'
    """
    return re.sub(r"(?<!\w)-(?=\d)", MINUS, text)


def day_text(value: date) -> str:
    """Return a date such as "1 August 2019".

    Examples
    --------
    >>> day_text(date(2019, 8, 1))
    '1 August 2019'
    """
    return f"{value.day} {month_name(value)}"


def days_text(period: Period) -> str:
    """Return the first and last day of a period, shortened where months or years are shared.

    Examples
    --------
    >>> days_text(Period(date(2019, 8, 1), date(2019, 8, 3)))
    '1–2 August 2019'
    """
    first, last = period.start, period.last
    if first == last:
        return day_text(first)
    if period.is_whole_months:
        months = (month_name(first), month_name(last))
        return months[0] if months[0] == months[1] else f"{months[0]} – {months[1]}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day_text(last)}"
    return f"{day_text(first)} – {day_text(last)}"


def window_text(value: Window) -> str:
    """Return the days of every period of a window."""
    return "; ".join(days_text(period) for period in value.periods)


def month_list(values: Sequence[date]) -> str:
    """Return month names as a list in a sentence."""
    return join_with_and([month_name(value) for value in values])


def join_with_and(items: Sequence[str]) -> str:
    """Return items as a list in a sentence, such as "a, b and c".

    Examples
    --------
    >>> join_with_and(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def join_with_or(items: Sequence[str]) -> str:
    """Return items as alternatives in a sentence, such as "a, b or c".

    Examples
    --------
    >>> join_with_or(["a", "b", "c"])
    'a, b or c'
    """
    return " or ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def whole_months_between(first: date, last: date) -> int:
    """Return the number of whole months between two days.

    Examples
    --------
    >>> whole_months_between(date(2022, 1, 24), date(2022, 12, 24))
    11
    """
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def weeks_between(first: date, last: date) -> int:
    """Return the number of whole weeks between two days."""
    return (last - first) // timedelta(weeks=1)
