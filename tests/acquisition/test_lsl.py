"""A Lab Streaming Layer stream of this machine, sent by a real outlet."""

import errno
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

lsl = pytest.importorskip("mne_lsl.lsl", reason="the extra lsl is not installed")

from neurofeedback.acquisition.lsl import LslSource, find_streams, load_lsl  # noqa: E402
from neurofeedback.errors import SourceError  # noqa: E402

SFREQ = 200.0
NAMES = ["Fz", "Pz", "O1", "O2"]


@pytest.fixture(scope="module", autouse=True)
def _this_machine() -> None:
    load_lsl()


def outlet(name: str, *, sfreq: float = SFREQ, units: str = "microvolts", kind: str = "eeg"):
    info = lsl.StreamInfo(name, "EEG", 4, sfreq, "float32", f"{name}-id")
    info.set_channel_names(NAMES)
    info.set_channel_units(units)
    info.set_channel_types(kind)
    return lsl.StreamOutlet(info)


@pytest.fixture(scope="module")
def sender() -> object:
    return outlet("test-eeg")


def read_until(source: LslSource, n_samples: int) -> np.ndarray:
    parts: list[np.ndarray] = []
    deadline = time.monotonic() + 60
    while sum(part.shape[1] for part in parts) < n_samples:
        assert time.monotonic() < deadline, "the samples never came"
        if (chunk := source.read()) is not None:
            parts.append(chunk.data)
    return np.concatenate(parts, axis=1)


def test_a_stream_is_read_sample_by_sample(sender) -> None:
    source = LslSource("test-eeg")
    source.open()
    assert source.stream.ch_names == tuple(NAMES)
    assert source.stream.sfreq == SFREQ
    sent = np.random.default_rng(0).normal(0, 20, (300, 4)).astype(np.float32)
    began = lsl.local_clock()
    for at in range(0, 300, 25):
        sender.push_chunk(sent[at : at + 25], began + (np.arange(at, at + 25) + 1) / SFREQ)
    np.testing.assert_array_equal(read_until(source, 300), sent.T)
    source.close()
    source.close()


def test_a_silence_keeps_its_place_by_the_senders_clock(sender) -> None:
    source = LslSource("test-eeg")
    source.open()
    sent = np.ones((100, 4), np.float32)
    began = lsl.local_clock()
    sender.push_chunk(sent, began + np.arange(100) / SFREQ)
    sender.push_chunk(2 * np.ones((400, 4), np.float32), began + 4.0 + np.arange(400) / SFREQ)
    data = read_until(source, 1200)
    lost = np.isnan(data[0])
    assert lost.sum() == pytest.approx((4.0 - 0.5) * SFREQ, abs=2)
    assert (data[0, :100] == 1).all()
    assert (data[0, -400:] == 2).all()
    source.close()


def test_volts_become_microvolts() -> None:
    sender = outlet("test-volts", units="volts")
    source = LslSource("test-volts")
    source.open()
    sender.push_chunk(np.full((10, 4), 5e-6, np.float32))
    np.testing.assert_allclose(read_until(source, 10), 5.0, rtol=1e-6)
    source.close()


def test_what_is_no_eeg_is_refused() -> None:
    _aux = outlet("test-aux", kind="misc")
    with pytest.raises(SourceError, match="is no EEG"):
        LslSource("test-aux").open()
    _odd = outlet("test-odd", units="bananas")
    with pytest.raises(SourceError, match=r"unknown units: got bananas"):
        LslSource("test-odd").open()


def test_missing_stream_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurofeedback.acquisition.lsl._FIND_S", 0.3)
    with pytest.raises(SourceError, match="there is no stream named nobody"):
        LslSource("nobody").open()


def test_stream_that_cannot_be_restricted_to_this_machine_is_closed(
    sender: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def refuse() -> Iterator[None]:
        yield
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("neurofeedback.acquisition.lsl.restricted_to_loopback", refuse)
    source = LslSource("test-eeg")
    with pytest.raises(SourceError, match="cannot be restricted to this computer: got Operation not permitted"):
        source.open()
    with pytest.raises(SourceError, match="is not open"):
        source.read()


SENDER = """
import numpy as np
from neurofeedback.acquisition.lsl import load_lsl
lsl = load_lsl()
outlet = lsl.StreamOutlet(lsl.StreamInfo("test-gone", "EEG", 4, 200.0, "float32", ""))
print("sending", flush=True)
while not outlet.wait_for_consumers(1):
    pass
outlet.push_chunk(np.ones((10, 4), np.float32))
input()
"""


def test_a_stream_whose_program_died_is_an_error_of_the_device() -> None:
    source = LslSource("test-gone")
    with subprocess.Popen([sys.executable, "-c", SENDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        source.open()
        read_until(source, 10)
        program.kill()
    with pytest.raises(SourceError, match="stream test-gone does not answer"):
        read_until(source, 1)
    source.close()


def test_a_stream_that_does_not_answer_is_let_go(sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(inlet, timeout: float) -> None:
        raise TimeoutError("The operation failed due to a timeout.")

    monkeypatch.setattr(lsl.StreamInlet, "get_sinfo", late)
    source = LslSource("test-eeg")
    with pytest.raises(SourceError, match="stream test-eeg does not answer"):
        source.open()
    with pytest.raises(SourceError, match="is not open"):
        source.read()


def test_a_stream_that_is_back_with_other_channels_is_refused() -> None:
    sender = outlet("test-back")
    source = LslSource("test-back")
    source.open()
    source.close()
    del sender
    changed = outlet("test-back", sfreq=500.0)
    with pytest.raises(
        SourceError,
        match=r"has come back with other channels or another rate: got Fz, .* at 500 Hz; allowed: Fz, .* at 200 Hz",
    ):
        source.open()
    assert source.stream.sfreq == SFREQ
    del changed


def test_streams_are_found_by_name(sender) -> None:
    assert ("lsl:test-eeg", "4 channels at 200 Hz, type EEG") in find_streams()
