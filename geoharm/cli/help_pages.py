"""How help looks: verbs in the order of work, under headings, one whole sentence each."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from geoharm.cli.exit_codes import EXIT_CODES

# The headings, in the order of work. A verb names its own when it is registered (`rich_help_panel`).
FIRST_LOOK = "First look"
STUDY = "Study"
BEFORE = "Before an operation"
ABOUT = "About geoharm"
HEADINGS = (FIRST_LOOK, STUDY, BEFORE, ABOUT)
_NO_HEADING = "Verbs"
_EXAMPLE_WIDTH = 74


class VerbGroup(TyperGroup):
    """A group of verbs whose help lists them under their headings, each with the first sentence of its help."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- asked for by the class it is of
        """Return the names of the verbs, in the order of the headings and, under each, as they were registered."""
        names = list(self.commands)
        return sorted(names, key=lambda name: self._place(self.commands[name]))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs under their headings."""
        verbs = [(name, self.commands[name]) for name in self.list_commands(ctx) if not self.commands[name].hidden]
        width = max((len(name) for name, _ in verbs), default=0)
        rows: dict[str, list[tuple[str, str]]] = {}
        for name, verb in verbs:
            # Names of one width, so that the sentences stand below each other across headings.
            rows.setdefault(self._heading(verb), []).append((f"{name:<{width}}", first_sentence(verb.help)))
        for heading, lines in rows.items():
            with formatter.section(heading):
                formatter.write_dl(lines)

    def _heading(self, verb: Any) -> str:
        heading = getattr(verb, "rich_help_panel", None)
        return heading if heading in HEADINGS else _NO_HEADING

    def _place(self, verb: Any) -> int:
        heading = self._heading(verb)
        return HEADINGS.index(heading) if heading in HEADINGS else len(HEADINGS)


class WholeProgram(VerbGroup):
    """The verbs of geoharm; its help ends with the exit codes."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 -- as above
        """Write the exit codes, and where more is said."""
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text("`geoharm VERB --help` explains a verb and ends with an example.")


def example(command: str) -> str:
    r"""Return the end of a verb's help: an example that can be copied as it stands, on several lines if it is long.

    Examples
    --------
    >>> example("check pipelines/demo.toml")
    '\x08\nExample: geoharm check pipelines/demo.toml'
    """
    # Help keeps the lines of a paragraph that begins with a backspace.
    one_line = f"Example: geoharm {command}"
    if len(one_line) <= _EXAMPLE_WIDTH:
        return f"\b\n{one_line}"
    lines = [""]
    for part in f"geoharm {command}".split(" --"):
        words = part if lines == [""] else f"--{part}"
        if len(lines[-1]) + len(words) < _EXAMPLE_WIDTH:
            lines[-1] = f"{lines[-1]} {words}".lstrip()
        else:
            lines.append(words)
    return "\b\nExample:\n" + " \\\n    ".join(lines)


def first_sentence(text: str | None) -> str:
    r"""Return the first paragraph of a help text on one line.

    Examples
    --------
    >>> first_sentence("Read a study file.\n\nNo data are read.")
    'Read a study file.'
    """
    return " ".join((text or "").split("\n\n", maxsplit=1)[0].split())
