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

from neurofeedback.cli.keyboard import key_names, listening
from neurofeedback.session.asking import Asking
from neurofeedback.session.keys import HELP, PRESENTER, request_of
from neurofeedback.session.mailbox import Ask, Mailbox, Request, Snapshot
from neurofeedback.session.question import SLEEPY, WHERE
from neurofeedback.session.request import Outcome


class Room(Asking):
    """A sitting that takes requests and does nothing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.mailbox = Mailbox()
        self.mailbox.publish(snapshot)

    def start(self) -> None: ...

    def join(self, timeout_s: float | None = None) -> Outcome | None: ...


def wait_for(found: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def asked_of(room: Room, n: int) -> list[Request]:
    got: list[Request] = []
    wait_for(lambda: got.extend(room.mailbox.requests()) or len(got) >= n)
    return got


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        yield write, stdin


@pytest.mark.parametrize(
    ("key", "request_"),
    [
        ("space", Request(Ask.PRESS)),
        ("3", Request(Ask.ANSWER, "3")),
        ("s", Request(Ask.SKIP)),
        ("S", Request(Ask.SKIP)),
        ("p", Request(Ask.PAUSE)),
        ("+", Request(Ask.VOLUME, "3.0")),
        ("-", Request(Ask.VOLUME, "-3.0")),
        ("m", Request(Ask.MUTE, "on")),
        ("l", Request(Ask.LONGER, "5.0")),
        ("k", Request(Ask.MARK)),
        ("q", Request(Ask.STOP)),
        ("6", None),
        ("z", None),
    ],
)
def test_a_key_means(key: str, request_: Request | None) -> None:
    assert request_of(key, Snapshot()) == request_


def test_a_key_means_the_way_back_where_it_has_been_pressed_before() -> None:
    now = Snapshot(paused=True, muted=True, volume_db=-6.0)
    assert request_of("p", now) == Request(Ask.RESUME)
    assert request_of("m", now) == Request(Ask.MUTE, "off")
    assert request_of("o", now) is None
    assert request_of("o", replace(now, baseline="session")) == Request(Ask.BASELINE, "own")
    assert request_of("o", replace(now, baseline="own")) == Request(Ask.BASELINE, "session")
    assert request_of("+", now) == Request(Ask.VOLUME, "-3.0")


@pytest.mark.parametrize("key", PRESENTER)
def test_a_presenters_remote_is_a_press_or_answers_where(key: str) -> None:
    assert request_of(key, Snapshot()) == request_of(key, Snapshot(question=SLEEPY)) == Request(Ask.PRESS)
    answer = request_of(key, Snapshot(question=WHERE))
    assert answer is not None
    assert (answer.kind, answer.value in dict(WHERE.choices)) == (Ask.ANSWER, True)


def test_every_key_that_is_told_of_means_something() -> None:
    told = [key for keys in HELP for key in (["1", "5"] if keys == "1-5" else keys.split())]
    assert all(request_of(key, Snapshot()) for key in told)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (" 12", ["space", "1", "2"]),
        ("\x1b[6~\x1b[5~", ["page_down", "page_up"]),
        ("\x1b[C\x1bOD", ["right", "left"]),
        ("\r\n\t\x00", []),
        ("\x1b[15~\x1b[1;5Aq", ["q"]),
        ("é", ["é"]),
    ],
)
def test_what_a_terminal_sends_is_read_as_keys(typed: str, names: list[str]) -> None:
    assert key_names(typed) == names


def test_piped_keys_reach_the_sitting_in_order() -> None:
    room = Room(Snapshot())
    with pipe() as (write, stdin), listening(room, stdin):
        os.write(write, b" 2")
        os.write(write, b"4\n1q")
        os.close(write)
        asked = asked_of(room, 5)
    assert [(request.kind, request.value) for request in asked] == [
        (Ask.PRESS, ""), (Ask.ANSWER, "2"), (Ask.ANSWER, "4"), (Ask.ANSWER, "1"), (Ask.STOP, "")
    ]  # fmt: skip


def test_a_terminal_hands_over_each_key_at_once_and_is_left_as_it_was() -> None:
    ours, theirs = pty.openpty()
    room = Room(Snapshot())
    before = termios.tcgetattr(theirs)
    with os.fdopen(theirs) as stdin:
        with listening(room, stdin):
            os.write(ours, b" ")
            assert asked_of(room, 1) == [Request(Ask.PRESS)]
        assert termios.tcgetattr(theirs)[3] == before[3]
    os.close(ours)


def test_without_a_keyboard_nothing_is_read() -> None:
    for stdin in (io.StringIO(" q"), None):
        room = Room(Snapshot())
        with listening(room, stdin):
            pass
        assert room.mailbox.requests() == []


def test_a_pipe_that_ends_at_once_ends_nothing() -> None:
    room = Room(Snapshot())
    with pipe() as (write, stdin):
        os.close(write)
        with listening(room, stdin):
            pass
    assert room.mailbox.requests() == []
