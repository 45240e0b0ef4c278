"""Draw the sounds of version 0.1.0 beside today's: ``python -m benchmarks.sound_history``, for the docs.

The old sounds are rendered by the old code, which is taken from the repository's history (`OLD`) into a temporary
folder. Each row is a background: its spectrum from 60 Hz, its likeness to itself, and the guide tone over it in the
tone's own band at five values of the index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from benchmarks.sound_measures import band_loudness, loop_correlation, rendered, spectrum
from benchmarks.sound_plot import INDICES, OWN_BAND_HZ, SECONDS, guidance_at
from neurofeedback.feedback.sound_bank import make_sound_bank
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import Guidance

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "images" / "sound-history.png"
OLD = "6846a5b"
"""A commit of version 0.1.0."""

BOTH = ("rain", "wind", "drone")
"""Backgrounds of both versions."""

_RENDER_OLD = """
import sys
import numpy as np
from neurofeedback.feedback.instrument import make_instrument
from neurofeedback.feedback.mapping import Mapper
from neurofeedback.feedback.tone import Voice, render
from neurofeedback.settings.guidance import AudioSettings, FeedbackSettings
from neurofeedback.types import Guidance, State

out, seconds, *numbers = sys.argv[1:]
def play(instrument, guidance, length_s):
    voice, sfreq = Voice(), instrument.sfreq
    voice, _ = render(instrument, voice, guidance, 8 * sfreq)
    return render(instrument, voice, guidance, round(length_s * sfreq))[1]
sounds = {}
for bed in BEDS:
    sounds[bed] = play(make_instrument(AudioSettings(bed=bed)), Guidance(), float(seconds))
    instrument = make_instrument(AudioSettings(bed=bed))
    for number in numbers:
        mapper = Mapper(FeedbackSettings(), 0.25)
        guidance = [mapper.push(float(number), 1.0, 1.0, State.FOCUS, feedback=True) for _ in range(200)][-1]
        sounds[f"{bed} {number}"] = play(instrument, guidance, 6.0)
np.savez(out, **sounds)
"""


def old_sounds(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return the backgrounds of version 0.1.0, and each with the tone at every index, by name."""
    archive = subprocess.run(
        ["git", "archive", OLD, "neurofeedback", "configs"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    out = folder / "sounds.npz"
    script = _RENDER_OLD.replace("BEDS", repr(BOTH))
    subprocess.run([sys.executable, "-c", script, out, str(SECONDS), *map(str, INDICES)], cwd=folder, check=True)
    with np.load(out) as sounds:
        return dict(sounds)


def new_sounds() -> dict[str, NDArray[np.float32]]:
    """Return the same sounds of this version."""
    sounds: dict[str, NDArray[np.float32]] = {}
    for name in BOTH:
        bank = make_sound_bank(AudioSettings(background=name))
        sounds[name] = rendered(bank, Guidance(), SECONDS)
        for u in INDICES:
            sounds[f"{name} {u}"] = rendered(bank, guidance_at(u), 6.0)
    return sounds


def main() -> None:
    """Render both versions, draw them, and print the figures."""
    mpl.use("Agg")
    with tempfile.TemporaryDirectory() as folder:
        versions = {"0.1.0": old_sounds(Path(folder)), "now": new_sounds()}
    _, axes = plt.subplots(len(BOTH), 3, figsize=(11, 8), constrained_layout=True, squeeze=False)
    sfreq = AudioSettings().sfreq_hz
    for row, name in zip(axes, BOTH, strict=True):
        for (version, sounds), colour in zip(versions.items(), ("tab:orange", "tab:blue"), strict=True):
            sound = sounds[name]
            hz, decibels = spectrum(sound, sfreq, 0.1)
            row[0].semilogx(hz[hz >= 60], decibels[hz >= 60], color=colour, lw=0.9, label=version)
            r = np.abs(loop_correlation(sound[::6, 0], sfreq // 6, (5, 33)))
            n = len(r) // 200
            row[1].plot(np.linspace(5, 33, 200), r[: 200 * n].reshape(200, n).max(axis=1), color=colour, lw=0.8)
            floor = band_loudness(sound[: 10 * sfreq], sfreq, OWN_BAND_HZ)
            over = [band_loudness(sounds[f"{name} {u}"], sfreq, OWN_BAND_HZ) - floor for u in INDICES]
            row[2].plot(INDICES, over, "o-", color=colour, lw=0.9, ms=3)
            print(f"{name:6} {version:6} likeness {r.max():.2f}, at index +1.5 {over[-1]:.1f} LU over the background")
        row[0].set(ylabel=f"{name}, dB", ylim=(-110, -30))
        row[1].set(ylim=(0, 1))
    titles = ("Spectrum, from 60 Hz", "Likeness to itself, |r|", "Tone's band over the background, LU")
    for column, (title, label) in enumerate(zip(titles, ("Hz", "lag, s", "index, spreads"), strict=True)):
        axes[0, column].set_title(title)
        axes[-1, column].set_xlabel(label)
    axes[0, 0].legend(fontsize=8)
    plt.savefig(PAGE, dpi=80)


if __name__ == "__main__":
    main()
