"""A first study from the files of a folder: what can be read off them is proposed with its evidence, and marked as a guess."""

from geoharm.start.found import Found, LeftOut, find_sources
from geoharm.start.measures import PlannedMeasure, choose_primary, plan_measures
from geoharm.start.places import Place, circle, circle_text, read_place
from geoharm.start.plan import Answers, Plan, Reason, plan_study
from geoharm.start.text import study_text

__all__ = [
    "Answers",
    "Found",
    "LeftOut",
    "Place",
    "Plan",
    "PlannedMeasure",
    "Reason",
    "choose_primary",
    "circle",
    "circle_text",
    "find_sources",
    "plan_measures",
    "plan_study",
    "read_place",
    "study_text",
]
