"""Selection of the sessions of a comparison: those that were named, those that can be used, and why others cannot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neurofeedback.analysis.clean_signal import CleanSignal, extract_clean_signal
from neurofeedback.analysis.contact_log import replay_contacts
from neurofeedback.analysis.history import PastSession
from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_notes import SessionNotes, read_notes
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.texts import comparison
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

MIN_WINDOWS = 15
_LABELS = re.compile(r"(ses-)?[0-9A-Za-z]+(,(ses-)?[0-9A-Za-z]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class ComparableSession:
    """A session with its start, its clean signal and the notes entered about it."""

    stem: str
    started: datetime
    notes: SessionNotes
    profile: Profile
    signal: CleanSignal
    mains_hz: float | None

    @property
    def recording_format(self) -> tuple[float, tuple[str, ...]]:
        """Sampling rate and channels, which sessions must share to be compared."""
        return self.signal.sfreq, self.profile.montage.ch_names

    @property
    def clean_rows(self) -> set[int]:
        """Channels with at least a minute of clean signal."""
        return {row for row, windows in self.signal.windows.items() if len(windows) >= MIN_WINDOWS}


def select_sessions(history: Sequence[PastSession], selector: str) -> list[PastSession]:
    """Return the sessions of a condition, or those whose labels are given with commas between them.

    Raises
    ------
    SettingsError
        There is no such condition, and not all labels exist.
    """
    in_condition = [one for one in history if one.condition == selector and selector]
    if in_condition:
        return in_condition
    by_label = {session_label(one): one for one in history}
    labels = [part.removeprefix("ses-") for part in selector.split(",")] if _LABELS.fullmatch(selector) else []
    if labels and all(part in by_label for part in labels):
        return [by_label[part] for part in labels]
    conditions = Counter(one.condition for one in history if one.condition)
    raise SettingsError(
        "there is no session under this condition, and none of this label",
        got=repr(selector[:80]),
        allowed=", ".join(f"{name} ({n})" for name, n in conditions.items()) or "no session has a condition yet",
        todo="enter the condition after a sitting (the window's After page), or name sessions like 20261122T091500",
    )


def session_label(session: PastSession) -> str:
    """Return the session label, without ``ses-``."""
    return session.stem.split("_")[1].removeprefix("ses-")


def open_sessions(
    root: Path,
    sessions: Sequence[PastSession],
    phases: Sequence[Phase],
    left_out: dict[str, str],
    on_opened: Callable[[], object],
) -> list[ComparableSession]:
    """Open sessions; those that cannot be used are put into ``left_out`` with the reason."""
    usable: list[ComparableSession] = []
    for session in sessions:
        try:
            one = _open(SessionFiles.from_stem(root, session.stem), session.started_at, phases)
        except NeurofeedbackError as error:
            left_out[session.stem] = str(error)
        else:
            if one.clean_rows:
                usable.append(one)
            else:
                left_out[session.stem] = tr(comparison.LITTLE_CLEAN_SIGNAL)
        on_opened()
    return usable


def _open(files: SessionFiles, started: datetime, phases: Sequence[Phase]) -> ComparableSession:
    recording = open_recording(files.derived)
    profile = recording.profile or resolve(Settings(), recording.stream)[1]
    contacts = replay_contacts(recording)
    return ComparableSession(
        files.stem,
        started,
        read_notes(files),
        profile,
        extract_clean_signal(recording, contacts, phases),
        recording.summary.mains_hz,
    )


def match_sessions(
    sides: Sequence[Sequence[ComparableSession]], left_out: dict[str, str]
) -> tuple[list[list[ComparableSession]], tuple[int, ...]]:
    """Select the sessions of the most common headset and eye state, and the channels that are clean in all of them.

    Sessions that differ are added to ``left_out``.

    Raises
    ------
    RecordingError
        A side has no session left, or no channel is clean in all.
    """
    everything = [one for side in sides for one in side]
    if everything:
        recording_format = Counter(one.recording_format for one in everything).most_common(1)[0][0]
        eyes = Counter(one.notes.eyes or "closed" for one in everything).most_common(1)[0][0]
        for one in everything:
            if one.recording_format != recording_format:
                left_out[one.stem] = tr(comparison.OTHER_HEADSET)
            elif (one.notes.eyes or "closed") != eyes:
                left_out[one.stem] = tr(comparison.OTHER_EYES, eyes=one.notes.eyes or "closed", most=eyes)
    used = [[one for one in side if one.stem not in left_out] for side in sides]
    if not all(used):
        raise _no_sessions_error("a side has no session with a minute of clean signal", left_out)
    rows = set.intersection(*(one.clean_rows for side in used for one in side))
    if not rows:
        raise _no_sessions_error("no channel was clean for a minute in all of these sessions", left_out)
    return used, tuple(sorted(rows))


def _no_sessions_error(what: str, left_out: dict[str, str]) -> RecordingError:
    reasons = "; ".join(f"{stem}: {reason}" for stem, reason in left_out.items())
    return RecordingError(what, got=reasons or "bad contact on different channels", todo="compare other sessions")
