"""The verbs about harm: appraise before acting, prioritise, and whose values there are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
)
from geoharm.errors import StudyError
from geoharm.model.harm_settings import CRITERIA

if TYPE_CHECKING:
    from geoharm.pipeline import decide
    from geoharm.study import read
    from geoharm.study.value_profiles import profiles
else:
    decide = lazy("pipeline.decide")
    profiles = lazy("study.value_profiles.profiles")
    read = lazy("study.read")

values_app = typer.Typer(help="Whose values: list, show and check value profiles.", no_args_is_help=True)

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
    """Say what each way to act would do to harm, before acting, from data and stated assumptions; write a page."""
    if template:
        print(decide.option_templates(), end="")
        return
    study = read.read_study(study_file)
    found = decide.appraise(
        study,
        data=data,
        out=out or default_output(study),
        database=db or default_database(study),
        operation=operation,
    )
    if as_json:
        print_json(found.record | {"files": [str(path) for path in found.files]})
        return
    for one in found.record["options"]:
        print(one["name"])
        for part in one["profiles"]:
            net = (
                "withheld"
                if part["mean"] is None
                else f"{part['mean']:+.1f} ({part['interval'][0]:+.1f} to {part['interval'][1]:+.1f})"
            )
            print(
                f"  under {part['profile']}: net harm {net}; less harm in {part['share_with_less_harm']:.0%} of draws"
            )
    print_written(found.files)


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
    """Rank markets by harm, noxiousness, trend, resilience, reach and what the community wants first; write a page."""
    study = read.read_study(study_file)
    found = decide.prioritise(
        study,
        data=data,
        out=out or default_output(study),
        database=db or default_database(study),
        weights=_weights(weight) or study.harm.criteria,
    )
    if as_json:
        print_json(found.record | {"files": [str(path) for path in found.files]})
        return
    for row in found.record["markets"]:
        known = [
            f"{name} {_rounded(value['value'])}"
            for name, value in row["criteria"].items()
            if value["value"] is not None
        ]
        print(
            f"{row['rank']:>3}. {row['market']} (ranks {row['ranks'][0]:.0f} to {row['ranks'][1]:.0f}): {', '.join(known)}"
        )
    print_written(found.files)


@values_app.command("list", epilog="Example: geoharm values list")
def list_values(as_json: AsJson = False) -> None:
    """List the shipped value profiles: examples to edit, nobody's values."""
    found = [profiles.read_profile(name, Path()) for name in profiles.SHIPPED]
    if as_json:
        rows = [
            {"file": name, "name": one.name, "about": one.about, "author": one.author}
            for name, one in zip(profiles.SHIPPED, found, strict=True)
        ]
        print_json(rows)
        return
    for name, one in zip(profiles.SHIPPED, found, strict=True):
        print(f"{name}\n    {one.about} ({one.author})")
    print(f"{profiles.SHIPPED_RATES}\n    The declared ranges of exchange rates behind acceptability.")


@values_app.command(epilog="Example: geoharm values show public-health-first > my-values.toml")
def show(name: ProfileName) -> None:
    """Print a profile (or exchange-rates) as TOML, to read or to start your own from."""
    print(profiles.profile_text(name, Path()), end="")


@values_app.command(epilog="Example: geoharm values check my-values.toml")
def check(name: ProfileName, as_json: AsJson = False) -> None:
    """Read a profile and say what it weighs, or list every mistake in it."""
    one = profiles.read_profile(name, Path())
    about = {
        "name": one.name,
        "author": one.author,
        "version": one.version,
        "licence": one.licence,
        "reference": one.reference,
        "weights": [{"which": rule.selector.words(), "sign": rule.sign, "weight": rule.weight} for rule in one.rules],
        "vetoes": [{"which": veto.selector.words(), "margin": veto.margin, "words": veto.words} for veto in one.vetoes],
    }
    if as_json:
        print_json(about)
        return
    print(
        f"{one.name}: no mistakes found. {one.author}, {one.date}, version {one.version}, {one.licence}. One is {one.reference}."
    )
    for rule in one.rules:
        print(f"  {rule.sign} {rule.weight:g}: {rule.selector.words()}")
    for veto in one.vetoes:
        print(f"  veto: {veto.words} ({veto.selector.words()})")


@values_app.command("import", epilog="Example: geoharm values import chi.xlsx --kind chi --out my-chi.toml")
def import_values(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook as downloaded from its publisher.")],
    kind: Annotated[
        str, typer.Option("--kind", help="chi: Cambridge Crime Harm Index; ons: ONS Crime Severity Score.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The profile to write.")],
) -> None:
    """Make a profile from a workbook of weights by offence. Untried: no original file was at hand."""
    if out.exists():
        raise StudyError([f'"{out}" exists; choose another --out.'])
    text, rows = decide.import_values(file, kind)
    out.write_text(text, encoding="utf-8", newline="\n")
    print(
        f"wrote {out} with {rows:,} offences; name your measures as its offences are named, or edit it. Untried on an original file."
    )


def _weights(given: list[str] | None) -> tuple[tuple[str, float], ...]:
    """Return criterion weights from the command line; criteria that are not named weigh nothing."""
    if not given:
        return ()
    found = dict.fromkeys(CRITERIA, 0.0)
    for text in given:
        name, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if name not in found or not 0 <= value < math.inf:
            raise StudyError(
                [
                    f'--weight "{text}" must be a criterion and a number of 0 or more, such as harm=2; criteria are {", ".join(CRITERIA)}.'
                ]
            )
        found[name] = value
    return tuple(found.items())


def _rounded(value: float) -> str:
    """Return a number to three digits, whole from a hundred on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
