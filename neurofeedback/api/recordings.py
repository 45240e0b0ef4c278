"""Recordings in the public API: read for MNE, replayed, verified."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.api.live_engine import to_settings
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import Profile

if TYPE_CHECKING:
    import pandas as pd

    from neurofeedback.analysis.body.body_file import SessionBody
    from neurofeedback.formats.mne_conversion import MneSession
    from neurofeedback.verification.verify import VerificationResult

_WHERE = {1: "breath", 2: "elsewhere", 3: "unsure"}
_PROBE_COLUMNS = {
    "sample": "int64", "onset": "float64", "where": "object", "sure": "Int64", "sleepy": "Int64",
    "answered": "float64", "window_start": "float64", "window_stop": "float64",
}  # fmt: skip


def read_session(path: str | PathLike[str]) -> MneSession:
    """Read a recording for MNE, with the table of its frames.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read.

    Returns
    -------
    MneSession
        ``raw``, an `mne.io.Raw` in V with phases, events and gaps as annotations, and ``frames``, a DataFrame with
        one row for each frame (None for another program's recording). A tuple: ``raw, frames = read_session(path)``.

    Raises
    ------
    RecordingError
        There is no recording that can be read; the message says why.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> raw, frames = nf.read_session(recording)
    >>> print(raw.ch_names, raw.n_times, len(frames))
    ['TP9', 'AF7', 'AF8', 'TP10'] 9216 144
    """
    from neurofeedback.formats.mne_conversion import read_session as read  # mne when asked for

    return read(Path(path))


def replay(
    path: str | PathLike[str],
    profile: str | PathLike[str] | Settings | Profile | None = None,
    *,
    baseline_s: float | None = None,
) -> pd.DataFrame:
    """Run a recording through the engine again, with its own profile or another one.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read.
    profile : str, path-like, Settings or Profile, optional
        Another profile; by default the recording's own, which reproduces the frame log exactly.
    baseline_s : float, optional
        Plan the phases again, with a baseline of this many seconds. Also done for another program's recording, which
        has no phases.

    Returns
    -------
    DataFrame
        One row for each frame, with the columns of the frame log (``onset`` in s; NaN where there is no number).

    Raises
    ------
    RecordingError
        There is no recording that can be read.
    SettingsError
        The profile does not exist or does not fit the recording, or the baseline does not fit its length.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> frames = nf.replay(recording, profile="fast")
    >>> print(len(frames), frames["phase"].iloc[0])
    720 settle
    """
    from neurofeedback.formats.mne_conversion import parse_frame_table  # mne and pandas when asked for
    from neurofeedback.formats.reader import open_recording
    from neurofeedback.recording.frame_log import format_row
    from neurofeedback.verification.replay import replay as run

    settings = None if profile is None else to_settings(profile)
    replayed = run(open_recording(Path(path)), settings=settings, baseline_s=baseline_s)
    return parse_frame_table([replayed.header, *map(format_row, replayed.frames)])


def verify(path: str | PathLike[str]) -> VerificationResult:
    """Check that a recording is consistent: samples, rate, clock, gaps, losses, duplicates, markers, frames.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read. Nothing in it is changed.

    Returns
    -------
    VerificationResult
        ``status`` (``ok`` or ``wrong``) and ``results``, one check each with ``item``, ``status``, ``text`` and
        ``measurements``.

    Raises
    ------
    RecordingError
        The recording cannot be read, or is being recorded right now.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> result = nf.verify(recording)
    >>> [check.item for check in result.results][:4]
    ['samples', 'rate', 'drift', 'gaps']
    """
    from neurofeedback.verification.verify import verify as check  # scipy when asked for

    return check(Path(path))


def probes(path: str | PathLike[str]) -> pd.DataFrame:
    """Read the questions of a session with the standard wording, one row for each, and the answers.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read.

    Returns
    -------
    DataFrame
        ``sample`` and ``onset`` (s) of the chime; ``where`` (``breath``, ``elsewhere`` or ``unsure``), ``sure`` (1 to
        4) and ``sleepy`` (1 to 5), missing where not answered; ``answered`` (s), the onset of the last answer;
        ``window_start`` and ``window_stop`` (s), the stretch before the chime that the answer labels.

    Raises
    ------
    RecordingError
        There is no recording that can be read.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> list(nf.probes(recording).columns)[:5]
    ['sample', 'onset', 'where', 'sure', 'sleepy']
    """
    import pandas as pd

    from neurofeedback.formats.reader import open_recording
    from neurofeedback.recording.events import probes_from_events
    from neurofeedback.settings.estimation import DecoderSettings

    recording = open_recording(Path(path))
    sfreq = recording.stream.sfreq
    decoder = DecoderSettings() if recording.profile is None else recording.profile.settings.decoder
    before_s = decoder.probe_window_s
    rows = [
        {
            "sample": probe.sample,
            "onset": probe.sample / sfreq,
            "where": None if probe.where is None else _WHERE[probe.where],
            "sure": probe.sure,
            "sleepy": probe.sleepy,
            "answered": None if probe.answer_sample is None else probe.answer_sample / sfreq,
            "window_start": probe.sample / sfreq - before_s[0],
            "window_stop": probe.sample / sfreq - before_s[1],
        }
        for probe in probes_from_events(recording.events)
    ]
    table = pd.DataFrame(rows, columns=list(_PROBE_COLUMNS))
    return table.astype(_PROBE_COLUMNS)


def read_body(path: str | PathLike[str]) -> SessionBody | None:
    """Read heart rate, breath rate and stillness of a session, from the headset's other sensors.

    Parameters
    ----------
    path : path-like
        A session's folder, or any file in it.

    Returns
    -------
    SessionBody or None
        ``heart`` and ``breath`` (mean a minute, its 95 % interval, the share of good windows), ``variability`` (RMSSD,
        only at rest with normal breathing), ``pacers``, ``still_share``, ``movement`` (beside what the gate left out)
        and ``windows``, a row for each window of 20 s (heart) and 60 s (breath) with its rate or the reason why it has
        none. None where no such sensor was recorded.
        Computed once and stored beside the session.

    Raises
    ------
    RecordingError
        There is no such session, or one of its signals cannot be read.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> nf.read_body(recording) is None
    True
    """
    from neurofeedback.analysis.body.body_file import load_or_compute_body
    from neurofeedback.errors import RecordingError
    from neurofeedback.formats.reader import find_session

    files = find_session(Path(path))
    if files is None:
        raise RecordingError("there is no session of this program", got=path, todo="name the folder of a session")
    return load_or_compute_body(files)
