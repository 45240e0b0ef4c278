"""Faults as data: what a schedule may say, when each is under way, and what electrodes make of a signal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.emulators.cyton import CytonFirmware
from neurofeedback.emulators.electrode_model import ElectrodeModel
from neurofeedback.emulators.fault_parsing import check_faults, load_faults, parse_fault
from neurofeedback.emulators.faults import FAULT_KINDS, FaultKind, Faults
from neurofeedback.emulators.headset import Headset
from neurofeedback.emulators.signal_input import resample
from neurofeedback.errors import SettingsError
from neurofeedback.settings.signal import GateSettings
from tests.helpers import ROOT

NEEDED = {"share": "0.5", "for_s": "2", "uv": "50", "to": "7", "by_s": "-1", "percent": "0"}


@pytest.mark.parametrize(
    ("late_s", "n_late", "reports"),
    [(0.05, 0, []), (0.3, 50, []), (1.3, 300, ["starved: the emulator sent 300 samples late, by up to 1.3 s"])],
)
def test_what_a_busy_machine_could_not_send_in_time_is_counted_and_reported(late_s, n_late, reports, caplog):
    headset = CytonFirmware([np.zeros((8, 1000))])
    headset.receive(b"b", 10.0)
    for at in (10.0, 10.05, 10.05 + late_s, 10.1 + late_s):
        headset.send(at)
    headset.receive(b"s", 10.1 + late_s)
    headset.send(20.0)
    headset.receive(b"b", 50.0)
    headset.send(50.0)
    headset.report_lateness()
    assert (headset.n_late, headset.late_s) == (n_late, pytest.approx(late_s if n_late else 0.0))
    assert [record.getMessage() for record in caplog.records] == reports


def suffering(*lines):
    return Faults(schedule=tuple(map(parse_fault, lines)))


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_kind_parses_with_its_required_keys_only(kind):
    needs = FAULT_KINDS[kind].required
    line = " ".join([kind, *(f"{key}={NEEDED[key]}" for key in needs)])
    assert parse_fault(line).kind is kind
    if needs:
        with pytest.raises(SettingsError, match=f"{kind} needs {needs[0]}"):
            parse_fault(kind)


@pytest.mark.parametrize("kind", FaultKind)
def test_fault_kind_rejects_keys_of_other_kinds(kind):
    line = " ".join([kind, *(f"{key}={NEEDED[key]}" for key in FAULT_KINDS[kind].required)])
    surplus = {"share": "1", "channels": "1", "uv": "1", "to": "1", "by_s": "1", "times": "1", "hz": "50"}
    for key in surplus.keys() - {*FAULT_KINDS[kind].required, *FAULT_KINDS[kind].optional}:
        with pytest.raises(SettingsError, match=f"{kind} does not take {key}"):
            parse_fault(f"{line} {key}={surplus[key]}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("stall at_s=soon", "at_s = 'soon': Input should be a valid number"),
        ("stall at_s=-1", "at_s = -1: Input should be greater than or equal to 0"),
        ("stall at_s", "at_s = '': Input should be a valid number"),
        ("stall for_s=0", "for_s = 0: Input should be greater than 0"),
        ("loss share=nan", "share"),
        ("loss share=1.5", "share = 1.5: Input should be less than or equal to 1"),
        ("lifted channels=TP9", "channels"),
        ("lifted channels=", "channels"),
        ("mains uv=50 hz=55", "hz = 55: Input should be 50 or 60"),
        ("stal", "kind = 'stal'"),
        ("stall att_s=3", r"unknown key att_s \(did you mean at_s\?\)"),
    ],
)
def test_invalid_fault_is_explained(line, words):
    with pytest.raises(SettingsError, match=words):
        parse_fault(line)


def test_a_schedule_is_read_from_toml(tmp_path: Path):
    file = tmp_path / "afternoon.toml"
    file.write_text('[[fault]]\nkind = "lifted"\nat_s = 2\nfor_s = 3\nchannels = [2, 3]\n\n[[fault]]\nkind = "stall"\n')
    lifted, stall = load_faults(file)
    assert (lifted.channels, lifted.at_s, stall.kind, stall.for_s) == ((2, 3), 2.0, FaultKind.STALL, None)


def test_the_example_in_the_documentation_is_a_schedule(tmp_path: Path):
    page = ROOT / "docs" / "emulators.md"
    (tmp_path / "x.toml").write_text(page.read_text(encoding="utf-8").split("```toml")[1].split("```")[0])
    assert [fault.kind for fault in load_faults(tmp_path / "x.toml")] == [
        FaultKind.LOSS,
        FaultKind.LIFTED,
        FaultKind.DROP,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "fault: Field required"),
        ("fault = []", "fault"),
        ("[[faults]]\nkind = 'stall'", r"unknown key faults \(did you mean fault\?\)"),
        ("[[fault]]", "fault.0.kind: Field required"),
        ("not toml", "is not a TOML file"),
    ],
)
def test_invalid_schedule_is_explained(text, words, tmp_path: Path):
    file = tmp_path / "afternoon.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_faults(file)


def test_missing_schedule_file_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"nothing.toml cannot be read: got No such file"):
        load_faults(tmp_path / "nothing.toml")


def test_missing_electrode_is_refused():
    class Pair(Headset):
        title = "a pair"

    pair = Pair([], None, n_channels=2, sfreq=250.0, seed=0)
    check_faults([parse_fault("lifted channels=1,2")], pair)
    with pytest.raises(SettingsError, match="a pair has no such electrode: got channel 3; allowed: 1 to 2"):
        check_faults([parse_fault("lifted channels=2,3")], pair)


@given(st.floats(0, 100), st.floats(0, 50), st.floats(0.1, 50))
def test_fault_is_active_from_at_s_for_for_s(at_s, begin_s, for_s):
    faults = suffering(f"stall at_s={begin_s!r} for_s={for_s!r}")
    assert faults.stalled(at_s) == (begin_s <= at_s < begin_s + for_s)


def test_consecutive_drops_are_each_active():
    faults = suffering("drop at_s=1 for_s=1", "drop at_s=3 for_s=1")
    assert [faults.dropped(at_s) for at_s in (0.5, 1.5, 2.5, 3.5, 4.5)] == [False, True, False, True, False]


def test_clearing_ends_all_faults_but_jumps():
    faults = suffering("stall", "loss share=1", "clock by_s=2", "counter to=9")
    mended = faults.cleared()
    assert [fault.kind for fault in mended.schedule] == [FaultKind.CLOCK, FaultKind.COUNTER]


# --- electrodes ---


def measured(faults, seconds=32, n_channels=3):
    head = np.random.default_rng(1).normal(0, 8, (seconds * 256, n_channels))
    electrodes = ElectrodeModel(n_channels, 256.0, seed=2)
    return head.T, np.array([electrodes.measure(column, i, faults) for i, column in enumerate(head)]).T


def power(signal, low_hz, high_hz):
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(signal.size))) ** 2
    freqs = np.fft.rfftfreq(signal.size, 1 / 256)
    return spectrum[(freqs >= low_hz) & (freqs <= high_hz)].mean()


def test_a_lifted_electrode_is_as_muses_record_it_off_the_head():
    """250 uV, flat from 10 to 40 Hz, more below 4 Hz, and mains far above its neighbours."""
    head, seen = measured(suffering("lifted channels=2 hz=60"))
    np.testing.assert_array_equal(seen[[0, 2]], head[[0, 2]])
    assert 200 < seen[1].std() < 450
    assert power(seen[1], 8, 13) == pytest.approx(power(seen[1], 30, 44), rel=0.5)
    assert power(seen[1], 0.5, 2) > 3 * power(seen[1], 8, 13)
    assert power(seen[1], 59.5, 60.5) > 20 * power(seen[1], 30, 44)


def test_a_broken_electrode_is_flat_noise_that_the_gate_calls_broken():
    _, seen = measured(suffering("broken channels=1"))
    assert seen[0].std() > GateSettings().broken_electrode_rms_uv
    assert power(seen[0], 2, 6) == pytest.approx(power(seen[0], 15, 40), rel=0.5)


def test_mains_is_added_to_the_head_and_only_while_it_lasts():
    head, seen = measured(suffering("mains uv=100 at_s=2 for_s=4"))
    hum = seen - head
    assert not hum[:, : 2 * 256].any()
    assert not hum[:, 6 * 256 :].any()
    assert hum[:, 2 * 256 : 6 * 256].std() == pytest.approx(100 / np.sqrt(2), rel=0.01)


def test_electrodes_measure_nothing_where_the_signal_is_nan():
    column = np.array([np.nan, 1.0, np.nan])
    seen = ElectrodeModel(3, 256.0, seed=0).measure(column, 0, suffering("lifted", "mains uv=5"))
    np.testing.assert_array_equal(np.isnan(seen), np.isnan(column))


# --- other rates ---


@pytest.mark.parametrize(("sfreq", "wanted_hz"), [(220.0, 256.0), (500.0, 256.0), (256.0, 250.0), (125.0, 250.0)])
def test_a_rhythm_keeps_its_frequency_and_size_at_another_rate(sfreq, wanted_hz):
    seconds = np.arange(round(10 * sfreq)) / sfreq
    made = resample(np.array([20 * np.sin(2 * np.pi * 10 * seconds)]), sfreq, wanted_hz)
    assert made.shape[1] == pytest.approx(10 * wanted_hz, abs=1)
    expected = 20 * np.sin(2 * np.pi * 10 * np.arange(made.shape[1]) / wanted_hz)
    np.testing.assert_allclose(made[0, 100:-100], expected[100:-100], atol=0.1)


def test_lost_samples_and_channels_stay_lost_after_resampling():
    data = np.ones((2, 1000))
    data[0, 400:500] = np.nan
    data[1] = np.nan
    made = resample(data, 250.0, 256.0)
    lost = np.flatnonzero(np.isnan(made[0])) / 256
    assert (lost.min(), lost.max()) == pytest.approx((400 / 250, 500 / 250), abs=0.005)
    assert np.isnan(made[1]).all()
