"""Tests of the researcher's window: what it draws, how often, and its marks."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from neurofeedback.processing.body.live import LiveBody
from neurofeedback.processing.body.rhythm import PoorReason, RateWindow
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.session.outputs.snapshot_builder import TraceBuffer
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.types import ChannelContact, ContactLevel, Frame, Guidance, Phase, State, StreamInfo
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.head_positions import POSITIONS
from neurofeedback.ui.live_spectrum import alpha_db, scalp_map, spectrum_db
from neurofeedback.ui.pages.research_window import REFRESH_MS, ResearchWindow
from neurofeedback.ui.theme import DARK
from neurofeedback.ui.widgets.research_plots import ResearchPlots

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
CAP = ("Fz", "F3", "F4", "Cz", "Pz", "P3", "P4", "Oz")


def moment(ch_names: tuple[str, ...] = ("TP9", "AF7"), **changes: object) -> Snapshot:
    contacts = tuple(
        ChannelContact(name, ContactLevel.BAD if at else ContactLevel.GOOD, ("muscle",) if at else ())
        for at, name in enumerate(ch_names)
    )
    frame = Frame(
        index=9, sample=0, onset=25.0, phase=Phase.PRACTICE, valid=True, signal=0.9, confidence=0.3, state=State.WANDER,
        drowsy=False, index_u=0.4, mwi=66.0, threshold=0.0, reward=False, guidance=Guidance(0.4),
        values=(1.25, float("nan"), 7.0), contacts=contacts,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    running = Snapshot(
        status="running", stream=StreamInfo("x", 256.0, ch_names), phase=Phase.PRACTICE, frame=frame, contacts=contacts,
        traces=rng.normal(size=(len(ch_names), 512)).astype(np.float32), columns=("z_theta_frontal", "ln_x", "other"),
        recent_filtered=(rng.normal(size=(len(ch_names), 600)), rng.normal(size=(len(ch_names), 424))),
        index_history=np.full(50, 42.0, np.float32), loss_rate=0.01, latency_ms=14.0, sound="no sound",
    )  # fmt: skip
    return replace(running, **changes)


class Room:
    def __init__(self, qtbot: QtBot) -> None:
        self.bot, self.latest, self.asked = qtbot, moment(), []
        self.window = ResearchWindow(DARK, lambda: self.latest)
        self.window._timer.stop()
        self.window.requested.connect(self.asked.append)
        qtbot.addWidget(self.window)
        with qtbot.waitActive(self.window):
            self.window.show()
        qtbot.waitUntil(self.window._loading_label.isHidden, timeout=60_000)
        self.plots = self.window._plots

    def look(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        self.window._slow_age.invalidate()
        self.window.refresh()


@pytest.fixture
def room(qtbot: QtBot) -> Room:
    return Room(qtbot)


def test_research_window_opens_before_its_plots(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    go = threading.Event()

    def load(_ticket: TaskHandle) -> type[ResearchPlots]:
        threads.append(threading.current_thread().name)
        assert go.wait(30)
        return ResearchPlots

    monkeypatch.setattr("neurofeedback.ui.pages.research_window._import_plots_task", load)
    window = ResearchWindow(DARK, moment)
    window._timer.stop()
    qtbot.addWidget(window)
    window.show()
    window.refresh()
    assert window._loading_label.isVisible()
    assert "WANDER" in window._state.text()
    go.set()
    qtbot.waitUntil(window._loading_label.isHidden, timeout=60_000)
    assert threads
    assert threads[0] != threading.main_thread().name
    window.refresh()
    assert window._plots is not None
    assert window._plots.traces._ch_names == ("● TP9", "○ AF7")


def test_failed_import_of_plots_is_shown_and_texts_are_updated(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_ticket: TaskHandle) -> type[ResearchPlots]:
        raise ModuleNotFoundError("No module named 'pyqtgraph'")

    monkeypatch.setattr("neurofeedback.ui.pages.research_window._import_plots_task", load)
    window = ResearchWindow(DARK, moment)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: "No module named" in window._loading_label.text())
    window.refresh()
    assert "WANDER" in window._state.text()


def test_research_window_shows_contact_features_and_connection(room: Room) -> None:
    room.look(moment())
    window = room.window
    assert room.plots.traces._ch_names == ("● TP9", "○ AF7")
    assert "AF7: muscle" in window._state.text()
    assert "WANDER" in window._state.text()
    assert window._features.text() == "z_theta_frontal  1.25"
    assert "14 ms" in window._link.text()
    assert "1.00 % of samples lost" in window._link.text()
    assert len(room.plots.spectra._lines) == 2
    assert room.plots.index._threshold.value() == 50.0


def test_changed_contact_does_not_rebuild_the_traces(room: Room) -> None:
    room.look(moment())
    lines = room.plots.traces._lines
    good = tuple(ChannelContact(name, ContactLevel.GOOD) for name in ("TP9", "AF7"))
    room.look(moment(contacts=good))
    assert room.plots.traces._lines is lines
    assert room.plots.traces._ch_names == ("● TP9", "● AF7")


def test_many_electrodes_show_a_map_and_one_mean_spectrum(room: Room) -> None:
    room.look(moment((*CAP, "O1")))
    assert room.plots.map.isVisible()
    assert room.plots.spectra._names == ("mean",)
    room.look(moment())
    assert not room.plots.map.isVisible()


def test_research_window_is_empty_before_the_first_snapshot(room: Room) -> None:
    room.look(Snapshot())
    assert room.window._state.text() == "Connecting"


def test_research_window_draws_gaps_and_a_lost_headset(room: Room) -> None:
    nothing = np.full((2, 1024), np.nan)
    room.look(moment(recent_filtered=(nothing,), signal_lost_s=3.0, latency_ms=float("nan")))
    assert "nothing for 3.0 s" in room.window._link.text()


def test_research_window_draws_only_new_snapshots_while_visible(room: Room) -> None:
    room.look(moment())
    shown = room.window._shown
    room.window.refresh()
    assert room.window._shown is shown
    room.window.hide()
    room.look(moment())
    assert room.window._shown is shown


def test_research_window_refreshes_at_most_ten_times_a_second(room: Room) -> None:
    assert REFRESH_MS >= 100
    room.look(moment(tuple(POSITIONS)[:32]))
    assert room.window._timer.interval() == 640


@pytest.mark.parametrize(("key", "text"), [(Qt.Key.Key_1, "marker 1"), (Qt.Key.Key_9, "marker 9"), (Qt.Key.Key_K, "")])
def test_number_keys_send_markers(room: Room, key: Qt.Key, text: str) -> None:
    room.bot.keyClick(room.window, key)
    assert room.asked == [Request(RequestKind.MARK, text)]


def test_escape_closes_the_research_window_only(room: Room) -> None:
    closed: list[bool] = []
    room.window.closed.connect(lambda: closed.append(True))
    room.bot.keyClick(room.window, Qt.Key.Key_Escape)
    assert closed == [True]
    assert room.asked == []


def test_recent_signal_is_independent_of_chunk_sizes() -> None:
    signal = np.random.default_rng(3).normal(size=(2, 3000))
    for size in (64, 1, 700):
        traces = TraceBuffer(2, 256.0)
        for start in range(0, 3000, size):
            traces.append(signal[:, start : start + size])
        recent = np.concatenate(traces.recent_filtered, axis=1)
        assert 1024 <= recent.shape[1] < 1024 + size
        np.testing.assert_array_equal(recent, signal[:, -recent.shape[1] :])


def test_spectrum_of_white_noise_is_flat_at_its_density() -> None:
    noise = np.random.default_rng(0).normal(0, 10.0, (1, 64 * 256))
    freqs, levels = spectrum_db([noise], 256.0)
    assert freqs[0] == 1.0
    assert np.mean(levels[0]) == pytest.approx(10 * np.log10(100 / 128), abs=0.5)


def test_spectrum_scales_and_is_independent_of_segments() -> None:
    noise = np.random.default_rng(0).normal(size=(2, 1024))
    _, whole = spectrum_db([noise], 256.0)
    _, pieces = spectrum_db(np.split(noise, 4, axis=1), 256.0)
    np.testing.assert_allclose(pieces, whole)
    _, louder = spectrum_db([10 * noise], 256.0)
    np.testing.assert_allclose(louder - whole, 20.0, atol=0.01)


def test_spectrum_leaves_out_windows_with_gaps() -> None:
    noise = np.random.default_rng(0).normal(size=(1, 1024))
    holed = noise.copy()
    holed[0, 900:] = np.nan
    freqs, levels = spectrum_db([holed], 256.0)
    assert np.isfinite(levels).all()
    assert np.isfinite(alpha_db(freqs, levels)).all()
    assert np.isnan(spectrum_db([noise[:, :100]], 256.0)[1]).all()


def test_scalp_map_is_highest_at_the_highest_electrode() -> None:
    places = np.array([(0.0, 0.8), (0.0, -0.8)])
    spread = scalp_map(places, np.array([5.0, 0.0]))
    assert np.nanargmax(spread) < spread.size / 2, "the front is on top"
    assert np.isnan(spread[0, 0])
    assert np.isnan(scalp_map(places, np.full(2, np.nan))).all()


def test_digits_and_presenter_answer_an_open_question(room: Room, qtbot: QtBot) -> None:
    room.look(moment(question=WHERE))
    for key in (Qt.Key.Key_2, Qt.Key.Key_PageUp, Qt.Key.Key_S):
        qtbot.keyClick(room.window, key)
    answers = [Request(RequestKind.ANSWER, "2"), Request(RequestKind.ANSWER, "1"), Request(RequestKind.SKIP)]
    assert room.asked == answers
    room.look(moment())
    qtbot.keyClick(room.window, Qt.Key.Key_PageUp)
    assert room.asked == answers, "without a question the key belongs to the session's window"


def test_unknown_values_and_no_session_are_shown_in_words(room: Room) -> None:
    unknown = moment()
    assert unknown.frame is not None
    nan = float("nan")
    room.look(replace(unknown, frame=replace(unknown.frame, index_u=nan, threshold=nan, mwi=nan)))
    assert "nan" not in room.window._state.text()
    room.look(Snapshot(status="idle"))
    assert room.window._state.text() == "No session."
    assert "nan" not in room.window._link.text()
    assert not room.plots.isVisible()


def test_heart_and_breath_are_shown_with_their_quality(room: Room) -> None:
    heart, breath = RateWindow(0, 20, 61.6, 1.24), RateWindow(0, 60, reason=PoorReason.MOTION)
    room.look(moment(body=LiveBody(heart, breath, 0.5)))
    shown = room.window._link.text().splitlines()
    assert shown[-3] == "heart 62 a minute (± 1.2)"
    assert shown[-2:] == ["breath unclear: the head moved", "head still in 50 % of the last minute"]
    room.look(moment(body=LiveBody()))
    assert "heart" not in room.window._link.text()
