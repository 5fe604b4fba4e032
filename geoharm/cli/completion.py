"""What the Tab key completes: study files, shipped formats and value profiles, tactics, and words that a verb knows.

`geoharm --install-completion` teaches it to bash, zsh, fish or PowerShell. Nothing here loads statistics or maps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path

from geoharm.model.tactics import TACTICS

# Where a study file says that it is one. Its first table may follow a long comment.
_STUDY_HEAD = "[study]"
_MOST_CHARACTERS = 20_000
_MOST_FILES = 500


def study_files(incomplete: str) -> list[str]:
    """Return the study files of this folder and of those in it whose path begins so; a shell completes others itself."""
    folder = Path(incomplete).parent if "/" in incomplete else Path()
    try:
        found = sorted([*folder.glob("*.toml"), *folder.glob("*/*.toml")])[:_MOST_FILES]
        return [path.as_posix() for path in found if path.as_posix().startswith(incomplete) and _is_study(path)]
    except OSError:
        return []


def format_names(incomplete: str) -> list[str]:
    """Return the shipped formats that begin so."""
    return _beginning(incomplete, _shipped("geoharm.ingest.formats"))


def profile_names(incomplete: str) -> list[str]:
    """Return the shipped value profiles, and the exchange rates, that begin so."""
    return _beginning(incomplete, _shipped("geoharm.study.value_profiles"))


def tactic_names(incomplete: str) -> list[str]:
    """Return the known tactics that begin so."""
    return _beginning(incomplete, TACTICS)


def words(*known: str) -> Callable[[str], list[str]]:
    """Return what completes an option that knows these words."""
    return lambda incomplete: _beginning(incomplete, known)


def _beginning(incomplete: str, known: Iterable[str]) -> list[str]:
    return [word for word in known if word.startswith(incomplete)]


def _shipped(package: str) -> list[str]:
    """Return the names of the TOML files that come in a package."""
    names = (entry.name for entry in resources.files(package).iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _is_study(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return any(line.strip() == _STUDY_HEAD for line in file.read(_MOST_CHARACTERS).splitlines())
    except OSError:
        return False
