"""A script that guesses the arms of masked sessions from a dataset without the run key, and leaks planted to test it.

    python -m benchmarks.masked_arms [--studies 20] [--people 24]

Each study is a crossover with yoked sham: everybody is enrolled and records one short masked session, simulated, by
somebody who does not respond to the sound. The script has the files of all sessions, their sizes, words, counts and
numbers, and the arms of all people but the one it guesses, which is more than a stranger has. By chance it is right for
half of the people; 258 of 480 is the one-sided 5 % bound of that. With a planted leak it must be right for most.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
_HASHES = re.compile(r"[0-9a-f]{32,}")
Leak = Callable[[SessionFiles], None]


def session_features(files: SessionFiles) -> dict[str, float]:
    """Return what a script can count in the files of a session: sizes, lines, words and numbers, by name."""
    found: dict[str, float] = {}
    for folder in (files.raw, files.derived):
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = path.name.replace(files.stem, "").replace(files.session_prefix, "")
            data = path.read_bytes()
            found[f"{name} size"] = len(data)
            if path.suffix not in {".json", ".tsv", ".toml", ".vhdr", ".vmrk"}:
                continue
            text = data.decode("utf-8", errors="replace")
            text = text.replace(files.stem, "").replace(files.session_prefix, "").replace(files.participant, "")
            found[f"{name} lines"] = text.count("\n")
            for word, count in Counter(_WORD.findall(_HASHES.sub("", text))).items():
                found[f"{name} {word}"] = count
            if path.suffix == ".json":
                found |= {f"{name} {key}": value for key, value in _numbers(json.loads(text), "")}
            if path.suffix == ".tsv":
                found |= {f"{name} {key}": value for key, value in _column_means(text)}
    return found


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _numbers(one, f"{name}/{key}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value)


def _column_means(text: str) -> Iterator[tuple[str, float]]:
    rows = [line.split("\t") for line in text.splitlines()]
    for column in zip(*rows, strict=False) if rows else ():
        numbers = [float(cell) for cell in column[1:] if re.fullmatch(r"-?\d+(\.\d+)?", cell)]
        if numbers:
            yield f"mean {column[0]}", float(np.mean(numbers))


def guess_arms(people: Sequence[Mapping[str, float]], arms: Sequence[bool]) -> list[bool]:
    """Guess each arm by the feature that divides the other people best, at the middle of their means."""
    names = sorted(set().union(*people))
    table = np.array([[person.get(name, 0.0) for name in names] for person in people])
    truth = np.array(arms, dtype=bool)
    return [_guess_one(table, truth, row) for row in range(len(people))]


def _guess_one(table: NDArray[np.float64], truth: NDArray[np.bool_], row: int) -> bool:
    others = np.arange(len(truth)) != row
    one, two = table[others & truth], table[others & ~truth]
    difference = one.mean(axis=0) - two.mean(axis=0)
    spread = np.sqrt(one.var(axis=0) + two.var(axis=0)) + 1e-9 * np.abs(table).max(axis=0) + 1e-300
    best = int(np.argmax(np.abs(difference) / spread))
    middle = (one[:, best].mean() + two[:, best].mean()) / 2
    return bool((table[row, best] > middle) == (difference[best] > 0))


def leak_size(files: SessionFiles) -> None:
    """Let the sealed file of the sham arm be one chunk longer."""
    with files.sealed_feedback.open("ab") as file:
        file.write(bytes(64))


def leak_donor(files: SessionFiles) -> None:
    """Let the settings name a donor."""
    path = files.derived_file("settings.toml")
    path.write_text(path.read_text(encoding="utf-8") + "# donor D3\n", encoding="utf-8")


def leak_gaps(files: SessionFiles) -> None:
    """Let the donor's gaps stand among the wearer's."""
    path = files.eeg_file("events.tsv")
    last = path.read_text(encoding="utf-8").splitlines()[-1].split("\t")
    last[3] = "gap"
    path.write_text(path.read_text(encoding="utf-8") + "\t".join(last) + "\n", encoding="utf-8")


def leak_latency(files: SessionFiles) -> None:
    """Let the sham arm take 3 ms longer."""
    path = files.derived_file("summary.json")
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary["latency_ms"] = {name: value + 3.0 for name, value in summary["latency_ms"].items()}
    path.write_text(json.dumps(summary), encoding="utf-8")


LEAKS: Mapping[str, Leak] = {"size": leak_size, "donor": leak_donor, "gaps": leak_gaps, "latency": leak_latency}


def n_right(sessions: Sequence[SessionFiles], arms: Sequence[bool], leak: Leak | None = None) -> int:
    """Return for how many sessions the script is right; ``leak`` is first put into those of the sham arm."""
    for files, is_sham in zip(sessions, arms, strict=True):
        if leak is not None and is_sham:
            leak(files)
    guesses = guess_arms([session_features(files) for files in sessions], arms)
    return sum(guess is arm for guess, arm in zip(guesses, arms, strict=True))


def record_study(root: Path, keeper: Path, n_people: int, seed: int) -> list[bool]:
    """Record a study of one masked session each, and return who has sham, by participant."""
    from datetime import datetime

    from neurofeedback.session.config import SessionConfig
    from neurofeedback.session.session import Session
    from neurofeedback.study.allocation import allocate, install_allocation
    from neurofeedback.study.donors import DonorPool
    from neurofeedback.study.enrolment import EnrolmentRequest, arm_record, enrol
    from neurofeedback.study.masked.visit import find_due_visit, open_visit
    from neurofeedback.study.protocol import new_protocol, protocol_path, study_folder
    from neurofeedback.study.protocol_lock import freeze_protocol

    root.mkdir(parents=True)
    new_protocol(root, "crossover")
    text = protocol_path(root).read_text(encoding="utf-8")
    for old, new in (
        ('kind = "surrogate"', 'kind = "yoked"\ndonors = "donors.json"\nmin_donors = 4'),
        ("last = 999", "last = 99"),
    ):
        text = text.replace(old, new)
    protocol_path(root).write_text(text, encoding="utf-8")
    short = 'name = "study-20-minutes"\ntitle = "Short"\nminutes = 0.6\n\n[[segments]]\n'
    (study_folder(root) / "study-20-minutes.toml").write_text(short, encoding="utf-8")
    rng = np.random.default_rng(seed)
    donors = tuple(
        {"participant": f"D{k}", "session": "1", "u": tuple(np.cumsum(rng.normal(0, 0.3, 400)).round(6).tolist())}
        for k in range(4)
    )
    pool = DonorPool.model_validate({"hop_s": 0.25, "min_s": 1.0, "donors": donors})
    (study_folder(root) / "donors.json").write_text(pool.model_dump_json(), encoding="utf-8")
    freeze_protocol(root, "benchmark")
    allocate(root, "A", keeper, by="keeper")
    install_allocation(root, keeper, by="benchmark")
    arms: list[bool] = []
    start = datetime(2026, 11, 2, 10, 0, 0).astimezone()
    for number in range(1, n_people + 1):
        participant = f"{number:02d}"
        enrol(root, EnrolmentRequest(participant, {}, "v1", "benchmark"))
        due = find_due_visit(root, participant, "a1", start.date(), "benchmark")
        config = SessionConfig(
            f"simulated:{1000 * seed + number}", root, participant, profile=due.visit.profile, programme=due.programme,
            audio="none", seed=number, fast=True, start_time=start, study=open_visit(root, due),
        )  # fmt: skip
        session = Session(config)
        session.start()
        session.join()
        arms.append(arm_record(root, participant).arm == "sham-first")
    return arms


def main() -> None:
    """Print for how many people the script is right, without a leak and with each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--people", type=int, default=24)
    chosen = parser.parse_args()
    from neurofeedback.study import sealing

    right: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sealing.user_folder = lambda: folder / "user"
        for study in range(chosen.studies):
            root = folder / f"{study}" / "data"
            arms = record_study(root, folder / f"{study}" / "keeper", chosen.people, study + 1)
            for leak, plant in {"none": None, **LEAKS}.items():
                copy = folder / f"{study}" / leak
                shutil.copytree(root, copy)
                sessions = [SessionFiles.from_stem(copy, stem) for stem in find_session_stems(copy)]
                right[leak] += n_right(sessions, arms, plant)
                shutil.rmtree(copy)
    n = chosen.studies * chosen.people
    for leak, count in right.items():
        print(f"leak {leak}: right for {count} of {n}")


if __name__ == "__main__":
    main()
