"""From the flags of `geoharm new` and a first look at the files to a proposed study; what is missing is named at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from geoharm.cli import new_flags
from geoharm.cli.ask import list_numbered, say
from geoharm.cli.lazy import lazy
from geoharm.cli.new_flags import Flags
from geoharm.errors import StudyError
from geoharm.model.period import Period

if TYPE_CHECKING:
    from geoharm.model import geometry
    from geoharm.scaffold import first_look, proposal, target_candidates
    from geoharm.scaffold import measures as scaffold_measures
    from geoharm.scaffold.areas import UnprojectedArea
    from geoharm.scaffold.first_look import FirstLook
    from geoharm.scaffold.measures import ProposedMeasure
    from geoharm.scaffold.proposal import Answers, OperationAnswers, ProposedStudy
    from geoharm.scaffold.sources import SourceMatch, UnusedFile
    from geoharm.scaffold.target_candidates import TargetCandidate
else:
    first_look = lazy("scaffold.first_look")
    geometry = lazy("model.geometry")
    proposal = lazy("scaffold.proposal")
    scaffold_measures = lazy("scaffold.measures")
    target_candidates = lazy("scaffold.target_candidates")

_USUAL_TACTIC = "crackdown"


def look_at(flags: Flags, sources: Sequence[SourceMatch], unused: Sequence[UnusedFile]) -> FirstLook:
    """Return the first look at the files, with the study area that the flags name or one drawn around the events.

    Once the days of an operation are known, files that do not reach around them are left out.
    """
    days = None
    if flags.start:
        first_day = new_flags.day_of(flags.start, "--start")
        days = (first_day, new_flags.last_day_of(flags.end, first_day))
    return first_look.take_first_look(
        sources,
        unused,
        area=new_flags.area_of(flags),
        crs=flags.crs,
        area_file=f"{flags.study_file.stem}_area.geojson",
        operation_days=days,
    )


def leading_measure(flags: Flags, look: FirstLook) -> ProposedMeasure:
    """Return the measure that the study is about.

    Raises
    ------
    StudyError
        If nothing in the files can be it.
    """
    choices = proposal.choices_within(look.sources, new_flags.choices_of(flags))
    measures, uncounted = scaffold_measures.propose_measures(look.sources, choices)
    measures, name = scaffold_measures.choose_primary(
        measures, flags.primary, uncounted, sources=look.sources, evaluated=not flags.no_operation
    )
    return next(measure for measure in measures if measure.name == name)


def candidates(flags: Flags, look: FirstLook) -> tuple[TargetCandidate, ...]:
    """Return the hotspots of the primary outcome before the operation, to choose a target area from."""
    leading = leading_measure(flags, look)
    source = next(one for one in look.sources if one.name == leading.source)
    assert source.events is not None and source.ledger is not None  # noqa: S101, PT018 a first look keeps what was read
    return target_candidates.find_candidates(
        source.events,
        leading.categories,
        name=leading.name,
        area=geometry.StudyArea(look.area.within(look.crs), look.crs),
        before=new_flags.day_of(flags.start, "--start") if flags.start else None,
        location_error=source.ledger.location_error,
    )


def missing(flags: Flags, look: FirstLook) -> list[str]:
    """Return all that must be said before a study can be written, each with its flags; candidates for a target are listed."""
    lines = []
    try:
        leading_measure(flags, look)
    except StudyError as error:
        if flags.primary:
            raise
        lines.append(f"--primary CATEGORY: {error}")
    if flags.no_operation:
        return lines
    if not flags.operation:
        lines.append("--operation NAME; or --no-operation, to map where harm concentrates and evaluate nothing")
    if not flags.start:
        lines.append("--start DATE, the operation's first day, such as 2021-05-01")
    if not flags.says_target:
        found = () if lines and lines[0].startswith("--primary") else candidates(flags, look)
        if found:
            show_candidates(flags, found)
        choice = f" or --target-candidate N (1 to {len(found)}, listed above)" if found else ""
        lines.append(f"--target FILE, --target-around LON,LAT,METRES{choice}, the operation's target area")
    return lines


def show_candidates(flags: Flags, found: Sequence[TargetCandidate]) -> None:
    """Print hotspots to choose a target area from, on standard error."""
    say(f"Hotspots of {found[0].found_on}{', before the operation' if flags.start else ''}:")
    list_numbered([one.line() for one in found])


def refuse_missing(flags: Flags, look: FirstLook) -> None:
    """Refuse flags that leave something open which only a person can say.

    Raises
    ------
    StudyError
        Naming all of it.
    """
    lines = missing(flags, look)
    if not lines:
        return
    listed = "\n".join(f"  {line}" for line in lines)
    raise StudyError([f"Nothing was written, for this is missing:\n{listed}"])


def plan_of(flags: Flags, look: FirstLook, found: Sequence[TargetCandidate] = ()) -> ProposedStudy:
    """Return the proposed study.

    Parameters
    ----------
    flags : Flags
        With all that is needed.
    look : FirstLook
    found : sequence of TargetCandidate
        The candidates for the target, if they are known already.

    Raises
    ------
    StudyError, DesignError
        If the data cannot carry it.
    """
    return proposal.propose_study(look, answers(flags, look, found))


def answers(flags: Flags, look: FirstLook, found: Sequence[TargetCandidate] = ()) -> Answers:
    """Return what the flags say, as answers."""
    return proposal.Answers(
        operation=None if flags.no_operation else _operation(flags, look, found),
        primary=flags.primary,
        choices=new_flags.choices_of(flags),
        period=new_flags.period_of(flags),
    )


def _operation(flags: Flags, look: FirstLook, found: Sequence[TargetCandidate]) -> OperationAnswers:
    first_day = new_flags.day_of(flags.start, "--start")
    target, chosen_on = _target(flags, look, found)
    return proposal.OperationAnswers(
        name=flags.operation,
        tactic=flags.tactic or _USUAL_TACTIC,
        start=first_day,
        end=new_flags.last_day_of(flags.end, first_day),
        target=target,
        end_given=bool(flags.end),
        tactic_given=bool(flags.tactic),
        chosen_on=chosen_on,
        rings=new_flags.rings_of(flags.rings),
    )


def _target(flags: Flags, look: FirstLook, found: Sequence[TargetCandidate]) -> tuple[UnprojectedArea, Period | None]:
    named = new_flags.target_of(flags)
    if named is not None:
        return named, None
    found = found or candidates(flags, look)
    if not 1 <= flags.target_candidate <= len(found):
        choice = f"there are {len(found)}: run this again without it to see them" if found else "there is no hotspot"
        raise StudyError([f"--target-candidate is {flags.target_candidate}, but {choice}."])
    chosen = found[flags.target_candidate - 1]
    area = chosen.area(f"{flags.study_file.stem}_target.geojson", look.crs)
    return area, Period(chosen.first, chosen.last + timedelta(days=1))
