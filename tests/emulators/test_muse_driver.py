"""BrainFlow's real Muse driver finds the emulated headset over Bluetooth and reads it, block by block.

The driver is read in a process of its own: the Bluetooth library takes the message bus from its environment
once for all. The three scenarios run side by side, as each release of a Muse takes four seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pytest

from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import SCALE_UV, EmulatedMuse, HeadbandModel, MuseHeadband
from neurofeedback.emulators.signal_input import alpha_rhythm

pytestmark = [
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)"),
    pytest.mark.real_time,
]

READER = """
import sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source

device, n_wanted, silent_s, out, n_sessions = sys.argv[1], *map(int, sys.argv[2:4]), sys.argv[4], int(sys.argv[5])
source = open_source(device)
for session in range(n_sessions):
    source.open()
    chunks, n_came, heard = [], 0, time.monotonic()
    while n_came < n_wanted and time.monotonic() < heard + (silent_s if chunks else 20):
        chunk = source.read()
        if chunk is None:
            time.sleep(0.01)
            continue
        heard = time.monotonic()
        n_came += chunk.data.shape[1] - sum(run.n_samples for run in chunk.lost)
        chunks.append(chunk)
    source.close()
    runs = [(run.start, run.n_samples) for chunk in chunks for run in chunk.lost]
    data = np.concatenate([chunk.data for chunk in chunks], axis=1)
    np.savez(f"{out}-{session}.npz", data=data, runs=np.array(runs).reshape(-1, 2), first=chunks[0].first_sample)
"""


def suffering(*lines, loss=0.0):
    return Faults(loss, schedule=tuple(map(parse_fault, lines)))


@dataclass
class Scenario:
    model: HeadbandModel
    faults: Faults
    n_samples: int
    """A session ends when so many came, or for so long nothing."""
    silent_s: int = 20
    n_sessions: int = 1


SCENARIOS = {
    "stall": Scenario(HeadbandModel.MUSE_2, suffering("stall at_s=1 for_s=1"), 512),
    "loss": Scenario(HeadbandModel.MUSE_2016, Faults(loss=0.03), 1536),
    "drop": Scenario(HeadbandModel.MUSE_S, suffering("drop at_s=1.5 for_s=7"), 448, silent_s=2, n_sessions=2),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """What the driver delivered in each scenario, and what the headset sent."""
    folder = tmp_path_factory.mktemp("muse")
    headbands, readers = {}, []
    with ExitStack() as stack:
        for name, scenario in SCENARIOS.items():
            headbands[name] = MuseHeadband(alpha_rhythm(4, 256.0, seed=8), scenario.faults, seed=8)
            muse = stack.enter_context(EmulatedMuse(headbands[name], model=scenario.model))
            numbers = map(str, (scenario.n_samples, scenario.silent_s))
            command = [sys.executable, "-c", READER, scenario.model, *numbers, str(folder / name)]
            env = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": muse.address}
            readers.append(
                subprocess.Popen([*command, str(scenario.n_sessions)], env=env, stderr=subprocess.PIPE, text=True)
            )
        errors = [reader.communicate(timeout=100)[1] for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0, 0], errors
    assert errors == ["", "", ""]
    return {
        name: ([np.load(folder / f"{name}-{i}.npz") for i in range(scenario.n_sessions)], headbands[name])
        for name, scenario in SCENARIOS.items()
    }


def blocks(array):
    """Cut ``(4, n_samples)`` into ``(n_blocks, 4, 12)``; what is left over is not whole."""
    whole = array.shape[1] // 12
    return array[:, : 12 * whole].reshape(4, whole, 12).swapaxes(0, 1)


def sent_blocks(headband):
    return (np.array(headband.counts) - 2048) * SCALE_UV


def first_block(headband, stream=0):
    """The driver keeps the first block it gets to itself."""
    return headband.stream_starts[stream] + 1


def test_a_stall_keeps_its_length_and_all_else_is_as_it_was_sent(recorded):
    (session,), headband = recorded["stall"]
    first = first_block(headband)
    got = blocks(session["data"])
    lost = sorted({block - first for block, _ in headband.lost_packets if first <= block < first + len(got)})
    assert len(lost) == pytest.approx(256 / 12, abs=1)
    assert session["runs"].tolist() == [[12 * lost[0], 12 * len(lost)]]
    expected = sent_blocks(headband)[first : first + len(got)]
    expected[lost] = np.nan
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_what_is_delivered_after_a_loss_was_sent_and_stands_within_a_block_of_its_place(recorded):
    """The driver waits for all four channels, so one lost packet costs it one whole block.

    From then on some of its channels may be one block late (47 ms), until another loss; its rows do not show it.
    """
    (session,), headband = recorded["loss"]
    sent, got = sent_blocks(headband), blocks(session["data"])
    there = ~np.isnan(got).any(axis=(1, 2))
    assert 0.6 < there.mean() < 1.0
    assert session["runs"][:, 1].sum() == 12 * (~there).sum()
    first = next(block for block in range(1, 9) if any(np.allclose(got[0, c], sent[block, c]) for c in range(4)))
    for block in np.flatnonzero(there):
        late = [(got[block] == sent[first + block - back].astype(np.float32)).all(axis=1) for back in (0, 1)]
        assert late[0].any()
        assert (late[0] | late[1]).all()


def test_a_dropped_link_is_silence_and_after_it_the_recording_goes_on_in_its_place(recorded):
    sessions, headband = recorded["drop"]
    assert len(headband.stream_starts) == 2
    assert len(sessions[0]["runs"]) == 0
    ((start, gap),) = sessions[1]["runs"].tolist()
    assert start == sessions[1]["first"] == sessions[0]["data"].shape[1]
    between = 12 * (first_block(headband, 1) - first_block(headband, 0)) - start
    assert gap == pytest.approx(between, abs=(0.5 + headband.late_s) * 256)
    for stream, data in enumerate([sessions[0]["data"], sessions[1]["data"][:, gap:]]):
        first = first_block(headband, stream)
        got = blocks(data)
        assert len(got) > 20
        np.testing.assert_allclose(got, sent_blocks(headband)[first : first + len(got)], rtol=1e-6)
