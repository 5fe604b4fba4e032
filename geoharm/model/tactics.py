"""The tactics that an operation may have: an open list of the field's names."""

from __future__ import annotations

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
    "street-level partnership",
    "treatment outreach",
    "undercover",
)
