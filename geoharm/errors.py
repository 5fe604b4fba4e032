"""The errors of geoharm, as a tree.

::

    GeoharmError
    |-- StudyError         the study file or an area file is wrong; lists every mistake
    |-- DataError          an input file cannot be read as its format says
    |   `-- QualityError      it can be read, but its content would mislead (swapped coordinates, ...)
    |-- DesignError        zones, windows or counts do not make a valid comparison
    |-- DatabaseError      the database cannot be used
    |   `-- DatabaseBusyError      another program is using it: try again later
    `-- PublishError       an output cannot be written
        `-- PublishBusyError     another run is writing into the folder: try again later

Every message is one plain sentence, or a list of them: what is wrong, the rule, the value that was given, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class GeoharmError(Exception):
    """The base class of every error that a user is meant to read."""


class StudyError(GeoharmError):
    """The study file or one of its area files is wrong.

    Attributes
    ----------
    problems : tuple of str
        Every mistake found, one sentence each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{count} mistakes:\n" if count > 1 else ""
        super().__init__(head + "\n".join(self.problems))


class DataError(GeoharmError):
    """An input file cannot be read as its format says."""


class QualityError(DataError):
    """A file can be read, but its content would mislead."""


class DesignError(GeoharmError):
    """Zones, windows or counts do not make a valid comparison."""


class DatabaseError(GeoharmError):
    """The database cannot be used, or was made by another version."""


class DatabaseBusyError(DatabaseError):
    """Another program is using the database."""


class PublishError(GeoharmError):
    """An output cannot be written."""


class PublishBusyError(PublishError):
    """Another run is writing into the folder of pages."""
