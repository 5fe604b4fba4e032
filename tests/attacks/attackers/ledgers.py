"""Attackers who read what became of the rows of files: sums, differences to zones, shares, reasons and notes."""

from __future__ import annotations

import re

from tests.attacks.attackers.published import ends, exact
from tests.attacks.attackers.series import control_month, months_shown
from tests.attacks.attackers.solving import known, possible

SMALL = set(range(41))


def rows_between(number, *, is_rounded):
    """Return the fewest and the most rows that a shown number stands for: rounded to the nearest ten, halves to even tens."""
    if not exact(number) or not is_rounded:
        return ends(number)
    if number == 0:
        return 0, 0
    rows = [rows for rows in range(max(number - 5, 1), number + 6) if max(round(rows / 10) * 10, 10) == number]
    return rows[0], rows[-1]


def ledger(folder, source="s"):
    return next(one for one in folder.run["ledgers"] if one["source"] == source)


def rows_of(folder, name, column):
    """Return the ends of a number of rows of a file."""
    row = next((one for one in ledger(folder)["files"] if one["file"] == name), None)
    if row is None:
        return 0, 10_000
    if column in {"read", "inside"} and folder.release == "public":
        return 0, 10_000  # computed from the other numbers, and known to be
    return rows_between(row[column], is_rounded=folder.release == "public")


def total_shown(folder, column):
    """Return the ends of a sum over all files, from the table of the report; nothing is known if it is withheld."""
    cells = re.findall(rf'>All \d+ files<.*?data-head="{column}">([^<]*)<', folder.words())
    text = cells[0].replace(",", "") if cells else ""
    if text.startswith("under "):
        return 1, int(text.removeprefix("under ")) - 1
    return rows_between(int(text), is_rounded=folder.release == "public") if text.isdigit() else (0, 10_000)


def ring_by_file(month, position):
    """Return the attacker who takes a month of the rings from the file of that month, the target's months and the control's line."""

    def recover(folder):
        target, control = months_shown(folder).get(month), control_month(folder, position)
        if target is None or control is None:
            return SMALL
        found = set()
        for column in ("inside", "kept"):
            low, high = rows_of(folder, f"calls-{month[0]}-{month[1]:02}.csv", column)
            rest = set(range(max(low - target - control, 0), min(high - target - control, 40) + 1))
            found = found & rest if found else rest
        return found

    return recover


def ring_by_files(names):
    """Return the attacker who takes a ring's count before from the files of all months of that window and from all other zones."""

    def recover(folder):
        effects = {one["zone"]: one for one in folder.measure("finds")["effects"]}
        zones = {zone: effects[zone]["before"] for zone in ("target", "0-50 m", "50-250 m", "250-500 m")}
        zones["control"] = effects["target"]["control_before"]
        low, high = (sum(sides) for sides in zip(*(rows_of(folder, name, "kept") for name in names), strict=True))
        # In this city every row lies in a zone; an exact total is known from below too.
        sums = [known(list(zones), (low if low == high else 0, high))]
        for zone, count in zones.items():
            if zone != "50-250 m" or not exact(count):
                sums.append(known(zone, ends(count)))
        return possible("50-250 m", sums)

    return recover


def unplaced_rest(folder):
    """Take the rows without a place on the days of no window from the ledger and from the bounds with all such rows."""
    bounds = {one["zone"]: one for one in folder.measure("finds")["bounds"]}
    effect, bound = folder.effect("target"), bounds.get("target, with all unplaced rows")
    sums = [known(["before", "after", "rest"], rows_of(folder, "a.csv", "no_place"))]
    for side in ("before", "after") if bound else ():
        (low, high), (least, most) = ends(bound[side]), ends(effect[side])
        sums.append(known(side, (max(low - most, 0), high - least)))
    return possible("rest", sums)


def by_total(names, planted, column):
    """Return the attacker who takes one file's rows from the sum over all files."""

    def recover(folder):
        sums = [known(list(names), total_shown(folder, column.capitalize().replace("_", " ")))]
        for name in names:
            span = rows_of(folder, name, column)
            if name != planted or span[0] != span[1]:
                sums.append(known(name, span))
        return possible(planted, sums)

    return recover


def by_balance(name, planted):
    """Return the attacker who takes one number of a file's balance from the others: rows kept, or rows read."""
    wholes = {"read": ("kept", "rejected", "duplicate"), "kept": ("inside", "outside", "default_geocode", "no_place")}
    whole = next(one for one, members in wholes.items() if planted in members)

    def recover(folder):
        sums = [known(list(wholes[whole]), rows_of(folder, name, whole))]
        for member in wholes[whole]:
            span = rows_of(folder, name, member)
            if member != planted or span[0] != span[1]:
                sums.append(known(member, span))
        return possible(planted, sums)

    return recover


def reason_named(reason):
    """Return the attacker who reads how many rows were rejected for a reason, and solves for it where it is not said."""

    def recover(folder):
        text = re.search(r"Rejected because: ([^<]*)\.<", folder.words())
        shown = dict(re.findall(r"([^;(]+?) \(([^)]*)\)", text[1])) if text else {}
        shown = {name.strip("; "): count.replace(",", "") for name, count in shown.items()}
        sums = [known(list(shown), rows_of(folder, "a.csv", "rejected"))]
        for name, count in shown.items():
            if count.startswith("under "):
                sums.append(known(name, (1, int(count.removeprefix("under ")) - 1)))
            elif count.isdigit() and name != reason:
                sums.append(known(name, rows_between(int(count), is_rounded=folder.release == "public")))
        return possible(reason, sums)

    return recover


def month_of_rows(year, month, others):
    """Return the attacker who takes a month's rows from the rows of the file and of its other months."""

    def recover(folder):
        table = re.search(r"rows kept by month.*?</table>", folder.words())
        shown = {}
        for row in re.findall(r"<tr.*?</tr>", table[0] if table else ""):
            cells = [re.sub("<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
            if cells and cells[0].isdigit():
                shown |= {(int(cells[0]), position): text for position, text in enumerate(cells[1:], start=1) if text}
        sums = [known([str(one) for one in ((year, month), *others)], rows_of(folder, "a.csv", "kept"))]
        for key in others:
            if shown.get(key, "").replace(",", "").isdigit():
                number = int(shown[key].replace(",", ""))
                sums.append(known(str(key), rows_between(number, is_rounded=folder.release == "public")))
        label = shown.get((year, month), "")
        if label.startswith("under "):
            sums.append(known(str((year, month)), (1, int(label.removeprefix("under ")) - 1)))
        return possible(str((year, month)), sums)

    return recover


def geocode_share(folder):
    """Take the rows with coordinates that do not lie on the default geocode from its number of rows and its share."""
    one = ledger(folder)["default_geocodes"][0]
    rows, share = one["events"], one["share"]
    if folder.release == "internal":
        return {rest for rest in SMALL if abs(rows / (rows + rest) - share) <= 5e-7}
    # Both the rows there and all rows with coordinates are to the nearest ten.
    low, high = rows_between(rows, is_rounded=True)
    located = [rows_between(tens, is_rounded=True) for tens in range(10, 2000, 10) if abs(rows / tens - share) <= 5e-3]
    return {rest for rest in SMALL for least, most in located if least - high <= rest <= most - low}


def note_on_rows(folder):
    """Read how many rows a note concerns, and in which line the first of them stands, after which few rows follow."""
    notes = [one for one in ledger(folder)["notes"] if one["kind"] == "hour"]
    low, high = rows_of(folder, "a.csv", "kept")
    if not notes or not notes[0]["first_line"]:
        return SMALL
    # The note says that the clocks are unknown from there to the end; the rows before it are the rest.
    return {count for count in range(41) if low <= notes[0]["first_line"] - 2 + count <= high}
