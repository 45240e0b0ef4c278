"""Streams of a session as another program receives them by Lab Streaming Layer: names, units, stamps, markers.

    python benchmarks/lsl_stamps.py [--seconds 60]

An emulated Muse sends to BrainFlow's own driver, ``train --lsl-out machine`` sends on, and this process reads with raw
stamps, as LabRecorder does. It also sends markers, which the session records. The jitter of a stream is the deviation
of its stamps from a straight line, after the first 10 s.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.acquisition.lsl import load_lsl
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.events import read_events
from neurofeedback.types import EventKind

STREAMS = ("eeg", "frames", "markers")
_SETTLE_S = 10.0
_FIND_S = 60.0
_MARKERS = "benchmark-markers"


def jitter_ms(stamps: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 99th percentile and the maximum of the deviation of stamps from a straight line, ms."""
    used = stamps[stamps > stamps[0] + _SETTLE_S]
    rows = np.arange(used.size)
    deviation = 1000 * np.abs(used - np.polynomial.Polynomial.fit(rows, used, 1)(rows))
    return float(np.quantile(deviation, 0.99)), float(deviation.max())


def main() -> None:
    """Print what was received."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    lsl = load_lsl()
    outlet = lsl.StreamOutlet(lsl.StreamInfo(_MARKERS, "Markers", 1, 0.0, "string", _MARKERS))
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, "-m", "neurofeedback"]
        train = f"train --device muse-2 --headless --audio none --lsl-out machine --lsl-markers {_MARKERS} --recordings"
        session = subprocess.Popen(
            [*program, "emulate", "muse", "--simulated", "1", "--", *program, *train.split(), folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        inlets = {}
        for name in STREAMS:
            found = lsl.resolve_streams(timeout=_FIND_S, name=f"neurofeedback-{name}")
            if not found:
                session.terminate()
                raise SystemExit(f"no stream neurofeedback-{name}: {session.communicate()[1]}")
            inlets[name] = lsl.StreamInlet(found[0])
            inlets[name].open_stream(timeout=_FIND_S)
        stamps: dict[str, list[float]] = {name: [] for name in STREAMS}
        sent_s: list[float] = []
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            if seconds - left_s > len(sent_s):
                sent_s.append(lsl.local_clock())
                outlet.push_sample([f"marker {len(sent_s)}"], sent_s[-1])
            for name in STREAMS:
                stamps[name] += inlets[name].pull_chunk(timeout=0.0)[1].tolist()
            time.sleep(0.02)
        for name in STREAMS:
            info = inlets[name].get_sinfo()
            print(f"{info.name}: {info.stype}, {info.sfreq:g} Hz, {info.n_channels} channels, source {info.source_id}")
            print(f"  channels {info.get_channel_names()}, units {info.get_channel_units()}")
            found_s = np.array(stamps[name])
            steps = np.diff(found_s)
            print(f"  {found_s.size} stamps, {int(np.sum(steps < 0))} go back", end="")
            if name != "markers":
                print(", jitter {:.2f} ms (p99), {:.2f} ms (largest)".format(*jitter_ms(found_s)), end="")
            print()
        session.terminate()
        session.wait()
        files = SessionFiles.from_stem(Path(folder), *find_session_stems(Path(folder)))
        marks = [one for one in read_events(files.eeg_file("events.tsv"))[1] if one.kind is EventKind.MARK]
        places_s = np.array([one.sample for one in marks]) / 256
        delay_s = places_s - np.array(sent_s[: len(marks)])
        scatter_ms = 1000 * float(np.abs(delay_s - np.median(delay_s)).max())
        print(f"markers recorded: {len(marks)} of {len(sent_s)}; their places scatter by {scatter_ms:.1f} ms at most")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
