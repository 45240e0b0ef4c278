"""Cost of rendering one device buffer of sound, beside what the device gives for it."""

from __future__ import annotations

import os
import platform
import statistics
import time
from pathlib import Path

from neurofeedback.feedback.instrument import Instrument, make_instrument
from neurofeedback.feedback.tone import Voice, render, strike
from neurofeedback.settings.guidance import AudioSettings
from neurofeedback.types import Bed, Guidance

BUFFERS = 2000
GUIDANCES = {
    "focus (bed alone)": (Guidance(),),
    "tone": (Guidance(0.5, 0.5),),
    "unknown": (Guidance(0.156, 0.156, Bed.NEUTRAL, immediate=True),),
    "all in motion": (Guidance(1.0, 1.0), Guidance(0.0, 0.0, Bed.LOST), Guidance(0.156, 0.1, Bed.NEUTRAL)),
}


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def cost_ms(instrument: Instrument, guidances: tuple[Guidance, ...], n_samples: int) -> list[float]:
    voice, costs = strike(Voice(), "end"), []
    for buffer in range(BUFFERS):
        begin = time.perf_counter()
        voice, _ = render(instrument, voice, guidances[buffer // 5 % len(guidances)], n_samples)
        costs.append(1000 * (time.perf_counter() - begin))
    return sorted(costs)


def main() -> None:
    settings = AudioSettings()
    n_samples = settings.sfreq_hz * settings.buffer_ms // 1000
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    begin = time.perf_counter()
    instrument = make_instrument(settings)
    print(f"making the instrument ({settings.bed}): {time.perf_counter() - begin:.2f} s")
    for name, guidances in GUIDANCES.items():
        costs = cost_ms(instrument, guidances, n_samples)
        median, p99 = statistics.median(costs), costs[int(0.99 * len(costs))]
        share = 100 * median / settings.buffer_ms
        print(f"{name:20} {settings.buffer_ms} ms buffer: median {median:.3f} ms ({share:.1f} %), p99 {p99:.3f} ms")


if __name__ == "__main__":
    main()
