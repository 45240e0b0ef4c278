"""Labels of a participant's past sessions, from the decoder file or, after a change, from the session files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.learning.feature_covariance import pool_covariances
from neurofeedback.learning.model_file import DecoderFile
from neurofeedback.learning.model_serialization import session_labels_from_row
from neurofeedback.learning.session_labels import SessionLabels, read_session_labels
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.masking.masked_sessions import is_sealed
from neurofeedback.recording.session_notes import read_notes
from neurofeedback.settings.model import Settings
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.texts import decoder as texts
from neurofeedback.texts.catalogue import tr

ABSORPTION_TAG = "absorption"
"""A session with this tag is left out: deep absorption is another state than the one the decoder learns from."""


def finished_sessions(
    recordings: Path, participant: str, excluded: Sequence[str]
) -> tuple[list[SessionFiles], list[str]]:
    """Return a participant's sessions by time, and notices.

    Sessions that are live, excluded, under a substance, tagged as absorption or of a study with sham are left out.

    A session whose facts cannot be read may be one under a substance: it is left out, with a notice.
    """
    stems = [stem for stem in find_session_stems(recordings) if stem.startswith(f"sub-{participant}_")]
    found: list[SessionFiles] = []
    notices: list[str] = []
    for stem in stems:
        files = SessionFiles.from_stem(recordings, stem)
        if stem in excluded or (files.lock_path.exists() and is_locked(files.lock_path)):
            continue
        try:
            notes = read_notes(files)
            is_left_out = notes.under_substance or ABSORPTION_TAG in {tag.lower() for tag in notes.tags}
            if not is_left_out and not is_sealed(files):
                found.append(files)
        except (NeurofeedbackError, OSError) as error:
            notices.append(tr(texts.UNREADABLE_SESSION, session=stem, error=error))
    return found, notices


def collect_labels(
    sessions: list[SessionFiles],
    feature_names: tuple[str, ...],
    settings: Settings,
    model: DecoderFile | None,
    today: float,
) -> tuple[list[tuple[SessionLabels, str]], list[str]]:
    """Return the labels and stamp of each session, and notices about unreadable sessions.

    Labels come from the decoder file if the session's stamp has not changed. The stamp also depends on the settings and
    on all earlier sessions.

    Parameters
    ----------
    sessions : list of SessionFiles
        Paths of the sessions, sorted by time.
    feature_names : tuple of str
        Features of the decoder.
    settings : Settings
        Settings for labels and drowsiness.
    model : DecoderFile, optional
        The stored decoder.
    today : float
        Current date, days since 1970.
    """
    rows = {row.session: row for row in model.sessions} if model and model.feature_names == feature_names else {}
    labels_and_stamps: list[tuple[SessionLabels, str]] = []
    notices: list[str] = []
    stamp = short_hash(settings.decoder.model_dump_json(), settings.drowsiness.model_dump_json(), *feature_names)
    for files in sessions:
        session_stamp = short_hash(stamp, _file_stats(files))
        row = rows.get(files.stem)
        try:
            if row is not None and row.stamp == session_stamp:
                labels = session_labels_from_row(row, feature_names)
            else:
                past_covariance = pool_covariances(
                    [earlier.training_data.window_covariance for earlier, _ in labels_and_stamps],
                    feature_names,
                    settings.decoder.prior_windows,
                )
                labels = read_session_labels(files, past_covariance, settings, today)
        except (NeurofeedbackError, OSError) as error:
            notices.append(tr(texts.UNREADABLE_SESSION, session=files.stem, error=error))
            continue
        labels_and_stamps.append((labels, session_stamp))
        stamp = session_stamp
    return labels_and_stamps, notices


def _file_stats(files: SessionFiles) -> str:
    """Return the sizes and modification times of a session's files that are read for labels."""
    paths = (files.derived_file("start.json"), files.eeg_file("events.tsv"), files.frame_log)
    stats = [path.stat() for path in paths if path.exists()]
    return " ".join(f"{stat.st_size}:{stat.st_mtime_ns}" for stat in stats)


def short_hash(*parts: str) -> str:
    """Return a hash of texts, 16 hexadecimal digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
