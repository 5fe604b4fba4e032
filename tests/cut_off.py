"""How to run a program without a network: in a network namespace of its own, else with sockets that refuse."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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
_NAMESPACE = ("unshare", "--net", "--map-root-user")


def cut_off(folder: Path) -> tuple[Sequence[str], dict[str, str]] | None:
    """Return what stands before a command and the surroundings that cut it off; None where that cannot be had.

    Parameters
    ----------
    folder : Path
        For a file of this module's own; it must stay as long as the command is used.
    """
    has_namespaces = (
        shutil.which("unshare")
        and not subprocess.run([*_NAMESPACE, "true"], check=False, capture_output=True).returncode
    )
    if has_namespaces:
        before, environment = _NAMESPACE, dict(os.environ)
    else:
        (folder / "sitecustomize.py").write_text(_BLOCK, encoding="utf-8")
        path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        before, environment = (), os.environ | {"PYTHONPATH": path}
    tried = subprocess.run(
        [*before, sys.executable, "-c", _TRY], check=False, cwd=folder, capture_output=True, text=True, env=environment
    )
    return (before, environment) if tried.stdout.strip() == str(errno.ENETUNREACH) else None
