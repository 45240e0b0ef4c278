"""MNE's own format, in double precision: every float32 microvolt comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neurofeedback.formats.ascii_names import to_ascii_names
from neurofeedback.formats.mne_conversion import to_raw
from neurofeedback.recording.recording import Recording

_MAX_NAME_LENGTH = 64


def write_fif(recording: Recording, out: Path) -> None:
    """Write FIF."""
    names = tuple(to_ascii_names(recording.stream.ch_names, _MAX_NAME_LENGTH))
    plain = replace(recording, stream=replace(recording.stream, ch_names=names))
    to_raw(plain).save(out, fmt="double", verbose="error")
