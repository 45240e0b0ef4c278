"""Import through MNE: FIF and EEGLAB files, and those of a BIDS dataset, with their markers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import (
    check_fif,
    check_inside,
    check_mat,
    convert_library_errors,
    first_line,
)
from neurofeedback.formats.find_bids import find_dataset_root, is_named_by_bids
from neurofeedback.formats.rules.channels import classify_channel
from neurofeedback.formats.rules.choose_eeg import ChosenEeg, choose_eeg
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates, choose_rate
from neurofeedback.formats.rules.tabular import check_stream, marks_outside_notice
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.import_report import (
    ChannelUse,
    ImportedChannel,
    ImportedGaps,
    ImportedMarks,
    ImportReport,
)
from neurofeedback.recording.lost_runs import clip_runs
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

if TYPE_CHECKING:
    from mne.io import BaseRaw

_log = logging.getLogger(__name__)
_NEW_SEGMENT = "New Segment/"
_TRIAL_SAMPLES = 1000
_TRIAL_S = 20.0
_VOLTAGE_TYPES = {"eeg", "ecg", "emg", "eog", "seeg", "ecog", "dbs"}


@dataclass(frozen=True, slots=True)
class ChannelHeader:
    """A channel as the file's header describes it; ``microvolts`` if MNE read its values as microvolts."""

    name: str
    unit: str
    kind: str = ""
    microvolts: bool = False


def read_fif(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read FIF, MNE's own format, with all parts of a split recording."""
    check_fif(path)
    if is_named_by_bids(path):
        return read_bids(path, "FIF", options)
    return read_raw(path, "FIF", lambda mne: mne.io.read_raw_fif(path, allow_maxshield="yes"), options)


def read_eeglab(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read an EEGLAB ``.set`` file, with its samples inside or in the ``.fdt`` file of the same folder."""
    with convert_library_errors(path, "EEGLAB"):
        check_mat(path)
    if is_named_by_bids(path):
        return read_bids(path, "EEGLAB", options)
    return read_raw(path, "EEGLAB", lambda mne: mne.io.read_raw_eeglab(path), options)


def read_bids(path: Path, kind: str, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a file of a BIDS dataset with its sidecar tables."""
    import mne_bids

    for sibling in path.parent.iterdir():
        check_inside(sibling, find_dataset_root(path))

    def read(_: Any) -> BaseRaw:
        return mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(path), verbose="error")

    return read_raw(path, kind, read, options)


def read_raw(
    path: Path,
    kind: str,
    read: Callable[[Any], BaseRaw],
    options: ImportOptions,
    *,
    channels: Sequence[ChannelHeader] = (),
    notices: Sequence[str] = (),
    data_file: Path | None = None,
    marks: Sequence[Event] = (),
) -> Recording:
    """Read a file with MNE and choose its EEG; MNE's own messages go to the debug log.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        Name of its format.
    read : callable
        Called with the module ``mne``; returns the recording.
    options : ImportOptions
        What the user states.
    channels : sequence of ChannelHeader
        The channels by the header; by default their types and units come from MNE.
    notices : sequence of str
        What there is to report already.
    data_file : Path, optional
        The file of the samples, if MNE reads a copy of the header.
    marks : sequence of Event
        Marks that were read already.
    """
    import mne  # takes a third of a second, needed only for these files

    with (
        convert_library_errors(path, kind),
        warnings.catch_warnings(record=True) as caught,
        mne.utils.catch_logging("warning"),  # MNE logs to stdout
    ):
        warnings.simplefilter("always")
        raw = read(mne)
        events = tuple(sorted((*_events(raw), *marks), key=lambda event: event.sample)) if marks else _events(raw)
        raw.get_data(stop=min(raw.n_times, _TRIAL_SAMPLES))
        if any("preload=True" in str(warning.message) for warning in caught):
            raw.load_data()
    for warning in caught:
        _log.debug("%s: %s", path.name, first_line(warning.message))
    _check_data_files(path, raw, data_file)
    with convert_library_errors(path, kind):
        return _make_recording(path, kind, raw, events, options, headers=channels, notices=notices)


def _check_data_files(path: Path, raw: BaseRaw, data_file: Path | None) -> None:
    """Refuse samples outside the file's folder, or outside its dataset if BIDS names it (git-annex uses links)."""
    folders = {path.parent.resolve(), path.resolve().parent}
    for name in raw.filenames:
        if name is not None and is_named_by_bids(path):
            check_inside(Path(name), find_dataset_root(path))
        elif name is not None and Path(data_file or name).resolve().parent not in folders:
            raise RecordingError(
                f"{path} names a sample file outside its folder",
                got=str(name),
                allowed="a file in the same folder",
                todo="move the file there and correct the header",
            )


def _make_recording(
    path: Path,
    kind: str,
    raw: BaseRaw,
    events: tuple[Event, ...],
    options: ImportOptions,
    *,
    headers: Sequence[ChannelHeader],
    notices: Sequence[str],
) -> Recording:
    if raw.n_times == 0:
        raise RecordingError(f"{path} holds no samples", todo="copy or export it again")
    headers = headers if len(headers) == len(raw.ch_names) else _headers_by_mne(raw, kind)
    channels = [_classify(header) for header in headers]
    to_own = np.array([1e6 if header.microvolts else 1.0 for header in headers])
    with convert_library_errors(path, kind), np.errstate(over="ignore"):
        n_trial = min(raw.n_times, round(_TRIAL_S * float(raw.info["sfreq"])))
        start = (raw.n_times - n_trial) // 2
        trial = np.asarray(raw.get_data(start=start, stop=start + n_trial)) * to_own[:, np.newaxis]
    chosen = choose_eeg(path, channels, trial, options)
    rows, scales = np.array(chosen.rows), (chosen.scales * to_own[list(chosen.rows)])[:, np.newaxis]

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        with convert_library_errors(path, f"{kind} from sample {start} on"), np.errstate(over="ignore"):
            # values beyond float32 become infinite and are listed as lost
            return (np.asarray(raw.get_data(picks=rows, start=start, stop=stop)) * scales).astype(np.float32)

    header_sfreq = float(raw.info["sfreq"])
    if abs(header_sfreq - np.round(header_sfreq)) < 1e-6:  # BrainVision stores the sample interval
        header_sfreq = float(np.round(header_sfreq))
    rate, rate_notices = choose_rate(path, None, ExpectedRates(options.sfreq, header_sfreq))
    stream = StreamInfo(f"playback:{path.name}", rate.sfreq, chosen.names, facts={"format": kind})
    check_stream(path, stream)
    inside = tuple(event for event in events if 0 <= event.sample < raw.n_times)
    lost = clip_runs(_gaps(raw, chosen), 0, raw.n_times)
    all_notices = (
        *notices,
        *chosen.notices,
        *rate_notices,
        *_parts_notice(raw),
        *marks_outside_notice(len(events) - len(inside)),
    )
    return Recording(
        path,
        stream,
        raw.n_times,
        read_samples,
        lost=lost,
        events=inside,
        started=raw.info["meas_date"],
        import_report=ImportReport(
            kind,
            rate,
            chosen.channels,
            ImportedGaps.from_runs(lost, rate.sfreq),
            ImportedMarks(len(inside), len(events) - len(inside)),
            notices=all_notices,
        ),
    )


def _headers_by_mne(raw: BaseRaw, kind: str) -> list[ChannelHeader]:
    """Return names, units and types as MNE has them; EEGLAB stores microvolts without saying so."""
    types = raw.get_channel_types()
    unit = "uV" if kind == "EEGLAB" else "V"
    return [
        ChannelHeader(
            name, unit if kind == "EEGLAB" or channel_type in _VOLTAGE_TYPES else "", channel_type, kind == "EEGLAB"
        )
        for name, channel_type in zip(raw.ch_names, types, strict=True)
    ]


def _classify(header: ChannelHeader) -> ImportedChannel:
    if header.kind == "stim":
        return ImportedChannel(header.name, ChannelUse.MARKS, english(texts.IS_TRIGGER))
    return classify_channel(header.name, header.kind, header.unit)


def _parts_notice(raw: BaseRaw) -> tuple[str, ...]:
    n_parts = len(raw.filenames)
    return (english(texts.SPLIT_FILE, n=n_parts),) if n_parts > 1 else ()


def _gaps(raw: BaseRaw, chosen: ChosenEeg) -> tuple[LostRun, ...]:
    """Return the runs annotated as gaps, for all channels or for the channels the annotation names."""
    sfreq, annotations = raw.info["sfreq"], raw.annotations
    rows = {raw.ch_names[row]: number for number, row in enumerate(chosen.rows)}
    gaps: list[LostRun] = []
    for onset, duration, text, names in zip(
        annotations.onset, annotations.duration, annotations.description, annotations.ch_names, strict=True
    ):
        if names and not any(name in rows for name in names):
            continue  # a gap of channels that are not EEG
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
