"""The dialogue of `geoharm new`: one question after the other, until every flag that is needed is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoharm.cli import new_flags, new_plan
from geoharm.cli.ask import NO_BREAK, ask, chosen_number, chosen_numbers, list_numbered, say
from geoharm.cli.lazy import lazy
from geoharm.cli.new_flags import DRAWN, Flags
from geoharm.errors import StudyError
from geoharm.model.tactics import TACTICS

if TYPE_CHECKING:
    from geoharm.model import measure as model_measure
    from geoharm.scaffold import measures as scaffold_measures
    from geoharm.scaffold.first_look import FirstLook
    from geoharm.scaffold.measures import UncountedCategory
    from geoharm.scaffold.sources import SourceMatch, UnusedFile
    from geoharm.scaffold.target_candidates import TargetCandidate
else:
    model_measure = lazy("model.measure")
    scaffold_measures = lazy("scaffold.measures")

_NONE = "none"
_BACK = f'"{_NONE}" for a study without an operation'


class Dialogue:
    """A dialogue, with what was answered so far.

    Parameters
    ----------
    flags : Flags
        What the command line said already; nothing of it is asked.
    sources : sequence of SourceMatch
    unused : sequence of UnusedFile

    Attributes
    ----------
    flags : Flags
        With every answer so far.
    look : FirstLook or None
        Once the study area is known.
    found : tuple of TargetCandidate
        Once candidates for a target were listed.
    """

    def __init__(self, flags: Flags, sources: Sequence[SourceMatch], unused: Sequence[UnusedFile]) -> None:
        self.flags = flags
        self._sources = sources
        self._unused = unused
        self.look: FirstLook | None = None
        self.found: tuple[TargetCandidate, ...] = ()

    def run(self) -> FirstLook:
        """Ask whatever is not known yet, and return the first look at the files.

        Raises
        ------
        GeoharmError
            If no file can be used.
        typer.Abort
            If the session is broken off; `flags` then holds every answer so far.
        """
        self.look = look = self._ask_area()
        self._ask_categories(look)
        self._ask_primary(look)
        self.look = look = self._ask_operation(look)
        if not self.flags.no_operation:
            self._ask_target(look)
        if not self.flags.no_operation:
            self._ask_tactic()
            self._ask_rings(look)
        return look

    def _keep(self, **answers: object) -> None:
        self.flags = replace(self.flags, **answers)  # type: ignore[arg-type]

    def _ask_area(self) -> FirstLook:
        look = new_plan.look_at(self.flags, self._sources, self._unused)
        if self.flags.says_where or look.proposed is None:
            say(f"Study area: {look.area.evidence}. Coordinate system: {look.crs}.")
            return look
        say(f"Study area: {look.area.evidence}. Coordinate system: {look.crs}, {look.crs_why} (--crs names another).")

        def accept(text: str) -> FirstLook:
            if text == DRAWN:
                self._keep(area=DRAWN)
                return look
            flags = _with_area(self.flags, text, "area")
            taken = new_plan.look_at(flags, self._sources, self._unused)
            self.flags = flags
            return taken

        return ask("Enter takes it; or a file, or a circle: longitude,latitude,km", accept, default=DRAWN)

    def _ask_categories(self, look: FirstLook) -> None:
        """Ask what the categories stand for that no word list knows; what is not chosen is left out."""
        if self.flags.harm or self.flags.activity or self.flags.leave_out or self.flags.primary:
            return
        _, uncounted = scaffold_measures.propose_measures(look.sources)
        kinds = {source.name: source.kind for source in look.sources}
        for source, categories in uncounted.items():
            self._ask_categories_of(source, list(categories), kinds[source])

    def _ask_categories_of(self, source: str, categories: list[UncountedCategory], kind: str) -> None:
        say(f"These categories of {source} have no word that geoharm knows for certain, so nothing counts them yet:")
        list_numbered([f"{one.category} ({one.rows:,})" for one in categories])
        left = dict(enumerate(categories, start=1))
        bearer, harm_type = scaffold_measures.default_harm(kind)
        question = "Which are a harm? Numbers such as 1,3 5-7; Enter: none"
        while chosen := self._ask_numbers(question, left):
            names = ", ".join(f'"{one.category}"' for one in chosen)
            say(f"Who bears the harm of {names}?")
            borne_by = _ask_one_of(model_measure.BORNE_BY, default=bearer)
            say("And of what type is it?")
            of_type = _ask_one_of(model_measure.HARM_TYPES, default=harm_type)
            self._keep(harm=(*self.flags.harm, *(f"{one.category}={borne_by}/{of_type}" for one in chosen)))
            if not left:
                break
            question = "Further harms? Numbers; Enter: no more"
        if left and (chosen := self._ask_numbers("Which are what police or services did? Numbers; Enter: none", left)):
            self._keep(activity=(*self.flags.activity, *(one.category for one in chosen)))
        self._keep(leave_out=(*self.flags.leave_out, *(one.category for one in left.values())))

    @staticmethod
    def _ask_numbers(question: str, left: dict[int, UncountedCategory]) -> list[UncountedCategory]:
        """Return the categories whose numbers were typed, and take them out of those that are left."""

        def accept(text: str) -> list[int]:
            numbers = chosen_numbers(text, max(left))
            gone = [number for number in numbers if number not in left]
            if gone:
                raise StudyError([f"Number {gone[0]} was chosen before; type others, or Enter."])
            return numbers

        return [left.pop(number) for number in ask(question, accept)]

    def _ask_primary(self, look: FirstLook) -> None:
        if self.flags.primary:
            new_plan.leading_measure(self.flags, look)
            return
        measures, _ = scaffold_measures.propose_measures(look.sources, new_flags.choices_of(self.flags))
        harms = sorted((one for one in measures if one.is_harm), key=lambda one: -one.rows)
        days = {source.name: _days(source) for source in look.sources}
        choices = {one.name: f"{one.name} ({one.rows:,} rows, {days[one.source]})" for one in harms}
        if not harms:
            rows = {name: count for source in look.sources for name, count in source.categories.items()}
            activity = {text for one in measures for text in one.categories}
            names = scaffold_measures.categories_of(look.sources)
            choices = {
                name: f"{name} ({rows[name]:,} rows{'; enforcement activity' if name in activity else ''})"
                for name in names
            } or {one.name: f"{one.name} ({one.rows:,} rows)" for one in measures}
            say(
                "No harm is among these, and a study is about one measure. A category of enforcement activity can be mapped;"
            )
            say("where an operation is evaluated by it, it is counted as harm, and every report says so.")
        if len(choices) == 1 and harms:
            (name,) = choices
            say(f"Primary outcome: {choices[name]}, the only harm in these files.")
            self._keep(primary=name)
            return
        say("Primary outcome, the one measure that the study is about:")
        list_numbered(list(choices.values()))
        names = list(choices)

        def accept(text: str) -> str:
            name = names[chosen_number(text, len(names)) - 1] if text.isdecimal() else text
            asked = replace(self.flags, primary=name, no_operation=True)
            new_plan.leading_measure(asked, look)
            return name

        self._keep(primary=ask("Its number, or any category", accept, default="1"))

    def _ask_operation(self, look: FirstLook) -> FirstLook:
        """Ask for the operation and its days; return the first look at the files that reach around them."""
        if self.flags.no_operation:
            return look
        about = (self.flags.operation, self.flags.start, self.flags.says_target)
        if not self.flags.operation:
            optional = "" if any(about) else "; Enter: none, a map of hotspots"
            name = ask(f"Name of the operation{optional}", lambda text: _needed(text, bool(optional)))
            if not name:
                self._keep(no_operation=True)
                return look
            self._keep(operation=name)
        if not self.flags.start:
            self._keep(start=ask("Its first day, such as 2021-05-01", lambda text: self._accepted_days(text, "")[0]))
        if not self.flags.end:
            start = self.flags.start
            self._keep(end=ask("Its last day", lambda text: self._accepted_days(start, text)[1], default=start))
        narrower = self._look_around_days(self.flags)
        for one in narrower.left_out:
            if one not in look.left_out:
                say(f"Not used: {one.what}: {one.why}.", indent=1)
        if narrower.proposed and look.proposed and narrower.area.outline != look.area.outline:
            say(f"Study area, without these files: {narrower.area.evidence}.", indent=1)
        return narrower

    def _look_around_days(self, flags: Flags) -> FirstLook:
        return new_plan.look_at(flags, self._sources, self._unused)

    def _accepted_days(self, start: str, end: str) -> tuple[str, str]:
        """Return the first and last day as typed; refuse days that no file of the primary outcome reaches around."""
        first_day = new_flags.day_of(start, "The first day")
        new_flags.last_day_of(end, first_day)
        flags = replace(self.flags, start=start, end=end)
        new_plan.leading_measure(flags, self._look_around_days(flags))
        return start, end

    def _ask_target(self, look: FirstLook) -> None:
        if self.flags.says_target:
            return
        self.found = new_plan.candidates(self.flags, look)
        say("Target area, where the operation was.")
        if self.found:
            new_plan.show_candidates(self.flags, self.found)
        number = "A number, a file" if self.found else "A file"

        def accept(text: str) -> Flags:
            if text == _NONE:
                return replace(self.flags, operation="", start="", end="", no_operation=True)
            if text.isdecimal() and self.found:
                flags = replace(self.flags, target_candidate=chosen_number(text, len(self.found)))
            else:
                flags = _with_area(self.flags, _needed(text, False), "target")
            new_plan.plan_of(flags, look, self.found)
            return flags

        say(f"{number}, or a circle: longitude,latitude,metres; or {_BACK}.", indent=1)
        self.flags = ask("Target area", accept)

    def _ask_tactic(self) -> None:
        if self.flags.tactic:
            return
        say("What kind of operation was it?")
        self._keep(tactic=_ask_one_of(TACTICS, default="crackdown"))

    def _ask_rings(self, look: FirstLook) -> None:
        if self.flags.rings:
            return
        plan = new_plan.plan_of(self.flags, look, self.found)
        assert plan.operation is not None  # noqa: S101 it was asked for
        reason = plan.reasons["rings"]
        say(f"Rings around the target: {reason.value} ({reason.why}).")
        proposed = ",".join(f"{edge:g}" for edge in (plan.operation.gap, *plan.operation.rings))

        def accept(text: str) -> str:
            if text == proposed:
                return ""
            new_plan.plan_of(replace(self.flags, rings=text), look, self.found)
            return text

        self._keep(rings=ask("Gap and outer edges in metres", accept, default=proposed))


def _days(source: SourceMatch) -> str:
    assert source.ledger is not None  # noqa: S101 a first look keeps what was read
    return f"{source.ledger.coverage.start} to {source.ledger.coverage.last}"


def _needed(text: str, may_be_empty: bool) -> str:
    if not text and not may_be_empty:
        raise StudyError(["This is needed; type it, or end with Ctrl-C: what you answered so far is not lost."])
    return text


def _with_area(flags: Flags, text: str, key: str) -> Flags:
    """Return the flags with a file or a circle as study or target area; refuse what is neither."""
    parts = text.split(",")
    is_circle = len(parts) == 3 and not Path(text).exists()
    flags = replace(flags, **{key: "" if is_circle else text, f"{key}_around": text if is_circle else ""})  # type: ignore[arg-type]
    if key == "area":
        new_flags.area_of(flags)
    else:
        new_flags.target_of(flags)
    return flags


def _ask_one_of(names: Sequence[str], *, default: str) -> str:
    """Return one of several names, chosen by number or typed."""
    choices = (f"{number} {name}".replace(" ", NO_BREAK) for number, name in enumerate(names, start=1))
    say("  ".join(choices), indent=2, hang=0)

    def accept(text: str) -> str:
        return text if text in names else names[chosen_number(text, len(names)) - 1]

    return ask("Its number", accept, default=str(list(names).index(default) + 1))
