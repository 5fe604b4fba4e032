"""Disclosure first, then pictures and words: everything here takes what `disclose` made, and nothing else."""

from geoharm.publish.appraisal_page import appraisal_record, disclose_appraisal, publish_appraisal
from geoharm.publish.disclosure import DisclosedStudy, disclose
from geoharm.publish.files import Published, check_folder, publish_study
from geoharm.publish.index import has_index, write_index
from geoharm.publish.maps import build_map
from geoharm.publish.priorities import publish_ranking, ranking_record
from geoharm.publish.ranked import disclose_ranking
from geoharm.publish.states import State, state_of
from geoharm.publish.verdict import Verdict, judge

__all__ = [
    "DisclosedStudy",
    "Published",
    "State",
    "Verdict",
    "appraisal_record",
    "build_map",
    "check_folder",
    "disclose",
    "disclose_appraisal",
    "disclose_ranking",
    "has_index",
    "judge",
    "publish_appraisal",
    "publish_ranking",
    "publish_study",
    "ranking_record",
    "state_of",
    "write_index",
]
