"""The names of months and weekdays in English, German, Dutch, French and Spanish, as lists of dates use them.

No name stands for two months or two days in these languages, so a text needs no language to be read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

_MONTHS = (
    "jan january januar jän jänner januari janv janvier ene enero",
    "feb febr february februar feber februari fév févr février febrero",
    "mar mär mrz march märz maerz mrt maart mars marzo",
    "apr april avr avril abr abril",
    "may mai mei mayo",
    "jun june juni juin junio",
    "jul july juli juil juillet julio",
    "aug august augustus août ago agosto",
    "sep sept september septembre septiembre set setiembre",
    "oct okt october oktober octobre octubre",
    "nov november novembre noviembre",
    "dec dez déc dic december dezember décembre diciembre",
)
_WEEKDAYS = (
    "mon mo monday montag ma maandag lun lundi lunes",
    "tue tues tu di tuesday dienstag din dinsdag mar mardi martes",
    "wed mi wo wednesday mittwoch woe woensdag mer mercredi mié miércoles",
    "thu thur thurs do thursday donnerstag don donderdag jeu jeudi jue jueves",
    "fri fr vr friday freitag vri vrijdag ven vendredi vie viernes",
    "sat sa za saturday samstag sonnabend zat zaterdag sam samedi sáb sábado",
    "sun so zo sunday sonntag zon zondag dim dimanche dom domingo",
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _spellings(name: str) -> set[str]:
    """Return a name with its accents composed, decomposed and left out, and with an umlaut as two letters."""
    decomposed = unicodedata.normalize("NFD", name)
    bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return {name, decomposed, bare, name.translate(_UMLAUTS)}


def _numbers(lines: Sequence[str]) -> Mapping[str, int]:
    return {
        spelling: number
        for number, line in enumerate(lines, start=1)
        for name in line.split()
        for spelling in sorted(_spellings(name))
    }


# Lower-case name: number, 1 to 12, and 1 (Monday) to 7.
MONTHS, WEEKDAYS = _numbers(_MONTHS), _numbers(_WEEKDAYS)
# Longer ones are names in full; "thurs" is the longest short one, and "avril" is the same month as "avr".
_LONGEST_ABBREVIATION = 4


def is_full_name(name: str) -> bool:
    """Return whether the name of a month or weekday is certainly no abbreviation.

    Examples
    --------
    >>> is_full_name("septembre"), is_full_name("Sept"), is_full_name("May")
    (True, False, False)
    """
    return len(name) > _LONGEST_ABBREVIATION
