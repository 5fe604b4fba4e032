"""Lines of text in drawings, which break no lines by themselves: how wide a text is, and where it is broken."""

from __future__ import annotations

# Widths of letters of DejaVu Sans, in shares of the font size; the widest common sans serif, so no other needs more room.
_NARROW = dict.fromkeys("ijlI'|.,:;! ", 0.32) | dict.fromkeys('ftr()[]-/"', 0.41)
_WIDE = dict.fromkeys("mwMW%@\u2212+=<>~", 0.9)
_LOWER, _OTHER, _BOLD = 0.61, 0.7, 1.12


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels a text takes in a font of so many pixels; rather too many than too few."""
    letters = (_NARROW.get(letter) or _WIDE.get(letter) or (_LOWER if letter.islower() else _OTHER) for letter in text)
    return sum(letters) * size * (_BOLD if bold else 1.0)


def text_lines(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Return a text broken into lines of at most so many pixels, at its spaces; a longer word stands on a line of its own.

    Examples
    --------
    >>> text_lines("Needle finds fell by about 67", 120, 12)
    ['Needle finds fell by', 'about 67']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def cut_text(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return a text that fits on one line, with an ellipsis where it was cut."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(f"{text}\u2026", size, bold=bold) > width:
        text = text[:-1].rstrip()
    return f"{text}\u2026"
