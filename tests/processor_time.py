"""What tests cost in processor seconds, with the programs that they start: the same on a busy computer as on an idle one.

``python -m pytest -p tests.processor_time ...`` ends with a table of files and tests; it works with ``-n`` too.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

_PROPERTY = "processor seconds"
_MOST_SHOWN = 40


def _seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _measured(item: pytest.Item) -> Generator[None, object, object]:
    begun = _seconds()
    try:
        return (yield)
    finally:
        item.user_properties.append((_PROPERTY, _seconds() - begun))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _measured(item))


def pytest_terminal_summary(terminalreporter) -> None:
    files: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            # The last report of a test has what all three parts took.
            if getattr(report, "when", "") == "teardown":
                taken = sum(value for name, value in report.user_properties if name == _PROPERTY)
                files[report.nodeid.split("::")[0]] += taken
                tests[report.nodeid.split("[")[0]] += taken
    terminalreporter.write_line(f"processor seconds: {sum(files.values()):.0f}")
    for table in (files, tests):
        for name, taken in table.most_common(_MOST_SHOWN):
            terminalreporter.write_line(f"{taken:8.1f}  {name}")
        terminalreporter.write_line("")
