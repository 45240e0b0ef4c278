"""The script that guesses arms finds every planted leak, and nothing where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.masked_arms import LEAKS, Leak, n_right
from neurofeedback.recording.bids_paths import SessionFiles

N = 24
ARMS = [bool(number % 2) for number in range(N)]


@pytest.fixture
def sessions(tmp_path: Path) -> list[SessionFiles]:
    """Sessions of people who differ in everything that does not depend on the arm."""
    rng = np.random.default_rng(8)
    made: list[SessionFiles] = []
    for number in range(N):
        files = SessionFiles.from_stem(tmp_path, f"sub-{number:02d}_ses-20261102T100000_task-meditation")
        files.eeg_file("").parent.mkdir(parents=True)
        files.derived.mkdir(parents=True)
        files.sealed_feedback.write_bytes(rng.bytes(5000))
        files.derived_file("settings.toml").write_text("[index]\nevidence = 'proxy'\n", encoding="utf-8")
        kinds = rng.choice(["probe", "press"], rng.integers(4, 9))
        rows = [f"{k}.0\t0\t{256 * k}\t{kind}\tn/a" for k, kind in enumerate(kinds)]
        files.eeg_file("events.tsv").write_text(
            "\n".join(["onset\tduration\tsample\ttrial_type\tvalue", *rows]) + "\n", encoding="utf-8"
        )
        latency = {"p50": 40 + rng.normal(0, 0.3), "p95": 60 + rng.normal(0, 0.5)}
        summary = {"n_samples": int(rng.integers(9000, 9900)), "latency_ms": latency, "reward_rate": rng.uniform()}
        files.derived_file("summary.json").write_text(json.dumps(summary), encoding="utf-8")
        made.append(files)
    return made


def test_nothing_is_found_where_there_is_no_leak(sessions: list[SessionFiles]) -> None:
    assert n_right(sessions, ARMS) <= 16


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS.keys())
def test_planted_leak_is_found(sessions: list[SessionFiles], leak: Leak) -> None:
    assert n_right(sessions, ARMS, leak) >= 22
