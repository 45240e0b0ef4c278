"""The files that describe one session, written before its first sample."""

from __future__ import annotations

from neurofeedback import __version__
from neurofeedback.recording import brainvision, events, frames, timing
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.files import read_json, rewrite_json
from neurofeedback.recording.header import SessionHeader, start_document
from neurofeedback.types import Stream


def write_descriptions(files: SessionFiles, header: SessionHeader) -> None:
    """Write everything of a session that does not grow, and the heads of what does."""
    stream, columns = header.stream, header.columns
    files.eeg("").parent.mkdir(parents=True)
    files.derived.mkdir(parents=True)
    texts = {
        files.eeg("eeg.vhdr"): brainvision.header(stream, files.stem),
        files.eeg("eeg.vmrk"): brainvision.markers(files.stem, header.started.astimezone()),
        files.eeg("channels.tsv"): _channels(stream),
        files.eeg("events.tsv"): events.HEADER,
        files.computed("timing.tsv"): timing.HEADER,
        files.frames: frames.header(columns),
        files.computed("settings.toml"): header.profile_toml,
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    rewrite_json(files.computed("start.json"), start_document(header))
    rewrite_json(files.eeg("eeg.json"), _eeg_sidecar(header))
    rewrite_json(files.eeg("events.json"), events.SIDECAR)
    rewrite_json(files.frames.with_suffix(".json"), frames.sidecar(columns))


def _channels(stream: Stream) -> str:
    rows = "".join(f"{' '.join(name.split())}\tEEG\tuV\t{stream.sfreq:.12g}\tn/a\n" for name in stream.ch_names)
    return "name\ttype\tunits\tsampling_frequency\tstatus\n" + rows


def _eeg_sidecar(header: SessionHeader) -> dict[str, object]:
    stream = header.stream
    return {
        "TaskName": header.task,
        "TaskDescription": "Breath-focus meditation, eyes closed, with neurofeedback by sound",
        "Manufacturer": stream.manufacturer,
        "ManufacturersModelName": stream.model,
        "DeviceSerialNumber": stream.serial,
        "SoftwareVersions": f"neurofeedback {__version__}",
        "SamplingFrequency": stream.sfreq,
        "EEGChannelCount": stream.n_channels,
        "EEGReference": stream.reference,
        "EEGGround": stream.ground,
        "PowerLineFrequency": header.mains_hz or "n/a",
        "HardwareFilters": "n/a",
        "SoftwareFilters": "n/a",
        "RecordingType": "continuous",
    }


def complete_sidecar(files: SessionFiles, duration_s: float, mains_hz: object) -> None:
    """Add to ``eeg.json`` what is known only at the end: duration in seconds, mains frequency in Hz if any."""
    known: dict[str, object] = {"RecordingDuration": duration_s}
    if mains_hz in {50, 60}:
        known["PowerLineFrequency"] = mains_hz
    path = files.eeg("eeg.json")
    rewrite_json(path, read_json(path) | known)
