"""Measure each background as it leaves a sound server: ``python -m benchmarks.sound_monitor [SECONDS]``.

Needs ``pulseaudio`` and ``parec``. The program plays into a null sink, whose monitor is recorded. Printed for each
background: loudness, the strongest line of its envelope (2 to 45 Hz), its likeness to itself, and its largest
difference from the rendered sound in an octave; before them the line of white noise of the same length. Run it at the
priority of a sitting.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sound_measures import BANDS_HZ, loop_correlation, rendered, spectrum, strongest_line_db
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.sink import Sink
from neurofeedback.feedback.backgrounds import BACKGROUNDS
from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.sound_bank import make_sound_bank
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import Guidance

SFREQ, FRAME_BYTES = 48000, 8
CHANGE_S = 6.0
"""Until a background has been made and faded in, s."""
OCTAVES_HZ = 125 * 2.0 ** np.arange(7)
AUDIBLE_DB = -90.0
_RECORD = ("parec", "--latency-msec=100", "-d", "null.monitor", "--format=float32le", "--rate=48000", "--channels=2")
_SERVER = ("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes")


def play(sink: Sink, seconds: float) -> None:
    """Guide the sound for a while as in focus; without guidance it would become neutral after a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sink.set_guidance(Guidance(), 0.0)
        time.sleep(0.1)


def monitored(seconds: float, folder: Path) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Return each background as recorded from the monitor of a sound server, and the number of underruns."""
    socket, recording = folder / "pulse.socket", folder / "heard.raw"
    os.environ |= {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_SERVER": f"unix:{socket}"}
    command = [
        *_SERVER,
        "--load=module-null-sink sink_name=null rate=48000 format=float32le channels=2",
        f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    sounds: dict[str, NDArray[np.float32]] = {}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        while not socket.exists():
            time.sleep(0.05)
        with recording.open("wb") as file, subprocess.Popen(_RECORD, stdout=file) as recorder:
            sink = open_sink("auto", AudioSettings(), lambda notice: print(notice, file=sys.stderr))
            sink.start()
            for name in BACKGROUNDS:
                sink.set_background(name, 0.0)
                play(sink, CHANGE_S)
                start = recording.stat().st_size // FRAME_BYTES * FRAME_BYTES
                play(sink, seconds)
                data = recording.read_bytes()[start:]
                sounds[name] = np.frombuffer(data[: len(data) // FRAME_BYTES * FRAME_BYTES], "<f4").reshape(-1, 2)
            sink.stop(0.0)
            recorder.terminate()
        server.terminate()
    return sounds, sink.underruns


def octave_levels(sound: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the level of each octave, dB."""
    hz, decibels = spectrum(sound, SFREQ)
    power = 10 ** (decibels / 10)
    edges = [(centre / 2**0.5, centre * 2**0.5) for centre in OCTAVES_HZ]
    return np.array([10 * np.log10(power[(hz >= low) & (hz < high)].sum() + 1e-20) for low, high in edges])


def largest_difference_db(sound: NDArray[np.floating], name: str, seconds: float) -> float:
    """Return the largest difference in an audible octave between what was heard and what is rendered, dB."""
    bank = make_sound_bank(AudioSettings(background=name))
    heard, made = octave_levels(sound), octave_levels(rendered(bank, Guidance(), seconds))
    return float(np.abs(heard - made)[made > AUDIBLE_DB].max())


def main() -> None:
    """Print the measures as JSON."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    with tempfile.TemporaryDirectory() as folder:
        sounds, underruns = monitored(seconds, Path(folder))
    rng = np.random.default_rng(1)
    white = max(
        strongest_line_db(rng.normal(size=round(seconds * SFREQ)), SFREQ, band) for _ in range(3) for band in BANDS_HZ
    )
    lags_s = (5.0, 0.75 * seconds)
    print(json.dumps({"underruns": underruns, "seconds": seconds, "line_of_white_noise_db": round(white, 2)}))
    for name, sound in sounds.items():
        figures = {
            "lufs": loudness(sound.astype(np.float64), sfreq=SFREQ),
            "line_db": max(strongest_line_db(sound[:, 0], SFREQ, band) for band in BANDS_HZ),
            "likeness": float(np.abs(loop_correlation(sound[::6, 0], SFREQ // 6, lags_s)).max()),
            "largest_difference_db": largest_difference_db(sound, name, seconds),
        }
        print(json.dumps({name: {what: round(value, 3) for what, value in figures.items()}}), flush=True)


if __name__ == "__main__":
    main()
