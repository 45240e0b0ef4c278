"""Read faults from a TOML file or from a line of text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from neurofeedback.emulators.faults import FAULT_KINDS, Fault, FaultKind, FaultKindSpec, FaultSchedule
from neurofeedback.emulators.headset import Headset
from neurofeedback.errors import SettingsError
from neurofeedback.settings.load import parse, read_toml
from neurofeedback.texts.catalogue import tr

_TODO = "`neurofeedback emulate faults` lists every fault with its keys"


def load_faults(path: Path) -> tuple[Fault, ...]:
    """Read the faults of a TOML file, one ``[[fault]]`` table for each.

    Raises
    ------
    SettingsError
        The file cannot be read, or a fault in it is invalid.
    """
    return parse(FaultSchedule, read_toml(path), str(path), todo=_TODO).fault


def parse_fault(line: str) -> Fault:
    """Read a fault from a line: its kind, then ``key=value`` as in the file; commas make a list.

    Raises
    ------
    SettingsError
        The line is no valid fault.

    Examples
    --------
    >>> fault = parse_fault("lifted at_s=2 for_s=3.5 channels=1,4")
    >>> fault.kind.value, fault.at_s, fault.for_s, fault.channels
    ('lifted', 2.0, 3.5, (1, 4))
    """
    kind, *options = line.split()
    data: dict[str, object] = {"kind": kind}
    for option in options:
        key, _, value = option.partition("=")
        data[key] = _value(f"[{value}]" if "," in value or key == "channels" else value)
    return parse(Fault, data, f"the fault {line!r}", todo=_TODO)


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # the model reports the error


def check_faults(faults: Iterable[Fault], headset: Headset) -> None:
    """Refuse faults that a headset cannot have.

    Raises
    ------
    SettingsError
        The headset cannot have this kind of fault, or has no such channel.
    """
    for fault in faults:
        if fault.kind not in headset.possible_faults:
            possible = ", ".join(kind for kind in FaultKind if kind in headset.possible_faults)
            raise SettingsError(f"{headset.title} cannot have this fault", got=fault.kind, allowed=possible)
        missing = [channel for channel in fault.channels or () if not 1 <= channel <= headset.n_channels]
        if missing:
            raise SettingsError(
                f"{headset.title} has no such electrode",
                got=f"channel {missing[0]}",
                allowed=f"1 to {headset.n_channels}",
            )


def describe_fault_kinds() -> list[str]:
    """Return one line for each kind of fault with its keys, then one for each key."""
    kinds = [f"{kind:<10} {_keys(spec):<36} {tr(spec.description)}" for kind, spec in FAULT_KINDS.items()]
    keys = [f"{key:<10} {tr(field.description or '')}" for key, field in Fault.model_fields.items() if key != "kind"]
    return [*kinds, "", *keys]


def _keys(spec: FaultKindSpec) -> str:
    return " ".join([*spec.required, *(f"[{key}]" for key in spec.optional)])
