"""Import EDF and BDF files, with the gaps of EDF+D in place, at the rate of the EEG, with annotations and triggers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.bids_tables import NO_TABLES, BidsTables, read_bids_tables
from neurofeedback.formats.edf_file import EdfFile, EdfSignal, TimedText, open_edf
from neurofeedback.formats.find_bids import is_named_by_bids
from neurofeedback.formats.rules.channels import classify_channel
from neurofeedback.formats.rules.choose_eeg import ChosenEeg, choose_eeg, no_eeg_error
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates, choose_rate
from neurofeedback.formats.rules.tabular import check_stream, marks_outside_notice
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.import_report import (
    ChannelUse,
    ClockFault,
    ClockFaultKind,
    ImportedChannel,
    ImportedGaps,
    ImportedMarks,
    ImportReport,
)
from neurofeedback.recording.lost_runs import clip_runs
from neurofeedback.recording.recording import Recording, SampleReader
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

_TYPE_PREFIX = re.compile(r"^(EEG|EXG)[\s:]+(?=\S)", re.IGNORECASE)
_TRIAL_S = 60.0
_CODE_MASK = 0xFFFF  # the upper bits of a BDF status hold the state of the amplifier
_MAX_CODES_PER_S = 20.0  # a channel that changes more often holds no codes
_MIN_GAP = 0.5  # samples
_TRIGGER_TYPES = {"TRIG", "STIM"}
_MAX_LENGTH_S = 7 * 86_400.0
_FAR = 1e15  # samples: outside any recording


def read_edf(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read EDF or EDF+."""
    return _read(open_edf(path, 2), "EDF", options, _tables(path))


def read_bdf(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read BDF or BDF+."""
    return _read(open_edf(path, 3), "BDF", options, _tables(path))


def _tables(path: Path) -> BidsTables:
    return read_bids_tables(path) if is_named_by_bids(path) else NO_TABLES


@dataclass(frozen=True, slots=True, eq=False)
class _Placement:
    """Where the records are on the sample axis: first sample of each, time of sample 0, notices and clock faults."""

    starts: NDArray[np.int64]
    offset_s: float
    notices: tuple[str, ...] = ()
    faults: tuple[ClockFault, ...] = ()


def _read(file: EdfFile, kind: str, options: ImportOptions, tables: BidsTables) -> Recording:
    channels = [_classify(signal, tables) for signal in file.signals]
    eeg_rate = Counter(
        file.signals[row].per_record for row, channel in enumerate(channels) if channel.use is ChannelUse.EEG
    )
    if not eeg_rate:
        raise no_eeg_error(file.path, [channel for channel in channels if channel.use is not ChannelUse.MARKS])
    per_record = max(eeg_rate, key=lambda count: (eeg_rate[count], count))
    if file.record_s <= 0 and options.sfreq is None:
        raise RecordingError(
            f"the header of {file.path} gives no sampling rate",
            got=f"{file.record_s:g} s as the duration of a record",
            todo="state the rate with --sfreq",
        )
    channels = [_leave_other_rates_out(file, row, channel, per_record) for row, channel in enumerate(channels)]
    chosen = choose_eeg(file.path, channels, _trial(file, channels, per_record), options)
    header = per_record / file.record_s if file.record_s > 0 else None
    header = float(np.round(header)) if header and abs(header - np.round(header)) < 1e-4 else header
    rate, rate_notices = choose_rate(file.path, None, ExpectedRates(options.sfreq, header))
    onsets, annotations = file.annotations()
    placement = _place_records(file, onsets, per_record, rate.sfreq)
    if tables.events is not None:  # they replace the file's annotations, but not its gaps
        gaps_in_file = [one for one in annotations if one.text.startswith(GAP_TYPE)]
        moved = [one._replace(onset_s=one.onset_s + placement.offset_s) for one in tables.events]
        annotations = [*gaps_in_file, *moved]
    n_samples = int(placement.starts[-1]) + per_record
    stream = StreamInfo(f"playback:{file.path.name}", rate.sfreq, chosen.names, facts={"format": kind})
    check_stream(file.path, stream)
    gaps = (*_gaps(placement.starts, per_record), *_annotated_gaps(annotations, placement, stream))
    events = sorted(
        _annotation_events(annotations, placement, rate.sfreq) or _trigger_events(file, chosen, placement, per_record),
        key=attrgetter("sample"),
    )
    inside = tuple(event for event in events if 0 <= event.sample < n_samples)
    n_outside = len(events) - len(inside)
    lost = clip_runs(gaps, 0, n_samples)
    notices = (
        *chosen.notices,
        *rate_notices,
        *_size_notices(file),
        *placement.notices,
        *marks_outside_notice(n_outside),
    )
    started = tables.started
    if started is None and file.started:
        started = file.started + timedelta(seconds=placement.offset_s)
    return Recording(
        file.path,
        stream,
        n_samples,
        _reader(file, chosen, placement.starts, per_record),
        lost=lost,
        events=inside,
        started=started,
        import_report=ImportReport(
            kind,
            rate,
            chosen.channels,
            ImportedGaps.from_runs(lost, rate.sfreq),
            ImportedMarks(len(inside), n_outside),
            placement.faults,
            notices,
        ),
    )


def _classify(signal: EdfSignal, tables: BidsTables) -> ImportedChannel:
    if signal.is_annotations:
        return ImportedChannel(signal.label, ChannelUse.MARKS, english(texts.IS_TRIGGER))
    kind = tables.types.get(signal.label, "")
    if kind.upper() in _TRIGGER_TYPES:
        return ImportedChannel(signal.label, ChannelUse.LEFT_OUT, english(texts.IS_TRIGGER), signal.unit or "n/a")
    channel = classify_channel(signal.label, kind, signal.unit or tables.units.get(signal.label, ""))
    name = _TYPE_PREFIX.sub("", signal.label)
    if channel.use is ChannelUse.EEG and not (np.isfinite(signal.gain) and signal.gain and signal.per_record):
        return replace(channel, name=name, use=ChannelUse.LEFT_OUT, reason=english(texts.NO_RANGE))
    return replace(channel, name=name)


def _leave_other_rates_out(file: EdfFile, row: int, channel: ImportedChannel, per_record: int) -> ImportedChannel:
    own = file.signals[row].per_record
    if channel.use is not ChannelUse.EEG or own == per_record:
        return channel
    sfreq = own / file.record_s if file.record_s > 0 else 0.0
    return replace(channel, use=ChannelUse.LEFT_OUT, reason=english(texts.OTHER_RATE, sfreq=sfreq))


def _trial(file: EdfFile, channels: Sequence[ImportedChannel], per_record: int) -> NDArray[np.float64]:
    """Return a stretch of the EEG in the file's units, from the middle; rows of other channels are NaN."""
    n_records = min(file.n_records, max(1, round(_TRIAL_S / file.record_s) if file.record_s > 0 else 1))
    start = (file.n_records - n_records) // 2
    values = np.full((len(channels), n_records * per_record), np.nan)
    for row, channel in enumerate(channels):
        if channel.use is ChannelUse.EEG:
            values[row] = file.physical(file.signals[row], start, start + n_records)
    return values


def _place_records(file: EdfFile, onsets: NDArray[np.float64] | None, per_record: int, sfreq: float) -> _Placement:
    """Place each record by the time of its start where the file gives one; a difference below half a sample is none."""
    contiguous = np.arange(file.n_records, dtype=np.int64) * per_record
    if onsets is None:
        notice = (english(texts.NO_RECORD_TIMES),) if file.discontinuous else ()
        return _Placement(contiguous, 0.0, notice)
    late = np.diff(onsets) * sfreq - per_record
    if not file.discontinuous and late.size > 1 and np.median(np.abs(late)) > _MIN_GAP:
        return _Placement(contiguous, float(onsets[0]), (english(texts.RECORD_TIMES_UNUSED),))
    steps = per_record + np.where(late > _MIN_GAP, np.round(late), 0).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    if starts[-1] / sfreq > _MAX_LENGTH_S + file.n_records * per_record / sfreq:
        raise RecordingError(
            f"the times of the records of {file.path} are wrong", got=f"a recording of {starts[-1] / sfreq:,.0f} s"
        )
    early = np.flatnonzero(late < -_MIN_GAP)
    if not early.size:
        jumps = bool((steps > per_record).any()) and not file.discontinuous
        return _Placement(starts, float(onsets[0]), (english(texts.GAPS_IN_CONTINUOUS),) if jumps else ())
    largest_s = float(-late[early].min()) / sfreq
    fault = ClockFault(ClockFaultKind.SET_BACK, int(early.size), int(early[0]) + 1, largest_s)
    notice = english(texts.RECORDS_OVERLAP, n=int(early.size), seconds=largest_s, record=int(early[0]) + 2)
    return _Placement(starts, float(onsets[0]), (notice,), (fault,))


def _gaps(starts: NDArray[np.int64], per_record: int) -> Iterator[LostRun]:
    for record in np.flatnonzero(np.diff(starts) > per_record).tolist():
        first = int(starts[record]) + per_record
        yield LostRun(first, int(starts[record + 1]) - first, None, "gap")


def _annotated_gaps(annotations: Sequence[TimedText], placement: _Placement, stream: StreamInfo) -> Iterator[LostRun]:
    """Yield the runs annotated as gaps, of all channels or of the channel named after ``@@``."""
    gaps = [one for one in annotations if one.text.startswith(GAP_TYPE)]
    for gap, start in zip(gaps, _samples(gaps, placement, stream.sfreq), strict=True):
        _, _, name = gap.text.partition("@@")
        n_samples = round(min(gap.duration_s, _MAX_LENGTH_S) * stream.sfreq)
        if n_samples > 0 and (not name or name in stream.ch_names):
            rows = (stream.ch_names.index(name),) if name else None
            yield LostRun(start, n_samples, rows, "gap")


def _samples(annotations: Sequence[TimedText], placement: _Placement, sfreq: float) -> list[int]:
    """Return the sample at which each annotation begins; one without a time is far behind the end."""
    onsets = np.array([one.onset_s for one in annotations])
    with np.errstate(over="ignore"):
        samples = np.nan_to_num((onsets - placement.offset_s) * sfreq, nan=_FAR, posinf=_FAR, neginf=-_FAR)
    return np.rint(np.clip(samples, -_FAR, _FAR)).astype(np.int64).tolist()


def _annotation_events(annotations: Sequence[TimedText], placement: _Placement, sfreq: float) -> list[Event]:
    marks = [one for one in annotations if not one.text.startswith(GAP_TYPE)]
    return [
        Event(sample, EventKind.MARK, mark.text.partition("@@")[0], mark.duration_s)
        for mark, sample in zip(marks, _samples(marks, placement, sfreq), strict=True)
    ]


def _trigger_events(file: EdfFile, chosen: ChosenEeg, placement: _Placement, per_record: int) -> list[Event]:
    """Return the codes of the trigger channels: each change to a value that is not 0."""
    events: list[Event] = []
    for signal, channel in zip(file.signals, chosen.channels, strict=True):
        if channel.reason != english(texts.IS_TRIGGER) or signal.is_annotations or not signal.per_record:
            continue
        codes = _codes(file, signal)
        changes = np.flatnonzero((np.diff(codes, prepend=codes[:1]) != 0) & (codes != 0))
        if changes.size > _MAX_CODES_PER_S * max(1.0, file.n_records * file.record_s):
            continue
        record, within = np.divmod(changes, signal.per_record)
        samples = placement.starts[record] + np.round(within * per_record / signal.per_record).astype(np.int64)
        events += [
            Event(int(sample), EventKind.MARK, f"{codes[change]:g}")
            for sample, change in zip(samples.tolist(), changes.tolist(), strict=True)
        ]
    return events


def _codes(file: EdfFile, signal: EdfSignal) -> NDArray[np.float64]:
    """Return codes in the signal's own unit; those of a BDF status channel without its upper bits."""
    if file.n_bytes == 3:
        return (file.digital(signal, 0, file.n_records) & _CODE_MASK).astype(np.float64)
    gain = signal.gain
    values = file.physical(signal, 0, file.n_records) if np.isfinite(gain) and gain else np.zeros(1)
    step = abs(gain) if abs(gain) < 1 else 1.0
    return np.round(np.round(values / step) * step, 3)


def _size_notices(file: EdfFile) -> tuple[str, ...]:
    if file.n_announced < 0 or file.n_announced == file.n_records:
        return ()
    return (english(texts.OTHER_SIZE, announced=file.n_announced, found=file.n_records),)


def _reader(file: EdfFile, chosen: ChosenEeg, starts: NDArray[np.int64], per_record: int) -> SampleReader:
    signals = [file.signals[row] for row in chosen.rows]

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        if file.path.stat().st_size < file.header_bytes + file.records.nbytes:
            raise RecordingError(f"{file.path} became shorter while it was read", todo="copy or export it again")
        data = np.full((len(signals), stop - start), np.nan, np.float32)
        first = max(0, int(np.searchsorted(starts, start, side="right")) - 1)
        last = int(np.searchsorted(starts, stop, side="left"))
        for begin, end in _contiguous(starts, first, last, per_record):
            low, high = int(starts[begin]), int(starts[end - 1]) + per_record
            a, b = max(low, start), min(high, stop)
            if a >= b:
                continue
            for row, (signal, scale) in enumerate(zip(signals, chosen.scales, strict=True)):
                with np.errstate(over="ignore"):  # values beyond float32 become infinite and are listed as lost
                    values = (file.physical(signal, begin, end)[a - low : b - low] * scale).astype(np.float32)
                data[row, a - start : b - start] = values
        return data

    return read_samples


def _contiguous(starts: NDArray[np.int64], first: int, last: int, per_record: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of records without a gap between them, as first record and the one behind the last."""
    breaks = (np.flatnonzero(np.diff(starts[first:last]) != per_record) + first + 1).tolist()
    edges = [first, *breaks, last]
    yield from ((a, b) for a, b in pairwise(edges) if a < b)
