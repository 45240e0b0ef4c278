"""Fuzz the readers for a given time; every new kind of crash is saved with its file."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.fuzz.check import imports_or_leaves_nothing, opens_or_refuses
from benchmarks.fuzz.mutate import damaged
from benchmarks.fuzz.seeds import Seed, seeds
from benchmarks.fuzz.silent import count_outcomes

_MOST_BYTES = 4_000_000_000
_MOST_SECONDS, _MOST_SECONDS_AGAIN = 30, 300  # a busy machine may have been slow
_IMPORT_EVERY = 20
_LARGEST_SEED = 1_000_000


class TooLongError(BaseException):
    """A reader took too long; not an Exception, so that no reader treats it as a damaged file."""


@contextmanager
def _limited(most_s: int) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooLongError

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(most_s)
    try:
        yield
    finally:
        signal.alarm(0)


def _extra_seeds(folder: Path | None) -> dict[str, Seed]:
    """Return small recordings of a folder as additional seeds."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
    small = (path for path in files if path.stat().st_size <= _LARGEST_SEED and path.suffix not in {".npy", ".md"})
    return {path.name: Seed({path.name: path.read_bytes()}) for path in small}


def _once(seed: Seed, other: Seed, rng: random.Random, *, importing: bool) -> Seed:
    """Damage one file of a seed (most often its main file) and read it."""
    names = list(seed.files)
    name = names[0] if rng.random() < 0.6 else rng.choice(names)
    donor = next(iter(other.files.values()))
    damaged_seed = Seed({**seed.files, name: damaged(seed.files[name], rng, donor)})
    try:
        _try(damaged_seed, importing=importing, most_s=_MOST_SECONDS)
    except CrashError as crash:
        if not crash.too_long:
            raise
        _try(damaged_seed, importing=importing, most_s=_MOST_SECONDS_AGAIN)
    return damaged_seed


class CrashError(Exception):
    """A reader raised an unexpected error, or took too long; ``place`` identifies its kind."""

    def __init__(self, place: str, text: str, seed: Seed, *, too_long: bool = False) -> None:
        super().__init__(text)
        self.place = place
        self.seed = seed
        self.too_long = too_long


def _try(damaged_seed: Seed, *, importing: bool, most_s: int) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, _limited(most_s):
            path = damaged_seed.write(Path(folder))
            if importing:
                imports_or_leaves_nothing(path, path.parent / "recordings")
            opens_or_refuses(path)
    except (Exception, TooLongError) as error:  # noqa: BLE001 - any crash counts
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        place = f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
        too_long = isinstance(error, TooLongError)
        raise CrashError(place, traceback.format_exc(), damaged_seed, too_long=too_long) from None


def _save(crash: CrashError, folder: Path) -> None:
    place = folder / hashlib.sha256(crash.place.encode()).hexdigest()[:12]
    if not place.exists():
        place.mkdir(parents=True)
        crash.seed.write(place)
        (place / "traceback.txt").write_text(f"{crash.place}\n{crash}")


def main(
    minutes: Annotated[float, typer.Option(help="Duration.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Random seed of the mutations.")] = 0,
    crashes: Annotated[Path, typer.Option(help="Folder for files that crash a reader.")] = Path("fuzz-crashes"),
    data: Annotated[Path | None, typer.Option(help="Folder whose small recordings are mutated, too.")] = None,
    truth: Annotated[int, typer.Option(help="Instead, read this many files with known truth.")] = 0,
) -> None:
    """Mutate valid recordings of every format and read them; exit 1 if a reader crashed.

    With --truth, compare generated files with what is known of them; exit 1 if one is read wrongly without a warning.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if truth:
        _count_silent_faults(seed, truth)
    sys.stderr = sys.stdout = open(os.devnull, "w") if not sys.stdout.isatty() else sys.stdout  # noqa: PTH123, SIM115
    with tempfile.TemporaryDirectory() as folder:
        known = seeds(Path(folder)) | _extra_seeds(data)
    found, counts = _fuzz(known, random.Random(seed), minutes * 60, crashes)  # noqa: S311 - no secret
    summary = {"executions": sum(counts.values()), "by_format": dict(counts), "crashes": dict(found)}
    crashes.mkdir(parents=True, exist_ok=True)
    (crashes / f"summary-{seed}.json").write_text(json.dumps(summary, indent=2))
    typer.echo(json.dumps(summary, indent=2), file=sys.__stdout__)
    raise typer.Exit(1 if found else 0)


def _count_silent_faults(first: int, n_files: int) -> None:
    counts, others = count_outcomes(first, n_files)
    listed = [{"file": number, "what": what, "errors": one.errors} for number, what, one in others]
    typer.echo(json.dumps({"files": n_files, "outcomes": dict(sorted(counts.items())), "not_true": listed}, indent=2))
    raise typer.Exit(1 if counts["silent"] else 0)


def _fuzz(
    known: dict[str, Seed], rng: random.Random, seconds: float, crashes: Path
) -> tuple[Counter[str], Counter[str]]:
    found: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        kind = rng.choice(sorted(known))
        counts[kind] += 1
        try:
            _once(known[kind], known[rng.choice(sorted(known))], rng, importing=rng.randrange(_IMPORT_EVERY) == 0)
        except CrashError as crash:
            found[crash.place] += 1
            _save(crash, crashes)
    return found, counts
