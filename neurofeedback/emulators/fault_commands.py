"""Faults on demand: one order a line, to a headset that is running."""

from __future__ import annotations

from neurofeedback.emulators.fault_parsing import check_faults, describe_fault_kinds, parse_fault
from neurofeedback.emulators.headset import Headset

HELP = "type a fault such as 'stall for_s=5', 'mend' to end all, 'help' for all faults"


def run_command(command: str, headset: Headset, at: float) -> str:
    """Do what a line says at this time (s), and return what to tell the person.

    Raises
    ------
    SettingsError
        It is no order, or a fault this headset cannot have.
    """
    command = command.strip()
    if command in {"", "help"}:
        return "\n".join([*describe_fault_kinds(), HELP]) if command else ""
    if command == "mend":
        headset.clear_faults()
    else:
        fault = parse_fault(command)
        check_faults([fault], headset)
        headset.add_fault(fault, at)
    return f"{max(0.0, headset.elapsed(at)):.1f} s: {command}"
