"""Results on disk: one JSON document in which each target is updated on its own."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.acceptance.figures import Figure, Target, verdict_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one target."""

    target: Target
    verdict: str
    figures: tuple[Figure, ...]
    seconds: float


def outcome_of(target: Target, figures: list[Figure], seconds: float) -> Outcome:
    """Return a target's figures with their common verdict."""
    return Outcome(target, str(verdict_of(figures)), tuple(figures), seconds)


@lru_cache
def commit() -> str:
    """Return the commit at the start of this process, marked if the program has uncommitted changes."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "neurofeedback", "configs", "benchmarks")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}, with changes" if changed else head


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> str:
    """Return processor, cores and Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def document(outcome: Outcome, *, fast: bool) -> dict[str, Any]:
    """Return one outcome as plain values."""
    target = outcome.target
    return {
        "what": target.what,
        "verdict": outcome.verdict,
        "why": target.why,
        "population": target.population,
        "fast": fast,
        "seconds": round(outcome.seconds, 1),
        "commit": commit(),
        "figures": [_plain(figure) for figure in outcome.figures],
    }


def _plain(figure: Figure) -> dict[str, Any]:
    plain = asdict(figure) | {"goal": "" if figure.goal is None else str(figure.goal), "verdict": str(figure.verdict)}
    return {key: _number(value) for key, value in plain.items()}


def _number(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def load(path: Path) -> dict[str, Any]:
    """Return earlier results, or an empty document."""
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"machine": machine(), "targets": {}}


def save(path: Path, results: Mapping[str, Any]) -> None:
    """Write results."""
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
