"""The verb about schemas: print the JSON Schema of a kind of file, for editors and other programs.

Exit codes: 0 done; 2 a wrong command line.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli.lazy import lazy
from geoharm.cli.options import print_json

if TYPE_CHECKING:
    from geoharm import _schema
    from geoharm.ingest.formats import schema as format_schema
    from geoharm.report.exports import run_json
    from geoharm.study import schema as study_schema
    from geoharm.study.evidence_cards import schema as card_schema
    from geoharm.study.value_profiles import schema as profile_schema
else:
    _schema = lazy("_schema")
    format_schema = lazy("ingest.formats.schema")
    run_json = lazy("report.exports.run_json")
    study_schema = lazy("study.schema")
    card_schema = lazy("study.evidence_cards.schema")
    profile_schema = lazy("study.value_profiles.schema")


class FileKind(StrEnum):
    """The kinds of TOML files that geoharm reads, and the record of a run, which it writes."""

    STUDY = "study"
    FORMAT = "format"
    TABLE_FORMAT = "table-format"
    PROFILE = "profile"
    EXCHANGE = "exchange-rates"
    CARD = "card"
    RUN = "run"


def schema(
    kind: Annotated[
        FileKind,
        typer.Argument(
            metavar="KIND",
            help="study; format (dated points) or table-format (area tables, surveys, sites, streets); profile or "
            "exchange-rates (values); card (evidence); run (the run.json that geoharm writes).",
        ),
    ],
) -> None:
    """Print the JSON Schema of a kind of file, for editors.

    It names every key with its type, limits, default and meaning (draft 2020-12).
    """
    if kind is FileKind.STUDY:
        print_json(_schema.json_schema(study_schema.StudyFile))
    elif kind is FileKind.FORMAT:
        print_json(_schema.json_schema(format_schema.EventFormat))
    elif kind is FileKind.TABLE_FORMAT:
        print_json(_schema.json_schema(format_schema.TableFormat, title="geoharm format of tables"))
    elif kind is FileKind.PROFILE:
        print_json(_schema.json_schema(profile_schema.ProfileFile))
    elif kind is FileKind.EXCHANGE:
        print_json(_schema.json_schema(profile_schema.ExchangeFile))
    elif kind is FileKind.CARD:
        print_json(_schema.json_schema(card_schema.CardFile))
    else:
        print_json(run_json.run_schema())
