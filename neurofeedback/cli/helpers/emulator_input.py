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

    SignalChunks = Iterable[NDArray[np.floating]]


def load_signal(
    recording: Path | None, simulated: int | None, family: str, ch_names: Sequence[str], sfreq: float, seed: int
) -> SignalChunks:
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
        return _recorded_signal(recording, ch_names, sfreq)
    if simulated is not None:
        return _simulated_signal(simulated, family, sfreq)
    from neurofeedback.emulators.signal_input import alpha_rhythm  # loads NumPy

    return alpha_rhythm(16, sfreq, seed)


def _simulated_signal(seed: int, family: str, sfreq: float) -> SignalChunks:
    """Let the meditator of a seed sit with a headset of this family, but at the rate that is sent."""
    from neurofeedback.acquisition.simulated import DEFAULT_DURATION_S  # loads SciPy, as all below
    from neurofeedback.settings.load import load_montage
    from neurofeedback.simulation.headset_specs import get_headset
    from neurofeedback.simulation.population import draw_person
    from neurofeedback.simulation.simulated_session import draw_session

    headset = replace(get_headset(family), sfreq=sfreq)
    montage = load_montage(headset.montage)
    return draw_session(
        draw_person(seed), seconds=DEFAULT_DURATION_S, seed=seed, montage=montage, headset=headset
    ).segments()


def _recorded_signal(path: Path, ch_names: Sequence[str], sfreq: float) -> SignalChunks:
    from neurofeedback.emulators.signal_input import resample, select_rows  # loads NumPy
    from neurofeedback.formats.reader import open_recording

    recording = open_recording(path)
    rows = select_rows(recording.stream.ch_names, ch_names) if ch_names else slice(None)
    return [resample(recording.read_chunk(0, recording.n_samples).data[rows], recording.stream.sfreq, sfreq)]
