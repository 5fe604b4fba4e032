"""What became of every row of a register of operations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegisterLedger:
    """The ledger of one register: read = kept + rejected + duplicate.

    Attributes
    ----------
    file : str
        As the study file names it.
    read, kept, rejected, duplicate : int
        Rows.
    operations : int
        What the kept rows are evaluated as.
    reasons : tuple of (reason, rows, line)
        Why rows were rejected, with the first line of each reason.
    pooled : tuple of (name, lines)
        The operations that are made of several rows, and the lines of these rows.
    rule : str
        The rule by which rows are pooled, as a sentence.
    notes : tuple of str
        What was read in one of several possible ways, each as a sentence.
    """

    file: str
    read: int
    kept: int
    rejected: int
    duplicate: int
    operations: int
    reasons: tuple[tuple[str, int, int], ...] = ()
    pooled: tuple[tuple[str, tuple[int, ...]], ...] = ()
    rule: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sums_up(self) -> bool:
        """Whether every row is kept, rejected or duplicate."""
        return self.read == self.kept + self.rejected + self.duplicate

    @property
    def balance(self) -> str:
        """The numbers of rows and operations as a sentence."""
        return (
            f"{self.file}: {_count(self.read, 'row')} read = {self.kept:,} kept + {self.rejected:,} rejected + "
            f"{self.duplicate:,} duplicate; what was kept is evaluated as {_count(self.operations, 'operation')}."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that is said of the register, for people."""
        rejected = (
            f"{self.file}: {_count(rows, 'row')} rejected, first in line {line:,}: {reason}."
            for reason, rows, line in self.reasons
        )
        rows = sum(len(lines) for _, lines in self.pooled)
        pooled = (
            (f"{self.file}: {rows:,} rows are pooled as {_count(len(self.pooled), 'operation')}. {self.rule}",)
            if self.pooled
            else ()
        )
        return (self.balance, *rejected, *pooled, *(f"{self.file}: {note}" for note in self.notes))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
