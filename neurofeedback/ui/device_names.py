"""Names of devices as people know them, in place of the names a program needs. No Qt here."""

from __future__ import annotations

from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import devices

_PULSE_DEVICES = ("muse-2", "muse-s")


def device_title(device: str) -> str:
    """Return the name of a device as people know it; a device without such a name is shown as it was typed.

    Examples
    --------
    >>> device_title("muse-2"), device_title("cyton:/dev/ttyUSB0"), device_title("simulated:3")
    ('Muse 2', 'Cyton on /dev/ttyUSB0', 'Demo')
    >>> device_title("brainflow:muse-s:serial_number=MuseS-A1B2")
    'Muse S, MuseS-A1B2'
    """
    name, _, place = device.partition(":")
    if name == "brainflow":
        name, _, place = place.partition(":")
        number = without_pulse(device).partition("serial_number=")[2]
        return tr(devices.NAME_WITH_NUMBER, name=tr(devices.NAMES[name]), number=number) if _known(name) else device
    if not _known(name):
        return device
    title = tr(devices.NAMES[name])
    if "{place}" in title:
        return title.format(place=place)
    if place == devices.PORT:
        return tr(devices.NAME_WITHOUT_PORT, name=title)
    is_port = place and not is_simulated_device(device) and place != "ppg"
    return tr(devices.NAME_AT, name=title, place=place) if is_port else title


def found_title(device: str) -> str:
    """Return the name of a device that was found.

    Examples
    --------
    >>> found_title("muse-2")
    'Muse 2 · found'
    """
    return tr(devices.NAME_FOUND, name=device_title(device))


def is_simulated_device(device: str) -> bool:
    """Return whether a device is simulated, so that no headset is needed.

    Examples
    --------
    >>> is_simulated_device("simulated:3"), is_simulated_device("muse-2")
    (True, False)
    """
    return device.partition(":")[0] in {"simulated", "synthetic"}


def with_pulse(device: str) -> str:
    """Return the name of a device with its pulse sensor on, for the headsets whose sensor has to be turned on.

    Examples
    --------
    >>> with_pulse("muse-2"), with_pulse("brainflow:muse-s:serial_number=MuseS-A1B2"), with_pulse("muse-s-athena")
    ('muse-2:ppg', 'brainflow:muse-s:serial_number=MuseS-A1B2,ppg', 'muse-s-athena')
    """
    if device in _PULSE_DEVICES:
        return f"{device}:ppg"
    kind, _, rest = device.partition(":")
    name, _, options = rest.partition(":")
    if kind != "brainflow" or name not in _PULSE_DEVICES or not options or "ppg" in options.split(","):
        return device
    return f"{device},ppg"


def without_pulse(device: str) -> str:
    """Return the name of a device without the part that turns its pulse sensor on.

    Examples
    --------
    >>> without_pulse("muse-2:ppg"), without_pulse("brainflow:muse-s:serial_number=MuseS-A1B2,ppg")
    ('muse-2', 'brainflow:muse-s:serial_number=MuseS-A1B2')
    """
    if device.removesuffix(":ppg") in _PULSE_DEVICES:
        return device.removesuffix(":ppg")
    return device.removesuffix(",ppg") if device.startswith("brainflow:") else device


def _known(name: str) -> bool:
    return name in devices.NAMES
