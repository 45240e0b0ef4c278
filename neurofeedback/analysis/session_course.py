"""Course of raw measures within one session, such as during an infusion: means of segments against time.

A description only: nothing here is a test, and nothing is called a trend. The same session's part before time zero is
the reference. The muscle row belongs beside every row that muscle or movement affects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from neurofeedback.analysis.clean_signal import WINDOW_S, SignalWindow, iter_windows
from neurofeedback.analysis.contact_log import ContactLog, replay_contacts
from neurofeedback.analysis.resting_measures import (
    MEASURES,
    SPECTRAL_MEASURES,
    iaf_from_psds,
    median_psd,
    spectral_measures,
    window_psds,
)
from neurofeedback.analysis.segment_means import SegmentMean, segment_mean
from neurofeedback.errors import RecordingError
from neurofeedback.processing.entropies import ENTROPIES, window_entropies
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.types import Phase

Floats = NDArray[np.float64]
COURSE_PHASES = (Phase.BASELINE, Phase.PRACTICE, Phase.REST, Phase.TRANSFER)
SEGMENT_S = 300.0
_MIN_CLEAN_SHARE = 0.5
_BATCH = 40
_MIN_IAF_WINDOWS, _MAX_IAF_WINDOWS = 15, 75
_NAMES = (*SPECTRAL_MEASURES, *ENTROPIES)


@dataclass(frozen=True, slots=True)
class CourseSegment:
    """One segment of a session.

    Parameters
    ----------
    start_min, stop_min : float
        Minutes from time zero; negative before it.
    usable : float
        Share of its windows of 4 s that are clean on at least one channel, 0 to 1.
    lost : float
        Share of lost samples, 0 to 1.
    means : mapping of str to SegmentMean
        By the names of ``resting_measures.MEASURES``; a measure without a usable window is missing.
    """

    start_min: float
    stop_min: float
    usable: float
    lost: float
    means: Mapping[str, SegmentMean]


@dataclass(frozen=True, slots=True)
class SessionCourse:
    """Course of a session.

    Parameters
    ----------
    time_zero_s : float
        Time zero, such as the start of the infusion, s after the first sample.
    iaf_hz : float or None
        Alpha frequency before time zero, which sets the bands of all segments; None for the default bands.
    ch_names : mapping
        Channels used, by region.
    reference : CourseSegment or None
        The whole part before time zero; None if there is none.
    segments : tuple of CourseSegment
        In order of time, those before time zero too. Without overlap.
    """

    time_zero_s: float
    iaf_hz: float | None
    ch_names: Mapping[str, tuple[str, ...]]
    reference: CourseSegment | None
    segments: tuple[CourseSegment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _WindowValues:
    """All windows: time of their middle (s), clean channels, lost share, and measures ``(n, n_channels, n_names)``."""

    times_s: Floats
    clean: NDArray[np.bool_]
    lost: Floats
    values: Floats


def compute_session_course(
    recording: Recording,
    *,
    time_zero_s: float = 0.0,
    segment_s: float = SEGMENT_S,
    cuts_s: Sequence[float] | None = None,
    contacts: ContactLog | None = None,
    entropies: bool = True,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> SessionCourse:
    """Compute the raw measures of each segment of a session.

    Parameters
    ----------
    recording : Recording
        With or without its own profile; without one, the default settings are used.
    time_zero_s : float
        Time zero, such as the start of the infusion, s after the first sample.
    segment_s : float
        Length of the segments, s; they start at time zero, in both directions.
    cuts_s : sequence of float, optional
        Times, s after the first sample, at which segments start instead, such as those of marks.
    contacts : ContactLog, optional
        Result of ``replay_contacts``, if it is there already; computing it takes most of the time of a short session.
    entropies : bool
        Whether to compute the entropies too, which take most of the time of a long session.
    progress : callable
        Called with the number of windows done and their total; an exception of it cancels.

    Returns
    -------
    SessionCourse

    Raises
    ------
    RecordingError
        Time zero lies outside the recording, segments are shorter than a minute, or no window is usable.

    Notes
    -----
    Windows of 4 s without overlap, clean by the gate over their whole length, gaps of up to 100 ms filled
    (``clean_signal``). Each window gives ln power per band, the 1/f fit and the entropies; a segment gives their means
    with intervals "of this recording" (``segment_means``). The channels of a region are those that are clean in at
    least half of the windows, the same in all segments; a window counts if all of them are clean.
    """
    _check(recording, time_zero_s, segment_s)
    profile = recording.profile or resolve(Settings(), recording.stream)[1]
    montage, settings = profile.montage, profile.settings
    log = replay_contacts(recording) if contacts is None else contacts
    iaf = _reference_iaf(recording, log, time_zero_s, montage, settings)

    def measure(windows: Sequence[SignalWindow]) -> Floats:
        found = np.full((len(windows), len(montage.ch_names), len(_NAMES)), np.nan)
        clean = np.array([window.clean for window in windows])
        if clean.any():
            data = np.array([window.data for window in windows])[clean]
            freqs, psds = window_psds(data, recording.stream.sfreq)
            spectral = spectral_measures(psds, freqs, iaf, settings, recording.summary.mains_hz, single_windows=True)
            found[clean, : len(SPECTRAL_MEASURES)] = np.column_stack([spectral[name] for name in SPECTRAL_MEASURES])
            if entropies:
                found[clean, len(SPECTRAL_MEASURES) :] = window_entropies(data)
        return found

    windows = _measure_windows(recording, log, measure, progress)
    rows = {region: _choose_rows(windows.clean, montage.rows(region)) for region in ("all", "frontal", "posterior")}
    if not rows["all"]:
        raise RecordingError(
            "no window of this recording is usable", got=str(recording.path), todo="look at its contact in the report"
        )
    regional = {name: _regional(windows, rows[MEASURES[name].region], at) for at, name in enumerate(_NAMES)}
    edges = _edges(windows.times_s, time_zero_s, segment_s, cuts_s)
    before = (windows.times_s[0] - WINDOW_S / 2, time_zero_s)
    return SessionCourse(
        time_zero_s,
        iaf,
        {region: tuple(montage.ch_names[row] for row in chosen) for region, chosen in rows.items()},
        _segment(windows, regional, before, time_zero_s),
        tuple(one for cut in pairwise(edges) if (one := _segment(windows, regional, cut, time_zero_s)) is not None),
    )


def _check(recording: Recording, time_zero_s: float, segment_s: float) -> None:
    if not 0 <= time_zero_s < recording.duration_s:
        raise RecordingError(
            "time zero lies outside the recording",
            got=f"{time_zero_s:.0f} s",
            allowed=f"0 to {recording.duration_s:.0f} s after its first sample",
            todo="check the clock time of the dose, and the session it belongs to",
        )
    if segment_s < 60:
        raise RecordingError(
            "a segment is too short", got=f"{segment_s:g} s", allowed="at least 60 s", todo="choose longer segments"
        )


def _reference_iaf(
    recording: Recording, log: ContactLog, time_zero_s: float, montage: Montage, settings: Settings
) -> float | None:
    """Return the alpha frequency before time zero, or of the whole recording if that is too short."""
    sfreq = recording.stream.sfreq
    early = log.sample <= time_zero_s * sfreq
    before = ContactLog(log.sample[early], log.phase[early], log.grades[early], log.channels, None, None)
    for part in (before, log):
        found: dict[int, list[Floats]] = {row: [] for row in montage.rows("posterior")}
        for window in iter_windows(recording, part, COURSE_PHASES, max_windows=_MAX_IAF_WINDOWS):
            for row, pieces in found.items():
                if window.clean[row]:
                    pieces.append(window.data[row])
        psds = {
            row: median_psd(np.array(pieces), sfreq) for row, pieces in found.items() if len(pieces) >= _MIN_IAF_WINDOWS
        }
        iaf = iaf_from_psds(psds, montage, settings)
        if not np.isnan(iaf):
            return iaf
    return None


def _measure_windows(
    recording: Recording,
    log: ContactLog,
    measure: Callable[[Sequence[SignalWindow]], Floats],
    progress: Callable[[int, int], object],
) -> _WindowValues:
    total = int(recording.duration_s / WINDOW_S)
    size = max(1, _BATCH // recording.stream.n_channels)
    times, clean, lost, values = [], [], [], []
    for windows in _batched(iter_windows(recording, log, COURSE_PHASES), size):
        times += [window.start / recording.stream.sfreq + WINDOW_S / 2 for window in windows]
        clean += [window.clean for window in windows]
        lost += [window.lost_share for window in windows]
        values.append(measure(windows))
        progress(min(len(times), total), total)
    if not times:
        raise RecordingError(
            "this recording has no window of 4 s", got=str(recording.path), todo="choose a longer recording"
        )
    return _WindowValues(np.array(times), np.array(clean), np.array(lost), np.concatenate(values))


def _batched(windows: Iterator[SignalWindow], size: int) -> Iterator[list[SignalWindow]]:
    while batch := list(islice(windows, size)):
        yield batch


def _choose_rows(clean: NDArray[np.bool_], rows: Sequence[int]) -> tuple[int, ...]:
    """Return the rows that are clean in at least half of the windows; if none is, the best one, if it ever is."""
    shares = {row: float(clean[:, row].mean()) for row in rows}
    chosen = tuple(row for row, share in shares.items() if share >= _MIN_CLEAN_SHARE)
    best = max(shares, key=lambda row: shares[row], default=None)
    return chosen or ((best,) if best is not None and shares[best] > 0 else ())


def _regional(windows: _WindowValues, rows: Sequence[int], at: int) -> Floats:
    """Return one measure of every window, averaged over the rows; NaN where one of them is not clean."""
    return windows.values[:, list(rows), at].mean(axis=1) if rows else np.full(len(windows.times_s), np.nan)


def _edges(times_s: Floats, time_zero_s: float, segment_s: float, cuts_s: Sequence[float] | None) -> list[float]:
    begin, end = float(times_s[0]) - WINDOW_S / 2, float(times_s[-1]) + WINDOW_S / 2
    if cuts_s is None:
        first, last = int((begin - time_zero_s) // segment_s), int(-(-(end - time_zero_s) // segment_s))
        inner = [time_zero_s + segment_s * number for number in range(first + 1, last)]
    else:
        inner = sorted({*cuts_s, time_zero_s})
    return [begin, *(cut for cut in inner if begin < cut < end), end]


def _segment(
    windows: _WindowValues, regional: Mapping[str, Floats], limits: tuple[float, float], time_zero_s: float
) -> CourseSegment | None:
    """Return one segment; None if no window lies in it."""
    inside = (windows.times_s >= limits[0]) & (windows.times_s < limits[1])
    if not inside.any():
        return None
    means = {name: found for name in _NAMES if (found := segment_mean(regional[name][inside])) is not None}
    return CourseSegment(
        (limits[0] - time_zero_s) / 60,
        (limits[1] - time_zero_s) / 60,
        float(windows.clean[inside].any(axis=1).mean()),
        float(windows.lost[inside].mean()),
        {name: means[name] for name in MEASURES if name in means},
    )
