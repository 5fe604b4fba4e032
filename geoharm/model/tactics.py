"""The tactics that an operation may have: an open list of the field's names."""

from __future__ import annotations

# Of an operation that is pooled from rows of more than one tactic.
SEVERAL = "several"

TACTICS = (
    "arrest referral",
    "asset recovery",
    "civil order",
    "crackdown",
    "diversion",
    "focused deterrence",
    "neighbourhood policing",
    "nuisance abatement",
    "placebo",
    "problem-oriented",
    "seizure",
    SEVERAL,
    "street-level partnership",
    "treatment outreach",
    "undercover",
)
