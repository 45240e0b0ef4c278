"""The terminal view: the same facts as the window, plain lines in a pipe, an orderly end after Ctrl-C."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from neurofeedback.cli.helpers.terminal_view import (
    describe_snapshot,
    format_line,
    index_bar,
    render_panel,
    run_in_terminal,
)
from neurofeedback.errors import EXIT_DEVICE, EXIT_INTERRUPTED, EXIT_OK
from neurofeedback.session.config import SessionResult
from neurofeedback.session.live_state import LiveState, Snapshot
from neurofeedback.texts.session import INDEX_MEANING
from neurofeedback.types import (
    INDEX_NAME,
    ChannelContact,
    ContactLevel,
    Frame,
    Guidance,
    Phase,
    State,
    StreamInfo,
)

CONTACTS = (
    ChannelContact("TP9", ContactLevel.GOOD),
    ChannelContact("AF7", ContactLevel.BAD, ("flat: no skin contact",)),
)
SESSION = Path("recordings/sub-01/ses-1")


def moment(elapsed_s: float = 60.0, **changes: object) -> Snapshot:
    frame = Frame(
        index=240, sample=15360, onset=elapsed_s, phase=Phase.PRACTICE, valid=True, signal=0.9, confidence=0.3,
        state=State.FOCUS, drowsy=False, index_u=-0.3, mwi=38.0, threshold=0.1, reward=True, guidance=Guidance(),
        values=(), contacts=CONTACTS,
    )  # fmt: skip
    shown = Snapshot(
        status="running", stream=StreamInfo("muse-2", 256.0, ("TP9", "AF7")), phase=Phase.PRACTICE, elapsed_s=elapsed_s,
        remaining_s=120.0 - elapsed_s, phase_remaining_s=45.0, frame=frame, contacts=CONTACTS, loss_rate=0.0123,
        latency_ms=17.6, valid_fraction=0.85, sound="no sound", recording=SESSION,
    )  # fmt: skip
    return replace(shown, **changes)


class Scripted:
    """Shows one snapshot after another, one each time it is asked whether it has ended."""

    def __init__(self, script: list[Snapshot], outcome: SessionResult, *, interrupt_at: int | None = None) -> None:
        self.live_state = LiveState()
        self.asked: list[str] = []
        self._script, self._outcome, self._interrupt_at = script, outcome, interrupt_at
        self._looks = 0

    def start(self) -> None:
        self.asked.append("start")

    def stop(self) -> None:
        self.asked.append("stop")

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        assert timeout_s is not None
        self._looks += 1
        if self._looks - 1 == self._interrupt_at:
            raise KeyboardInterrupt
        if self._script:
            self.live_state.publish(self._script.pop(0))
        return None if self._script else self._outcome


def pipe() -> Console:
    return Console(file=io.StringIO(), width=80)


def terminal() -> Console:
    return Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None, legacy_windows=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


FACTS = [
    "Practice", "1:00 elapsed, 1:00 left, 0:45 of this phase", "FOCUS", "● TP9", "○ AF7", "AF7: flat: no skin contact",
    "38", "90 % of the electrodes usable now; usable 85 % of the time; 1.2 % lost", "18 ms", "no sound", str(SESSION),
    INDEX_NAME, INDEX_MEANING,
]  # fmt: skip


@pytest.mark.parametrize("snapshot", [moment(index_name=""), moment(masked=True)], ids=["recording", "masked"])
def test_a_session_without_an_index_names_none(snapshot: Snapshot) -> None:
    console = terminal()
    console.print(render_panel(snapshot))
    for text in (printed(console), format_line(snapshot)):
        assert "index" not in text


@pytest.mark.parametrize("fact", FACTS)
def test_the_live_view_shows(fact: str) -> None:
    console = terminal()
    console.print(render_panel(moment()))
    assert fact in " ".join(printed(console).split()), "a long line may be wrapped"


def test_the_live_view_follows_to_the_end() -> None:
    console = terminal()
    outcome = SessionResult(EXIT_OK, "", SESSION)
    sitting = Scripted([moment(10.0), moment(20.0)], outcome)
    assert run_in_terminal(sitting, console) is outcome
    assert sitting.asked == ["start"]
    assert "0:20 elapsed" in printed(console)


def test_a_pipe_gets_plain_lines_every_few_seconds() -> None:
    console = pipe()
    run_in_terminal(Scripted([moment(0.25 * i) for i in range(81)], SessionResult(EXIT_OK)), console)
    printed_lines = printed(console).splitlines()
    assert printed_lines[:3] == ["sound: no sound", f"recording: {SESSION}", f"index: {INDEX_NAME}, {INDEX_MEANING}"]
    assert [one.split(" ")[0] for one in printed_lines[3:]] == ["0:00", "0:05", "0:10", "0:15", "0:20"]
    assert "\x1b" not in printed(console)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"phase": Phase.TRANSFER}, "Without feedback"),
        ({"signal_lost_s": 1.0}, "LOST"),
        ({"message": "the sound device is gone."}, "the sound device is gone."),
    ],
)
def test_a_pipe_gets_a_line_as_soon_as_something_changes(changes: dict[str, object], word: str) -> None:
    console = pipe()
    run_in_terminal(Scripted([moment(1.0), moment(1.25), moment(1.5, **changes)], SessionResult(EXIT_OK)), console)
    lines = [one for one in printed(console).splitlines() if " elapsed, " in one]
    assert len(lines) == 2
    assert word in lines[1]


def test_before_the_first_sample() -> None:
    early = Snapshot(message="Opening muse-2.")
    assert format_line(early) == "0:00 | Connecting | UNKNOWN | Waiting for contact. | Opening muse-2."
    console = terminal()
    console.print(render_panel(early))
    assert "Waiting for the first signal" in printed(console)


@pytest.mark.parametrize("make", [pipe, terminal])
def test_names_with_brackets_are_shown_as_they_are(make: Callable[[], Console]) -> None:
    console = make()
    run_in_terminal(Scripted([moment(recording=Path("recordings/[bold]x[/bold]"))], SessionResult(EXIT_OK)), console)
    assert "[bold]x[/bold]" in printed(console)


@pytest.mark.parametrize("make", [pipe, terminal])
def test_ctrl_c_asks_for_an_orderly_end_and_waits(make: Callable[[], Console]) -> None:
    console = make()
    script = [moment(1.0), moment(2.0), moment(3.0, message="closing the recording")]
    sitting = Scripted(script, SessionResult(EXIT_OK, "done", SESSION), interrupt_at=1)
    outcome = run_in_terminal(sitting, console)
    assert sitting.asked == ["start", "stop"]
    assert outcome == SessionResult(EXIT_INTERRUPTED, "done", SESSION)
    assert "closing the recording" in printed(console)


@pytest.mark.parametrize(("status", "shown"), [("ended", True), ("failed", False)])
def test_how_it_ended_is_left_to_the_caller(status: str, shown: bool) -> None:
    console = pipe()
    run_in_terminal(Scripted([moment(status=status, message="how it ended")], SessionResult(EXIT_OK)), console)
    assert "how it ended" not in printed(console)
    assert ("1:00 elapsed" in printed(console)) is shown


def test_what_went_wrong_outranks_ctrl_c() -> None:
    failed = SessionResult(EXIT_DEVICE, "the headset is gone")
    assert run_in_terminal(Scripted([moment()], failed, interrupt_at=0), pipe()) is failed


def test_facts_leave_out_what_is_not_known() -> None:
    known = describe_snapshot(Snapshot())
    assert set(known) == {"phase", "time", "state", "reasons"}
    assert describe_snapshot(moment(latency_ms=float("nan"))).get("latency") is None


def test_lost_outranks_the_last_frame() -> None:
    assert describe_snapshot(moment(signal_lost_s=3.0))["state"] == "LOST"


@pytest.mark.parametrize(("mwi", "place"), [(0.0, 0), (100.0, 29)])
def test_the_bar_spans_the_whole_index(mwi: float, place: int) -> None:
    assert index_bar(mwi).index("●") == place
    assert len(index_bar(mwi)) == 30
