"""Emulate: the options reach the board, and what it cannot send is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.emulators import cyton, muse
from neurofeedback.errors import SettingsError
from neurofeedback.recording import reader
from neurofeedback.types import Chunk, Stream


def emulate(*arguments: str, headset: str = "cyton") -> str:
    done = CliRunner().invoke(app, ["emulate", headset, *arguments])
    if isinstance(done.exception, SettingsError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


class Recorded:
    """Half a second of a known signal."""

    def __init__(self, sfreq: float) -> None:
        self.stream = Stream("file", sfreq, ("Fz", "Pz"))

    def chunks(self, n_samples: int) -> list[Chunk]:
        return [Chunk(0, np.full((2, n_samples // 2), 10.0, np.float32))]


def test_a_board_that_is_unplugged_at_once_has_sent_nothing() -> None:
    out = emulate("--unplug-at-s", "0")
    assert "neurofeedback train --device cyton:/dev/" in out
    assert "sent 0 samples, 0 of them lost on purpose" in out


def test_options_reach_the_cyton(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def board(chunks: object, **options: object) -> cyton.Firmware:
        seen.update(options)
        return cyton.Firmware([])

    monkeypatch.setattr(cyton, "run_cyton", board)
    emulate("--loss", "0.01", "--stall-at-s", "2", "--answer", "wrong", "--daisy", "--seed", "7")
    assert (seen["daisy"], seen["seed"]) == (True, 7)
    faults = seen["faults"]
    assert isinstance(faults, cyton.Faults)
    assert (faults.loss, faults.stall_at_s, faults.answer) == (0.01, 2.0, "wrong")


@pytest.mark.parametrize(("sfreq", "options"), [(250.0, []), (125.0, ["--daisy"])])
def test_a_recording_at_the_boards_rate_is_sent(
    sfreq: float, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[np.ndarray] = []

    def board(chunks: object, **_: object) -> cyton.Firmware:
        sent.extend(chunks)  # pyright: ignore[reportArgumentType]
        return cyton.Firmware([])

    monkeypatch.setattr(cyton, "run_cyton", board)
    monkeypatch.setattr(reader, "open_recording", lambda _: Recorded(sfreq))
    emulate("--from", "some.vhdr", *options)
    assert [chunk.shape for chunk in sent] == [(2, int(sfreq) // 2)]


def test_a_recording_at_another_rate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "open_recording", lambda _: Recorded(256.0))
    with pytest.raises(SettingsError, match="got 256 Hz; allowed: 250 Hz; choose another recording"):
        emulate("--from", str(Path("some.vhdr")))


def test_a_probability_above_1_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"loss is not a probability: got 3\.0; allowed: 0 to 1"):
        emulate("--loss", "3")


# --- Muse ---


def test_options_reach_the_muse(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def headset(chunks: object, announce: Callable[[str], None], **options: object) -> muse.Headband:
        seen.update(options)
        announce("unix:path=/somewhere")
        return muse.Headband([])

    monkeypatch.setattr(muse, "run_muse", headset)
    out = emulate("--model", "muse-s", "--loss", "0.01", "--drop-at-s", "2", "--seed", "7", headset="muse")
    assert "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/somewhere neurofeedback train --device muse-s" in out
    assert "sent 0 blocks" in out
    assert (seen["model"], seen["seed"]) == (muse.Model.MUSE_S, 7)
    faults = seen["faults"]
    assert isinstance(faults, cyton.Faults)
    assert (faults.loss, faults.drop_at_s) == (0.01, 2.0)


def test_a_muse_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="no such Muse: got muse-9; allowed: muse-2, muse-s, muse-2016"):
        emulate("--model", "muse-9", headset="muse")
