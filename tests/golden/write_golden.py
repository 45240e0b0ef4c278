"""Write the golden data anew.

They were made by version 0.1.0, so that later versions can be held against it. Run this only after a change that is
meant to change numbers, sounds or pictures, and say in the commit which and why: ``git diff --stat`` then shows what
changed. Never run it to make a test pass.

    .venv/bin/python tests/golden/write_golden.py
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scenarios

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write all files."""
    for name in scenarios.SITTINGS:
        packed = gzip.compress(scenarios.sitting(name).log.encode(), 9, mtime=0)
        (HERE / f"{name.replace(' ', '-')}.tsv.gz").write_bytes(packed)
    signals = {name: scenarios.signal_summary(scenarios.sitting(name).signal) for name in scenarios.SITTINGS}
    (HERE / "signals.json").write_text(json.dumps(signals, indent=1) + "\n", encoding="utf-8")
    unchanged = {
        f"{name}/{part}": values.astype(np.float32)
        for name, sound in scenarios.sounds().items()
        for part, values in scenarios.sound_summary(sound).items()
    }
    np.savez_compressed(HERE / "sounds.npz", **unchanged)
    np.savez_compressed(HERE / "pictures.npz", **scenarios.pictures())


if __name__ == "__main__":
    main()
