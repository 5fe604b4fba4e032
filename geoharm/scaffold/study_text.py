"""Writes the text of a first study file: every guess is marked, with its evidence in a comment."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._validation import toml_string
from geoharm.scaffold.measures import ProposedMeasure, listed_categories
from geoharm.scaffold.proposal import ProposedStudy
from geoharm.scaffold.sources import SourceMatch

_MAX_SHOWN = 12


def study_text(
    plan: ProposedStudy, *, name: str = "", made_by: str = "geoharm new", hotspots: str = "", release: str = "internal"
) -> str:
    """Return the study file as TOML.

    Parameters
    ----------
    plan : ProposedStudy
    name : str
        Of a study without an operation; one with an operation is called after it.
    made_by : str
        The command that made it.
    hotspots : str
        The table of settings of hotspots, as TOML; empty for the usual ones.
    release : str
        "internal" or "public".
    """
    operation = plan.operation
    if operation is not None:
        name = f"{operation.answers.name}, {operation.answers.start:%Y}"
    first_day = operation.answers.start if operation else plan.period.start
    unused_lines = "".join(
        f"# not used: {comment_text(unused_file.what)}: {comment_text(unused_file.why)}\n"
        for unused_file in plan.left_out
    )
    return f"""# Made by `{made_by}`. What is marked "guessed" was guessed from the files: check each of these lines.
# What every key means: docs/study-file.md

[study]
name    = {toml_string(name)}
area    = {toml_string(plan.area.file)}   # {comment_text(plan.area.evidence)}
crs     = {toml_string(plan.crs)}{_guess(plan, "crs")}
period  = {{ start = {plan.period.start}, end = {plan.period.end} }}{
        _guess(plan, "period") or "   # the end does not count"
    }
seed    = {first_day:%Y%m%d}
primary = {toml_string(plan.primary)}{_guess(plan, "primary")}

{unused_lines}{chr(10) if unused_lines else ""}{"".join(_source_text(source) for source in plan.sources)}{
        "".join(_measure_text(measure) for measure in plan.measures)
    }{_uncounted_text(plan)}{_operation_text(plan)}{_comparison_text(plan)}{hotspots}[publish]
release    = {
        toml_string(release)
    }   # "internal": full counts, not for publication; "public": small counts are withheld
disclosure = "under-5"
"""


def _guess(plan: ProposedStudy, key: str) -> str:
    return f"   # guessed: {comment_text(plan.reasons[key].why)}" if key in plan.reasons else ""


def _operation_text(plan: ProposedStudy) -> str:
    operation = plan.operation
    if operation is None:
        return """# No operation is evaluated: the study maps where harm concentrates. To evaluate one, add an [[operation]].

"""
    answers = operation.answers
    outer = ", ".join(f"{ring:g}" for ring in operation.rings)
    chosen = answers.chosen_on
    note = "not stated: say how the target area was drawn, and on which data it was chosen"
    if chosen:
        note = comment_text(answers.target.evidence)
    chosen_line = (
        f"chosen_on   = {{ start = {chosen.start}, end = {chosen.end} }}   # the events among whose hotspots it was chosen\n"
        if chosen
        else ""
    )
    return f"""[[operation]]
name        = {toml_string(answers.name)}
tactic      = {toml_string(answers.tactic)}{_guess(plan, "tactic")}
objective   = "not stated"
start       = {answers.start}
end         = {answers.end}{_guess(plan, "end") or "   # both days are part of the operation"}
target      = {toml_string(answers.target.file)}   # {comment_text(answers.target.evidence)}
target_note = {toml_string(note)}
{chosen_line}rings       = {{ gap = {operation.gap:g}, outer = [{outer}] }}{_guess(plan, "rings")}
before      = {{ start = {operation.before.start}, end = {operation.before.end} }}{_guess(plan, "before")}
after       = [{", ".join(map(toml_string, operation.after))}]{_guess(plan, "after")}

"""


def _comparison_text(plan: ProposedStudy) -> str:
    if plan.compared is None:
        return ""
    before, after = plan.compared
    return f"""[[comparison]]
name   = "the last year and the year before"   # guessed: two whole years that every file covers
before = {{ start = {before.start}, end = {before.end} }}
after  = {{ start = {after.start}, end = {after.end} }}

"""


def comment_text(text: str) -> str:
    """Return a text without line breaks and control characters, so that it stays inside its comment."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\u0085]+", " ", text)


def _source_text(source: SourceMatch) -> str:
    files = f"[{', '.join(map(toml_string, source.files))}]"
    is_given = source.evidence == "as you said"
    ledger = source.ledger
    places = source.places
    span = (
        f"# {ledger.total('read'):,} rows in {len(ledger.files)} files, {ledger.coverage.start} to {ledger.coverage.last}"
        if ledger
        else f"# {places.total('read'):,} rows in {len(places.files)} files, without dates"
        if places
        else ""
    )
    gaps = f"; no row in {_months_text(ledger.missing_months)}" if ledger and ledger.missing_months else ""
    notes = "".join(f"# note: {comment_text(note.text())}\n" for note in ledger.notes) if ledger else ""
    unchecked = (
        "# The format is a guess: nothing is read until it is checked and its line guessed = true taken out.\n"
        if source.guess
        else ""
    )
    return f"""{span}{gaps}
{notes}{unchecked}[[source]]
name   = {toml_string(source.name)}
kind   = {toml_string(source.kind)}   # guessed: from the names of format, files and categories
format = {toml_string(source.format)}   # {"" if is_given else "guessed: "}{comment_text(source.evidence)}
files  = {files}

"""


def _months_text(months: Sequence[object]) -> str:
    return ", ".join(str(month)[:7] for month in months[:_MAX_SHOWN]) + (
        " and more" if len(months) > _MAX_SHOWN else ""
    )


def _measure_text(measure: ProposedMeasure) -> str:
    where = (
        f"where       = {{ category = [{', '.join(map(toml_string, measure.categories))}] }}\n"
        if measure.categories
        else ""
    )
    if measure.undated:
        stands_for = "# a list of places without dates: it is mapped per km2, and stands for no harm and no activity"
    elif not measure.is_harm:
        stands_for = "activity    = true   # guessed: what enforcement or services did; shown next to the harms and never added to them"
    else:
        stands_for = f"harm        = {{ borne_by = {toml_string(measure.borne_by)}, type = {toml_string(measure.type)} }}   # guessed: {measure.rows:,} rows in the files"
    if measure.counted_as_harm:
        stands_for += (
            "\ncount_as_harm = true   # you named enforcement activity as the primary outcome: every report will say so"
        )
    recorded = "police" if measure.counted_as_harm else measure.recorded_by
    return f"""[[measure]]
name        = {toml_string(measure.name)}
source      = {toml_string(measure.source)}
{where}unit        = {toml_string(measure.unit)}
recorded_by = {toml_string(recorded)}   # guessed: from what it counts
{stands_for}

"""


def _uncounted_text(plan: ProposedStudy) -> str:
    reasons = {
        True: "may say the opposite of a harm, or something else; no measure counts them",
        False: "have no word that is known; no measure counts them",
    }
    lines = []
    for name, categories in plan.uncounted.items():
        for doubtful, reason in reasons.items():
            listed = listed_categories([one for one in categories if one.doubtful is doubtful])
            if listed:
                lines.append(
                    f"# categories of {comment_text(name)} that {reason} (with their rows): {comment_text(listed)}"
                )
    return "\n".join([*lines, "", ""]) if lines else ""
