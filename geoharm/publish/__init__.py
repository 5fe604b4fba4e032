"""Disclosure first, then pictures and words: everything here takes what `disclose` made, and nothing else."""

from geoharm.publish.disclosure import DisclosedStudy, disclose
from geoharm.publish.files import Published, check_folder, publish_study
from geoharm.publish.maps import build_map
from geoharm.publish.states import State, state_of
from geoharm.publish.verdict import Verdict, judge

__all__ = [
    "DisclosedStudy",
    "Published",
    "State",
    "Verdict",
    "build_map",
    "check_folder",
    "disclose",
    "judge",
    "publish_study",
    "state_of",
]
