"""The engine of the public API: checked arrays or chunks in, frames with named values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.engine import FrameEngine
from neurofeedback.errors import SettingsError
from neurofeedback.processing.features import FEATURES
from neurofeedback.recording.lost_runs import runs_from_mask
from neurofeedback.settings.load import load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.types import Chunk, Command, CommandKind, Frame, Phase, StreamInfo

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_FEATURE_COLUMNS = {name: feature.column for name, feature in FEATURES.items()}
_PHASES = tuple(phase for phase in Phase if phase is not Phase.PAUSE)


@dataclass(frozen=True, slots=True, eq=False)
class NamedFrame(Frame):
    """A frame that knows the names of its values: ``frame["alpha_posterior"]``.

    Parameters
    ----------
    columns : tuple of str
        Names of ``values``, as in the header of the frame log.
    """

    columns: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        """Return a value by the name of its column (``ln_alpha_posterior``) or feature (``alpha_posterior``).

        Raises
        ------
        KeyError
            There is no such column; the message lists those there are.
        """
        column = _FEATURE_COLUMNS.get(name, name)
        if column not in self.columns:
            raise KeyError(f"no such column: got {name!r}; allowed: {', '.join(self.columns)}")
        return self.values[self.columns.index(column)]


class Engine:
    """The engine for one stream: samples in, frames out, the same however the samples are cut into chunks.

    Parameters
    ----------
    stream : StreamInfo
        What the samples are: device, sampling frequency (Hz), channel names, montage. ``source.stream``, or your own.
    profile : str, path-like, Settings or Profile
        Name of a profile, path of a TOML file, settings, or a profile that is already resolved for this stream.

    Raises
    ------
    SettingsError
        There is no such profile, or it does not fit the channels or the sampling frequency of the stream.

    Notes
    -----
    A new engine is in the phase ``settle``. `start_phase` begins another one. There is no index before a baseline:
    start ``baseline``, feed a minute or more of clean signal, then start ``practice``.

    Examples
    --------
    Samples that are already in memory, here those of a recording:

    >>> import neurofeedback as nf
    >>> raw, _ = nf.read_session(recording)
    >>> stream = nf.StreamInfo("my amplifier", raw.info["sfreq"], tuple(raw.ch_names))
    >>> engine = nf.Engine(stream, profile="default")
    >>> engine.start_phase("baseline")
    >>> frames = engine.process(1e6 * raw.get_data()[:, :1280])
    >>> frame = frames[-1]
    >>> print(len(frames), frame.onset, frame.phase, round(frame["alpha_posterior"], 1))
    20 5.0 baseline -0.3
    """

    def __init__(self, stream: StreamInfo, profile: str | PathLike[str] | Settings | Profile = "default") -> None:
        if isinstance(profile, Profile):
            _check_channels(profile, stream)
            self.stream, self.profile = stream, profile
        else:
            self.stream, self.profile = resolve(to_settings(profile), stream)
        self._engine = FrameEngine(self.stream.sfreq, self.profile)
        self._commands: list[Command] = []
        self._next_sample = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values of each frame, in their order."""
        return self._engine.columns

    @property
    def phase(self) -> Phase:
        """The phase of the newest frames."""
        return self._engine.phase

    @property
    def has_baseline(self) -> bool:
        """Whether there is a baseline, and with it an index."""
        return self._engine.baseline is not None

    def start_phase(self, phase: str) -> None:
        """Start a phase with the next samples that are processed.

        Parameters
        ----------
        phase : str or Phase
            ``settle``, ``baseline``, ``practice``, ``rest``, ``transfer`` or ``debrief``.

        Raises
        ------
        SettingsError
            There is no such phase.
        """
        if phase not in _PHASES:
            raise SettingsError("there is no such phase", got=repr(str(phase)), allowed=", ".join(_PHASES))
        self._commands.append(Command(self._next_sample, CommandKind.PHASE, str(phase)))

    def process(self, samples: Chunk | ArrayLike) -> list[NamedFrame]:
        """Process the next samples.

        Parameters
        ----------
        samples : Chunk or array-like, shape (n_channels, n_samples)
            The samples that follow those processed before, in uV; NaN where samples were lost. Any number of samples.

        Returns
        -------
        list of NamedFrame
            The frames that these samples complete, one each hop (0.25 s by default); often none.

        Raises
        ------
        SettingsError
            The array has another shape or type than it should have.
        ValueError
            The chunk does not follow the previous one.
        """
        chunk = samples if isinstance(samples, Chunk) else self._to_chunk(samples)
        self._check_shape(chunk.data.shape)
        frames = self._engine.process(chunk, self._commands)
        self._commands = []
        self._next_sample = chunk.stop
        return [_name_values(frame, self._engine.columns) for frame in frames]

    def _to_chunk(self, samples: ArrayLike) -> Chunk:
        array = np.asarray(samples)
        if array.dtype.kind not in "fiu":
            raise SettingsError("the samples are not real numbers", got=f"dtype {array.dtype}", allowed="numbers in uV")
        self._check_shape(array.shape)
        data = np.array(array, dtype=np.float32, order="C")
        bad: NDArray[np.bool_] = ~np.isfinite(data)
        data[bad] = np.nan
        return Chunk(self._next_sample, data, runs_from_mask(bad, self._next_sample))

    def _check_shape(self, shape: Sequence[int]) -> None:
        n_channels = self.stream.n_channels
        if len(shape) == 2 and shape[0] == n_channels:
            return
        transposed = len(shape) == 2 and shape[1] == n_channels
        raise SettingsError(
            "the samples do not have the shape of this stream",
            got=f"an array of shape {tuple(shape)}",
            allowed=f"({n_channels}, n_samples): a row for each of {', '.join(self.stream.ch_names)}",
            todo="transpose the array" if transposed else "pass one row for each channel",
        )


def _name_values(frame: Frame, columns: tuple[str, ...]) -> NamedFrame:
    return NamedFrame(**{field.name: getattr(frame, field.name) for field in fields(frame)}, columns=columns)


def _check_channels(profile: Profile, stream: StreamInfo) -> None:
    if profile.montage.ch_names != stream.ch_names:
        raise SettingsError(
            "the profile is resolved for other channels than the stream has",
            got=", ".join(stream.ch_names),
            allowed=", ".join(profile.montage.ch_names),
            todo="pass the name of a profile, or settings",
        )


def to_settings(profile: str | PathLike[str] | Settings | Profile) -> Settings:
    """Return the settings that a name, a path, settings or a resolved profile stand for."""
    if isinstance(profile, Settings):
        return profile
    return profile.settings if isinstance(profile, Profile) else load_settings(fspath(profile))
