"""The files that describe one session: written before its first sample, completed at its end."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence

from neurofeedback._version import __version__
from neurofeedback.recording import brainvision, electrode_positions, events, frame_log, timing
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.channels import format_channels_table
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import write_start
from neurofeedback.storage.atomic_files import read_json, write_atomic, write_json_atomic
from neurofeedback.types import StreamInfo

_TEN_TWENTY = re.compile(r"(Fp|AF|F|FT|FC|T|C|TP|CP|P|PO|O|I|A|M)(z|\d{1,2})", re.IGNORECASE)
_TASK = "Breath-focus meditation, eyes closed, with neurofeedback by sound"
_INSTRUCTIONS = (
    "Sit with your eyes closed and follow your breath; when you notice that your mind has wandered, come back to it. "
    "The sound is quieter while the index is below the threshold."
)


def write_sidecars(files: SessionFiles, header: SessionHeader) -> None:
    """Write the files of a session that do not grow, and the headers of those that do."""
    stream, columns = header.stream, header.columns
    files.eeg_file("").parent.mkdir(parents=True)
    files.derived.mkdir(parents=True)
    texts = {
        files.scans: _format_scans_table(files, header),
        files.eeg_file("eeg.vhdr"): brainvision.format_header(stream, files.stem),
        files.eeg_file("eeg.vmrk"): brainvision.format_marker_header(files.stem, header.started.astimezone()),
        files.eeg_file("channels.tsv"): format_channels_table(stream),
        files.eeg_file("events.tsv"): events.HEADER,
        files.derived_file("timing.tsv"): timing.HEADER,
        files.frame_log: frame_log.format_header(columns),
    }
    if header.profile_toml:
        texts[files.derived_file("settings.toml")] = header.profile_toml
    positions = electrode_positions.read_positions(header.profile_toml)
    if positions:
        texts[files.electrodes] = electrode_positions.format_electrodes_table(positions)
        write_json_atomic(files.coordsystem, electrode_positions.make_coordsystem(positions))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    write_start(files.derived_file("start.json"), header.as_start())
    write_json_atomic(files.derived_file("timing.json"), timing.SIDECAR)
    write_json_atomic(files.eeg_file("eeg.json"), _eeg_sidecar(header))
    write_json_atomic(
        files.eeg_file("events.json"), events.SIDECAR | {"StimulusPresentation": _stimulus_presentation()}
    )
    write_json_atomic(files.frame_log.with_suffix(".json"), frame_log.describe_columns(columns))


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
