"""Import through MNE: BrainVision, EDF, BDF, FIF and EEGLAB files, alone or in a BIDS dataset, with their markers."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import (
    check_brainvision,
    check_fif,
    check_inside,
    check_mat,
    convert_library_errors,
    first_line,
)
from neurofeedback.formats.find_bids import find_dataset_root
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.tabular import check_stream
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.lost_runs import clip_runs
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

if TYPE_CHECKING:
    from mne.io import BaseRaw

_log = logging.getLogger(__name__)
_BIDS_NAME = re.compile(r"sub-[0-9A-Za-z]+_.*eeg\.[a-z]+")
_NEW_SEGMENT = "New Segment/"
_TRIAL_SAMPLES = 1000


def read_brainvision(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a BrainVision recording from its header; data and marker file must be in the same folder."""
    check_brainvision(path)
    return _read(path, "BrainVision", lambda mne: mne.io.read_raw_brainvision(path))


def read_edf(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read EDF or EDF+."""
    return _read(path, "EDF", lambda mne: mne.io.read_raw_edf(path, infer_types=True))


def read_bdf(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read BDF or BDF+."""
    return _read(path, "BDF", lambda mne: mne.io.read_raw_bdf(path, infer_types=True))


def read_fif(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read FIF, MNE's own format."""
    check_fif(path)
    return _read(path, "FIF", lambda mne: mne.io.read_raw_fif(path, allow_maxshield="yes"))


def read_eeglab(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read an EEGLAB ``.set`` file, with its samples inside or in the ``.fdt`` file of the same folder."""
    with convert_library_errors(path, "EEGLAB"):
        check_mat(path)
    return _read(path, "EEGLAB", lambda mne: mne.io.read_raw_eeglab(path))


def _read(path: Path, kind: str, read: Callable[..., BaseRaw]) -> Recording:
    """Read a file with MNE and log MNE's warnings."""
    import mne  # takes a third of a second, needed only for these files

    with (
        convert_library_errors(path, kind),
        warnings.catch_warnings(record=True) as caught,
        mne.utils.catch_logging("warning"),  # MNE logs to stdout
    ):
        warnings.simplefilter("always")
        full_raw = _read_from_dataset(path) or read(mne)
        events = _events(full_raw)
        raw = full_raw.pick("eeg")
        raw.get_data(stop=min(raw.n_times, _TRIAL_SAMPLES))
        if any("preload=True" in str(warning.message) for warning in caught):
            raw.load_data()
    for warning in caught:
        _log.warning("%s: %s", path.name, first_line(warning.message))
    _check_data_files(path, raw)
    return _make_recording(path, kind, raw, events)


def _read_from_dataset(path: Path) -> BaseRaw | None:
    """Read a file of a BIDS dataset with its sidecar tables; return None for any other file."""
    if not _is_named_by_bids(path):
        return None
    import mne_bids

    for sibling in path.parent.iterdir():
        check_inside(sibling, find_dataset_root(path))
    return mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(path), verbose="error")


def _is_named_by_bids(path: Path) -> bool:
    return path.parent.name == "eeg" and _BIDS_NAME.fullmatch(path.name) is not None


def _check_data_files(path: Path, raw: BaseRaw) -> None:
    """Refuse samples outside the file's folder, or outside its dataset if BIDS names it (git-annex uses links)."""
    folders = {path.parent.resolve(), path.resolve().parent}
    for name in raw.filenames:
        if name is not None and _is_named_by_bids(path):
            check_inside(Path(name), find_dataset_root(path))
        elif name is not None and Path(name).resolve().parent not in folders:
            raise RecordingError(
                f"{path} names a sample file outside its folder",
                got=str(name),
                allowed="a file in the same folder",
                todo="move the file there and correct the header",
            )


def _make_recording(path: Path, kind: str, raw: BaseRaw, events: tuple[Event, ...]) -> Recording:
    if raw.n_times == 0:
        raise RecordingError(f"{path} holds no samples", todo="copy or export it again")

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        with convert_library_errors(path, f"{kind} from sample {start} on"), np.errstate(over="ignore"):
            # values beyond float32 become infinite and are listed as lost
            return (np.asarray(raw.get_data(start=start, stop=stop)) * 1e6).astype(np.float32)

    sfreq = float(raw.info["sfreq"])
    sfreq = (
        float(np.round(sfreq)) if abs(sfreq - np.round(sfreq)) < 1e-6 else sfreq
    )  # BrainVision stores the sample interval
    stream = StreamInfo(f"playback:{path.name}", sfreq, tuple(raw.ch_names), facts={"format": kind})
    check_stream(path, stream)
    valid_events = tuple(event for event in events if 0 <= event.sample < raw.n_times)
    return Recording(
        path,
        stream,
        raw.n_times,
        read_samples,
        lost=clip_runs(_gaps(raw), 0, raw.n_times),
        events=valid_events,
        started=raw.info["meas_date"],
    )


def _gaps(raw: BaseRaw) -> tuple[LostRun, ...]:
    """Return the runs annotated as gaps, for all channels or for the channels the annotation names."""
    sfreq, annotations = raw.info["sfreq"], raw.annotations
    rows = {name: row for row, name in enumerate(raw.ch_names)}
    gaps: list[LostRun] = []
    for onset, duration, text, names in zip(
        annotations.onset, annotations.duration, annotations.description, annotations.ch_names, strict=True
    ):
        channels = tuple(rows[name] for name in names if name in rows) or None
        if text.startswith(GAP_TYPE) and round(duration * sfreq) > 0:
            gaps.append(
                LostRun(round((onset - _annotation_offset(raw)) * sfreq), round(duration * sfreq), channels, "gap")
            )
    return tuple(gaps)


def _annotation_offset(raw: BaseRaw) -> float:
    """Return the time of the first sample on the clock of the annotations, s."""
    return 0.0 if raw.annotations.orig_time is None else float(raw.first_time)


def _events(raw: BaseRaw) -> tuple[Event, ...]:
    """Return annotations as marks; without annotations, the codes of the trigger channels."""
    sfreq, offset, annotations = raw.info["sfreq"], _annotation_offset(raw), raw.annotations
    marks = tuple(
        Event(round((onset - offset) * sfreq), EventKind.MARK, text, float(duration))
        for onset, duration, text in zip(annotations.onset, annotations.duration, annotations.description, strict=True)
        if not text.startswith((GAP_TYPE, _NEW_SEGMENT))
    )
    return marks or _triggers(raw)


def _triggers(raw: BaseRaw) -> tuple[Event, ...]:
    import mne

    stim_channels = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "stim"]
    if not stim_channels:
        return ()
    codes = mne.find_events(
        raw,
        stim_channels,
        consecutive=True,  # pyright: ignore[reportArgumentType] - MNE takes True as well as "increasing"
        shortest_event=1,
        mask=0xFFFF,
        mask_type="and",
    )
    return tuple(Event(int(sample) - raw.first_samp, EventKind.MARK, str(code)) for sample, _, code in codes)
