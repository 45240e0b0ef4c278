"""Files of every format with known truth are read truly, or refused, or the report warns; never wrongly in silence."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from benchmarks.fuzz.silent import judge, make_case
from benchmarks.fuzz.truth import Case, Truth
from tests.helpers import known_case

N_CASES = 75
KINDS = set(
    "muse-lsl,mind monitor,openbci,sd card,brainflow,emotiv,own csv,edf,bids edf,xdf,brainvision,eeglab,fif".split(",")  # noqa: SIM905
)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def test_every_format_is_generated() -> None:
    assert {known_case(number).kind for number in range(N_CASES)} == KINDS


@pytest.mark.parametrize("first", range(0, N_CASES, 25))
def test_no_file_is_read_wrongly_in_silence(first: int) -> None:
    outcomes = {number: judge(known_case(number)) for number in range(first, first + 25)}
    assert {number: outcome for number, outcome in outcomes.items() if outcome.verdict == "silent"} == {}
    assert sum(outcome.verdict == "true" for outcome in outcomes.values()) >= 20


def test_a_wrong_truth_is_found() -> None:
    case = next(case for case in map(known_case, range(N_CASES)) if case.kind == "eeglab")
    louder = Truth(case.truth.sfreq, case.truth.n_samples, case.truth.kept, case.truth.data * 1.02)
    faster = Truth(case.truth.sfreq * 1.01, case.truth.n_samples, case.truth.kept, case.truth.data)
    assert judge(Case("eeglab", case.seed, louder)).verdict == "silent"
    assert judge(Case("eeglab", case.seed, faster)).errors[0].startswith("rate")
    assert np.array_equal(make_case(3).truth.data, make_case(3).truth.data)
