"""Peak memory of finalising, verifying and reporting a session of many hours (the bar is 300 MB for 12 h).

A short simulated sitting is recorded and its files are repeated until they are as long as asked, so that the frame log
does not fit the replay: costs are those of a true session, verdicts are not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BAR_MB = 300
_READS_PER_S = 20
_PEAK = "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
_STEPS = {
    "finalise": "from neurofeedback.recording.recovery import recover_sessions; recover_sessions(root)",
    "verify": "from neurofeedback.verification.verify import verify; verify(session)",
    "report": "from neurofeedback.report.session_page import write_report; write_report(session)",
}


def record(root: Path) -> Path:
    """Record a sitting of a minute; return its raw folder."""
    options = ["--headless", "--fast", "--device", "simulated:3", "--minutes", "1", "--audio", "none", "--seed", "3"]
    command = [sys.executable, "-m", "neurofeedback", "train", *options, "--recordings", str(root)]
    subprocess.run(command, check=True, capture_output=True)
    (raw,) = (folder for folder in root.glob("sub-*/ses-*"))
    return raw


def lengthen(root: Path, hours: float) -> None:
    """Repeat samples, reads and frames of the only session, and take its summary away as a kill would."""
    (samples,) = root.glob("sub-*/ses-*/eeg/*_eeg.eeg")
    (frames,) = root.glob("derivatives/*/sub-*/ses-*/*_desc-frames*.tsv")
    (timing,) = root.glob("derivatives/*/sub-*/ses-*/*_timing.tsv")
    (summary,) = root.glob("derivatives/*/sub-*/ses-*/*_summary.json")
    data = samples.read_bytes()
    header, *rows = frames.read_text(encoding="utf-8").splitlines(keepends=True)
    n_samples = len(data) // 16
    n_copies = max(1, round(hours * 3600 / (n_samples / 256)))
    with samples.open("wb") as file:
        for _ in range(n_copies):
            file.write(data)
    at = [header.split("\t").index(name) for name in ("sample", "onset", "phase")]
    with frames.open("w", encoding="utf-8") as file:
        file.write(header)
        for i in range(n_copies * len(rows)):
            cells = rows[i % len(rows)].split("\t")
            cells[at[0]], cells[at[1]] = str(64 * (i + 1)), f"{(i + 1) / 4:.6f}"
            cells[at[2]] = cells[at[2]] if i < len(rows) else "practice"
            file.write("\t".join(cells))
    step = 256 // _READS_PER_S
    with timing.open("w", encoding="utf-8") as file:
        file.write("kind\tstart\tn_samples\tdevice_time\thost_time\tchannels\tcause\n")
        file.writelines(
            f"read\t{start}\t{min(step, n_copies * n_samples - start)}\tn/a\t{(start + step) / 256!r}\tn/a\tn/a\n"
            for start in range(0, n_copies * n_samples, step)
        )
    summary.unlink()


def main(arguments: list[str]) -> int:
    """Print peak memory and time of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--step", choices=sorted(_STEPS), action="append")
    options = parser.parse_args(arguments)
    n_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        session = record(root)
        lengthen(root, options.hours)
        for name in options.step or _STEPS:
            code = (
                f"from pathlib import Path; root, session = Path({str(root)!r}), Path({str(session)!r}); {_STEPS[name]}"
            )
            start = time.monotonic()
            done = subprocess.run([sys.executable, "-c", code + _PEAK], check=True, capture_output=True, text=True)
            peak_mb = int(done.stdout.split()[-1])
            n_wrong += peak_mb > BAR_MB
            print(f"{name} of {options.hours:g} h: peak {peak_mb} MB, {time.monotonic() - start:.0f} s", flush=True)
    return int(n_wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
