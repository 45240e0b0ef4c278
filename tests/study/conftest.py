"""Tests of studies with sham run as if masked sessions could be recorded; others switch that off again."""

from __future__ import annotations

import pytest

from neurofeedback.study import protocol_lock


@pytest.fixture(autouse=True)
def masked_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let protocols with sham be frozen, which needs `train` to play sham."""
    monkeypatch.setattr(protocol_lock, "RECORDS_MASKED_SESSIONS", True)
