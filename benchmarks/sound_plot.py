"""Draw the measures of the sound for the docs: ``python -m benchmarks.sound_plot`` writes ``docs/images/sound.png``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.sound_measures import (
    BANDS_HZ,
    band_loudness,
    loop_correlation,
    modulation_spectrum,
    rendered,
    spectrum,
    strongest_line_db,
)
from neurofeedback.feedback.backgrounds import BACKGROUNDS
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.feedback.sound_bank import make_sound_bank
from neurofeedback.settings.audio_feedback import AudioSettings, FeedbackSettings
from neurofeedback.types import Guidance, State

PAGE = Path(__file__).resolve().parents[1] / "docs" / "images" / "sound.png"
SECONDS = 45.0
INDICES = (-1.0, -0.25, 0.25, 0.75, 1.5)
OWN_BAND_HZ = (0.8 * 196, 3.2 * 196)
NOT_NOISE = frozenset({"drone", "bowls"})


def guidance_at(u: float) -> Guidance:
    """Return the guidance after the index has long been ``u`` at confidence 1."""
    mapper = GuidanceMapper(FeedbackSettings(), 0.25)
    return [mapper.update(u, 1.0, 1.0, State.FOCUS, feedback=True) for _ in range(200)][-1]


def main() -> None:
    """Render each background and draw its spectrum, modulation, self-similarity and the tone's level over it."""
    mpl.use("Agg")
    _, axes = plt.subplots(2, 2, figsize=(11, 7.5), constrained_layout=True)
    tones: list[np.ndarray] = []
    for place, name in enumerate(BACKGROUNDS):
        bank = make_sound_bank(AudioSettings(background=name))
        if not tones:
            bare = replace(bank, backgrounds=dict.fromkeys(bank.backgrounds, ()))
            tones = [rendered(bare, guidance_at(u), 2.0) for u in INDICES]
        sound = rendered(bank, Guidance(), SECONDS)
        colour = plt.colormaps["tab20"](place)
        hz, decibels = spectrum(sound, bank.sfreq, 0.1)
        axes[0, 0].semilogx(hz[hz >= 60], decibels[hz >= 60], color=colour, lw=0.9, label=name)
        slow_hz, power = modulation_spectrum(sound[:, 0], bank.sfreq, BANDS_HZ[0])
        axes[0, 1].plot(slow_hz[2:181], 10 * np.log10(power[2:181]), color=colour, lw=0.8)
        similar = 0.0
        if name not in NOT_NOISE:
            r = np.abs(loop_correlation(sound[::6, 0], bank.sfreq // 6, (5, 33)))
            n = len(r) // 200
            axes[1, 0].plot(np.linspace(5, 33, 200), r[: 200 * n].reshape(200, n).max(axis=1), color=colour, lw=0.8)
            similar = float(r.max())
        floor = band_loudness(sound[: 10 * bank.sfreq], bank.sfreq, OWN_BAND_HZ)
        over = [max(band_loudness(tone, bank.sfreq, OWN_BAND_HZ) - floor, -30.0) for tone in tones]
        axes[1, 1].plot(INDICES, over, "o-", color=colour, lw=0.9, ms=3)
        line = strongest_line_db(sound[:, 0], bank.sfreq)
        print(f"{name:11} line {line:.1f} dB, self-similarity {similar:.3f}, tone {over[-1]:.1f} LU", flush=True)
    axes[1, 0].axhline(0.2, color="black", lw=0.6, ls=":")
    axes[1, 1].axhline(6, color="black", lw=0.6, ls=":")
    axes[0, 0].set(title="Spectrum, from 60 Hz", xlabel="Hz", ylabel="dB", ylim=(-110, -30))
    axes[0, 1].set(title="Modulation of the envelope", xlabel="Hz", ylabel="dB, relative to the mean squared")
    axes[1, 0].set(title="Likeness to itself (noise-like ones)", xlabel="lag, s", ylabel="|r|", ylim=(0, 0.25))
    axes[1, 1].set(title="Guide tone over the background, in its own band", xlabel="index, spreads", ylabel="LU")
    axes[0, 0].legend(fontsize=7, ncols=2)
    plt.savefig(PAGE, dpi=80)


if __name__ == "__main__":
    main()
