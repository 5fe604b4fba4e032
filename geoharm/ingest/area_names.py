"""Area names of a table that are spelt otherwise than in the area file, or in two ways: joined and said, or asked about."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa

from geoharm._text import FOLDED, fold_name
from geoharm.engines.base import Scratch
from geoharm.errors import DataError
from geoharm.model.ledger import QualityNote


def join_area_spellings(scratch: Scratch, source: str) -> list[QualityNote]:
    """Give every area of the temporary table ``cell`` the name that ``new_area`` has for it, and return a note on those changed.

    A name that the area file has stays. Any other is that of the file's area whose name differs only in case, accents,
    hyphens and spaces; names that the file has not at all are joined to the most frequent spelling in the table.

    Parameters
    ----------
    scratch : Scratch
    source : str
        Its name, for sentences.

    Raises
    ------
    DataError
        If a spelling fits two areas of the file, or two spellings have values for one period: they may be two areas.
    """
    rows = scratch.execute(
        "SELECT area, count(*) FROM cell WHERE reason IS NULL GROUP BY area ORDER BY area"
    ).fetchall()
    counts = {str(name): int(count) for name, count in rows}
    outlined = {str(name) for (name,) in scratch.execute("SELECT area FROM new_area").fetchall()}
    spelling = spellings(counts, outlined, source)
    if not spelling:
        return []
    table = pa.table({"written": list(spelling), "meant": list(spelling.values())})
    scratch.register("spelling", table)
    _check_one_value(scratch, source)
    scratch.execute("UPDATE cell SET area = spelling.meant FROM spelling WHERE cell.area = spelling.written")
    scratch.unregister("spelling")
    written, meant = next(iter(spelling.items()))
    sentence = (
        f"names of areas that are another's but for {FOLDED}, and were read as the same: {len(spelling):,}, such as "
        f'"{written}" as "{meant}"'
    )
    return [QualityNote("spelling", 0, 0, sentence)]


def spellings(counts: Mapping[str, int], outlined: Collection[str], source: str) -> dict[str, str]:
    """Return the name that is meant for each name that is spelt otherwise.

    Parameters
    ----------
    counts : mapping of str to int
        Names in the table, with their rows.
    outlined : collection of str
        Names in the area file; empty if there is none.
    source : str
        Its name, for sentences.

    Raises
    ------
    DataError
        If two areas of the file have names that differ only in what is folded, and the table does not name both.

    Examples
    --------
    >>> spellings({"SAINT-DENIS": 3, "Le Port": 2, "le port": 5}, ["Saint Denis"], "t")
    {'Le Port': 'le port', 'SAINT-DENIS': 'Saint Denis'}
    """
    known = _by_fold(outlined)
    for names in known.values():
        if len(names) > 1 and not set(names) <= set(counts):
            msg = (
                f'Two areas of the area file of "{source}", "{names[0]}" and "{names[1]}", differ only in {FOLDED}. If they are one '
                "area, give it one name; if they are two, give them names that differ in more."
            )
            raise DataError(msg)
    meant: dict[str, str] = {}
    for fold, names in sorted(_by_fold(counts).items()):
        options = known.get(fold, ())
        usual = options[0] if len(options) == 1 else max(names, key=lambda name: (counts[name], name))
        if len(options) < 2:
            meant |= {name: usual for name in names if name != usual}
    return meant


def _by_fold(names: Collection[str]) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for name in sorted(names):
        folded.setdefault(fold_name(name), []).append(name)
    return folded


def _check_one_value(scratch: Scratch, source: str) -> None:
    """Refuse two spellings that have values for one category and period."""
    both = scratch.execute(
        """
        SELECT min(area), max(area), since FROM cell LEFT JOIN spelling ON area = written
        WHERE reason IS NULL GROUP BY coalesce(meant, area), category, since HAVING count(DISTINCT area) > 1
        ORDER BY ALL LIMIT 1
        """
    ).fetchall()
    if both:
        one, other, since = both[0]
        msg = (
            f'"{source}" has values of "{one}" and of "{other}" for the period from {since}; the names differ only in {FOLDED}. If '
            "they are one area, keep one of the two values; if they are two, give them names that differ in more."
        )
        raise DataError(msg)
