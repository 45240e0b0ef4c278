"""Each fault through BrainFlow's real drivers: what is delivered, and the ledger of what is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack

import numpy as np
import pytest

from neurofeedback.acquisition.open import open_source
from neurofeedback.emulators import cyton, muse
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import SourceError
from tests.helpers import FastClock

DEADLINE_S = 60.0


def suffering(*lines):
    return Faults(schedule=tuple(map(parse_fault, lines)))


def board(*lines, seed=1, speed=1):
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed), suffering(*lines), seed=seed)
    return EmulatedCyton(firmware, now=time.monotonic if speed == 1 else FastClock(speed))


def read_until(source, stop):
    chunks = []
    deadline = time.monotonic() + DEADLINE_S
    while not chunks or chunks[-1].stop < stop:
        assert time.monotonic() < deadline
        chunk = source.read()
        if chunk is None:
            time.sleep(0.005)
        else:
            assert chunk.first_sample == (chunks[-1].stop if chunks else chunk.first_sample)
            chunks.append(chunk)
    return chunks


def record(emulated, stop):
    source = open_source(f"cyton:{emulated.port}")
    source.open()
    try:
        chunks = read_until(source, stop)
    finally:
        source.close()
    return joined(chunks)


def joined(chunks):
    data = np.concatenate([chunk.data for chunk in chunks], axis=1)
    return data, [(run.start, run.n_samples, run.cause) for chunk in chunks for run in chunk.lost]


def sent_uv(firmware, n_samples):
    return np.array(firmware.counts[:n_samples]).T * cyton.SCALE_UV


AFTERNOON = {
    "sent twice": ("duplicate share=0.3",),
    "count begins near its end": ("counter to=250",),
    "count jumps by a few": ("counter at_s=1 to=253",),
    "clock jumps ahead by less than half a turn": ("clock at_s=1 by_s=0.3",),
    "clock waits": ("clock at_s=1 by_s=-0.3",),
    "hum, lifted and broken": ("mains uv=50", "lifted channels=2 at_s=1", "broken channels=7,8"),
}


@pytest.mark.parametrize("lines", AFTERNOON.values(), ids=AFTERNOON.keys())
def test_what_costs_a_cyton_no_sample_leaves_no_hole(lines):
    """A count that jumps by 3 looks like 3 lost samples; nothing else may be missing, nothing twice."""
    with board(*lines, speed=5) as emulated:
        data, runs = record(emulated, 1250)
        firmware = emulated.firmware
    if "to=253" in lines[0]:
        assert runs == [(250, 3, "lost")]
        data = np.delete(data, np.s_[250:253], axis=1)
    else:
        assert runs == []
    np.testing.assert_allclose(data, sent_uv(firmware, data.shape[1]), rtol=1e-6, atol=cyton.SCALE_UV / 100)


@pytest.mark.real_time
def test_a_cytons_samples_out_of_reach_are_a_hole_of_their_length():
    """Its dongle goes on; the board streams on by radio that nobody hears."""
    with board("drop at_s=1 for_s=0.4") as emulated:
        data, runs = record(emulated, 500)
        lost = emulated.firmware.lost_samples
    assert lost == list(range(250, 350))
    assert runs == [(250, 100, "lost")]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(data[0])), lost)


@pytest.mark.real_time
def test_a_port_that_is_plugged_in_again_goes_on_in_the_same_recording():
    with board("unplug at_s=1 for_s=1") as emulated:
        source = open_source(f"cyton:{emulated.port}")
        source.open()
        try:
            before = read_until(source, 200)
            while os.path.exists(emulated.port):  # noqa: PTH110
                if (chunk := source.read()) is not None:
                    before.append(chunk)
            while (chunk := source.read()) is not None:
                before.append(chunk)
            source.close()
            deadline = time.monotonic() + DEADLINE_S
            while not os.path.exists(emulated.port):  # noqa: PTH110
                assert time.monotonic() < deadline
                time.sleep(0.01)
            source.open()
            after = read_until(source, before[-1].stop + 100)
        finally:
            source.close()
        firmware = emulated.firmware
    (data, runs), n_before = joined(after), before[-1].stop
    ((start, gap, cause),) = runs
    assert (start, cause) == (n_before, "gap")
    assert gap / 250 == pytest.approx(after[0].host_time - before[-1].host_time, abs=1.0)
    assert len(firmware.lost_samples) == pytest.approx(250, abs=125 + 250 * firmware.late_s)
    sent = sent_uv(firmware, None)[:, firmware.stream_starts[1] :]
    np.testing.assert_allclose(data[:, gap:], sent[:, : data.shape[1] - gap], rtol=1e-6, atol=cyton.SCALE_UV / 100)


@pytest.mark.parametrize(
    ("line", "words"), [("absent for_s=60", "no such serial port"), ("reply times=1", "no cyton answers on this port")]
)
def test_missing_cyton_and_other_device_have_different_errors(line, words):
    with board(line) as emulated, pytest.raises(SourceError, match=words):
        open_source(f"cyton:{emulated.port}").open()


def test_a_cyton_out_of_reach_when_it_is_opened_again_is_refused():
    with board("drop at_s=0.2") as emulated:
        source = open_source(f"cyton:{emulated.port}")
        source.open()
        read_until(source, 25)
        source.close()
        while not emulated.firmware.faults.dropped(emulated.firmware.elapsed(time.monotonic())):
            time.sleep(0.01)
        with pytest.raises(SourceError, match="no cyton answers on this port"):
            source.open()


# --- Muse ---

READER = """
import sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source
from neurofeedback.errors import SourceError

n_samples, out = int(sys.argv[1]), sys.argv[2]
source, refused, chunks = open_source("muse-2"), [], []
while True:
    try:
        source.open()
        break
    except SourceError as error:
        refused.append(str(error))
begun = time.monotonic()
while time.monotonic() < begun + 60 and (not chunks or chunks[-1].stop < n_samples):
    chunk = source.read()
    if chunk is None:
        time.sleep(0.01)
    else:
        chunks.append(chunk)
runs = [(run.start, run.n_samples) for chunk in chunks for run in chunk.lost]
data = np.concatenate([chunk.data for chunk in chunks], axis=1)
np.savez(out, data=data, runs=np.array(runs).reshape(-1, 2), refused=refused)
source.close()
"""

MUSES = {
    "count begins near its end": ("counter to=65530",),
    "count jumps by two blocks": ("counter at_s=1.5 to=1000", "counter at_s=1.6 to=1004"),
    "clock jumps ahead": ("clock at_s=1.5 by_s=1",),
    "hum, lifted and broken": ("mains uv=50", "lifted channels=2", "broken channels=4"),
    "sent twice": ("duplicate share=0.1",),
    # the driver tries fifteen times before it gives up
    "refuses at first": ("absent for_s=1", "refuse times=15"),
}


@pytest.fixture(scope="module")
def muses(tmp_path_factory):
    """What the driver delivered with each fault, and what the headset sent."""
    folder, headbands, readers = tmp_path_factory.mktemp("muse"), {}, {}
    with ExitStack() as stack:
        for name, lines in MUSES.items():
            headbands[name] = MuseHeadband(alpha_rhythm(4, 256.0, seed=8), suffering(*lines), seed=8)
            address = stack.enter_context(EmulatedMuse(headbands[name])).address
            command = [sys.executable, "-c", READER, "640", str(folder / f"{name}.npz")]
            env = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address}
            readers[name] = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        errors = {name: reader.communicate(timeout=100)[1] for name, reader in readers.items()}
    assert errors == dict.fromkeys(readers, "")
    return {name: (np.load(folder / f"{name}.npz"), headbands[name]) for name in MUSES}


@pytest.mark.real_time
@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
@pytest.mark.parametrize("name", [name for name in MUSES if name != "sent twice"])
def test_what_costs_a_muse_no_packet_leaves_no_hole(name, muses):
    session, headband = muses[name]
    data, runs = session["data"], session["runs"].tolist()
    if "jumps by two" in name:
        assert [n_samples % 12 for _, n_samples in runs] == [0] * len(runs)
        data = data[:, : runs[0][0]]
        assert data.shape[1] / 256 == pytest.approx(1.5, abs=0.1)
    else:
        assert runs == []
    n_blocks = data.shape[1] // 12
    sent = (np.concatenate(headband.counts[1 : n_blocks + 1], axis=1) - 2048) * muse.SCALE_UV
    np.testing.assert_allclose(data[:, : 12 * n_blocks], sent, rtol=1e-6)
    assert len(session["refused"]) == (1 if "refuses" in name else 0)


@pytest.mark.real_time
@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
def test_a_block_that_the_driver_gives_out_twice_is_marked_where_it_stands_the_second_time(muses):
    """A packet that comes twice counts as new twice; the channel may be a block late from then on (0008)."""
    session, headband = muses["sent twice"]
    got = session["data"][:, : session["data"].shape[1] // 12 * 12].reshape(4, -1, 12)
    sent = ((np.array(headband.counts) - 2048) * muse.SCALE_UV).astype(np.float32).swapaxes(0, 1)
    stale = np.isnan(got).all(axis=2)
    assert stale.sum() > 3
    assert (np.isnan(got).any(axis=2) == stale).all()
    assert not stale.all(axis=0).any()
    for channel, block in np.argwhere(~stale):
        late = [back for back in (0, 1) if (got[channel, block] == sent[channel, block + 1 - back]).all()]
        assert late
    for channel in range(4):
        blocks = [block.tobytes() for block, gone in zip(got[channel], stale[channel], strict=True) if not gone]
        assert len(set(blocks)) == len(blocks), "nothing stands there twice"


@pytest.mark.real_time
def test_refused_muse_connection_names_the_reason(muses):
    session, _ = muses["refuses at first"]
    assert str(session["refused"][0]).startswith("no muse-2 was found")
