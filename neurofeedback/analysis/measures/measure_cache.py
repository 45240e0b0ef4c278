"""The measures of each session, stored beside it, so that a second comparison computes none of them again.

``*_measures.npz`` in the session's derivative folder: numbers and text alone, no pickle. It is valid for the same
bytes of the files it was computed from (each comparison reads them for their hash), the same phases and the same
version of the measures; otherwise it is computed again. It can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import numpy as np

from neurofeedback.analysis.measures.session_measures import (
    ChannelMeasures,
    SessionMeasures,
    compute_session_measures,
)
from neurofeedback.errors import NeurofeedbackError, RecordingError
from neurofeedback.formats.reader import open_session
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.storage.atomic_files import open_replacement
from neurofeedback.types import Phase

MEASURES_SUFFIX = "measures.npz"
VERSION = 1
"""Version of what is computed; a change of any measure needs the next number."""

_MIN_FOR_PROCESSES = 8
_log = logging.getLogger(__name__)
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def load_or_compute(files: SessionFiles, phases: Sequence[Phase]) -> SessionMeasures:
    """Return the measures of a session, from its cache if that is valid.

    Raises
    ------
    RecordingError
        The session cannot be read.
    """
    key = _cache_key(files, phases)
    found = load_measures(files, key)
    if found is None:
        found = compute_session_measures(open_session(files), phases)
        _store(files, key, found)
    return found


def measure_sessions(
    sessions: Sequence[SessionFiles], phases: Sequence[Phase], n_jobs: int = 1
) -> Iterator[tuple[str, SessionMeasures | str]]:
    """Yield the stem of each session with its measures, or with the reason why there are none, as they are done.

    Each session is stored as soon as it is done, so a comparison that is stopped continues where it was.

    Parameters
    ----------
    n_jobs : int
        Processes for sessions that are not stored yet; -1 for one per core.
    """
    missing: list[SessionFiles] = []
    for files in sessions:
        try:
            found = load_measures(files, _cache_key(files, phases))
        except OSError as error:
            yield files.stem, _disk_sentence(error)
            continue
        if found is None:
            missing.append(files)
        else:
            yield files.stem, found
    if n_jobs == 1 or len(missing) < _MIN_FOR_PROCESSES:
        yield from (_measure(files, phases) for files in missing)
        return
    n_workers = min(n_jobs if n_jobs > 0 else os.cpu_count() or 1, len(missing))
    pool = ProcessPoolExecutor(n_workers, get_context("spawn"), _ignore_interrupts)
    try:
        for done in as_completed([pool.submit(_measure, files, phases) for files in missing]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _measure(files: SessionFiles, phases: Sequence[Phase]) -> tuple[str, SessionMeasures | str]:
    try:
        return files.stem, load_or_compute(files, phases)
    except NeurofeedbackError as error:
        return files.stem, str(error)
    except OSError as error:
        return files.stem, _disk_sentence(error)


def _disk_sentence(error: OSError) -> str:
    return str(RecordingError("the session cannot be read", got=error.strerror or error, todo="check the disk"))


def _cache_key(files: SessionFiles, phases: Sequence[Phase]) -> str:
    """Return a hash of everything that the measures depend on."""
    digest = hashlib.sha256(json.dumps([VERSION, [str(phase) for phase in phases]]).encode())
    derived = ("timing.tsv", "start.json", "settings.toml", "summary.json")
    paths = [
        *(files.eeg_file(name) for name in ("eeg.eeg", "events.tsv")),
        *(files.derived_file(name) for name in derived),
    ]
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        digest.update(path.name.encode())
    return digest.hexdigest()


def load_measures(files: SessionFiles, key: str) -> SessionMeasures | None:
    """Return the stored measures; None if there are none, or not for this key."""
    path = files.derived_file(MEASURES_SUFFIX)
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            if about["key"] != key:
                return None
            channels = [ChannelMeasures(*pair) for pair in zip(stored["psd"], stored["entropies"], strict=True)]
            return SessionMeasures(
                sfreq=float(about["sfreq"]),
                mains_hz=about["mains_hz"],
                profile_toml=str(about["profile"]),
                n_windows=stored["n_windows"],
                n_read=int(about["n_read"]),
                lost_share=float(about["lost_share"]),
                freqs=stored["freqs"],
                whole=channels[0],
                blocks=tuple(channels[1:]),
            )
    except _DAMAGED as error:
        _log.info("the measures of %s are computed again: %r", files.stem, error)
        return None


def _store(files: SessionFiles, key: str, found: SessionMeasures) -> None:
    """Store the measures; without a writable folder they are computed again the next time."""
    about = {
        "key": key,
        "sfreq": found.sfreq,
        "mains_hz": found.mains_hz,
        "profile": found.profile_toml,
        "n_read": found.n_read,
        "lost_share": found.lost_share,
    }
    channels = [found.whole, *found.blocks]
    try:
        with open_replacement(files.derived_file(MEASURES_SUFFIX)) as file:
            np.savez(
                file,
                about=np.array(json.dumps(about)),
                n_windows=found.n_windows,
                freqs=found.freqs,
                psd=np.array([one.psd for one in channels]),
                entropies=np.array([one.entropies for one in channels]),
            )
    except OSError as error:
        _log.info("the measures of %s are not stored: %s", files.stem, error)
