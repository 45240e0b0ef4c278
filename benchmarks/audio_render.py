"""Cost of rendering one device buffer of sound, relative to its duration."""

from __future__ import annotations

import os
import platform
import statistics
import time
from pathlib import Path

from neurofeedback.feedback.sound_bank import SoundBank, make_sound_bank
from neurofeedback.feedback.synthesis import SynthState, add_bell_hit, render
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode, Guidance

BUFFERS = 2000
GUIDANCES = {
    "focus (background only)": (Guidance(),),
    "tone": (Guidance(0.5, 0.5),),
    "unknown": (Guidance(0.156, 0.156, BackgroundMode.NEUTRAL, immediate=True),),
    "all in motion": (
        Guidance(1.0, 1.0),
        Guidance(0.0, 0.0, BackgroundMode.LOST),
        Guidance(0.156, 0.1, BackgroundMode.NEUTRAL),
    ),
}


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def cost_ms(sounds: SoundBank, guidances: tuple[Guidance, ...], n_samples: int) -> list[float]:
    state, costs = add_bell_hit(SynthState(), "end"), []
    for buffer in range(BUFFERS):
        begin = time.perf_counter()
        state, _ = render(sounds, state, guidances[buffer // 5 % len(guidances)], n_samples)
        costs.append(1000 * (time.perf_counter() - begin))
    return sorted(costs)


def main() -> None:
    settings = AudioSettings()
    n_samples = settings.sfreq_hz * settings.buffer_ms // 1000
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    begin = time.perf_counter()
    sounds = make_sound_bank(settings)
    print(f"rendering the sound bank ({settings.background}): {time.perf_counter() - begin:.2f} s")
    for name, guidances in GUIDANCES.items():
        costs = cost_ms(sounds, guidances, n_samples)
        median, p99 = statistics.median(costs), costs[int(0.99 * len(costs))]
        share = 100 * median / settings.buffer_ms
        print(f"{name:20} {settings.buffer_ms} ms buffer: median {median:.3f} ms ({share:.1f} %), p99 {p99:.3f} ms")


if __name__ == "__main__":
    main()
