"""Emulate: what is asked for reaches the headset, what cannot be is refused, and a program runs with it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch
from typer.testing import CliRunner

from neurofeedback.cli.helpers.run_emulator import load_signal
from neurofeedback.cli.main import app
from neurofeedback.emulators.cyton import CytonFirmware
from neurofeedback.emulators.fault_commands import run_command
from neurofeedback.emulators.muse import HeadbandModel, MuseHeadband
from neurofeedback.errors import SettingsError
from neurofeedback.formats import reader
from neurofeedback.types import Chunk, StreamInfo

HERE = Path(sys.executable).parent
HAS_BUS = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
TRUE = (sys.executable, "-c", "")


def emulate(*arguments: str, headset: str = "cyton", code: int = 0) -> str:
    done = CliRunner().invoke(app, ["emulate", headset, *arguments])
    if isinstance(done.exception, SettingsError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


class Recorded:
    """Half a second of a known signal."""

    def __init__(self, sfreq: float, ch_names: tuple[str, ...] = ("Fz", "Pz")) -> None:
        self.stream = StreamInfo("file", sfreq, ch_names)
        self.n_samples = int(sfreq) // 2

    def read_chunk(self, start: int, stop: int) -> Chunk:
        rows = np.arange(10.0, 10.0 + self.stream.n_channels, dtype=np.float32)
        return Chunk(0, np.repeat(rows[:, None], self.n_samples, axis=1))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[CytonFirmware | MuseHeadband]:
    """The headsets that were made."""
    headsets: list[CytonFirmware | MuseHeadband] = []
    for kind in (CytonFirmware, MuseHeadband):

        def note(self, *arguments: object, _init=kind.__init__, **options: object) -> None:
            headsets.append(self)
            _init(self, *arguments, **options)

        monkeypatch.setattr(kind, "__init__", note)
    return headsets


def test_options_reach_the_cyton(made: list[CytonFirmware], tmp_path: Path) -> None:
    schedule = tmp_path / "afternoon.toml"
    schedule.write_text('[[fault]]\nkind = "stall"\nat_s = 20.0\nfor_s = 5.0\n', encoding="utf-8")
    emulate("--loss", "0.01", "--fault", "reply times=1", "--faults", str(schedule), "--daisy", "--", *TRUE)
    (firmware,) = made
    assert (firmware.n_channels, firmware.sfreq, firmware.faults.loss) == (16, 125.0, 0.01)
    assert [fault.kind for fault in firmware.faults.schedule] == ["stall", "reply"]


@pytest.mark.parametrize(("sfreq", "options"), [(250.0, []), (125.0, ["--daisy"]), (500.0, [])])
def test_a_recording_is_sent_at_the_boards_rate(
    sfreq: float, options: list[str], made: list[CytonFirmware], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "open_recording", lambda _: Recorded(sfreq))
    emulate("--from", "some.vhdr", *options, "--", *TRUE)
    (firmware,) = made
    firmware.receive(b"b", at=0.0)
    firmware.send(10.0)
    assert len(firmware.counts) == firmware.sfreq // 2
    assert np.unique(np.array(firmware.counts), axis=0).shape[0] < 40 if sfreq == 500 else 2


@pytest.mark.parametrize("sfreq", [250.0, 256.0, 500.0])
def test_the_simulated_meditator_is_sent_at_the_headsets_rate(sfreq: float) -> None:
    """The alpha of this meditator stands where it stands, whatever the rate."""
    signal = next(iter(load_signal(None, 3, "cyton", (), sfreq, 0)))
    hz, power = welch(signal, sfreq, nperseg=round(4 * sfreq))
    alpha = (hz > 7) & (hz < 14)
    assert hz[alpha][power.mean(axis=0)[alpha].argmax()] == pytest.approx(9.0)


def test_an_unknown_fault_in_a_file_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    schedule = tmp_path / "afternoon.toml"
    schedule.write_text('[[fault]]\nkind = "stall"\nat = 20.0\n[[fault]]\nkind = "loss"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        emulate("--faults", str(schedule))
    assert "unknown key fault.0.at (did you mean at_s?)" in str(caught.value)
    assert "fault.1: loss needs share" in str(caught.value)
    assert "`neurofeedback emulate faults` lists every fault" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--loss", "3"], r"loss is not a probability: got 3\.0; allowed: 0 to 1"),
        (["--fault", "explode"], "the fault 'explode' cannot be used: got kind = 'explode'"),
        (["--fault", "stall share=1"], r"stall does not take share \(it takes at_s, for_s\)"),
        (["--fault", "lifted channels=9"], "a Cyton has no such electrode: got channel 9; allowed: 1 to 8"),
        (["--simulated", "1", "--from", "x"], "a headset sends one signal"),
        (["--", "/nowhere/program"], "this program cannot be run: got /nowhere/program: No such file"),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        emulate(*arguments)


def test_a_program_finds_the_cyton_by_its_port_and_its_end_is_the_end() -> None:
    code = "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); sys.exit(7)"
    out = emulate("--", sys.executable, "-c", code, "{port}", code=7)
    assert "sent 0 samples" in out


def test_every_fault_is_listed() -> None:
    out = emulate(headset="faults")
    assert "lifted     [at_s] [for_s] [channels] [hz]" in out
    assert "\nby_s       " in out


def test_orders_on_standard_input_reach_a_running_headset() -> None:
    command = [HERE / "neurofeedback", "emulate", "cyton", "--simulated", "3"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        port = process.stdout.readline().strip()
        process.stdin.write("nonsense\nstall for_s=5\nmend\n")
        process.stdin.flush()
        lines = [process.stderr.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert f"neurofeedback train --device cyton:{port} " in f"{lines[0].rstrip()} "
    assert "the fault 'nonsense' cannot be used" in lines[2]
    assert lines[3:] == ["0.0 s: stall for_s=5\n", "0.0 s: mend\n"]
    assert process.returncode == 130
    assert "Traceback" not in rest


def test_help_is_an_order_too() -> None:
    assert "stall for_s=5" in run_command("help", CytonFirmware([]), 0.0)
    assert run_command("  \n", CytonFirmware([]), 0.0) == ""


# --- Muse ---


@HAS_BUS
@pytest.mark.parametrize(
    ("typed", "model"), [("2", HeadbandModel.MUSE_2), ("s", HeadbandModel.MUSE_S), ("2016", HeadbandModel.MUSE_2016)]
)
def test_each_muse_is_offered_with_the_line_that_finds_it(
    typed: str, model: HeadbandModel, made: list[MuseHeadband], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurofeedback.emulators.muse.EmulatedMuse.wait", lambda _: None)
    out = emulate("--model", typed, headset="muse")
    address = out.splitlines()[0]
    assert address.startswith("unix:path=")
    assert f"DBUS_SYSTEM_BUS_ADDRESS={address} neurofeedback train --device {model}" in out


@HAS_BUS
def test_a_recording_of_a_muse_goes_to_its_own_electrodes(
    made: list[MuseHeadband], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("AF8", "TP10", "TP9", "AF7", "AUX")
    monkeypatch.setattr(reader, "open_recording", lambda _: Recorded(256.0, names))
    out = emulate(
        "--from", "x", "--", sys.executable, "-c", "import os; os.environ['DBUS_SYSTEM_BUS_ADDRESS']", headset="muse"
    )
    assert "sent 0 blocks" in out
    (headband,) = made
    headband.receive(b"\x02d\n", 0.0)
    list(headband.send(1.0))
    assert ((headband.counts[0][:, 0] - 2048) * 125 / 256).round().tolist() == [12, 13, 10, 11]


@pytest.mark.parametrize("fault", ["unplug", "garbage share=0.1", "reply"])
def test_a_muse_is_not_given_what_only_a_port_has(fault: str) -> None:
    with pytest.raises(SettingsError, match="a Muse cannot have this fault"):
        emulate("--fault", fault, headset="muse")


READ_A_SECOND = """
import os, time
from neurofeedback.acquisition.open import open_source
source = open_source("muse-2")
source.open()
n_samples = 0
while n_samples < 256:
    chunk = source.read()
    n_samples = chunk.stop if chunk else n_samples
    time.sleep(0.01)
print(chunk.data.std() > 1, flush=True)
os._exit(5)  # letting go of a Muse takes the driver four seconds
"""


@HAS_BUS
def test_one_command_runs_a_program_with_a_muse_on_the_simulated_meditator() -> None:
    command = [HERE / "neurofeedback", "emulate", "muse", "--simulated", "3", "--fault", "absent for_s=0.5"]
    done = subprocess.run(
        [*command, "--", sys.executable, "-c", READ_A_SECOND], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (5, "True\n"), done.stderr
    n_blocks = int(done.stderr.split("sent ")[1].split()[0])
    assert n_blocks >= 256 // 12
