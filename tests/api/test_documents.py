"""Every block of Python in docs/python.md and in the README runs, in order, and prints what stands below it."""

from __future__ import annotations

import contextlib
import io
import re

import pytest

_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)


@pytest.mark.parametrize("document", ["docs/python.md", "README.md"])
def test_every_block_runs_and_prints_what_is_shown(root, monkeypatch, document):
    monkeypatch.chdir(root)
    blocks = _BLOCK.findall((root / document).read_text(encoding="utf-8"))
    assert blocks
    names: dict[str, object] = {}
    for code, shown in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, document, "exec"), names)
        assert printed.getvalue() == shown, code
