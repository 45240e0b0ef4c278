"""The WAV file of a session: as long as the session, continuous, levels by state, valid at any moment."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.audio import wav_sink
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.feedback import gain_ramps
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.feedback.sound_bank import make_sound_bank
from neurofeedback.feedback.textures import Texture
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode, Guidance

SETTINGS = AudioSettings()
INSTRUMENT = make_sound_bank(SETTINGS)
SFREQ = 48000
LENGTH_S = 40.0
UNKNOWN = Guidance(0.156, 0.156, BackgroundMode.NEUTRAL, immediate=True)
LOST = Guidance(0.0, 0.0, BackgroundMode.LOST, immediate=True)


@pytest.fixture(autouse=True)
def one_instrument(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one takes a second; all tests play the same."""
    monkeypatch.setattr(wav_sink, "load_sound_bank", lambda _: INSTRUMENT)


def read(path: Path) -> NDArray[np.float64]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, SFREQ)
        data = file.readframes(file.getnframes())
        assert len(data) == 4 * file.getnframes()
    return np.frombuffer(data, "<i2").reshape(-1, 2) / 32767


def guidance_at(t: float) -> Guidance:
    """Bed, then a rising and falling tone, UNKNOWN, LOST, deep focus."""
    if 14 <= t < 20:
        return UNKNOWN
    if 20 <= t < 27:
        return LOST
    gain = 0.5 - 0.5 * np.cos((t - 6) * np.pi / 4) if 6 <= t < 14 else 0.0
    return Guidance(float(gain), float(gain))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float64]:
    path = tmp_path_factory.mktemp("sound") / "session.wav"
    sink = WavSink(path, SETTINGS)
    sink.start()
    sink.ring(Bell.BEGIN, 0.0)
    for frame in range(1, round(LENGTH_S * 4)):
        sink.set_guidance(guidance_at(frame / 4), frame / 4)
        if frame == 20:
            sink.ring(Bell.PHASE, 5.1)
        if frame == 124:
            sink.ring(Bell.END, 31.0)
    sink.stop(LENGTH_S)
    return read(path)


def between(sound: NDArray[np.float64], start_s: float, stop_s: float) -> NDArray[np.float64]:
    return sound[round(start_s * SFREQ) : round(stop_s * SFREQ)]


def level(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2)))


def tone_level(sound: NDArray[np.float64]) -> float:
    """Level of the guide tone's fundamental, dBFS."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SFREQ)
    return float(10 * np.log10(spectrum[np.abs(hz - 196) < 3].sum() / len(sound) ** 2 * 8 / 3))


def test_as_long_as_the_session_and_silent_at_both_ends(session: NDArray[np.float64]) -> None:
    assert len(session) == LENGTH_S * SFREQ
    assert np.abs(session[0]).max() < 1e-3
    assert np.abs(session[-20:]).max() < 1e-4


def test_no_jump_beyond_what_envelope_and_frequency_allow(session: NDArray[np.float64]) -> None:
    """|x(n) - x(n-1)| <= sum over what sounds of (its own largest jump + its peak x steepest gain)."""
    on = INSTRUMENT
    crossfade = np.sqrt(3) * on.ramp_steps[2] / gain_ramps.UNIT
    curve = (
        np.diff(gain_ramps.AMPLITUDE_CURVE).max()
        * len(gain_ramps.AMPLITUDE_CURVE)
        * on.immediate_ramp_steps[0]
        / gain_ramps.UNIT
    )
    fade = 1.5 * (on.ramp_steps[5] + on.ramp_steps[6]) / gain_ramps.UNIT
    jump = {
        "tone": sum(_jump(played(layer)) + _peak(played(layer)) * (curve + fade) for layer in on.tone),
        **{
            bed: sum(_jump(played(layer)) + _peak(played(layer)) * (crossfade + fade) for layer in on.backgrounds[bed])
            for bed in BackgroundMode
        },
        **{bell: _jump(ring) + _peak(ring) * fade for bell, ring in on.bells.items()},
    }
    jumps = np.abs(np.diff(session, axis=0)).max(axis=1)
    rounding = 1 / 32767
    assert jumps.max() <= sum(jump.values()) + rounding
    steady = between(jumps, 21, 26.5)
    assert steady.max() <= jump[BackgroundMode.LOST] + rounding
    crossing = between(jumps, 14, 19.5)
    assert crossing.max() <= jump["tone"] + jump[BackgroundMode.NORMAL] + jump[BackgroundMode.NEUTRAL] + rounding


def played(layer: Texture) -> NDArray[np.float32]:
    return layer.read(0, round(LENGTH_S * SFREQ))


def _jump(loop: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(loop, axis=0, append=loop[:1])).max())


def _peak(loop: NDArray[np.float32]) -> float:
    return float(np.abs(loop).max())


def test_sound_has_no_silent_moment(session: NDArray[np.float64]) -> None:
    blocks = between(session, 0.5, LENGTH_S - 1.0).reshape(-1, 480 * 2)
    assert np.sqrt(np.mean(blocks**2, axis=1)).min() > 10 ** (-58 / 20)


def test_under_the_ceiling(session: NDArray[np.float64]) -> None:
    assert 20 * np.log10(np.abs(session).max()) < SETTINGS.ceiling_dbfs


def test_unknown_state_has_the_neutral_tone_and_background_within_300_ms(session: NDArray[np.float64]) -> None:
    early, late = (between(session, start, start + 1.0) for start in (14.3, 18.0))
    assert tone_level(early) == pytest.approx(tone_level(late), abs=1)
    assert tone_level(late) > tone_level(between(session, 29, 30)) + 6
    hiss_own, hiss_unknown = (_above_3_khz(between(session, start, start + 1.0)) for start in (29.0, 16.0))
    assert hiss_unknown < hiss_own - 20


def test_lost_state_has_its_own_background_and_no_tone(session: NDArray[np.float64]) -> None:
    lost = between(session, 21, 26)
    assert tone_level(lost) < tone_level(between(session, 15, 19)) - 40
    assert _above_3_khz(lost) < _above_3_khz(between(session, 29, 30)) - 30
    assert level(lost) == pytest.approx(-41, abs=3)


def test_the_tone_rises_and_falls_with_the_index(session: NDArray[np.float64]) -> None:
    before, top, focus = (tone_level(between(session, start, start + 1)) for start in (4.0, 11.0, 29.0))
    assert top > before + 30
    assert top > -40
    assert focus < before + 6


def _above_3_khz(sound: NDArray[np.float64]) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0)) ** 2
    return float(10 * np.log10(spectrum[round(3000 * len(sound) / SFREQ) :].sum() + 1e-12))


def test_bells_ring_when_they_should(session: NDArray[np.float64]) -> None:
    ring = between(session, 31.0, 31.5)
    assert level(ring) > level(between(session, 30.4, 30.9)) + 2
    hz = np.argmax(np.abs(np.fft.rfft(ring.mean(axis=1)))[100:1000]) * 2 + 200
    assert hz == pytest.approx(1.5 * 196, abs=4)


def test_samples_do_not_depend_on_the_number_of_commands(tmp_path: Path, session: NDArray[np.float64]) -> None:
    path = tmp_path / "sparse.wav"
    sink = WavSink(path, SETTINGS)
    sink.start()
    sink.ring(Bell.BEGIN, 0.0)
    sink.ring(Bell.PHASE, 5.0999)
    sink.stop(6.0)
    assert np.array_equal(read(path)[: 5 * SFREQ], session[: 5 * SFREQ])


def test_change_in_the_past_is_applied_now(tmp_path: Path) -> None:
    sink = WavSink(tmp_path / "late.wav", SETTINGS)
    sink.start()
    sink.set_guidance(Guidance(), 5.0)
    sink.set_guidance(Guidance(1.0, 1.0, immediate=True), 1.0)
    sink.stop(8.0)
    assert level(between(read(tmp_path / "late.wav"), 5.5, 6.5)) > -32


def test_valid_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "killed.wav"
    code = f"""
import time
from dataclasses import replace
from pathlib import Path
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import Guidance
sink = WavSink(Path({str(path)!r}), AudioSettings())
sink.start()
for frame in range(10**6):
    sink.set_guidance(Guidance(), frame / 4)
    time.sleep(0.005)
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 30
    while not path.exists() or path.stat().st_size < 3_000_000:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.stat().st_size - 44 - 4 * len(read(path)) <= 4 * SFREQ


def test_full_disk_ends_the_file_but_not_the_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "full.wav"
    sink = WavSink(path, SETTINGS)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        sink.start()
        for frame in range(60):
            sink.set_guidance(Guidance(), frame / 4)
        sink.stop(15.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caplog.text.count("the session goes on") == 1
    assert 300_000 < 4 * len(read(path)) <= 500_000
    assert path.stat().st_size <= 500_000


def test_wav_stops_at_the_header_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wav_sink, "MAX_BYTES", 400_000)
    sink = WavSink(tmp_path / "long.wav", SETTINGS)
    sink.start()
    sink.stop(10.0)
    assert len(read(tmp_path / "long.wav")) * 4 <= 400_000
    assert "4 GB" in caplog.text


def test_sink_stopped_before_start_leaves_no_file(tmp_path: Path) -> None:
    sink = WavSink(tmp_path / "empty.wav", SETTINGS)
    sink.stop(0.0)
    assert not list(tmp_path.iterdir())


def test_a_breath_lasts_until_the_next_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = replace(INSTRUMENT, backgrounds=dict.fromkeys(INSTRUMENT.backgrounds, ()))
    monkeypatch.setattr(wav_sink, "load_sound_bank", lambda _: without)
    path = tmp_path / "sound.wav"
    sink = WavSink(path, SETTINGS)
    sink.start()
    sink.breathe(Turn(True, 4.0), 4.0)
    sink.breathe(Turn(False, 6.0), 8.0)
    sink.breathe(None, 11.0)
    sink.stop(20.0)
    sound = read(path)
    loud = [float(np.abs(part).max()) for part in np.split(sound[: 20 * SFREQ], 40)]
    heard = [at / 2 for at, peak in enumerate(loud) if peak > 0.25 * max(loud)]
    assert heard == [at / 2 for at in range(8, 23)]
