"""The terminal view of a sitting: a live panel, or plain lines where stdout is not a terminal."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurofeedback.cli.helpers.keyboard import forward_keys
from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK
from neurofeedback.session.config import RunningSession, SessionResult
from neurofeedback.session.keymap import KEY_HELP
from neurofeedback.session.live_state import Snapshot
from neurofeedback.session.status_text import contact_symbol, contact_text, guidance_text, phase_label
from neurofeedback.texts.format import format_clock, format_index, format_percent
from neurofeedback.texts.probe_questions import ProbeQuestion
from neurofeedback.texts.session import INDEX_MEANING
from neurofeedback.types import State

POLL_S = 0.25
LINE_EVERY_S = 5.0
BAR_WIDTH = 30
_OTHER_BASELINE = {
    "own": "compare with this sitting's baseline",
    "session": "compare with your earlier sittings",
}

Show = Callable[[Snapshot], None]


def run_in_terminal(session: RunningSession, console: Console) -> SessionResult:
    """Start a sitting and show it until it ends; how it ended is for the caller to tell.

    Keys typed or piped in are passed on to the sitting. Ctrl-C and SIGTERM ask for an orderly end and wait for it; the
    outcome then has exit code 130, unless something else went wrong as well.
    """
    if not console.is_terminal:
        with forward_keys(session), _sigterm_interrupts():
            return _show_until_end(session, _LinePrinter(console).show)
    live = Live(render_panel(Snapshot()), console=console, auto_refresh=False, transient=True)
    with forward_keys(session), _sigterm_interrupts(), live:
        return _show_until_end(session, lambda snapshot: live.update(render_panel(snapshot), refresh=True))


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Make SIGTERM interrupt like Ctrl-C: a shell's background process ignores SIGINT."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show_until_end(session: RunningSession, show: Show) -> SessionResult:
    interrupted = False
    session.start()
    while True:
        try:
            outcome = session.join(POLL_S)
            snapshot = session.live_state.snapshot
            if snapshot.status != "failed":
                show(replace(snapshot, message="") if snapshot.status == "ended" else snapshot)
        except KeyboardInterrupt:
            interrupted = True
            session.stop()
            continue
        if outcome is not None:
            stopped = interrupted and outcome.exit_code == EXIT_OK
            return replace(outcome, exit_code=EXIT_INTERRUPTED) if stopped else outcome


def describe_snapshot(snapshot: Snapshot) -> dict[str, str]:
    """Return what there is to know about a moment, as names and words."""
    frame = snapshot.frame
    state = State.LOST if snapshot.signal_lost_s > 0 else frame.state if frame else State.UNKNOWN
    found = {
        "phase": phase_label(snapshot.phase),
        "time": _time_words(snapshot),
        "state": str(state),
        "contact": "  ".join(contact_symbol(contact) for contact in snapshot.contacts),
        "reasons": contact_text(snapshot.contacts),
        "index": f"{index_bar(frame.mwi)} {format_index(frame.mwi)}" if frame else "",
        "signal": _signal_words(snapshot),
        "latency": f"{snapshot.latency_ms:.0f} ms" if isfinite(snapshot.latency_ms) else "",
        "question": question_words(snapshot.question),
        "paused": "nothing counts until you go on (p)" if snapshot.paused else "",
        "guided by": snapshot.model_text,
        "sound": _sound_words(snapshot),
        "recording": "" if snapshot.recording is None else str(snapshot.recording),
        "message": snapshot.message,
    }
    return {name: words for name, words in found.items() if words}


def index_bar(mwi: float, width: int = BAR_WIDTH) -> str:
    """Draw the index on a line from 0 to 100 with the baseline's middle marked.

    Examples
    --------
    >>> index_bar(100.0, 9), index_bar(float("nan"), 9)
    ('────┼───●', '────┼────')
    """
    line = ["─"] * width
    line[width // 2] = "┼"
    if isfinite(mwi):
        line[round(mwi / 100 * (width - 1))] = "●"
    return "".join(line)


def render_panel(snapshot: Snapshot) -> RenderableType:
    """Return the live view of one moment."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column()
    state = snapshot.frame.state if snapshot.frame else None
    table.add_row("", Text(guidance_text(snapshot.phase, state, snapshot.signal_lost_s), style="italic"))
    for name, words in describe_snapshot(snapshot).items():
        table.add_row(name, Text(words))
    table.add_row("", Text(f"index: {snapshot.index_name}, {INDEX_MEANING}", style="dim"))
    told = {**KEY_HELP, "o": _OTHER_BASELINE[snapshot.feedback_source]} if snapshot.feedback_source else KEY_HELP
    keys = " · ".join(f"{key} {meaning}" for key, meaning in told.items())
    table.add_row("keys", Text(keys, style="dim"))
    table.add_row("", Text("Ctrl-C ends the sitting and closes the recording properly", style="dim"))
    return Padding(table, (1, 1))


def format_line(snapshot: Snapshot) -> str:
    """Return one moment as one plain line."""
    known = describe_snapshot(snapshot)
    parts = [known["time"], known["phase"], known["state"]]
    if snapshot.frame is not None:
        parts.append(f"index {format_index(snapshot.frame.mwi)}")
    parts += [known[name] for name in ("signal", "reasons", "message", "question") if name in known]
    return " | ".join(parts)


class _LinePrinter:
    """Prints a line when something changes, and every few seconds of the sitting."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: tuple[object, ...] = ()
        self._due_s = 0.0
        self._printed: set[str] = set()

    def show(self, snapshot: Snapshot) -> None:
        """Print what is worth a line now."""
        self._print_once(snapshot)
        asked = (snapshot.question, snapshot.paused)
        now = (snapshot.status, snapshot.phase, snapshot.signal_lost_s > 0, snapshot.message, asked)
        if now == self._last and snapshot.elapsed_s < self._due_s:
            return
        self._last = now
        self._due_s = snapshot.elapsed_s + LINE_EVERY_S
        self._print(format_line(snapshot))

    def _print_once(self, snapshot: Snapshot) -> None:
        known = describe_snapshot(snapshot)
        for name in ("sound", "guided by", "recording"):
            words = f"{name}: {known[name]}" if name in known else ""
            if words and words not in self._printed:
                self._printed.add(words)
                self._print(words)
        if snapshot.frame is not None and INDEX_MEANING not in self._printed:
            self._printed.add(INDEX_MEANING)
            self._print(f"index: {snapshot.index_name}, {INDEX_MEANING}")

    def _print(self, words: str) -> None:
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _time_words(snapshot: Snapshot) -> str:
    elapsed = format_clock(snapshot.elapsed_s)
    if snapshot.phase is None:
        return elapsed
    left, here = format_clock(snapshot.remaining_s), format_clock(snapshot.phase_remaining_s)
    return f"{elapsed} sat, {left} left, {here} of this phase"


def question_words(question: ProbeQuestion | None) -> str:
    """Return a question with the keys that answer it; empty for none.

    Examples
    --------
    >>> from neurofeedback.texts.probe_questions import WHERE
    >>> question_words(WHERE)
    'Just before the sound: where was your mind? 1 on the breath, 2 elsewhere, 3 not sure'
    """
    if question is None:
        return ""
    return f"{question.wording} {', '.join(f'{key} {meaning}' for key, meaning in question.choices)}"


def _sound_words(snapshot: Snapshot) -> str:
    if snapshot.muted:
        return f"{snapshot.sound}, muted (m)"
    return f"{snapshot.sound}, {snapshot.volume_db:+g} dB" if snapshot.volume_db else snapshot.sound


def _signal_words(snapshot: Snapshot) -> str:
    if snapshot.frame is None:
        return ""
    now, overall = format_percent(snapshot.frame.signal), format_percent(snapshot.valid_fraction)
    return f"{now} of the electrodes usable now; usable {overall} of the time; {100 * snapshot.loss_rate:.1f} % lost"
