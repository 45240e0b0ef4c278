"""Start a bundle once in every way that matters, and tell its size and times. Exit 1 if something fails."""

from __future__ import annotations

import array
import os
import re
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

PERMITTED = {"BoardController", "DataHandler", "BrainFlowBluetooth", "GanglionLib", "MuseLib", "simpleble-c"}
PATIENCE_S = 300.0
WINDOW_S = 15.0
LARGEST_MB = 450
WITHOUT_LICENCE = {"pyserial"}  # its wheel holds no text of it (BSD-3-Clause, LICENCES.md)


def main(folder: Path) -> int:
    """Run all checks on the bundle in ``folder``; returns the exit code."""
    program = folder / ("neurofeedback.exe" if sys.platform == "win32" else "neurofeedback")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"size: {size / 1e6:.0f} MB, at most {LARGEST_MB} MB")
    if size / 1e6 > LARGEST_MB:
        return 1
    strangers = {path.stem.removeprefix("lib") for path in folder.rglob("brainflow/lib/*")} - PERMITTED
    if strangers:
        print(f"not to be passed on: {', '.join(sorted(strangers))}", file=sys.stderr)
        return 1
    unlicensed = without_licence(folder)
    if unlicensed:
        print(f"no licence, or not in LICENCES.md: {', '.join(unlicensed)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": home, "XDG_CONFIG_HOME": home}
        environment |= {"XDG_DATA_HOME": home, "XDG_CACHE_HOME": home, "XDG_STATE_HOME": home}
        recordings, sound = Path(home) / "recordings", Path(home) / "sound.wav"
        table = Path(home) / "table.csv"
        sit = ("train", "--device", "synthetic", "--minutes", "0.25", "--headless", "--recordings", recordings)
        good = [
            run(environment, "first start", program, "--help"),
            run(environment, "--help", program, "--help"),
            run(environment, "doctor", program, "doctor"),
            run(environment, "a sitting of 15 s on BrainFlow's synthetic board", program, *sit, "--audio", sound),
            found("its report", any(recordings.rglob("*_report.html"))),
            found("its sound", loudest(sound) > 0),
            *(
                run(
                    environment,
                    f"simulate {when}",
                    program,
                    "simulate",
                    recordings,
                    "--minutes",
                    "3",
                    "--condition",
                    when,
                )
                for when in ("pre", "post")
            ),
            *(
                run(environment, f"verify {session.name}", program, "verify", session)
                for session in sessions(recordings)
            ),
            *(
                run(
                    environment,
                    f"export as {to}",
                    program,
                    "export",
                    sessions(recordings)[-1],
                    "--to",
                    to,
                    "--out",
                    out,
                )
                for to, out in (("edf", Path(home) / "x.edf"), ("bids-zip", Path(home) / "x.zip"))
            ),
            run(
                environment, "import it", program, "import", Path(home) / "x.edf", "--recordings", Path(home) / "other"
            ),
            run(environment, "a batch", program, "study", "batch", recordings, "--out", table, "--jobs", "2"),
            found("its table", table.is_file()),
            run(environment, "compare", program, "compare", "pre", "post", "--recordings", recordings),
            stays_open(environment, program),
        ]
    return 0 if all(good) else 1


def without_licence(folder: Path) -> list[str]:
    """Return the packages of a bundle that have no licence text in it, or that LICENCES.md does not name."""
    listed = next(folder.rglob("LICENCES.md")).read_text(encoding="utf-8").lower().replace("_", "-")
    missing: list[str] = []
    for metadata in sorted(folder.rglob("*.dist-info")):
        name = metadata.name.split("-")[0].lower().replace("_", "-")
        texts = [path for path in metadata.rglob("*") if re.match("licen[cs]e|copying", path.name.lower())]
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", listed) or not (texts or name in WITHOUT_LICENCE):
            missing.append(name)
    return missing


def sessions(recordings: Path) -> list[Path]:
    """Return the folders of all sessions, oldest first."""
    return sorted(recordings.glob("sub-*/ses-*"))


def run(environment: dict[str, str], what: str, *command: str | Path) -> bool:
    """Run a command to its end."""
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    print(f"{what}: exit {done.returncode} after {time.monotonic() - began:.2f} s")
    if done.returncode or "Traceback" in done.stderr:
        print(done.stdout, done.stderr, file=sys.stderr)
    return done.returncode == 0 and "Traceback" not in done.stderr


def found(what: str, there: bool) -> bool:
    """Say whether something the sitting had to leave behind is there."""
    print(f"{what}: {'there' if there else 'missing'}")
    return there


def loudest(sound: Path) -> int:
    """Return the largest 16-bit sample of a WAV file; 0 without one."""
    if not sound.is_file():
        return 0
    with wave.open(str(sound)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    return max(map(abs, samples), default=0)


def stays_open(environment: dict[str, str], program: Path) -> bool:
    """Open the window without a screen; it must still be there after a while, and have complained of nothing."""
    process = subprocess.Popen([program], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        process.wait(WINDOW_S)
        still = False
    except subprocess.TimeoutExpired:
        still = True
        process.terminate()
    complaint = process.communicate(timeout=PATIENCE_S)[1]
    print(f"window: {'open' if still else 'closed by itself'} after {WINDOW_S:.0f} s")
    if not still or "Traceback" in complaint:
        print(complaint, file=sys.stderr)
    return still and "Traceback" not in complaint


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
