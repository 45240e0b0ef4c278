"""Devices: every name that can be typed, what it delivers and what it needs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app


def devices(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["devices", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    "name",
    ["synthetic", "simulated[:SEED]", "muse-2", "ganglion", "cyton:PORT", "cyton-daisy:PORT", "playback:FILE"],
)
def test_every_device_is_listed(name: str) -> None:
    assert name in [line.split()[0] for line in devices().splitlines()]


def test_the_common_headsets_come_first_and_the_other_boards_when_asked_for() -> None:
    short, whole = devices(), devices("--all")
    assert short.startswith("muse-2 ")
    assert "brainflow:" not in short
    assert "listed by `neurofeedback devices --all`" in short
    assert "\nbrainflow:crown[:serial_number=NUMBER] 8 channels, 256 Hz\n" in whole
    assert whole.startswith(short[: short.rindex("\n", 0, -1) + 1])
    assert any(row["name"].startswith("brainflow:crown") for row in json.loads(devices("--json")))


def test_json_has_channels_and_rate() -> None:
    rows = {row["name"]: row for row in json.loads(devices("--json"))}
    muse, played = rows["muse-2"], rows["playback:FILE"]
    assert (muse["n_channels"], muse["sfreq"], muse["ch_names"][0]) == (4, 256.0, "TP9")
    assert (played["n_channels"], played["sfreq"]) == (None, None)
    assert all(row["needs"] for row in rows.values())
