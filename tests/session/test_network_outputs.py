"""Live outputs of a session, received by a real LSL inlet and a real socket."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.session.outputs import network_outputs
from neurofeedback.session.outputs.network_outputs import (
    FRAME_FIELDS,
    LslOutput,
    OscOutput,
    describe_outputs,
    open_outputs,
)
from neurofeedback.texts import session_notices
from neurofeedback.types import Chunk, Event, EventKind, Frame, Guidance, Phase, State, StreamInfo

STREAM = StreamInfo("simulated:1", 256.0, ("TP9", "AF7", "AF8", "TP10"))
NAN = float("nan")


def frame(mwi: float = 61.5) -> Frame:
    return Frame(
        3, 256, 1.0, Phase.PRACTICE, True, 0.9, 0.3, State.FOCUS, False, 0.29, mwi, NAN, True, Guidance(0.2), (), ()
    )


def test_raw_frames_and_markers_arrive_by_lsl() -> None:
    lsl = pytest.importorskip("mne_lsl.lsl", reason="the extra lsl is not installed")
    outlet = LslOutput("test-out", STREAM, 0.25)
    inlets = {}
    for name in ("eeg", "frames", "markers"):
        (found,) = lsl.resolve_streams(timeout=30, name=f"test-out-{name}")
        inlets[name] = lsl.StreamInlet(found)
        inlets[name].open_stream(timeout=30)
    assert inlets["eeg"].get_sinfo().get_channel_names() == list(STREAM.ch_names)
    data = np.arange(48, dtype=np.float32).reshape(4, 12)
    outlet.process_chunk(Chunk(0, data))
    outlet.process_frames([frame()])
    outlet.process_event(Event(7, EventKind.MARK, "here"))
    for column in data.T:
        np.testing.assert_array_equal(inlets["eeg"].pull_sample(timeout=30)[0], column)
    values, _ = inlets["frames"].pull_sample(timeout=30)
    assert dict(zip(FRAME_FIELDS, values, strict=True))["mwi"] == 61.5
    marker, marker_s = inlets["markers"].pull_sample(timeout=30)
    assert marker == ["mark:here"]
    outlet.process_chunk(Chunk(12, data))
    _, first_s = inlets["eeg"].pull_sample(timeout=30)
    assert first_s - marker_s == pytest.approx((12 - 7) / STREAM.sfreq, abs=1e-3)
    ids = {inlet.get_sinfo().source_id for inlet in inlets.values()}
    outlet.close()
    again = LslOutput("test-out", STREAM, 0.25)
    (found,) = lsl.resolve_streams(timeout=30, name="test-out-eeg")
    assert found.source_id not in ids
    again.close()


class FakeLsl:
    """Streams that note what they are given, and which are open."""

    open: ClassVar[list[str]] = []
    sent: ClassVar[list[object]] = []

    class StreamInfo:
        def __init__(self, name: str, *_: object) -> None:
            self.name = name

        def __getattr__(self, _name: str) -> Callable[..., None]:
            return lambda *_: None

    class StreamOutlet:
        def __init__(self, info: "FakeLsl.StreamInfo") -> None:
            self.name = info.name
            FakeLsl.open.append(self.name)

        def __del__(self) -> None:
            FakeLsl.open.remove(self.name)

        def push_sample(self, sample: object, _at: float) -> None:
            FakeLsl.sent.append(sample)

    @staticmethod
    def local_clock() -> float:
        return 0.0


@pytest.mark.parametrize("at_entry", [True, False])
def test_streams_that_cannot_be_restricted_are_sent_only_where_that_is_allowed(
    monkeypatch: pytest.MonkeyPatch, at_entry: bool
) -> None:
    @contextmanager
    def fail() -> Iterator[None]:
        if at_entry:
            raise PermissionError(1, "Operation not permitted")
        yield
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(network_outputs, "load_lsl", lambda **_: FakeLsl)
    monkeypatch.setattr(network_outputs, "restricted_to_loopback", fail)
    outlet = LslOutput("out", STREAM, 0.25, allow_network=True)
    assert outlet.description == session_notices.LSL_REACHABLE
    outlet.process_event(Event(7, EventKind.MARK, "here"))
    assert FakeLsl.sent.pop() == ["mark:here"]
    outlet.close()
    assert FakeLsl.open == []
    with pytest.raises(SettingsError, match="other computers"):
        LslOutput("out", STREAM, 0.25)
    assert FakeLsl.open == []


def test_osc_sends_frames_without_nan() -> None:
    osc = pytest.importorskip("pythonosc.osc_message", reason="the extra osc is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        outlet = OscOutput(str(receiver.getsockname()[1]))
        outlet.process_chunk(Chunk(0, np.zeros((4, 1), np.float32)))
        outlet.process_frames([])
        outlet.process_frames([frame()])
        outlet.process_event(Event(0, EventKind.MARK))
        outlet.close()
        got = [osc.OscMessage(receiver.recv(1024)) for _ in range(len(FRAME_FIELDS) - 1 + 2)]
    messages = {message.address: message.params[0] for message in got}
    assert messages["/neurofeedback/mwi"] == pytest.approx(61.5)
    assert messages["/neurofeedback/state"] == "FOCUS"
    assert messages["/neurofeedback/event/mark"] == "n/a"
    assert "/neurofeedback/threshold" not in messages


def test_no_output_is_opened_by_default() -> None:
    assert open_outputs("", "", STREAM, 0.25) == ()
    assert describe_outputs("", "") == describe_outputs("machine", "9000") == ""


def test_network_outputs_give_notice() -> None:
    assert "by LSL and OSC, as you asked" in describe_outputs("network", "studio.local:9000")


@pytest.mark.parametrize(("lsl_out", "osc_out"), [("everywhere", ""), ("", "port"), ("", "host:99999"), ("", "a:b:c")])
def test_invalid_output_address_is_refused(lsl_out: str, osc_out: str) -> None:
    with pytest.raises(SettingsError, match="allowed: "):
        describe_outputs(lsl_out, osc_out)
