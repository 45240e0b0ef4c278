"""Write what version 0.1.0 says of this data, as JSON; run once, by that version, from the folder of the checkout.

.venv/bin/python tests/data/v0_1_0/write_expected.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import old_data

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write a file for each question."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = old_data.copy_dataset(Path(folder))
        for name, answer in old_data.answers(dataset).items():
            text = json.dumps(answer, indent=1, sort_keys=False) + "\n"
            (HERE / "expected" / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
