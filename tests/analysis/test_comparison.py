"""Conditions compared on signals whose truth is known: what differs is found, what cannot be said is not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal
from typer.testing import CliRunner

from neurofeedback.analysis.clean_signal import CleanSignal
from neurofeedback.analysis.comparison import Comparison, compare_conditions
from neurofeedback.analysis.resting_measures import compute_measures
from neurofeedback.cli.commands.compare import comparison_document
from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.report.comparison_page import finding_sentence, render_comparison
from neurofeedback.settings.load import dump_profile, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.texts.comparison import NO_INDEX
from neurofeedback.types import Chunk, Command, CommandKind, Phase, StreamInfo

SFREQ = 256.0
MUSE = StreamInfo("muse-2", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse", reference="Fpz")
BEGAN = datetime(2026, 3, 1, 8, 0).astimezone()
_STREAM, PROFILE = resolve(Settings(), MUSE)
MONTAGE, SETTINGS = PROFILE.montage, PROFILE.settings


def brain(
    seconds: float,
    *,
    seed: int = 1,
    exponent: float = 1.3,
    alpha: float = 6.0,
    level: float = 12.0,
    n_channels: int = 4,
) -> NDArray[np.float32]:
    """Noise of density level / f^exponent (uV^2/Hz) with ``alpha`` uV at 10.4 Hz on the first and last channel."""
    rng = np.random.default_rng(seed)
    n = round(seconds * SFREQ)
    freqs = np.maximum(np.fft.rfftfreq(n, 1 / SFREQ), 0.5)
    noise = np.fft.rfft(rng.standard_normal((n_channels, n)) * np.sqrt(SFREQ / 2))
    data = np.fft.irfft(noise * np.sqrt(level * freqs**-exponent), n)
    narrow = signal.butter(2, (10.0, 10.8), "band", fs=SFREQ, output="sos")
    rhythm = signal.sosfilt(narrow, rng.standard_normal(n))
    data[[0, -1]] += alpha * rhythm / rhythm.std()
    return data.astype(np.float32)


def sit(
    root: Path,
    day: int,
    condition: str,
    data: NDArray[np.float32],
    stream: StreamInfo = MUSE,
    eyes: str = "",
    phase: Phase = Phase.BASELINE,
) -> str:
    """Record a session: 5 s of settling, then all of one phase."""
    named, profile = resolve(Settings(), stream)
    header = SessionHeader("01", named, dump_profile(profile), StartState(), (), BEGAN + timedelta(days=day))
    writer = SessionWriter(root, header, sync=lambda _: None)
    writer.process_chunk(Chunk(0, data))
    writer.process_event(Command(0, CommandKind.PHASE, Phase.SETTLE))
    writer.process_event(Command(round(5 * stream.sfreq), CommandKind.PHASE, phase))
    folder = writer.close(SessionSummary(mains_hz=50, duration_s=data.shape[1] / stream.sfreq))
    assert folder
    stem = next(folder.glob("*_summary.json")).name.removesuffix("_summary.json")
    write_notes(SessionFiles.from_stem(root, stem), SessionNotes(condition=condition, dose="0.5 <mg/kg>", eyes=eyes))
    return stem


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurofeedback.analysis.history.user_cache_path", lambda *_, **__: cache)
        yield


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five sessions with 6 uV of alpha, in turn with five with 3 uV and a spectrum flatter by .3."""
    root = tmp_path_factory.mktemp("ten")
    for day in range(10):
        if day % 2:
            sit(root, day, "post_24h", brain(75, seed=day, alpha=3.0, exponent=1.0))
        else:
            sit(root, day, "pre", brain(75, seed=day))
    return root


@pytest.fixture(scope="module")
def compared(ten: Path) -> Comparison:
    return compare_conditions(ten, "01", "pre", "post_24h")


def windows(data: NDArray[np.float32]) -> CleanSignal:
    n = round(4 * SFREQ)
    whole = data[:, : data.shape[1] // n * n].astype(float)
    return CleanSignal(SFREQ, {row: one.reshape(-1, n) for row, one in enumerate(whole)})


def test_measures_are_true_of_a_signal_of_known_spectrum() -> None:
    found = compute_measures(windows(brain(300, alpha=0.0)), MONTAGE, SETTINGS, None, 50.0)
    assert found["exponent"] == pytest.approx(1.3, abs=0.05)
    assert found["offset"] == pytest.approx(np.log(12.0), abs=0.1)
    freqs = np.arange(14, 28.1, 0.25)
    assert found["beta"] == pytest.approx(np.log(np.mean(12 * freqs**-1.3)), abs=0.06)
    for name in ("o_theta", "o_alpha", "o_beta"):
        assert found[name] == pytest.approx(0, abs=0.1)
    assert np.isnan(found["iaf"]), "there is no alpha in it"
    assert found["lzc_ratio"] == pytest.approx(1, abs=0.02), "noise is its own surrogate"


def test_alpha_moves_what_is_alphas_and_leaves_the_rest() -> None:
    weak, strong = (compute_measures(windows(brain(200, alpha=uv)), MONTAGE, SETTINGS, 10.4, 50.0) for uv in (3.0, 6.0))
    assert strong["alpha"] - weak["alpha"] == pytest.approx(np.log(4), abs=0.35)
    assert strong["o_alpha"] > weak["o_alpha"] + 0.8
    assert strong["iaf"] == pytest.approx(10.4, abs=0.25)
    for name in ("theta", "beta", "gamma", "muscle", "exponent"):
        assert strong[name] == pytest.approx(weak[name], abs=0.06), name


def test_a_louder_signal_is_louder_in_all_powers_and_the_same_in_shape() -> None:
    data = brain(100)
    plain, loud = (
        compute_measures(windows(k * data), MONTAGE, SETTINGS, 10.0, 50.0) for k in (np.float32(1), np.float32(2))
    )
    for name in ("delta", "theta", "alpha", "beta", "gamma", "muscle", "offset"):
        assert loud[name] - plain[name] == pytest.approx(np.log(4), abs=1e-4), name
    for name in ("o_theta", "o_alpha", "o_beta", "exponent", "iaf", "lzc", "lzc_ratio"):
        assert loud[name] == pytest.approx(plain[name], abs=1e-4), name


def test_a_mains_hum_does_not_pass_for_muscle() -> None:
    data = brain(100).astype(float)
    hum = 20 * np.sin(2 * np.pi * 50 * np.arange(data.shape[1]) / SFREQ)
    hum += 10 * np.sin(2 * np.pi * 100 * np.arange(data.shape[1]) / SFREQ)
    quiet, noisy = (
        compute_measures(windows(x.astype(np.float32)), MONTAGE, SETTINGS, 10.0, 50.0) for x in (data, data + hum)
    )
    assert noisy["muscle"] == pytest.approx(quiet["muscle"], abs=0.05)


def test_a_slow_rate_has_no_measure_of_muscle() -> None:
    signal_125 = CleanSignal(125.0, {row: np.random.default_rng(row).normal(size=(15, 500)) for row in range(4)})
    found = compute_measures(signal_125, MONTAGE, SETTINGS, 10.0, 50.0)
    assert np.isnan(found["muscle"])
    assert np.isfinite(found["gamma"])


def test_what_differs_is_found_with_its_size(compared: Comparison) -> None:
    exponent, alpha = compared.contrasts["exponent"], compared.contrasts["o_alpha"]
    assert exponent.interval
    assert exponent.interval.low <= -0.3 <= exponent.interval.high
    assert exponent.q is not None
    assert exponent.q < 0.001
    assert alpha.difference < -0.5
    assert compared.contrasts["iaf"].difference == pytest.approx(0, abs=0.2)
    assert compared.contrasts["muscle"].n == (5, 5), "muscle stands beside every gamma figure"
    assert compared.ch_names == MUSE.ch_names
    assert compared.minutes >= 1


def test_the_finding_is_a_sentence(compared: Comparison) -> None:
    sentence = finding_sentence(compared)
    assert re.match(
        r"In \d+ of 18 measures the difference between the conditions is larger than chance easily explains: ", sentence
    )
    assert "alpha power" in sentence
    assert sentence in render_comparison(compared)
    nothing = replace(compared, contrasts={name: replace(one, q=0.5) for name, one in compared.contrasts.items()})
    assert finding_sentence(nothing).startswith("No clear difference: in all 18 measures")


def test_before_and_after_has_no_test_and_shows_every_session(ten: Path) -> None:
    days = labels(ten)
    before, after = ",".join(days[:5]), ",".join(days[5:])
    found = compare_conditions(ten, "01", after, before)
    assert found.separated
    for name, one in found.contrasts.items():
        assert (one.p, one.q, one.g, one.interval) == (None, None, None, None), name
        assert one.order_inflation == pytest.approx(2.67, abs=0.01)
        assert one.sd is not None
    assert "Anything else that changed in that time is in the difference too" in found.notes[0]
    assert finding_sentence(found).endswith("come from the conditions or from the time between them.")
    page = re.sub(r"<style>.*?</style>", "", render_comparison(found), flags=re.DOTALL)
    assert ">p<" not in page
    assert "Each measure over time" in page
    assert "5 sessions, 2026-03-01 to 2026-03-05" in page
    assert page.count("<svg") == 2
    assert comparison_document(found)["separated"] is True


def test_sides_in_turn_are_tested_without_the_dates(compared: Comparison) -> None:
    assert not compared.separated
    assert "Each measure over time" not in render_comparison(compared)


def test_turning_the_sides_turns_every_sign(ten: Path, compared: Comparison) -> None:
    back = compare_conditions(ten, "01", "post_24h", "pre")
    for name, found in compared.contrasts.items():
        assert back.contrasts[name].difference == pytest.approx(-found.difference), name


def test_index_is_never_compared_and_the_page_gives_the_reason(compared: Comparison) -> None:
    document = json.loads(json.dumps(comparison_document(compared), allow_nan=False))
    assert document["index"] == {"compared": False, "why": NO_INDEX}
    assert not any("index" in name or "mwi" in name for name in document["contrasts"])


def labels(root: Path) -> list[str]:
    return sorted(path.name.removeprefix("ses-") for path in root.glob("sub-01/ses-*"))


def test_one_session_a_side_has_no_p_and_stands_beside_the_persons_scatter(ten: Path) -> None:
    days = labels(ten)
    found = compare_conditions(ten, "01", days[0], days[5])
    assert finding_sentence(found).startswith("This page shows how large the differences are")
    for name, one in found.contrasts.items():
        assert (one.p, one.q, one.g, one.interval) == (None, None, None, None), name
        assert one.sd is not None, "eight other sessions tell the person's scatter"
    assert "two days" in found.notes[0]
    page = re.sub(r"<style>.*?</style>", "", render_comparison(found), flags=re.DOTALL)
    assert ">p<" not in page
    assert ">q<" not in page


def test_blocks_of_two_recordings_are_described_as_these_two_only(tmp_path: Path) -> None:
    for day, condition in enumerate(("pre", "post")):
        sit(tmp_path, day, condition, brain(190, seed=day, alpha=6.0 - 3 * day))
    found = compare_conditions(tmp_path, "01", "pre", "post")
    within = found.contrasts["o_alpha"].within_interval
    assert within
    assert within.high < 0
    assert found.contrasts["o_alpha"].sd is None, "nobody knows this person's scatter yet"
    assert "Within these two recordings only" in render_comparison(found)


def test_every_text_of_a_person_is_escaped_and_the_page_needs_nothing_else(compared: Comparison) -> None:
    page = render_comparison(compared)
    assert "0.5 &lt;mg/kg&gt;" in page
    assert "<mg/kg>" not in page
    assert not re.search(r'(src|href)="http', page)
    assert "Hedges" in page
    assert "not compared" in page


def test_sessions_that_cannot_be_used_are_left_out_by_name(tmp_path: Path) -> None:
    sit(tmp_path, 0, "pre", brain(75, seed=0))
    sit(tmp_path, 1, "post", brain(75, seed=1))
    short = sit(tmp_path, 2, "post", brain(30, seed=2))
    other = StreamInfo("cyton:X", 250.0, ("Fz", "Cz", "Pz", "Oz"), reference="ears")
    strange = sit(tmp_path, 3, "post", brain(75, seed=3), other)
    awake = sit(tmp_path, 4, "post", brain(75, seed=4), eyes="open")
    found = compare_conditions(tmp_path, "01", "pre", "post")
    assert set(found.left_out) == {short, strange, awake}
    assert "clean signal" in found.left_out[short]
    assert "another headset" in found.left_out[strange]
    assert "eyes open" in found.left_out[awake]


def test_a_channel_that_is_bad_in_one_session_counts_in_none(tmp_path: Path) -> None:
    sit(tmp_path, 0, "pre", brain(75, seed=0))
    flat = brain(75, seed=1)
    flat[1] = 0
    sit(tmp_path, 1, "post", flat)
    assert compare_conditions(tmp_path, "01", "pre", "post").ch_names == ("TP9", "AF8", "TP10")


@pytest.mark.parametrize(
    ("sides", "error", "message"),
    [
        (("pre", "never"), SettingsError, r"pre \(5\), post_24h \(5\)"),
        (("pre", "pre"), SettingsError, "both sides"),
        (("", "pre"), SettingsError, "no session under this condition"),
        (("../..", "pre"), SettingsError, "no session under this condition"),
    ],
)
def test_sides_that_make_no_sense_are_refused(
    ten: Path, sides: Sequence[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compare_conditions(ten, "01", *sides)


def test_a_side_without_clean_signal_is_refused_with_the_reason(tmp_path: Path) -> None:
    sit(tmp_path, 0, "pre", brain(75))
    stem = sit(tmp_path, 1, "post", np.zeros((4, round(75 * SFREQ)), np.float32))
    with pytest.raises(RecordingError, match=stem):
        compare_conditions(tmp_path, "01", "pre", "post")


def test_compare_command_writes_the_page_and_prints_json(ten: Path, tmp_path: Path) -> None:
    days, out = labels(ten), tmp_path / "page.html"
    result = CliRunner().invoke(app, ["compare", days[0], days[5], "--recordings", str(ten), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "not compared" in " ".join(result.stdout.split())
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    printed = CliRunner().invoke(app, ["compare", days[0], days[5], "--recordings", str(ten), "--json"])
    assert json.loads(printed.stdout)["index"]["compared"] is False
