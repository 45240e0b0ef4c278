"""The script that guesses arms finds every planted leak, and nothing where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.masked_arms import (
    LEAKS,
    Leak,
    chance_counts,
    chance_test,
    feature_table,
    n_right,
    plant,
    session_features,
    study_table,
)
from neurofeedback.recording.bids_paths import SessionFiles

N = 24
ARMS = [bool(number % 2) for number in range(N)]


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SessionFiles]:
    """Sessions of people who differ in everything that does not depend on the arm."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(8)
    made: list[SessionFiles] = []
    for number in range(N):
        files = SessionFiles.from_stem(tmp_path / "data", f"sub-{number:02d}_ses-20261102T100000_task-meditation")
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
    table = study_table(sessions)
    assert table.shape[1] > 20
    found = chance_test(N, n_right(table, ARMS), chance_counts(table, 199, 1))
    assert found.p > 0.05
    assert found.right <= found.limit


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS.keys())
def test_planted_leak_is_found(sessions: list[SessionFiles], leak: Leak) -> None:
    plant(leak, sessions, ARMS)
    table = study_table(sessions)
    right = n_right(table, ARMS)
    assert right >= 22
    assert chance_test(N, right, chance_counts(table, 99, 1)).p <= 0.05


def test_guesses_that_leave_one_out_scatter_more_than_independent_ones() -> None:
    """Which is why the binomial bound is too narrow: noise alone exceeds it in more than 5 %."""
    rng = np.random.default_rng(3)
    counts = np.concatenate([chance_counts(rng.normal(size=(N, 200)), 100, seed) for seed in range(3)])
    assert counts.std() > 1.5 * np.sqrt(N / 4)
    assert np.mean(counts > chance_test(N, 12, counts).binomial_limit) > 0.05


def test_numbers_in_lists_and_lines_of_shared_files_are_features(sessions: list[SessionFiles]) -> None:
    files = sessions[3]
    files.derived_file("summary.json").write_text(json.dumps({"a": [1.5, {"b": [2]}]}), encoding="utf-8")
    (files.root / "code").mkdir()
    (files.root / "code" / "people.tsv").write_text(f"participant\tnumber\n{files.participant}\t5\n", encoding="utf-8")
    found = session_features(files)
    assert (found["_summary.json /a/0"], found["_summary.json /a/1/b/0"], found["_summary.json /a/length"]) == (
        1.5,
        2,
        2,
    )
    assert found["code/people.tsv lines"] == 1
    assert feature_table([found, session_features(sessions[4])]).shape[1] > 3
