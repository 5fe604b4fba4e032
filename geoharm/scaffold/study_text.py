"""The words of a first study file: every guess is marked, with its evidence beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._validation import toml_string
from geoharm.scaffold.measures import ProposedMeasure
from geoharm.scaffold.proposal import ProposedStudy
from geoharm.scaffold.sources import SourceMatch

_SHOWN = 12


def study_text(plan: ProposedStudy) -> str:
    """Return the study file as TOML."""
    answers = plan.answers

    def why(key: str) -> str:
        return f"   # guessed: {comment_text(plan.reasons[key].why)}" if key in plan.reasons else ""

    outer = ", ".join(f"{one:g}" for one in plan.rings)
    left = "".join(f"# not used: {comment_text(one.what)}: {comment_text(one.why)}\n" for one in plan.left_out)
    return f"""# Made by `geoharm new`. What is marked "guessed" was read off the files: check each line of it.
# What every key means: docs/study-file.md

[study]
name    = {toml_string(f"{answers.operation}, {answers.start:%Y}")}
area    = {toml_string(answers.area.file)}   # {comment_text(answers.area.evidence)}
crs     = {toml_string(plan.crs)}{why("crs")}
period  = {{ start = {plan.period.start}, end = {plan.period.end} }}{why("period") or "   # the end does not count"}
seed    = {answers.start:%Y%m%d}
primary = {toml_string(plan.primary)}{why("primary")}

{left}{chr(10) if left else ""}{"".join(_source(one) for one in plan.sources)}{
        "".join(_measure(one) for one in plan.measures)
    }{_uncounted(plan)}[[operation]]
name        = {toml_string(answers.operation)}
tactic      = {toml_string(answers.tactic)}
objective   = "not stated"
start       = {answers.start}
end         = {answers.end}{why("end") or "   # both days are part of the operation"}
target      = {toml_string(answers.target.file)}   # {comment_text(answers.target.evidence)}
target_note = "not stated: say how the target area was drawn, and on which data it was chosen"
rings       = {{ gap = {plan.gap:g}, outer = [{outer}] }}{why("rings")}
before      = {{ start = {plan.before.start}, end = {plan.before.end} }}{why("before")}
after       = [{", ".join(map(toml_string, plan.after))}]{why("after")}

[publish]
release    = "public"
disclosure = "under-5"
"""


def comment_text(text: str) -> str:
    """Return a text that stays inside its comment."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\u0085]+", " ", text)


def _source(one: SourceMatch) -> str:
    files = f"[{', '.join(map(toml_string, one.files))}]"
    said = one.evidence == "as you said"
    ledger = one.ledger
    span = (
        f"# {ledger.total('read'):,} rows in {len(ledger.files)} files, {ledger.coverage.start} to {ledger.coverage.last}"
        if ledger
        else ""
    )
    gaps = f"; no row in {_months(ledger.missing_months)}" if ledger and ledger.missing_months else ""
    notes = "".join(f"# note: {comment_text(note.text())}\n" for note in ledger.notes) if ledger else ""
    unchecked = (
        "# The format is a guess: nothing is read until it is checked and its line guessed = true taken out.\n"
        if one.guess
        else ""
    )
    return f"""{span}{gaps}
{notes}{unchecked}[[source]]
name   = {toml_string(one.name)}
kind   = {toml_string(one.kind)}   # guessed: from the names of format, files and categories
format = {toml_string(one.format)}   # {"" if said else "guessed: "}{comment_text(one.evidence)}
files  = {files}

"""


def _months(months: Sequence[object]) -> str:
    return ", ".join(str(month)[:7] for month in months[:_SHOWN]) + (" and more" if len(months) > _SHOWN else "")


def _measure(one: ProposedMeasure) -> str:
    where = (
        f"where       = {{ category = [{', '.join(map(toml_string, one.categories))}] }}\n" if one.categories else ""
    )
    if not one.is_harm:
        stands = (
            "activity    = true   # guessed: shown beside the harms and in no sum, as what enforcement or services did"
        )
    else:
        stands = f"harm        = {{ borne_by = {toml_string(one.borne_by)}, type = {toml_string(one.type)} }}   # guessed: {one.rows:,} rows in the files"
    if one.counted_as_harm:
        stands += (
            "\ncount_as_harm = true   # you named enforcement activity as the primary outcome: every report will say so"
        )
    recorded = "police" if one.counted_as_harm else one.recorded_by
    return f"""[[measure]]
name        = {toml_string(one.name)}
source      = {toml_string(one.source)}
{where}unit        = {toml_string(one.unit)}
recorded_by = {toml_string(recorded)}   # guessed: from what it counts
{stands}

"""


def _uncounted(plan: ProposedStudy) -> str:
    lines = [
        f"# no measure counts, of {comment_text(name)}: " + ", ".join(toml_string(text) for text in texts[:_SHOWN])
        + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
        for name, texts in plan.uncounted.items()
    ]  # fmt: skip
    return "\n".join([*lines, "", ""]) if lines else ""
