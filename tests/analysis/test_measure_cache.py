"""Measures of sessions: unharmed by lost packets, computed once, and again when their recording changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.analysis.comparison import Comparison, compare_conditions
from neurofeedback.analysis.conditions.selection import select_sessions, session_label
from neurofeedback.analysis.history import past_sessions
from neurofeedback.analysis.measures import measure_cache
from neurofeedback.analysis.measures.measure_cache import load_or_compute, measure_sessions
from neurofeedback.analysis.measures.session_measures import SessionMeasures
from neurofeedback.cli.commands.compare import comparison_document
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.recording import Recording
from neurofeedback.report.comparison_page import render_comparison
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.packet_loss import RadioLink, draw_packets, lost_runs, mask_lost
from neurofeedback.types import Phase
from tests.analysis.test_comparison import brain, sit

SECONDS = 73.0


class StopHereError(Exception):
    """Raised by a progress function to cancel."""


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurofeedback.analysis.history.user_cache_path", lambda *_, **__: cache)
        yield


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The recordings whose measures were computed."""
    done: list[Path] = []
    compute = measure_cache.compute_session_measures

    def count(recording: Recording, phases: tuple[Phase, ...]) -> SessionMeasures:
        done.append(recording.path)
        return compute(recording, phases)

    monkeypatch.setattr(measure_cache, "compute_session_measures", count)
    return done


def lossy(data: NDArray[np.float32], loss: float) -> NDArray[np.float32]:
    headset = get_headset("muse")
    return mask_lost(data, lost_runs(draw_packets(RadioLink(loss=loss), headset, data.shape[1], seed=2)))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same signal twice: whole, and with 3 % of its packets lost, at rest."""
    root = tmp_path_factory.mktemp("pair")
    sit(root, 0, "whole", brain(SECONDS))
    sit(root, 1, "lossy", lossy(brain(SECONDS), 0.03), phase=Phase.REST)
    return root


@pytest.fixture(scope="module")
def compared(pair: Path) -> Comparison:
    return compare_conditions(pair, "01", "Without loss: whole", "lossy")


def test_lost_packets_cost_no_minutes_and_move_no_power(compared: Comparison) -> None:
    assert compared.minutes >= 0.9 * compared.longest_minutes
    for name in ("theta", "alpha", "beta", "gamma", "muscle"):
        assert compared.contrasts[name].difference == pytest.approx(0, abs=0.08), name
    for name in ("lzc_ratio", "permutation", "permutation_ratio", "multiscale_ratio"):
        assert compared.contrasts[name].difference == pytest.approx(0, abs=0.02), name
    assert any("% of a session's readings were lost" in note for note in compared.notes)


def test_a_side_can_have_a_name_of_its_own(compared: Comparison) -> None:
    assert (compared.a.name, compared.b.name) == ("Without loss", "lossy")
    assert "Comparison of two conditions: Without loss and lossy" in render_comparison(compared)


def test_a_second_comparison_computes_nothing(pair: Path, compared: Comparison, counted: list[Path]) -> None:
    again = compare_conditions(pair, "01", "whole", "lossy")
    assert not counted
    assert {name: one.difference for name, one in again.contrasts.items()} == {
        name: one.difference for name, one in compared.contrasts.items()
    }


@pytest.mark.parametrize("damage", ["torn", "other recording", "text"])
def test_measures_of_changed_files_are_computed_again(
    pair: Path, compared: Comparison, counted: list[Path], damage: str
) -> None:
    files = SessionFiles.from_stem(pair, compared.a.stems[0])
    stored = files.derived_file("measures.npz")
    if damage == "torn":
        stored.write_bytes(stored.read_bytes()[:1000])
    elif damage == "text":
        stored.write_text("not an archive")
    else:
        events = files.eeg_file("events.tsv")
        events.write_text(events.read_text() + "70.0\t0.0\t17920\tmark\tx\n")
    first = load_or_compute(files, (Phase.BASELINE,))
    second = load_or_compute(files, (Phase.BASELINE,))
    assert len(counted) == 1
    assert np.array_equal(first.whole.psd, second.whole.psd, equal_nan=True)
    assert np.array_equal(first.whole.entropies, second.whole.entropies, equal_nan=True)
    assert first.profile == second.profile


def test_a_cancelled_comparison_continues_where_it_was(tmp_path: Path, counted: list[Path]) -> None:
    for day, condition in enumerate(("pre", "post", "post")):
        sit(tmp_path, day, condition, brain(SECONDS, seed=day))

    def stop_after_two(done: int, total: int) -> None:
        if done == 2:
            raise StopHereError(total)

    with pytest.raises(StopHereError, match="3"):
        compare_conditions(tmp_path, "01", "pre", "post", progress=stop_after_two)
    assert len(counted) == 2
    reports: list[tuple[int, int]] = []
    compare_conditions(tmp_path, "01", "pre", "post", progress=lambda done, total: reports.append((done, total)))
    assert len(counted) == 3
    assert reports == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_session_that_lacks_a_channel_is_left_out_of_its_measures_alone(tmp_path: Path) -> None:
    for day in range(1, 12):
        data = brain(75, seed=day)
        if day == 3:
            data[1] = 0
        sit(tmp_path, day, "post" if day % 2 else "pre", data)
    found = compare_conditions(tmp_path, "01", "pre", "post")
    lacking = found.b.stems[1]
    assert found.ch_names == ("TP9", "AF7", "AF8", "TP10")
    assert found.missing["beta"] == (lacking,)
    assert "alpha" not in found.missing, "the posterior channels were clean"
    assert (found.contrasts["beta"].n, found.contrasts["alpha"].n) == ((5, 5), (5, 6))
    page = render_comparison(found)
    assert lacking.split("_")[1] in page.split("Sessions that a measure leaves out")[1].split("How to read it")[0]
    assert comparison_document(found)["contrasts"]["beta"]["n"] == (5, 5)


def test_session_that_cannot_be_read_is_one_sentence(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(measure_cache, "_cache_key", fail)
    stem = find_session_stems(pair)[0]
    files = SessionFiles.from_stem(pair, stem)
    ((name, text),) = measure_sessions([files], (Phase.PRACTICE,))
    assert name == stem
    assert "the session cannot be read" in str(text)


def test_session_named_twice_is_taken_once(pair: Path) -> None:
    history = past_sessions(pair)
    label = session_label(history[0])
    assert select_sessions(history, f"{label},{label}") == [history[0]]
