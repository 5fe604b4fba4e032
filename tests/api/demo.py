"""The demo's needle finds and overdoses: as frames, and as studies of their own with the settings of pipelines/demo.toml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import geopandas
import pandas as pd

from geoharm.api.frames import events_from_xy
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.pipeline.analyse import evaluate_operations
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources
from geoharm.results import OperationResult
from geoharm.study.read import read_study

SEED = 20240601
# The operation of pipelines/demo.toml in the words of the call.
SETTINGS = {
    "start": "2022-01-10",
    "end": "2022-01-23",
    "rings": (300, 600, 1000),
    "gap": 50,
    "before": ("2020-01-01", "2022-01-01"),
    "after": ("during", "0-3 months", "3-6 months", "6-11 months"),
    "chosen_on": ("2019-01-01", "2020-01-01"),
    "covers": ("2019-01-01", "2023-01-01"),
    "name": "Operation Lantern",
    "seed": SEED,
}
MEASURES = {
    "needle finds": {"kind": "needle_find", "unit": "requests", "harm": ("community", "environment")},
    "overdoses": {"kind": "health", "unit": "calls", "recorded_by": "agency", "harm": ("user", "health")},
}
_FILES = {"needle finds": "needles.csv", "overdoses": "overdoses.csv"}
_SOURCES = {"needle finds": "needles", "overdoses": "ambulance"}


def events_of(root: Path, measure: str) -> geopandas.GeoDataFrame:
    """Return a file of the demo as a frame, without its one doubled row."""
    rows = pd.read_csv(root / "data" / "sample" / _FILES[measure]).drop_duplicates("id")
    days = pd.to_datetime(rows["date"], format="%Y-%m-%d", errors="coerce")
    return events_from_xy(rows["longitude"], rows["latitude"], days, crs="EPSG:4326")


def areas(root: Path) -> dict[str, geopandas.GeoDataFrame]:
    """Return the target area and the study area of the demo."""
    folder = root / "data" / "sample"
    return {
        "target": geopandas.read_file(folder / "market.geojson"),
        "study_area": geopandas.read_file(folder / "city.geojson"),
    }


def run_of(
    root: Path, folder: Path, measures: Sequence[str], *, profiles: Sequence[str] = ()
) -> OperationResult[MeasureResult]:
    """Return what `run` makes of the demo with these measures only: read from the files, through the database."""
    text = (root / "pipelines" / "demo.toml").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\[)", text.split("\n[study]", 1)[1])
    wanted = {f'"{name}"' for name in measures} | {f'"{_SOURCES[name]}"' for name in measures}
    head = "[study]" + blocks[0]
    kept = [
        block
        for block in blocks[1:]
        if block.startswith(("[[source]]", "[[measure]]")) and re.search(r'name\s*= ("[^"]+")', block)[1] in wanted
    ]
    operation = next(block for block in blocks if block.startswith("[[operation]]"))
    operation = re.sub(r"mitigation  = \[\n.*?\n\]\n", "", operation, flags=re.S).split("\n# ")[0]
    values = "[values]\nprofiles = [" + ", ".join(f'"{name}"' for name in profiles) + "]\n" if profiles else ""
    study_text = "\n".join([head, *kept, operation, values, '[publish]\nrelease = "internal"\n'])
    sample = root / "data" / "sample"
    path = folder / "demo.toml"
    path.write_text(study_text.replace("../data/sample", sample.as_posix()), encoding="utf-8")
    study = read_study(path)
    with open_engine(folder / "demo.duckdb", inputs=sample) as engine:
        data = collect_study(engine, study, load_sources(engine, study, sample))
    (operation_result,) = evaluate_operations(data)
    return operation_result
