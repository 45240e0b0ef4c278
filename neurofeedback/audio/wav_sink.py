"""Sound output to a WAV file, rendered by session time in a worker thread, so that a slow disk delays nothing."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import queue
import threading
import wave
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.audio.mixer import Breathe, Hush, Mixer, Mute, SoundCommand, Speech, Volume
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.user_sound import load_sound_bank
from neurofeedback.audio.voice import Utterance, speak
from neurofeedback.errors import RecordingError
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.feedback.gain_ramps import FADE_OUT_S
from neurofeedback.feedback.sound_bank import SoundBank, make_breath
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.storage.private_files import open_new
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Guidance

log = logging.getLogger(__name__)

N_CHANNELS = 2
BYTES_PER_VALUE = 2
MAX_BYTES = 2**32 - 1024  # the largest size a WAV header can hold


@dataclass(frozen=True, slots=True)
class _BackgroundChange:
    name: str


@dataclass(frozen=True, slots=True)
class _TimedCommand:
    at: int
    command: SoundCommand | Utterance | Turn | _BackgroundChange


class WavSink:
    """Writes 16-bit stereo that lasts as long as the session.

    The header is updated after every write, so the file is valid at any time. A kill loses the last `FADE_OUT_S` and
    a frame, which are held for the fade-out at the end. A file that cannot grow any more is left as it is, with one
    warning.

    Parameters
    ----------
    path : Path
        A file that does not exist yet.
    settings : AudioSettings
        Sounds, levels and sampling rate.

    Raises
    ------
    RecordingError
        The file exists or cannot be created.
    """

    underruns = 0

    def __init__(self, path: Path, settings: AudioSettings) -> None:
        self.description = tr(sound.WAV_FILE, path=path)
        self._file = _WavFile(path, settings.sfreq_hz)
        self._settings = settings
        self._mixer = Mixer(load_sound_bank(settings))
        self._pending: deque[_TimedCommand] = deque()
        self._commands: queue.SimpleQueue[_TimedCommand | int] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="sound-file", daemon=True)

    def start(self) -> None:
        """Start with the background sound alone at session time 0."""
        self._worker.start()

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Play this guidance from session time ``at_s`` (s) on."""
        self._send_command(guidance, at_s)

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell at session time ``at_s`` (s)."""
        self._send_command(bell, at_s)

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        """Sound the breath that begins at session time ``at_s`` (s); None ends the sound of the one before."""
        self._send_command(Breathe(None) if turn is None else turn, at_s)

    def speak(self, utterance: Utterance, at_s: float) -> None:
        """Say something at session time ``at_s`` (s)."""
        self._send_command(utterance, at_s)

    def hush(self, at_s: float) -> None:
        """End what is being said at session time ``at_s`` (s)."""
        self._send_command(Hush(), at_s)

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Play louder than the settings by this many dB from session time ``at_s`` (s) on."""
        self._send_command(Volume(volume_db), at_s)

    def mute(self, on: bool, at_s: float) -> None:
        """Switch silence on or off from session time ``at_s`` (s) on."""
        self._send_command(Mute(on), at_s)

    def set_background(self, background: str, at_s: float) -> None:
        """Crossfade to another background sound at session time ``at_s`` (s)."""
        self._send_command(_BackgroundChange(background), at_s)

    def stop(self, at_s: float) -> None:
        """Complete the file, silent at session time ``at_s`` (s); waits for the rendering to finish."""
        if self._worker.is_alive():
            self._commands.put(self._sample_at(at_s))
            self._worker.join()
        self._file.close()

    def _send_command(self, command: SoundCommand | Utterance | Turn | _BackgroundChange, at_s: float) -> None:
        self._commands.put(_TimedCommand(self._sample_at(at_s), command))

    def _sample_at(self, at_s: float) -> int:
        return round(at_s * self._settings.sfreq_hz)

    def _work(self) -> None:
        held_back = self._sample_at(FADE_OUT_S)
        while isinstance(item := self._commands.get(), _TimedCommand):
            self._pending.append(item)
            self._advance(item.at - held_back)
        self._advance(item - held_back)
        self._mixer.playing = False
        self._advance(item)

    def _advance(self, until: int) -> None:
        while self._pending and self._pending[0].at <= until:
            change = self._pending.popleft()
            self._render_to(change.at)
            match change.command:
                case _BackgroundChange(name):
                    self._mixer.apply(self._load_background(name))
                case Turn() as turn:
                    self._mixer.apply(Breathe(make_breath(self._settings, turn)))
                case Utterance() as utterance:
                    if (voice := speak(utterance, self._settings)) is not None:
                        self._mixer.apply(Speech(voice))
                case command:
                    self._mixer.apply(command)
        self._render_to(until)

    def _load_background(self, background: str) -> SoundBank:
        self._settings = self._settings.model_copy(update={"background": background})
        return load_sound_bank(self._settings)

    def _render_to(self, until: int) -> None:
        """Render up to a sample, at most a second at a time."""
        while (left := until - self._mixer.position) > 0:
            samples = self._mixer.render(min(left, self._settings.sfreq_hz))
            self._file.append(np.rint(samples * np.float32(32767)).astype("<i2").tobytes())


class _WavFile:
    """A WAV file that is valid at any time, also on a full disk."""

    def __init__(self, path: Path, sfreq: int) -> None:
        self._path = path
        self._full = False
        try:
            self._raw = os.fdopen(open_new(path), "wb")
        except OSError as error:
            raise _cannot_create(path, error) from error
        self._wave = wave.open(self._raw, "wb")  # noqa: SIM115 - open for as long as the session
        self._wave.setparams((N_CHANNELS, BYTES_PER_VALUE, sfreq, 0, "NONE", "not compressed"))

    def append(self, data: bytes) -> None:
        """Add samples and update the header; after a failure do nothing."""
        if self._full:
            return
        try:
            if self._wave.tell() * N_CHANNELS * BYTES_PER_VALUE + len(data) > MAX_BYTES:
                raise OSError(errno.EFBIG, "a WAV file holds 4 GB")
            self._wave.writeframes(data)
        except OSError as error:
            self._full = True
            log.warning("the sound file %s ends here (%s); the session goes on", self._path, error.strerror)

    def close(self) -> None:
        """Complete the header, without what a full disk refused; delete a file without sound."""
        silent = self._wave.tell() == 0
        with contextlib.suppress(OSError):
            self._wave.close()
        with contextlib.suppress(OSError):
            self._raw.close()
        if silent:
            self._path.unlink(missing_ok=True)


def _cannot_create(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        "the sound file cannot be created",
        got=f"{path} ({error.strerror})",
        allowed="a new .wav file in a folder that exists and may be written to",
        todo="pass another name with --audio FILE.wav",
    )
