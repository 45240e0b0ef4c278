"""Create the source that a device name stands for, without connecting to it."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.acquisition.boards import BOARDS, BoardSpec, generic_board, require_drivers, streaming_board
from neurofeedback.acquisition.source import Source
from neurofeedback.errors import SettingsError
from neurofeedback.settings.plugins import SOURCES, call_plugin, load_plugin, split_plugin_name

if TYPE_CHECKING:
    from neurofeedback.simulation.substance_course import SubstanceCourse

_DEFAULT_SEED = 1
_MAX_BYTES = 255
_SELF_PACED = ("simulated", "playback")
_OTHER_DEVICES = {
    "simulated": "simulated[:SEED[,ketamine=MG_PER_KG][,start=MIN][,minutes=MIN]]",
    "playback": "playback:FILE",
    "lsl": "lsl:NAME",
    "brainflow": "brainflow:NAME-OR-ID[:PARAMETER=VALUE,...]",
    "plugin": "plugin:NAME[:ARGUMENT]",
}
_PARAMETERS = (
    "serial_port",
    "mac_address",
    "serial_number",
    "ip_address",
    "ip_port",
    "ip_protocol",
    "other_info",
    "timeout",
    "master_board",
)
_NUMBERS = ("ip_port", "ip_protocol", "timeout", "master_board")


def open_source(
    device: str,
    *,
    now: Callable[[], float] = time.monotonic,
    seed: int | None = None,
    duration_s: float | None = None,
) -> Source:
    """Return the source a device name stands for, not yet connected.

    Parameters
    ----------
    device : str
        Such as ``synthetic``, ``simulated:7``, ``muse-2``, ``cyton:/dev/ttyUSB0`` or ``playback:FILE``.
    now : callable
        Monotonic clock, s; it also paces simulated sources and playback.
    seed : int, optional
        Seed of ``simulated`` where the name has none.
    duration_s : float, optional
        Length of a simulated session, s.

    Raises
    ------
    SettingsError
        There is no such device, or its name lacks what follows the colon.
    RecordingError
        The file to play cannot be read.
    """
    name, colon, rest = device.partition(":")
    if name in BOARDS:
        return _board(BOARDS[name], colon, rest, device, now)
    if name == "simulated":
        return _simulated(rest if colon else str(_DEFAULT_SEED if seed is None else seed), now, duration_s)
    if name == "playback":
        return _playback(rest, device, now)
    if name == "lsl":
        return _lsl(rest, device, now)
    if name == "brainflow":
        return _brainflow_board(rest, device, now)
    if name == "plugin":
        return _plugin(rest, device, now)
    raise _unknown_name(device, name, [*BOARDS, *_OTHER_DEVICES], "device")


def is_self_paced(device: str) -> bool:
    """Whether this program plays the device itself: it cannot be lost, and starts over each time it is opened."""
    return device.partition(":")[0] in _SELF_PACED


def _board(spec: BoardSpec, colon: str, rest: str, device: str, now: Callable[[], float]) -> Source:
    if spec.parameter and not rest:
        raise SettingsError(
            f"{spec.name} needs to know its port", got=repr(device), allowed=f"{spec.name}:/dev/ttyUSB0"
        )
    if colon and not spec.parameter and rest not in spec.extras:
        allowed = ", ".join([spec.name, *(f"{spec.name}:{extra}" for extra in spec.extras)])
        nothing = "nothing else" if spec.extras else "nothing"
        raise SettingsError(f"{spec.name} takes {nothing} after its name", got=repr(device), allowed=allowed)
    parameters: dict[str, str | int] = {spec.parameter: rest} if spec.parameter else {}
    return _board_source(spec, parameters, device, now, spec.extras.get(rest, ""))


def _board_source(
    spec: BoardSpec, parameters: dict[str, str | int], device: str, now: Callable[[], float], setup: str = ""
) -> Source:
    require_drivers(device)
    from neurofeedback.acquisition.brainflow import BoardSource  # BrainFlow takes 0.2 s

    for value in map(str, parameters.values()):
        if len(value.encode()) > _MAX_BYTES or not value.isprintable():  # BrainFlow copies these unchecked
            raise SettingsError(
                "this is no port or address", got=repr(value[:40]), allowed=f"{_MAX_BYTES} bytes of text"
            )
    return BoardSource(spec, {**spec.defaults, **parameters}, device=device, setup=setup or spec.setup, now=now)


def _simulated(seed: str, now: Callable[[], float], duration_s: float | None) -> Source:
    number, comma, infusion = seed.partition(",")
    if not number.isdecimal():
        raise SettingsError("the seed is not a number", got=repr(number), allowed="simulated:SEED with 0, 1, 2, ...")
    from neurofeedback.acquisition.simulated import SimulatedSource  # only when asked for
    from neurofeedback.simulation.disturbances import EYES_CLOSED

    conditions = replace(EYES_CLOSED, substance=_parse_infusion(infusion)) if comma else EYES_CLOSED
    return SimulatedSource(int(number), now, duration_s=duration_s, conditions=conditions)


def _parse_infusion(text: str) -> SubstanceCourse:
    """Return the infusion of ``ketamine=0.5,start=10,minutes=40``; dose in mg/kg, times in minutes."""
    from neurofeedback.simulation.substance_course import SubstanceCourse

    parts = [part.partition("=") for part in text.split(",")]
    try:
        values = {name: float(value) for name, _, value in parts}
    except ValueError:
        values = {}
    if "ketamine" not in values or not values.keys() <= {"ketamine", "start", "minutes"}:
        raise SettingsError("this infusion cannot be simulated", got=repr(text), allowed=_OTHER_DEVICES["simulated"])
    default = SubstanceCourse()
    return SubstanceCourse(
        start_s=60 * values.get("start", default.start_s / 60),
        infusion_s=60 * values.get("minutes", default.infusion_s / 60),
        dose_mg_per_kg=values["ketamine"],
    )


def _playback(file: str, device: str, now: Callable[[], float]) -> Source:
    if not file:
        raise SettingsError("playback needs a file", got=repr(device), allowed=_OTHER_DEVICES["playback"])
    from neurofeedback.acquisition.playback import PlaybackSource  # only when asked for
    from neurofeedback.formats.reader import open_recording

    return PlaybackSource(open_recording(Path(file)), device, now=now)


def _lsl(stream: str, device: str, now: Callable[[], float]) -> Source:
    if not stream:
        raise SettingsError("lsl needs the name of a stream", got=repr(device), allowed=_OTHER_DEVICES["lsl"])
    from neurofeedback.acquisition.lsl import LslSource  # only when asked for

    return LslSource(stream, now=now)


def _plugin(rest: str, device: str, now: Callable[[], float]) -> Source:
    if not rest:
        raise SettingsError("plugin needs the name of a plug-in", got=repr(device), allowed=_OTHER_DEVICES["plugin"])
    name, argument = split_plugin_name(rest)
    return call_plugin(name, load_plugin(SOURCES, name), argument, now=now)


def _brainflow_board(rest: str, device: str, now: Callable[[], float]) -> Source:
    require_drivers(device)
    from neurofeedback.acquisition.board_info import board_ids  # BrainFlow takes 0.2 s

    wanted, _, options = rest.partition(":")
    known = board_ids()
    numbers = {str(number): name for name, number in known.items()}
    name = numbers.get(wanted, wanted)
    if name not in known:
        raise _unknown_name(device, wanted, list(known), "board of BrainFlow")
    spec = next((spec for spec in BOARDS.values() if spec.board_id == known[name]), None)
    spec = spec or generic_board(name, known[name])
    chosen = options.split(",")
    setup = next((spec.extras[option] for option in chosen if option in spec.extras), "")
    parameters = _parse(",".join(option for option in chosen if option not in spec.extras), device)
    return _board_source(streaming_board(spec, parameters.get("master_board")), parameters, device, now, setup)


def _parse(options: str, device: str) -> dict[str, str | int]:
    parameters: dict[str, str | int] = {}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key not in _PARAMETERS:
            raise _unknown_name(device, key, list(_PARAMETERS), "parameter of a board")
        if key in _NUMBERS and not value.removeprefix("-").isdecimal():
            raise SettingsError(
                f"{key} is not a number", got=repr(value), allowed="a whole number", todo=f"correct {device}"
            )
        parameters[key] = int(value) if key in _NUMBERS else value
    return parameters


def _unknown_name(device: str, name: str, known: list[str], what: str) -> SettingsError:
    close = difflib.get_close_matches(name, known, n=1)
    return SettingsError(
        f"there is no such {what}",
        got=repr(device),
        allowed=", ".join(known),
        todo=f"did you mean {close[0]}?" if close else "choose one of these; docs/headsets.md says what each needs",
    )
