"""What can be connected now: headsets over Bluetooth, OpenBCI boards, streams. Nothing found is kept open."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from neurofeedback.acquisition.dongles import ask_port, dongle_ports
from neurofeedback.acquisition.findings import Findings, Found, hindered
from neurofeedback.acquisition.radio import find_headsets

_LIMIT_S = 8.0  # all takes five seconds, but for a machine with other things to do

Probe = Callable[[], Findings]


def scan(ports: Sequence[str] = ()) -> Findings:
    """Look everywhere for a few seconds.

    Parameters
    ----------
    ports : sequence of str
        Serial ports to ask, whatever they look like; others are asked only if they look like an OpenBCI dongle.
    """
    places: dict[str, Probe] = {"Bluetooth": find_headsets}
    places |= {port: partial(ask_port, port) for port in _distinct((*dongle_ports(), *ports))}
    if importlib.util.find_spec("mne_lsl"):
        places["Lab Streaming Layer"] = _find_streams
    return gather(places, _LIMIT_S)


def gather(places: Mapping[str, Probe], limit_s: float) -> Findings:
    """Look at all places side by side; one that has not answered after ``limit_s`` (s) is left to itself."""
    answers: dict[str, Findings] = {}

    def look(place: str) -> None:
        answers[place] = places[place]()

    threads = [threading.Thread(target=look, args=(place,), name=place, daemon=True) for place in places]
    deadline = time.monotonic() + limit_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    complete = [answers.get(place) or _silent(place, limit_s) for place in places]
    return Findings(
        tuple(found for part in complete for found in part.found),
        tuple(hindrance for part in complete for hindrance in part.hindrances),
    )


def _distinct(ports: Sequence[str]) -> list[str]:
    """Name each port once, as it was named last: asked twice at once, it would be busy with itself."""
    return list({os.path.realpath(port): port for port in ports}.values())


def _silent(place: str, limit_s: float) -> Findings:
    return hindered(f"{place} did not answer", got=f"nothing within {limit_s:g} s", todo="try again")


def _find_streams() -> Findings:
    from neurofeedback.acquisition.lsl import find_streams  # noqa: PLC0415 - takes seconds

    return Findings(tuple(Found(device, about) for device, about in find_streams()))
