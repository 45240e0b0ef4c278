"""Faults on demand: one order a line, to a headset that is running."""

from __future__ import annotations

from neurofeedback.emulators.headset import Headset
from neurofeedback.emulators.schedule import check_faults, describe_kinds, parse_fault

HELP = "type a fault such as 'stall for_s=5', 'mend' to end all, 'help' for all faults"


def obey(order: str, headset: Headset, at: float) -> str:
    """Do what a line says at this time (s), and return what to tell the person.

    Raises
    ------
    SettingsError
        It is no order, or a fault this headset cannot have.
    """
    order = order.strip()
    if order in {"", "help"}:
        return "\n".join([*describe_kinds(), HELP]) if order else ""
    if order == "mend":
        headset.mend()
    else:
        fault = parse_fault(order)
        check_faults([fault], headset)
        headset.inflict(fault, at)
    return f"{max(0.0, headset.elapsed(at)):.1f} s: {order}"
