"""Which programs have a serial port open: Linux lets two read one port, and each gets half of the bytes."""

from __future__ import annotations

from pathlib import Path


def find_port_users(port: str, proc: Path = Path("/proc")) -> list[str]:
    """Name the programs that have a port open, as far as this user may know.

    Parameters
    ----------
    port : str
        Path of the port.
    proc : Path
        Linux's process folder; elsewhere there is none, and nothing is known.

    Returns
    -------
    list of str
        Such as ``python (pid 4711)``.
    """
    target = str(Path(port).resolve())
    return [_program_name(process) for process in sorted(proc.glob("[0-9]*")) if _has_open(process, target)]


def _has_open(process: Path, target: str) -> bool:
    try:
        return any(str(file.readlink()) == target for file in (process / "fd").iterdir())
    except OSError:  # another user's, or already gone
        return False


def _program_name(process: Path) -> str:
    try:
        name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = "a program"
    return f"{name} (pid {process.name})"
