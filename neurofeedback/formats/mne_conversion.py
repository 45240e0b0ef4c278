"""A recording as MNE's Raw, with phases, events and gaps as annotations, and its frames as a table."""

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
from neurofeedback.recording.atomic_files import read_complete_lines
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, StreamInfo

_CHUNK_S = 60.0
_MONTAGE = "standard_1005"


class MneSession(NamedTuple):
    """A recording for MNE and the frames computed from it."""

    raw: mne.io.RawArray
    frames: pd.DataFrame | None


def read_session(path: Path) -> MneSession:
    """Read a recording; see `neurofeedback.read_session`."""
    recording = open_recording(path)
    frames = None if recording.frames_path is None else read_frame_table(recording.frames_path)
    return MneSession(to_raw(recording), frames)


def read_frame_table(path: Path) -> pd.DataFrame:
    """Read a frame log, NaN where there is no number; a torn last line is left out."""
    return parse_frame_table([line + "\n" for line in read_complete_lines(path)])


def parse_frame_table(lines: Iterable[str]) -> pd.DataFrame:
    """Parse the lines of a frame log, header first, each with its newline; NaN where there is no number."""
    return pd.read_csv(StringIO("".join(lines)), sep="\t", na_values="n/a", keep_default_na=False)


def to_raw(recording: Recording) -> mne.io.RawArray:
    """Return a recording in volts; lost samples are 0 and annotated, so that MNE leaves them out."""
    raw = mne.io.RawArray(data_in_volts(recording), to_info(recording.stream), verbose="error")
    raw.set_meas_date(None if recording.started is None else recording.started.astimezone(UTC))
    raw.set_annotations(to_mne_annotations(recording), verbose="error")
    return raw


def to_info(stream: StreamInfo) -> mne.Info:
    """Return channels and rate of a stream; electrodes named as in the 10-10 system get its usual positions."""
    info = mne.create_info(list(stream.ch_names), stream.sfreq, "eeg")
    info.set_montage(_MONTAGE, match_case=False, on_missing="ignore", verbose="error")
    return info


def data_in_volts(recording: Recording) -> NDArray[np.float64]:
    """Return all samples in volts, 0 where they are lost."""
    chunks = recording.iter_chunks(max(1, round(_CHUNK_S * recording.stream.sfreq)))
    return np.concatenate([np.nan_to_num(chunk.data.astype(np.float64)) for chunk in chunks], axis=1) * 1e-6


class Annotation(NamedTuple):
    """An annotation: time since the first sample and length in s, text, and the channels it is about (none: all)."""

    onset: float
    duration: float
    description: str
    ch_names: tuple[str, ...] = ()


def list_annotations(recording: Recording) -> list[Annotation]:
    """List gaps, phases and events in the order of time."""
    return sorted((*_gap_annotations(recording), *_event_annotations(recording)), key=lambda note: note.onset)


def _gap_annotations(recording: Recording) -> Iterator[Annotation]:
    sfreq, names = recording.stream.sfreq, recording.stream.ch_names
    for run in recording.lost:
        channels = () if run.channels is None else tuple(names[row] for row in run.channels)
        yield Annotation(run.start / sfreq, run.n_samples / sfreq, GAP_TYPE, channels)


def _event_annotations(recording: Recording) -> Iterator[Annotation]:
    ours = recording.start_state is not None
    for event in (*recording.commands, *recording.events):
        duration = event.duration_s if isinstance(event, Event) else 0.0
        kind, value = event.kind.value, event.value
        text = (kind if value == "n/a" else f"{kind}/{value}") if ours else value
        yield Annotation(event.sample / recording.stream.sfreq, duration, text)


def to_mne_annotations(recording: Recording) -> mne.Annotations:
    """Return gaps, phases and events for MNE, on the time of the first sample."""
    told = list_annotations(recording)
    return mne.Annotations(
        [note.onset for note in told],
        [note.duration for note in told],
        [note.description for note in told],
        orig_time=None if recording.started is None else recording.started.astimezone(UTC),
        ch_names=[note.ch_names for note in told] if told else None,
    )
