"""Fifty reconnections of each emulated headset through BrainFlow's real drivers, with the memory at each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from scipy.stats import linregress, t

from neurofeedback.emulators.faults import Fault, FaultKind, Faults
from tests.emulators.under_test import HEADSETS, noisy_rhythm

N_RECONNECTS = int(os.environ.get("NEUROFEEDBACK_RECONNECTS", "50"))
HEADSETS_OF_EACH_DRIVER = ("Muse 2", "Athena", "Ganglion", "Cyton", "Crown")
"""Muse S and 2016, firmware 2 and a Daisy go through the same code."""

WARM_UP = N_RECONNECTS // 5
"""Reconnections that are left out: what is allocated once is allocated in them."""

OUT_OF_REACH_S = 2.6
"""Just longer than the silence after which a headset is released."""

MAX_SLOPE_MB = 0.25
"""As for whole sessions: 10 MB in 40 reconnections."""

READER = """
import sys, time
import psutil
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.reconnect import ReconnectingSource

source, n_reconnects, process = ReconnectingSource(open_source(sys.argv[1]), 1.0), int(sys.argv[2]), psutil.Process()
source.open()
said, n_samples = -1, 0
while said < n_reconnects:
    chunk = source.read()
    if chunk is None:
        time.sleep(0.02)
        continue
    n_samples = n_samples + chunk.data.shape[1] if source.reconnects > said else 0
    if n_samples > 0.5 * source.stream.sfreq:
        said, n_samples = source.reconnects, 0
        print(process.memory_info().rss / 2**20, flush=True)
source.close()
"""


def memory_mb(name: str) -> list[float]:
    """Resident memory of a program after each reconnection of a headset, and before the first, MB."""
    kind = HEADSETS[name]
    headset = kind.make(noisy_rhythm(kind.n_channels, kind.sfreq), Faults())
    with ExitStack() as stack:
        emulator = stack.enter_context(kind.run(headset))
        command = [sys.executable, "-c", READER, kind.device_name(emulator), str(N_RECONNECTS)]
        environment = os.environ | kind.environment(emulator)
        reader = stack.enter_context(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        assert reader.stdout
        found: list[float] = []
        for line in reader.stdout:
            found.append(float(line))
            headset.clear_faults()
            headset.add_fault(Fault(kind=FaultKind.DROP, for_s=OUT_OF_REACH_S), time.monotonic())
    assert reader.returncode == 0
    return found


@pytest.fixture(scope="module")
def memories() -> dict[str, list[float]]:
    with ThreadPoolExecutor(len(HEADSETS_OF_EACH_DRIVER)) as pool:
        return dict(zip(HEADSETS_OF_EACH_DRIVER, pool.map(memory_mb, HEADSETS_OF_EACH_DRIVER), strict=True))


@pytest.mark.slow
@pytest.mark.real_time
@pytest.mark.timeout(3600)
@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
@pytest.mark.parametrize("name", HEADSETS_OF_EACH_DRIVER)
def test_memory_stays_flat_over_reconnections(
    name: str, memories: dict[str, list[float]], record_property: Callable[[str, object], None]
) -> None:
    found = memories[name]
    assert len(found) > 0.8 * N_RECONNECTS  # where a busy machine starves the emulator, two are seen as one
    steady = np.array(found[WARM_UP:])
    line = linregress(np.arange(steady.size), steady)
    margin = t.ppf(0.975, steady.size - 2) * line.stderr
    record_property(
        "figure",
        f"{name}: {found[0]:.1f} MB at first, {steady[0]:.1f} after {WARM_UP} reconnections, {steady[-1]:.1f} after "
        f"{N_RECONNECTS}; {line.slope:+.3f} MB each (95 % {line.slope - margin:+.3f} to {line.slope + margin:+.3f})",
    )
    assert line.slope + margin < MAX_SLOPE_MB
