"""The verb `selfcheck`: compute published numbers again and compare them.

Exit codes: 0 every number agrees; 1 a number differs; 2 a wrong command line.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, print_json

if TYPE_CHECKING:
    from geoharm.replication import run as replication_run
else:
    replication_run = lazy("replication.run")


def selfcheck(as_json: AsJson = False) -> None:
    """Compute published numbers again and say where they agree.

    Nothing is asked of a network. The exit code is 1 if a number differs.
    """
    rows = replication_run.replicate_all()
    failed = sum(not row.agrees for row in rows)
    if as_json:
        print_json([asdict(row) | {"agrees": row.agrees} for row in rows])
    else:
        printed_case = ""
        for row in rows:
            if row.case != printed_case:
                printed_case = row.case
                print(f"{row.case} ({row.source})")
            mark = "agrees" if row.agrees else "DIFFERS"
            print(
                f"  {mark:7}  {row.quantity}: published {row.expected:.10g}, here {row.got:.10g} (within {row.tolerance:.2g})"
            )
        print(f"{len(rows) - failed} of {len(rows)} published numbers agree.")
    if failed:
        raise typer.Exit(1)
