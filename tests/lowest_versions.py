"""Print the lowest versions that `pyproject.toml` allows, as requirements; ``make lowest`` installs and tests them.

Run ``python -m tests.lowest_versions`` in any Python; nothing needs to be installed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
_LOWEST = re.compile(r"([\w.-]+)>=([\w.]+)(?:,<[\w.]+)?")


def lowest_versions(extras: tuple[str, ...] = ("test",)) -> dict[str, str]:
    """Return the lower bound of every dependency by its name, with those of extras.

    Raises
    ------
    ValueError
        If a dependency has no lower bound, or is written in another way than ``name>=1.2`` or ``name>=1.2,<2``.
    """
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    found = {}
    for line in [
        *project["dependencies"],
        *(line for extra in extras for line in project["optional-dependencies"][extra]),
    ]:
        match = _LOWEST.fullmatch(line)
        if match is None:
            msg = f'"{line}" in pyproject.toml has no lower bound; write it as name>=1.2.'
            raise ValueError(msg)
        found[match[1]] = match[2]
    return found


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in lowest_versions().items()))
