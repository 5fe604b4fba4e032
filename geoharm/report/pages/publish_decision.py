"""Puts the files of a ranking or an appraisal into a folder, after an attack together with what was released there before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from geoharm.disclosure.appraisal import AppraisalRelease
from geoharm.disclosure.history import attack_decision, decision_record, read_history
from geoharm.disclosure.history_file import history_file_name
from geoharm.disclosure.ranking import RankingRelease
from geoharm.report.publication import open_folder, publish_files


def publish_decision(
    release: RankingRelease | AppraisalRelease, pages: Mapping[str, str], folder: Path
) -> tuple[Path, ...]:
    """Write the pages of a release, and of a public one the record of what was released; return the paths of the pages.

    Raises
    ------
    PublishError
        If the folder cannot be written, or if this release exposes a small count, by itself or together with earlier releases
        in the folder.
    """
    with open_folder(folder) as into:
        if release.is_internal:
            return publish_files(into, pages)
        name = history_file_name(internal=False)
        earlier = read_history(folder / name)
        constraints = attack_decision(release.constraints, release.study, earlier)
        record = decision_record(release.study, constraints, earlier)
        return publish_files(into, {**pages, name: record}, record=name)
