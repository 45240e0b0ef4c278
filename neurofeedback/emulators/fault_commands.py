"""Commands that add or end faults of a running headset, one per line."""

from __future__ import annotations

from neurofeedback.emulators.fault_parsing import check_faults, describe_fault_kinds, parse_fault
from neurofeedback.emulators.headset import Headset
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical.emulator import HELP


def run_command(command: str, headset: Headset, at: float) -> str:
    """Execute a command at this time (s) and return the answer to print.

    Raises
    ------
    SettingsError
        It is no command, or a fault this headset cannot have.
    """
    command = command.strip()
    if command in {"", "help"}:
        return "\n".join([*describe_fault_kinds(), tr(HELP)]) if command else ""
    if command == "mend":
        headset.clear_faults()
    else:
        fault = parse_fault(command)
        check_faults([fault], headset)
        headset.add_fault(fault, at)
    return f"{max(0.0, headset.elapsed(at)):.1f} s: {command}"
