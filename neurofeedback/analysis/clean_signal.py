"""Clean windows of a session's signal without feedback, with short gaps filled.

A lost packet of a wireless headset lasts about 50 ms, so at 2 % loss hardly any window of 4 s is whole. Gaps of up to
100 ms are filled by a draw from the autoregressive model of the signal before them, which has the power of the lost
signal at every frequency, so that neither powers nor measures of complexity follow the loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurofeedback.analysis.contact_log import ContactLog
from neurofeedback.processing.gap_interpolation import draw_gap
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Phase

Floats = NDArray[np.float64]
WINDOW_S = 4.0
NO_FEEDBACK_PHASES = (Phase.BASELINE, Phase.REST, Phase.TRANSFER)
MAX_GAP_S = 0.1
MAX_FILLED_SHARE = 0.1
_MAX_READ = 300
_PAST_S, _MIN_PAST_S = 2.0, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CleanSignal:
    """Clean windows of 4 s of one session by channel row, in order of time, without overlap.

    ``windows[row]`` is ``(n_windows, n_samples)`` in microvolts, raw, and ``starts[row]`` its first samples in the
    session. ``n_read`` is the number of windows of the wanted phases that were looked at, ``lost_share`` the share of
    lost samples in them.
    """

    sfreq: float
    windows: Mapping[int, Floats]
    starts: Mapping[int, NDArray[np.int64]] = field(default_factory=dict[int, NDArray[np.int64]])
    n_read: int = 0
    lost_share: float = 0.0

    def count(self, rows: Sequence[int]) -> int:
        """Return the smallest number of windows of these channels."""
        return min((len(self.windows[row]) for row in rows), default=0)

    def subsample(self, n: int) -> CleanSignal:
        """Return ``n`` evenly spaced windows of each channel; channels with fewer are left out."""
        return self._choose(
            {
                row: np.linspace(0, len(windows) - 1, n).round().astype(int)
                for row, windows in self.windows.items()
                if len(windows) >= n
            }
        )

    def _choose(self, places: Mapping[int, NDArray[np.int_]]) -> CleanSignal:
        return CleanSignal(
            self.sfreq,
            {row: self.windows[row][chosen] for row, chosen in places.items()},
            {row: self.starts[row][chosen] for row, chosen in places.items() if row in self.starts},
            self.n_read,
            self.lost_share,
        )


@dataclass(frozen=True, slots=True, eq=False)
class SignalWindow:
    """One window of 4 s of all channels: samples ``(n_channels, n_samples)`` in uV, from sample ``start`` on.

    ``clean`` says which channels had good contact and no gap too long to fill; the samples of others may be NaN.
    """

    start: int
    data: Floats
    clean: NDArray[np.bool_]
    lost_share: float


def extract_clean_signal(
    recording: Recording, contacts: ContactLog, phases: Sequence[Phase] = NO_FEEDBACK_PHASES
) -> CleanSignal:
    """Return the clean windows of a session: with good contact over their 4 s, and at most a tenth of it filled.

    Of a recording without these phases, such as an imported one, all of it is used; of a long one, 300 windows spread
    evenly.
    """
    found: list[list[SignalWindow]] = [[] for _ in recording.stream.ch_names]
    lost: list[float] = []
    for window in iter_windows(recording, contacts, phases, max_windows=_MAX_READ):
        lost.append(window.lost_share)
        for row in np.flatnonzero(window.clean):
            found[row].append(window)
    used = {row: windows for row, windows in enumerate(found) if windows}
    return CleanSignal(
        recording.stream.sfreq,
        {row: np.array([one.data[row] for one in windows]) for row, windows in used.items()},
        {row: np.array([one.start for one in windows]) for row, windows in used.items()},
        len(lost),
        float(np.mean(lost)) if lost else 0.0,
    )


def iter_windows(
    recording: Recording, contacts: ContactLog, phases: Sequence[Phase], *, max_windows: int | None = None
) -> Iterator[SignalWindow]:
    """Yield the windows of these phases in order; of more than ``max_windows``, that many spread evenly."""
    n = round(WINDOW_S * recording.stream.sfreq)
    frames = _window_ends(contacts, phases, n)
    if max_windows and len(frames) > max_windows:
        frames = [frames[at] for at in np.linspace(0, len(frames) - 1, max_windows).round().astype(int)]
    reader = _GapFillingReader(recording)
    for frame in frames:
        stop = int(contacts.sample[frame])
        data, lost = reader.read(stop - n, stop)
        whole = np.isfinite(data).all(axis=1) & (lost <= MAX_FILLED_SHARE)
        yield SignalWindow(stop - n, data, (contacts.grades[frame] == 0) & whole, float(lost.mean()))


def _window_ends(contacts: ContactLog, phases: Sequence[Phase], n: int) -> list[int]:
    """Return the frames at which windows of ``n`` samples end that lie in these phases and do not overlap."""
    wanted = np.isin(contacts.phase, [str(phase) for phase in phases])
    if not wanted.any():
        wanted = np.ones(len(contacts.phase), bool)
    ends, available_from = [], 0
    starts = np.concatenate([[0], contacts.sample[:-1]])
    for frame, sample in enumerate(contacts.sample.tolist()):
        if not wanted[frame]:
            available_from = sample
        elif sample - n >= max(available_from, 0) and wanted[np.searchsorted(starts, sample - n, side="right") - 1]:
            ends.append(frame)
            available_from = sample
    return ends


class _GapFillingReader:
    """Reads windows in order of time, and fills gaps of up to 100 ms; longer ones stay NaN."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        sfreq = recording.stream.sfreq
        self._n_gap = int(MAX_GAP_S * sfreq)
        self._n_past, self._n_min_past = round(_PAST_S * sfreq), round(_MIN_PAST_S * sfreq)
        self._past: Floats = np.zeros((recording.stream.n_channels, 0))
        self._stop = -1

    def read(self, start: int, stop: int) -> tuple[Floats, Floats]:
        """Return samples ``(n_channels, stop - start)`` and the share that was lost, ``(n_channels,)``."""
        follows = start == self._stop
        first = start if follows else max(start - self._n_past, 0)
        end = min(stop + self._n_gap, self._recording.n_samples)
        data = self._recording.read_chunk(first, end).data.astype(np.float64)
        joined = np.concatenate([self._past, data], axis=1) if follows else data
        at = joined.shape[1] - (end - start)
        lost = ~np.isfinite(joined[:, at : at + stop - start])
        for row in np.flatnonzero(~np.isfinite(joined).all(axis=1)):
            self._fill(joined[row], np.random.default_rng((int(row), start)))
        window = joined[:, at : at + stop - start]
        self._past, self._stop = window[:, -self._n_past :], stop
        return window, lost.mean(axis=1)

    def _fill(self, samples: Floats, rng: np.random.Generator) -> None:
        """Fill short gaps in place: by a draw from the model of the signal before, or linearly if it is too short."""
        edges = np.flatnonzero(np.diff(np.isnan(samples), prepend=False, append=False)).tolist()
        known_from = 0
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop - start > self._n_gap or start == known_from or stop == len(samples):
                known_from = stop
                continue
            past = samples[max(known_from, start - self._n_past) : start]
            enough = len(past) >= self._n_min_past
            drawn = draw_gap(past, stop - start, samples[stop], rng) if enough else None
            line = np.linspace(past[-1], samples[stop], stop - start + 2)[1:-1]
            samples[start:stop] = line if drawn is None else drawn
