"""Sound of a session, from the WAV file it wrote."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import signal
from scipy.io import wavfile

from neurofeedback.acquisition.playback import PlaybackSource
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.engine import FrameEngine
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.session.clock import VirtualClock
from neurofeedback.session.live_state import LiveState
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import SessionPlan
from neurofeedback.session.runner import Runner
from neurofeedback.session.session_context import SessionContext
from neurofeedback.settings.load import dump_profile, load_montage, load_settings, resolve
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import BackgroundMode, Frame, LostRun, Phase, State, StreamInfo
from neurofeedback.verification.replay import replay

SFREQ = 256
PLAN = SessionPlan.from_phases(
    ((Phase.SETTLE, 4.0), (Phase.BASELINE, 16.0), (Phase.PRACTICE, 40.0), (Phase.DEBRIEF, 4.0)), baseline_clean_s=8.0
)
CLENCH_S, GAP_S = (32.0, 40.0), (48.0, 54.0)


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Frame], np.ndarray, int]:
    """Sit a minute: clean, then eight seconds of clenched jaw, clean, then six seconds without a headset."""
    folder = tmp_path_factory.mktemp("sound")
    stream = StreamInfo("simulated:8", float(SFREQ), ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    data = simulate(
        draw_person(8),
        seconds=66,
        seed=8,
        montage=load_montage("muse"),
        headset=get_headset("muse"),
        disturbances=CLEAN,
    ).data.copy()
    clench = slice(int(CLENCH_S[0] * SFREQ), int(CLENCH_S[1] * SFREQ))
    data[:, clench] += np.random.default_rng(1).normal(0, 25, data[:, clench].shape).astype(np.float32)
    gap = LostRun(int(GAP_S[0] * SFREQ), int((GAP_S[1] - GAP_S[0]) * SFREQ))
    played = Recording(folder, stream, data.shape[1], lambda start, stop: data[:, start:stop].copy(), (gap,))

    settings = load_settings()
    named, profile = resolve(settings, stream)
    clock, engine = VirtualClock(), FrameEngine(stream.sfreq, profile)
    source = PlaybackSource(played, stream.device, now=clock.now)
    header = SessionHeader(
        "01", named, dump_profile(profile), StartState(), engine.columns, datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    )
    writer = SessionWriter(folder / "rec", header)
    sink = WavSink(folder / "sitting.wav", settings.audio)
    keeper = PhaseController(PLAN, stream.sfreq, 2)
    runner = Runner(SessionContext(source, named, writer, engine, keeper, sink, clock, LiveState(), settings))
    source.open()
    sink.start()
    assert runner.run() == "done"
    sink.stop(runner.session_s)
    derived = writer.close(runner.frame_counts.as_summary(0.25))
    assert derived is not None
    rate, sound = wavfile.read(folder / "sitting.wav")
    scale = np.iinfo(sound.dtype).max if np.issubdtype(sound.dtype, np.integer) else 1.0
    return folder, list(replay(open_recording(derived)).frames), sound.astype(float)[:, 0] / scale, rate


def level_db(sound: np.ndarray, rate: int, span_s: tuple[float, float], band_hz: tuple[float, float]) -> float:
    """Level of a band over a stretch, dBFS rms."""
    stretch = sound[int(span_s[0] * rate) : int(span_s[1] * rate)]
    sos = signal.butter(4, band_hz, "bandpass", fs=rate, output="sos")
    return 20 * float(np.log10(np.std(signal.sosfilt(sos, stretch)[rate // 5 :])))


def test_sound_file_is_as_long_as_session(sitting: tuple[Path, list[Frame], np.ndarray, int]) -> None:
    _, frames, sound, rate = sitting
    assert len(sound) / rate == pytest.approx(frames[-1].onset, abs=0.1)


def test_state_is_unknown_with_muscle_and_lost_without_signal(
    sitting: tuple[Path, list[Frame], np.ndarray, int],
) -> None:
    frames = sitting[1]
    clenched = [f for f in frames if CLENCH_S[0] + 2.5 < f.onset <= CLENCH_S[1]]
    assert {f.state for f in clenched} == {State.UNKNOWN}
    assert {f.guidance.background for f in clenched} == {BackgroundMode.NEUTRAL}
    gone = [f for f in frames if GAP_S[0] + 1.1 < f.onset <= GAP_S[1]]
    assert {f.state for f in gone} == {State.LOST}


def test_tone_is_off_when_lost_and_neutral_when_unknown(
    sitting: tuple[Path, list[Frame], np.ndarray, int],
) -> None:
    _, _, sound, rate = sitting
    pitch = load_settings().audio.tone_hz
    around = (0.97 * pitch, 1.03 * pitch)
    unsure = level_db(sound, rate, (36.0, 40.0), around)
    gone = level_db(sound, rate, (50.5, 53.5), around)
    assert unsure > gone + 10


def test_unknown_lost_and_practice_have_different_backgrounds(
    sitting: tuple[Path, list[Frame], np.ndarray, int],
) -> None:
    _, _, sound, rate = sitting
    edges = [(400.0, 900.0), (900.0, 2000.0), (2000.0, 4500.0), (4500.0, 9000.0)]
    spans = {"practice": (26.0, 31.5), "unsure": (35.5, 40.0), "gone": (50.5, 53.5)}
    shapes = {name: np.array([level_db(sound, rate, span, band) for band in edges]) for name, span in spans.items()}
    for one, other in (("practice", "unsure"), ("practice", "gone"), ("unsure", "gone")):
        assert np.max(np.abs(shapes[one] - shapes[other])) > 6


def test_sound_has_no_jumps_and_stays_below_ceiling(
    sitting: tuple[Path, list[Frame], np.ndarray, int],
) -> None:
    _, _, sound, rate = sitting
    ceiling = 10 ** (load_settings().audio.ceiling_dbfs / 20)
    assert np.max(np.abs(sound)) <= ceiling
    inside = sound[rate : -2 * rate]
    steps = np.abs(np.diff(inside))
    blocks = steps[: len(steps) // rate * rate].reshape(-1, rate).max(axis=1)
    quiet = np.median(blocks)
    assert blocks.max() < 4 * quiet, "a click would stand out from the bed's own steps"
