"""The demo needs no network: it runs where there is none, and gives the same bytes."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Nothing is sent: an address for documentation (RFC 5737), from where no way leads out.
_TRY = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError as error:\n    print(error.errno)\n"
# Python reads this before anything else; whatever asks for an address or a connection fails.
_BLOCK = f"""
import sys

def refuse(event, arguments):
    if event in {{"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}}:
        raise OSError({errno.ENETUNREACH}, "the network is cut off", event)

sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory):
    """Return a function that runs Python without a network: in a network namespace of its own, else with sockets refused."""
    blocks = tmp_path_factory.mktemp("blocks")
    (blocks / "sitecustomize.py").write_text(_BLOCK, encoding="utf-8")
    namespace = ["unshare", "--net", "--map-root-user"]
    has_namespaces = (
        shutil.which("unshare")
        and not subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode
    )
    before = namespace if has_namespaces else []
    path = [] if has_namespaces else [str(blocks)]

    def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
        found = os.pathsep.join([*path, *filter(None, [os.environ.get("PYTHONPATH")])])
        return subprocess.run(
            [*before, sys.executable, *map(str, arguments)],
            check=False, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=900,
            env=os.environ | {"PYTHONPATH": found},
        )  # fmt: skip

    tried = run("-c", _TRY, folder=blocks)
    if tried.stdout.strip() != str(errno.ENETUNREACH):
        pytest.skip(f"the network cannot be cut off here: {tried.stdout or tried.stderr}")
    return run


def test_the_demo_gives_the_same_bytes_without_a_network(root, tmp_path, pages, cut_off):
    shutil.copytree(root / "data" / "sample", tmp_path / "data" / "sample", ignore=shutil.ignore_patterns("truth.json"))
    shutil.copytree(root / "pipelines", tmp_path / "pipelines")
    arguments = ("pipelines/demo.toml", "--data", "data/sample", "--out", tmp_path / "out", "--db", "demo.duckdb")
    finished = cut_off("-m", "geoharm", "run", *arguments, folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    written = {
        path.relative_to(tmp_path / "out"): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert {name.name for name in written} >= {"report.html", "map.html", "run.json"}
    assert written == {path.relative_to(pages): path.read_bytes() for path in pages.rglob("*") if path.is_file()}
