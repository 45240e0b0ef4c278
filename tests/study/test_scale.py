"""Two hundred simulated sessions: valid BIDS, opened by MNE-BIDS, worked on by both cores beside a corrupt one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import mne_bids
import numpy as np
import pandas as pd
import pytest

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.engine import FrameEngine
from neurofeedback.formats.reader import find_sessions
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.load import dump_profile, load_montage, load_settings, resolve
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import draw_session
from neurofeedback.study.batch import BatchRequest, run_batch
from neurofeedback.types import Chunk, Command, CommandKind
from tests.bids import bids_errors

N_SESSIONS, N_PEOPLE, SECONDS = 200, 10, 30.0
BEGAN = datetime(2026, 1, 1, 9, tzinfo=UTC)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    stream, profile = resolve(load_settings(), SimulatedSource(1).stream)
    device = get_headset("muse")
    montage = load_montage(device.montage)
    columns = FrameEngine(stream.sfreq, profile).columns
    people = [draw_person(seed) for seed in range(N_PEOPLE)]
    for i in range(N_SESSIONS):
        header = SessionHeader(
            f"{i % N_PEOPLE:02d}", stream, dump_profile(profile), StartState(seed=i), columns, BEGAN + timedelta(days=i)
        )
        writer = SessionWriter(root, header, sync=lambda _: None)
        truth = draw_session(people[i % N_PEOPLE], seconds=SECONDS, seed=i, montage=montage, headset=device)
        writer.process_chunk(Chunk(0, np.concatenate(list(truth.segments()), axis=1)[:, : truth.n_samples]))
        for second, phase in ((0, "settle"), (2, "baseline"), (12, "practice")):
            writer.process_event(Command(second * 256, CommandKind.PHASE, phase))
        writer.close(SessionSummary(participant=header.participant))
    return root


def test_the_validator_finds_no_error(dataset: Path):
    assert bids_errors(dataset) == []


def test_mne_bids_opens_each(dataset: Path):
    headers = sorted(dataset.glob("sub-*/ses-*/eeg/*.vhdr"))
    assert len(headers) == N_SESSIONS
    for path in headers:
        raw = mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(path), verbose="error")
        assert raw.n_times == SECONDS * 256


def test_a_batch_on_both_cores_survives_a_corrupt_session(dataset: Path, tmp_path: Path):
    victim = find_sessions(dataset)[77].derived_file("start.json")
    whole = victim.read_bytes()
    victim.write_bytes(whole[:100])
    try:
        result = run_batch(BatchRequest(dataset, tmp_path / "two.csv", n_jobs=2))
    finally:
        victim.write_bytes(whole)
    assert (result.n_recordings, len(result.failures)) == (N_SESSIONS, 1)
    rows = pd.read_csv(tmp_path / "two.csv")
    assert rows["status"].eq("ok").sum() == N_SESSIONS - 1
    assert rows["n_frames"].dropna().eq(SECONDS * 4).all()
