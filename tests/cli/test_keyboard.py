"""Keys typed, piped in or sent by a presenter's remote reach the sitting, at once and as what they mean then."""

from __future__ import annotations

import io
import os
import pty
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

import pytest

from neurofeedback.cli.helpers.keyboard import forward_keys, key_names
from neurofeedback.session.config import SessionResult
from neurofeedback.session.keymap import PRESENTER_KEYS, key_help, request_for_key
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot
from neurofeedback.texts.probe_questions import SLEEPY, WHERE


class Room:
    """A sitting that takes requests and does nothing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.live_state = LiveState()
        self.live_state.publish(snapshot)

    def start(self) -> None: ...

    def stop(self) -> None:
        self.live_state.send_request(Request(RequestKind.STOP))

    def join(self, timeout_s: float | None = None) -> SessionResult | None: ...


def wait_for(found: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def asked_of(room: Room, n: int) -> list[Request]:
    got: list[Request] = []
    wait_for(lambda: got.extend(room.live_state.drain_requests()) or len(got) >= n)
    return got


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        yield write, stdin


@pytest.mark.parametrize(
    ("key", "request_"),
    [
        ("space", Request(RequestKind.PRESS)),
        ("3", Request(RequestKind.ANSWER, "3")),
        ("s", Request(RequestKind.SKIP)),
        ("S", Request(RequestKind.SKIP)),
        ("p", Request(RequestKind.PAUSE)),
        ("+", Request(RequestKind.VOLUME, "3.0")),
        ("-", Request(RequestKind.VOLUME, "-3.0")),
        ("m", Request(RequestKind.MUTE, "on")),
        ("l", Request(RequestKind.EXTEND, "5.0")),
        ("k", Request(RequestKind.MARK)),
        ("q", Request(RequestKind.STOP)),
        ("6", None),
        ("z", None),
    ],
)
def test_a_key_means(key: str, request_: Request | None) -> None:
    assert request_for_key(key, Snapshot()) == request_


def test_a_key_means_the_way_back_where_it_has_been_pressed_before() -> None:
    now = Snapshot(paused=True, muted=True, volume_db=-6.0)
    assert request_for_key("p", now) == Request(RequestKind.RESUME)
    assert request_for_key("m", now) == Request(RequestKind.MUTE, "off")
    assert request_for_key("o", now) is None
    assert request_for_key("o", replace(now, feedback_source="session")) == Request(RequestKind.BASELINE, "own")
    assert request_for_key("o", replace(now, feedback_source="own")) == Request(RequestKind.BASELINE, "session")
    assert request_for_key("+", now) == Request(RequestKind.VOLUME, "-3.0")


@pytest.mark.parametrize("key", PRESENTER_KEYS)
def test_a_presenters_remote_is_a_press_or_answers_where(key: str) -> None:
    assert (
        request_for_key(key, Snapshot())
        == request_for_key(key, Snapshot(question=SLEEPY))
        == Request(RequestKind.PRESS)
    )
    answer = request_for_key(key, Snapshot(question=WHERE))
    assert answer is not None
    assert (answer.kind, answer.value in dict(WHERE.choices)) == (RequestKind.ANSWER, True)


def test_every_listed_key_has_an_action() -> None:
    shown = [key for keys in key_help() for key in (["1", "5"] if keys == "1-5" else keys.split())]
    assert all(request_for_key(key, Snapshot()) for key in shown)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (" 12", ["space", "1", "2"]),
        ("\x1b[6~\x1b[5~", ["page_down", "page_up"]),
        ("\x1b[C\x1bOD", ["right", "left"]),
        ("\r\n\t\x00", ["enter"]),
        ("\r\n\x7f\x1b", ["enter", "backspace", "escape"]),
        ("\x1b[15~\x1b[1;5Aq", ["q"]),
        ("é", ["é"]),
    ],
)
def test_what_a_terminal_sends_is_read_as_keys(typed: str, names: list[str]) -> None:
    assert key_names(typed) == names


def test_piped_keys_reach_the_session_in_order() -> None:
    room = Room(Snapshot())
    with pipe() as (write, stdin), forward_keys(room, stdin):
        os.write(write, b" 2")
        os.write(write, b"4\n1q")
        os.close(write)
        asked = asked_of(room, 5)
    assert [(request.kind, request.value) for request in asked] == [
        (RequestKind.PRESS, ""), (RequestKind.ANSWER, "2"), (RequestKind.ANSWER, "4"),
        (RequestKind.ANSWER, "1"), (RequestKind.STOP, "")
    ]  # fmt: skip


def test_a_terminal_hands_over_each_key_at_once_and_is_left_as_it_was() -> None:
    ours, theirs = pty.openpty()
    room = Room(Snapshot())
    before = termios.tcgetattr(theirs)
    with os.fdopen(theirs) as stdin:
        with forward_keys(room, stdin):
            os.write(ours, b" ")
            assert asked_of(room, 1) == [Request(RequestKind.PRESS)]
        assert termios.tcgetattr(theirs)[3] == before[3]
    os.close(ours)


def test_no_key_is_read_without_keyboard() -> None:
    for stdin in (io.StringIO(" q"), None):
        room = Room(Snapshot())
        with forward_keys(room, stdin):
            pass
        assert room.live_state.drain_requests() == []


def test_closed_pipe_does_not_end_the_session() -> None:
    room = Room(Snapshot())
    with pipe() as (write, stdin):
        os.close(write)
        with forward_keys(room, stdin):
            pass
    assert room.live_state.drain_requests() == []
