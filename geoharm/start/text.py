"""The words of a first study file: every guess is marked, with its evidence beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._tables import quoted
from geoharm.start.found import Found
from geoharm.start.measures import PlannedMeasure
from geoharm.start.plan import Plan

_SHOWN = 12


def study_text(plan: Plan) -> str:
    """Return the study file as TOML."""
    answers = plan.answers

    def why(key: str) -> str:
        return f"   # guessed: {plain(plan.reasons[key].why)}" if key in plan.reasons else ""

    outer = ", ".join(f"{one:g}" for one in plan.rings)
    left = "".join(f"# not used: {plain(one.what)}: {plain(one.why)}\n" for one in plan.left_out)
    return f"""# Made by `geoharm new`. What is marked "guessed" was read off the files: check each line of it.
# What every key means: docs/study-file.md

[study]
name    = {quoted(f"{answers.operation}, {answers.start:%Y}")}
area    = {quoted(answers.area.file)}   # {plain(answers.area.evidence)}
crs     = {quoted(plan.crs)}{why("crs")}
period  = {{ start = {plan.period.start}, end = {plan.period.end} }}{why("period") or "   # the end does not count"}
seed    = {answers.start:%Y%m%d}
primary = {quoted(plan.primary)}{why("primary")}

{left}{chr(10) if left else ""}{"".join(_source(one) for one in plan.sources)}{
        "".join(_measure(one) for one in plan.measures)
    }{_uncounted(plan)}[[operation]]
name        = {quoted(answers.operation)}
tactic      = {quoted(answers.tactic)}
objective   = "not stated"
start       = {answers.start}
end         = {answers.end}{why("end") or "   # both days are part of the operation"}
target      = {quoted(answers.target.file)}   # {plain(answers.target.evidence)}
target_note = "not stated: say how the target area was drawn, and on which data it was chosen"
rings       = {{ gap = {plan.gap:g}, outer = [{outer}] }}{why("rings")}
before      = {{ start = {plan.before.start}, end = {plan.before.end} }}{why("before")}
after       = [{", ".join(map(quoted, plan.after))}]{why("after")}

[publish]
release    = "public"
disclosure = "under-5"
"""


def plain(text: str) -> str:
    """Return a text that stays inside its comment."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\u0085]+", " ", text)


def _source(one: Found) -> str:
    files = f"[{', '.join(map(quoted, one.files))}]"
    said = one.evidence == "as you said"
    ledger = one.ledger
    span = (
        f"# {ledger.total('read'):,} rows in {len(ledger.files)} files, {ledger.coverage.start} to {ledger.coverage.last}"
        if ledger
        else ""
    )
    gaps = f"; no row in {_months(ledger.missing_months)}" if ledger and ledger.missing_months else ""
    notes = "".join(f"# note: {plain(note.text())}\n" for note in ledger.notes) if ledger else ""
    unchecked = (
        "# The format is a guess: nothing is read until it is checked and its line guessed = true taken out.\n"
        if one.guess
        else ""
    )
    return f"""{span}{gaps}
{notes}{unchecked}[[source]]
name   = {quoted(one.name)}
kind   = {quoted(one.kind)}   # guessed: from the names of format, files and categories
format = {quoted(one.format)}   # {"" if said else "guessed: "}{plain(one.evidence)}
files  = {files}

"""


def _months(months: Sequence[object]) -> str:
    return ", ".join(str(month)[:7] for month in months[:_SHOWN]) + (" and more" if len(months) > _SHOWN else "")


def _measure(one: PlannedMeasure) -> str:
    where = f"where       = {{ category = [{', '.join(map(quoted, one.categories))}] }}\n" if one.categories else ""
    if not one.is_harm:
        stands = (
            "activity    = true   # guessed: shown beside the harms and in no sum, as what enforcement or services did"
        )
    else:
        stands = f"harm        = {{ borne_by = {quoted(one.borne_by)}, type = {quoted(one.type)} }}   # guessed: {one.rows:,} rows in the files"
    if one.counted_as_harm:
        stands += (
            "\ncount_as_harm = true   # you named enforcement activity as the primary outcome: every report will say so"
        )
    recorded = "police" if one.counted_as_harm else one.recorded_by
    return f"""[[measure]]
name        = {quoted(one.name)}
source      = {quoted(one.source)}
{where}unit        = {quoted(one.unit)}
recorded_by = {quoted(recorded)}   # guessed: from what it counts
{stands}

"""


def _uncounted(plan: Plan) -> str:
    lines = [
        f"# no measure counts, of {plain(name)}: " + ", ".join(quoted(text) for text in texts[:_SHOWN])
        + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
        for name, texts in plan.uncounted.items()
    ]  # fmt: skip
    return "\n".join([*lines, "", ""]) if lines else ""
