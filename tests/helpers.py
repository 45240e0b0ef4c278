"""What several test files share: where the checkout is, and where real recordings are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

DATA = Path(os.environ.get("NEUROFEEDBACK_DATA", ROOT.parent / "shared" / "data"))
"""Real recordings that are no part of the project."""
