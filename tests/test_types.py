"""Shared values: frozen, and time counted in samples exactly."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback import types
from neurofeedback.types import Chunk, Command, CommandKind, StreamInfo, frame_end

RATES = st.sampled_from([125.0, 200.0, 250.0, 256.0, 500.0, 512.0, 1000.0, 128.205])


def test_a_chunk_knows_its_extent() -> None:
    chunk = Chunk(first_sample=10, data=np.zeros((4, 3), np.float32))
    assert (chunk.n_samples, chunk.stop) == (3, 13)


def test_a_stream_counts_its_channels() -> None:
    assert StreamInfo("synthetic", 250.0, ("Fz", "Pz")).n_channels == 2


def test_values_are_frozen() -> None:
    command = Command(0, CommandKind.PHASE, "settle")
    with pytest.raises(FrozenInstanceError):
        command.sample = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_words_on_disk_are_these() -> None:
    phases = ["settle", "baseline", "practice", "rest", "transfer", "debrief", "pause"]
    assert [phase.value for phase in types.Phase] == phases
    assert [state.value for state in types.State] == ["FOCUS", "WANDER", "UNKNOWN", "LOST"]
    assert {"signal_lost", "signal_back"} <= {kind.value for kind in types.EventKind}


@pytest.mark.parametrize(("sfreq", "ends"), [(256.0, [64, 128, 192, 256]), (125.0, [31, 62, 93, 125])])
def test_a_rate_that_4_does_not_divide_loses_no_sample(sfreq: float, ends: list[int]) -> None:
    assert [frame_end(index, sfreq, 0.25) for index in range(4)] == ends


@given(sfreq=RATES, hop_s=st.sampled_from([0.05, 0.1, 0.25, 0.5]), index=st.integers(0, 10**7))
def test_frame_ends_never_drift(sfreq: float, hop_s: float, index: int) -> None:
    exact = (index + 1) * Fraction(str(sfreq)) * Fraction(str(hop_s))
    assert frame_end(index, sfreq, hop_s) == int(exact)
    assert frame_end(index, sfreq, hop_s) - frame_end(index - 1, sfreq, hop_s) in {
        int(sfreq * hop_s),
        int(sfreq * hop_s) + 1,
    }
