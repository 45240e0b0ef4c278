"""The public API for notebooks and scripts: live sources, the engine, and recordings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from neurofeedback import engine as pure
from neurofeedback.acquisition import open as acquisition
from neurofeedback.acquisition.source import Source, SourceEnded
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.processing.features import FEATURES
from neurofeedback.recording.lost_runs import runs_from_mask
from neurofeedback.settings.load import load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.types import Chunk, Command, CommandKind, Frame, Phase, StreamInfo

if TYPE_CHECKING:
    import mne
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from neurofeedback.formats.mne_conversion import MneSession
    from neurofeedback.verification.verify import VerificationResult

__all__ = ["Engine", "LiveSource", "NamedFrame", "StreamInfo", "open_source", "read_session", "replay", "verify"]

_POLL_S = 0.02
_FEATURE_COLUMNS = {name: feature.column for name, feature in FEATURES.items()}
_PHASES = tuple(phase for phase in Phase if phase is not Phase.PAUSE)


class LiveSource:
    """A headset or another source of samples: a context manager that is iterable over its chunks.

    Made by `open_source`. Entering connects and starts to stream, leaving stops and releases the device.
    Iterating waits for samples and ends when the source has no more.
    """

    def __init__(self, source: Source, wait: Callable[[], None]) -> None:
        self._source = source
        self._wait = wait
        self._is_open = False

    def __enter__(self) -> Self:
        self._source.open()
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Chunk]:
        while True:
            if not self._is_open:
                raise SourceError("the source is not open", todo='use it as in "with nf.open_source(...) as source:"')
            try:
                chunk = self._source.read()
            except SourceEnded:
                return
            if chunk is None:
                self._wait()
            else:
                yield chunk

    @property
    def stream(self) -> StreamInfo:
        """Device, channel names and sampling frequency; complete once the source is open."""
        return self._source.stream

    @property
    def info(self) -> mne.Info:
        """Channels (type EEG, usual 10-10 positions), sampling frequency in Hz and no data, for MNE."""
        from neurofeedback.formats.mne_conversion import to_info  # mne when asked for

        return to_info(self.stream)

    def close(self) -> None:
        """Stop streaming and release the device; safe to call twice."""
        self._is_open = False
        self._source.close()


class _VirtualClock:
    """A clock for what this program itself plays: it advances as fast as the samples are read."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def __call__(self) -> float:
        return self._now_s

    def advance(self) -> None:
        self._now_s += _POLL_S


def open_source(device: str, *, duration_s: float | None = None, real_time: bool = True) -> LiveSource:
    """Return the source a device name stands for; a ``with`` statement connects and disconnects it.

    Parameters
    ----------
    device : str
        A name as on the command line: ``simulated:SEED``, ``synthetic``, ``muse-2``, ``cyton:/dev/ttyUSB0``,
        ``playback:FILE``, ``lsl:NAME`` or ``brainflow:BOARD``.
    duration_s : float, optional
        Length of a simulated session in s; 90 minutes by default.
    real_time : bool
        Whether ``simulated`` and ``playback`` deliver their samples at the pace of the clock. False delivers them
        as fast as they are read. Any other device sends in real time.

    Returns
    -------
    LiveSource
        A context manager, iterable over `Chunk` (``data`` has shape (n_channels, n_samples), float32, uV, NaN where
        samples were lost), with ``stream`` and ``info``.

    Raises
    ------
    SettingsError
        There is no such device, its name lacks what follows the colon, or it cannot be read faster than real time.
    RecordingError
        The file to play cannot be read.
    SourceError
        On entering: the device is not there or does not answer.

    Examples
    --------
    >>> import neurofeedback as nf
    >>> with nf.open_source("simulated:3", duration_s=2.0, real_time=False) as source:
    ...     n_samples = sum(chunk.n_samples for chunk in source)
    ...     print(source.stream.sfreq, source.info["ch_names"], n_samples > 400)
    256.0 ['TP9', 'AF7', 'AF8', 'TP10'] True
    """
    if real_time:
        return LiveSource(acquisition.open_source(device, duration_s=duration_s), lambda: time.sleep(_POLL_S))
    if not acquisition.is_self_paced(device):
        raise SettingsError(
            "this device sends in real time only",
            got=repr(device),
            allowed="simulated and playback",
            todo="leave real_time out",
        )
    clock = _VirtualClock()
    return LiveSource(acquisition.open_source(device, now=clock, duration_s=duration_s), clock.advance)


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
            self.stream, self.profile = resolve(_to_settings(profile), stream)
        self._engine = pure.FrameEngine(self.stream.sfreq, self.profile)
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


def _to_settings(profile: str | PathLike[str] | Settings | Profile) -> Settings:
    if isinstance(profile, Settings):
        return profile
    return profile.settings if isinstance(profile, Profile) else load_settings(fspath(profile))


def read_session(path: str | PathLike[str]) -> MneSession:
    """Read a recording for MNE, with the table of its frames.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read.

    Returns
    -------
    MneSession
        ``raw``, an `mne.io.Raw` in V with phases, events and gaps as annotations, and ``frames``, a DataFrame with
        one row for each frame (None for another program's recording). A tuple: ``raw, frames = read_session(path)``.

    Raises
    ------
    RecordingError
        There is no recording that can be read; the message says why.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> raw, frames = nf.read_session(recording)
    >>> print(raw.ch_names, raw.n_times, len(frames))
    ['TP9', 'AF7', 'AF8', 'TP10'] 9216 144
    """
    from neurofeedback.formats.mne_conversion import read_session as read  # mne when asked for

    return read(Path(path))


def replay(
    path: str | PathLike[str],
    profile: str | PathLike[str] | Settings | Profile | None = None,
    *,
    baseline_s: float | None = None,
) -> pd.DataFrame:
    """Run a recording through the engine again, with its own profile or another one.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read.
    profile : str, path-like, Settings or Profile, optional
        Another profile; by default the recording's own, which reproduces the frame log exactly.
    baseline_s : float, optional
        Plan the phases again, with a baseline of this many seconds. Also done for another program's recording, which
        has no phases.

    Returns
    -------
    DataFrame
        One row for each frame, with the columns of the frame log (``onset`` in s; NaN where there is no number).

    Raises
    ------
    RecordingError
        There is no recording that can be read.
    SettingsError
        The profile does not exist or does not fit the recording, or the baseline does not fit its length.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> frames = nf.replay(recording, profile="fast")
    >>> print(len(frames), frames["phase"].iloc[0])
    720 settle
    """
    from neurofeedback.formats.mne_conversion import parse_frame_table  # mne and pandas when asked for
    from neurofeedback.formats.reader import open_recording
    from neurofeedback.recording.frame_log import format_row
    from neurofeedback.verification.replay import replay as run

    settings = None if profile is None else _to_settings(profile)
    replayed = run(open_recording(Path(path)), settings=settings, baseline_s=baseline_s)
    return parse_frame_table([replayed.header, *map(format_row, replayed.frames)])


def verify(path: str | PathLike[str]) -> VerificationResult:
    """Check that a recording is consistent: samples, rate, clock, gaps, losses, duplicates, markers, frames.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read. Nothing in it is changed.

    Returns
    -------
    VerificationResult
        ``status`` (``ok`` or ``wrong``) and ``results``, one check each with ``item``, ``status``, ``text`` and
        ``measurements``.

    Raises
    ------
    RecordingError
        The recording cannot be read, or is being recorded right now.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> result = nf.verify(recording)
    >>> [check.item for check in result.results][:4]
    ['samples', 'rate', 'drift', 'gaps']
    """
    from neurofeedback.verification.verify import verify as check  # scipy when asked for

    return check(Path(path))
