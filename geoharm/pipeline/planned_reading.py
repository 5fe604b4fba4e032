"""The steps that read a study's files, with the time that each is expected to need (`geoharm.pipeline.planned_steps`)."""

from __future__ import annotations

from pathlib import Path

from geoharm.model.study import Source, Study
from geoharm.pipeline.progress import PlannedStep

_SECONDS_PER_SOURCE = 0.3
_SECONDS_PER_BYTE = 0.4e-6
# Of a compressed file, whose content is several times as large.
_SECONDS_PER_PACKED_BYTE = 2e-6
_PACKED = (".gz", ".zip", ".xlsx", ".parquet", ".gpkg")


def reading_steps(study: Study, data: Path) -> list[PlannedStep]:
    """Return the steps that read a study's files, which are not opened."""
    sources = sorted(study.sources, key=lambda source: not source.is_events)
    return [
        PlannedStep(f"reading {source.name}", _reading_seconds(source, data), tells_speed=False) for source in sources
    ]


def _reading_seconds(source: Source, data: Path) -> float:
    """Return how long a source's files take to read, by their sizes; patterns are looked up as a reader would find them."""
    seconds = _SECONDS_PER_SOURCE
    for pattern in source.files:
        try:
            for path in data.glob(pattern):
                rate = _SECONDS_PER_PACKED_BYTE if path.suffix in _PACKED else _SECONDS_PER_BYTE
                seconds += rate * path.stat().st_size
        except (OSError, ValueError, NotImplementedError):
            continue  # What is wrong with it is said when it is read.
    return seconds
