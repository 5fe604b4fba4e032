"""Codes: each different text of a place or category is read once under a rule, and rows keep its number.

A rule's codes grow from file to file and are never changed or given away again. The tables ``place_<rule>`` and
``category_<rule>`` have a part for each file that brought something new; its number is the first code that is new.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from geoharm import _crs
from geoharm.engines.base import Engine, Part
from geoharm.ingest.category_spelling import category_mapper
from geoharm.ingest.parse import PLACE_TEXTS, coded_texts, read_categories_sql, read_places_sql
from geoharm.ingest.rule import BEYOND_EXTENT_REASON, ReadRule, bounding_box

# The codes of a rule's first file are learnt from so many rows before it is read.
_SAMPLE = 100_000
# Places within this share of the study area's size around it are also projected by the fast method.
_MARGIN = 0.1

_COLUMNS = {
    "place": {
        "place": "INTEGER", "text_1": "VARCHAR", "text_2": "VARCHAR", "text_3": "VARCHAR", "longitude": "DOUBLE",
        "latitude": "DOUBLE", "address": "VARCHAR", "at_zero": "BOOLEAN", "fault": "SMALLINT", "x": "DOUBLE", "y": "DOUBLE",
    },
    "category": {"category": "INTEGER", "text": "VARCHAR", "name": "VARCHAR"},
}  # fmt: skip


class Codes:
    """The codes of one rule while its files are read: ``known_place``, ``known_category`` and what of them is new.

    Parameters
    ----------
    engine : Engine
    rule : ReadRule
    """

    def __init__(self, engine: Engine, rule: ReadRule) -> None:
        self._engine = engine
        self._scratch = engine.scratch
        self._rule = rule
        self._faults = [
            (fault.number, fault.condition) for fault in rule.faults() if fault.is_of_place and fault.condition
        ]
        (self._beyond_extent,) = (fault.number for fault in rule.faults() if fault.reason == BEYOND_EXTENT_REASON)
        self._known: dict[str, int] = {}

    def bring(self) -> None:
        """Bring what is stored into the scratch space, once, before the first file is read."""
        if self._known:
            return
        for name, columns in _COLUMNS.items():
            table = f"{name}_{self._rule.name}"
            types = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self._scratch.execute(f"CREATE OR REPLACE TEMP TABLE new_{name} ({types})")
            self._scratch.execute(f"CREATE OR REPLACE TEMP TABLE known_{name} ({types})")
            if table in self._engine.names():
                stored = f"SELECT {', '.join(columns)} FROM {self._engine.table(table)} AS s"
                self._scratch.execute(
                    f"INSERT INTO known_{name} SELECT * FROM {self._engine.bring(f'stored_{name}', stored)} AS s"
                )
            self._known[name] = self._count(f"known_{name}")

    def _count(self, table: str) -> int:
        return int(self._scratch.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])

    def learn_sample(self, fields: Collection[str]) -> None:
        """Learn the codes of the first rows of ``stage``, if the rule has none yet."""
        if self._known["place"]:
            return
        places, categories = coded_texts(fields, self._rule.input_format)
        self._scratch.execute(
            f"CREATE OR REPLACE TEMP TABLE unknown AS SELECT {places}, {categories} FROM stage LIMIT {_SAMPLE}"
        )
        self._learn()

    def complete(self) -> None:
        """Learn the texts of ``parsed`` that have no code, and give its rows their codes."""
        names = (*PLACE_TEXTS, "category_text")
        self._scratch.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE unknown AS
            SELECT {", ".join(f"texts[{position}] AS {name}" for position, name in enumerate(names, start=1))}
            FROM (SELECT DISTINCT texts FROM parsed WHERE texts IS NOT NULL)
            """
        )
        if self._scratch.execute("SELECT count(*) FROM unknown").fetchall()[0][0]:
            self._learn()
            same_texts = " AND ".join(
                f"parsed.texts[{position}] IS NOT DISTINCT FROM p.{name}"
                for position, name in enumerate(PLACE_TEXTS, start=1)
            )
            self._scratch.execute(
                f"""
                UPDATE parsed SET place = p.place FROM new_place AS p WHERE parsed.place IS NULL AND {same_texts};
                UPDATE parsed SET category = c.category FROM new_category AS c
                WHERE parsed.category IS NULL AND parsed.texts[{len(names)}] IS NOT DISTINCT FROM c.text
                """
            )

    def save(self) -> None:
        """Store what is new, as one part of each table; called inside a swap."""
        for name in _COLUMNS:
            first, count = self._scratch.execute(f"SELECT min({name}), count(*) FROM new_{name}").fetchall()[0]
            if count:
                part = Part(int(first), f"from {first}")
                self._engine.write(f"{name}_{self._rule.name}", f"SELECT * FROM new_{name} ORDER BY {name}", part)
                self._scratch.execute(f"DELETE FROM new_{name}")

    def _learn(self) -> None:
        """Read the texts of ``unknown`` that are not known, into ``new_place`` and ``new_category``."""
        texts = ", ".join(PLACE_TEXTS)
        self._scratch.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE unread_place AS
            SELECT {texts} FROM unknown EXCEPT SELECT {texts} FROM known_place;
            CREATE OR REPLACE TEMP TABLE unread_category AS
            SELECT category_text FROM unknown EXCEPT SELECT text FROM known_category
            """
        )
        self._scratch.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE read_place AS
            SELECT CAST(row_number() OVER (ORDER BY {texts}) AS INTEGER) + {self._known["place"] - 1} AS place, *
            FROM ({read_places_sql("unread_place", self._rule.input_format, self._faults)})
            """
        )
        located = self._scratch.execute(
            "SELECT place, longitude, latitude FROM read_place WHERE longitude IS NOT NULL AND fault IS NULL"
        ).fetchnumpy()
        longitude, latitude = (np.asarray(located[name], dtype=np.float64) for name in ("longitude", "latitude"))
        beyond = self._rule.is_beyond_extent(longitude, latitude)
        x, y = _crs.transform_near(
            longitude,
            latitude,
            source=self._rule.input_format.crs,
            target=self._rule.area.crs,
            box=bounding_box(self._rule, margin=_MARGIN),
        )
        self._read_categories()
        self._scratch.register(
            "projected",
            pa.table({
                "place": np.asarray(located["place"]),
                "x": pa.array(x, mask=beyond),
                "y": pa.array(y, mask=beyond),
                "beyond": pa.array(np.full(x.size, self._beyond_extent, dtype=np.int16), mask=~beyond),
            }),
        )  # fmt: skip
        self._scratch.execute(
            f"""
            INSERT INTO new_place
            SELECT place, {texts}, longitude, latitude, address, at_zero, coalesce(fault, beyond), x, y
            FROM read_place LEFT JOIN projected USING (place);
            INSERT INTO new_category
            SELECT CAST(row_number() OVER (ORDER BY text) AS INTEGER) + {self._known["category"] - 1}, text,
                coalesce(mapped_category.name, read_category.name)
            FROM read_category LEFT JOIN mapped_category ON mapped_category.published = read_category.name;
            INSERT INTO known_place FROM new_place WHERE place >= {self._known["place"]};
            INSERT INTO known_category FROM new_category WHERE category >= {self._known["category"]}
            """
        )
        self._scratch.unregister("projected")
        self._scratch.unregister("mapped_category")
        for name in _COLUMNS:
            self._known[name] = self._count(f"known_{name}")

    def _read_categories(self) -> None:
        """Read ``unread_category`` into ``read_category``, and the names that the format's map has for them into ``mapped_category``."""
        input_format = self._rule.input_format
        self._scratch.execute(
            f"CREATE OR REPLACE TEMP TABLE read_category AS {read_categories_sql('unread_category', input_format)}"
        )
        published: list[str] = []
        if input_format.category_map:
            rows = self._scratch.execute("SELECT DISTINCT name FROM read_category").fetchall()
            published = [str(name) for (name,) in rows]
        names = list(map(category_mapper(input_format.category_map), published))
        columns = {"published": pa.array(published, pa.string()), "name": pa.array(names, pa.string())}
        self._scratch.register("mapped_category", pa.table(columns))
