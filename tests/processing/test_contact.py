"""Contact from the raw signal: every reason at every rate, quick to notice, the same however it is cut."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from neurofeedback.errors import SettingsError
from neurofeedback.processing.contact import (
    BAD_BADNESS,
    FAIR_BADNESS,
    MAX_BADNESS,
    ElectrodeQualityMonitor,
)
from neurofeedback.settings.load import parse
from neurofeedback.settings.model import Settings
from neurofeedback.texts.contact import ELECTRODE_REASONS
from neurofeedback.types import ContactLevel
from tests.helpers import DATA, ROOT

RATES = (100.0, 125.0, 200.0, 220.0, 250.0, 256.0, 500.0, 1000.0, 2000.0)


def nightly(*values):
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


FULL_SCALE_UV = 1000.0


def eeg(n_samples, sfreq, seed=0):
    """Eyes closed: 1/f of 6 uV below 40 Hz, alpha of 7 uV, and the 850 uV some headsets add to everything."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(n_samples, 1 / sfreq)
    shape = np.where(freqs > 0.5, np.maximum(freqs, 0.5) ** -0.65, 0) * (freqs < 0.45 * sfreq)
    pink = np.fft.irfft(shape * np.fft.rfft(rng.normal(size=n_samples)), n_samples)
    t = np.arange(n_samples) / sfreq
    return 850 + 6 * pink / pink.std() + 7 * np.sqrt(2) * np.sin(2 * np.pi * 10.3 * t + seed)


def judged(data, sfreq, full_scale_uv=None, **names):
    judge = ElectrodeQualityMonitor(tuple(f"E{k}" for k in range(len(data))), sfreq, Settings(), full_scale_uv)
    return judge.process(np.asarray(data, dtype=np.float32))


def electrode(data, sfreq, full_scale_uv=None):
    """The last second of one channel."""
    return judged(data[None], sfreq, full_scale_uv)[-1].electrodes[0]


def flat(x, sfreq):
    return np.full_like(x, 12.3) + 0.1 * np.sign(x - x.mean())


def railed(x, sfreq):
    return np.clip(x + 400, -FULL_SCALE_UV, FULL_SCALE_UV)


def broken(x, sfreq):
    """A chi of .6, as on real broken electrodes."""
    freqs = np.fft.rfftfreq(len(x), 1 / sfreq)
    shape = np.maximum(freqs, 1.0) ** -0.3
    noise = np.fft.irfft(shape * np.fft.rfft(np.random.default_rng(3).normal(size=len(x))), len(x))
    return x + 150 * np.sqrt(sfreq / 100) * noise / noise.std()


def mains(x, sfreq):
    hz = 60.02 if sfreq > 125 else 49.98
    return x + np.sqrt(2) * 300 * np.sin(2 * np.pi * hz * np.arange(len(x)) / sfreq)


def muscle(x, sfreq):
    top = min(110.0, 0.45 * sfreq)
    sos = signal.butter(4, [25, top], "bandpass", fs=sfreq, output="sos")
    burst = signal.sosfilt(sos, np.random.default_rng(4).normal(size=len(x)))
    return x + 30 * np.sqrt((top - 25) / 20) * burst / burst.std()


def moving(x, sfreq):
    return x + 300 * np.sin(2 * np.pi * 1.7 * np.arange(len(x)) / sfreq)


def drifting(x, sfreq):
    return x + 1500 * np.arange(len(x)) / sfreq


def lost(x, sfreq):
    gone = x.copy()
    gone[-round(0.8 * sfreq) :] = np.nan
    return gone


CONDITIONS = (flat, railed, broken, mains, muscle, moving, drifting, lost)


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [*RATES[:-1], *nightly(RATES[-1])])
@pytest.mark.parametrize("what", CONDITIONS, ids=lambda what: what.__name__)
def test_every_reason_is_found_at_every_rate(what, sfreq):
    if what is mains and sfreq <= 100:
        pytest.skip("at 100 Hz the mains lies on or above half the rate")
    x = what(eeg(round(5 * sfreq), sfreq), sfreq)
    found = electrode(x, sfreq, FULL_SCALE_UV if what is railed else None)
    assert found.contact.level is ContactLevel.BAD
    assert found.contact.reasons[0] == ELECTRODE_REASONS[what.__name__]
    assert found.badness >= BAD_BADNESS


@pytest.mark.long
@pytest.mark.parametrize("sfreq", RATES)
def test_eeg_with_blinks_offset_and_moderate_mains_is_good_at_every_rate(sfreq):
    n = round(20 * sfreq)
    x = eeg(n, sfreq, seed=1) + np.sqrt(2) * 35 * np.sin(2 * np.pi * 50 * np.arange(n) / sfreq) * (sfreq > 110)
    for start in range(round(sfreq), n - round(sfreq), round(2.3 * sfreq)):
        blink = 120 * np.hanning(round(0.35 * sfreq))
        x[start : start + len(blink)] += blink
    seconds = judged(x[None], sfreq)
    assert len(seconds) == 20
    assert all(second.electrodes[0].contact.level is ContactLevel.GOOD for second in seconds)
    assert all(second.electrodes[0].contact.reasons == () for second in seconds)


@pytest.mark.parametrize("sfreq", [125.0, 220.0, 256.0])
def test_mains_and_broadband_noise_give_different_reasons(sfreq):
    n = round(3 * sfreq)
    hum = np.sqrt(2) * 40 * np.sin(2 * np.pi * 50 * np.arange(n) / sfreq + 1)
    quiet, humming = electrode(eeg(n, sfreq), sfreq), electrode(eeg(n, sfreq) + hum, sfreq)
    assert humming.mains_uv == pytest.approx(40, rel=0.03)
    assert quiet.mains_uv < 2
    assert humming.sd_uv == pytest.approx(quiet.sd_uv, rel=0.02)
    assert quiet.sd_uv == pytest.approx(9, rel=0.35)


LIFTED = {
    "silent": lambda n, sfreq: np.zeros(n),
    "humming": lambda n, sfreq: 3000 * np.sin(2 * np.pi * 50 * np.arange(n) / sfreq),
    "railed": lambda n, sfreq: np.full(n, 187500.0),
    "noisy": lambda n, sfreq: 250 * np.random.default_rng(5).normal(size=n),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", LIFTED)
@pytest.mark.parametrize("offset_s", [0.0, 0.95, *nightly(0.05, 0.5)])
@pytest.mark.parametrize("sfreq", [125.0, 220.0, 250.0])
def test_a_lifted_electrode_is_noticed_within_3_s_and_its_return_shown_within_4_s(kind, offset_s, sfreq):
    lift, back = round((6 + offset_s) * sfreq), round((16 + offset_s) * sfreq)
    x = eeg(round(30 * sfreq), sfreq, seed=2)
    x[lift:back] = LIFTED[kind](back - lift, sfreq)
    verdicts = {second.sample: second.electrodes[0].contact.level for second in judged(x[None], sfreq)}
    noticed = next(sample for sample, verdict in verdicts.items() if verdict is ContactLevel.BAD)
    assert noticed - lift <= 3 * sfreq
    assert all(verdict is ContactLevel.BAD for sample, verdict in verdicts.items() if noticed <= sample < back)
    assert all(verdict is ContactLevel.GOOD for sample, verdict in verdicts.items() if sample >= back + 4 * sfreq)


def same(first, second):
    assert first == second, "every value, to the last bit"


def awkward(sfreq):
    """Twelve seconds of two channels with a lift, a hum, gaps of all sizes, and numbers that are none."""
    n = round(12 * sfreq)
    x = np.stack([eeg(n, sfreq, 1), mains(eeg(n, sfreq, 2), 250)]).astype(np.float32)
    x[0, round(4 * sfreq) : round(6 * sfreq)] = 0
    x[:, round(7 * sfreq) : round(7.03 * sfreq)] = np.nan
    x[:, round(8 * sfreq) : round(9.2 * sfreq)] = np.nan
    x[1, round(10.1 * sfreq) : round(10.4 * sfreq)] = np.inf
    return x


@pytest.mark.parametrize("sfreq", [125.0, 220.5, 256.0])
def test_whole_and_sample_by_sample_are_the_same(sfreq):
    x = awkward(sfreq)
    whole = ElectrodeQualityMonitor(("A", "B"), sfreq, Settings(), FULL_SCALE_UV)
    single = ElectrodeQualityMonitor(("A", "B"), sfreq, Settings(), FULL_SCALE_UV)
    seconds = [second for k in range(x.shape[1]) for second in single.process(x[:, k : k + 1])]
    same(whole.process(x), seconds)
    assert [second.sample for second in seconds] == [int((k + 1) * sfreq) for k in range(len(seconds))]
    assert len(seconds) in {11, 12}


@pytest.mark.long
@settings(max_examples=25)
@given(st.lists(st.integers(0, 700), max_size=12))
def test_random_chunks_are_the_same(cuts):
    x = awkward(220.5)
    whole, cut = (ElectrodeQualityMonitor(("A", "B"), 220.5, Settings()) for _ in range(2))
    seconds, at = [], 0
    for n in [*cuts, x.shape[1]]:
        seconds += cut.process(x[:, at : at + n])
        at = min(at + n, x.shape[1])
    same(whole.process(x), seconds)


def test_channels_are_judged_by_themselves():
    x = awkward(250.0)
    here, there = judged(x, 250.0), judged(x[::-1], 250.0)
    for one, other in zip(here, there, strict=True):
        for mine, yours in zip(one.electrodes, reversed(other.electrodes), strict=True):
            assert (mine.contact.level, mine.contact.reasons) == (yours.contact.level, yours.contact.reasons)
            assert mine.badness == pytest.approx(yours.badness, abs=1e-9)


def test_contact_ignores_polarity_and_worsens_with_amplitude():
    x = moving(eeg(1500, 250.0), 250.0)
    upright, upside_down = electrode(x, 250.0), electrode(-x, 250.0)
    assert upright.contact == upside_down.contact
    assert upright.badness == pytest.approx(upside_down.badness, abs=1e-9)
    badness = [electrode(size * x, 250.0).badness for size in (0.25, 0.5, 1.0, 2.0)]
    assert badness == sorted(badness)
    assert badness[0] < badness[-1]


@pytest.mark.parametrize("what", CONDITIONS, ids=lambda what: what.__name__)
def test_badness_and_verdict_agree_and_stay_finite(what):
    x = np.concatenate([eeg(2500, 250.0), what(eeg(2500, 250.0, 3), 250.0), np.full(500, np.nan)])
    for second in judged(x[None], 250.0, FULL_SCALE_UV):
        found = second.electrodes[0]
        expected = (
            ContactLevel.BAD
            if found.badness >= BAD_BADNESS
            else ContactLevel.FAIR
            if found.badness >= FAIR_BADNESS
            else ContactLevel.GOOD
        )
        assert found.contact.level is expected
        assert bool(found.contact.reasons) == (expected is not ContactLevel.GOOD)
        assert -MAX_BADNESS <= found.badness <= MAX_BADNESS


def test_only_the_channel_that_lost_samples_is_lost():
    x = np.stack([eeg(1000, 250.0), eeg(1000, 250.0)])
    x[1, 800:] = np.nan
    fine, gone = judged(x, 250.0)[-1].electrodes
    assert fine.contact.level is ContactLevel.GOOD
    assert gone.contact.reasons == ("no signal",)
    assert gone.lost_share == pytest.approx(0.8)


@pytest.mark.parametrize("limits", [{"mains_uv": [100.0, 50.0]}, {"flat_uv": [1.0, 2.0]}, {"moving_uv": [0.0, 5.0]}])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(SettingsError, match=next(iter(limits))):
        parse(Settings, {"contact": limits}, "mine")


@pytest.mark.real_data
def test_it_agrees_with_a_headset_s_own_flag_person_by_person(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    contact_quality = importlib.import_module("contact_quality")
    people = contact_quality.load_people(
        DATA / "muse_2014_contact_quality", only=("05", "13", "14", "15", "19", "21", "30")
    )
    aucs = np.array([person.auc for person in people])
    low, _ = contact_quality.interval(aucs)
    assert len(aucs) == 7
    assert aucs.min() > 0.88
    assert low > 0.93
