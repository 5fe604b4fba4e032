"""The verbs about harm: appraise options, prioritise markets, and list, show, check or import value profiles.

Exit codes: 0 done; 1 a mistake in the study, its data or a file, each said in one sentence; 2 a wrong command line; 75 the
database is in use by another program.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm._whole_files import write_whole
from geoharm.cli import completion
from geoharm.cli.help_pages import VerbGroup, example
from geoharm.cli.lazy import lazy
from geoharm.cli.options import (
    DATA,
    AsJson,
    Database,
    DataFolder,
    OutFolder,
    Quiet,
    StudyFile,
    default_database,
    default_output,
    print_json,
    print_written,
)
from geoharm.errors import StudyError
from geoharm.model.harm_settings import CRITERIA

if TYPE_CHECKING:
    from geoharm.cli import progress as cli_progress
    from geoharm.pipeline import decide as pipeline_decide
    from geoharm.pipeline import planned_steps
    from geoharm.study import read as study_reader
    from geoharm.study.value_profiles import profiles as value_profiles
else:
    cli_progress = lazy("cli.progress")
    planned_steps = lazy("pipeline.planned_steps")
    pipeline_decide = lazy("pipeline.decide")
    value_profiles = lazy("study.value_profiles.profiles")
    study_reader = lazy("study.read")

values_app = typer.Typer(
    cls=VerbGroup,
    help="List, show, check and import value profiles.",
    subcommand_metavar="VERB [ARGS]...",
    no_args_is_help=True,
)

ProfileName = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE",
        help="A shipped profile, or a path that ends in .toml.",
        autocompletion=completion.profile_names,
    ),
]


def appraise(
    study_file: StudyFile,
    data: DataFolder = DATA,
    out: OutFolder = None,
    db: Database = None,
    *,
    operation: Annotated[str, typer.Option("--operation", help="Which planned operation; default the first.")] = "",
    template: Annotated[
        bool, typer.Option("--template", help="Print options with evidence cards, to fill in.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Weigh ways to act before acting: how each would change harm.

    The change of harm is estimated from the data and the assumptions that the study states; a page is written.
    """
    if template:
        print(pipeline_decide.option_templates(), end="")
        return
    study = study_reader.read_study(study_file)
    with cli_progress.ProgressDisplay(quiet) as bar:
        bar.plan(planned_steps.appraisal_steps(study, data))
        appraisal = pipeline_decide.appraise(
            study,
            data=data,
            out=out or default_output(study),
            database=db or default_database(study),
            operation=operation,
            progress=bar.show,
            on_gone=bar.tell,
        )
    if as_json:
        print_json({**appraisal.record, "files": [str(path) for path in appraisal.files]})
        return
    for option in appraisal.record["options"]:
        print(option["name"])
        for profile in option["profiles"]:
            net = (
                "withheld"
                if profile["mean"] is None
                else f"{profile['mean']:+.1f} ({profile['interval'][0]:+.1f} to {profile['interval'][1]:+.1f})"
            )
            print(
                f"  under {profile['profile']}: net harm {net}; less harm in {profile['share_with_less_harm']:.0%} of draws"
            )
    print_written(appraisal.files)


def prioritise(
    study_file: StudyFile,
    data: DataFolder = DATA,
    out: OutFolder = None,
    db: Database = None,
    *,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            "--weight",
            help=f"CRITERION=NUMBER; criteria: {', '.join(CRITERIA)}.",
            autocompletion=completion.words(*(f"{name}=" for name in CRITERIA)),
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Rank markets by harm, trend, reach and other criteria.

    The criteria are harm, noxiousness, trend, resilience, reach and the community's priority; a page is written.
    """
    study = study_reader.read_study(study_file)
    weights = _criterion_weights(weight) or study.harm.criteria
    with cli_progress.ProgressDisplay(quiet) as bar:
        bar.plan(planned_steps.ranking_steps(study, data))
        ranking = pipeline_decide.prioritise(
            study,
            data=data,
            out=out or default_output(study),
            database=db or default_database(study),
            weights=weights,
            progress=bar.show,
            on_gone=bar.tell,
        )
    if as_json:
        print_json({**ranking.record, "files": [str(path) for path in ranking.files]})
        return
    for market in ranking.record["markets"]:
        known = [
            f"{name} {_rounded(value['value'])}"
            for name, value in market["criteria"].items()
            if value["value"] is not None
        ]
        print(
            f"{market['rank']:>3}. {market['market']} (ranks {market['ranks'][0]:.0f} to {market['ranks'][1]:.0f}): {', '.join(known)}"
        )
    print_written(ranking.files)


@values_app.command("list", epilog=example("values list"))
def list_values(as_json: AsJson = False) -> None:
    """List the shipped value profiles: examples to edit."""
    profiles = [value_profiles.read_profile(name, Path()) for name in value_profiles.SHIPPED_PROFILES]
    if as_json:
        rows = [
            {"file": name, "name": profile.name, "about": profile.about, "author": profile.author}
            for name, profile in zip(value_profiles.SHIPPED_PROFILES, profiles, strict=True)
        ]
        print_json(rows)
        return
    for name, profile in zip(value_profiles.SHIPPED_PROFILES, profiles, strict=True):
        print(f"{name}\n    {profile.about} ({profile.author})")
    print(f"{value_profiles.SHIPPED_RATES}\n    The declared ranges of exchange rates that acceptability uses.")


@values_app.command(epilog=example("values show public-health-first > my-values.toml"))
def show(name: ProfileName) -> None:
    """Print a value profile as TOML, to start your own from.

    The exchange rates, which acceptability uses, are printed by the name exchange-rates.
    """
    print(value_profiles.profile_text(name, Path()), end="")


@values_app.command(epilog=example("values check public-health-first"))
def check(name: ProfileName, as_json: AsJson = False) -> None:
    """Print the weights of a value profile, or its mistakes."""
    profile = value_profiles.read_profile(name, Path())
    summary = {
        "name": profile.name,
        "author": profile.author,
        "version": profile.version,
        "licence": profile.licence,
        "reference": profile.reference,
        "weights": [
            {"which": rule.selector.description(), "sign": rule.sign, "weight": rule.weight} for rule in profile.rules
        ],
        "vetoes": [
            {"which": veto.selector.description(), "margin": veto.margin, "words": veto.words}
            for veto in profile.vetoes
        ],
    }
    if as_json:
        print_json(summary)
        return
    print(
        f"{profile.name}: no mistakes found. {profile.author}, {profile.date}, version {profile.version}, {profile.licence}. A weight of 1 is {profile.reference}."
    )
    for rule in profile.rules:
        print(f"  {rule.sign} {rule.weight:g}: {rule.selector.description()}")
    for veto in profile.vetoes:
        print(f"  veto: {veto.words} ({veto.selector.description()})")


@values_app.command("import", epilog=example("values import chi.xlsx --kind chi --out my-chi.toml"))
def import_values(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook as downloaded from its publisher.")],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="chi: Cambridge Crime Harm Index; ons: ONS Crime Severity Score.",
            autocompletion=completion.words("chi", "ons"),
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The profile to write.")],
    as_json: AsJson = False,
) -> None:
    """Make a profile from a workbook of weights by offence.

    Not tested on an original file.
    """
    if out.exists():
        raise StudyError([f'"{out}" exists; choose another --out.'])
    text, rows = pipeline_decide.import_values(file, kind)
    write_whole(out, text)
    if as_json:
        print_json({"offences": rows, "files": [str(out)]})
        return
    print(
        f"wrote {out} with {rows:,} offences; give your measures the names of its offences, or edit it. Not tested on an original file."
    )


def _criterion_weights(arguments: list[str] | None) -> tuple[tuple[str, float], ...]:
    """Return criterion weights from the command line; criteria that are not named get a weight of 0."""
    if not arguments:
        return ()
    weights = dict.fromkeys(CRITERIA, 0.0)
    for argument in arguments:
        name, _, number = argument.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if name not in weights or not 0 <= value < math.inf:
            raise StudyError(
                [
                    f'--weight "{argument}" must be a criterion and a number of 0 or more, such as harm=2; criteria are {", ".join(CRITERIA)}.'
                ]
            )
        weights[name] = value
    return tuple(weights.items())


def _rounded(value: float) -> str:
    """Return a number as text with three digits; without decimals from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
