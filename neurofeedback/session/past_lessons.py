"""What all of a person's sessions taught: from the model file where nothing has changed, else read again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.estimation.usual import pooled
from neurofeedback.recording.bids import SessionFiles, find_stems
from neurofeedback.recording.locks import is_locked
from neurofeedback.recording.models import ModelFile
from neurofeedback.session.lessons import Told, read_lessons
from neurofeedback.session.model_rows import told_of
from neurofeedback.settings.model import Settings


def finished_sessions(recordings: Path, participant: str, left_out: Sequence[str]) -> list[SessionFiles]:
    """List finished sessions in order of time."""
    stems = [stem for stem in find_stems(recordings) if stem.startswith(f"sub-{participant}_")]
    files = [SessionFiles.of(recordings, stem) for stem in stems if stem not in left_out]
    return [one for one in files if not (one.lock.exists() and is_locked(one.lock))]


def tell_all(
    sessions: list[SessionFiles],
    names: tuple[str, ...],
    settings: Settings,
    kept: ModelFile | None,
    today: float,
) -> tuple[list[tuple[Told, str]], list[str]]:
    """Read sessions one after the other; from the model file where its stamp tells that nothing has changed."""
    rows = {row.session: row for row in kept.sittings} if kept and kept.features == names else {}
    found: list[tuple[Told, str]] = []
    unread: list[str] = []
    stamp = digest(settings.decoder.model_dump_json(), settings.drowsiness.model_dump_json(), *names)
    for files in sessions:
        own = digest(stamp, _facts(files))
        row = rows.get(files.stem)
        try:
            if row is not None and row.stamp == own:
                told = told_of(row, names)
            else:
                past = pooled([one.taught.varied for one, _ in found], names, settings.decoder.past_windows)
                told = read_lessons(files, past, settings, today)
        except (NeurofeedbackError, OSError) as error:
            unread.append(f"{files.stem} could not be learned from: {error}")
            continue
        found.append((told, own))
        stamp = own
    return found, unread


def _facts(files: SessionFiles) -> str:
    """Tell sizes and times of what is read of a session."""
    paths = (files.computed("start.json"), files.eeg("events.tsv"), files.frames)
    facts = [path.stat() for path in paths if path.exists()]
    return " ".join(f"{fact.st_size}:{fact.st_mtime_ns}" for fact in facts)


def digest(*parts: str) -> str:
    """Return a short mark of texts that changes whenever one of them does."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
