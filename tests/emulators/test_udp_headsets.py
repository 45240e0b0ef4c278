"""Headsets that send datagrams, by themselves and through BrainFlow's real drivers, on this machine alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.acquisition.board_info import board_layout, channel_names, describe_board
from neurofeedback.acquisition.boards import BOARDS
from neurofeedback.acquisition.open import open_source
from neurofeedback.cli.main import app
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.emulators.udp_headsets import (
    CROWN_CHANNELS,
    CROWN_SFREQ,
    Crown,
    EmulatedUdpHeadset,
    StreamingBoard,
)
from neurofeedback.errors import SettingsError, SourceError

NOISE = np.random.default_rng(0).normal(0, 30, (8, 1000))
CYTON = board_layout("cyton")


def suffering(*lines):
    return Faults(schedule=tuple(map(parse_fault, lines)))


def crown(*lines, chunks=(NOISE,), **options):
    headset = Crown(chunks, suffering(*lines), **options)
    headset.switch_on(100.0)
    return headset


def relay(*lines, **options):
    headset = StreamingBoard([NOISE], suffering(*lines), layout=CYTON, **options)
    headset.switch_on(100.0)
    return headset


def rows(datagrams):
    return np.concatenate([np.frombuffer(datagram, "<f8").reshape(3, CYTON.n_rows) for datagram in datagrams])


# --- by themselves ---


def test_crown_message_follows_the_osc_format():
    (message,) = crown(chunks=[np.arange(8.0)[:, None]], epoch=7.5).send(100.01)
    assert message.startswith(b"/neurosity/notion/emulated/raw\0\0,[ffffffff]sis\0")
    assert len(message) % 4 == 0
    assert np.frombuffer(message[48:80], ">f4").tolist() == list(range(8))
    assert message[80:] == b"7500.000\0\0\0\0" + bytes(4) + bytes(4)


def test_three_rows_go_into_a_datagram_of_the_streaming_board():
    headset = relay(epoch=50.0)
    table = rows(headset.send(100.0 + 10 / 250))
    assert table.shape == (9, 24)
    np.testing.assert_array_equal(table[:, 1:9].T, NOISE[:, :9])
    assert table[:, CYTON.counter_row].tolist() == list(range(9))
    np.testing.assert_allclose(table[:, CYTON.timestamp_row], 50 + np.arange(9) / 250)


def test_what_is_due_does_not_depend_on_when_it_is_fetched():
    lines = ("loss share=0.1", "duplicate share=0.1", "broken channels=2 at_s=0.5")
    whole, pieces = relay(*lines, seed=3), relay(*lines, seed=3)
    assert whole.send(102.0) == [datagram for at in np.linspace(100, 102, 77) for datagram in pieces.send(at)]
    assert whole.lost_samples == pieces.lost_samples
    assert whole.lost_samples


def test_lost_datagrams_are_listed_with_all_their_samples_and_the_count_runs_on():
    headset = relay("loss share=0.2", seed=1)
    counts = rows(headset.send(102.0))[:, CYTON.counter_row].astype(int).tolist()
    assert counts == [i % 256 for i in range(498) if i not in set(headset.lost_samples)]
    assert 50 < len(headset.lost_samples) < 150


@pytest.mark.parametrize("fault", ["stall at_s=0.48 for_s=0.48", "drop at_s=0.48 for_s=0.48"])
def test_silence_loses_what_falls_into_it(fault):
    headset = relay(fault)
    headset.send(102.0)
    assert headset.lost_samples == list(range(120, 240))


def test_a_clock_that_jumps_moves_the_stamps_and_not_the_samples():
    headset = relay("clock at_s=1.2 by_s=3600", epoch=50.0)
    stamps = rows(headset.send(102.0))[:, CYTON.timestamp_row]
    assert len(stamps) == 498
    np.testing.assert_allclose(stamps - np.arange(498) / 250, np.where(np.arange(498) < 300, 50, 3650))


def test_a_count_can_begin_anywhere_and_a_datagram_come_twice():
    headset = relay("counter to=254", "duplicate share=1")
    datagrams = headset.send(100.05)
    assert datagrams[::2] == datagrams[1::2]
    assert rows(datagrams[::2])[:6, CYTON.counter_row].tolist() == [254, 255, 0, 1, 2, 3]


def test_the_end_of_the_samples_is_noticed_and_nothing_runs_on():
    headset = Crown([NOISE[:, :20]])
    with EmulatedUdpHeadset(headset) as sender:
        sender.wait()
    assert (len(headset.samples_uv), headset.exhausted) == (20, True)


def test_crown_constants_match_brainflow():
    description = describe_board(open_source("brainflow:crown")._spec)
    assert (channel_names(description), description["sampling_rate"]) == (CROWN_CHANNELS, CROWN_SFREQ)


# --- through the drivers ---


def read_until(source, stop):
    chunks, deadline = [], time.monotonic() + 60
    while not chunks or chunks[-1].stop < stop:
        assert time.monotonic() < deadline
        if (chunk := source.read()) is not None:
            chunks.append(chunk)
        time.sleep(0.005)
    return chunks


def record(sender, stop):
    source = open_source(f"brainflow:crown:ip_port={sender.port}")
    source.open()
    try:
        chunks = read_until(source, stop)
    finally:
        source.close()
    data = np.concatenate([chunk.data for chunk in chunks], axis=1)
    return data, [(run.start, run.n_samples, run.cause) for chunk in chunks for run in chunk.lost]


def first_sample(data, sent):
    """Where among the samples sent the recording begins: a listener may come late."""
    (first,) = np.flatnonzero((np.abs(sent - data[:, :1]) < 1e-4).all(axis=0))
    return first


@pytest.mark.real_time
@pytest.mark.parametrize("line", ["clock at_s=1 by_s=3600", "lifted channels=2", "clock at_s=1 by_s=-3600"])
def test_crown_samples_arrive_as_sent_whatever_its_clock_shows(line):
    headset = Crown(alpha_rhythm(8, CROWN_SFREQ, seed=1), suffering(line), epoch=time.time())
    with EmulatedUdpHeadset(headset) as sender:
        data, lost = record(sender, 400)
    sent = np.array(headset.samples_uv).T
    first = first_sample(data, sent)
    assert lost == []
    np.testing.assert_allclose(data, sent[:, first : first + data.shape[1]], rtol=1e-6)


@pytest.mark.real_time
def test_a_crowns_silence_is_a_gap_by_its_count_and_the_hosts_clock():
    """Its count starts again eight times a second, so the clock chooses the turn, as well as a busy machine can."""
    headset = Crown(alpha_rhythm(8, CROWN_SFREQ, seed=1), suffering("stall at_s=1 for_s=1.5"), epoch=time.time())
    with EmulatedUdpHeadset(headset) as sender:
        data, lost = record(sender, 700)
    ((start, gap, _),) = lost
    assert (gap - len(headset.lost_samples)) % 32 == 0
    assert gap / CROWN_SFREQ == pytest.approx(1.5, abs=0.75 + headset.late_s)
    assert np.isnan(data[0]).sum() == gap
    sent = np.array(headset.samples_uv).T
    assert headset.lost_samples[0] == start + first_sample(data, sent)


@pytest.mark.real_time
def test_a_crown_that_is_not_there_is_refused_before_its_driver_could_hang(monkeypatch):
    """The driver never returns if the first message comes after its five seconds."""
    headset = Crown(alpha_rhythm(8, CROWN_SFREQ, seed=1), suffering("drop"), epoch=time.time())
    with EmulatedUdpHeadset(headset) as sender:
        source = open_source(f"brainflow:crown:ip_port={sender.port}")
        with monkeypatch.context() as patch:
            patch.setattr("neurofeedback.acquisition.datagrams.wait_for_datagram.__defaults__", (0.2,))
            with pytest.raises(SourceError, match=f"no headset sends to this computer's UDP port: got {sender.port}"):
                source.open()
        headset.clear_faults()
        source.open()
        assert read_until(source, 100)
        source.close()


STREAMED = """
import json, sys, time
import numpy as np
from neurofeedback.acquisition.board_info import board_layout
from neurofeedback.acquisition.open import open_source
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.udp_headsets import MULTICAST_GROUP, EmulatedUdpHeadset, StreamingBoard

lines = ("loss share=0.05", "duplicate share=0.05", "counter to=250", "clock at_s=1 by_s=60")
relay = StreamingBoard(alpha_rhythm(8, 250.0, 1), Faults(schedule=tuple(map(parse_fault, lines))),
              layout=board_layout("cyton"), epoch=time.time(), seed=2)
chunks = []
with EmulatedUdpHeadset(relay, multicast=True) as sender:
    source = open_source(f"brainflow:streaming:ip_address={MULTICAST_GROUP},ip_port={sender.port},master_board=0")
    source.open()
    while not chunks or chunks[-1].stop < 600:
        if (chunk := source.read()) is not None:
            chunks.append(chunk)
        time.sleep(0.005)
    source.close()
data = np.concatenate([chunk.data for chunk in chunks], axis=1)
sent = np.array(relay.samples_uv).T
(first,) = np.flatnonzero((np.abs(sent - data[:, :1]) < 1e-4).all(axis=0))
runs = [run for chunk in chunks for run in chunk.lost]
lost = [i for run in runs for i in range(run.start, run.start + run.n_samples)]
there = ~np.isnan(data[0])
print(json.dumps({
    "lost": lost == [i - int(first) for i in relay.lost_samples if first <= i < first + data.shape[1]],
    "n_lost": len(lost),
    "same": bool(np.allclose(data[:, there], sent[:, first : first + data.shape[1]][:, there], rtol=1e-6)),
    "montage": source.stream.montage,
    "signals": sorted({stretch.label for chunk in chunks for stretch in chunk.auxiliary}),
}))
"""
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c"]
NETWORK = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo && exec "$@"'


def can_be_alone():
    tools = shutil.which("unshare") and shutil.which("ip")
    return (
        bool(tools)
        and subprocess.run([*ALONE, NETWORK, "sh", "true"], check=False, capture_output=True).returncode == 0
    )


@pytest.mark.real_time
@pytest.mark.skipif(not can_be_alone(), reason="needs a network of its own (unshare, iproute2) to join a group in")
def test_a_streamed_cyton_keeps_its_places_through_loss_repetition_and_a_clock_that_jumps():
    done = subprocess.run(
        [*ALONE, NETWORK, "sh", sys.executable, "-c", STREAMED], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("n_lost") > 5
    assert found == {"lost": True, "same": True, "montage": "cyton", "signals": ["motion"]}


# --- from the command line ---


def emulate(*arguments):
    done = CliRunner().invoke(app, ["emulate", *arguments])
    if isinstance(done.exception, SettingsError):
        raise done.exception
    return done


def test_a_crown_is_offered_with_the_line_that_finds_it(monkeypatch):
    monkeypatch.setattr(EmulatedUdpHeadset, "wait", lambda _: None)
    out = emulate("crown", "--fault", "lifted channels=1").output
    assert f"neurofeedback train --device brainflow:crown:ip_port={out.splitlines()[0]}" in out


def test_started_program_gets_the_port_or_the_device():
    shows = [sys.executable, "-c", "import sys; print(sys.argv[1])"]
    for headset, placeholder in (("crown", "{port}"), ("streaming", "{device}")):
        command = [str(Path(sys.executable).parent / "neurofeedback"), "emulate", headset, "--", *shows, placeholder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip().isdecimal() or done.stdout.startswith("brainflow:streaming:ip_address=239.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["crown", "--fault", "unplug"], "a Crown cannot have this fault: got unplug"),
        (["streaming", "--board", "zyton"], "there is no such board of BrainFlow: got 'zyton'"),
        (["streaming", "--board", "emotibit"], "has no EEG channels"),
    ],
)
def test_invalid_arguments_are_refused(arguments, words):
    with pytest.raises(SettingsError, match=words):
        emulate(*arguments)


@pytest.mark.parametrize("name", ["cyton", "muse-2", "unicorn"])
def test_the_samples_of_any_board_can_be_streamed(name):
    layout = board_layout(name)
    headset = StreamingBoard([NOISE], layout=layout)
    headset.switch_on(0.0)
    (datagram, *_) = headset.send(1.0)
    assert len(datagram) == 3 * 8 * layout.n_rows
    assert layout.board_id == (BOARDS[name].board_id if name in BOARDS else 8)
