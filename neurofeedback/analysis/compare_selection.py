"""The sessions of a comparison: which are meant, which can be used, and why the others cannot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.analysis.contact_log import replay_contacts
from neurofeedback.analysis.resting_measures import CleanSignal, extract_clean_signal
from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.history import PastSession
from neurofeedback.recording.session_notes import SessionNotes, read_notes
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Phase

MIN_WINDOWS = 15
_LABELS = re.compile(r"(ses-)?[0-9A-Za-z]+(,(ses-)?[0-9A-Za-z]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class ComparableSession:
    """A session with its clean signal, and what was said of it."""

    stem: str
    notes: SessionNotes
    profile: Profile
    signal: CleanSignal
    mains_hz: float | None

    @property
    def recording_format(self) -> tuple[float, tuple[str, ...]]:
        """What sessions must share to be compared: rate and channels."""
        return self.signal.sfreq, self.profile.montage.ch_names

    @property
    def clean_rows(self) -> set[int]:
        """Channels with at least a minute of clean signal."""
        return {row for row, windows in self.signal.windows.items() if len(windows) >= MIN_WINDOWS}


def select_sessions(history: Sequence[PastSession], selector: str) -> list[PastSession]:
    """Find the sessions of a condition, or those whose labels are given with commas between them.

    Raises
    ------
    SettingsError
        Neither fits.
    """
    under = [one for one in history if one.condition == selector and selector]
    if under:
        return under
    by_label = {session_label(one): one for one in history}
    labels = [part.removeprefix("ses-") for part in selector.split(",")] if _LABELS.fullmatch(selector) else []
    if labels and all(part in by_label for part in labels):
        return [by_label[part] for part in labels]
    known = Counter(one.condition for one in history if one.condition)
    raise SettingsError(
        "there is no session under this condition, and none of this label",
        got=repr(selector[:80]),
        allowed=", ".join(f"{name} ({n})" for name, n in known.items()) or "no session has a condition yet",
        todo="enter the condition after a sitting (the window's After page), or name sessions like 20261122T091500",
    )


def session_label(session: PastSession) -> str:
    """Session label, without ``ses-``."""
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
            one = _open(SessionFiles.from_stem(root, session.stem), phases)
        except NeurofeedbackError as error:
            left_out[session.stem] = str(error)
        else:
            if one.clean_rows:
                usable.append(one)
            else:
                left_out[session.stem] = "less than a minute of clean signal on every channel"
        on_opened()
    return usable


def _open(files: SessionFiles, phases: Sequence[Phase]) -> ComparableSession:
    recording = open_recording(files.derived)
    profile = recording.profile or resolve(Settings(), recording.stream)[1]
    contacts = replay_contacts(recording)
    mains = recording.summary.get("mains_hz")
    return ComparableSession(
        files.stem,
        read_notes(files),
        profile,
        extract_clean_signal(recording, contacts, phases),
        float(mains) if isinstance(mains, int | float) else None,
    )


def match_sessions(
    sides: Sequence[Sequence[ComparableSession]], left_out: dict[str, str]
) -> tuple[list[list[ComparableSession]], tuple[int, ...]]:
    """Keep sessions of the commonest headset and of closed or open eyes alike, and the channels clean in all.

    Raises
    ------
    RecordingError
        A side is left without sessions, or no channel is clean in all.
    """
    everything = [one for side in sides for one in side]
    if everything:
        kind = Counter(one.recording_format for one in everything).most_common(1)[0][0]
        eyes = Counter(one.notes.eyes or "closed" for one in everything).most_common(1)[0][0]
        for one in everything:
            if one.recording_format != kind:
                left_out[one.stem] = "another headset: other channels, or another rate"
            elif (one.notes.eyes or "closed") != eyes:
                left_out[one.stem] = f"eyes {one.notes.eyes or 'closed'}, where most sessions had them {eyes}"
    kept = [[one for one in side if one.stem not in left_out] for side in sides]
    if not all(kept):
        raise _no_sessions_error("a side has no session with a minute of clean signal", left_out)
    rows = set.intersection(*(one.clean_rows for side in kept for one in side))
    if not rows:
        raise _no_sessions_error("no channel was clean for a minute in all of these sessions", left_out)
    return kept, tuple(sorted(rows))


def _no_sessions_error(what: str, left_out: dict[str, str]) -> RecordingError:
    why = "; ".join(f"{stem}: {reason}" for stem, reason in left_out.items())
    return RecordingError(what, got=why or "bad contact on different channels", todo="compare other sessions")
