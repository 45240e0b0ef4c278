"""The files that describe one session: written before its first sample, completed at its end."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.recording import electrode_positions, events, frame_log, timing
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.brainvision import headers
from neurofeedback.recording.channels import format_channels_table
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.storage.atomic_files import read_json, to_json, write_atomic, write_json_atomic, write_new
from neurofeedback.storage.private_files import make_folder
from neurofeedback.types import StreamInfo

_TEN_TWENTY = re.compile(r"(Fp|AF|F|FT|FC|T|C|TP|CP|P|PO|O|I|A|M)(z|\d{1,2})", re.IGNORECASE)
_TASK = "Breath-focus meditation, eyes closed, with neurofeedback by sound"
_INSTRUCTIONS = (
    "Sit with your eyes closed and follow your breath; when you notice that your mind has wandered, come back to it. "
    "The sound is quieter while the index is below the threshold."
)


def write_sidecars(files: SessionFiles, header: SessionHeader) -> None:
    """Write the files of a session that do not grow, and the headers of those that do, into new folders."""
    make_folder(files.eeg_file("").parent, sync=False)  # published later
    make_folder(files.derived, sync=False)
    for path, text in (sidecar_texts(files, header) | growing_headers(files, header)).items():
        write_new(path, text)


def growing_headers(files: SessionFiles, header: SessionHeader) -> dict[Path, str]:
    """Return the first lines of the text files that grow during a session."""
    return {
        files.eeg_file("eeg.vmrk"): headers.format_marker_header(files.stem, header.started.astimezone()),
        files.eeg_file("events.tsv"): events.HEADER,
        files.derived_file("timing.tsv"): timing.HEADER,
        files.frame_log: frame_log.format_header(header.columns),
    }


def sidecar_texts(files: SessionFiles, header: SessionHeader) -> dict[Path, str]:
    """Return the contents of a session's files that do not grow."""
    stream, start = header.stream, header.as_start().as_dict()
    texts = {
        files.scans: _format_scans_table(files, header),
        files.eeg_file("eeg.vhdr"): headers.format_header(stream, files.stem),
        files.eeg_file("channels.tsv"): format_channels_table(stream),
        files.derived_file("start.json"): to_json(start),
        files.derived_file("timing.json"): to_json(timing.SIDECAR),
        files.eeg_file("eeg.json"): to_json(_eeg_sidecar(header)),
        files.eeg_file("events.json"): to_json(events.SIDECAR | {"StimulusPresentation": _stimulus_presentation()}),
        files.frame_log.with_suffix(".json"): to_json(frame_log.describe_columns(header.columns)),
        files.header_copy: to_json({"start": start, "settings": header.profile_toml}),
    }
    if header.profile_toml:
        texts[files.derived_file("settings.toml")] = header.profile_toml
    positions = electrode_positions.read_positions(header.profile_toml)
    if positions:
        texts[files.electrodes] = electrode_positions.format_electrodes_table(positions)
        texts[files.coordsystem] = to_json(electrode_positions.make_coordsystem(positions))
    return texts


def _format_scans_table(files: SessionFiles, header: SessionHeader) -> str:
    acq_time = header.started.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"filename\tacq_time\neeg/{files.eeg_file('eeg.vhdr').name}\t{acq_time}\n"


def _stimulus_presentation() -> dict[str, str]:
    return {"OperatingSystem": platform.system(), "SoftwareName": "neurofeedback", "SoftwareVersion": __version__}


def _eeg_sidecar(header: SessionHeader) -> dict[str, object]:
    stream = header.stream
    return {
        "TaskName": header.task,
        "TaskDescription": _TASK if header.columns else "n/a",  # unknown for another program's recording
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
        "EEGPlacementScheme": _placement_scheme(stream.ch_names),
        "EEGReference": stream.reference,
        "EEGGround": stream.ground,
        "PowerLineFrequency": header.mains_hz or "n/a",
        "HardwareFilters": "n/a",
        "SoftwareFilters": "n/a",
        "RecordingType": "continuous",
        "SubjectArtefactDescription": "n/a",
    }


def _placement_scheme(ch_names: Sequence[str]) -> str:
    all_ten_twenty = all(_TEN_TWENTY.fullmatch(name) for name in ch_names)
    return "10-10 (extended 10-20), by channel name" if all_ten_twenty else "n/a"


def finalize_eeg_sidecar(files: SessionFiles, duration_s: float, mains_hz: float | None) -> None:
    """Add the duration, and the mains frequency if it is known, to ``eeg.json``.

    Parameters
    ----------
    files : SessionFiles
        Paths of the session.
    duration_s : float
        Length of the recording by sample count, s.
    mains_hz : float, optional
        Mains frequency, Hz; only 50 and 60 are written.
    """
    additions: dict[str, object] = {"RecordingDuration": duration_s}
    if mains_hz in {50, 60}:
        additions["PowerLineFrequency"] = mains_hz
    path = files.eeg_file("eeg.json")
    write_json_atomic(path, read_json(path) | additions)


def write_channel_status(files: SessionFiles, stream: StreamInfo, status: Mapping[str, Sequence[str]]) -> None:
    """Write each channel's contact status to ``channels.tsv``."""
    write_atomic(files.eeg_file("channels.tsv"), format_channels_table(stream, status))
