"""Import of files with a million marks in each format that holds marks: processor time and peak memory.

The bar is 20 s for an import.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SFREQ, SECONDS = 250, 3600
BAR_S = 20.0


def write_brainvision(folder: Path, n_marks: int) -> Path:
    """Write a BrainVision file with stimuli at any sample."""
    header = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=a.eeg\nMarkerFile=a.vmrk\n"
        "DataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=2\nSamplingInterval=4000\n"
        "[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\nCh1=Cz,,1,µV\nCh2=Pz,,1,µV\n"
    )
    (folder / "a.vhdr").write_text(header, encoding="utf-8")
    _noise(2).T.astype("<f4").tofile(folder / "a.eeg")
    with (folder / "a.vmrk").open("w", encoding="utf-8") as file:
        file.write(
            "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nDataFile=a.eeg\n[Marker Infos]\n"
        )
        file.writelines(f"Mk{i + 1}=Stimulus,S{i % 9},{at + 1},1,0\n" for i, at in enumerate(_places(n_marks)))
    return folder / "a.vhdr"


def write_muse_lsl(folder: Path, n_marks: int) -> Path:
    """Write a table of muse-lsl with a column of marker codes that changes with each row."""
    n_rows = max(n_marks, SFREQ * SECONDS)
    with (folder / "a.csv").open("w", encoding="utf-8") as file:
        file.write("timestamps,TP9,AF7,AF8,TP10,Marker0\n")
        rows = enumerate(np.round(20 * np.random.default_rng(1).standard_normal((n_rows, 4)), 2).tolist())
        file.writelines(f"{1.6e9 + i / 256:.4f},{a},{b},{c},{d},{1 + i % 2}\n" for i, (a, b, c, d) in rows)
    return folder / "a.csv"


def write_edf(folder: Path, n_marks: int) -> Path:
    """Write an EDF+ file with annotations."""
    import edfio

    signals = [edfio.EdfSignal(row, SFREQ, label=f"EEG {name}", physical_dimension="uV")
               for name, row in zip(("Cz", "Pz"), _noise(2), strict=True)]  # fmt: skip
    marks = [edfio.EdfAnnotation(at / SFREQ, None, f"S{i % 9}") for i, at in enumerate(_places(n_marks))]
    edfio.Edf(signals, annotations=marks).write(folder / "a.edf")
    return folder / "a.edf"


WRITERS: dict[str, Callable[[Path, int], Path]] = {
    "BrainVision": write_brainvision,
    "muse-lsl CSV": write_muse_lsl,
    "EDF+": write_edf,
}


def _noise(n_channels: int) -> np.ndarray:
    return 20 * np.random.default_rng(1).standard_normal((n_channels, SFREQ * SECONDS))


def _places(n_marks: int) -> list[int]:
    return np.sort(np.random.default_rng(2).integers(0, SFREQ * SECONDS, n_marks)).tolist()


def main(arguments: list[str]) -> int:
    """Import one file of each format; print the cost of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--marks", type=int, default=1_000_000)
    parser.add_argument("--format", choices=sorted(WRITERS), action="append")
    options = parser.parse_args(arguments)
    from neurofeedback.verification.verified_import import import_verified

    n_wrong = 0
    for name in options.format or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            path = WRITERS[name](Path(folder), options.marks)
            start, before = time.monotonic(), _cpu_s()
            report = import_verified(path, Path(folder) / "rec", participant="01").report
            wall_s, cpu_s = time.monotonic() - start, _cpu_s() - before
        peak_mb = max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024
        n_read = report.marks.n_read if report else 0
        n_wrong += cpu_s > BAR_S or n_read < options.marks
        print(f"{name}: {n_read:,} marks, {cpu_s:.1f} s of processor time, {wall_s:.1f} s, peak {peak_mb:.0f} MB")
    return int(n_wrong > 0)


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _cpu_s() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, _WHO))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
