"""Convert a recording to MNE's Raw, with phases, events and gaps as annotations, and read its frames as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import mne
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.recording import Recording
from neurofeedback.storage.append_only import read_complete_lines
from neurofeedback.types import Event, StreamInfo

_CHUNK_S = 60.0
_MONTAGE = "standard_1005"


class MneSession(NamedTuple):
    """A recording as MNE's Raw, and its frames, or None without a frame log."""

    raw: mne.io.RawArray
    frames: pd.DataFrame | None


def read_session(path: Path) -> MneSession:
    """Read a recording; see `neurofeedback.read_session`."""
    recording = open_recording(path)
    frames = None if recording.frames_path is None else read_frame_table(recording.frames_path)
    return MneSession(to_raw(recording), frames)


def read_frame_table(path: Path) -> pd.DataFrame:
    """Read a frame log, with NaN for missing numbers; an incomplete last line is left out."""
    return parse_frame_table([line + "\n" for line in read_complete_lines(path)])


def parse_frame_table(lines: Iterable[str]) -> pd.DataFrame:
    """Parse the lines of a frame log, header first, each with its newline; missing numbers are NaN."""
    return pd.read_csv(StringIO("".join(lines)), sep="\t", na_values="n/a", keep_default_na=False)


def to_raw(recording: Recording) -> mne.io.RawArray:
    """Return a recording as MNE's Raw in volts; lost samples are 0 and annotated, so that MNE leaves them out."""
    raw = mne.io.RawArray(data_in_volts(recording), to_info(recording.stream), verbose="error")
    raw.set_meas_date(None if recording.started is None else recording.started.astimezone(UTC))
    raw.set_annotations(to_mne_annotations(recording), verbose="error")
    return raw


def to_info(stream: StreamInfo) -> mne.Info:
    """Return a stream's channels and rate as MNE's Info; electrodes with 10-05 names get their standard positions."""
    info = mne.create_info(list(stream.ch_names), stream.sfreq, "eeg")
    info.set_montage(_MONTAGE, match_case=False, on_missing="ignore", verbose="error")
    return info


def data_in_volts(recording: Recording) -> NDArray[np.float64]:
    """Return all samples in volts, 0 where they are lost."""
    chunks = recording.iter_chunks(max(1, round(_CHUNK_S * recording.stream.sfreq)))
    return np.concatenate([np.nan_to_num(chunk.data.astype(np.float64)) for chunk in chunks], axis=1) * 1e-6


class Annotation(NamedTuple):
    """An annotation: onset since the first sample and duration in s, text, and its channels (empty: all)."""

    onset: float
    duration: float
    description: str
    ch_names: tuple[str, ...] = ()


def list_annotations(recording: Recording) -> list[Annotation]:
    """Return gaps, phases and events as annotations, sorted by onset."""
    return sorted(
        (*_gap_annotations(recording), *_event_annotations(recording)), key=lambda annotation: annotation.onset
    )


def _gap_annotations(recording: Recording) -> Iterator[Annotation]:
    sfreq, names = recording.stream.sfreq, recording.stream.ch_names
    for run in recording.lost:
        channels = () if run.channels is None else tuple(names[row] for row in run.channels)
        yield Annotation(run.start / sfreq, run.n_samples / sfreq, GAP_TYPE, channels)


def _event_annotations(recording: Recording) -> Iterator[Annotation]:
    is_own_session = recording.start_state is not None
    for event in (*recording.commands, *recording.events):
        duration = event.duration_s if isinstance(event, Event) else 0.0
        kind, value = event.kind.value, event.value
        text = (kind if value == "n/a" else f"{kind}/{value}") if is_own_session else value
        yield Annotation(event.sample / recording.stream.sfreq, duration, text)


def to_mne_annotations(recording: Recording) -> mne.Annotations:
    """Return gaps, phases and events as MNE annotations, with onsets relative to the first sample."""
    annotations = list_annotations(recording)
    return mne.Annotations(
        [annotation.onset for annotation in annotations],
        [annotation.duration for annotation in annotations],
        [annotation.description for annotation in annotations],
        orig_time=None if recording.started is None else recording.started.astimezone(UTC),
        ch_names=[annotation.ch_names for annotation in annotations] if annotations else None,
    )
