"""A release is one thing: at every instant, and after every kill, a reader sees the last one whole or the new one whole."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from geoharm.errors import PublishBusyError, PublishError
from geoharm.report import folder_lock, publication
from geoharm.report.files import check_names
from geoharm.report.publication import finish_interrupted, open_folder, publish_files
from tests.forked import end_of_child
from tests.report.disk_faults import before_each_change, content_of

OLD = {
    "report.html": "old report",
    "map.html": "old map",
    "pieces/old.csv": "1",
    "run.json": "{}",
    "releases.json": "old",
}
NEW = {
    "report.html": "new report",
    "embed.html": "a card",
    "pieces/new.csv": "2",
    "run.json": "{1}",
    "releases.json": "new",
}
REMOVED = ("map.html", "pieces/old.csv")
FOREIGN = {"notes.txt": "mine", "pieces/own.txt": "mine too", "mine/deep/x.bin": "\x00"}
KILLED = 42

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can exchange two folders in one step")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    """Wait neither for the disk, which is asked thousands of times here, nor for long on another run."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr(folder_lock, "PATIENCE", 20)


def as_bytes(*parts: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for part in parts for name, text in part.items()}


BEFORE, AFTER = as_bytes(OLD, FOREIGN), as_bytes(NEW, FOREIGN)


@pytest.fixture
def folder(tmp_path) -> Path:
    return made(tmp_path / "place" / "out")


def made(folder: Path) -> Path:
    """Return a folder with the last release and with files of somebody else."""
    publish(folder, OLD, removed=())
    for name, text in FOREIGN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    assert content_of(folder) == BEFORE
    return folder


def publish(folder: Path, files: dict[str, str] = NEW, removed: tuple[str, ...] = REMOVED) -> tuple[Path, ...]:
    with open_folder(folder) as into:
        return publish_files(into, files, removed=removed, record="releases.json")


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.parent.iterdir() if path != folder] + [path.name for path in folder.glob(".*")]


@pytest.fixture(params=["exchanged", "one by one"])
def way(request, monkeypatch) -> str:
    """Take each of the two ways in turn."""
    if request.param == "one by one":
        monkeypatch.setattr(publication, "exchange_folders", refuse)
    elif sys.platform != "linux":
        pytest.skip("only Linux can exchange two folders in one step")
    return request.param


def refuse(one: Path, other: Path) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(one), None, str(other))


def is_whole(seen: dict[str, bytes], way: str) -> bool:
    """Return whether a reader sees one release and all files of others: whole, or one by one with pages missing."""
    if way == "exchanged":
        return seen in {"before": BEFORE, "after": AFTER}.values()
    pages = {name for name in seen if name != "releases.json"}
    known = seen.get("releases.json")
    is_of_one = any(
        {name: seen[name] for name in pages}.items() <= release.items() and as_bytes(FOREIGN).items() <= seen.items()
        for release in (BEFORE, AFTER)
    )
    shows_new = any(seen[name] != BEFORE.get(name) for name in pages)
    return is_of_one and known in {b"old", b"new"} and (known == b"new" or not shows_new)


def test_files_come_and_go_and_files_of_others_stay(folder, way):
    number, inode = len(list(folder.iterdir())), folder.stat().st_ino
    written = publish(folder)
    assert written == tuple(folder / name for name in NEW)
    assert content_of(folder) == AFTER
    assert leftovers(folder) == []
    assert (folder.stat().st_ino, len(list(folder.iterdir()))) == (inode, number)
    assert all((folder / name).stat().st_nlink == 1 for name in AFTER)
    assert (folder / "report.html").stat().st_mode & 0o777 == 0o644


def test_a_reader_never_sees_two_releases(folder, way):
    """The folder is looked at before every call that changes the disk."""
    seen = []
    with before_each_change(lambda number, call: seen.append((number, call, content_of(folder)))):
        publish(folder)
    assert len(seen) > 50
    assert [(number, call, sorted(found)) for number, call, found in seen if not is_whole(found, way)] == []
    assert seen[0][2] == BEFORE
    assert content_of(folder) == AFTER


def test_a_first_release_is_there_whole_or_not_at_all(tmp_path):
    folder, seen = tmp_path / "a" / "b" / "out", []
    with before_each_change(lambda number, call: seen.append(folder.exists() and content_of(folder))):
        publish(folder, removed=())
    assert {tuple(sorted(found.items())) for found in seen if found} <= {tuple(sorted(as_bytes(NEW).items()))}
    assert content_of(folder) == as_bytes(NEW)
    assert leftovers(folder) == []


def last_call(folder: Path) -> int:
    numbers = []
    with before_each_change(lambda number, call: numbers.append(number)):
        publish(folder)
    return numbers[-1]


def broken_at_every_call(tmp_path: Path, way: str, break_off: Callable[[Path, int], None]) -> set[bool]:
    """Break off the writing before every call, look, let the next run finish or undo it, and write again.

    Return whether the new release was in the folder after each break.
    """
    ends = set()
    for number in range(1, last_call(made(tmp_path / "whole" / "out")) + 1):
        folder = made(tmp_path / str(number) / "out")
        break_off(folder, number)
        assert is_whole(content_of(folder), way), number
        finish_interrupted(folder)
        assert content_of(folder) in (BEFORE, AFTER), number
        assert leftovers(folder) == [], number
        ends.add(content_of(folder) == AFTER)
        publish(folder)
        assert content_of(folder) == AFTER, number
    return ends


@forks
def test_killed_at_every_call(tmp_path, way):
    def kill(folder: Path, number: int) -> None:
        def stop(count: int, call: str) -> None:
            if count == number:
                os._exit(KILLED)

        def work() -> None:
            with before_each_change(stop):
                publish(folder)

        assert end_of_child(work) == KILLED

    assert broken_at_every_call(tmp_path, way, kill) == {False, True}


@forks
def test_killed_while_the_next_run_finishes(tmp_path, way):
    """The first kill leaves the most to do: right after the journal; the second comes at every call of the finishing."""

    def kill_at(number: int, work: Callable[[], object]) -> int:
        def stop(count: int, call: str) -> None:
            if count == number:
                os._exit(KILLED)

        def hooked() -> None:
            with before_each_change(stop):
                work()

        return end_of_child(hooked)

    for first in range(1, 400):
        folder = made(tmp_path / f"first-{first}" / "out")
        assert kill_at(first, lambda folder=folder: publish(folder)) == KILLED
        if (folder.parent / ".out.geoharm" / "journal.json").exists():
            break
    for number in range(1, 400):
        folder = made(tmp_path / str(number) / "out")
        assert kill_at(first, lambda folder=folder: publish(folder)) == KILLED
        ended = kill_at(number, lambda folder=folder: finish_interrupted(folder))
        assert is_whole(content_of(folder), way), number
        finish_interrupted(folder)
        assert content_of(folder) == AFTER, number
        assert leftovers(folder) == [], number
        if ended == 0:
            break
    assert ended == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.EIO, os.strerror(errno.EIO))])
def test_stopped_at_every_call(tmp_path, way, error):
    """The process lives on: an error of the disk is a sentence, Ctrl-C stays what it is."""

    def stop(folder: Path, number: int) -> None:
        def fail(count: int, call: str) -> None:
            if count == number:
                raise error

        with before_each_change(fail), suppress(KeyboardInterrupt, PublishError):
            publish(folder)

    assert broken_at_every_call(tmp_path, way, stop) == {False, True}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.EACCES])
def test_a_disk_that_refuses_is_one_sentence_and_the_last_release_stays(folder, way, number):
    def fail(count: int, call: str) -> None:
        if call in {"write", "link"}:
            raise OSError(number, os.strerror(number))

    with before_each_change(fail), pytest.raises(PublishError) as said:
        publish(folder)
    assert "\n" not in str(said.value)
    assert str(folder) in str(said.value)
    assert os.strerror(number) in str(said.value)
    assert content_of(folder) == BEFORE
    finish_interrupted(folder)
    assert leftovers(folder) == []


def test_half_of_a_file_is_never_seen(folder, monkeypatch):
    """A disk may take a part of what it is given, and then no more."""
    plain = os.write

    def write_one(handle: int, content: bytes) -> int:
        return plain(handle, content[:1])

    monkeypatch.setattr(os, "write", write_one)
    publish(folder)
    assert content_of(folder) == AFTER


@pytest.mark.parametrize("name", ["map.html", "report.html", "releases.json"])
def test_a_file_that_is_open_elsewhere_keeps_the_last_release(folder, monkeypatch, name):
    """As on Windows: what another program has open can neither be moved nor replaced."""
    plain = os.replace

    def replace(path: os.PathLike[str], target: os.PathLike[str]) -> None:
        for one in map(Path, (path, target)):
            if one == folder / name and one.exists():
                raise PermissionError(errno.EACCES, "The process cannot access the file", str(folder / name))
        plain(path, target)

    monkeypatch.setattr(publication, "exchange_folders", refuse)
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PublishError, match=rf'out/{name}" cannot be written .*; close it if it is open elsewhere'):
        publish(folder)
    assert content_of(folder) == BEFORE
    assert leftovers(folder) == []


def test_a_folder_beside_which_nothing_can_be_put(folder, monkeypatch):
    """Then the files are prepared inside, and moved one by one."""
    monkeypatch.setattr(os.path, "ismount", lambda path: path == folder)
    seen = []
    with before_each_change(lambda number, call: seen.append(content_of(folder))):
        publish(folder)
    assert all(is_whole(found, "one by one") for found in seen)
    assert content_of(folder) == AFTER
    assert leftovers(folder) == []


def test_a_folder_with_very_many_files_of_others_is_changed_one_by_one(folder, monkeypatch):
    monkeypatch.setattr(publication, "_MOST_LINKED", 3)
    seen = []
    with before_each_change(lambda number, call: seen.append(content_of(folder))):
        publish(folder)
    assert all(is_whole(found, "one by one") for found in seen)
    assert content_of(folder) == AFTER


@linux
def test_who_stands_in_the_folder_stays_there(folder, monkeypatch):
    monkeypatch.chdir(folder)
    publish(Path())
    assert Path("report.html").read_text(encoding="utf-8") == "new report"
    assert Path.cwd() == folder.resolve()


@linux
def test_what_others_do_meanwhile_is_kept(folder):
    """Somebody saves a file by renaming, as office programs do, and adds one, while the shown folder is one of links."""
    inode = folder.stat().st_ino

    saved = threading.Event()

    def save(number: int, call: str) -> None:
        if not saved.is_set() and folder.stat().st_ino != inode:
            saved.set()
            for name in ("notes.txt", "mine/late.txt"):
                (folder / "~saving").write_text(f"{name}, saved", encoding="utf-8")
                (folder / "~saving").rename(folder / name)

    with before_each_change(save):
        publish(folder)
    assert saved.is_set()
    kept = {"notes.txt": b"notes.txt, saved", "mine/late.txt": b"mine/late.txt, saved"}
    assert content_of(folder) == AFTER | kept


def test_links_in_a_folder_stay_links(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.txt").write_text("far", encoding="utf-8")
    (folder / "far").symlink_to(tmp_path / "elsewhere")
    (folder / "lost").symlink_to(tmp_path / "nothing")
    publish(folder)
    assert (folder / "far").is_symlink()
    assert (folder / "lost").is_symlink()
    assert (folder / "far" / "x.txt").read_text(encoding="utf-8") == "far"


def test_a_link_to_a_folder_is_followed(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    publish(link)
    assert link.is_symlink()
    assert content_of(folder) == AFTER
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(PublishError, match="choose another --out"):
        publish(tmp_path / "loop")


def test_a_sub_folder_that_is_a_link_is_refused(folder, tmp_path):
    (folder / "away").symlink_to(tmp_path)
    with pytest.raises(PublishError, match=r'away" is a file or a link, where a folder of the release must go'):
        publish(folder, {"report.html": "x", "away/a.csv": "1"})
    (folder / "report.html").unlink()
    (folder / "report.html").mkdir()
    with pytest.raises(PublishError, match=r'report.html" is a folder, where a page must go'):
        publish(folder)


def test_nothing_is_made_where_nothing_is_published(tmp_path):
    with pytest.raises(ZeroDivisionError), open_folder(tmp_path / "a" / "b" / "out"):
        1 / 0  # noqa: B018 # any error will do
    finish_interrupted(tmp_path / "c" / "out")
    assert list(tmp_path.iterdir()) == []


def test_files_in_preparation_are_for_their_maker_alone(folder):
    work, modes = folder.parent / ".out.geoharm", set()
    with before_each_change(lambda number, call: modes.add(work.stat().st_mode & 0o777 if work.exists() else 0o700)):
        publish(folder)
    assert modes == {0o700}


def test_a_damaged_journal_is_one_sentence(folder):
    work = folder.parent / ".out.geoharm"
    work.mkdir()
    for content in ("{", "[]", '{"folder": [1, 2], "files": ["../x"], "removed": [], "record": ""}'):
        (work / "journal.json").write_text(content, encoding="utf-8")
        with pytest.raises(PublishError) as said:
            publish(folder)
        assert "\n" not in str(said.value)
        assert content_of(folder) == BEFORE


# -- two runs into one folder ------------------------------------------------------------------------------------------


def test_a_second_run_waits_and_then_writes(folder):
    order = []
    with open_folder(folder) as into:
        second = threading.Thread(target=lambda: (publish(folder), order.append("second")))
        second.start()
        time.sleep(0.3)
        assert content_of(folder) == BEFORE
        publish_files(into, {"report.html": "first", "map.html": "first"})
        order.append("first")
    second.join(timeout=60)
    assert order == ["first", "second"]
    assert content_of(folder)["report.html"] == b"new report"
    assert leftovers(folder) == []


def test_a_second_run_that_has_waited_long_enough_is_refused_with_the_process(folder, monkeypatch):
    monkeypatch.setattr(folder_lock, "PATIENCE", 0)
    with open_folder(folder):
        with pytest.raises(PublishBusyError, match=rf"Another run \(process {os.getpid()}\) is writing into .*out"):
            publish(folder)
        assert content_of(folder) == BEFORE
    publish(folder)


@forks
def test_the_lock_of_a_killed_run_is_no_lock(folder, monkeypatch):
    monkeypatch.setattr(folder_lock, "PATIENCE", 0)

    def die() -> None:
        with open_folder(folder):
            os._exit(KILLED)

    assert end_of_child(die) == KILLED
    assert (folder.parent / ".out.geoharm" / "lock").exists()
    publish(folder)
    assert leftovers(folder) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other owners")
def test_what_another_user_prepared_is_refused(folder, monkeypatch):
    (folder.parent / ".out.geoharm").mkdir(mode=0o777)
    user = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(PublishError, match=r'\.out\.geoharm" belongs to another user'):
        publish(folder)
    assert content_of(folder) == BEFORE


def test_a_disk_without_locks_is_refused(folder, monkeypatch):
    def flock(handle: int, what: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    fcntl = pytest.importorskip("fcntl", reason="Windows locks otherwise")
    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(PublishError, match=r"knows no locks \(No locks available\)"):
        publish(folder)
    assert leftovers(folder) == []


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a" * 252 + ".csv", "has 256 bytes, and at most 255 are possible"),
        ("é" * 126 + ".csv", "has 256 bytes"),
        ("CON", "is reserved by Windows"),
        ("nul.html", "is reserved by Windows"),
        ("lpt1.csv", "is reserved by Windows"),
        ("report.", "ends with a full stop or a space"),
        ("report ", "ends with a full stop or a space"),
        ("a:b.csv", "has a sign"),
        ("a\nb.csv", "has a sign"),
        ("../report.html", "is not one of a file"),
        ("/etc/passwd", "is not one of a file"),
    ],
)
def test_a_name_that_some_system_does_not_take_is_refused_before_anything_is_written(folder, name, rule):
    with pytest.raises(PublishError, match=rule) as said:
        publish(folder, NEW | {name: "x"})
    assert "\n" not in str(said.value).replace(name, "")
    assert content_of(folder) == BEFORE
    assert leftovers(folder) == []


def test_good_names_are_taken(tmp_path):
    check_names(tmp_path, ["a" * 251 + ".csv", "console.html", "pieces/com.csv", "nul-1.csv"], windows=False)


def test_a_path_that_windows_does_not_take_is_refused(tmp_path):
    folder = Path("/" + "b" * 200)
    check_names(folder, ["a" * 57], windows=True)
    with pytest.raises(PublishError, match=r"has 260 characters, and this system takes 259; .* 1 characters shorter"):
        check_names(folder, ["a" * 58], windows=True)


def test_a_folder_with_the_longest_name_possible(tmp_path):
    folder = tmp_path / ("n" * 255)
    publish(folder, removed=())
    publish(folder)
    assert content_of(folder) == as_bytes(NEW)
    assert leftovers(folder) == []


def test_the_journal_says_what_is_done(folder):
    """An engineer who finds one can read it."""
    work = folder.parent / ".out.geoharm"
    seen = []

    def look(number: int, call: str) -> None:
        with suppress(FileNotFoundError):
            seen.append(json.loads((work / "journal.json").read_text(encoding="utf-8")))

    with before_each_change(look):
        publish(folder)
    assert {tuple(journal["files"]) for journal in seen} == {tuple(NEW)}
    assert {tuple(journal["removed"]) for journal in seen} == {REMOVED}
    assert {journal["record"] for journal in seen} == {"releases.json"}
