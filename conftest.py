"""Names that the examples in docstrings use."""

from __future__ import annotations

from pathlib import Path

import pytest

_SESSION = "tests/data/v0_1_0/dataset/sub-P1/ses-20261129T021801"


@pytest.fixture(autouse=True)
def _recording(doctest_namespace: dict[str, object]) -> None:
    """Name the folder of a short recording of the simulated meditator: ``recording``."""
    doctest_namespace["recording"] = Path(__file__).parent / _SESSION
