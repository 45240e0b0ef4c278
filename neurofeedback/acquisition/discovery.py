"""Scan for devices in reach: Bluetooth headsets, OpenBCI boards and LSL streams. None is left open."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from neurofeedback.acquisition.boards import has_drivers
from neurofeedback.acquisition.scan_bluetooth import find_headsets
from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult, scan_failed
from neurofeedback.acquisition.scan_serial import find_dongle_ports, query_port

_TIMEOUT_S = 8.0  # a scan takes five seconds; a busy machine needs more

ScanFunction = Callable[[], ScanResult]


def scan(ports: Sequence[str] = ()) -> ScanResult:
    """Scan Bluetooth, serial ports and Lab Streaming Layer for a few seconds.

    Parameters
    ----------
    ports : sequence of str
        Serial ports to query in any case; others are queried only if they look like an OpenBCI dongle.
    """
    places: dict[str, ScanFunction] = {}
    if has_drivers():
        places["Bluetooth"] = find_headsets
        places |= {port: partial(query_port, port) for port in _distinct_ports((*find_dongle_ports(), *ports))}
    if importlib.util.find_spec("mne_lsl"):
        places["Lab Streaming Layer"] = _scan_lsl
    return run_scans(places, _TIMEOUT_S)


def run_scans(scans: Mapping[str, ScanFunction], timeout_s: float) -> ScanResult:
    """Run all scans at the same time; one without an answer after ``timeout_s`` (s) is reported and left running."""
    answers: dict[str, ScanResult] = {}

    def run_scan(place: str) -> None:
        answers[place] = scans[place]()

    threads = [threading.Thread(target=run_scan, args=(place,), name=place, daemon=True) for place in scans]
    deadline = time.monotonic() + timeout_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    complete = [answers.get(place) or _no_answer(place, timeout_s) for place in scans]
    return ScanResult(
        tuple(found for part in complete for found in part.found),
        tuple(hindrance for part in complete for hindrance in part.hindrances),
    )


def _distinct_ports(ports: Sequence[str]) -> list[str]:
    """Return each port once, by its last name: two queries at a time would block each other."""
    return list({os.path.realpath(port): port for port in ports}.values())


def _no_answer(place: str, timeout_s: float) -> ScanResult:
    return scan_failed(f"{place} did not answer", got=f"nothing within {timeout_s:g} s", todo="try again")


def _scan_lsl() -> ScanResult:
    from neurofeedback.acquisition.lsl import find_streams  # takes seconds

    return ScanResult(tuple(FoundDevice(device, about) for device, about in find_streams()))
