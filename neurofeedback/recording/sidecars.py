"""The files that describe one session: what is known before its first sample, and what its end adds."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence

from neurofeedback import __version__
from neurofeedback.recording import brainvision, events, frames, positions, timing
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.channels import channels_table
from neurofeedback.recording.files import read_json, rewrite, rewrite_json
from neurofeedback.recording.header import SessionHeader, start_document
from neurofeedback.types import Stream

_TEN_TWENTY = re.compile(r"(Fp|AF|F|FT|FC|T|C|TP|CP|P|PO|O|I|A|M)(z|\d{1,2})", re.IGNORECASE)
_TASK = "Breath-focus meditation, eyes closed, with neurofeedback by sound"
_INSTRUCTIONS = (
    "Sit with your eyes closed and follow your breath; when you notice that your mind has wandered, come back to it. "
    "The sound is quieter while the index is below the threshold."
)


def write_descriptions(files: SessionFiles, header: SessionHeader) -> None:
    """Write everything of a session that does not grow, and the heads of what does."""
    stream, columns = header.stream, header.columns
    files.eeg("").parent.mkdir(parents=True)
    files.derived.mkdir(parents=True)
    texts = {
        files.scans: _scans(files, header),
        files.eeg("eeg.vhdr"): brainvision.header(stream, files.stem),
        files.eeg("eeg.vmrk"): brainvision.markers(files.stem, header.started.astimezone()),
        files.eeg("channels.tsv"): channels_table(stream),
        files.eeg("events.tsv"): events.HEADER,
        files.computed("timing.tsv"): timing.HEADER,
        files.frames: frames.header(columns),
    }
    if header.profile_toml:
        texts[files.computed("settings.toml")] = header.profile_toml
    places = positions.measured(header.profile_toml)
    if places:
        texts[files.electrodes] = positions.electrodes(places)
        rewrite_json(files.coordinates, positions.coordinates(places))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    rewrite_json(files.computed("start.json"), start_document(header))
    rewrite_json(files.computed("timing.json"), timing.SIDECAR)
    rewrite_json(files.eeg("eeg.json"), _eeg_sidecar(header))
    rewrite_json(files.eeg("events.json"), events.SIDECAR | {"StimulusPresentation": _presentation()})
    rewrite_json(files.frames.with_suffix(".json"), frames.sidecar(columns))


def _scans(files: SessionFiles, header: SessionHeader) -> str:
    began = header.started.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"filename\tacq_time\neeg/{files.eeg('eeg.vhdr').name}\t{began}\n"


def _presentation() -> dict[str, str]:
    return {"OperatingSystem": platform.system(), "SoftwareName": "neurofeedback", "SoftwareVersion": __version__}


def _eeg_sidecar(header: SessionHeader) -> dict[str, object]:
    stream = header.stream
    return {
        "TaskName": header.task,
        "TaskDescription": _TASK if header.columns else "n/a",  # another program's recording does not say
        "Instructions": _INSTRUCTIONS if header.columns else "n/a",
        "InstitutionName": "n/a",
        "InstitutionAddress": "n/a",
        "InstitutionalDepartmentName": "n/a",
        "Manufacturer": stream.manufacturer,
        "ManufacturersModelName": stream.model,
        "DeviceSerialNumber": stream.serial,
        "CapManufacturer": "n/a" if stream.placed_freely else stream.manufacturer,
        "CapManufacturersModelName": "n/a" if stream.placed_freely else stream.model,
        "SoftwareVersions": f"neurofeedback {__version__}",
        "SamplingFrequency": stream.sfreq,
        "EEGChannelCount": stream.n_channels,
        **dict.fromkeys((f"{kind}ChannelCount" for kind in ("ECG", "EMG", "EOG", "MISC", "Trigger")), 0),
        "EEGPlacementScheme": _placement(stream.ch_names),
        "EEGReference": stream.reference,
        "EEGGround": stream.ground,
        "PowerLineFrequency": header.mains_hz or "n/a",
        "HardwareFilters": "n/a",
        "SoftwareFilters": "n/a",
        "RecordingType": "continuous",
        "SubjectArtefactDescription": "n/a",
    }


def _placement(ch_names: Sequence[str]) -> str:
    named = all(_TEN_TWENTY.fullmatch(name) for name in ch_names)
    return "10-10 (extended 10-20), by channel name" if named else "n/a"


def complete_sidecar(files: SessionFiles, duration_s: float, mains_hz: object) -> None:
    """Add to ``eeg.json`` what is known only at the end: duration in seconds, mains frequency in Hz if any."""
    known: dict[str, object] = {"RecordingDuration": duration_s}
    if mains_hz in {50, 60}:
        known["PowerLineFrequency"] = mains_hz
    path = files.eeg("eeg.json")
    rewrite_json(path, read_json(path) | known)


def complete_channels(files: SessionFiles, stream: Stream, status: Mapping[str, Sequence[str]]) -> None:
    """Say in ``channels.tsv`` how each channel's contact was."""
    rewrite(files.eeg("channels.tsv"), channels_table(stream, status))
