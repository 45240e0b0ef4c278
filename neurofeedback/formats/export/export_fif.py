"""FIF export in double precision: every float32 microvolt value is read back unchanged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neurofeedback.formats.ascii_names import to_ascii_names
from neurofeedback.formats.mne_conversion import to_raw
from neurofeedback.recording.recording import Recording

_MAX_NAME_LENGTH = 64


def write_fif(recording: Recording, out: Path) -> None:
    """Write a recording as FIF; channel names are shortened to ASCII."""
    names = tuple(to_ascii_names(recording.stream.ch_names, _MAX_NAME_LENGTH))
    renamed = replace(recording, stream=replace(recording.stream, ch_names=names))
    to_raw(renamed).save(out, fmt="double", verbose="error")
