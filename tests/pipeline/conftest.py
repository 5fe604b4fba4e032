"""The demo's needle study, for tests of the order of work."""

from __future__ import annotations

import re
import shutil

import pytest


@pytest.fixture(scope="module")
def demo(root, tmp_path_factory):
    """Return the demo's needle study in a folder of its own, with nothing but needles."""
    folder = tmp_path_factory.mktemp("power")
    for name in ("city.geojson", "market.geojson", "ground.geojson", "needles.csv"):
        shutil.copy(root / "data" / "sample" / name, folder / name)
    text = (root / "pipelines" / "demo.toml").read_text(encoding="utf-8").replace("../data/sample/", "")
    text = text[: text.index("[values]")] + text[text.index("[hotspots]") :]
    text = re.sub(r"mitigation  = \[.*?\n\]\n", "", text, flags=re.DOTALL)
    blocks = text.split("\n[[")
    left_out = ("police", "ambulance", "treatment", "services", "residents")
    kept = [block for block in blocks if not any(re.search(rf'name += "{name}"', block) for name in left_out)]
    kept = [
        block
        for block in kept
        if not any(
            f'name        = "{name}"' in block
            for name in ("violence", "overdoses", "treatment entries", "drug offences")
        )
    ]
    (folder / "demo.toml").write_text("\n[[".join(kept), encoding="utf-8")
    return folder
