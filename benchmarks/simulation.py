"""Cost of simulating a session for each headset family, and of opening a simulated headset."""

from __future__ import annotations

import statistics
import time

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import draw_session

MINUTES = 20
OPENINGS = 5


def show(family: str) -> None:
    device = HEADSETS[family]
    begin = time.perf_counter()
    truth = draw_session(
        draw_person(1), seconds=60 * MINUTES, seed=1, montage=load_montage(device.montage), headset=device
    )
    n_samples = sum(segment.shape[1] for segment in truth.segments())
    elapsed_s = time.perf_counter() - begin
    print(
        f"{family:12} {len(truth.montage.ch_names):2} ch at {device.sfreq:.0f} Hz: {elapsed_s:.2f} s for {MINUTES} min "
        f"({n_samples / device.sfreq / elapsed_s:.0f} x real time)"
    )


def opening_s() -> float:
    source = SimulatedSource(1)
    begin = time.perf_counter()
    source.open()
    elapsed_s = time.perf_counter() - begin
    source.close()
    return elapsed_s


def main() -> None:
    for family in HEADSETS:
        show(family)
    print(f"opening an hour and a half as a source: {statistics.median(opening_s() for _ in range(OPENINGS)):.2f} s")


if __name__ == "__main__":
    main()
