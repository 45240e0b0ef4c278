"""Time of a comparison of many sessions: the first, which measures every session, and the second.

Run ``python -m benchmarks.compare_speed``. Sessions of a simulated Muse are written into a temporary dataset, then
compared twice, each time in a new process as the command line would.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.load import dump_profile, load_montage, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.disturbances import EYES_CLOSED
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.packet_loss import RadioLink, draw_packets, lost_runs, mask_lost
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import Chunk, Command, CommandKind, Phase, StreamInfo

_N_SIGNALS = 10
_FIRST_DAY = datetime(2026, 1, 1, 8, 0).astimezone()


def write_sessions(root: Path, n: int, seconds: float, loss: float) -> None:
    """Write ``n`` sessions, of two conditions in turn; every tenth has the same signal at another size."""
    headset, montage = get_headset("muse"), load_montage("muse")
    stream = StreamInfo("muse-2", headset.sfreq, montage.ch_names, montage="muse", reference=montage.reference)
    named, profile = resolve(Settings(), stream)
    signals = [
        simulate(
            draw_person(1), seconds=seconds, seed=seed, montage=montage, headset=headset, disturbances=EYES_CLOSED
        ).data
        for seed in range(_N_SIGNALS)
    ]
    for number in range(n):
        size = np.float32(1 + 0.01 * (number // _N_SIGNALS))
        lost = lost_runs(draw_packets(RadioLink(loss=loss), headset, signals[0].shape[1], number))
        data = mask_lost(size * signals[number % _N_SIGNALS], lost)
        started = _FIRST_DAY + timedelta(days=number)
        header = SessionHeader("01", named, dump_profile(profile), StartState(), (), started)
        writer = SessionWriter(root, header, sync=lambda _: None)
        writer.process_chunk(Chunk(0, data))
        writer.process_event(Command(0, CommandKind.PHASE, Phase.BASELINE))
        folder = writer.close(SessionSummary(mains_hz=50, duration_s=seconds))
        if folder is None:
            raise RuntimeError("a session has no folder")
        stem = next(folder.glob("*_summary.json")).name.removesuffix("_summary.json")
        notes = SessionNotes(condition="b" if number % 2 else "a", eyes="closed")
        write_notes(SessionFiles.from_stem(root, stem), notes)


def compare(root: Path) -> tuple[float, float]:
    """Compare both conditions in a new process; return its time by the clock and by the processors, s."""
    begin, used = time.perf_counter(), sum(os.times()[2:4])
    command = [sys.executable, "-m", "neurofeedback", "compare", "a", "b", "--recordings", str(root), "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin, sum(os.times()[2:4]) - used


def main() -> None:
    """Write, compare twice, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100, help="sessions of each condition")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--loss", type=float, default=0.0, help="share of packets lost")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        write_sessions(root, 2 * options.sessions, 60 * options.minutes, options.loss)
        for name in ("first", "second"):
            clock_s, cpu_s = compare(root)
            print(
                f"{options.sessions} against {options.sessions}, {name}: {clock_s:.1f} s ({cpu_s:.1f} s of processors)"
            )


if __name__ == "__main__":
    main()
