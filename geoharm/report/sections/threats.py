"""Report sections for the board: what would change the verdict, and the answer in short."""

from __future__ import annotations

from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.document import Block, CardRow, Paragraph, RichText, Section
from geoharm.report.section_html import strong
from geoharm.report.wording.summary import summarise
from geoharm.report.wording.threats import Threat
from geoharm.report.wording.verdict import Verdict

_CARDS = 3


def threats_section(verdict: Verdict) -> tuple[Section, ...]:
    """Return what the comparison is exposed to: the first threats as cards, the others as text."""
    cards = tuple(_card(number, threat) for number, threat in enumerate(verdict.threats[:_CARDS], start=1))
    blocks: list[Block] = [
        Paragraph("What the comparison is exposed to, and what would settle each.", "how"),
        CardRow(cards),
    ]
    others = verdict.threats[_CARDS:]
    if others:
        text = " ".join(f"{threat.title}: {threat.text}" for threat in others)
        blocks.append(Paragraph((strong("Also:"), f" {text}"), "small"))
    blocks.append(Paragraph(verdict.not_tested, "small"))
    return (Section("threats", "What would change this verdict", "For the board", tuple(blocks)),)


def _card(number: int, threat: Threat) -> tuple[str, tuple[RichText, ...]]:
    settle = (strong("Would settle it:"), f" {threat.settle}")
    return f"{number}. {threat.title}", (threat.text, settle)


def summary_section(release: Release, operation: ReleasedOperation, verdict: Verdict) -> tuple[Section, ...]:
    """Return the answer in short, plain sentences."""
    summary = summarise(release, operation, verdict)
    return (Section("short", "The answer in short", "For all", (Paragraph(" ".join(summary.sentences), "lead"),)),)
