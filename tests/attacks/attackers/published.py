"""What an attacker has: the bytes of a folder, read with general tools; nothing here knows the program's own code."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping
from functools import cached_property

import numpy as np


class Folder:
    """The files of one folder, by name. Names are told without the mark of an internal release."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.release = "internal" if any("-internal" in name for name in files) else "public"
        self.files = {name.replace("-internal", ""): content for name, content in files.items()}

    @cached_property
    def run(self):
        return json.loads(self.files["run.json"])

    @property
    def operations(self):
        return self.run["operations"]

    def measure(self, name, operation=0):
        return next(one for one in self.operations[operation]["measures"] if one["name"] == name)

    def effect(self, zone, *, measure="finds", operation=0):
        return next(one for one in self.measure(measure, operation)["effects"] if one["zone"] == zone)

    def text(self, name):
        return self.files[name].decode("utf-8-sig")

    def json(self, name):
        return json.loads(self.files[name])

    def tables(self, ending=".csv"):
        """Return every table of a kind of file as lists of rows, by name of the file."""
        return {
            name: list(csv.reader(io.StringIO(self.text(name)))) for name in sorted(self.files) if name.endswith(ending)
        }

    def workbook_parts(self, name="pieces/tables.xlsx"):
        """Return the parts of a workbook as text, by name."""
        with zipfile.ZipFile(io.BytesIO(self.files[name])) as book:
            return {part: book.read(part).decode("utf-8", "replace") for part in book.namelist()}

    def words(self):
        """Return every word that a reader, a screen reader or a search meets: texts, titles, alternatives, labels."""
        pages = [self.text(name) for name in sorted(self.files) if name.endswith((".html", ".txt", ".svg"))]
        return "\n".join(re.sub(r"\s+", " ", page) for page in pages)


def ends(count):
    """Return the smallest and the largest value of a count in ``run.json``, as a reader knows them."""
    if isinstance(count, Mapping):
        return (1, count["below"] - 1) if count["below"] else (0, np.inf)
    return count, count


def exact(number):
    """Return whether a number stands there at all."""
    return isinstance(number, int | float) and not isinstance(number, bool)
