"""Numbers, sounds and pictures are those of version 0.1.0, to the last digit that counts.

Where a signal test fails, the simulator has changed; where only a log differs, the engine has.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import frame_logs
import scenarios

HERE = Path(__file__).resolve().parent
SIGNALS = json.loads((HERE / "signals.json").read_text(encoding="utf-8"))
SOUNDS = np.load(HERE / "sounds.npz", allow_pickle=False)
PICTURES = np.load(HERE / "pictures.npz", allow_pickle=False)


def stored_log(name: str) -> str:
    return gzip.decompress((HERE / f"{name.replace(' ', '-')}.tsv.gz").read_bytes()).decode()


@pytest.mark.parametrize("name", scenarios.SITTINGS)
def test_the_simulator_makes_the_same_signal(name: str) -> None:
    now = scenarios.signal_summary(scenarios.sitting(name).signal)
    assert list(now) == list(SIGNALS[name])
    for what, values in SIGNALS[name].items():
        assert now[what] == pytest.approx(values, rel=1e-6, abs=1e-6), what


@pytest.mark.parametrize("name", scenarios.SITTINGS)
def test_the_engine_makes_the_same_frames(name: str) -> None:
    assert frame_logs.differences(stored_log(name), scenarios.sitting(name).log) == []


def test_the_stored_sittings_show_what_they_are_for() -> None:
    logs = {name: frame_logs.table_of(stored_log(name)) for name in scenarios.SITTINGS}
    assert set(logs["muse"]["phase"]) == {"settle", "baseline", "practice", "transfer", "debrief"}
    assert {"FOCUS", "WANDER"} <= {state for log in logs.values() for state in log["state"]}
    assert {"UNKNOWN", "LOST"} <= set(logs["gaps"]["state"])
    assert "pause" in logs["pause"]["phase"]
    assert "rest" in logs["rest and controls"]["phase"]
    assert "1" in logs["own baseline"]["bell"]
    assert logs["decoder"]["index_u"] != logs["muse"]["index_u"]
    numbers = {name: [cell != "n/a" for cell in log["index_u"]] for name, log in logs.items()}
    assert all(any(there) for there in numbers.values())
    assert not any(numbers["late baseline"][:40])


@pytest.mark.parametrize("name", sorted({key.rpartition("/")[0] for key in SOUNDS.files}))
def test_a_second_of_each_sound_is_the_same(name: str) -> None:
    now = scenarios.sound_summary(scenarios.sounds()[name])
    for part, values in now.items():
        stored = SOUNDS[f"{name}/{part}"]
        assert np.abs(stored).max() > 1e-4
        np.testing.assert_allclose(values, stored, rtol=1e-5, atol=1e-6 * np.abs(stored).max(), err_msg=part)


def test_there_is_no_sound_that_is_not_compared() -> None:
    assert {key.rpartition("/")[0] for key in SOUNDS.files} == set(scenarios.sounds())


@pytest.mark.parametrize("name", PICTURES.files)
def test_each_picture_is_the_same(name: str) -> None:
    now, stored = scenarios.pictures()[name].astype(int), PICTURES[name].astype(int)
    assert now.shape == stored.shape
    assert np.abs(now - stored).max() <= 1  # a rounding either way
    assert (now != stored).mean() < 1e-3


def test_a_difference_is_found_and_named() -> None:
    log = "onset\tstate\tindex_u\n1\tFOCUS\tn/a\n2\tFOCUS\t0.5\n"
    assert frame_logs.differences(log, log.replace("0.5", "0.50000001")) == []
    assert frame_logs.differences(log, log.replace("0.5", "0.50001")) == ["index_u, row 2: 0.5 stored, 0.50001 now"]
    assert frame_logs.differences(log, log.replace("n/a", "0")) == ["index_u, row 1: n/a stored, 0 now"]
    assert frame_logs.differences(log, log.replace("2\tFOCUS", "2\tWANDER")) == [
        "state, row 2: FOCUS stored, WANDER now"
    ]
    assert frame_logs.differences(log, log.replace("index_u", "index")) == ["columns: ['index', 'index_u']"]
