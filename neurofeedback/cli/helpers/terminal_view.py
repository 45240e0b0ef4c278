"""Terminal view of a session: a live panel, or plain lines where stdout is not a terminal, and its summary."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurofeedback.cli.helpers.common import echo
from neurofeedback.cli.helpers.keyboard import forward_keys
from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK, RecordingError
from neurofeedback.feedback.breath_pacer import breath_at
from neurofeedback.session.config import RunningSession, SessionResult
from neurofeedback.session.keymap import key_help
from neurofeedback.session.live_state import Snapshot, guide_text_of, situation_of
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import record
from neurofeedback.texts.format import format_clock, format_duration, format_index, format_percent
from neurofeedback.texts.practices import choice
from neurofeedback.texts.probe_questions import ProbeQuestion
from neurofeedback.texts.session import INDEX_MEANING
from neurofeedback.texts.situation import CHANNELS
from neurofeedback.texts.status import contact_symbol, contact_text, phase_label
from neurofeedback.types import State

if TYPE_CHECKING:
    from neurofeedback.cli.helpers.attendant_keys import AttendantKeys

POLL_S = 0.25
LINE_EVERY_S = 5.0
BAR_WIDTH = 30
_OTHER_BASELINE = {"own": terminal.SESSION_BASELINE_KEY, "session": terminal.OWN_BASELINE_KEY}

Show = Callable[[Snapshot], None]


def run_in_terminal(session: RunningSession, console: Console, attendant: AttendantKeys | None = None) -> SessionResult:
    """Start a session and show it until it ends.

    Keys typed or piped in are passed on to the session, or are those of an attendant's entry. Ctrl-C and SIGTERM
    request an orderly end and wait for it; the result then has exit code 130, unless an error occurred as well.
    """
    if not console.is_terminal:
        with forward_keys(session, attendant=attendant), _sigterm_interrupts():
            return _show_until_end(session, _LinePrinter(console, attendant).show)
    live = Live(render_panel(Snapshot()), console=console, auto_refresh=False, transient=True)
    with forward_keys(session, attendant=attendant), _sigterm_interrupts(), live:
        return _show_until_end(session, lambda snapshot: live.update(render_panel(snapshot, attendant), refresh=True))


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
            result = session.join(POLL_S)
            snapshot = session.live_state.snapshot
            if snapshot.status != "failed":
                show(replace(snapshot, message="") if snapshot.status == "ended" else snapshot)
        except KeyboardInterrupt:
            interrupted = True
            session.stop()
            continue
        if result is not None:
            stopped = interrupted and result.exit_code == EXIT_OK
            return replace(result, exit_code=EXIT_INTERRUPTED) if stopped else result


def describe_snapshot(snapshot: Snapshot) -> dict[str, str]:
    """Return one snapshot as text: values by label, without those that are empty."""
    frame = snapshot.frame
    state = State.LOST if snapshot.signal_lost_s > 0 else frame.state if frame else State.UNKNOWN
    judged = snapshot.masked and state is not State.LOST
    values = {
        terminal.PHASE: phase_label(snapshot.phase, snapshot.practice),
        terminal.TIME: _time_text(snapshot),
        terminal.STATE: "" if snapshot.practice else tr(terminal.MASKED_STATE) if judged else str(state),
        terminal.CONTACT: "  ".join(contact_symbol(contact) for contact in snapshot.contacts),
        terminal.REASONS: "" if snapshot.practice and not snapshot.contacts else contact_text(snapshot.contacts),
        terminal.INDEX: f"{index_bar(frame.mwi)} {format_index(frame.mwi)}" if frame and _has_index(snapshot) else "",
        terminal.SIGNAL: _signal_text(snapshot),
        terminal.LATENCY: f"{snapshot.latency_ms:.0f} ms" if isfinite(snapshot.latency_ms) else "",
        terminal.QUESTION: format_question(snapshot.question),
        terminal.PAUSED: tr(terminal.PAUSED_HINT) if snapshot.paused else "",
        terminal.GUIDANCE: snapshot.model_text,
        terminal.SOUND: _sound_text(snapshot),
        terminal.SENT: snapshot.outputs,
        terminal.RECORDING: "" if snapshot.recording is None else str(snapshot.recording),
        terminal.MESSAGE: snapshot.message,
    }
    return {label: text for label, text in values.items() if text}


def _has_index(snapshot: Snapshot) -> bool:
    """Return whether the index is shown: not without feedback, and not in a masked session."""
    return bool(snapshot.index_name) and not (snapshot.practice or snapshot.masked)


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


def render_panel(snapshot: Snapshot, attendant: AttendantKeys | None = None) -> RenderableType:
    """Return the live view of one snapshot."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column()
    words = CHANNELS[situation_of(snapshot)].words
    table.add_row("", Text(tr(guide_text_of(snapshot) or words), style="italic"))
    breath = breath_at(snapshot.segment_s, snapshot.breaths_per_min) if snapshot.breaths_per_min else None
    if breath is not None:
        table.add_row("", Text(tr(choice.BREATHE_IN if breath.inhaling else choice.BREATHE_OUT)))
    for label, text in describe_snapshot(snapshot).items():
        table.add_row(tr(label), Text(text))
    if attendant is not None:
        table.add_row("", Text(attendant.due()))
        table.add_row(tr(record.ATTENDANT), Text(attendant.line))
    if _has_index(snapshot):
        table.add_row("", Text(_index_line(snapshot), style="dim"))
    table.add_row(tr(terminal.KEYS), Text(_keys_text(snapshot), style="dim"))
    if attendant is not None:
        table.add_row("", Text(_join_keys(record.KEYS), style="dim"))
    table.add_row("", Text(tr(terminal.HOW_TO_END), style="dim"))
    return Padding(table, (1, 1))


def _index_line(snapshot: Snapshot) -> str:
    return tr(terminal.INDEX_LINE, name=tr(snapshot.index_name), meaning=tr(INDEX_MEANING))


def _keys_text(snapshot: Snapshot) -> str:
    source = snapshot.feedback_source
    keys = key_help()
    if source:
        keys["o"] = tr(_OTHER_BASELINE[source])
    return _join_keys(keys)


def _join_keys(keys: Mapping[str, str]) -> str:
    return " · ".join(f"{key} {tr(meaning)}" for key, meaning in keys.items())


def format_line(snapshot: Snapshot) -> str:
    """Return one snapshot as one plain line."""
    values = describe_snapshot(snapshot)
    parts = [values[label] for label in (terminal.TIME, terminal.PHASE, terminal.STATE) if label in values]
    if snapshot.frame is not None and _has_index(snapshot):
        parts.append(f"{tr(terminal.INDEX)} {format_index(snapshot.frame.mwi)}")
    others = (terminal.SIGNAL, terminal.REASONS, terminal.MESSAGE, terminal.QUESTION)
    return " | ".join([*parts, *(values[label] for label in others if label in values)])


class _LinePrinter:
    """Prints a line when something changes, and every few seconds of the session."""

    def __init__(self, console: Console, attendant: AttendantKeys | None = None) -> None:
        self._console, self._attendant = console, attendant
        self._last: tuple[object, ...] = ()
        self._due_s = 0.0
        self._printed: set[str] = set()
        self._guide_text = ""
        self._entered = ""

    def show(self, snapshot: Snapshot) -> None:
        """Print a line if the snapshot differs from the last one or a line is due."""
        self._print_once(snapshot)
        self._print_attendant()
        prompts = (snapshot.question, snapshot.paused)
        now = (snapshot.status, snapshot.phase, snapshot.signal_lost_s > 0, snapshot.message, prompts)
        if now == self._last and snapshot.elapsed_s < self._due_s:
            return
        self._last = now
        self._due_s = snapshot.elapsed_s + LINE_EVERY_S
        self._print(format_line(snapshot))

    def _print_once(self, snapshot: Snapshot) -> None:
        values = describe_snapshot(snapshot)
        labels = (terminal.SOUND, terminal.GUIDANCE, terminal.RECORDING)
        if snapshot.guide_text != self._guide_text:
            self._guide_text = snapshot.guide_text
            if snapshot.guide_text:
                self._print(tr(snapshot.guide_text))
        lines = [tr(terminal.ROW, label=tr(label), value=values[label]) for label in labels if label in values]
        if snapshot.frame is not None and _has_index(snapshot):
            lines.append(_index_line(snapshot))
        for line in lines:
            if line not in self._printed:
                self._printed.add(line)
                self._print(line)

    def _print_attendant(self) -> None:
        """Print a question to an attendant and what was saved, each once; what is typed is not printed again."""
        if self._attendant is None:
            return
        if (due := self._attendant.due()) and due not in self._printed:
            self._printed.add(due)
            self._print(due)
        line = " ".join(filter(None, (self._attendant.status, self._attendant.question)))
        if line and line != self._entered:
            self._print(tr(terminal.ROW, label=tr(record.ATTENDANT), value=line))
        self._entered = line

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _time_text(snapshot: Snapshot) -> str:
    elapsed = format_clock(snapshot.elapsed_s)
    if snapshot.phase is None:
        return elapsed
    left, phase_left = format_clock(snapshot.remaining_s), format_clock(snapshot.phase_remaining_s)
    return tr(terminal.TIME_LEFT, elapsed=elapsed, left=left, phase_left=phase_left)


def format_question(question: ProbeQuestion | None) -> str:
    """Return a question with the keys that answer it; empty without a question.

    Examples
    --------
    >>> from neurofeedback.texts.probe_questions import WHERE
    >>> format_question(WHERE)
    'Just before the sound: where was your mind? 1 on the breath, 2 elsewhere, 3 not sure'
    """
    if question is None:
        return ""
    return f"{question.wording} {', '.join(f'{key} {meaning}' for key, meaning in question.choices)}"


def _sound_text(snapshot: Snapshot) -> str:
    if snapshot.muted:
        return tr(terminal.SOUND_MUTED, sound=snapshot.sound)
    if snapshot.volume_db:
        return tr(terminal.SOUND_VOLUME, sound=snapshot.sound, volume=f"{snapshot.volume_db:+g}")
    return snapshot.sound


def _signal_text(snapshot: Snapshot) -> str:
    if snapshot.frame is None:
        return ""
    now, overall = format_percent(snapshot.frame.signal), format_percent(snapshot.valid_fraction)
    return tr(terminal.SIGNAL_QUALITY, now=now, overall=overall, lost=f"{100 * snapshot.loss_rate:.1f}")


def print_session_end(result: SessionResult) -> None:
    """Print how a session ended: message, duration, signal, answers, and on stderr errors and where its files are."""
    if result.exit_code in {EXIT_OK, EXIT_INTERRUPTED}:
        echo(result.message)
    else:
        echo(f"neurofeedback: {result.message}", err=True)
    for line in _duration_lines(result):
        echo(line)
    if result.session_dir is None or not result.session_dir.is_dir():
        return
    for line in _answer_lines(result.session_dir):
        echo(line)
    for line in _file_lines(result.session_dir):
        echo(line, err=True)


def _duration_lines(result: SessionResult) -> Iterator[str]:
    summary = result.summary
    if summary is not None and summary.duration_s is not None:
        yield tr(terminal.DURATION, duration=format_duration(summary.duration_s))
    if summary is not None and summary.valid_fraction is not None:
        yield tr(terminal.USABLE_SIGNAL, share=format_percent(summary.valid_fraction))


def _answer_lines(session: Path) -> list[str]:
    """Return sentences about the answers; none for a session that cannot be read back."""
    from neurofeedback.formats.reader import open_recording  # after the session
    from neurofeedback.report.answer_sentences import answer_sentences

    try:
        recording = open_recording(session)
    except RecordingError:
        return []
    return answer_sentences(recording.events)


def _file_lines(session: Path) -> Iterator[str]:
    from neurofeedback.formats.reader import find_session  # after the session

    files = find_session(session)
    if files is not None:
        yield tr(terminal.RECORDING_PATH, path=files.raw)
    for page in sorted(session.glob("*_report.html")):
        yield tr(terminal.REPORT_PATH, path=page)
