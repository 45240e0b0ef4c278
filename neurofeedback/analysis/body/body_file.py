"""Heart, breath and stillness of a session, stored beside it as ``*_body.json``, which can be deleted at any time.

The file is valid for the same bytes of the files it was computed from and the same version of the measures.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.physio import physio_path, read_bids_physio
from neurofeedback.storage.atomic_files import read_json, write_json_atomic

BODY_SUFFIX = "body.json"
VERSION = 1
"""Version of what is computed; a change of any measure needs the next number."""

_LABELS = ("motion", "ppg", "optics")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BodyWindow:
    """One window of a session.

    Parameters
    ----------
    measure : str
        ``heart`` or ``breath``.
    start_s, stop_s : float
        Time since the recording's first sample, s.
    rate, half_width : float, optional
        Rate and half its 95 % interval, a minute; None in a poor window.
    reason : str
        Why the window is poor: ``gaps``, ``motion``, ``saturated``, ``no_rhythm``; empty in a good one.
    """

    measure: str
    start_s: float
    stop_s: float
    rate: float | None
    half_width: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class RateSummary:
    """A rate over the good windows of a session.

    Parameters
    ----------
    mean : float, optional
        A minute; None without a good window.
    low, high : float, optional
        95 % interval of the mean in this session; None with fewer than ten good windows.
    good_share : float
        Share of good windows, 0 to 1.
    n_windows : int
        Number of all windows.
    main_reason : str
        The most frequent reason of the poor windows; empty if all are good.
    """

    mean: float | None
    low: float | None
    high: float | None
    good_share: float
    n_windows: int
    main_reason: str


@dataclass(frozen=True, slots=True)
class PacerMatch:
    """Breath during a part of a session with a breath pacer.

    Parameters
    ----------
    pace : float
        Of the pacer, breaths a minute.
    breath_rate : float, optional
        Mean over the good windows, a minute; None without one.
    matched_share : float, optional
        Share of the good windows within half a breath a minute of the pace.
    n_windows, n_good : int
        Number of windows, and of good ones.
    """

    pace: float
    breath_rate: float | None
    matched_share: float | None
    n_windows: int
    n_good: int


@dataclass(frozen=True, slots=True)
class VariabilitySummary:
    """RMSSD of the intervals between pulse beats with its 95 % interval, ms, and the number of windows of 20 s."""

    rmssd_ms: float
    low_ms: float
    high_ms: float
    n_windows: int


@dataclass(frozen=True, slots=True)
class MovementAgreement:
    """How often the head moved where the gate left the signal out, and where it did not.

    Counted once a second, over the 2 s before it; without pauses and lost samples.

    Parameters
    ----------
    n_rejected, n_accepted : int
        Seconds whose signal was left out because of artifacts, and the others.
    n_moved_rejected, n_moved_accepted : int
        Of each, the seconds in which the head moved: hits and false alarms of movement as a sign of artifacts.
    """

    n_rejected: int
    n_accepted: int
    n_moved_rejected: int
    n_moved_accepted: int


@dataclass(frozen=True, slots=True)
class SessionBody:
    """Body measures of a session; None where no sensor recorded what they need.

    Parameters
    ----------
    heart : RateSummary, optional
        Heart rate.
    heart_channel : str
        The channel with the clearest pulse, such as ``ppg_2``; empty without a pulse sensor.
    variability : VariabilitySummary, optional
        Only of still windows without pacer, with a good and normal breath rate.
    breath : RateSummary, optional
        Breath rate without the parts with a pacer.
    pacers : tuple of PacerMatch
        The parts with a pacer.
    still_share : float, optional
        Share of the seconds with motion data in which the head was still.
    movement : MovementAgreement, optional
        Movement beside what the gate left out; None without motion data or frames.
    windows : tuple of BodyWindow
        All windows of heart and breath.
    """

    heart: RateSummary | None = None
    heart_channel: str = ""
    variability: VariabilitySummary | None = None
    breath: RateSummary | None = None
    pacers: tuple[PacerMatch, ...] = ()
    still_share: float | None = None
    movement: MovementAgreement | None = None
    windows: tuple[BodyWindow, ...] = ()


_BODY = TypeAdapter(SessionBody)


def load_or_compute_body(files: SessionFiles) -> SessionBody | None:
    """Return the body measures of a session, from its file if that is valid; None without a signal to measure.

    Raises
    ------
    RecordingError
        The session or one of its signals cannot be read.
    """
    from neurofeedback.analysis.body.session_body import measure_body  # SciPy's filters; not for the list of sittings
    from neurofeedback.formats.reader import open_session

    if not any(physio_path(files, label).is_file() for label in _LABELS):
        return None
    try:
        key = _key(files)
        found = read_body(files, key)
        if found is None:
            signals = [one for label in _LABELS if (one := read_bids_physio(files, label)) is not None]
            found = measure_body(open_session(files), signals)
            _store(files, key, found)
    except OSError as error:
        raise RecordingError(
            "the session cannot be read", got=error.strerror or error, todo="check the disk, then try again"
        ) from None
    return found


def read_body(files: SessionFiles, key: str | None = None) -> SessionBody | None:
    """Return the stored measures; None if there are none, or not for this key. Without a key any of this version."""
    path = files.derived_file(BODY_SUFFIX)
    if not path.is_file():
        return None
    try:
        document = read_json(path)
        is_valid = document.get("version") == VERSION and key in {None, document.get("key")}
        return _BODY.validate_python(document.get("body")) if is_valid else None
    except (RecordingError, ValidationError, UnicodeDecodeError) as error:
        _log.info("the body measures of %s are computed again: %r", files.stem, error)
        return None


def _key(files: SessionFiles) -> str:
    digest = hashlib.sha256(str(VERSION).encode())
    paths = [physio_path(files, label) for label in _LABELS]
    sidecars = [path.with_name(path.name.replace(".tsv.gz", ".json")) for path in paths]
    for path in (*paths, *sidecars, files.eeg_file("events.tsv"), files.derived_file("start.json"), files.frame_log):
        digest.update(path.name.encode())
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _store(files: SessionFiles, key: str, body: SessionBody) -> None:
    """Store the measures; without a writable folder they are computed again the next time."""
    try:
        write_json_atomic(files.derived_file(BODY_SUFFIX), {"version": VERSION, "key": key, "body": asdict(body)})
    except OSError as error:
        _log.info("the body measures of %s are not stored: %s", files.stem, error)
