"""A script that guesses the arms of masked sessions from a dataset without the run key, and leaks planted to test it.

    python -m benchmarks.masked_arms [--studies 20] [--people 24] [--draws 999] [--seed 1]

Each study is a crossover with yoked sham: everybody is enrolled and records one short masked session, simulated, by
somebody who does not respond to the sound. The script has all files of the dataset and the cache of its history: their
names, sizes, times, words, counts and numbers, those in lists, too. It has the arms of all people but the one it
guesses, which is more than a stranger has.

Guesses that leave one person out are not independent of each other: by chance the number of right ones scatters about
twice as much as the binomial distribution says, whose one-sided 5 % bound is 258 of 480. The number is therefore
compared with what the same script gets right when the arms of each study are drawn again as the allocation draws them.
With a planted leak it must be right for most.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from neurofeedback.analysis.history import cache_path, past_sessions
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.study.allocation import draw_blocks

Floats = NDArray[np.float64]
Leak = Callable[[SessionFiles], None]
BLOCK_SIZES = (2, 4, 6)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
_HASHES = re.compile(r"[0-9a-f]{32,}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_TEXTS = {".json", ".jsonl", ".tsv", ".toml", ".vhdr", ".vmrk", ".log", ".txt", ".html"}
_LONGEST_LIST = 64


def session_features(files: SessionFiles) -> dict[str, float]:
    """Return what a script can count about a session: names, sizes, times, lines, words and numbers, by name.

    Its own files, the person's tables and records, and the lines of all other files that name the person.
    """
    found: dict[str, float] = {}
    own = [path for folder in (files.raw, files.derived) for path in _files_below(folder)]
    begun = min((path.stat().st_mtime for path in own), default=0.0)
    for path in own:
        name = _neutral(path.name, files)
        state, data = path.stat(), path.read_bytes()
        found |= {f"{name} exists": 1.0, f"{name} size": len(data), f"{name} blocks": getattr(state, "st_blocks", 0)}
        found[f"{name} written after s"] = round(state.st_mtime - begun, 3)
        if path.suffix in _TEXTS:
            found |= _text_features(name, _neutral(data.decode("utf-8", errors="replace"), files))
    for path in _files_below(files.root):
        if path.suffix in _TEXTS and not any(part.startswith("ses-") for part in path.parts):
            name = _neutral(path.relative_to(files.root).as_posix(), files)
            found |= _text_features(name, _neutral(_lines_about(path, files), files))
    return found


def cache_features(root: Path) -> dict[str, dict[str, float]]:
    """Return the numbers that the cache of the history has of each session, by stem."""
    past_sessions(root)
    found: dict[str, dict[str, float]] = {}
    with closing(sqlite3.connect(cache_path(root))) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names of its own tables
                for k, cell in enumerate(row):
                    named = found.setdefault(str(row[0]), {})
                    named |= _text_features(f"cache {table} {k}", str(cell))
                    if str(cell).startswith("{"):
                        named |= {f"cache {table} {key}": value for key, value in _numbers(json.loads(cell), "")}
    return found


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _neutral(text: str, files: SessionFiles) -> str:
    """Return a text without what only says who it is about, and when."""
    for known in (files.stem, files.session_prefix, files.participant, files.session_label):
        text = text.replace(known, "")
    return text


def _lines_about(path: Path, files: SessionFiles) -> str:
    label = files.participant.removeprefix("sub-")
    named = re.compile(rf"{files.session_label}|{files.participant}\b|\b{label}\b")
    if files.participant in path.name:
        return path.read_text(encoding="utf-8", errors="replace")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "".join(f"{line}\n" for line in lines if named.search(line))


def _text_features(name: str, text: str) -> dict[str, float]:
    found = {f"{name} lines": float(text.count("\n")), f"{name} length": float(len(text))}
    found |= {f"{name} {word}": float(n) for word, n in Counter(_WORD.findall(_HASHES.sub("", text))).items()}
    if name.endswith(".json"):
        with suppress(ValueError):  # single lines of a file about several people
            found |= {f"{name} {key}": value for key, value in _numbers(json.loads(text), "")}
    if name.endswith(".tsv"):
        found |= {f"{name} {key}": value for key, value in _columns(text)}
    return found


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a document by their place, also those in lists, and the length of each list."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _numbers(one, f"{name}/{key}")
    elif isinstance(value, list):
        yield f"{name}/length", float(len(value))
        for k, one in enumerate(value[:_LONGEST_LIST]):
            yield from _numbers(one, f"{name}/{k}")
    elif isinstance(value, int | float) and np.isfinite(value):
        yield name, float(value)


def _columns(text: str) -> Iterator[tuple[str, float]]:
    rows = [line.split("\t") for line in text.splitlines()]
    for column in zip(*rows, strict=False) if rows else ():
        numbers = [float(cell) for cell in column[1:] if _NUMBER.fullmatch(cell)]
        yield f"{column[0]} different", float(len(set(column[1:])))
        if numbers:
            yield f"{column[0]} n", float(len(numbers))
            yield f"{column[0]} mean", float(np.mean(numbers))
            yield f"{column[0]} SD", float(np.std(numbers))


def feature_table(people: Sequence[Mapping[str, float]]) -> Floats:
    """Return the features that differ between people, standardised, shape ``(n_people, n_features)``."""
    names = sorted(set().union(*people))
    table = np.array([[person.get(name, 0.0) for name in names] for person in people])
    table = table[:, np.ptp(table, axis=0) > 0]
    return (table - table.mean(axis=0)) / table.std(axis=0)


def guess_arms(table: Floats, arms: Sequence[bool]) -> NDArray[np.bool_]:
    """Guess each arm by the feature that divides the other people best, at the middle of their means."""
    truth = np.array(arms, dtype=bool)
    if not table.shape[1]:
        return np.zeros(len(truth), dtype=bool)
    (mean, variance), (other_mean, other_variance) = (_left_out(table, group) for group in (truth, ~truth))
    difference = mean - other_mean
    best = np.argmax(np.abs(difference) / (np.sqrt(variance + other_variance) + 1e-6), axis=1)
    rows = np.arange(len(truth))
    middle = (mean + other_mean)[rows, best] / 2
    return (table[rows, best] > middle) == (difference[rows, best] > 0)


def _left_out(table: Floats, group: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return mean and variance of a group for each row, without that row."""
    weights = group[:, None].astype(np.float64)
    n = np.maximum(group.sum() - weights, 1.0)
    mean = ((table * weights).sum(axis=0) - table * weights) / n
    square = ((table**2 * weights).sum(axis=0) - table**2 * weights) / n
    return mean, np.maximum(square - mean**2, 0.0)


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


def leak_list(files: SessionFiles) -> None:
    """Let a list of numbers of the sham arm hold the donor's number."""
    path = files.derived_file("summary.json")
    summary = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(summary | {"series": [1, 0, 4, 3]}), encoding="utf-8")


def leak_log(files: SessionFiles) -> None:
    """Let a log of the dataset have a line for the sham arm."""
    log = files.root / "derivatives" / "neurofeedback" / "log" / "session.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{files.participant} series loaded\n")


def leak_name(files: SessionFiles) -> None:
    """Let the sham arm leave an empty file."""
    files.derived_file("donor.lock").touch()


def leak_time(files: SessionFiles) -> None:
    """Let a file of the sham arm be written two seconds later."""
    path = files.derived_file("settings.toml")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 2.0))


LEAKS: Mapping[str, Leak] = {
    "size": leak_size,
    "donor": leak_donor,
    "gaps": leak_gaps,
    "latency": leak_latency,
    "list": leak_list,
    "log": leak_log,
    "name": leak_name,
    "time": leak_time,
}


def study_table(sessions: Sequence[SessionFiles]) -> Floats:
    """Return the features of the sessions of a dataset, with those of its cache."""
    cached = cache_features(sessions[0].root)
    return feature_table([session_features(files) | cached.get(files.stem, {}) for files in sessions])


def plant(leak: Leak, sessions: Sequence[SessionFiles], arms: Sequence[bool]) -> None:
    """Put a leak into the sessions of the sham arm."""
    for files, is_sham in zip(sessions, arms, strict=True):
        if is_sham:
            leak(files)


def n_right(table: Floats, arms: Sequence[bool]) -> int:
    """Return for how many sessions the script is right."""
    return int(np.sum(guess_arms(table, arms) == np.array(arms)))


def chance_counts(table: Floats, n_draws: int, seed: int) -> NDArray[np.int_]:
    """Return for how many sessions the script is right when the arms are drawn again, for each draw."""
    random = Random(seed)  # noqa: S311 - no secret
    draws = (draw_blocks([True, False], BLOCK_SIZES, len(table), random) for _ in range(n_draws))
    return np.array([n_right(table, drawn[: len(table)]) for drawn in draws])


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """Number of right guesses against the same script with arms drawn again, all studies together.

    ``limit`` is the largest number that chance exceeds in at most 5 % of the draws, ``p`` how often chance reaches the
    number that was found, and ``binomial_limit`` the same limit if guesses were independent.
    """

    n: int
    right: int
    mean: float
    sd: float
    limit: int
    p: float
    binomial_limit: int


def chance_test(n: int, right: int, chance: NDArray[np.int_]) -> ChanceTest:
    """Compare the number of right guesses with those by chance, one for each draw."""
    p = (1 + np.sum(chance >= right)) / (1 + len(chance))
    limit = int(np.quantile(chance, 0.95, method="inverted_cdf"))
    return ChanceTest(
        n, right, float(chance.mean()), float(chance.std()), limit, float(p), int(binom.ppf(0.95, n, 0.5))
    )


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
    parser.add_argument("--draws", type=int, default=999)
    parser.add_argument("--leaky", type=int, default=20, help="studies in which the leaks are planted, too")
    parser.add_argument("--seed", type=int, default=1, help="of the first study's signals; the next has the next")
    chosen = parser.parse_args()
    from neurofeedback.study import sealing

    right: Counter[str] = Counter()
    chance = np.zeros(chosen.draws, dtype=np.int_)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sealing.user_folder = lambda: folder / "user"
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        for study in range(chosen.studies):
            root = folder / f"{study}" / "data"
            arms = record_study(root, folder / f"{study}" / "keeper", chosen.people, chosen.seed + study)
            planted = LEAKS if study < chosen.leaky else {}
            for leak, change in {"none": None, **planted}.items():
                copy = folder / f"{study}" / leak
                shutil.copytree(root, copy)
                sessions = [SessionFiles.from_stem(copy, stem) for stem in find_session_stems(copy)]
                if change is not None:
                    plant(change, sessions, arms)
                table = study_table(sessions)
                right[leak] += n_right(table, arms)
                if change is None:
                    chance += chance_counts(table, chosen.draws, study)
                shutil.rmtree(copy)
            shutil.rmtree(root)
            _print_result((study + 1) * chosen.people, right, chance)


def _print_result(n: int, right: Mapping[str, int], chance: NDArray[np.int_]) -> None:
    found = chance_test(n, right["none"], chance)
    print(f"no leak: right for {found.right} of {n}; p = {found.p:.3f}", end="; ")
    print(f"by chance mean {found.mean:.1f}, SD {found.sd:.1f}, at most {found.limit} in 95 %", end=" ")
    print(f"({found.binomial_limit} if guesses were independent)")
    print("leaks, in the studies with them: " + ", ".join(f"{leak} {right[leak]}" for leak in LEAKS), flush=True)


if __name__ == "__main__":
    main()
