"""The table ``events.tsv``: commands, events and gaps of a session. Replay reads the commands from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.event_tags import EVENT_TAGS
from neurofeedback.storage.append_only import read_complete_lines
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.types import Command, CommandKind, Event, EventKind, LostRun, Probe

GAP_TYPE = "BAD_ACQ_SKIP"
HEADER = "onset\tduration\tsample\ttrial_type\tvalue\tresponse_time\n"
_ANSWER_FIELDS = {
    EventKind.ANSWER_WHERE: "where",
    EventKind.ANSWER_SURE: "sure",
    EventKind.ANSWER_SLEEPY: "sleepy",
}
"""Field of ``Probe`` that each kind of answer fills."""
OWN_QUESTION = "own: "
"""Before the words of a practice's own question, in the value of its probe."""
_LINE_BREAKS = str.maketrans("\t\r\n", "   ")

SIDECAR: dict[str, object] = {
    "sample": {"Description": "index of the sample at which the event begins, counted from 0"},
    "trial_type": {
        "Description": "what happened",
        "Levels": {
            CommandKind.PHASE: "a phase of the session begins; value is its name",
            CommandKind.TARGET_RATE: "the target reward rate was set; value is the share, 0 to 1",
            CommandKind.TONE_DEPTH: "the depth of the guide tone was set; value is 0 to 1",
            CommandKind.PAUSE: "the session is paused (on) or resumed (off); paused time is not counted",
            CommandKind.DECODER: "from here on the index uses these decoder weights; value is JSON",
            CommandKind.BASELINE: "which baseline drives the sound: the session's, or the personal one",
            CommandKind.LATE: "frames are made over 1 s after their samples were taken (on): they give no reward and "
            "no tone; or in time again (off)",
            EventKind.HEADSET_FIT: "the headset fit ended; value is its result, and whether the session was started "
            "in spite of it",
            EventKind.START: "recording began",
            EventKind.STOP: "recording ended; value is the reason",
            EventKind.SIGNAL_LOST: "no data arrives from the headset",
            EventKind.SIGNAL_BACK: "samples arrive again; value is the time lost +- its uncertainty",
            EventKind.STOPPED: "the program stood still until here; value is for how long",
            EventKind.SUSPENDED: "the computer was asleep until here; value is for how long",
            EventKind.DISK_BLOCKED: "the disk does not answer; what is recorded waits in memory",
            EventKind.DISK_BACK: "the disk answers again; value is how long it did not",
            EventKind.MARK: "a marker; value is a person's note, or the marker of another program or an imported file",
            EventKind.PROBE: "a chime and questions about the moments before it; value is their version, or the "
            "question of a practice after own:",
            EventKind.ANSWER_WHERE: "where the mind was: 1 on the breath, 2 elsewhere, 3 not sure",
            EventKind.ANSWER_SURE: "how sure the person is of that: 1 (guessing) to 4 (very sure)",
            EventKind.ANSWER_SLEEPY: "how sleepy the person is: 1 (wide awake) to 5 (nearly asleep)",
            EventKind.ANSWER_OWN: "the answer to the question of a practice: its number and its words",
            EventKind.UNANSWERED: "a probe ended with an open question; value is why: skipped, time is up, pause, end",
            EventKind.PRESS: "self-caught: the person noticed mind-wandering and pressed a key",
            EventKind.PRESSES_IGNORED: "presses ignored as too fast (key held or stuck); value is their number",
            EventKind.SESSION_EXTENDED: "the person extended the session; value is in minutes",
            EventKind.VOLUME: "the volume was set; value is in dB relative to the settings",
            EventKind.MUTE: "all sound was muted (on) or unmuted (off)",
            EventKind.BACKGROUND: "the background sound was changed; value is its name",
            EventKind.LATE_BASELINE: "the baseline was completed in practice; value is its clean signal, s",
            EventKind.ENTRY: "an entry of the attendant; value is JSON, with minutes_from_dose",
            EventKind.VOICE: "the voice said a sentence; value is its id in neurofeedback/texts/spoken.py, or the text",
            EventKind.BATTERY_LOW: "the headset's battery became low; value is its charge",
            EventKind.MODEL: "which model drives the guidance, in one sentence",
            GAP_TYPE: "samples that never arrived or were not numbers; stored as zeros; value lists the channels",
        },
        "HED": EVENT_TAGS,
    },
    "value": {"Description": "as described at the level of trial_type; n/a if that describes none"},
    "response_time": {"Description": "time from the question's appearance to this answer", "Units": "s"},
}


def format_event_row(event: Event | Command, sfreq: float) -> str:
    r"""Return the row of an event. Line breaks and tabs in the value become spaces.

    Examples
    --------
    >>> format_event_row(Command(500, CommandKind.PHASE, "practice"), 250.0)
    '2.000000\t0.000000\t500\tphase\tpractice\tn/a\n'
    """
    duration_s, response_s = (event.duration_s, event.response_s) if isinstance(event, Event) else (0.0, None)
    response = "n/a" if response_s is None else f"{response_s:.3f}"
    value = event.value if event.value.isprintable() else event.value.translate(_LINE_BREAKS)
    value = value.strip() or "n/a"
    return f"{event.sample / sfreq:.6f}\t{duration_s:.6f}\t{event.sample}\t{event.kind}\t{value}\t{response}\n"


def format_gap_rows(runs: Iterable[LostRun], ch_names: tuple[str, ...], sfreq: float) -> str:
    """Return the rows of lost runs, with the event type that makes MNE skip them."""
    return "".join(
        f"{run.start / sfreq:.6f}\t{run.n_samples / sfreq:.6f}\t{run.start}\t{GAP_TYPE}"
        f"\t{_lost_channel_names(run, ch_names)}\tn/a\n"
        for run in runs
    )


def _lost_channel_names(run: LostRun, ch_names: tuple[str, ...]) -> str:
    return "all" if run.channels is None else " ".join(ch_names[row].translate(_LINE_BREAKS) for row in run.channels)


def _parse_response_time(text: str = "n/a") -> float | None:
    """Return a response time; sessions of earlier versions do not have this column."""
    return None if text == "n/a" else float(text)


def sort_events(path: Path) -> list[str]:
    """Sort a table by sample, as BIDS requires, and return its rows. Rows at the same sample keep their order.

    A missing header, for example after a power cut, is restored.
    """
    header, *rows = read_complete_lines(path) or [HEADER.rstrip("\n")]
    rows.sort(key=_sample_of_row)
    write_atomic(path, "\n".join((header, *rows, "")))
    return rows


_COMMAND_KINDS = frozenset(CommandKind)


def _sample_of_row(row: str) -> int:
    cell = row.split("\t")[2:3]
    return int(cell[0]) if cell and cell[0].isdigit() else 0


def read_events(path: Path) -> tuple[tuple[Command, ...], tuple[Event, ...]]:
    """Read a session's commands and events in the order of the file. Gaps are read from ``timing.tsv`` instead.

    Raises
    ------
    RecordingError
        A row is not in this program's format.
    """
    commands: list[Command] = []
    events: list[Event] = []
    for number, line in enumerate(read_complete_lines(path)[1:], start=2):
        try:
            _, duration, sample, kind, value, *response = line.split("\t")
            if kind in _COMMAND_KINDS:
                commands.append(Command(int(sample), CommandKind(kind), value))
            elif kind != GAP_TYPE:
                events.append(
                    Event(int(sample), EventKind(kind), value, float(duration), _parse_response_time(*response))
                )
        except ValueError:
            raise RecordingError(f"{path}, line {number} is not an event", got=repr(line[:80])) from None
    return tuple(commands), tuple(events)


def probes_from_events(events: Iterable[Event]) -> tuple[Probe, ...]:
    """Return the probes of a session with the standard questions, each with its answers.

    Examples
    --------
    >>> rows = (Event(100, EventKind.PROBE, "1"), Event(350, EventKind.ANSWER_WHERE, "2", response_s=1.0))
    >>> probes_from_events(rows)
    (Probe(sample=100, where=2, sure=None, sleepy=None, answer_sample=350),)
    """
    probes: list[Probe] = []
    for event in events:
        if event.kind is EventKind.PROBE and not event.value.startswith(OWN_QUESTION):
            probes.append(Probe(event.sample))
        elif probes and event.kind in _ANSWER_FIELDS:
            probes[-1] = replace(
                probes[-1], **{_ANSWER_FIELDS[event.kind]: int(event.value)}, answer_sample=event.sample
            )
    return tuple(probes)
