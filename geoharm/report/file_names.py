"""Names of the files of a release, so that pages can link to one another."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.escape import slug

# Sub-folder, next to the pages, for the figures and tables that other reports can use.
REUSE_FOLDER = "pieces"


@dataclass(frozen=True, slots=True)
class FileNames:
    """Names of the files about one operation, or about a study that evaluates none, as links from the folder of the pages.

    Attributes
    ----------
    ending : str
        Stands in every name before its extension: the release's mark, then the operation's number and name if there
        are several.
    report, run : str
    embed, map, workbook, table, word, card : str
        Empty if the release has none. The table of all hotspots is of a study that evaluates no operation; Word document and
        picture of the card are of one that does.
    """

    ending: str
    report: str
    run: str
    embed: str = ""
    map: str = ""
    workbook: str = ""
    table: str = ""
    word: str = ""
    card: str = ""


def file_names(release: Release, operation: ReleasedOperation | None) -> FileNames:
    """Return the names of the files about one operation of a release; with None those of a study that evaluates none."""
    wanted = release.study.publish.files
    mark = "-internal" if release.is_internal else ""
    ending = mark
    if operation is not None and len(release.operations) > 1:
        names = [each.design.operation.name for each in release.operations]
        name = operation.design.operation.name
        ending += f"-{names.index(name) + 1}-{slug(name)}"
    return FileNames(
        ending=ending,
        report=f"report{ending}.html",
        run=f"run{mark}.json",
        embed=f"embed{ending}.html" if operation is not None else "",
        map=f"map{ending}.html" if release.hotspots else "",
        workbook=f"{REUSE_FOLDER}/tables{ending}.xlsx" if "workbook" in wanted else "",
        table=f"hotspots{ending}.csv" if release.hotspots and operation is None else "",
        word=f"brief{ending}.docx" if "word" in wanted and operation is not None else "",
        card=f"{REUSE_FOLDER}/card{ending}.png" if "figures" in wanted and operation is not None else "",
    )
