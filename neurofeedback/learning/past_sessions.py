"""What all of a person's sessions taught: from the model file where nothing has changed, else read again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.learning.model_file import DecoderFile
from neurofeedback.learning.model_serialization import session_labels_from_row
from neurofeedback.learning.session_labels import SessionLabels, read_session_labels
from neurofeedback.learning.window_covariance import pool_covariances
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.file_lock import is_locked
from neurofeedback.settings.model import Settings


def finished_sessions(recordings: Path, participant: str, excluded: Sequence[str]) -> list[SessionFiles]:
    """List finished sessions in order of time."""
    stems = [stem for stem in find_session_stems(recordings) if stem.startswith(f"sub-{participant}_")]
    files = [SessionFiles.from_stem(recordings, stem) for stem in stems if stem not in excluded]
    return [one for one in files if not (one.lock_path.exists() and is_locked(one.lock_path))]


def collect_labels(
    sessions: list[SessionFiles],
    feature_names: tuple[str, ...],
    settings: Settings,
    model: DecoderFile | None,
    today: float,
) -> tuple[list[tuple[SessionLabels, str]], list[str]]:
    """Read sessions one after the other; from the model file where its stamp tells that nothing has changed."""
    rows = {row.session: row for row in model.sittings} if model and model.features == feature_names else {}
    found: list[tuple[SessionLabels, str]] = []
    unread: list[str] = []
    stamp = short_hash(settings.decoder.model_dump_json(), settings.drowsiness.model_dump_json(), *feature_names)
    for files in sessions:
        own = short_hash(stamp, _file_stats(files))
        row = rows.get(files.stem)
        try:
            if row is not None and row.stamp == own:
                told = session_labels_from_row(row, feature_names)
            else:
                past = pool_covariances(
                    [one.training_data.window_covariance for one, _ in found],
                    feature_names,
                    settings.decoder.prior_windows,
                )
                told = read_session_labels(files, past, settings, today)
        except (NeurofeedbackError, OSError) as error:
            unread.append(f"{files.stem} could not be learned from: {error}")
            continue
        found.append((told, own))
        stamp = own
    return found, unread


def _file_stats(files: SessionFiles) -> str:
    """Tell sizes and times of what is read of a session."""
    paths = (files.derived_file("start.json"), files.eeg_file("events.tsv"), files.frame_log)
    facts = [path.stat() for path in paths if path.exists()]
    return " ".join(f"{fact.st_size}:{fact.st_mtime_ns}" for fact in facts)


def short_hash(*parts: str) -> str:
    """Return a short mark of texts that changes whenever one of them does."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
