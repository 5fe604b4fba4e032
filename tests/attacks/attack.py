"""What an attack is: a study with a planted count, and an attacker who reads what is published of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from geoharm.errors import PublishError
from tests.attacks.attackers.published import Folder

Publish = Callable[[int, str], Folder | Sequence[Folder]]
Recover = Callable[..., set[int]]


@dataclass(frozen=True)
class Attack:
    """One kind of attack.

    Attributes
    ----------
    kind : str
        What the attacker does, in words.
    publish : callable
        From a planted count and the kind of release ("internal", "public") to the folders that a reader gets.
    recover : callable
        From these folders to the counts that agree with them.
    planted : tuple of int
        Counts that are planted in turn.
    k : int
        Threshold of the disclosure rule; as many values as a label names must stay possible.
    leak : str
        Where the attack still succeeds: the file that is to be mended.
    """

    kind: str
    publish: Publish
    recover: Recover
    planted: tuple[int, ...] = (2, 4)
    k: int = 5
    leak: str = ""


def folders_of(attack: Attack, count: int, release: str) -> tuple[Folder, ...]:
    """Return the folders that a reader has; those of refused releases are not there."""
    return made_by(attack.publish, count, release)


# As many as one attack publishes: an attacker who tries every count asks again for what was planted before.
@lru_cache(maxsize=16)
def made_by(publish: Publish, count: int, release: str) -> tuple[Folder, ...]:
    """Return the folders that a release of a planted count leaves; made once, since the same inputs give the same bytes."""
    made = publish(count, release)
    return (made,) if isinstance(made, Folder) else tuple(made)


def agreeing_counts(attack: Attack, count: int, release: str) -> set[int]:
    """Return what the attacker finds: the counts that agree with what is published of a planted one."""
    return attack.recover(*folders_of(attack, count, release))


def replayed(publish: Publish, *, names: str = "", counts: Sequence[int] = (1, 2, 3, 4)) -> Recover:
    """Return the strongest attacker: who has the program and all other data, and tries every count.

    Parameters
    ----------
    publish : callable
        As in `Attack`.
    names : str
        Only files whose name contains this text are compared; all if empty.
    counts : sequence of int
        The counts that are tried.
    """

    def recover(*folders: Folder) -> set[int]:
        def seen(folder: Folder) -> dict[str, bytes]:
            return {name: content for name, content in folder.files.items() if names in name}

        agreeing = set()
        for count in counts:
            made = made_by(publish, count, folders[0].release)
            if len(made) == len(folders) and all(seen(a) == seen(b) for a, b in zip(made, folders, strict=True)):
                agreeing.add(count)
        return agreeing

    return recover


def published_one_after_another(*publishers: Callable[[], Folder]) -> tuple[Folder, ...]:
    """Return the folders that several releases leave; the first that is refused, and what follows, is not there."""
    folders: list[Folder] = []
    for publish in publishers:
        try:
            folders.append(publish())
        except PublishError:
            break
    return tuple(folders)
