"""Find the programs that have a serial port open: on Linux two can, and each then reads only part of the bytes."""

from __future__ import annotations

from pathlib import Path


def find_port_users(port: str, proc: Path = Path("/proc")) -> list[str]:
    """Return the names of the programs that have a port open, as far as this user may see them.

    Parameters
    ----------
    port : str
        Path of the port.
    proc : Path
        Linux's process folder; on other systems it is missing and the result is empty.

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
    except OSError:  # another user's process, or one that has ended
        return False


def _program_name(process: Path) -> str:
    try:
        name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = "a program"
    return f"{name} (pid {process.name})"
