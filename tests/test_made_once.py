"""A folder for all workers is made once; who comes later gets it, or hears that it failed."""

from __future__ import annotations

import threading
import time

import pytest

from tests.made_once import made_once


def test_the_second_waits_for_the_first(tmp_path_factory):
    started, makers, folders = threading.Event(), [], []

    def make(folder):
        started.set()
        time.sleep(0.3)
        makers.append(folder)

    def first():
        folders.append(made_once(tmp_path_factory, "waited-for", make))

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(5)
    folder = made_once(tmp_path_factory, "waited-for", make)
    assert makers == [folder]
    thread.join()
    assert folders == [folder]


def test_a_failure_is_said_to_all(tmp_path_factory):
    def fail(_):
        msg = "no room"
        raise OSError(msg)

    with pytest.raises(OSError, match="no room"):
        made_once(tmp_path_factory, "failed", fail)
    with pytest.raises(RuntimeError, match="was not made"):
        made_once(tmp_path_factory, "failed", fail)
