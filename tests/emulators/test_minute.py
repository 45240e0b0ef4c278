"""A minute of each emulated headset, from the real driver to the file: every sample is there as it was sent."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.ganglion import TURN
from neurofeedback.formats.reader import open_recording
from neurofeedback.verification.check_result import CheckStatus
from neurofeedback.verification.verify import verify
from tests.emulators.test_fault_matrix import Session, places
from tests.emulators.test_scale_and_rate import RECORDER
from tests.emulators.under_test import HEADSETS, noisy_rhythm

LENGTH_S = 60.0
GROUPS = (
    ("Muse 2", "Ganglion", "Cyton"),
    ("Muse S", "Ganglion, firmware 2", "Cyton with Daisy"),
    ("Muse 2016", "Athena", "Crown"),
)


@pytest.mark.slow
@pytest.mark.real_time
@pytest.mark.timeout(400)
@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_every_sample_of_a_minute_is_recorded_as_it_was_sent(
    group: tuple[str, ...], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    headsets = {
        name: HEADSETS[name].make(noisy_rhythm(HEADSETS[name].n_channels, HEADSETS[name].sfreq), Faults())
        for name in group
    }
    with ExitStack() as stack:
        tasks = []
        for name, headset in headsets.items():
            kind = HEADSETS[name]
            emulator = stack.enter_context(kind.run(headset))
            tasks.append((kind.device_name(emulator), str(tmp_path / name), kind.environment(emulator)))
        command = [sys.executable, "-c", RECORDER, json.dumps(tasks), str(LENGTH_S)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    for name, headset in headsets.items():
        recording = open_recording(tmp_path / name)
        data = recording.read_chunk(0, recording.n_samples).data
        recorded, sent = places(HEADSETS[name], Session(data, headset))
        assert sent.min() >= 0, name
        assert np.ptp(sent - recorded) == 0, name
        n_lost = data.shape[1] - recorded.size
        assert data.shape[1] >= (LENGTH_S - 1) * HEADSETS[name].sfreq, name
        assert n_lost in ({data.shape[1] // TURN, data.shape[1] // TURN + 1} if name == "Ganglion" else {0}), name
        found = verify(recording.path)
        assert found.status is CheckStatus.OK, [one.text for one in found.results if one.status is CheckStatus.WRONG]
        record_property("figure", f"{name}: {data.shape[1]} samples in a minute as sent, {n_lost} lost")
