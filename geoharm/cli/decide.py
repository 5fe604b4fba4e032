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
from geoharm.cli.lazy import lazy
from geoharm.cli.options import (
    DATA,
    AsJson,
    Database,
    DataFolder,
    OutFolder,
    StudyFile,
    default_database,
    default_output,
    print_json,
    print_written,
    tell,
)
from geoharm.errors import StudyError
from geoharm.model.harm_settings import CRITERIA

if TYPE_CHECKING:
    from geoharm.pipeline import decide as pipeline_decide
    from geoharm.study import read as study_reader
    from geoharm.study.value_profiles import profiles as value_profiles
else:
    pipeline_decide = lazy("pipeline.decide")
    value_profiles = lazy("study.value_profiles.profiles")
    study_reader = lazy("study.read")

values_app = typer.Typer(help="Value profiles: list, show, check and import them.", no_args_is_help=True)

ProfileName = Annotated[str, typer.Argument(metavar="PROFILE", help="A shipped profile, or a path that ends in .toml.")]


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
) -> None:
    """Estimate how each option would change harm, before acting, from data and stated assumptions; write a page."""
    if template:
        print(pipeline_decide.option_templates(), end="")
        return
    study = study_reader.read_study(study_file)
    appraisal = pipeline_decide.appraise(
        study,
        data=data,
        out=out or default_output(study),
        database=db or default_database(study),
        operation=operation,
        on_gone=tell,
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
    weight: Annotated[
        list[str] | None, typer.Option("--weight", help=f"CRITERION=NUMBER; criteria: {', '.join(CRITERIA)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rank markets by harm, noxiousness, trend, resilience, reach and community priority; write a page."""
    study = study_reader.read_study(study_file)
    ranking = pipeline_decide.prioritise(
        study,
        data=data,
        out=out or default_output(study),
        database=db or default_database(study),
        weights=_criterion_weights(weight) or study.harm.criteria,
        on_gone=tell,
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


@values_app.command("list", epilog="Example: geoharm values list")
def list_values(as_json: AsJson = False) -> None:
    """List the shipped value profiles: examples to edit, not recommended values."""
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


@values_app.command(epilog="Example: geoharm values show public-health-first > my-values.toml")
def show(name: ProfileName) -> None:
    """Print a profile (or exchange-rates) as TOML, to read or to start your own from."""
    print(value_profiles.profile_text(name, Path()), end="")


@values_app.command(epilog="Example: geoharm values check my-values.toml")
def check(name: ProfileName, as_json: AsJson = False) -> None:
    """Read a profile and print its weights, or list every mistake in it."""
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


@values_app.command("import", epilog="Example: geoharm values import chi.xlsx --kind chi --out my-chi.toml")
def import_values(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook as downloaded from its publisher.")],
    kind: Annotated[
        str, typer.Option("--kind", help="chi: Cambridge Crime Harm Index; ons: ONS Crime Severity Score.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The profile to write.")],
) -> None:
    """Make a profile from a workbook of weights by offence. Not tested on an original file."""
    if out.exists():
        raise StudyError([f'"{out}" exists; choose another --out.'])
    text, rows = pipeline_decide.import_values(file, kind)
    write_whole(out, text)
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
