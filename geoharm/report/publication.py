"""A release is one thing: its files are written beside the folder, and take the place of the last release's in one step.

All files go to a hidden folder beside the pages first. A journal then says which files come and which go: from there on the
new release is carried through, by this process or, if it is killed, by the next one that writes into the folder.

Where the system can exchange two folders in one step, a reader sees the last release whole or the new one whole at every
instant. A second folder is filled with links to the new files and to whatever else lies in the first, and exchanged with
it; the first, now out of sight, gets the new files too, and is exchanged back. So the folder stays the same folder: a
terminal, a web server or a share that has it open goes on with it. Elsewhere all files of the last release are moved away
before the first of the new ones is moved in: a reader never sees pages of two releases, but misses some for a moment.
``docs/promises.md`` says what is promised on which system.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from geoharm._whole_files import sync_folder, write_new
from geoharm.errors import PublishError
from geoharm.report.files import (
    as_sentences,
    check_folder,
    check_names,
    entries_of,
    exchange_folders,
    identity,
    refusal,
    remove_tree,
)
from geoharm.report.folder_lock import locked

# A folder with more entries of others than this is not linked whole, but changed file by file.
_MOST_LINKED = 10_000

# The name of a folder is shown in that of the hidden one, unless the two together were too long for a name.
_SHOWN_NAME = 100

_LOCK, _JOURNAL, _NEW, _SEEN, _AWAY, _SCRATCH = "lock", "journal.json", "new", "seen", "away", "scratch"
_PART = f"{_JOURNAL}.part"


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """A folder of pages that only this process writes into; made by `open_folder`.

    Attributes
    ----------
    folder : Path
        As the user named it.
    work : Path
        The hidden folder where the next files are prepared.
    """

    folder: Path
    work: Path

    @property
    def scratch(self) -> Path:
        """Where files may be put that are needed to make others: removed at the end, or after a kill by the next run."""
        return self.work / _SCRATCH


@dataclass(frozen=True, slots=True)
class _Journal:
    """What is being done to a folder.

    Attributes
    ----------
    folder : tuple of int
        Identity of the folder of pages.
    files, removed : tuple of str
        Names of the files that come and go, relative to the folder.
    record : str
        The file that has to be in its place before any other; empty if there is none.
    """

    folder: tuple[int, int]
    files: tuple[str, ...]
    removed: tuple[str, ...]
    record: str


@contextmanager
def open_folder(folder: Path) -> Iterator[OpenFolder]:
    """Lock a folder of pages, finish or undo what a killed run began there, and sweep what it left.

    Nothing is created if the block publishes nothing.

    Raises
    ------
    PublishError
        If the folder cannot be written, or another run is writing into it.
    """
    check_folder(folder)
    with as_sentences(folder):
        place = _real(folder)
        work = _work_folder(place)
        missing = [path for path in (work.parent, *work.parent.parents) if not path.exists()]
    try:
        with locked(work / _LOCK, folder):
            with as_sentences(folder):
                _carry_through(place, work)
            try:
                yield OpenFolder(folder, work)
            finally:
                if not (work / _JOURNAL).exists():
                    _sweep(work)
    finally:
        for path in (work, *missing):
            with suppress(OSError):  # It holds something: the pages, a journal, or the lock of another run.
                path.rmdir()


def finish_interrupted(folder: Path) -> None:
    """Carry through or undo what a killed run began in a folder; nothing happens if there was none.

    Raises
    ------
    PublishError
        If the folder cannot be written, or another run is writing into it.
    """
    check_folder(folder)
    if _work_folder(_real(folder)).is_dir():
        with open_folder(folder):
            pass


def publish_files(
    into: OpenFolder, files: Mapping[str, str | bytes], *, removed: Sequence[str] = (), record: str = ""
) -> tuple[Path, ...]:
    """Put files into a folder as one thing, and return their paths; files that others put there stay.

    Parameters
    ----------
    into : OpenFolder
    files : mapping of str to text or bytes
        By name, relative to the folder; a file of that name is replaced.
    removed : sequence of str
        Names of files that belonged to the last release and are not in this one.
    record : str
        The one of `files` that no reader may see any other without; empty if there is none.

    Raises
    ------
    PublishError
        If a file cannot be written or replaced. Then the folder is as it was, unless the sentence says that the new files
        are in it.
    """
    folder, work = _real(into.folder), into.work
    check_names(work / _SEEN, files)
    for name in files:
        _check_place(into.folder, PurePosixPath(name))
    try:
        _publish(folder, work, files, _Journal(identity(folder), tuple(files), tuple(removed), record))
    except OSError as error:
        is_undone = _undo_if_untouched(work)
        msg = refusal(error, into.folder) + ("" if is_undone else " The next run carries the begun change through.")
        raise PublishError(msg) from error
    except BaseException:
        _undo_if_untouched(work)
        raise
    return tuple(into.folder / name for name in files)


def _publish(folder: Path, work: Path, files: Mapping[str, str | bytes], journal: _Journal) -> None:
    new = work / _NEW
    for name, content in files.items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        write_new(new / name, content)
    for path, is_folder in entries_of(new):
        if is_folder:
            sync_folder(new / path)
    sync_folder(new)
    if not folder.exists():
        new.rename(folder)
        sync_folder(folder.parent)
    elif len(journal.files) == 1 and not journal.removed:
        (name,) = journal.files
        _move(new / name, folder / name)
        sync_folder((folder / name).parent)
    else:
        _write_journal(work, journal)
        _carry_through(folder, work)


def _check_place(folder: Path, name: PurePosixPath) -> None:
    """Refuse a page where a folder is, and a sub-folder of the release where a file or a link is."""
    if (folder / name).is_dir():
        msg = f'"{folder / name}" is a folder, where a page must go; choose another --out.'
        raise PublishError(msg)
    for parent in name.parents[:-1]:
        path = folder / parent
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            msg = f'"{path}" is a file or a link, where a folder of the release must go; choose another --out.'
            raise PublishError(msg)


def _real(folder: Path) -> Path:
    """Return the folder itself where its name is a link."""
    try:
        return folder.resolve()
    except RuntimeError as error:
        msg = f'"{folder}" is a link that leads to itself; choose another --out.'
        raise PublishError(msg) from error


def _work_folder(folder: Path) -> Path:
    """Return the hidden folder: beside the pages, or inside them where nothing can be put beside them."""
    shown = folder.name[:_SHOWN_NAME]
    cut = "" if shown == folder.name else f"-{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:12]}"
    is_alone = folder.is_dir() and (os.path.ismount(folder) or not os.access(folder.parent, os.W_OK | os.X_OK))
    return folder / ".geoharm" if is_alone else folder.with_name(f".{shown}{cut}.geoharm")


def _carry_through(folder: Path, work: Path) -> None:
    """Do all that a journal says, from wherever an earlier process came to; without one, remove what was prepared."""
    journal = _read_journal(work)
    if journal is not None:
        if (work / _AWAY).is_dir() or not _replace_at_once(folder, work, journal):
            _replace_one_by_one(folder, work, journal)
        (work / _JOURNAL).unlink()
        sync_folder(work)
    _sweep(work)


def _replace_at_once(folder: Path, work: Path, journal: _Journal) -> bool:
    """Show the new files in one step, by exchange; return False, with nothing changed, where that is impossible.

    While the folder is out of sight, it lies in the place of the one that is shown.
    """
    new, seen = work / _NEW, work / _SEEN
    if identity(seen) != journal.folder:
        if not any((new / name).exists() for name in journal.files):
            _carry_over(seen, folder, journal)
            return True
        remove_tree(seen)
        try:
            _fill(seen, folder, new, journal)
            exchange_folders(folder, seen)
        except OSError:
            remove_tree(seen)
            return False
    for name in journal.files:
        if (new / name).exists():
            _move(new / name, seen / name)
    for name in journal.removed:
        _remove(seen, name)
    _carry_over(folder, seen, journal)
    sync_folder(seen)
    exchange_folders(folder, seen)
    sync_folder(folder.parent)
    _carry_over(seen, folder, journal)
    return True


def _fill(seen: Path, folder: Path, new: Path, journal: _Journal) -> None:
    """Make a folder of links: to the new files, and to whatever else is in the folder of pages."""
    if seen.is_relative_to(folder):
        raise OSError(errno.EINVAL, "a folder cannot be exchanged with one inside it", str(folder))
    replaced = {*journal.files, *journal.removed}
    folders = [Path()]
    seen.mkdir(mode=0o700)
    for number, (path, is_folder) in enumerate(entries_of(folder)):
        if number == _MOST_LINKED:
            raise OSError(errno.EMLINK, "there are too many files of others", str(folder))
        if is_folder:
            folders.append(path)
            (seen / path).mkdir()
        elif path.as_posix() not in replaced:
            os.link(folder / path, seen / path, follow_symlinks=False)
    for name in journal.files:
        (seen / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(new / name, seen / name)
    for path in reversed(folders):
        sync_folder(seen / path)
        shutil.copystat(folder / path, seen / path)


def _carry_over(copy: Path, folder: Path, journal: _Journal) -> None:
    """Move what others put into a folder of links, while it was shown, to the folder that it stood for."""
    for path, is_folder in entries_of(copy):
        is_link_to_same = identity(copy / path) == identity(folder / path)
        if not is_folder and not is_link_to_same and path.as_posix() not in journal.files:
            _move(copy / path, folder / path)


def _replace_one_by_one(folder: Path, work: Path, journal: _Journal) -> None:
    """Move the files that go away, then those that come in; the record is in its place before any of them."""
    new, away = work / _NEW, work / _AWAY
    pages = [name for name in journal.files if name != journal.record]
    away.mkdir(exist_ok=True)
    try:
        if journal.record and (new / journal.record).exists():
            if (folder / journal.record).exists():
                shutil.copyfile(folder / journal.record, away / journal.record)
            _move(new / journal.record, folder / journal.record)
            sync_folder(folder)
        for name in (*journal.removed, *(name for name in pages if (new / name).exists())):
            if os.path.lexists(folder / name):
                _move(folder / name, away / name)
    except OSError:
        if all((new / name).exists() for name in pages):
            _put_back(folder, work, journal)
        raise
    for name in pages:
        if (new / name).exists():
            _move(new / name, folder / name)
    for name in journal.removed:
        _remove(folder, name)
    sync_folder(folder)


def _put_back(folder: Path, work: Path, journal: _Journal) -> None:
    """Undo the first half of a change file by file: no new page has been shown yet."""
    new, away = work / _NEW, work / _AWAY
    for path, is_folder in [*entries_of(away)]:
        name = path.as_posix()
        if not is_folder and name != journal.record:
            _move(away / path, folder / path)
    if journal.record and not (new / journal.record).exists():
        _move(folder / journal.record, new / journal.record)
        if (away / journal.record).exists():
            _move(away / journal.record, folder / journal.record)
    remove_tree(away)


def _undo_if_untouched(work: Path) -> bool:
    """Forget a change of which nothing was done yet; return False, and leave it to the next run, if something was."""
    journal = _read_journal(work)
    if journal is not None:
        is_complete = all((work / _NEW / name).exists() for name in journal.files)
        if not is_complete or (work / _AWAY).exists() or identity(work / _SEEN) == journal.folder:
            return False
        try:
            (work / _JOURNAL).unlink()
            sync_folder(work)
        except OSError:
            return False
    _sweep(work)
    return True


def _sweep(work: Path) -> None:
    """Remove what was prepared, as far as the system allows; the next run removes what is left."""
    for name in (_NEW, _SEEN, _AWAY, _SCRATCH):
        remove_tree(work / name)
    with suppress(OSError):
        (work / _PART).unlink()


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)


def _remove(folder: Path, name: str) -> None:
    """Remove a file of a release, and its sub-folder if nothing else is in it."""
    path = folder / name
    path.unlink(missing_ok=True)
    if path.parent != folder:
        with suppress(OSError):
            path.parent.rmdir()


def _write_journal(work: Path, journal: _Journal) -> None:
    write_new(work / _PART, json.dumps(asdict(journal), indent=1) + "\n")
    (work / _PART).replace(work / _JOURNAL)
    sync_folder(work)


def _read_journal(work: Path) -> _Journal | None:
    path = work / _JOURNAL
    try:
        content = json.loads(path.read_bytes())
        device, number = content["folder"]
        names = [[str(name) for name in content[key]] for key in ("files", "removed")]
        journal = _Journal((int(device), int(number)), tuple(names[0]), tuple(names[1]), str(content["record"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        msg = f'"{path}", left by a run that was stopped, is damaged; delete the folder "{work}", and run again.'
        raise PublishError(msg) from error
    check_names(work / _SEEN, (*journal.files, *journal.removed))
    return journal
