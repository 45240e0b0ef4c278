"""What an emulated headset is fed with: a recording, the simulated meditator, or an alpha rhythm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Chunks = Iterable[NDArray[np.floating]]


def feed(
    recording: Path | None, simulated: int | None, family: str, ch_names: Sequence[str], sfreq: float, seed: int
) -> Chunks:
    """Return the signal of a headset in pieces, uV.

    Parameters
    ----------
    recording : Path, optional
        Recording to send, at whatever rate; channels of the headset's names go where they belong.
    simulated : int, optional
        Seed of a simulated meditator to send instead.
    family : str
        Device family of the simulation.
    ch_names : sequence of str
        The headset's channels, if they have fixed places.
    sfreq : float
        The headset's rate, Hz.
    seed : int
        Seed of the alpha rhythm that is sent where nothing better is given.

    Raises
    ------
    SettingsError
        Both a recording and a meditator are given.
    RecordingError
        The recording cannot be read.
    """
    if recording is not None and simulated is not None:
        raise SettingsError("a headset sits on one head", got="--from and --simulated", allowed="one of them")
    if recording is not None:
        return _recorded(recording, ch_names, sfreq)
    if simulated is not None:
        return _simulated(simulated, family, sfreq)
    from neurofeedback.emulators.samples import alpha_rhythm  # noqa: PLC0415 - loads NumPy

    return alpha_rhythm(16, sfreq, seed)


def _simulated(seed: int, family: str, sfreq: float) -> Chunks:
    """Let the meditator of a seed sit with a headset of this family, but at the rate that is sent."""
    from neurofeedback.acquisition.simulated import DURATION_S  # noqa: PLC0415 - loads SciPy, as all below
    from neurofeedback.settings.load import load_montage  # noqa: PLC0415
    from neurofeedback.simulation.devices import device_of  # noqa: PLC0415
    from neurofeedback.simulation.meditator import sitting  # noqa: PLC0415
    from neurofeedback.simulation.population import draw_person  # noqa: PLC0415

    headset = replace(device_of(family), sfreq=sfreq)
    montage = load_montage(headset.montage)
    return sitting(draw_person(seed), seconds=DURATION_S, seed=seed, montage=montage, device=headset).segments()


def _recorded(path: Path, ch_names: Sequence[str], sfreq: float) -> Chunks:
    from neurofeedback.emulators.samples import at_rate, rows_named  # noqa: PLC0415 - loads NumPy
    from neurofeedback.recording.reader import open_recording  # noqa: PLC0415

    recording = open_recording(path)
    rows = rows_named(recording.stream.ch_names, ch_names) if ch_names else slice(None)
    return [at_rate(recording.chunk(0, recording.n_samples).data[rows], recording.stream.sfreq, sfreq)]
