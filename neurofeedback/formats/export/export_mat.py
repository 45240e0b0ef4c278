"""Export for MATLAB: a data set of EEGLAB (.set), or a plain .mat file; microvolts in both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from neurofeedback.errors import RecordingError
from neurofeedback.formats.mne_conversion import Annotation, list_annotations
from neurofeedback.recording.recording import Recording

_MAX_BYTES = 2**31 - 2**20  # a variable of this format has less than 2 GiB
_CHUNK_S = 60.0


def write_set(recording: Recording, out: Path) -> None:
    """Write a continuous EEGLAB data set; phases, events and gaps are its events, lost samples are 0."""
    stream, data = recording.stream, _microvolts(recording)
    events = list_annotations(recording)
    event_type: Any = [("type", object), ("latency", object), ("duration", object)]
    rows = [(_event_type(one), 1 + one.onset * stream.sfreq, one.duration * stream.sfreq) for one in events]
    last_s = (data.shape[1] - 1) / stream.sfreq
    eeg = {
        "setname": "", "nbchan": len(data), "pnts": data.shape[1], "trials": 1,
        "srate": stream.sfreq, "xmin": 0.0, "xmax": last_s, "data": np.nan_to_num(data), "ref": "common",
        "chanlocs": np.array([(name,) for name in stream.ch_names], dtype=[("labels", object)]),
        "event": np.array(rows, dtype=event_type), "icawinv": [], "icasphere": [], "icaweights": [], "icaact": [],
    }  # fmt: skip
    _save(out, {"EEG": eeg})


def write_mat(recording: Recording, out: Path) -> None:
    """Write ``data`` (channels x samples, NaN where lost), ``sfreq``, ``ch_names`` and ``events``."""
    event_type: Any = [("onset", float), ("duration", float), ("description", object)]
    events = [(one.onset, one.duration, _event_type(one)) for one in list_annotations(recording)]
    names = np.array(recording.stream.ch_names, dtype=object)
    variables = {"data": _microvolts(recording), "sfreq": recording.stream.sfreq, "ch_names": names}
    _save(out, variables | {"events": np.array(events, dtype=event_type)})


def _event_type(annotation: Annotation) -> str:
    """Return the description; a gap of single channels is named after them, since an event has no channels."""
    return f"gap/{' '.join(annotation.ch_names)}" if annotation.ch_names else annotation.description


def _microvolts(recording: Recording) -> NDArray[np.float32]:
    """Return all samples, NaN where they are lost."""
    n_bytes = 4 * len(recording.stream.ch_names) * recording.n_samples
    if n_bytes > _MAX_BYTES:
        raise RecordingError(
            "the recording is too long for a MATLAB file",
            got=f"{n_bytes / 1e9:.1f} GB",
            allowed="2.1 GB",
            todo="export it to fif, bdf or csv",
        )
    chunks = recording.iter_chunks(max(1, round(_CHUNK_S * recording.stream.sfreq)))
    return np.concatenate([chunk.data for chunk in chunks], axis=1)


def _save(out: Path, variables: dict[str, Any]) -> None:
    savemat(str(out), variables, appendmat=False)
    with out.open("r+b") as file:  # the text at the beginning has the date
        file.write(b"MATLAB 5.0 MAT-file".ljust(116))
