"""``check``: the table, the document, the way out, and BrainFlow's real drivers on emulated headsets."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from neurofeedback.cli.helpers.contact_view import ContactStatistics, format_line, live_view, render_panel
from neurofeedback.cli.main import app
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.errors import EXIT_DEVICE, EXIT_INTERRUPTED, EXIT_OK, EXIT_SETTINGS, NeurofeedbackError
from neurofeedback.session.link_stats import LinkMonitor, LinkStats
from neurofeedback.session.live_state import Snapshot
from neurofeedback.types import ChannelContact, Chunk, ContactLevel, ElectrodeQuality, HeadsetFit, StreamInfo

PROGRAM = Path(sys.executable).parent / "neurofeedback"
NAMES = ("TP9", "AF7", "[b]", "TP10")
FACTS = LinkStats((0.0, 0.0, 0.25, 0.0), 47.0, 61.4)


def electrode(
    name: str, verdict: ContactLevel = ContactLevel.GOOD, reason: str = "", mains_uv: float = 8.0
) -> ElectrodeQuality:
    return ElectrodeQuality(ChannelContact(name, verdict, (reason,) if reason else ()), 0.5, mains_uv, 9.0, 0.0)


def moment(**changes: object) -> Snapshot:
    electrodes = (
        electrode("TP9"),
        electrode("AF7", ContactLevel.BAD, "muscle"),
        electrode("[b]", ContactLevel.FAIR, "mains hum", 88.0),
        electrode("TP10"),
    )
    fit = HeadsetFit(electrodes, (1.0, 0.0, 0.75, 1.0), (True, False, True, True), all_good=False, good_enough=True)
    contacts = tuple(each.contact for each in electrodes)
    shown = Snapshot(
        "fitting", stream=StreamInfo("muse-2", 256.0, NAMES), elapsed_s=7.0, contacts=contacts, headset_fit=fit
    )
    return replace(shown, **changes)


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *arguments])
    if isinstance(done.exception, NeurofeedbackError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.stdout


def test_contact_table_has_verdict_reason_and_figures() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    console.print(render_panel(moment(), FACTS))
    shown = out.getvalue()
    for words in (
        "● TP9",
        "○ AF7",
        "◐ [b]",
        "muscle",
        "mains hum, 88 µV",
        "25.0",
        "47 ms",
        "61 ms",
        "256 Hz",
        "Ctrl-C",
    ):
        assert words in shown
    assert "Good enough: 3 of 4 electrodes sit well. Let jaw and forehead go soft." in shown


def test_a_pipe_gets_plain_lines() -> None:
    assert format_line(moment()) == (
        "7 s | Good enough: 3 of 4 electrodes sit well. | AF7: muscle | [b]: mains hum, 88 µV"
    )
    out = io.StringIO()
    with live_view(Console(file=out, width=100), quiet=False) as show:
        show(moment(), FACTS)
        show(moment(), FACTS)  # nothing new
        show(moment(elapsed_s=8.0), FACTS)
    assert out.getvalue() == f"{format_line(moment())}\n{format_line(moment(elapsed_s=8.0))}\n"


def test_lost_headset_is_reported() -> None:
    gone = ElectrodeQuality(
        ChannelContact("TP9", ContactLevel.BAD, ("no signal",)), 4.0, float("nan"), float("nan"), 1.0
    )
    lost = moment(
        signal_lost_s=2.0, headset_fit=HeadsetFit((gone,), (0.0,), (False,), all_good=False, good_enough=False)
    )
    assert "No data from the headset." in format_line(lost)
    out = io.StringIO()
    Console(file=out, width=100).print(render_panel(lost, LinkStats((0.0,), float("nan"), float("nan"))))
    assert "n/a" in out.getvalue()
    assert "switched on" in out.getvalue()


def test_the_document_counts_each_second_once() -> None:
    tally, link = ContactStatistics(), LinkMonitor(4, 256.0)
    link.update(Chunk(0, np.zeros((4, 512), np.float32), host_time=1.0), 1.0, after_silence=False)
    first, second = moment(), moment(elapsed_s=8.0)
    assert [tally.update(shown, link) for shown in (first, first, second)] == [True, False, True]
    found = tally.as_dict("muse-2")
    assert found["seconds"] == 2.0
    assert (found["good_enough"], found["good_everywhere"]) == (True, False)
    assert [channel["good_share"] for channel in found["channels"]] == [1.0, 0.0, 0.0, 1.0]
    assert json.loads(json.dumps(found, allow_nan=False)) is not None


def test_a_document_without_any_signal() -> None:
    found = ContactStatistics().as_dict("muse-2")
    assert (found["good_enough"], found["channels"]) == (False, [])


def test_simulated_meditator_has_good_contact() -> None:
    code, out = check("--device", "simulated:4", "--seconds", "5", "--json")
    found = json.loads(out)
    assert code == EXIT_OK
    assert found["good_everywhere"]
    assert [channel["name"] for channel in found["channels"]] == ["TP9", "AF7", "AF8", "TP10"]
    assert found["channels"][0]["mains_uv"] > 5
    assert 4.8 < found["seconds"] < 5.5


def test_the_synthetic_board_is_judged_for_what_it_sends() -> None:
    code, out = check("--device", "synthetic", "--seconds", "3", "--json")
    reasons = {channel["name"]: channel["reasons"] for channel in json.loads(out)["channels"]}
    assert code == EXIT_OK
    assert len(reasons) == 16
    assert not json.loads(out)["good_enough"], "it has sines of 30 to 60 Hz and hundreds of microvolts"
    assert "mains hum" in reasons["F1"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--device", "muse-9"), EXIT_SETTINGS, "no such device"),
        (("--device", "cyton:/dev/nowhere", "--seconds", "2"), EXIT_DEVICE, "no such serial port"),
        (("--device", "simulated", "--profile", "nobody"), EXIT_SETTINGS, "no such profile"),
    ],
)
def test_uncheckable_device_is_reported(arguments: tuple[str, ...], code: int, words: str) -> None:
    assert (got := check(*arguments))[0] == code
    assert words in got[1]


def test_a_recording_played_to_its_end_ends_the_check(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["simulate", str(tmp_path), "--minutes", "0.25", "--seed", "2"])
    assert made.exit_code == EXIT_OK
    (vhdr,) = tmp_path.glob("sub-*/ses-*/eeg/*.vhdr")
    code, out = check("--device", f"playback:{vhdr}", "--seconds", "3")
    assert code == EXIT_OK
    assert "Good contact everywhere." in out


def test_check_without_device_uses_the_device_of_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurofeedback.cli.commands.check.select_device", lambda _: "simulated:4")
    code, out = check("--seconds", "1", "--json")
    assert (code, json.loads(out)["device"]) == (EXIT_OK, "simulated:4")


def test_ctrl_c_ends_it_with_what_was_found() -> None:
    command = [str(PROGRAM), "check", "--device", "synthetic", "--seconds", "100"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline().startswith("1 s | ")
        looking.send_signal(signal.SIGINT)
        _, err = looking.communicate(timeout=30)
    assert looking.returncode == EXIT_INTERRUPTED, err
    assert "Traceback" not in err


def worn(n_channels: int, sfreq: float, *, flat: int) -> Iterator[np.ndarray]:
    """Ten minutes of alpha and noise; channel ``flat`` leaves the skin after three seconds."""
    rng = np.random.default_rng(8)
    for at in range(600):
        t = at + np.arange(round(sfreq)) / sfreq
        signal_uv = 15 * np.sin(2 * np.pi * 10 * t) + 3 * rng.standard_normal((n_channels, len(t)))
        if at >= 3:
            signal_uv[flat] = 100.0
        yield signal_uv


def verdicts(found: dict) -> dict[str, tuple[str, ...]]:
    return {channel["name"]: (channel["verdict"], *channel["reasons"]) for channel in found["channels"]}


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_an_electrode_that_leaves_the_skin_on_a_cyton() -> None:
    with EmulatedCyton(CytonFirmware(worn(8, 250.0, flat=2))) as board:
        code, out = check("--device", f"cyton:{board.port}", "--seconds", "6", "--json")
    found = json.loads(out)
    assert code == EXIT_OK
    levels = verdicts(found)
    assert levels.pop("F4") == ("bad", "flat: no skin contact")
    assert set(levels.values()) == {("good",)}
    assert found["good_enough"]
    assert 0.3 <= found["channels"][2]["good_share"] <= 0.7


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
def test_an_electrode_that_leaves_the_skin_on_a_muse() -> None:
    with EmulatedMuse(MuseHeadband(worn(4, 256.0, flat=3))) as muse:
        done = subprocess.run(
            [str(PROGRAM), "check", "--device", "muse-2", "--seconds", "6", "--json"],
            env=os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": muse.address},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == EXIT_OK, done.stderr
    levels = verdicts(json.loads(done.stdout))
    assert levels.pop("TP10") == ("bad", "flat: no skin contact")
    assert set(levels.values()) == {("good",)}
