"""The sessions of a comparison: which are meant, which can be used, and why the others cannot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.recording.after import After, read_after
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.history import PastSession
from neurofeedback.recording.reader import open_recording
from neurofeedback.report.contact import judge_again
from neurofeedback.report.resting import CleanSignal, clean_signal
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Phase

MIN_WINDOWS = 15
_LABELS = re.compile(r"(ses-)?[0-9A-Za-z]+(,(ses-)?[0-9A-Za-z]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class Usable:
    """A session with its clean signal, and what was said of it."""

    stem: str
    after: After
    profile: Profile
    signal: CleanSignal
    mains_hz: float | None

    @property
    def kind(self) -> tuple[float, tuple[str, ...]]:
        """What sessions must share to be compared: rate and channels."""
        return self.signal.sfreq, self.profile.montage.ch_names

    @property
    def rows(self) -> set[int]:
        """Channels with at least a minute of clean signal."""
        return {row for row, windows in self.signal.windows.items() if len(windows) >= MIN_WINDOWS}


def chosen(history: Sequence[PastSession], side: str) -> list[PastSession]:
    """Find the sessions of a condition, or those whose labels are given with commas between them.

    Raises
    ------
    SettingsError
        Neither fits.
    """
    under = [one for one in history if one.condition == side and side]
    if under:
        return under
    by_label = {label(one): one for one in history}
    labels = [part.removeprefix("ses-") for part in side.split(",")] if _LABELS.fullmatch(side) else []
    if labels and all(part in by_label for part in labels):
        return [by_label[part] for part in labels]
    known = Counter(one.condition for one in history if one.condition)
    raise SettingsError(
        "there is no session under this condition, and none of this label",
        got=repr(side[:80]),
        allowed=", ".join(f"{name} ({n})" for name, n in known.items()) or "no session has a condition yet",
        todo="enter the condition after a sitting (the window's After page), or name sessions like 20261122T091500",
    )


def label(session: PastSession) -> str:
    """Session label, without ``ses-``."""
    return session.stem.split("_")[1].removeprefix("ses-")


def opened(
    root: Path,
    sessions: Sequence[PastSession],
    phases: Sequence[Phase],
    left_out: dict[str, str],
    tick: Callable[[], object],
) -> list[Usable]:
    """Open sessions; those that cannot be used are put into ``left_out`` with the reason."""
    usable: list[Usable] = []
    for session in sessions:
        try:
            one = _open(SessionFiles.of(root, session.stem), phases)
        except NeurofeedbackError as error:
            left_out[session.stem] = str(error)
        else:
            if one.rows:
                usable.append(one)
            else:
                left_out[session.stem] = "less than a minute of clean signal on every channel"
        tick()
    return usable


def _open(files: SessionFiles, phases: Sequence[Phase]) -> Usable:
    recording = open_recording(files.derived)
    profile = recording.profile or resolve(Settings(), recording.stream)[1]
    contacts = judge_again(recording)
    mains = recording.summary.get("mains_hz")
    return Usable(
        files.stem,
        read_after(files),
        profile,
        clean_signal(recording, contacts, phases),
        float(mains) if isinstance(mains, int | float) else None,
    )


def alike(sides: Sequence[Sequence[Usable]], left_out: dict[str, str]) -> tuple[list[list[Usable]], tuple[int, ...]]:
    """Keep sessions of the commonest headset and of closed or open eyes alike, and the channels clean in all.

    Raises
    ------
    RecordingError
        A side is left without sessions, or no channel is clean in all.
    """
    everything = [one for side in sides for one in side]
    if everything:
        kind = Counter(one.kind for one in everything).most_common(1)[0][0]
        eyes = Counter(one.after.eyes or "closed" for one in everything).most_common(1)[0][0]
        for one in everything:
            if one.kind != kind:
                left_out[one.stem] = "another headset: other channels, or another rate"
            elif (one.after.eyes or "closed") != eyes:
                left_out[one.stem] = f"eyes {one.after.eyes or 'closed'}, where most sessions had them {eyes}"
    kept = [[one for one in side if one.stem not in left_out] for side in sides]
    if not all(kept):
        raise _nothing("a side has no session with a minute of clean signal", left_out)
    rows = set.intersection(*(one.rows for side in kept for one in side))
    if not rows:
        raise _nothing("no channel was clean for a minute in all of these sessions", left_out)
    return kept, tuple(sorted(rows))


def _nothing(what: str, left_out: dict[str, str]) -> RecordingError:
    why = "; ".join(f"{stem}: {reason}" for stem, reason in left_out.items())
    return RecordingError(what, got=why or "bad contact on different channels", todo="compare other sessions")
